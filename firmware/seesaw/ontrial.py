"""The app of a release on trial: what it leaves in the record, and when it confirms or gives up.

A module of its own: on all other days the app does without it, and without the record.
"""

from seesaw import judge as rules
from seesaw.update import reasons
from seesaw.update.record import UNPROVEN, trial_of


def begin(boot: object, record: object) -> None:
    """The app has started."""
    if trial_of(boot, record):
        record.reached(reasons.APP)


def judge(boot: object, record: object, chip: object, up_s: int, quotes: int) -> None:
    """Confirm, wait, or give up, which is a reset. chip: of port.board. up_s: of the app. quotes:
    accepted so far."""
    mine = trial_of(boot, record)
    verdict = rules.verdict(mine, up_s, quotes, chip.memory_free())
    if verdict == "wait":
        return
    if verdict != "confirm":
        boot.reset(verdict)
    running = boot.subtype - 16
    if not rules.confirm(running, chip.otadata, chip.mark_valid):
        boot.reset(UNPROVEN + ": the boot record would not confirm")
    if mine:
        record.confirmed()
    boot.confirmed()
    chip.say(boot, "confirmed", "")
