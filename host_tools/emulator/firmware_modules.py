"""The built-in modules of the ESP32 port as one CPython session sees them, chip aside."""

import binascii
import calendar
import collections
import io
import math
import re
import time as host_time
import types
from typing import TYPE_CHECKING, Any

from host_tools.emulator import micro_deflate, micro_socket, micro_stdlib, micro_tls
from host_tools.emulator.board import EPOCH_2000, MEMORY_USED
from host_tools.emulator.lfs_vfs import VfsLfs2
from host_tools.emulator.micro_asyncio_module import module as asyncio_module
from host_tools.emulator.micro_float import Float, no_float, random_functions, single
from host_tools.emulator.os_error import ERRNO

if TYPE_CHECKING:
    from host_tools.emulator.cpython_engine import Session

TICKS_PERIOD = 1 << 30  # ms; 12.4 days
TICKS_START = TICKS_PERIOD - 60_000  # near the wrap, so that every run crosses it

# What MicroPython offers of the modules whose CPython namesakes do the same.
SHARED = {
    binascii: "hexlify unhexlify crc32 a2b_base64 b2a_base64",
    collections: "namedtuple deque OrderedDict",
    io: "BytesIO StringIO",
    re: "match search sub compile",
}


def make(name: str, **members: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    vars(made).update(members)
    return made


def build(session: "Session") -> dict[str, types.ModuleType]:
    """Fresh modules for one session, by name."""
    found = {
        module.__name__: make(module.__name__, **{n: getattr(module, n) for n in names.split()})
        for module, names in SHARED.items()
    }
    found.update(math=math, errno=make("errno", **ERRNO))
    for name in ("hashlib", "json", "struct"):
        found[name] = make(name, **getattr(micro_stdlib, name.upper()))
    found["asyncio"] = asyncio_module(session.loop)
    found["_bus"] = make(
        "_bus", call=session.call, on_alarm=session.alarms.__setitem__, payload=bytes
    )
    found["deflate"] = make("deflate", RAW=micro_deflate.RAW, DeflateIO=micro_deflate.DeflateIO)
    found["time"] = time_module(session)
    found["sys"] = sys_module(session)
    found["os"] = os_module(session)
    found["select"] = make("select", POLLIN=1, poll=lambda: Poll(session.device.typed))
    found["vfs"] = make(
        "vfs", VfsLfs2=VfsLfs2, mount=session.mounts.mount, umount=session.mounts.umount
    )
    found["gc"] = make(
        "gc", collect=lambda: 0, mem_free=lambda: session.board.heap_free,
        mem_alloc=lambda: MEMORY_USED, threshold=lambda *n: -1, enable=lambda: None,
        disable=lambda: None,
    )  # fmt: skip
    found["micropython"] = make(
        "micropython", const=lambda value: value,
        kbd_intr=lambda char: session.call("kbd_intr", char),
        schedule=lambda call, arg: call(arg),
    )  # fmt: skip
    found["tls"] = micro_tls.module(
        lambda: session.call("epoch") + EPOCH_2000, session.board.options.tls_at_once
    )
    found["socket"] = micro_socket.module(session.device.net, session.spend, session.sleep)
    found["random"] = make("random", **random_functions(session.board.random))
    session.importer.builtins["float"] = Float
    return found


def time_module(session: "Session") -> types.ModuleType:
    clock = session.device.clock

    def ticks_ms() -> int:
        session.spend(1)
        return (clock.now_us // 1000 + TICKS_START) % TICKS_PERIOD

    def ticks_us() -> int:
        session.spend(1)
        return clock.now_us % TICKS_PERIOD

    def ticks_add(ticks: int, delta: int) -> int:
        if not -TICKS_PERIOD // 2 < delta < TICKS_PERIOD // 2:
            raise OverflowError("ticks interval overflow")
        return (ticks + delta) & (TICKS_PERIOD - 1)  # a TypeError for floats, as on the chip

    def ticks_diff(end: int, start: int) -> int:
        half = TICKS_PERIOD // 2
        return ((end - start + half) & (TICKS_PERIOD - 1)) - half

    def gmtime(seconds: int | None = None) -> tuple[int, ...]:
        at = session.call("epoch") if seconds is None else no_float(seconds)
        at = host_time.gmtime(at + EPOCH_2000)
        return (at.tm_year, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec, at.tm_wday,
                at.tm_yday)  # fmt: skip

    def mktime(fields: tuple[int, ...]) -> int:
        if not 8 <= len(fields) <= 9:
            raise TypeError("mktime needs a tuple of length 8 or 9")
        return calendar.timegm((*(no_float(f) for f in fields[:6]), 0, 0, 0)) - EPOCH_2000

    def sleep(seconds: float) -> None:
        session.sleep(max(0, int(single(1000 * single(seconds)))) * 1000)

    def sleep_ms(ms: int) -> None:
        session.sleep(max(0, no_float(ms)) * 1000)

    return make(
        "time",
        time=lambda: session.call("epoch"),
        ticks_ms=ticks_ms,
        ticks_us=ticks_us,
        ticks_diff=ticks_diff,
        ticks_add=ticks_add,
        sleep=sleep,
        sleep_ms=sleep_ms,
        sleep_us=lambda us: session.spend(max(0, no_float(us))),
        gmtime=gmtime,
        localtime=gmtime,
        mktime=mktime,
    )


class Typed:
    """sys.stdin.buffer: what was typed on the serial line."""

    def __init__(self, typed: bytearray) -> None:
        self.typed = typed

    def read(self, size: int) -> bytes:
        found = bytes(self.typed[:size])
        del self.typed[:size]
        return found


class Poll:
    """select.poll() for sys.stdin, without waiting."""

    def __init__(self, typed: bytearray) -> None:
        self.typed = typed

    def register(self, stream: Any, what: int) -> None:
        assert isinstance(stream.buffer, Typed)

    def poll(self, ms: int) -> list[tuple[None, int]]:
        assert ms == 0
        return [(None, 1)] if self.typed else []


def sys_module(session: "Session") -> types.ModuleType:
    def exit(*code: int) -> None:
        raise SystemExit(*code)

    def print_exception(error: BaseException, file: Any = None) -> None:
        if file is None:
            session.show(error)
        else:
            file.write(session.importer.describe(error) + "\n")

    return make(
        "sys",
        path=session.importer.path,
        stdin=types.SimpleNamespace(buffer=Typed(session.device.typed)),
        stdout=types.SimpleNamespace(buffer=types.SimpleNamespace(write=session.write)),
        modules=session.importer.modules,
        print_exception=print_exception,
        exit=exit,
        platform="esp32",
        byteorder="little",
        maxsize=0x7FFFFFFF,
        version="3.4.0; MicroPython (emulated on CPython)",
    )


def os_module(session: "Session") -> types.ModuleType:
    mounts = session.mounts
    return make(
        "os",
        chdir=mounts.chdir,
        getcwd=lambda: mounts.cwd,
        listdir=mounts.listdir,
        ilistdir=mounts.ilistdir,
        mkdir=mounts.mkdir,
        remove=mounts.remove,
        rmdir=mounts.remove,
        unlink=mounts.remove,
        rename=mounts.rename,
        stat=mounts.stat,
        statvfs=mounts.statvfs,
        urandom=lambda n: session.board.random.randbytes(n),
        mount=mounts.mount,
        umount=mounts.umount,
        VfsLfs2=VfsLfs2,
    )
