"""Which set of data is in use, and what becomes of one that is new. Pure decisions.

The app sees how it fares with a set and leaves that in RTC memory; the updater decides:

    in use    priced: three      silent: no fresh price    crashed: three starts
              fresh prices       for a while               without a planned end
    trial     it is kept         whose turn is next        it is given up: the good set, or what
                                                           the release ships
    good      [1]                whose turn is next        whose turn is next
    shipped   [1]                whose turn is next        -

Turns: the set on trial, the last good one, what the release ships, as far as they are there; each
twice as long as the one before while none of them brings a price: an outage wears no flash.
[1] A set on trial was silent before, and there are prices: another turn for it, and at the second
time it is given up. Without one all stays as it is.

A power cut takes what the app has seen with it, so it condemns nothing.
"""

import json

# Places in the state. The first three are what USE names; sets are named by 16 hex digits of their
# SHA-256, "" for none.
#   BAD      was given up, and 16 hex digits of the bundle that ran: another may fare better
#   FILE     0 or 1, of the good set; the one on trial has the other
#   STRIKES  how often the set on trial was silent while others had prices
#   TURNS    since there was a price
#   FEED     of the set in use, what the app needs, its instrument first
SHIPPED, TRIAL, GOOD, BAD, USE, FILE, STRIKES, TURNS, FEED = range(9)
NOTHING = ("", "", "", "", 0, 0, 0, 0, [])
USES = ("shipped", "trial", "good")

STRIKES_MAX = 2
STARTS_MAX = 3
QUOTES_MIN = 3
SILENT_S = 300  # without a fresh price
TURNS_MAX = 5
AT = 2  # in scratch: starts, fresh prices, and two bytes of seconds of silence


def read(blob: bytes) -> list:
    """The state; NOTHING when it is none."""
    try:
        found = json.loads(blob)
    except (ValueError, RuntimeError):
        found = None
    first = list(NOTHING)
    if type(found) is not list or list(map(type, found)) != list(map(type, first)):
        return first
    use = found[USE]
    return found if use == SHIPPED or use in (TRIAL, GOOD) and found[use] else first


def name(state: list) -> str:
    """For people: "trial:1a2b3c4d", "good:1a2b3c4d" or "shipped"."""
    use = state[USE]
    return USES[use] + (use and ":" + state[use][:8] or "")


# -- what the app sees ---------------------------------------------------------------------------


def silence_s(scratch: bytes) -> int:
    return scratch[AT + 2] + scratch[AT + 3] * 256


def fresh(scratch: bytes) -> int:
    return scratch[AT + 1]


def patience_s(state: list) -> int:
    """Seconds without a fresh price until the next turn."""
    return SILENT_S << min(max(state[TURNS], 0), TURNS_MAX)


def seen(scratch: bytes, starts: int = 0, fresh: int = 0, silent_s: int = 0) -> bytes:
    """The scratch with what the app saw. starts: without a planned end. fresh: prices; these and
    silence add up over sessions, which may be short."""
    silent_s = min(silent_s, 65535)
    made = bytes((starts & 255, min(fresh, QUOTES_MIN), silent_s & 255, silent_s >> 8))
    return scratch[:AT] + made + scratch[AT + 4 :]


def event(scratch: bytes, state: list) -> str:
    """One of "priced", "silent" and "crashed", or ""."""
    if scratch[AT] >= STARTS_MAX:
        return "crashed"
    if fresh(scratch) >= QUOTES_MIN:
        return "priced"
    return "silent" if silence_s(scratch) >= patience_s(state) else ""


# -- what becomes of it --------------------------------------------------------------------------


def after(state: list, what: str, bundle: str) -> list:
    """The state after an event. bundle: of the release that runs, 16 hex digits."""
    made = state[:]
    trying = state[USE] == TRIAL
    if what == "priced":
        made[TURNS] = 0
        if trying:
            made[GOOD], made[FILE] = state[TRIAL], 1 - state[FILE]
            return _ended(made)
        if state[TRIAL]:
            made[STRIKES] += 1
            made[USE] = TRIAL
    elif what:
        made[TURNS] += 1
        turns = [use for use in (TRIAL, GOOD) if state[use]] + [SHIPPED]
        made[USE] = (turns + turns)[turns.index(state[USE]) + 1]
        if made[USE] == state[USE]:
            return state
    if made[STRIKES] >= STRIKES_MAX or (trying and what == "crashed"):
        made[BAD] = state[TRIAL] + bundle
        made[USE] = GOOD if trying else state[USE]
        return _ended(made)
    return made


def _ended(state: list) -> list:
    """Its trial is over."""
    if state[USE] == TRIAL:
        state[USE] = GOOD
    if not state[state[USE]]:
        state[USE] = SHIPPED
    state[TRIAL] = ""
    state[STRIKES] = 0
    return state


def offered(state: list, sha: str, bundle: str) -> list:
    """The state with this set on offer: on trial unless it is known."""
    made = state[:]
    if sha == state[GOOD]:  # perhaps another one was taken back
        return _ended(made)
    if sha != state[TRIAL] and sha + bundle != state[BAD]:
        made[TRIAL] = sha
        made[USE] = TRIAL
        made[STRIKES] = made[TURNS] = 0
    return made


def unfit(state: list, sha: str, bundle: str) -> list:
    """The set on offer is none that this release can use."""
    made = state[:]
    made[BAD] = sha + bundle
    return made


def lost(state: list, bundle: str) -> list:
    """The file of the set in use is gone: if it is on offer still, it comes again. One on trial is
    given up: where nothing can be kept it would come for ever."""
    made = state[:]
    if state[USE] == TRIAL:
        made[BAD] = state[TRIAL] + bundle
    made[state[USE]] = ""
    made[USE] = SHIPPED
    made[FEED] = []
    return made
