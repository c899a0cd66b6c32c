"""Does a bootloader accept the app image in a partition? ESP-IDF's checks, in ESP-IDF's order.

Rules from esp-idf bootloader_support/src/esp_image_format.c and bootloader_common_loader.c:
header, then every segment's header, then checksum, length, SHA-256. Whatever follows the image
in its partition is ignored. Not modelled: secure boot, and eFuse block revisions (S3, C3).
The bootloader is such an image too; the ROM asks less of it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from host_tools.emulator.chips import CHIPS, Chip, by_id
from host_tools.emulator.flash import PAGE, Flash

IMAGE_MAGIC = 0xE9
APP_DESC_MAGIC = 0xABCD5432
HEADER_SIZE = 24
SEGMENT_HEADER_SIZE = 8
HASH_SIZE = 32
MAX_SEGMENTS = 16
SIXTEEN_MIB = 0x1000000
MMU_PAGE = 0x10000

_HEADER = struct.Struct("<BBBBIB3sHBHH4sB")
_APP_DESC = struct.Struct("<II8s32s32s16s16s32s")

Read = Callable[[int, int], bytes]
Mode = Literal["load", "verify", "load_unverified", "rom", "rom_hash"]
_NO_CHECKSUM = ("load_unverified",)
_NO_HASH = ("load_unverified", "rom")
_INTO_RAM = ("load", "load_unverified")


class BadImage(Exception):
    """The image would not be accepted; `reason` says why in one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# RAM of the plain ESP32 (soc.h) and what its bootloader keeps of it while it loads an app
# (bootloader.ld; the stack begins at SOC_ROM_STACK_START and is guarded by 32 KiB of headroom).
_DRAM = range(0x3FFAE000, 0x40000000)
_DRAM_ALIASED = range(0x3FFE0000, 0x40000000)  # seen again above IRAM, where nothing may load
_IRAM = range(0x40080000, 0x400A0000)
_RTC = (
    range(0x400C0000, 0x400C2000),
    range(0x3FF80000, 0x3FF82000),
    range(0x50000000, 0x50002000),
)
_BOOT_STACK = range(0x3FFDBF20, 0x3FFE3F20)
_BOOT_DATA = range(0x3FFF0000, 0x3FFF6000)
_NOT_LOADED_BELOW = 0x10000000  # padding blocks


@dataclass(frozen=True, slots=True)
class Segment:
    """`offset` of the data in the image, `size` in bytes."""

    load_addr: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """An accepted image; `size` in bytes including checksum and hash.

    The texts come from its esp_app_desc_t and are empty where it has none (official MicroPython
    builds leave `version` and `project_name` empty).
    """

    size: int
    sha256: bytes | None  # None when no hash is appended
    chip_id: int
    segments: tuple[Segment, ...]
    idf_ver: str = ""
    version: str = ""
    project_name: str = ""
    date: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    chip_id: int
    segments: tuple[Segment, ...]
    end: int  # of the last segment, bytes from the start of the image
    hashed: bool

    @property
    def checked(self) -> int:
        """Bytes under the hash: the checksum is the last byte of a 16-byte block."""
        return (self.end + 16) & ~15

    @property
    def size(self) -> int:
        return self.checked + (HASH_SIZE if self.hashed else 0)


def verify(
    read: Read,
    partition_size: int,
    *,
    chip_id: int = 0,
    chip_rev: int | None = None,
    flash_offset: int = 0,
    mode: Mode = "verify",
) -> ImageInfo:
    """Check the image that `read(offset, size)` gives, `offset` from the partition's start.

    `read` returns fewer bytes at the end of the flash. `flash_offset` is the partition's address
    (mapped segments must agree with it). Mode 'load' also checks load addresses against the
    bootloader's own RAM, as at a boot; 'verify' is esp_image_verify as an app calls it;
    'load_unverified' is the shortcut after deep sleep; 'rom' is what a bootloader has to pass, and
    'rom_hash' the same with its SHA-256. Raises BadImage.
    """
    chip = by_id(chip_id)
    layout = _read_layout(read, partition_size, chip, chip_rev, flash_offset, mode)
    found = _check(read(0, layout.size), layout, partition_size, mode)
    if isinstance(found, str):
        raise BadImage(found)
    return found


