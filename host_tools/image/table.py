"""Partition tables: ESP-IDF's CSV in, the binary table of flash address 0x8000 out.

Layout of the binary form: ESP-IDF bootloader_support flash_partitions.c and esp_flash_partitions.h;
of the text form: ESP-IDF gen_esp32part.py.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError

TABLE_OFFSET = 0x8000  # flash address
TABLE_SIZE = 0x1000  # bytes: its sector
TABLE_MAX = 0xC00  # bytes the bootloader reads
FIRST_OFFSET = TABLE_OFFSET + TABLE_SIZE
PAGE = 4096  # bytes
APP_ALIGN = 0x10000  # bytes: the chip's instruction cache maps 64 KiB pages
LABEL_MAX = 15  # bytes: 16 with the NUL
ENTRY = struct.Struct("<2sBBII16sI")
ENTRY_MAGIC = b"\xaa\x50"
MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14

TYPES = {"app": 0, "data": 1}
SUBTYPES = {
    0: {"factory": 0x00, "test": 0x20} | {f"ota_{n}": 0x10 + n for n in range(16)},
    1: {
        "ota": 0x00,
        "phy": 0x01,
        "nvs": 0x02,
        "coredump": 0x03,
        "nvs_keys": 0x04,
        "fat": 0x81,
        "spiffs": 0x82,
        "littlefs": 0x83,
    },
}
FLAGS = {"encrypted": 1, "readonly": 2}

assert ENTRY.size == 32


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; offset (flash address) and size in bytes."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int
    flags: int = 0

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class _Line:
    """A place in a CSV, for its errors."""

    path: Path
    number: int

    def error(self, why: str, fix: str) -> UserError:
        return UserError(f"{self.path}, line {self.number}", why, fix)


def load(path: Path, flash_size: int) -> tuple[Partition, ...]:
    """The checked partitions of a CSV, in its order.

    UserError for a line that cannot be read, for a place off its alignment, for overlap, for a
    label used twice, and for what does not fit a flash of `flash_size` bytes.
    """
    partitions: list[Partition] = []
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(path), "cannot be read", "restore the partitions.csv") from error
    for number, line in enumerate(text.splitlines(), 1):
        fields = [field.strip() for field in line.partition("#")[0].split(",")]
        if any(fields):
            place = _Line(path, number)
            partition = _partition(fields, place)
            _check(partition, partitions, flash_size, place)
            partitions.append(partition)
    if not partitions or (len(partitions) + 2) * ENTRY.size > TABLE_MAX:
        raise UserError(str(path), f"{len(partitions)} partitions", "state 1 to 94 of them")
    return tuple(partitions)


def to_bytes(partitions: tuple[Partition, ...]) -> bytes:
    """The table as it lies in flash: entries, MD5 entry, FF to the end of its 4 KiB sector."""
    entries = b"".join(
        ENTRY.pack(ENTRY_MAGIC, p.type, p.subtype, p.offset, p.size, p.label.encode(), p.flags)
        for p in partitions
    )
    table = entries + MD5_MAGIC + hashlib.md5(entries, usedforsecurity=False).digest()
    return table.ljust(TABLE_SIZE, b"\xff")


def number(text: str) -> int:
    """A size or offset as ESP-IDF writes them: 4096, 0x1000, 4K, 1M. ValueError otherwise."""
    scale = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper(), 1)
    return int(text if scale == 1 else text[:-1], 0) * scale


def _partition(fields: list[str], place: _Line) -> Partition:
    if len(fields) not in (5, 6):
        raise place.error("not 5 or 6 fields", "write Name, Type, SubType, Offset, Size, Flags")
    label, kind, subkind, offset, size = fields[:5]
    if not label or len(label.encode()) > LABEL_MAX:
        raise place.error("a label is 1 to 15 bytes", "shorten it")
    try:
        kind_id = TYPES[kind] if kind in TYPES else number(kind)
        known = SUBTYPES.get(kind_id, {})
        subkind_id = known[subkind] if subkind in known else number(subkind)
        flags = sum(FLAGS[flag] for flag in fields[5].split(":")) if fields[5:] and fields[5] else 0
        return Partition(label, kind_id, subkind_id, number(offset), number(size), flags)
    except (KeyError, ValueError) as error:
        raise place.error(
            "a type, number or flag that is not known",
            "state every offset and size, as 0x9000 or 16K",
        ) from error


def _check(new: Partition, before: list[Partition], flash_size: int, place: _Line) -> None:
    align = APP_ALIGN if new.type == TYPES["app"] else PAGE
    if new.offset % align:
        raise place.error(
            f"'{new.label}' at {new.offset:#x} is not on a multiple of {align:#x}", "move it"
        )
    if new.size <= 0 or new.size % PAGE:
        raise place.error(f"'{new.label}' is not whole 4 KiB sectors", "round its size")
    if new.offset < FIRST_OFFSET or new.end > flash_size:
        raise place.error(
            f"'{new.label}' reaches to {new.end:#x}, outside {FIRST_OFFSET:#x} to {flash_size:#x}",
            "move it or make it smaller",
        )
    for old in before:
        if old.label == new.label:
            raise place.error(f"'{new.label}' stands there twice", "give each its own label")
        if new.offset < old.end and old.offset < new.end:
            raise place.error(f"'{new.label}' overlaps '{old.label}'", "move one of them")
