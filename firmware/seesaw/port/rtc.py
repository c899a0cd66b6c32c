"""The chip's clock as the app sets it, and a time before which it cannot be."""

import time

from machine import RTC
from micropython import const

_EPOCH_2000_S = const(946684800)
_WRITTEN_S = const(1767225600)  # 2026: this file is not older


def set_clock(epoch_s: int) -> None:
    """Seconds since 1970, from 2024 to 2099. It outlives every reset but that of power-on."""
    year, month, day, hour, minute, second, weekday, _ = time.gmtime(epoch_s - _EPOCH_2000_S)
    RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


def built_s(slot) -> int:
    """Build time in the trailer of this slot, seconds since 1970: the launcher has read it whole
    (SPEC, "Trailer", offset 124). 2026 when it says less: not every builder knows the time."""
    raw = bytearray(128)
    slot.readblocks(slot.info()[3] // 4096 - 1, raw)
    return max(int.from_bytes(raw[124:], "little"), _WRITTEN_S)
