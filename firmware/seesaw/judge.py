"""The app's part of a trial: has this release done as well as the one before it? Then confirm."""

from seesaw.update import otadata
from seesaw.update.record import UNPROVEN

QUOTE_S = 300  # beyond a trial's length, for the market to answer
MEMORY_FLOOR = 20000  # bytes of Python heap that must be free


def verdict(known: dict, up_s: int, quotes: int, memory: int) -> str:
    """"wait", "confirm", or why it failed or is unproven. known: of trial_of(). up_s: of the app
    in this trial. memory: bytes free.

    The app must do as well as the release before it: a quote, if that one had quotes.
    """
    length_s = known.get("trial_s", 10)
    if memory < MEMORY_FLOOR:
        return "memory floor: %d bytes free" % memory
    if up_s < length_s:
        return "wait"
    if quotes or not known.get("feed"):
        return "confirm"
    return "wait" if up_s < length_s + QUOTE_S else UNPROVEN + ": no quote"


def confirm(running: int, read: object, mark_valid: object) -> bool:
    """Confirm the running slot; True when the boot record then says so.

    Only ever the slot on trial: after a fall-back the active entry is another's, and marking it
    valid would confirm the release that failed.
    """
    if otadata.plan(read(), running) != "trial":
        return False
    mark_valid()
    entry = otadata.active(read())
    return entry is not None and entry[1:] == (running, otadata.VALID)
