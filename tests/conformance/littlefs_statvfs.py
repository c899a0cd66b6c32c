# os.statvfs() of littlefs: block size, blocks, free blocks, the longest name.
# touches: data
import os

from esp32 import Partition

try:
    import vfs
except ImportError:  # before MicroPython v1.23
    vfs = os

data = Partition("data")
vfs.VfsLfs2.mkfs(data)
vfs.mount(vfs.VfsLfs2(data), "/x")
found = os.statvfs("/x")
print("fields", len(found), found[0], found[1], found[2] == data.ioctl(4, 0), found[9])
print("used by nothing", found[2] - found[3], found[3] == found[4], found[5:9])
for name, size in (("small", 10), ("large", 10000)):
    with open("/x/" + name, "wb") as file:
        file.write(bytes(size))
    found = os.statvfs("/x")
    print("used with", name, found[2] - found[3])
os.remove("/x/large")
found = os.statvfs("/x")
print("used without it", found[2] - found[3])
vfs.umount("/x")
print("END")
