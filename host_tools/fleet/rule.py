"""The rule that stops a rollout. `fleet simulate` and `rollout watch` share it, so that what was
reckoned beforehand is what happens."""

from dataclasses import dataclass
from typing import Any

ABORT_PERCENT, ABORT_MIN = 0.1, 5000
# A fleet of hundreds never has so many, and what fails one in twenty is seen in it all the same.
# Where 0.01 % fail any release, two of 40 to 59 do by chance in one of 50,000 fleets.
FEW_PERCENT, FEW_MIN = 5, 40
# In a healthy fleet of fleet/habits.py 0.05 % are not heard for so long; holidays are not in it.
SILENT_PERCENT, SILENT_HOURS = 2, 96


@dataclass(frozen=True, slots=True)
class Rule:
    """At least abort_min devices have said how the release went, and abort_percent of these failed
    it or left it; or silent_percent have not been heard for silent_hours: of abort_min or more that
    took it, or of abort_min or more on any version. Of few_min or more it takes few_percent, of
    either."""

    abort_percent: float = ABORT_PERCENT
    abort_min: int = ABORT_MIN
    silent_percent: float = SILENT_PERCENT
    silent_hours: int = SILENT_HOURS
    few_percent: float = FEW_PERCENT
    few_min: int = FEW_MIN

    def failing(self, heard: Any, bad: Any) -> Any:
        """Have so many of those that were heard failed it? Also element by element."""
        enough = met(heard, bad, self.abort_percent, self.abort_min)
        return enough | met(heard, bad, self.few_percent, self.few_min)

    def quiet(self, took: int, silent: int) -> bool:
        """Have so many fallen silent?"""
        enough = met(took, silent, self.silent_percent, self.abort_min)
        return bool(enough | met(took, silent, self.few_percent, self.few_min))


def met(heard: Any, bad: Any, percent: float, least: int) -> Any:
    """Are there enough, and so many percent of them bad? Of two numbers, or element by element of
    two arrays of numpy."""
    return (heard >= least) & (bad * 100 >= percent * heard)
