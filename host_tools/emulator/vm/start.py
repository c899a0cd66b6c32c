# The start of the ESP32 port on the Unix VM: the chip's modules, then _boot.py, boot.py, main.py.
import builtins
import gc
import sys

import vfs

sys.path[:] = [sys.path[0], ".frozen"]
import asyncio  # before `time` is the chip's: its own ticks are the host's
import asyncio.stream

import _bus

_bus.begin(int(sys.argv[1]), int(sys.argv[2]))
import chip_float
import chip_micropython
import chip_socket
import chip_time
import chip_tls
import esp32
import machine
import network

sys.modules["time"] = chip_time
sys.modules["micropython"] = chip_micropython
sys.modules["socket"] = chip_socket.socket
sys.modules["json"] = chip_float.json
sys.modules["random"] = chip_float.random
sys.modules["struct"] = chip_float.struct
sys.modules["tls"] = chip_tls.tls
MODE = sys.argv[3]
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


def run(name, space):
    try:
        try:
            gc.collect()  # what the chip's own modules left behind: there it is no heap
            with open(name) as file:
                code = compile(file.read(), name, "exec")
        except OSError:
            return True
        exec(code, space)
    except SystemExit:
        raise
    except BaseException as error:  # CancelledError is no Exception
        sys.print_exception(error)
        return False
    return True


def chip_print(*values, sep=" ", end="\n", file=sys.stdout):
    """The chip's UART ends lines with CR LF."""
    if file is sys.stdout:
        text = sep.join([str(value) for value in values]) + end
        file.write(text.replace("\n", "\r\n"))
    else:
        host_print(*values, sep=sep, end=end, file=file)


def port(space):
    """Start the file system, boot.py and main.py in the REPL's own name space."""
    how = "repl"
    try:
        _bus.call("kbd_intr", -1)  # no Ctrl-C in _boot.py
        mounted = mount()
        _bus.call("kbd_intr", 3)
        if mounted and run("boot.py", space) and MODE != "raw":
            run("main.py", space)
    except SystemExit:
        how = "soft"
    except KeyboardInterrupt as error:
        sys.print_exception(error)
    _bus.call("vm_end", how)


sys.path[:] = ["", ".frozen", "/lib"]
if MODE != "-":
    host_print = print
    builtins.print = chip_print