def verify_on_flash(
    flash: Flash, offset: int, size: int, *, chip: str = "esp32", mode: Mode = "verify"
) -> ImageInfo:
    """`verify` for the partition at `offset` of `flash`; both in bytes. Raises BadImage.

    Results are remembered by contents, so the same image is hashed once however often it boots.
    """

    def read(at: int, length: int) -> bytes:
        at += offset
        return flash.read(at, min(length, flash.size - at)) if at < flash.size else b""

    layout = _read_layout(read, size, CHIPS[chip], None, offset, mode)
    first, skip = divmod(offset, PAGE)
    last = -(-(offset + layout.size) // PAGE)
    pages = flash.sectors(first, last)
    found = _check_pages(pages, skip, layout, size, "verify" if mode == "load" else mode)
    if isinstance(found, str):
        raise BadImage(found)
    return found


def _read_layout(
    read: Read, partition_size: int, chip: Chip, rev: int | None, flash_offset: int, mode: Mode
) -> _Layout:
    if partition_size > SIXTEEN_MIB:
        raise BadImage(f"partition of {partition_size:#x} bytes is larger than 16 MiB")
    fields = _HEADER.unpack(_exactly(read, 0, HEADER_SIZE, "the header"))
    magic, count, chip_id, min_rev, max_rev, hashed = (fields[i] for i in (0, 1, 7, 9, 10, 12))
    if mode != "load_unverified":
        _check_header(magic, chip_id, min_rev, max_rev, chip, chip.revision if rev is None else rev)
    if count > MAX_SEGMENTS:
        raise BadImage(f"{count} segments, at most {MAX_SEGMENTS} are allowed")
    at = HEADER_SIZE
    segments = []
    for index in range(count):
        raw = _exactly(read, at, SEGMENT_HEADER_SIZE, f"segment {index}")
        load_addr, size = struct.unpack("<II", raw)
        segment = Segment(load_addr, size, at + SEGMENT_HEADER_SIZE)
        _check_segment(index, segment, chip, flash_offset, mode)
        segments.append(segment)
        at = segment.offset + size
    return _Layout(chip_id, tuple(segments), at, bool(hashed))


def _exactly(read: Read, at: int, size: int, what: str) -> bytes:
    data = read(at, size)
    if len(data) < size:
        raise BadImage(f"{what} lies beyond the end of the flash")
    return data


def _check_header(
    magic: int, chip_id: int, min_rev: int, max_rev: int, chip: Chip, rev: int
) -> None:
    if magic != IMAGE_MAGIC:
        raise BadImage(f"no image: the first byte is {magic:#04x}, not {IMAGE_MAGIC:#04x}")
    if chip_id != chip.id:
        raise BadImage(f"made for chip id {chip_id}, this is {chip.id} ({chip.name})")
    if rev < min_rev:
        raise BadImage(f"needs chip revision {_rev(min_rev)} or newer, this is {_rev(rev)}")
    if max_rev not in (0, 0xFFFF) and rev > max_rev:
        raise BadImage(f"needs chip revision {_rev(max_rev)} or older, this is {_rev(rev)}")


def _rev(full: int) -> str:
    return f"v{full // 100}.{full % 100}"


def _check_segment(index: int, segment: Segment, chip: Chip, flash_offset: int, mode: Mode) -> None:
    low, size = segment.load_addr, segment.size
    if size % 4 or size >= SIXTEEN_MIB:
        raise BadImage(f"segment {index} has the impossible length {size:#x}")
    if mode in ("rom", "rom_hash"):  # a bootloader has no mapped segments: the ROM copies them all
        return
    if any(low in window for window in chip.mapped):
        if (flash_offset + segment.offset) % MMU_PAGE != low % MMU_PAGE:
            raise BadImage(
                f"segment {index} is mapped at {low:#x} but lies at "
                f"{flash_offset + segment.offset:#x}: their offsets in 64 KiB differ"
            )
        return
    if mode in _INTO_RAM and chip.guards_ram and size and low >= _NOT_LOADED_BELOW:
        reason = _ram_conflict(low, low + size)
        if reason:
            raise BadImage(f"segment {index} {low:#x}-{low + size:#x} {reason}")


def _ram_conflict(low: int, high: int) -> str | None:
    """Why the plain ESP32's bootloader will not copy a segment to [low, high), or None."""
    window = range(low, high)
    if _within(window, _DRAM):
        if _overlap(window, _BOOT_STACK):
            return "overlaps the bootloader's stack"
        if _overlap(window, _BOOT_DATA):
            return "overlaps the bootloader's data"
        return "is no RAM to load into" if _overlap(window, _DRAM_ALIASED) else None
    if _within(window, _IRAM) or any(_within(window, rtc) for rtc in _RTC):
        return None
    return "is no RAM to load into"


def _within(inner: range, outer: range) -> bool:
    return outer.start <= inner.start and inner.stop <= outer.stop


def _overlap(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop


@lru_cache(maxsize=256)
def _check_pages(
    pages: tuple[bytes, ...], skip: int, layout: _Layout, partition_size: int, mode: Mode
) -> ImageInfo | str:
    image = b"".join(pages)[skip : skip + layout.size]
    return _check(image, layout, partition_size, mode)


def _check(image: bytes, layout: _Layout, partition_size: int, mode: Mode) -> ImageInfo | str:
    """Checksum, length and hash; the reason as text when one of them fails."""
    if len(image) < layout.size:
        return "the image lies beyond the end of the flash"
    if mode not in _NO_CHECKSUM:
        found = image[layout.checked - 1]
        expected = _checksum(image, layout.segments)
        if found != expected:
            return f"checksum {found:#04x}, computed {expected:#04x}"
    if layout.size > partition_size:
        return f"image of {layout.size} bytes in a partition of {partition_size}"
    digest = image[layout.checked :] if layout.hashed else None
    hashed = digest if mode not in _NO_HASH else None
    if hashed and hashed != hashlib.sha256(image[: layout.checked]).digest():
        return "the SHA-256 of the image does not match"
    return ImageInfo(layout.size, digest, layout.chip_id, layout.segments, *_app_desc(image))


def _checksum(image: bytes, segments: tuple[Segment, ...]) -> int:
    """0xEF XOR every byte of segment data; word by word, since sizes are multiples of 4."""
    word = 0xEF
    for segment in segments:
        data = np.frombuffer(image, "<u4", segment.size // 4, segment.offset)
        word ^= int(np.bitwise_xor.reduce(data))
    return (word ^ word >> 8 ^ word >> 16 ^ word >> 24) & 0xFF


def _app_desc(image: bytes) -> tuple[str, str, str, str, str]:
    """(idf_ver, version, project_name, date, time) of the esp_app_desc_t that segment 0 begins."""
    start = HEADER_SIZE + SEGMENT_HEADER_SIZE
    if len(image) < start + _APP_DESC.size:
        return "", "", "", "", ""
    magic, _, _, *texts = _APP_DESC.unpack_from(image, start)
    if magic != APP_DESC_MAGIC:
        return "", "", "", "", ""
    version, name, time, date, idf = (_text(field) for field in texts)
    return idf, version, name, date, time


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
