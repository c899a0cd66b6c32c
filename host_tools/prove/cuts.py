"""How a flash operation is cut short: what it leaves in the flash, and what outlives the reset.

A cut is written as one of the tears of tear.py, alone when the power goes and RTC memory with it,
else with what came instead:

'+brownout'  the supply dips: RTC memory stands, and the chip calls it a power-on (facts: 3.5, 3.7)
'+watchdog'  the chip is reset and the flash is not: the operation is over or was never begun
"""

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.emulator.board import PWRON, WDT, Board
from host_tools.emulator.flash import Flash, Op
from host_tools.emulator.tear import tears

CAUSES = {"brownout": PWRON, "watchdog": WDT}
BROWN_OUTS = ("before+brownout", "after+brownout")
WATCHDOG = "after+watchdog"
Cuts = Callable[[Op], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlived a reset beside the flash. rtc: RTC memory; cause: what the chip calls it."""

    rtc: bytes
    cause: int


def power(op: Op) -> tuple[str, ...]:
    """The power goes, in every way in which flash can be torn."""
    return tears(op)


def standard(op: Op) -> tuple[str, ...]:
    """Likewise; and RTC memory outlives a brown-out just before or after the operation."""
    return (*tears(op), *BROWN_OUTS)


def every(op: Op) -> tuple[str, ...]:
    """All that there are: a brown-out tears as the loss of power does."""
    torn = tears(op)
    return (*torn, *(f"{tear}+brownout" for tear in torn), WATCHDOG)


def of_each_kind(names: tuple[str, ...]) -> tuple[str, ...]:
    """One cut of each class; of several the one in the middle."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(kind(name), []).append(name)
    return tuple([some[len(some) // 2] for some in found.values()])


def tear_of(cut: str) -> str:
    return cut.partition("+")[0]


def kind(cut: str) -> str:
    """The class of a cut, for counting: without the number of a word or seed."""
    tear, plus, what = cut.partition("+")
    return tear.partition(":")[0] + plus + what


def left(chip: Flash, op: Op, cut: str, board: Board) -> tuple[Flash, Kept | None]:
    """The state that a cut leaves of an operation that is about to happen on this board.

    Kept is None when nothing but the flash counts: also before the firmware has made RTC memory
    its own. Raises ValueError as torn() does.
    """
    tear, _, what = cut.partition("+")
    if what and what not in CAUSES:
        raise ValueError(f"no cut '+{what}': there are {', '.join(CAUSES)}")
    child = chip.copy()
    child.tear(op, tear)
    return child, Kept(board.rtc, CAUSES[what]) if what and board.rtc_valid else None
