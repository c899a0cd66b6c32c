"""The trailer of a slot: 132 bytes, 4096 bytes before the slot's end, that say what the slot holds.

A slot is [MicroPython app image][bundle at a multiple of 4096] ... [trailer]. Little endian:

    offset  size  field
    0       8     magic, b"SEESAW" 00 01 (the last byte is the layout's version)
    8       4     runtime_size, bytes of the app image at slot offset 0
    12      32    runtime_sha256 of these bytes
    44      4     bundle_offset in the slot, bytes
    48      4     bundle_size, bytes
    52      32    bundle_sha256 of these bytes
    84      16    board, ASCII, NUL padded
    100     24    version, ASCII, NUL padded
    124     4     build_time, seconds since 1970
    128     4     CRC-32 of the 128 bytes before

The launcher on `vfs` reads this layout for ever: it may never change.
"""

import binascii
import struct
from collections import namedtuple

MAGIC = b"SEESAW\x00\x01"
LAYOUT = "<8sI32sII32s16s24sII"
SIZE = 132  # bytes
FROM_END = 4096  # bytes between the trailer's first byte and the slot's end
BUNDLE_ALIGN = 4096  # bytes: one flash sector

# What a slot holds. Sizes and offsets in bytes, hashes as 32 bytes, build_time in seconds.
Trailer = namedtuple(
    "Trailer",
    "runtime_size runtime_sha256 bundle_offset bundle_size bundle_sha256 board version build_time",
)


class BadTrailer(Exception):
    """These bytes are no trailer; the one argument is the reason, in words."""


def pack(*fields: object) -> bytes:
    """The 132 bytes of a Trailer's fields. BadTrailer when one does not fit or `unpack` would
    refuse it."""
    board, version, build_time = fields[5:]
    data = struct.pack(
        LAYOUT, MAGIC, *fields[:5], board.encode(), version.encode(), build_time, 0
    )[:-4]  # fmt: skip
    data += struct.pack("<I", binascii.crc32(data))
    if unpack(data) != fields:  # what is too long was cut off
        raise BadTrailer("a field is too long")
    return data


def unpack(data: bytes) -> Trailer:
    """The trailer at the start of `data` (132 bytes or more). BadTrailer with the reason."""
    if data[:8] != MAGIC or len(data) < SIZE:
        raise BadTrailer("no trailer")
    fields = struct.unpack(LAYOUT, data[:SIZE])
    if fields[9] != binascii.crc32(data[: SIZE - 4]):
        raise BadTrailer("checksum")
    found = Trailer(*fields[1:6], _text(fields[6]), _text(fields[7]), fields[8])
    offset = found.bundle_offset
    if not found.runtime_size or not found.bundle_size:
        raise BadTrailer("a size is 0")
    if offset % BUNDLE_ALIGN or offset < found.runtime_size:
        raise BadTrailer("the bundle's offset")
    return found


def read(part: object) -> bytes:
    """The bytes where a slot's trailer is. part: its block device of 4096-byte blocks."""
    raw = bytearray(SIZE)
    part.readblocks(part.info()[3] // 4096 - 1, raw)
    return bytes(raw)


def _text(field: bytes) -> str:
    text = field.rstrip(b"\x00")
    if not text or min(text) < 0x21 or max(text) > 0x7E:
        raise BadTrailer("a name is not ASCII")
    return text.decode()
