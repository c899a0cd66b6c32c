"""`vfs` and the file half of `os` for firmware on CPython: the real littlefs over its block device.

Parameters as the ESP32 port gives them (micropython extmod/vfs_lfs.c): cache is
min(block size, 4 * max(read size, program size)), block cycles 100.
"""

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from littlefs import LittleFS, LittleFSError, lfs

from host_tools.emulator.lfs_image import BLOCK_CYCLES, DISK_VERSION, Image, image
from host_tools.emulator.os_error import EROFS, ERRNO, MicroOSError

FILE, DIRECTORY = 1, 2  # littlefs' types


class BlockDevice:
    """littlefs' view of a MicroPython block device. A raised exception is kept for `check`:
    the C code between here and the firmware can only carry an error number."""

    def __init__(self, device: Any) -> None:
        self.device = device
        # A partition of the chip itself is read by the port without a call of Python.
        self.native = getattr(device, "_native", None)
        self.raised: BaseException | None = None

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytes | bytearray:
        if self.raised is not None:
            return bytes(size)
        try:
            if self.native is not None:
                return self.native(block, off, size)
            buf = bytearray(size)
            self.device.readblocks(block, buf, off)
        except BaseException as error:  # noqa: BLE001 - raised again by check()
            self.raised = error
            return bytes(size)
        return buf

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        return self._do(lambda: self.device.writeblocks(block, data, off))

    def erase(self, cfg: Any, block: int) -> int:
        return self._do(lambda: self.device.ioctl(6, block))

    def sync(self, cfg: Any) -> int:
        return self._do(lambda: self.device.ioctl(3, 0))

    def _do(self, action: Callable[[], Any]) -> int:
        if self.raised is None:
            try:
                action()
            except BaseException as error:  # noqa: BLE001 - raised again by check()
                self.raised = error
        return -errno.EIO if self.raised is not None else 0

    def check(self) -> None:
        raised, self.raised = self.raised, None
        if raised is not None:
            raise raised


class VfsLfs2:
    """One file system. image: all of a device that cannot be written, which is read at once."""

    def __init__(self, device: Any, readsize: int = 32, progsize: int = 32, lookahead: int = 32,
                 mtime: bool = True, _format: bool = False) -> None:  # fmt: skip
        self.context = BlockDevice(device)
        self.image: Image | None = None
        block, count = device.ioctl(5, 0), device.ioctl(4, 0)
        if not hasattr(device, "writeblocks"):
            data = bytearray(block * count)
            device.readblocks(0, data, 0)
            self.image = self.do(image, bytes(data), block, readsize, progsize, lookahead)
            self.read_only, self.fs = True, self.image.fs
            return
        self.read_only = False
        self.fs = LittleFS(
            context=self.context,
            mount=False,
            block_size=block,
            block_count=count,
            read_size=readsize,
            prog_size=progsize,
            cache_size=min(block, 4 * max(readsize, progsize)),
            lookahead_size=lookahead,
            block_cycles=BLOCK_CYCLES,
            disk_version=DISK_VERSION,
        )
        if _format:
            self.do(self.fs.format)
        self.do(self.fs.mount)

    def unmount(self) -> None:
        if self.image is None:
            self.do(self.fs.unmount)

    @staticmethod
    def mkfs(device: Any, readsize: int = 32, progsize: int = 32, lookahead: int = 32) -> None:
        VfsLfs2(device, readsize, progsize, lookahead, _format=True)

    def do(self, action: Callable[..., Any], *args: Any) -> Any:
        """Raises OSError for littlefs' errors, and whatever the block device raised."""
        try:
            return action(*args)
        except LittleFSError as error:
            self.context.check()
            raise MicroOSError(-error.code) from None
        finally:
            self.context.check()

    def change(self, action: Callable[..., Any], *args: Any) -> Any:
        if self.read_only:
            raise MicroOSError(EROFS)
        return self.do(action, *args)

    def stat(self, path: str) -> tuple[int, int]:
        """(type, size in bytes) of littlefs. Raises OSError ENOENT."""
        if self.image is not None:
            return self.do(self.image.stat, path)
        found = self.do(lfs.stat, self.fs.fs, path)
        return found.type, found.size

    def kind(self, path: str) -> int:
        """littlefs' type; 0 when nothing is there."""
        if self.image is not None:
            return self.image.kind(path)
        try:
            return self.stat(path)[0]
        except OSError:
            return 0

    def listdir(self, path: str) -> list[str]:
        return list(self.do(self.image.listdir if self.image else self.fs.listdir, path))

    def open(self, path: str, mode: str) -> "File":
        if self.read_only and any(letter in mode for letter in "wa+x"):
            raise MicroOSError(EROFS)
        if self.image is not None:
            return StillFile(self, self.do(self.image.read, path), mode)
        return File(self, path, mode)


