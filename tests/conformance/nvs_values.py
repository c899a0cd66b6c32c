# esp32.NVS: types, ranges, sizes, every error by number and text, and when flash is written.
# touches: nvs
import binascii

from esp32 import NVS, Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except (OSError, OverflowError, TypeError) as error:
        print(name, type(error).__name__, error.args if isinstance(error, OSError) else "refused")


def flash():
    part, sector, crc = Partition("nvs"), bytearray(4096), 0
    for block in range(part.ioctl(4, 0)):
        part.readblocks(block, sector)
        crc = binascii.crc32(sector, crc)
    return crc


nvs, four, room = NVS("conform"), bytearray(4), bytearray(16)
for value in (0, -1, 2147483647, -2147483648):
    nvs.set_i32("n", value)
    print("i32", nvs.get_i32("n"), NVS("conform").get_i32("n"))
attempt("above the range", nvs.set_i32, "n", 1 << 31)
attempt("below the range", nvs.set_i32, "n", -(1 << 31) - 1)
attempt("no number", nvs.set_i32, "n", "5")
print("still", nvs.get_i32("n"))
print("blob", nvs.set_blob("b", b"blob\x00\xff"), nvs.get_blob("b", room), bytes(room[:8]))
attempt("buffer too small", nvs.get_blob, "b", bytearray(5))
print("buffer just large enough", nvs.get_blob("b", memoryview(room)[:6]))
nvs.set_blob("s", "text")
nvs.set_blob("a", bytearray(b"array"))
print("text", nvs.get_blob("s", four), bytes(four), "array", nvs.get_blob("a", room))
attempt("no such key", nvs.get_i32, "none")
attempt("no such blob", nvs.get_blob, "none", four)
attempt("blob as i32", nvs.get_i32, "b")
attempt("i32 as blob", nvs.get_blob, "n", four)
attempt("erase what is not there", nvs.erase_key, "none")
attempt("key of 15", nvs.set_i32, "fifteen_letters", 15)
attempt("key of 16", nvs.set_i32, "sixteen_letters_", 16)
attempt("in another namespace", NVS("conform2").get_i32, "n")

before = flash()
nvs.set_i32("n", nvs.get_i32("n"))
nvs.set_blob("b", b"blob\x00\xff")
print("the same values write nothing", flash() == before)
print("commit", nvs.commit(), flash() == before)
nvs.set_i32("n", 7)
print("another value is written at once", flash() != before)

nvs.erase_key("b")
attempt("erased", nvs.get_blob, "b", room)
attempt("erased twice", nvs.erase_key, "b")
attempt("larger than the partition", nvs.set_blob, "big", bytes(Partition("nvs").info()[3]))
count = 0
try:
    while count < 200:
        nvs.set_blob(f"fill{count}", bytes(500))
        count += 1
except OSError as error:
    print("full", count > 4, error.args)
print("still", nvs.get_i32("n"), nvs.get_blob("s", four), nvs.get_blob("fill0", bytearray(500)))
for n in range(count):
    nvs.erase_key(f"fill{n}")
attempt("room again", nvs.set_blob, "fill", bytes(500))
for key in ("n", "s", "a", "fifteen_letters", "fill"):
    nvs.erase_key(key)
print("END")
