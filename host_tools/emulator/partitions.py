"""The binary partition table of an ESP32, as the bootloader reads and checks it.

Rules from esp-idf bootloader_support/src/flash_partitions.c: 32-byte entries at 0x8000, then
optionally an MD5 of all of them, then an entry of ones. One bad entry rejects the whole table.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache

from host_tools.emulator.flash import PAGE, Flash

TABLE_OFFSET = 0x8000  # in flash
TABLE_SIZE = 0xC00  # bytes, 96 entries at most
ENTRY_SIZE = 32

TYPE_APP = 0
TYPE_DATA = 1
SUBTYPE_FACTORY = 0x00  # of TYPE_APP
SUBTYPE_OTA_0 = 0x10  # of TYPE_APP; ota_n is SUBTYPE_OTA_0 + n
SUBTYPE_TEST = 0x20  # of TYPE_APP
SUBTYPE_OTADATA = 0x00  # of TYPE_DATA
MAX_OTA_SLOTS = 16

_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MAGIC_MD5 = b"\xeb\xeb"
_END = b"\xff\xff\xff\xff"


class PartitionTableError(Exception):
    """The table is rejected; the real chip resets for ever."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A range of flash; `offset` and `size` in bytes."""

    type: int
    subtype: int
    offset: int
    size: int
    label: str
    encrypted: bool = False
    readonly: bool = False

    @property
    def ota_index(self) -> int | None:
        """n for an app partition ota_n, else None."""
        index = self.subtype - SUBTYPE_OTA_0
        return index if self.type == TYPE_APP and 0 <= index < MAX_OTA_SLOTS else None


@dataclass(frozen=True, slots=True)
class PartitionTable:
    """The partitions in the order of the table."""

    entries: tuple[Partition, ...]

    @classmethod
    def read(cls, flash: Flash, chip_size: int | None = None) -> PartitionTable:
        """The table of this flash.

        `chip_size` in bytes is what the bootloader believes (the size in its own image header);
        by default the size of the flash. Raises PartitionTableError.
        """
        if flash.size < TABLE_OFFSET + PAGE:
            raise PartitionTableError(f"a flash of {flash.size:#x} bytes has no room for a table")
        return _parse(flash.read(TABLE_OFFSET, PAGE), chip_size or flash.size)

    def find(
        self, type: int | None = None, subtype: int | None = None, label: str | None = None
    ) -> list[Partition]:
        """The partitions that match everything given, in table order."""
        return [
            entry
            for entry in self.entries
            if (type is None or entry.type == type)
            and (subtype is None or entry.subtype == subtype)
            and (label is None or entry.label == label)
        ]

    def first(
        self, type: int | None = None, subtype: int | None = None, label: str | None = None
    ) -> Partition | None:
        """The first match, or None."""
        return next(iter(self.find(type, subtype, label)), None)

    @property
    def ota_slots(self) -> list[Partition]:
        """The app partitions ota_0, ota_1, ... sorted by number."""
        slots = [entry for entry in self.entries if entry.ota_index is not None]
        return sorted(slots, key=lambda slot: slot.subtype)

    @property
    def otadata(self) -> Partition | None:
        """The partition with the boot record, or None."""
        return self.first(TYPE_DATA, SUBTYPE_OTADATA)

    @property
    def factory(self) -> Partition | None:
        return self.first(TYPE_APP, SUBTYPE_FACTORY)

    @property
    def test_app(self) -> Partition | None:
        return self.first(TYPE_APP, SUBTYPE_TEST)


def parse_table(data: bytes, chip_size: int) -> PartitionTable:
    """Check and decode the bytes of a table. Raises PartitionTableError with the reason."""
    entries: list[Partition] = []
    has_md5 = False
    for at in range(0, TABLE_SIZE, ENTRY_SIZE):
        raw = data[at : at + ENTRY_SIZE]
        if len(raw) < ENTRY_SIZE:
            break
        if raw.startswith(_MAGIC):
            entries.append(_partition(raw, at // ENTRY_SIZE, chip_size))
        elif raw.startswith(_MAGIC_MD5):
            if has_md5:
                raise PartitionTableError("the table has two MD5 entries")
            if raw[16:] != hashlib.md5(data[:at], usedforsecurity=False).digest():
                raise PartitionTableError("the MD5 of the table does not match")
            has_md5 = True
        elif raw.startswith(_END):
            return PartitionTable(tuple(entries))
        else:
            raise PartitionTableError(
                f"entry {at // ENTRY_SIZE} has magic {raw[:2].hex()}, not {_MAGIC.hex()}"
            )
    raise PartitionTableError("the table has no terminating entry")


@lru_cache(maxsize=256)
def _parse(page: bytes, chip_size: int) -> PartitionTable:
    return parse_table(page, chip_size)


def _partition(raw: bytes, index: int, chip_size: int) -> Partition:
    _, type_, subtype, offset, size, name, flags = _ENTRY.unpack(raw)
    label = name.split(b"\0", 1)[0].decode("utf-8", "replace")
    if offset + size > chip_size:
        raise PartitionTableError(
            f"entry {index} ({label}): {offset:#x} + {size:#x} exceeds the chip's {chip_size:#x}"
        )
    return Partition(type_, subtype, offset, size, label, bool(flags & 1), bool(flags & 2))
