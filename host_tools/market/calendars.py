"""The exchanges' calendars as a device reads them (firmware/SPEC.md, "Calendars").

Nothing here needs the libraries that they are built from.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from seesaw.core import calendar_rules, sessions
from seesaw.core.calendar_rules import PART_MAX

from host_tools.errors import UserError

KEPT = Path(__file__).parents[2] / "firmware" / "seesaw" / "data" / "calendars.json"
FORMAT = 1
HORIZON_DAYS_MIN = 60
EPOCH = date(1970, 1, 1)
CLOSED = "closed"

Spans = tuple[int, ...]
"""Minutes after local midnight: (), (open, close) or (open, lunch, after lunch, close)."""
Days = dict[date, Spans]
"""The days on which an exchange trades."""
Part = dict[str, Any]
"""What the table holds for one exchange."""
Table = dict[str, Part]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange, by its market identifier code (ISO 10383).

    first, second: its names in exchange_calendars and pandas_market_calendars. closures_min: the
    fewest weekdays closed in any full year since 2014, in either; a year with fewer is not known
    yet. years_ahead: how many years after the next one it has published by October.
    """

    name: str
    first: str
    second: str
    zone: str
    closures_min: int
    years_ahead: int = 0


_ALL = (
    Exchange("XNYS", "XNYS", "NYSE", "America/New_York", 9, 1),
    Exchange("XLON", "XLON", "LSE", "Europe/London", 8),
    Exchange("XETR", "XETR", "XETR", "Europe/Berlin", 3),
    Exchange("XPAR", "XPAR", "XPAR", "Europe/Paris", 3),
    Exchange("XTKS", "XTKS", "JPX", "Asia/Tokyo", 13),
    Exchange("XHKG", "XHKG", "HKEX", "Asia/Hong_Kong", 12),
    Exchange("XSHG", "XSHG", "SSE", "Asia/Shanghai", 16),
    Exchange("XASX", "XASX", "ASX", "Australia/Sydney", 7),
    # Both exchanges of India keep the same days; exchange_calendars has the one in Bombay.
    Exchange("XNSE", "XBOM", "NSE", "Asia/Kolkata", 12),
)
EXCHANGES = {exchange.name: exchange for exchange in _ALL}


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    """Of days since 1970."""
    return EPOCH + timedelta(days=number)


def words(spans: Spans) -> str:
    """Such as "09:30-12:00 13:00-16:00", or "closed"."""
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in spans]
    return " ".join("-".join(clock[i : i + 2]) for i in range(0, len(clock), 2)) or CLOSED


def encode(days: Days, tz: str, first: date, last: date) -> Part:
    """The part of one exchange for first to last. UserError when it does not fit into one."""
    hours = Counter(days.values()).most_common(1)[0][0]
    closed, special = [], []
    for since in range((last - first).days + 1):
        day = first + timedelta(days=since)
        spans = days.get(day, ())
        if spans and (spans != hours or day.weekday() > 4):
            special.append([since, *spans])
        elif not spans and day.weekday() < 5:
            closed.append(since)
    part: Part = {"tz": tz, "first": day_number(first), "last": day_number(last)}
    part |= {"hours": list(hours), "closed": closed, "special": special}
    size = len(_line(part))
    if size > PART_MAX:
        why = f"{size} bytes, more than the {PART_MAX} that a device has room for"
        raise UserError(f"the calendar from {first} to {last}", why, "begin later, with --from")
    return part


def days_of(part: Part) -> Days:
    """The days of a part, as the firmware reads them."""
    read = sessions.Sessions(part)
    numbers = range(part["first"], part["last"] + 1)
    return {date_of(number): spans for number in numbers if (spans := read.spans(number))}


def text(table: Mapping[str, Part]) -> str:
    """The file: JSON, with one exchange a line, so that a device reads one alone."""
    lines = ",\n".join(f'"{name}": {_line(part)}' for name, part in table.items())
    return f'{{"format": {FORMAT}, "calendars": {{\n{lines}\n}}}}\n'


def _line(part: Part) -> str:
    return json.dumps(part, separators=(",", ":"))


def read(path: Path = KEPT) -> Table:
    """The table of a file. UserError when it holds none."""
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            raise ValueError("another format")
        for part in found["calendars"].values():
            calendar_rules.check(part)
        return found["calendars"]
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"no table of calendars ({error})"
    raise UserError(str(path), why, "build it: seesaw market calendar")


def horizons(table: Mapping[str, Part]) -> str:
    """For people, the nearest first."""
    ends = sorted((str(date_of(part["last"])), name) for name, part in table.items())
    return ", ".join(f"{name} {last}" for last, name in ends)


def horizon_warnings(table: Mapping[str, Part], today: date) -> list[str]:
    """A line for each exchange whose calendar ends in fewer than 60 days, or has ended."""
    found = []
    for name, part in table.items():
        last = date_of(part["last"])
        left = (last - today).days
        if left < 0:
            found.append(f"{name}: the calendar ended on {last}; devices go by the quotes alone")
        elif left < HORIZON_DAYS_MIN:
            found.append(f"{name}: the calendar ends on {last}, in {left} days")
    return found
