# littlefs that is full: what it says, and that what was there stays.
# touches: data
import os

from esp32 import Partition

try:
    import vfs
except ImportError:  # before MicroPython v1.23
    vfs = os


class Window:
    """The first 12 blocks, so that every board is full at the same place."""

    part = Partition("data")

    def readblocks(self, block, buf, off=0):
        self.part.readblocks(block, buf, off)

    def writeblocks(self, block, buf, off=None):
        if off is None:
            self.part.writeblocks(block, buf)
        else:
            self.part.writeblocks(block, buf, off)

    def ioctl(self, op, arg):
        return 12 if op == 4 else self.part.ioctl(op, arg)


window = Window()
vfs.VfsLfs2.mkfs(window)
vfs.mount(vfs.VfsLfs2(window), "/x")
with open("/x/kept", "w") as file:
    file.write("kept")
written = 0
file = open("/x/big", "wb")  # noqa: SIM115
try:
    while written < 100:
        file.write(bytes(1024))
        written += 1
except OSError as error:
    print("full", error.args[0], 24 < written < 48)
try:
    file.close()
except OSError as error:
    print("close", error.args[0])
vfs.umount("/x")
vfs.mount(vfs.VfsLfs2(window), "/x")
with open("/x/kept") as file:
    print(file.read(), sorted(os.listdir("/x")))
os.remove("/x/big")
with open("/x/big", "wb") as file:
    print("room again", file.write(bytes(16384)))
print(os.stat("/x/big")[6])
vfs.umount("/x")
print("END")
