"""Who is right where two calendars differ: the lines of calendar_overrides.csv.

    exchange,first,last,exchange_calendars,pandas_market_calendars,take,reason
    XNSE,2025-10-21,2025-10-21,closed,13:45-14:45,13:45-14:45,"..."

A line is for the days from first to last on which the one says this and the other that, and for no
other day; hours are local, such as "09:30-12:00 13:00-16:00", or "closed". Where both say the same
and both are wrong, a line is for one day. A line that changes and settles nothing is a mistake.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from host_tools.errors import UserError
from host_tools.market.calendars import CLOSED, EXCHANGES, Days, Spans, words

OVERRIDES = Path(__file__).with_name("calendar_overrides.csv")
COLUMNS = "exchange,first,last,exchange_calendars,pandas_market_calendars,take,reason"
SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SPANS_MAX = 2
REASON_MIN = 8  # characters
SIZE_MAX = 100_000  # bytes
APART_MAX = 20  # days that differ alike: more are offered as one line for all


class OverrideError(UserError):
    """A line that is wrong, or that settles nothing: `what` is 'file:line'."""


class Unsettled(UserError):
    """The libraries differ and no line says who is right; `lines` to add."""

    def __init__(self, exchange: str, lines: list[str]) -> None:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        why = f"the two libraries differ{more} and no override says who is right"
        fix = f"add to {OVERRIDES.name}, with hours and a reason in place of TAKE and REASON: "
        super().__init__(f"calendar of {exchange}", why, fix + lines[0])
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Override:
    """One line. says: of the two libraries, in the order of the columns."""

    where: str
    exchange: str
    first: date
    last: date
    says: tuple[Spans, Spans]
    take: Spans
    reason: str

    def matches(self, day: date, says: tuple[Spans, Spans]) -> bool:
        return self.first <= day <= self.last and self.says == says


def read(path: Path = OVERRIDES) -> tuple[Override, ...]:
    """Every line. UserError naming the line that is wrong."""
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_MAX + 1)
        lines = raw.decode("utf-8").splitlines()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(str(path), why, "name a file of overrides") from error
    except UnicodeDecodeError as error:
        raise UserError(str(path), "not UTF-8", "save it as UTF-8") from error
    if len(raw) > SIZE_MAX or not lines or lines[0] != COLUMNS:
        raise OverrideError(f"{path.name}:1", "no list of overrides", f"begin it with {COLUMNS}")
    found = []
    for number, line in enumerate(lines[1:], start=2):
        where = f"{path.name}:{number}"
        try:
            found.append(_override(where, line))
        except (ValueError, csv.Error) as error:
            raise OverrideError(where, str(error), f"mend it, in the columns {COLUMNS}") from error
    return tuple(found)


def _override(where: str, line: str) -> Override:
    """Raises ValueError with the reason."""
    (fields,) = csv.reader([line], strict=True)
    count = len(COLUMNS.split(","))
    if len(fields) != count:
        raise ValueError(f"{len(fields)} columns instead of {count}")
    exchange, first, last, one, other, take, reason = fields
    if exchange not in EXCHANGES:
        raise ValueError(f"no exchange '{exchange[:20]}'; there are {', '.join(EXCHANGES)}")
    made = Override(
        where, exchange, _date(first), _date(last), (spans(one), spans(other)), spans(take), reason
    )
    if made.last < made.first:
        raise ValueError(f"{last} comes before {first}")
    if len(reason.strip()) < REASON_MIN:
        raise ValueError("it gives no reason")
    if made.says[0] == made.says[1]:
        if first != last:
            raise ValueError("the libraries agree, so a line against both is for one day only")
        if made.take == made.says[0]:
            raise ValueError("it settles nothing: it takes what both libraries say")
    return made


def _date(text: str) -> date:
    try:
        if DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # such as 30 February
    raise ValueError(f"'{text[:20]}' is no date of the form 2026-03-31")


def spans(text: str) -> Spans:
    """The minutes of "09:30-12:00 13:00-16:00", none of "closed". ValueError for another form."""
    if text == CLOSED:
        return ()
    minutes: list[int] = []
    for part in text.split(" "):
        found = SPAN.fullmatch(part)
        if not found:
            raise ValueError(f"'{text[:40]}' is neither such as 09:30-16:00 nor {CLOSED}")
        minutes += [int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])]
    if len(minutes) > 2 * SPANS_MAX or minutes[-1] > 1440 or sorted(set(minutes)) != minutes:
        raise ValueError(f"'{text[:40]}' is not one day's hours, in order")
    return tuple(minutes)


def settle(
    exchange: str, first: Days, second: Days, begin: date, end: date, lines: Iterable[Override]
) -> tuple[Days, int]:
    """(the days from begin to end, how many of them a line settled).

    Unsettled for a difference without a line; OverrideError for a line of this exchange that
    settles nothing.
    """
    mine = [line for line in lines if line.exchange == exchange]
    used: set[Override] = set()
    open_: dict[tuple[Spans, Spans], list[date]] = {}
    settled: Days = {}
    count = 0
    for since in range((end - begin).days + 1):
        day = begin + timedelta(days=since)
        says = first.get(day, ()), second.get(day, ())
        taken = says[0]
        if line := _the_one(mine, day, says):
            used.add(line)
            taken = line.take
            count += 1
        elif says[0] != says[1]:
            open_.setdefault(says, []).append(day)
        if taken:
            settled[day] = taken
    if open_:
        raise Unsettled(exchange, _offers(exchange, open_))
    for line in mine:
        if line not in used:
            why = f"it settles nothing: no day of {exchange} from {begin} to {end} is as it says"
            raise OverrideError(line.where, why, "take it out, or correct it")
    return settled, count


def _the_one(lines: list[Override], day: date, says: tuple[Spans, Spans]) -> Override | None:
    found = [line for line in lines if line.matches(day, says)]
    if len(found) > 1:
        why = f"{found[0].where} settles {day} already"
        raise OverrideError(found[1].where, why, "take one of them out")
    return found[0] if found else None


def _offers(exchange: str, differences: dict[tuple[Spans, Spans], list[date]]) -> list[str]:
    """Lines to add: one a day, but one for all days when there are many alike."""
    found = []
    for says, days in differences.items():
        ranges = [(days[0], days[-1])] if len(days) > APART_MAX else [(day, day) for day in days]
        said = ",".join(words(span) for span in says)
        found += [f"{exchange},{one},{last},{said},TAKE,REASON" for one, last in ranges]
    return found
