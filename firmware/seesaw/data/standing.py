"""Which set of data is in use. How it fares the app tells by RTC memory (data/faring.py), and the
updater decides what becomes of it (data/turns.py).
"""

import json

from micropython import const

# Places in the state. The first three are what USE names; sets are named by 16 hex digits of their
# SHA-256, "" for none.
#   BAD      was given up, and 16 hex digits of the bundle that ran: another may fare better
#   FILE     0 or 1, of the good set; the one on trial has the other
#   STRIKES  how often the set on trial was silent while others had prices
#   TURNS    since there was a price
#   FEED     of the set in use, what the app needs, its instrument first
SHIPPED, TRIAL, GOOD, BAD, USE, FILE, STRIKES, TURNS, FEED = range(9)
NOTHING = ("", "", "", "", 0, 0, 0, 0, [])
# Of calendars: the exchange, the sets TRIAL, GOOD and BAD, and PART further the parts of these two.
CALENDAR = ("", "", "", "", {}, {})
PART = 3
USES = ("shipped", "trial", "good")

_SILENT_S = const(300)  # without a fresh price
_TURNS_MAX = const(5)


def read(blob: bytes, nothing: tuple = NOTHING) -> list:
    """The state, of feeds or of calendars; `nothing` when it is none."""
    try:
        found = json.loads(blob)
    except (ValueError, RuntimeError):
        found = None
    first = list(nothing)
    if type(found) is not list or list(map(type, found)) != list(map(type, first)):
        return first
    use = found[USE]  # of calendars no number
    good = type(use) is dict or use == SHIPPED or use in (TRIAL, GOOD) and found[use]
    return found if good else first


def hours(state: list) -> dict:
    """Of calendars the part that is in use; {} for what the release ships."""
    return state[PART + (TRIAL if state[TRIAL] else GOOD)]


def name(state: list) -> str:
    """For people: "trial:1a2b3c4d", "good:1a2b3c4d" or "shipped"."""
    use = state[USE]
    return USES[use] + (use and ":" + state[use][:8] or "")


def patience_s(state: list) -> int:
    """Seconds without a fresh price until the next turn."""
    return _SILENT_S << min(max(state[TURNS], 0), _TURNS_MAX)
