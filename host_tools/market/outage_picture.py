"""The picture of an outage in text: a column a minute or ten, and how far a run of it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from host_tools.market.outage import Cure, Sample, Told

COLUMN_S, LONG_S = 60, 600
COLUMNS_MAX = 70  # of a minute: of a longer story a column is ten
STEPS = "▁▂▃▄▅▆▇█"
RIGHT, WRONG, AWAY = "━", "╌", "·"  # the beam is right; it is not; an update is on its way
BROKEN, PUSHED, CURED = "✕", "▲", "✔"
# Where the terminal has none of these.
PLAIN = str.maketrans(STEPS + RIGHT + WRONG + AWAY + BROKEN + PUSHED + CURED, "12345678=-.x^v")
ERASE_LINE = "\r\x1b[K"
INDENT = "   "


class Progress:
    """One line, drawn over and over on a terminal and gone at the end."""

    def __init__(self, stream: TextIO, most_s: int) -> None:
        self.stream = stream
        self.most_s = most_s
        self.shown = stream.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            self.stream.write(ERASE_LINE)
            self.stream.flush()

    def __call__(self, cure: "Cure", now_s: float) -> None:
        if self.shown:
            words = f"{cure.title}: {minutes(now_s)} of at most {minutes(self.most_s)}"
            self.stream.write(ERASE_LINE + words)
            self.stream.flush()


def picture(title: str, told: Sequence["Told"], break_s: int, push_s: int,
            encoding: str | None = "utf-8") -> str:  # fmt: skip
    """All the stories, one below the other."""
    lines = [
        f"{title}: its provider answers 200 with a web page, {minutes(break_s)} after power-on.",
        f"{INDENT}A column a minute, or ten where it says so: {RIGHT} the beam is right, {WRONG} it"
        " is not;",
        f"{INDENT}{BROKEN} the provider breaks, {PUSHED} the cure is published, {CURED} right"
        " again.",
    ]
    for one in told:
        pushed = None if one.cure.key == "failover" else push_s
        lines += ["", *_story(one, break_s, pushed)]
    lines += ["", _sum(told)]
    text = "\n".join(lines)
    try:
        text.encode(encoding or "ascii")
    except UnicodeEncodeError:
        return text.translate(PLAIN)
    return text


def _story(told: "Told", break_s: int, push_s: int | None) -> list[str]:
    bound = told.cure.bound_s
    promise = "no promise" if bound is None else f"promised in {minutes(bound)}"
    column_s = COLUMN_S if told.samples[-1].at_s < COLUMNS_MAX * COLUMN_S else LONG_S
    columns = _columns(told.samples, column_s)
    strip = [RIGHT if all(one.right for one in column) else WRONG for column in columns]
    for mark, at_s in ((BROKEN, break_s), (PUSHED, push_s), (CURED, told.right_s)):
        if at_s is not None and at_s // column_s < len(strip):
            strip[int(at_s // column_s)] = mark
    market = [sum(one.market_deg for one in column) / len(column) for column in columns]
    beam = [column[-1].beam_deg for column in columns]
    low, high = min(market + beam), max(market + beam)
    scale = "; a column ten minutes" if column_s == LONG_S else ""
    return [
        f"{told.cure.title} ({promise}{scale})",
        f"{INDENT}        {''.join(strip)}  {_verdict(told)}",
        f"{INDENT}market  {_line(market, low, high)}",
        f"{INDENT}beam    {_line(beam, low, high)}  at most {told.worst_deg:.1f} degrees off",
    ]


def _columns(samples: Sequence["Sample"], column_s: int) -> list[list["Sample"]]:
    found: dict[int, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.at_s // column_s, []).append(sample)
    return list(found.values())


def _line(values: Sequence[float], low: float, high: float) -> str:
    span = (high - low) or 1.0
    return "".join(STEPS[min(int((value - low) / span * 8), 7)] for value in values)


def _verdict(told: "Told") -> str:
    if told.took_s is None:
        return f"NOT YET ({told.words})" if told.words else "NOT YET"
    took = f"right again after {minutes(told.took_s)}"
    return took if told.ok else f"{took}: TOO LATE"


def _sum(told: Sequence["Told"]) -> str:
    missed = [one.cure.title for one in told if not one.ok]
    if missed:
        return "Missed: " + "; ".join(missed) + "."
    return "Every promise is kept. The first time it took a week."


def minutes(seconds: float) -> str:
    """As 3:05, and 6:03:05 from an hour on."""
    whole = round(seconds)
    short = f"{whole // 60 % 60}:{whole % 60:02}"
    return short if whole < 3600 else f"{whole // 3600}:{short.rjust(5, '0')}"
