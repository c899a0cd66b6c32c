"""ESP-IDF's boot record as the firmware reads it, and what may be done in which of its states.

esp_flash_partitions.h, 32 bytes an entry: offset 0 u32 sequence, 4 label (20 bytes, unused), 24 u32
state, 28 u32 CRC-32 of the sequence alone, so a torn write can leave a good sequence with a wrong
state. The firmware only reads it.

Of the two entries only the active one decides, so what may be done is one table over the slot that
it names and its state. Every row has an exit:

  install  the running slot is selected and confirmed: the other slot may be overwritten
  trial    the running slot is on trial: prove and confirm, touch nothing until then
  reset    the record names the other slot, which did not start or was not started yet: one reset
           lets the bootloader write down what it thinks of it
  heal     the record is of no use (no active entry, or a rotten slot that is marked valid): select
           the running slot anew, reset, trial, confirm
"""

import binascii
import struct

from micropython import const

_NEW = const(0)
_PENDING = const(1)
VALID = 2
_INVALID = const(3)
_ABORTED = const(4)

TABLE = {  # (does it name the running slot?, state) -> what may be done
    (True, _NEW): "reset",
    (True, _PENDING): "trial",
    (True, VALID): "install",
    (True, None): "install",  # a bootloader without rollback, or a torn state
    (False, _NEW): "reset",
    (False, _PENDING): "reset",
    (False, VALID): "heal",
    (False, None): "heal",
}


def active(raw: bytes) -> "tuple | None":
    """(sequence, slot that it names: 0 or 1, state) of the entry that decides: the higher sequence,
    entry 0 on a tie. None when neither may be selected. raw: both entries, 64 bytes."""
    best = None
    for at in (0, 32):
        seq, state, crc = struct.unpack("<I20xII", raw[at : at + 32])
        good = seq != 0xFFFFFFFF and crc == binascii.crc32(raw[at : at + 4], 0xFFFFFFFF)
        good = good and state not in (_INVALID, _ABORTED)
        if good and (best is None or seq > best[0]):
            best = seq, (seq - 1) % 2, state
    return best


def plan(raw: bytes, running: int) -> str:
    """"install", "trial", "reset" or "heal" for the slot number (0 or 1) that runs."""
    entry = active(raw)
    if entry is None:
        return "heal"
    _, slot, state = entry
    # A state that nobody defines boots unmonitored, like UNDEFINED (all ones).
    return TABLE[slot == running, state if state <= VALID else None]
