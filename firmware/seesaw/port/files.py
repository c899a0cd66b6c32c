"""The `data` partition: a few small files, each replaced as a whole. All of it may be lost without
harm, so whatever is wrong with it costs what it remembers and no more (firmware/SPEC.md, "Data").
"""

from esp32 import Partition
from micropython import const

try:
    import vfs
except ImportError:  # before MicroPython v1.23
    import os as vfs

PLACE = "/data"
_FILE_MAX = const(32768)  # bytes; metadata is never longer
_READ = const(128)  # bytes; four times that is read at once
_BUSY = const(1)  # the byte of the RTC record's scratch that is 1 while the file system is at work


def carried_root() -> bytes:
    """The root that this release was built with, b"" when there is none."""
    return _read("/bundle/root.json") or b""


def _read(path: str) -> "bytes | None":
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return file.read(size) if size <= _FILE_MAX else None
    except OSError:
        return None


class Files:
    """Mounted when it is first asked for; formatted when that fails.

    A file system whose bytes are rotten may also never return. Then the watchdog resets the chip,
    and the mark in RTC memory (`boot.scratch`) has the next session format it unseen.
    """

    def __init__(self, boot):
        self._boot = boot
        self._mounted = None  # until it has been tried

    def load(self, name: str) -> "bytes | None":
        """The whole file, None when there is none or it cannot be had."""
        return self._guarded(_read, PLACE + "/" + name)

    def save(self, name: str, raw: bytes) -> None:
        """Replace a file: after a power cut the old one or the new one. What finds no room, or no
        flash that takes it, is forgotten."""
        self._guarded(_replace, PLACE + "/" + name, raw)

    def _guarded(self, action, *args) -> object:
        hung = self._mounted is None and self._boot.scratch[_BUSY]
        self._mark(1)
        try:
            if self._mounted is None:
                self._mounted = _mount(hung)
            return action(*args) if self._mounted else None
        except OSError:
            return None
        finally:
            self._mark(0)

    def _mark(self, busy: int) -> None:
        scratch = self._boot.scratch
        self._boot.scratch = scratch[:_BUSY] + bytes((busy,)) + scratch[_BUSY + 1 :]
        self._boot.keep(self._boot.pulse_ns)  # which writes the record


def _replace(path: str, raw: bytes) -> None:
    # littlefs writes beside the old contents, which stand until close() has committed the new.
    with open(path, "wb") as file:
        file.write(raw)


def _mount(rotten: bool) -> bool:
    """Is it there? rotten: do not look at what it holds."""
    try:
        part = Partition.find(Partition.TYPE_DATA, label="data")[0]
    except IndexError:
        return False
    for format_first in (rotten, True):
        try:
            if format_first:
                vfs.VfsLfs2.mkfs(part)
            vfs.mount(vfs.VfsLfs2(part, readsize=_READ), PLACE)
            return True
        except OSError:
            pass  # a dead flash: without memory, then
    return False
