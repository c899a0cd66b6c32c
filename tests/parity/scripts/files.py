# ruff: noqa: SIM115 - a failing open() is what is tested
# os and vfs over LittleFS: contents, mount points, every error number.
import os

import vfs
from esp32 import Partition


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except (OSError, ValueError) as error:
        print(name, type(error).__name__, error.args, error)


print(os.listdir(), os.listdir("/"), os.getcwd())
data = Partition.find(Partition.TYPE_DATA, label="data")[0]
vfs.VfsLfs2.mkfs(data)
vfs.mount(data, "/d")
attempt("mount again", vfs.mount, data, "/d")
print(os.listdir("/"), os.stat("/")[0], os.stat("/d")[0])

for name, action in (("open", open), ("stat", os.stat), ("remove", os.remove),
                     ("listdir", os.listdir), ("chdir", os.chdir)):  # fmt: skip
    attempt(name, action, "/d/none")
    attempt(name, action, "/none/none")
attempt("rename", os.rename, "/d/none", "/d/x")

with open("/d/a.txt", "w") as file:
    print(file.write("hell\xf6"), file.tell())
with open("/d/a.txt", "rb") as file:
    print(file.read(2), file.seek(1), file.read(), file.seek(-2, 2), file.read(1), file.read())
with open("/d/a.txt", "ab") as file:
    print(file.write(b"12"))
with open("/d/a.txt", "r+b") as file:
    file.write(b"H")
    file.flush()
print(os.stat("/d/a.txt")[:7], len(os.stat("/d/a.txt")))
attempt("exclusive", open, "/d/a.txt", "x")
attempt("mkdir", os.mkdir, "/d/dir")
attempt("mkdir again", os.mkdir, "/d/dir")
attempt("open a directory", open, "/d/dir")
attempt("write a directory", open, "/d/dir", "w")

os.chdir("/d")
print(os.getcwd(), os.listdir(), os.listdir("dir"))
with open("b.txt", "w") as file:
    file.write("line1\nline2\n\nend")
with open("b.txt") as file:
    print([file.readline()], list(file))
    file.seek(0)
    buf = bytearray(4)
    print(file.read(3), file.readline())
os.rename("b.txt", "a.txt")
with open("dir/c", "wb") as file:
    pass
attempt("remove a full directory", os.remove, "dir")
os.remove("dir/c")
attempt("rmdir", os.rmdir, "dir")
print(list(os.ilistdir()), os.listdir())
with open("/d/a.txt", "rb") as file:
    print(file.readinto(buf), buf)
attempt("rename across", os.rename, "/d/a.txt", "/a.txt")
file = open("/d/a.txt")
file.close()
attempt("closed", file.read)
file.close()
for _ in range(20):
    open("/d/a.txt")  # forgotten, never closed
vfs.umount("/d")
print(os.getcwd())
attempt("umount again", vfs.umount, "/d")
attempt("gone", os.listdir, "/d")

vfs.mount(vfs.VfsLfs2(data), "/d", readonly=True)
print(os.listdir("/d"))
for name, action, args in (("write", open, ("/d/z", "w")), ("remove", os.remove, ("/d/a.txt",)),
                           ("mkdir", os.mkdir, ("/d/q",))):  # fmt: skip
    attempt(name + " read-only", action, *args)
os.chdir("/d")
vfs.umount("/")
print(os.getcwd(), os.listdir("/"), os.listdir())
attempt("left", open, "/main.py")
attempt("relative", open, "main.py")
print(open("a.txt").read())


class Rotten:
    def readblocks(self, block, buf, off=0):
        raise ValueError("rot in block " + str(block))

    def ioctl(self, op, arg):
        return {4: 16, 5: 512}.get(op, 0)


attempt("a rotten device", vfs.VfsLfs2, Rotten())
