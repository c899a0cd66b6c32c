"""Espressif's app image format: reading with every check, writing, patching.

Layout: ESP-IDF bootloader_support `esp_app_format.h`; checks: `esp_image_format.c`; the application
description: `esp_app_desc.h`. This is the host's own reader: the emulated bootloader has its own.
"""

import hashlib
import struct
from dataclasses import dataclass
from functools import reduce
from operator import xor

import numpy as np

from host_tools.emulator.chips import CHIPS, Chip

MAGIC = 0xE9
HEADER = struct.Struct("<BBBBIB3sHBHH4sB")
SEGMENT = struct.Struct("<II")  # load address, data length in bytes
SEGMENTS_MAX = 16
SEGMENT_MAX = 16 * 1024 * 1024  # bytes
CHECKSUM_START = 0xEF
HASH_SIZE = 32  # bytes
APP_DESC_OFFSET = 0x20  # bytes: start of segment 0's data
APP_DESC = struct.Struct("<II8s32s32s16s16s32s32sHHB75s")
APP_DESC_MAGIC = 0xABCD5432
MMU_PAGE = 0x10000  # bytes

assert HEADER.size == 24
assert APP_DESC.size == 256

FLASH_SIZES = {2 << 20: 1, 4 << 20: 2, 8 << 20: 3, 16 << 20: 4}  # bytes: code in header byte 3


OTHER_CHIPS = {2: "ESP32-S2", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2"}


class BadImage(Exception):
    """These bytes are no image that would boot; the one argument is the reason, in words."""


@dataclass(frozen=True, slots=True)
class Image:
    """Facts of a checked image. `size` in bytes, header through hash; flash_size in bytes or 0."""

    chip_id: int
    size: int
    segments: tuple[tuple[int, int], ...]  # (load address, data length in bytes)
    hashed: bool
    flash_size: int
    is_app: bool  # it carries an application description
    idf: str  # ESP-IDF's version, '' without a description


def chip_title(chip_id: int) -> str:
    """The name of a chip as people write it."""
    for chip in CHIPS.values():
        if chip.id == chip_id:
            return chip.title
    return OTHER_CHIPS.get(chip_id, f"chip {chip_id:#x}")


def parse(data: bytes) -> Image:
    """Check the image at the start of `data`; what follows it is ignored.

    BadImage for a wrong magic, too many segments, an end beyond `data` (truncated), a mapped
    segment off its page, a wrong checksum or a wrong SHA-256.
    """
    if len(data) < HEADER.size or data[0] != MAGIC:
        raise BadImage("it does not start with an image header")
    fields = HEADER.unpack_from(data)
    count, chip_id, hashed = fields[1], fields[7], fields[12] != 0
    if count > SEGMENTS_MAX:
        raise BadImage(f"{count} segments, more than {SEGMENTS_MAX}")
    segments, end, checksum = _segments(data, count, chip_id)
    end = _padded(end)
    if len(data) < end + HASH_SIZE * hashed:
        raise BadImage("it is truncated")
    if data[end - 1] != checksum:
        raise BadImage("its checksum does not match")
    if hashed and data[end : end + HASH_SIZE] != hashlib.sha256(data[:end]).digest():
        raise BadImage("its SHA-256 does not match")
    flash_size = {code: size for size, code in FLASH_SIZES.items()}.get(data[3] >> 4, 0)
    is_app, idf = _description(data)
    size = end + HASH_SIZE * hashed
    return Image(chip_id, size, tuple(segments), hashed, flash_size, is_app, idf)


def with_flash_size(image: bytes, flash_size: int) -> bytes:
    """The same image with `flash_size` (bytes, of FLASH_SIZES) in its header, its hash renewed.

    A bootloader that is told of less flash than the partition table uses rejects the table.
    """
    facts = parse(image)
    patched = bytearray(image)
    patched[3] = patched[3] & 0x0F | FLASH_SIZES[flash_size] << 4
    if facts.hashed:
        end = facts.size - HASH_SIZE
        patched[end : facts.size] = hashlib.sha256(patched[:end]).digest()
    return bytes(patched)


def build(chip: Chip, flash_size: int, entry: int, segments: list[tuple[int, bytes]]) -> bytes:
    """An image of these (load address, data) segments, checksum and SHA-256 appended."""
    header = HEADER.pack(
        MAGIC,
        len(segments),
        2,  # DIO, what every module can do
        FLASH_SIZES[flash_size] << 4,  # and 40 MHz
        entry,
        0xEE,
        bytes(3),
        chip.id,
        0,
        0,
        0xFFFF,
        bytes(4),
        1,
    )
    body = header + b"".join(SEGMENT.pack(at, len(data)) + data for at, data in segments)
    checksum = reduce(xor, (_xor(data) for _, data in segments), CHECKSUM_START)
    body = body.ljust(_padded(len(body)) - 1, b"\x00") + bytes([checksum])
    return body + hashlib.sha256(body).digest()


def next_data(segments: list[tuple[int, bytes]]) -> int:
    """The offset in an image that the data of one more segment after these would have."""
    return HEADER.size + sum(SEGMENT.size + len(data) for _, data in segments) + SEGMENT.size


def app_desc(idf: str) -> bytes:
    """The 256 bytes that open segment 0 of an application (name and version empty, as MicroPython
    leaves them)."""
    page = MMU_PAGE.bit_length() - 1
    return APP_DESC.pack(
        APP_DESC_MAGIC, 0, b"", b"", b"", b"", b"", idf.encode(), b"", 0, 0xFFFF, page, b""
    )


def _segments(data: bytes, count: int, chip_id: int) -> tuple[list[tuple[int, int]], int, int]:
    """(segments, offset after the last, checksum)."""
    at, checksum = HEADER.size, CHECKSUM_START
    found = []
    for _ in range(count):
        if len(data) < at + SEGMENT.size:
            raise BadImage("it is truncated")
        address, length = SEGMENT.unpack_from(data, at)
        at += SEGMENT.size
        if length % 4 or length >= SEGMENT_MAX:
            raise BadImage(f"a segment of {length} bytes")
        if len(data) < at + length:
            raise BadImage("it is truncated")
        if _mapped(chip_id, address) and (at - address) % MMU_PAGE:
            raise BadImage(f"the segment for {address:#x} is not on its flash page")
        checksum ^= _xor(data[at : at + length])
        found.append((address, length))
        at += length
    return found, at, checksum


def _mapped(chip_id: int, address: int) -> bool:
    return any(
        address in area for chip in CHIPS.values() if chip.id == chip_id for area in chip.mapped
    )


def _padded(end: int) -> int:
    """Where the checksum ends: it is the last byte of a block of 16."""
    return (end + 1 + 15) & ~15


def _xor(data: bytes) -> int:
    return int(np.bitwise_xor.reduce(np.frombuffer(data, np.uint8), initial=np.uint8(0)))


def _description(data: bytes) -> tuple[bool, str]:
    if len(data) < APP_DESC_OFFSET + APP_DESC.size:
        return False, ""
    fields = APP_DESC.unpack_from(data, APP_DESC_OFFSET)
    if fields[0] != APP_DESC_MAGIC:
        return False, ""
    return True, fields[7].split(b"\0")[0].decode("ascii", "replace")
