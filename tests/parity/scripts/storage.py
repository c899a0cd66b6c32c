# esp32.Partition and esp32.NVS: what they give, and every error with its number and text.
from esp32 import NVS, Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except (OSError, ValueError, OverflowError) as error:
        print(name, type(error).__name__, error.args, error)


running = Partition(Partition.RUNNING)
other = running.get_next_update()
data = Partition.find(Partition.TYPE_DATA, label="data")[0]
for part in (running, other, Partition(Partition.BOOT), Partition("nvs"), other.get_next_update()):
    print(part.info())
print([part.info()[4] for part in Partition.find()])
print([part.info()[4] for part in Partition.find(Partition.TYPE_DATA)])
print(Partition.find(Partition.TYPE_APP, 0x11)[0].info()[4], Partition.find(0, label="nvs"))
attempt("no label", Partition, "nothing")
attempt("no id", Partition, 2)
print([data.ioctl(op, 0) for op in (1, 2, 3, 4, 5, 6, 7)])
small = Partition.find(Partition.TYPE_DATA, label="data", block_size=512)[0]
print([small.ioctl(op, 1) for op in (4, 5, 6)])

four, sector = bytearray(4), bytearray(4096)
data.writeblocks(1, b"12345678" + sector[8:])
data.readblocks(1, four)
print(four, data.readblocks(1, memoryview(sector)[:6], 2), sector[:8])
data.writeblocks(1, b"\x00\x00", 2)
data.readblocks(1, four)
print(four)
small.writeblocks(9, b"AB")
data.readblocks(1, sector)
print(sector[:4], sector[512:516], len(sector))
attempt("odd erase", data.writeblocks, 1, b"123")
attempt("past the end", data.readblocks, 127, bytearray(4097))
attempt("after the end", data.readblocks, 129, four)
attempt("before the start", data.readblocks, 0, four, -1)
attempt("erase beyond", data.ioctl, 6, 128)
attempt("program beyond", data.writeblocks, 127, four, 4094)
attempt("boot an empty slot", other.set_boot)
attempt("boot the running slot", running.set_boot)
attempt("mark valid", Partition.mark_app_valid_cancel_rollback)

nvs = NVS("parity")
attempt("no i32", nvs.get_i32, "none")
attempt("no blob", nvs.get_blob, "none", four)
attempt("erase none", nvs.erase_key, "none")
nvs.set_i32("n", -5)
print(nvs.get_i32("n"), NVS("parity").get_i32("n"))
nvs.set_i32("n", 2147483647)
nvs.set_blob("b", b"blob\x00\xff")
nvs.set_blob("s", "text")
print(nvs.get_i32("n"), nvs.get_blob("b", sector), sector[:6], nvs.get_blob("s", four), four)
nvs.commit()
attempt("other namespace", NVS("second").get_i32, "n")
attempt("blob as i32", nvs.get_i32, "b")
attempt("i32 as blob", nvs.get_blob, "n", four)
attempt("buffer too small", nvs.get_blob, "b", bytearray(5))
attempt("long key", nvs.set_i32, "sixteen_letters_", 1)
attempt("long namespace", NVS, "sixteen_letters_")
attempt("too large", nvs.set_i32, "n", 1 << 31)
nvs.erase_key("b")
attempt("erased", nvs.get_blob, "b", four)
attempt("full", nvs.set_blob, "big", bytes(12000))
print(nvs.get_i32("n"))
