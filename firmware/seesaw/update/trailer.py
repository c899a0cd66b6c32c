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

MAGIC = b"SEESAW\x00\x01"
LAYOUT = "<8sI32sII32s16s24sII"
SIZE = 132  # bytes
FROM_END = 4096  # bytes between the trailer's first byte and the slot's end
BUNDLE_ALIGN = 4096  # bytes: one flash sector
BOARD_MAX = 16  # bytes
VERSION_MAX = 24  # bytes

assert struct.calcsize(LAYOUT) == SIZE


class BadTrailer(Exception):
    """These bytes are no trailer; the one argument is the reason, in words."""


class Trailer:
    """What a slot holds. Sizes and offsets in bytes, hashes as 32 bytes, build_time in seconds."""

    def __init__(
        self,
        runtime_size: int,
        runtime_sha256: bytes,
        bundle_offset: int,
        bundle_size: int,
        bundle_sha256: bytes,
        board: str,
        version: str,
        build_time: int,
    ):
        self.runtime_size = runtime_size
        self.runtime_sha256 = runtime_sha256
        self.bundle_offset = bundle_offset
        self.bundle_size = bundle_size
        self.bundle_sha256 = bundle_sha256
        self.board = board
        self.version = version
        self.build_time = build_time

    def fits(self, slot_size: int) -> bool:
        """True when runtime and bundle end before the trailer of a slot of `slot_size` bytes."""
        return self.bundle_offset + self.bundle_size <= slot_size - FROM_END


def _text(field: bytes) -> str:
    text = field.rstrip(b"\x00")
    if not text or any(byte < 0x21 or byte > 0x7E for byte in text):
        raise BadTrailer("a name in it is empty or not printable ASCII")
    return text.decode()


def _check(runtime_size: int, bundle_offset: int, bundle_size: int) -> None:
    if runtime_size == 0 or bundle_size == 0:
        raise BadTrailer("a size in it is zero")
    if bundle_offset % BUNDLE_ALIGN or bundle_offset < runtime_size:
        raise BadTrailer("the bundle's place in it is not a sector after the runtime")


def pack(
    runtime_size: int,
    runtime_sha256: bytes,
    bundle_offset: int,
    bundle_size: int,
    bundle_sha256: bytes,
    board: str,
    version: str,
    build_time: int,
) -> bytes:
    """The 132 bytes. BadTrailer when a field does not fit or `unpack` would refuse it."""
    if len(runtime_sha256) != 32 or len(bundle_sha256) != 32:
        raise BadTrailer("a SHA-256 is 32 bytes")
    if len(board.encode()) > BOARD_MAX or len(version.encode()) > VERSION_MAX:
        raise BadTrailer("the board's name or the version is too long")
    _check(runtime_size, bundle_offset, bundle_size)
    data = struct.pack(
        LAYOUT,
        MAGIC,
        runtime_size,
        runtime_sha256,
        bundle_offset,
        bundle_size,
        bundle_sha256,
        board.encode(),
        version.encode(),
        build_time,
        0,
    )[:-4]
    _text(data[84:100])
    _text(data[100:124])
    return data + struct.pack("<I", binascii.crc32(data))


def unpack(data: bytes) -> Trailer:
    """The trailer at the start of `data` (132 bytes or more). BadTrailer with the reason."""
    if len(data) < SIZE:
        raise BadTrailer("too short")
    fields = struct.unpack(LAYOUT, data[:SIZE])
    if fields[0] != MAGIC:
        raise BadTrailer("no trailer here")
    if fields[9] != binascii.crc32(data[: SIZE - 4]):
        raise BadTrailer("its checksum does not match")
    _check(fields[1], fields[3], fields[4])
    return Trailer(
        fields[1],
        fields[2],
        fields[3],
        fields[4],
        fields[5],
        _text(fields[6]),
        _text(fields[7]),
        fields[8],
    )
