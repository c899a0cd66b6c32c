"""The seesaw on a terminal: one aligned line per report."""

import math
import os
from typing import TextIO

from host_tools.twin.checks import Check
from host_tools.twin.reports import Event, Quote, Report

BARS, PLAIN = "▁▂▃▄▅▆▇", "_.-'\""  # heights of the beam, lowest first
BEAM_COLUMNS = 9
ANGLE_MAX = 12.0  # degrees
SLIGHT = 0.6  # of a height, at the beam's ends
ROUTINE = ("nothing", "updating", "waiting")  # events that people need not see
GREEN, RED, YELLOW, BOLD, DIM = 32, 31, 33, 1, 2
STATE_COLOURS = {"LIVE": GREEN, "CLOSED": DIM}
EVENT_COLOURS = {"serial": DIM, "fault": RED}
HEADER = (
    f"{'time':>7}  {'feed':<8}{'price':>12}{'change':>9}  {'beam':<19}{'angle':>9}{'pulse':>9}"
    f"  {'slot':<6} version"
)


class Console:
    """Turns reports into lines for one stream; colour only where people see it."""

    def __init__(self, stream: TextIO) -> None:
        self.colour = stream.isatty() and not os.environ.get("NO_COLOR")
        try:
            BARS.encode(stream.encoding or "ascii")
            self.heights, self.degree = BARS, "°"
        except UnicodeEncodeError:
            self.heights, self.degree = PLAIN, ""

    def line(self, report: Report) -> str:
        """The line of a report, "" for what people need not see."""
        if isinstance(report, Quote):
            return self._quote(report)
        return "" if report.event in ROUTINE else self._event(report)

    def check(self, check: Check) -> str:
        verdict = self._paint("ok  ", GREEN) if check.ok else self._paint("FAIL", RED)
        return f"{verdict}  {check.check:<10} {check.words}"

    def _quote(self, quote: Quote) -> str:
        price = "-" if quote.price is None else f"{quote.price:,.2f}"
        change = quote.change_percent
        moved = "-" if change is None else f"{change:+.2f}%"
        colour = RED if change and change < 0 else GREEN if change else DIM
        picture = f"bear {beam(quote.angle, self.heights)} bull"
        return (
            f"{quote.t:7.1f}  {self._paint(f'{quote.state:<8}', self._state(quote))}{price:>12}"
            f"{self._paint(f'{moved:>9}', colour)}  {picture}{quote.angle:>+8.2f}{self.degree:<1}"
            f"{quote.pulse_us:>6} us  {quote.slot:<6} {quote.version}  {quote.why}"
        ).rstrip()

    def _event(self, event: Event) -> str:
        where = " ".join(part for part in (event.slot, event.version) if part)
        words = "  ".join(part for part in (where, event.words) if part)
        name = self._paint(f"{event.event:<10}", EVENT_COLOURS.get(event.event, BOLD))
        return f"{event.t:7.1f}  {name} {words}".rstrip()

    @staticmethod
    def _state(quote: Quote) -> int:
        return STATE_COLOURS.get(quote.state, YELLOW)

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour else text


def beam(angle: float, heights: str) -> str:
    """A picture of the beam, the bull's end on the right: it is high when the market is up.

    heights: characters from the lowest to the highest, an odd number of them.
    """
    middle = len(heights) // 2
    half = BEAM_COLUMNS // 2
    slope = max(-1.0, min(1.0, angle / ANGLE_MAX))
    if angle:
        slope = math.copysign(max(abs(slope), SLIGHT / middle), slope)  # level looks like no tilt
    slope *= middle / half
    columns = range(-half, half + 1)
    return "".join(heights[middle + round(slope * column)] for column in columns)
