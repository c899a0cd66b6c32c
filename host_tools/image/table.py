"""Partition tables: ESP-IDF's CSV in, the binary table of flash address 0x8000 out.

Layout of the binary form: ESP-IDF bootloader_support flash_partitions.c and esp_flash_partitions.h;
of the text form: ESP-IDF gen_esp32part.py.
"""

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from host_tools.errors import UserError

TABLE_OFFSET = 0x8000  # flash address
TABLE_SIZE = 0x1000  # bytes: its sector
TABLE_MAX = 0xC00  # bytes the bootloader reads
FIRST_OFFSET = TABLE_OFFSET + TABLE_SIZE
PAGE = 4096  # bytes
APP_ALIGN = 0x10000  # bytes: the chip's instruction cache maps 64 KiB pages
PARTITIONS_MAX = 94  # and the MD5's entry and the last one
BYTE_MAX, WORD_MAX = 0xFE, 0xFFFFFFFF  # of a Type or SubType (ESP-IDF keeps 0xFF); of a place
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
assert (PARTITIONS_MAX + 2) * ENTRY.size == TABLE_MAX


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition; offset (flash address) and size in bytes. line: of its CSV, 0 without one."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int
    flags: int = 0
    line: int = field(default=0, compare=False)

    @property
    def end(self) -> int:
        return self.offset + self.size


class Place(Protocol):
    """Where a partition is stated, for the errors about it."""

    def error(self, why: str, fix: str) -> UserError: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a CSV."""

    path: Path
    number: int

    def error(self, why: str, fix: str) -> UserError:
        return UserError(f"{self.path}:{self.number}", why, fix)


def load(path: Path, flash_size: int) -> tuple[Partition, ...]:
    """The checked partitions of a CSV, in its order.

    UserError, with the line, for one that cannot be read and for what `check` refuses.
    """
    partitions: list[Partition] = []
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(path), "cannot be read", "restore the partitions.csv") from error
    for number, line in enumerate(text.splitlines(), 1):
        fields = [field.strip() for field in line.partition("#")[0].split(",")]
        if any(fields):
            place = Line(path, number)
            partition = _partition(fields, place)
            check(partition, partitions, flash_size, place)
            if len(partitions) == PARTITIONS_MAX:
                raise place.error(f"more than {PARTITIONS_MAX} partitions", "delete the line")
            partitions.append(partition)
    if not partitions:
        raise UserError(str(path), "no partitions", "copy the lines of another board's")
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


def check(new: Partition, before: list[Partition], flash_size: int, place: Place) -> None:
    """Hold a partition against those `before` it and a flash of `flash_size` bytes.

    UserError of `place` for an app off its 64 KiB, anything off its sectors, a place outside the
    flash or over bootloader and table, a label used twice, and overlap. ESP-IDF's bootloader minds
    only what exceeds the flash (esp_partition_table_verify in flash_partitions.c).
    """
    align = APP_ALIGN if new.type == TYPES["app"] else PAGE
    if new.offset % align:
        why = f"'{new.label}' at {new.offset:#x} is not on a multiple of {align:#x}"
        raise place.error(why, f"type {_up(new.offset, align):#x} as its Offset")
    if new.size <= 0 or new.size % PAGE:
        why = f"'{new.label}' is not whole 4 KiB sectors"
        raise place.error(why, f"type {_up(max(new.size, 1), PAGE):#x} as its Size")
    if new.offset < FIRST_OFFSET or new.end > flash_size:
        why = f"'{new.label}' lies at {new.offset:#x} to {new.end:#x}"
        why += f", outside {FIRST_OFFSET:#x} to {flash_size:#x}"
        if new.offset < FIRST_OFFSET:
            fix = f"type {_up(FIRST_OFFSET, align):#x} as its Offset"
        elif new.offset < flash_size:
            fix = f"type {flash_size - new.offset:#x} as its Size"
        else:
            fix = f"type an Offset below {flash_size:#x}"
        raise place.error(why, fix)
    for old in before:
        if old.label == new.label:
            raise place.error(f"'{new.label}' stands there twice", "type another Name")
        if new.offset < old.end and old.offset < new.end:
            fix = f"type {_up(old.end, align):#x} as its Offset"
            if new.offset < old.offset:
                fix = f"type {old.offset - new.offset:#x} as its Size"
            raise place.error(f"'{new.label}' overlaps '{old.label}'", fix)


def _up(value: int, align: int) -> int:
    return -(-value // align) * align


def _partition(fields: list[str], place: Line) -> Partition:
    if len(fields) not in (5, 6):
        raise place.error("not 5 or 6 fields", "type Name, Type, SubType, Offset, Size, Flags")
    label, kind, subkind, offset, size = fields[:5]
    if not 1 <= len(label.encode()) <= LABEL_MAX or not label.isprintable():
        raise place.error("a label is 1 to 15 bytes", "type a shorter Name")
    kind_id = _number("Type", kind, TYPES, place)
    return Partition(
        label,
        kind_id,
        _number("SubType", subkind, SUBTYPES.get(kind_id, {}), place),
        _number("Offset", offset, None, place),
        _number("Size", size, None, place),
        _flags(fields[5:], place),
        place.number,
    )


def _number(column: str, text: str, names: dict[str, int] | None, place: Line) -> int:
    """A field. names: of a Type or SubType, which is one byte; None for an Offset or a Size."""
    if names and text in names:
        return names[text]
    try:
        value = number(text)
    except ValueError:
        value = -1
    if not 0 <= value <= (WORD_MAX if names is None else BYTE_MAX):
        fix = "type it as 0x9000 or 16K" if names is None else "type " + _choice(names)
        raise place.error(f"'{text}' is not known as {column}", fix)
    return value


def _flags(fields: list[str], place: Line) -> int:
    value = 0
    for flag in filter(None, fields[0].split(":") if fields else []):
        if flag not in FLAGS:
            raise place.error(f"'{flag}' is not known as Flags", "type " + _choice(FLAGS))
        value |= FLAGS[flag]
    return value


def _choice(names: dict[str, int]) -> str:
    return "one of " + ", ".join(names) if names else f"a number up to {BYTE_MAX:#x}"
