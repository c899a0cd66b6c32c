"""What may be done in which boot state: one table over {entry A, entry B, running slot}.

Of the two entries only the active one decides (otadata.active), so the table is over the slot that
it names and its state. Every row has an exit:

  install  the running slot is selected and confirmed: the other slot may be overwritten
  trial    the running slot is on trial: prove and confirm, touch nothing until then
  reset    the record names the other slot, which did not start or was not started yet: one reset
           lets the bootloader write down what it thinks of it
  heal     the record is of no use (no active entry, or a rotten slot that is marked valid): select
           the running slot anew, reset, trial, confirm
"""

from seesaw.update.otadata import ABORTED, INVALID, NEW, PENDING, UNDEFINED, VALID, active

RUNNING, OTHER, NOTHING = "running", "other", "nothing"

TABLE = {
    (RUNNING, VALID): "install",
    (RUNNING, UNDEFINED): "install",  # a bootloader without rollback, or a torn state
    (RUNNING, PENDING): "trial",
    (RUNNING, NEW): "reset",
    (OTHER, NEW): "reset",
    (OTHER, PENDING): "reset",
    (OTHER, VALID): "heal",
    (OTHER, UNDEFINED): "heal",
    (NOTHING, None): "heal",
}
DEAD_STATES = (INVALID, ABORTED)


def plan(entries: tuple, running: int) -> str:
    """"install", "trial", "reset" or "heal" for the slot number (0 or 1) that runs."""
    entry = active(entries)
    if entry is None:
        return TABLE[NOTHING, None]
    place = RUNNING if entry.slot == running else OTHER
    # A state that nobody defines boots unmonitored, like UNDEFINED.
    state = entry.state if entry.state in (NEW, PENDING, VALID) else UNDEFINED
    return TABLE[place, state]
