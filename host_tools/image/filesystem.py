"""LittleFS images, as MicroPython's VfsLfs2 mounts them."""

import posixpath
from binascii import crc32

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

from host_tools.emulator import ctrl_c

DISK_VERSION = 0x00020001  # pinned: a newer one would lock an older driver out after a rollback
READ_SIZE = 32  # bytes; this and the next two are VfsLfs2's defaults (extmod/vfs_lfs.c)
CACHE_SIZE = 128  # bytes
LOOKAHEAD_SIZE = 32  # bytes
BLOCKS_MIN = 2  # the superblock's pair
MAGIC, TAG = b"littlefs", 4  # bytes of a tag
CRC_AT = 52  # bytes from the magic to the CRC of a new superblock: it, an FCRC, and their tags


class Full(Exception):
    """The files do not fit."""


def build(files: dict[str, bytes], block_size: int, block_count: int) -> bytes:
    """An image of exactly block_size * block_count bytes. Full when the files do not fit.

    `files` maps 'folder/name' to contents; folders are made. The same files give the same bytes.
    """
    return _build(files, block_size, block_count)[0]


def build_tight(files: dict[str, bytes], block_size: int) -> bytes:
    """The smallest image for these files that is whole blocks."""
    roomy = sum(len(data) // block_size + 4 for data in files.values()) + 64
    _, used = _build(files, block_size, roomy)
    for count in range(max(used, BLOCKS_MIN), roomy):
        try:
            return build(files, block_size, count)
        except Full:
            continue
    return build(files, block_size, roomy)


# What strikes in a callback of littlefs' C code is lost, with what the callback was to do.
@ctrl_c.heeded(ctrl_c.at_the_end)
def read(image: bytes, block_size: int) -> dict[str, bytes]:
    """Every file of an image. LittleFSError when it cannot be mounted or read."""
    fs = _mounted(UserContext(buffer=bytearray(image)), block_size, len(image) // block_size)
    files = {}
    for folder, _, found in fs.walk("/"):
        for name in found:
            path = posixpath.join(folder, name)
            with fs.open(path, "rb") as file:
                files[path.lstrip("/")] = file.read()
    fs.unmount()
    return files


def newer(image: bytes, block_size: int) -> bytes:
    """An image without files, as a driver would leave it that knows a later version on disk than
    any does today (SPEC.md of littlefs, "superblock entry", "CRC"). An older one must not mount it.
    """
    made = bytearray(image)
    for start in (0, block_size):
        at = made.find(MAGIC, start, start + block_size)
        version, crc = at + len(MAGIC) + TAG, at + CRC_AT
        if at < 0:
            continue
        made[version] += 1  # the lower half is the minor one
        made[crc : crc + 4] = (crc32(made[start:crc]) ^ 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(made)


@ctrl_c.heeded(ctrl_c.at_the_end)
def _build(files: dict[str, bytes], block_size: int, block_count: int) -> tuple[bytes, int]:
    """(image, blocks in use)."""
    context = UserContext(block_size * block_count)
    fs = _configured(context, block_size, block_count)
    try:
        fs.format()
        fs.mount()
        for path in sorted(files):
            if folder := posixpath.dirname(path):
                fs.makedirs(folder, exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(files[path])
        used = fs.used_block_count
        fs.unmount()
    except LittleFSError as error:
        if error.code != LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        raise Full(f"more than {block_count} blocks of {block_size} bytes") from error
    return bytes(context.buffer), used


def _mounted(context: UserContext, block_size: int, block_count: int) -> LittleFS:
    fs = _configured(context, block_size, block_count)
    fs.mount()
    return fs


def _configured(context: UserContext, block_size: int, block_count: int) -> LittleFS:
    return LittleFS(
        context,
        mount=False,
        block_size=block_size,
        block_count=block_count,
        read_size=READ_SIZE,
        prog_size=READ_SIZE,
        cache_size=CACHE_SIZE,
        lookahead_size=LOOKAHEAD_SIZE,
        disk_version=DISK_VERSION,
    )
