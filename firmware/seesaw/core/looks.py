"""What the updater hears of the app that called it (SPEC, "RTC record"); handover.py tells it."""

from micropython import const

_ALONE = const(11)  # in scratch
_WAITS = const(12)
_END = const(22)
_PLACE = const(23)  # 1 + that of the instrument that is shown, 0 where none takes turns


def alone(scratch: bytes) -> bool:
    """Is the look that begins for data alone?"""
    return scratch[_ALONE] & 1 == 1


def market(settings: dict, scratch: bytes) -> str:
    """What the app showed, for the check query; "" when it told nothing."""
    told, place = scratch[_ALONE], scratch[_PLACE]
    state = told >> 2 & 7
    instrument = settings["instrument"]
    if place:
        from seesaw.core.turn import names

        instrument = (names(settings)[place - 1 : place] or (instrument,))[0]
    return "%s,%s,%d" % (instrument[:12], "-LDPSCNO"[state], told >> 5) if state else ""


def heard(scratch: bytes, another: bool = False) -> bytes:
    """The scratch once the updater has heard that it is for data alone; another: the providers are
    others now."""
    kept = bytes(_END - _WAITS) if another else scratch[_WAITS:_END]
    return scratch[:_ALONE] + b"\x00" + kept + scratch[_END:]
