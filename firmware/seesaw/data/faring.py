"""How the set of data in use fares: what the app leaves of it in RTC memory (SPEC, "RTC record").

The updater decides what becomes of the set (data/turns.py). A power cut takes what the app has seen
with it, so it condemns nothing.
"""

from micropython import const

STARTS_MAX = 3
QUOTES_MIN = const(3)
AT = const(2)  # in scratch: starts, fresh prices, and two bytes of seconds of silence


def silence_s(scratch: bytes) -> int:
    return scratch[AT + 2] + scratch[AT + 3] * 256


def fresh(scratch: bytes) -> int:
    return scratch[AT + 1]


def seen(scratch: bytes, starts: int = 0, fresh: int = 0, silent_s: int = 0) -> bytes:
    """The scratch with what the app saw. starts: without a planned end. fresh: prices; these and
    silence add up over sessions, which may be short."""
    silent_s = min(silent_s, 65535)
    made = bytes((starts & 255, min(fresh, QUOTES_MIN), silent_s & 255, silent_s >> 8))
    return scratch[:AT] + made + scratch[AT + 4 :]
