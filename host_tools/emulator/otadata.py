"""The boot record (otadata): two 32-byte entries, one at the start of each of two sectors.

Rules from esp-idf esp_flash_partitions.h and bootloader_common_loader.c. The CRC covers the
sequence number alone, not the state: a torn write may leave a good number with a wrong state.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.partitions import Partition

ENTRY_SIZE = 32
BLANK_SEQ = 0xFFFFFFFF
_ENTRY = struct.Struct("<I20sII")


class State(IntEnum):
    """`ota_state`: what is known of the image that an entry selects."""

    NEW = 0  # set by the app, not yet booted
    PENDING_VERIFY = 1  # on trial: booted once, not yet confirmed
    VALID = 2  # confirmed
    INVALID = 3  # rejected by the app itself
    ABORTED = 4  # reset before it was confirmed
    UNDEFINED = 0xFFFFFFFF  # not monitored


def state_name(state: int) -> str:
    """The name of a state word; unknown words in hex (the bootloader treats them as bootable)."""
    try:
        return State(state).name
    except ValueError:
        return f"{state:#x}"


@lru_cache(maxsize=4096)
def seq_crc(seq: int) -> int:
    """The CRC-32 of a sequence number, seeded with ones as the ROM is called."""
    return binascii.crc32(seq.to_bytes(4, "little"), 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands on flash, right or wrong."""

    seq: int
    state: int
    crc: int
    label: bytes = b"\xff" * 20  # never interpreted, written back as it was read

    @classmethod
    def make(cls, seq: int, state: int) -> Entry:
        """An entry with the right CRC."""
        return cls(seq, state, seq_crc(seq))

    @classmethod
    def unpack(cls, data: bytes) -> Entry:
        seq, label, state, crc = _ENTRY.unpack(data)
        return cls(seq, state, crc, label)

    def pack(self) -> bytes:
        return _ENTRY.pack(self.seq, self.label, self.state, self.crc)

    @property
    def crc_ok(self) -> bool:
        return self.crc == seq_crc(self.seq)

    @property
    def initial(self) -> bool:
        """Never written, or written badly."""
        return self.seq == BLANK_SEQ or not self.crc_ok

    @property
    def invalid(self) -> bool:
        """Blank or condemned. The CRC is not looked at: a torn entry is not `invalid`."""
        return self.seq == BLANK_SEQ or self.state in (State.INVALID, State.ABORTED)

    @property
    def valid(self) -> bool:
        return not self.invalid and self.crc_ok

    def with_state(self, state: int) -> Entry:
        return replace(self, state=state)

    def slot(self, n_slots: int) -> int:
        """The index of the OTA slot that this entry selects among `n_slots` (32-bit arithmetic)."""
        return ((self.seq - 1) & 0xFFFFFFFF) % n_slots

    def __str__(self) -> str:
        if self.seq == BLANK_SEQ:
            return "blank"
        bad = "" if self.crc_ok else ", bad CRC"
        return f"seq {self.seq} {state_name(self.state)}{bad}"


def active(e0: Entry, e1: Entry) -> int:
    """The index of the active entry: the valid one with the higher number, 0 on a tie, else -1."""
    if e0.valid and e1.valid:
        return 0 if e0.seq >= e1.seq else 1
    if e0.valid:
        return 0
    return 1 if e1.valid else -1


def read_entries(flash: Flash, otadata: Partition) -> tuple[Entry, Entry]:
    """Both entries of the partition `otadata` (at least two sectors long)."""
    return (
        Entry.unpack(flash.read(otadata.offset, ENTRY_SIZE)),
        Entry.unpack(flash.read(otadata.offset + PAGE, ENTRY_SIZE)),
    )


def write_entry(flash: Flash, otadata: Partition, index: int, entry: Entry) -> None:
    """Replace entry 0 or 1: two flash operations, an erase of its sector and one program."""
    at = otadata.offset + index * PAGE
    flash.erase(at)
    flash.program(at, entry.pack())
