# esp32.Partition: what it refuses, by number and text; nothing is half done.
# touches: data
from esp32 import Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except (OSError, TypeError) as error:
        print(name, type(error).__name__, error.args if isinstance(error, OSError) else "refused")


data = Partition("data")
blocks = data.ioctl(4, 0)
four = bytearray(4)
data.writeblocks(1, b"kept" + b"\x00" * 4092)
attempt("erase of 3 bytes", data.writeblocks, 1, b"123")
attempt("erase off the sectors", Partition("data", 6144).writeblocks, 1, bytes(4096))
attempt("read over the end", data.readblocks, blocks - 1, bytearray(4097))
attempt("read at the end", data.readblocks, blocks, four)
attempt("read beyond the end", data.readblocks, blocks + 1, four)
attempt("read before the start", data.readblocks, 0, four, -1)
attempt("erase at the end", data.ioctl, 6, blocks)
attempt("erase beyond the end", data.ioctl, 6, blocks + 1)
attempt("program over the end", data.writeblocks, blocks - 1, four, 4094)
attempt("program beyond the end", data.writeblocks, blocks + 1, four, 0)
attempt("read into bytes", data.readblocks, 1, b"1234")
attempt("no number", data.readblocks, "1", four)
data.readblocks(1, four)
print(bytes(four))
print("END")
