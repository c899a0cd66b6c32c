"""When the app hands over for a look, and what it tells of itself over that (SPEC, "RTC record").

A look for a release comes every check_s of the owner's settings; between these come looks for
signed data alone, which is what cures a provider that has changed: every hour, and every five
minutes while the market has not been shown for two.
"""

from micropython import const

_DATA_S = const(3600)
_SOON_S = const(300)
_DARK_S = const(120)
_SPREAD = const(4)  # one part of so many, either way, is drawn: not all devices at once
_SILENT, _SINCE, _ALONE, _FLOORS = const(6), const(8), const(11), const(12)  # in scratch
_FLOORS_MAX = const(5)
_FLOOR_S = const(90)  # the unit of a floor: six hours fit into a byte


def due(up_s: int, since_s: int, check_s: int, dark_s: int, drawn: float) -> str:
    """"release", "data" or "". up_s: of this session. since_s: from the last look for a release to
    its begin. dark_s: since the market was shown. drawn: in [0, 1), once a session."""
    if up_s + since_s >= check_s:
        return "release"
    wait_s = _SOON_S if dark_s >= _DARK_S else _DATA_S
    wait_s += int((drawn - 0.5) * 2 * (wait_s // _SPREAD))
    return "data" if up_s >= wait_s else ""


def since_s(scratch: bytes) -> int:
    """From the last look for a release until the last hand-over."""
    return int.from_bytes(scratch[_SINCE:_ALONE], "little")


def silent_s(scratch: bytes) -> int:
    """For how long the feed had brought nothing then."""
    return int.from_bytes(scratch[_SILENT:_SINCE], "little")


def alone(scratch: bytes) -> bool:
    """Is the look that begins for data alone?"""
    return scratch[_ALONE] == 1


def floors_s(scratch: bytes) -> list:
    """For how long each provider had asked to be left alone, in the order of the feed."""
    return [part * _FLOOR_S for part in scratch[_FLOORS : _FLOORS + _FLOORS_MAX]]


def told(scratch: bytes, silent_s: int, since_s: int, alone: bool, floors_s: list) -> bytes:
    """The scratch with all of that in it."""
    made = min(silent_s, 65535).to_bytes(2, "little") + min(since_s, 1 << 20).to_bytes(3, "little")
    floors = bytes([min(-(-wait_s // _FLOOR_S), 255) for wait_s in floors_s[:_FLOORS_MAX]])
    floors += bytes(_FLOORS_MAX - len(floors))
    return scratch[:_SILENT] + made + bytes((alone,)) + floors + scratch[_FLOORS + _FLOORS_MAX :]


def heard(scratch: bytes, another: bool = False) -> bytes:
    """The scratch once the updater has heard that it is for data alone; another: the providers are
    others now."""
    floors = bytes(_FLOORS_MAX) if another else scratch[_FLOORS : _FLOORS + _FLOORS_MAX]
    return scratch[:_ALONE] + b"\x00" + floors + scratch[_FLOORS + _FLOORS_MAX :]
