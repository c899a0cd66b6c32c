# The start of the ESP32 port on the Unix VM: the chip's modules, then _boot.py, boot.py, main.py.
import sys

import vfs

sys.path[:] = [sys.path[0], ".frozen"]
import asyncio  # before `time` is the chip's: its own ticks are the host's
import asyncio.stream

import _bus

_bus.begin(int(sys.argv[1]), int(sys.argv[2]))
import chip_micropython
import chip_time
import esp32
import machine
import network

sys.modules["time"] = chip_time
sys.modules["micropython"] = chip_micropython
sys.argv[:] = []
vfs.umount("/")


def mount():
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")
    try:
        vfs.mount(vfs.VfsLfs2(found[0]), "/")
    except (OSError, IndexError):
        print("The filesystem appears to be corrupted.")
        return False
    return True


def run(name):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return True
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    except SystemExit:
        raise
    except BaseException as error:  # CancelledError is no Exception
        sys.print_exception(error)
        return False
    return True


sys.path[:] = ["", ".frozen", "/lib"]
try:
    if mount() and run("boot.py"):
        run("main.py")
    _bus.call("vm_end", "repl")
except SystemExit:
    _bus.call("vm_end", "soft")
