"""What becomes of a set of data that is new. Pure decisions of the updater, by what the app saw:

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
"""

from seesaw.data import faring, standing
from seesaw.data.standing import BAD, FEED, FILE, GOOD, SHIPPED, STRIKES, TRIAL, TURNS, USE

STRIKES_MAX = 2


def event(scratch: bytes, state: list) -> str:
    """One of "priced", "silent" and "crashed", or ""."""
    if scratch[faring.AT] >= faring.STARTS_MAX:
        return "crashed"
    if faring.fresh(scratch) >= faring.QUOTES_MIN:
        return "priced"
    return "silent" if faring.silence_s(scratch) >= standing.patience_s(state) else ""


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
