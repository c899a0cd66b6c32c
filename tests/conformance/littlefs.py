# littlefs on the data partition: made, mounted, files replaced, errors, and what a reset leaves.
# touches: nvs data
import os

import machine
from esp32 import NVS, Partition

try:
    import vfs
except ImportError:  # before MicroPython v1.23
    vfs = os

nvs = NVS("conform")
try:
    step = nvs.get_i32("step")
except OSError:
    step = 0
nvs.set_i32("step", step + 1)
print("STEP", step)
data = Partition("data")


def attempt(name, action, *args):
    try:
        print(name, action(*args))
    except OSError as error:
        print(name, error.args[0])


def put(path, text, mode="w"):
    with open("/x/" + path, mode) as file:
        file.write(text)


def get(path):
    with open("/x/" + path) as file:
        return file.read()


def tree(path):
    return sorted([(name[0], name[1], name[3]) for name in os.ilistdir(path)])


def mount():
    vfs.mount(vfs.VfsLfs2(data), "/x")


if step == 0:
    for block in (0, 1):
        data.ioctl(6, block)
    attempt("blank", vfs.VfsLfs2, data)
    vfs.VfsLfs2.mkfs(data)
    mount()
    print("new", os.listdir("/x"))
    put("a", "first")
    put("b", "second")
    print(get("a"), get("b"), tree("/x"))
    os.rename("/x/a", "/x/b")
    print("renamed over", os.listdir("/x"), get("b"))
    put("b", " and more", "a")
    print("appended", get("b"), os.stat("/x/b")[6])
    os.mkdir("/x/d")
    put("d/big", "0123456789" * 1000)
    print(tree("/x"), tree("/x/d"), len(get("d/big")))
    attempt("no such file", open, "/x/none")
    attempt("rename what is not there", os.rename, "/x/none", "/x/b")
    attempt("remove what is not there", os.remove, "/x/none")
    attempt("stat what is not there", os.stat, "/x/none")
    attempt("a folder that exists", os.mkdir, "/x/d")
    attempt("a folder that is not empty", os.remove, "/x/d")
    attempt("a folder as a file", open, "/x/d", "w")
    attempt("a file as a folder", os.mkdir, "/x/b/c")
    attempt("a name that is too long", open, "/x/" + "n" * 256, "w")
    attempt("a mount point that is taken", vfs.mount, vfs.VfsLfs2(data), "/x")
    vfs.umount("/x")
    attempt("unmounted", os.stat, "/x/b")
    attempt("unmounted twice", vfs.umount, "/x")
    mount()
    print("mounted again", os.listdir("/x"), get("b"))
    vfs.umount("/x")
    vfs.mount(vfs.VfsLfs2(data), "/x", readonly=True)
    attempt("read only", open, "/x/new", "w")
    vfs.umount("/x")
    mount()
    file = open("/x/flushed", "w")  # noqa: SIM115
    file.write("kept")
    file.flush()
    file.write("lost")
    # What is being rewritten stays as it was, until it is flushed.
    other = open("/x/b", "w")  # noqa: SIM115
    other.write("lost")
    print("RESET 0")
    machine.reset()
mount()
print(os.listdir("/x"), get("flushed"), get("b"), len(get("d/big")))
data.ioctl(6, 0)
vfs.umount("/x")
mount()
print("one superblock lost", os.listdir("/x"))
vfs.umount("/x")
print("END")
