"""When the app hands over for a look, and what it tells of itself over that (SPEC, "RTC record").
What the updater hears of it is in looks.py.

A look for a release comes every check_s of the owner's settings; between these come looks for
signed data alone, which is what cures a provider that has changed: every hour, and every five
minutes while the market has not been shown for two.
"""

from micropython import const

_DATA_S = const(3600)
_SOON_S = const(300)
_DARK_S = const(120)
_SPREAD = const(4)  # one part of so many, either way, is drawn: not all devices at once
_SILENT = const(6)  # in scratch
_SINCE = const(8)
_SINCE_MAX = const(0x1FFFF)  # seconds, in the low 17 bits of three bytes
_GONE_S = const(36)  # the unit of the seven above: with them longer than any wait for a look
_ALONE = const(11)
_WAITS = const(12)
_END = const(22)
_PROVIDERS = const(5)
_WAIT_S = const(6)  # the unit of a wait, in 12 bits: six hours, and sessions of 5 s bring its end
_LEVEL_MAX = const(7)  # of the four bits above it
_ASKED = const(8)


def due(
    up_s: int, since_s: int, check_s: int, dark_s: int, drawn: float, gone_s: int = 0
) -> str:  # fmt: skip
    """"release", "data" or "". up_s: of this session. since_s: from the last look for a release to
    its begin; gone_s: from the last look for whatever. dark_s: since the market was shown. drawn:
    in [0, 1), once a session."""
    if up_s + since_s >= check_s:
        return "release"
    wait_s = _SOON_S if dark_s >= _DARK_S else _DATA_S
    wait_s += int((drawn - 0.5) * 2 * (wait_s // _SPREAD))
    return "data" if up_s + gone_s >= wait_s else ""


def since(scratch: bytes) -> tuple:
    """Seconds from the last look for a release until the last hand-over, and from that of either
    kind, to the nearest 36."""
    both = int.from_bytes(scratch[_SINCE:_ALONE], "little")
    return both & _SINCE_MAX, (both >> 17) * _GONE_S


def silent_s(scratch: bytes) -> int:
    """For how long the feed had brought nothing then."""
    return int.from_bytes(scratch[_SILENT:_SINCE], "little")


def waits(scratch: bytes) -> list:
    """How each provider stood, in the order of the feed: see Choice.waits."""
    made = []
    for at in range(_WAITS, _END, 2):
        word = int.from_bytes(scratch[at : at + 2], "little")
        flags = word >> 12
        made.append(((word & 0xFFF) * _WAIT_S, flags & _LEVEL_MAX, bool(flags & _ASKED)))
    return made


def flags(alone: bool, lit: bool, state: str, place: int) -> int:
    """Of told(). alone: the look is for data. lit: the updater may light the LED. state: what is
    shown. place: of the provider that is followed, from 0."""
    return alone | lit << 1 | ("LDPSCNO".find(state[0]) + 1) << 2 | min(place + 1, 7) << 5


def told(
    scratch: bytes, silent_s: int, since_s: int, flags: int, waits: list, gone_s: int = 0
) -> bytes:  # fmt: skip
    """The scratch with all of that in it. flags: of flags()."""
    looked = min(since_s, _SINCE_MAX) | min((gone_s + _GONE_S // 2) // _GONE_S, 127) << 17
    made = min(silent_s, 65535).to_bytes(2, "little") + looked.to_bytes(3, "little")
    made += bytes((flags,))
    for wait_s, level, asked in waits[:_PROVIDERS]:
        flags = min(level, _LEVEL_MAX) | (_ASKED if asked else 0)
        units = min((wait_s + _WAIT_S // 2) // _WAIT_S, 0xFFF)
        made += (units | flags << 12).to_bytes(2, "little")
    made += bytes(_END - _SILENT - len(made))
    return scratch[:_SILENT] + made + scratch[_END:]
