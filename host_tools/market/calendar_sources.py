"""Two libraries' calendars of an exchange: exchange_calendars and pandas_market_calendars.

They bring pandas, so they come with the extra `calendar` and are imported when they are used.
"""

import functools
import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from host_tools.errors import UserError
from host_tools.market.calendars import Days, Exchange

FIRST, SECOND = "exchange_calendars", "pandas_market_calendars"
PROBE = timedelta(days=31)  # enough of a calendar to ask it how far it knows
CACHED = 64  # answers of read(): each takes a tenth of a second and more
COLUMNS = {
    FIRST: ("open", "break_start", "break_end", "close"),
    SECOND: ("market_open", "break_start", "break_end", "market_close"),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What both say. bound: the last day that exchange_calendars knows, None for no end.

    mirrored: pandas_market_calendars has no data of its own here and repeats the other.
    """

    first: Days
    second: Days
    bound: date | None
    mirrored: bool


@functools.lru_cache(CACHED)
def read(exchange: Exchange, begin: date, end: date) -> Sources:
    """Both libraries' days from begin to end, or to where the first one's knowledge ends."""
    with _quiet():
        library = _library(FIRST)
        start = str(begin)
        short = library.get_calendar(exchange.first, start=start, end=str(begin + PROBE))
        limit = short.bound_max()
        bound = None if limit is None else limit.date()
        end = min(end, bound or end)
        calendar = library.get_calendar(exchange.first, start=start, end=str(end))
        other = _library(SECOND).get_calendar(exchange.second)
        return Sources(
            _days(calendar.schedule, FIRST, exchange.zone),
            _days(other.schedule(start, str(end)), SECOND, exchange.zone),
            bound,
            type(other).__module__.endswith(".mirror"),
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Their warnings are about pandas to come, nothing that a user could mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        fix = "install the extra: pip install -e '.[calendar]'"
        raise UserError(name, str(error), fix) from error


def _days(schedule: Any, source: str, zone: str) -> Days:
    """A data frame of moments in UTC, one session a row, as minutes of local days."""
    found: Days = {}
    names = [name for name in COLUMNS[source] if name in schedule.columns]
    columns = [schedule[name].dt.tz_convert(zone) for name in names]
    for label, *moments in zip(schedule.index, *columns, strict=True):
        day = label.date()
        # No break is NaT, the one value that does not equal itself.
        known = [moment for moment in moments if moment == moment]
        if any(moment.date() != day or moment.second for moment in known):
            why = f"{source} has a session on {day} that is not of one day, in whole minutes"
            raise UserError(zone, why, "the table has no form for it: extend SPEC, Calendars")
        found[day] = tuple(moment.hour * 60 + moment.minute for moment in known)
    return found


def posix_tz(zone: str) -> str:
    """A zone's rule from the time zone database: the last line of its file (RFC 9636, 3.3)."""
    raw = files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()
    return raw.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode("ascii")
