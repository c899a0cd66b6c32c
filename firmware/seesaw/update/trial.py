"""What becomes of a trial: confirmed, failed, or merely interrupted."""

from seesaw.update import otadata
from seesaw.update.plan import plan

UNPROVEN = "unproven"  # last words that begin so condemn nobody: the network or the market was out
QUOTE_S = 300  # beyond a trial's length, for the market to answer
PROVED = 1  # stage of a hand-over to the app: the updater can do the next update
LOOKED = 2  # likewise: the updater has just looked for a release
MEMORY_FLOOR = 20000  # bytes of Python heap that must be free


def settle(boot: object, record: object) -> str:
    """After a boot that is not a trial: what a trial left open came to. Words, "" for nothing.

    The RTC record of the session before tells: it names the trial's bundle and its last words if
    the trial crashed, hung or gave up. After a power cut it is gone, and that condemns nobody.
    """
    trial = record.trial
    if trial is None:
        return ""
    if trial["bundle"] == boot.bundle.hex():
        record.confirmed()  # the power went between the boot record and ours
        return record.last
    if trial.get("ended"):
        return ""
    before = boot.before
    mine = before and before[2] and before[1].hex() == trial["bundle"][:16]
    if mine and not before[3].startswith(UNPROVEN):
        record.failed(before[3] or "watchdog or panic")
    else:
        record.interrupted(before[3] if mine else "power")
    return record.last


def trial_of(boot: object, record: object) -> dict:
    """What the record says of this very trial; {} when it is a release that was confirmed before
    and only needs its boot record again (healed, or taken from the other slot)."""
    trial = record.trial
    return trial if trial and trial["bundle"] == boot.bundle.hex() else {}


def verdict(trial: dict, up_s: int, quotes: int, memory: int) -> str:
    """"wait", "confirm", or why it failed or is unproven. trial: of trial_of(). up_s: of the app
    in this trial. memory: bytes free.

    The app must do as well as the release before it: a quote, if that one had quotes.
    """
    length_s = trial.get("trial_s", 10)
    if memory < MEMORY_FLOOR:
        return "memory floor: %d bytes free" % memory
    if up_s < length_s:
        return "wait"
    if quotes or not trial.get("feed"):
        return "confirm"
    return "wait" if up_s < length_s + QUOTE_S else UNPROVEN + ": no quote"


def confirm(running: int, read: object, mark_valid: object) -> bool:
    """Confirm the running slot; True when the boot record then says so.

    Only ever the slot on trial: after a fall-back the active entry is another's, and marking it
    valid would confirm the release that failed.
    """
    if plan(otadata.read(read()), running) != "trial":
        return False
    mark_valid()
    entry = otadata.active(otadata.read(read()))
    return entry is not None and entry.slot == running and entry.state == otadata.VALID
