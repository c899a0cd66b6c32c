"""littlefs in bytes that nobody can change: the real littlefs looks at each thing in it once.

A device boots from the same few bundles thousands of times in a proof, and what a file system in
given bytes shows is always the same.
"""

import errno
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from littlefs import LittleFS, LittleFSError, lfs

IMAGES_MAX = 32  # remembered; one is as large as its file system, twice
BLOCK_CYCLES = 100  # as the ESP32 port gives it
DISK_VERSION = 0x00020001


class _Bytes:
    """littlefs' view of the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        at = block * cfg.block_size + off
        return bytearray(self.data[at : at + size])

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        return -errno.EROFS

    def erase(self, cfg: Any, block: int) -> int:
        return -errno.EROFS

    def sync(self, cfg: Any) -> int:
        return 0


class Image:
    """Questions about one file system. All raise LittleFSError, the same one every time."""

    def __init__(self, data: bytes, block: int, readsize: int, progsize: int, lookahead: int):
        self.fs = LittleFS(
            context=_Bytes(data), mount=True, block_size=block, block_count=len(data) // block,
            read_size=readsize, prog_size=progsize, cache_size=block, lookahead_size=lookahead,
            block_cycles=BLOCK_CYCLES, disk_version=DISK_VERSION,
        )  # fmt: skip
        self._known: dict[tuple[str, str], tuple[Any, int]] = {}  # (answer, littlefs' error)

    def stat(self, path: str) -> tuple[int, int]:
        """(type, size in bytes) as littlefs has them."""
        return self._ask("stat", path, self._stat)

    def kind(self, path: str) -> int:
        """littlefs' type; 0 for whatever cannot be looked at."""
        if ("stat", path) not in self._known:
            with suppress(LittleFSError):
                self.stat(path)
        found, _ = self._known["stat", path]
        return found[0] if found else 0

    def read(self, path: str) -> bytes:
        """A whole file."""
        return self._ask("read", path, self._read)

    def listdir(self, path: str) -> list[str]:
        return self._ask("list", path, self.fs.listdir)

    def _ask(self, what: str, path: str, answer: Callable[[str], Any]) -> Any:
        key = what, path
        if key not in self._known:
            try:
                self._known[key] = answer(path), 0
            except LittleFSError as error:
                self._known[key] = None, error.code
        found, code = self._known[key]
        if code:
            raise LittleFSError(code)
        return found

    def _stat(self, path: str) -> tuple[int, int]:
        found = lfs.stat(self.fs.fs, path)
        return found.type, found.size

    def _read(self, path: str) -> bytes:
        handle = lfs.file_open(self.fs.fs, path, "rb")
        try:
            return lfs.file_read(self.fs.fs, handle, lfs.file_size(self.fs.fs, handle))
        finally:
            lfs.file_close(self.fs.fs, handle)


@lru_cache(maxsize=IMAGES_MAX)
def image(data: bytes, block: int, readsize: int, progsize: int, lookahead: int) -> Image:
    """Of these bytes. Raises LittleFSError when they hold no file system."""
    return Image(data, block, readsize, progsize, lookahead)
