# esp32.Partition as a block device: both forms of writing, NOR's one-way bits, small blocks.
# touches: data
from esp32 import Partition

data = Partition("data")
small = Partition("data", 512)
sector = bytearray(4096)
four = bytearray(4)


def look(block, offset=0):
    data.readblocks(block, four, offset)
    return bytes(four)


print("ioctl", [data.ioctl(op, 0) for op in (1, 2, 3)], data.ioctl(7, 0))
print("blocks", data.ioctl(4, 0) == data.info()[3] // 4096, data.ioctl(5, 0))
print("small", small.ioctl(4, 0) == data.info()[3] // 512, small.ioctl(5, 0), small.ioctl(6, 1))
same = Partition.find(Partition.TYPE_DATA, label="data", block_size=512)[0]
print("found small", same.ioctl(5, 0), same.info() == data.info())

print("erase", data.ioctl(6, 1), data.ioctl(6, 2), look(1), look(2, 4092))
print("program", data.writeblocks(1, b"\x0f\xf0", 4095), look(1, 4094))
data.writeblocks(1, b"\xfc", 4095)
print("bits only fall", look(1, 4094))
data.writeblocks(1, b"12345678" + sector[8:])
print("erase, then program", look(1), look(1, 4094))
data.writeblocks(1, b"x" * 8192)
print("two at once", look(1), look(2, 4092))
print("read over two", data.readblocks(1, sector, 4000), sector == b"x" * 4096)

small.writeblocks(9, b"A" * 512)
print("small block", look(1, 510), look(1, 1022))
small.writeblocks(15, b"B" * 1024)
print("small blocks over two sectors", look(1, 3582), look(1, 4094), look(2, 510))
small.writeblocks(9, b"\x40", 511)
print("program in a small block", look(1, 1020))
small.readblocks(8, four, 510)
print("small read", bytes(four))
print("END")