class File:
    """A file of MicroPython: bytes or text, durable after flush() or close()."""

    def __init__(self, fs: VfsLfs2, path: str, mode: str) -> None:
        self.fs = fs
        self.text = "b" not in mode
        self.closed = True
        flags = mode.replace("t", "").replace("b", "") + "b"
        self.handle = fs.do(lfs.file_open, fs.fs.fs, path, flags)
        self.closed = False

    def _do(self, action: Callable[..., Any], *args: Any) -> Any:
        if self.closed:
            raise ValueError
        return self.fs.do(action, self.fs.fs.fs, self.handle, *args)

    def _read(self, n: int) -> bytes:
        return self._do(lfs.file_read, self._do(lfs.file_size) if n < 0 else n)

    def _given(self, data: bytes) -> Any:
        return data.decode() if self.text else data

    def read(self, n: int = -1) -> Any:
        return self._given(self._read(n))

    def readinto(self, buf: Any) -> int:
        data = self._read(len(buf))
        buf[: len(data)] = data
        return len(data)

    def readline(self) -> Any:
        line = b""
        while not line.endswith(b"\n") and (piece := self._read(1)):
            line += piece
        return self._given(line)

    def __iter__(self) -> Iterator[Any]:
        while line := self.readline():
            yield line

    def write(self, data: Any) -> int:
        raw = data.encode() if isinstance(data, str) else bytes(data)
        return self._do(lfs.file_write, raw)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._do(lfs.file_seek, offset, whence)

    def tell(self) -> int:
        return self._do(lfs.file_tell)

    def flush(self) -> None:
        self._do(lfs.file_sync)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.fs.do(lfs.file_close, self.fs.fs.fs, self.handle)

    def __del__(self) -> None:
        """The chip's collector closes forgotten files too; littlefs aborts if one is freed open."""
        with suppress(BaseException):  # there is nobody to tell; the board remembers its end
            self.close()

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class StillFile(File):
    """One of a file system that cannot be written."""

    def __init__(self, fs: VfsLfs2, data: bytes, mode: str) -> None:
        self.fs = fs
        self.text = "b" not in mode
        self.closed = False
        self.data = io.BytesIO(data)

    def _do(self, action: Callable[..., Any], *args: Any) -> Any:
        if self.closed:
            raise ValueError
        return action(*args)

    def _read(self, n: int) -> bytes:
        return self._do(self.data.read, n)

    def readline(self) -> Any:
        return self._given(self._do(self.data.readline))

    def write(self, data: Any) -> int:
        raise MicroOSError(ERRNO["EBADF"])

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._do(self.data.seek, offset, whence)

    def tell(self) -> int:
        return self._do(self.data.tell)

    def flush(self) -> None:
        self._do(bool)

    def close(self) -> None:
        self.closed = True


class Mounts:
    """The mount table and current directory of one session."""

    def __init__(self) -> None:
        self.table: dict[str, VfsLfs2] = {}
        self.cwd = "/"

    def mount(self, fs: Any, path: str, *, readonly: bool = False) -> None:
        if path in self.table:
            raise MicroOSError(ERRNO["EPERM"])
        made = fs if isinstance(fs, VfsLfs2) else VfsLfs2(fs)
        made.read_only = readonly or made.image is not None
        self.table[path] = made

    def umount(self, where: Any) -> None:
        path = where if isinstance(where, str) else next(
            (p for p, fs in self.table.items() if fs is where), ""
        )
        if path not in self.table:
            raise MicroOSError(ERRNO["EINVAL"])
        fs = self.table.pop(path)
        fs.unmount()
        if path != "/" and (self.cwd + "/").startswith(path + "/"):
            self.cwd = "/"

    def find(self, path: str) -> tuple[VfsLfs2, str]:
        """The file system and the path inside it. Raises OSError ENODEV."""
        full = path if path.startswith("/") else self.cwd.rstrip("/") + "/" + path
        best = max(
            (p for p in self.table if full == p or full.startswith(p.rstrip("/") + "/")),
            key=len, default=None,
        )  # fmt: skip
        if best is None:
            raise MicroOSError(ERRNO["ENODEV"])
        return self.table[best], full[len(best) :].strip("/") or "/"

    def open(self, path: str, mode: str = "r") -> File:
        fs, inside = self.find(path)
        return fs.open(inside, mode)

    def chdir(self, path: str) -> None:
        full = path if path.startswith("/") else self.cwd.rstrip("/") + "/" + path
        if self.stat(full)[0] != 0x4000:
            raise MicroOSError(ERRNO["ENOENT"])
        self.cwd = full

    def stat(self, path: str) -> tuple[int, ...]:
        if path == "/":
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        fs, inside = self.find(path)
        kind, size = fs.stat(inside)
        if kind == DIRECTORY:
            return (0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        return (0x8000, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def statvfs(self, path: str) -> tuple[int, ...]:
        """Block size twice, blocks, free ones twice, four zeros, the longest name."""
        fs, _ = self.find(path)
        size, count = fs.fs.cfg.block_size, fs.fs.cfg.block_count
        free = count - fs.do(lambda: fs.fs.used_block_count)
        return (size, size, count, free, free, 0, 0, 0, 0, fs.fs.fs_stat().name_max)

    def listdir(self, path: str = "") -> list[str]:
        """The root shows what is mounted on it, then the file system that is mounted as it."""
        path = path or self.cwd
        mounted = [name[1:] for name in self.table if name != "/"] if path == "/" else []
        if path == "/" and "/" not in self.table:
            return mounted
        fs, inside = self.find(path)
        return mounted + fs.listdir(inside)

    def ilistdir(self, path: str = "") -> Iterator[tuple[str, int, int, int]]:
        folder = (path or self.cwd).rstrip("/")
        for name in self.listdir(path):
            found = self.stat(f"{folder}/{name}")
            yield name, found[0], 0, found[6]

    def remove(self, path: str) -> None:
        fs, inside = self.find(path)
        fs.change(lfs.remove, fs.fs.fs, inside)

    def rename(self, old: str, new: str) -> None:
        fs, inside = self.find(old)
        other, target = self.find(new)
        if fs is not other:
            raise MicroOSError(ERRNO["EPERM"])
        fs.change(lfs.rename, fs.fs.fs, inside, target)

    def mkdir(self, path: str) -> None:
        fs, inside = self.find(path)
        fs.change(lfs.mkdir, fs.fs.fs, inside)
