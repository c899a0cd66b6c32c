"""ESP-IDF's boot record as the firmware reads it (esp_flash_partitions.h, 32 bytes an entry).

Offset 0 u32 sequence, 4 label (20 bytes, unused), 24 u32 state, 28 u32 CRC-32 of the sequence
alone, so a torn write can leave a good sequence with a wrong state. The firmware only reads it.
"""

import binascii
import struct

ENTRY = "<I20xII"
SIZE = 32
SLOTS = 2
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF


class Entry:
    """One entry: `slot` it names (0 or 1) and `state`; slot is None when it counts for nothing."""

    def __init__(self, raw: bytes):
        self.seq, self.state, crc = struct.unpack(ENTRY, raw)
        good = self.seq != 0xFFFFFFFF and crc == binascii.crc32(raw[:4], 0xFFFFFFFF)
        self.slot = (self.seq - 1) % SLOTS if good else None

    def usable(self) -> bool:
        """May the bootloader select it?"""
        return self.slot is not None and self.state not in (INVALID, ABORTED)


def read(raw: bytes) -> tuple:
    """(entry 0, entry 1) of the 64 bytes."""
    return Entry(raw[:SIZE]), Entry(raw[SIZE : 2 * SIZE])


def active(entries: tuple) -> "Entry | None":
    """The entry that decides: the higher sequence, entry 0 on a tie."""
    best = None
    for entry in entries:
        if entry.usable() and (best is None or entry.seq > best.seq):
            best = entry
    return best
