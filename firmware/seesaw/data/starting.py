"""What the app takes up of signed data when it starts, and lets go of then."""

from seesaw.data import faring, standing
from seesaw.data.part import FORMAT, whose
from seesaw.data.usage import Usage


def usage(boot, blob: bytes, settings: dict, dates: bytes = b"") -> Usage:
    """boot: the launcher's. blob: what the updater handed over (NVS `feeds`); dates: likewise (NVS
    `calendars`)."""
    state, calendar = standing.read(blob), standing.read(dates, standing.CALENDAR)
    found = state[standing.FEED]
    fits = found[:2] == [whose(settings), FORMAT]
    part = found[2] if fits and len(found) > 2 and type(found[2]) is dict else {}
    made = Usage(boot, part, standing.name(state) if part else "shipped")
    made.of, made.dates = calendar[0], standing.hours(calendar)
    # Starts to tell of: a part of other settings is for the updater to make anew.
    made.starts = 0 if fits or state[standing.USE] == standing.SHIPPED else 1
    if state[standing.TRIAL] or state[standing.GOOD]:
        made.patience_s = standing.patience_s(state)
    made.counts = state[standing.TRIAL] or state[standing.TURNS] or calendar[standing.TRIAL]
    used = state[standing.USE] or calendar[standing.TRIAL] or calendar[standing.GOOD]
    # Whether it ends well is known at the next start. A release's trial is no time for that.
    if used and not boot.trial:
        scratch = boot.scratch
        seen = faring.fresh(scratch), faring.silence_s(scratch)
        boot.scratch = faring.seen(scratch, scratch[faring.AT] + 1, *seen)
        boot.keep(boot.pulse_ns)
    return made
