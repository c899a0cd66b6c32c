"""The rule that stops a rollout. `fleet simulate` and `rollout watch` share it, so that what was
reckoned beforehand is what happens."""

from dataclasses import dataclass
from typing import Any

ABORT_PERCENT, ABORT_MIN = 0.1, 5000
# In a healthy fleet of fleet/habits.py 0.05 % are not heard for so long; holidays are not in it.
SILENT_PERCENT, SILENT_HOURS = 2, 96


@dataclass(frozen=True, slots=True)
class Rule:
    """At least abort_min devices have said how the release went, and abort_percent of these failed
    it or left it; or silent_percent have not been heard for silent_hours: of abort_min or more that
    took it, or of abort_min or more on any version."""

    abort_percent: float = ABORT_PERCENT
    abort_min: int = ABORT_MIN
    silent_percent: float = SILENT_PERCENT
    silent_hours: int = SILENT_HOURS


def met(heard: Any, bad: Any, percent: float, least: int) -> Any:
    """Are there enough, and so many percent of them bad? Of two numbers, or element by element of
    two arrays of numpy."""
    return (heard >= least) & (bad * 100 >= percent * heard)
