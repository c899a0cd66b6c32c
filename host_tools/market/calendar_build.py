"""Building the table of calendars: two libraries compared, differences settled, horizons found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from seesaw.core.sessions import Zone

from host_tools.errors import UserError
from host_tools.market import calendar_sources as sources
from host_tools.market.calendar_overrides import Override, settle
from host_tools.market.calendars import (
    EPOCH,
    EXCHANGES,
    Days,
    Exchange,
    Part,
    Table,
    date_of,
    days_of,
    encode,
)

COMPARED_FROM = date(2025, 9, 1)  # the first recorded prices; overrides count from here on
PUBLISHED_MONTH = 10  # by October exchanges have published the next year, most long before


@dataclass(frozen=True, slots=True)
class Built:
    """One exchange's part. why: what ends its horizon. settled: days that overrides settled.

    mirrored: there is no second opinion, as the second library repeats the first.
    """

    part: Part
    why: str
    settled: int
    mirrored: bool

    @property
    def last(self) -> date:
        return date_of(self.part["last"])


def build(
    today: date, first: date, lines: Iterable[Override], exchanges: Iterable[str] = EXCHANGES
) -> dict[str, Built]:
    """Every exchange's calendar from `first`, or the year in which it ends, to its own horizon.

    UserError: a difference that no line settles, a line that settles none, or a calendar that a
    device cannot read as meant.
    """
    lines = tuple(lines)
    return {name: _one(EXCHANGES[name], today, first, lines) for name in exchanges}


def table(built: dict[str, Built]) -> Table:
    return {name: one.part for name, one in built.items()}


def _one(exchange: Exchange, today: date, first: date, lines: tuple[Override, ...]) -> Built:
    begin = min(first, COMPARED_FROM)
    published = published_until(today, exchange)
    both = sources.read(exchange, date(begin.year, 1, 1), published)
    last, why = horizon(both, begin.year, published, exchange.closures_min)
    if last < COMPARED_FROM:
        fix = f"correct closures_min of {exchange.name}, if the libraries are right"
        raise UserError(f"calendar of {exchange.name}", f"it ends on {last}, {why}", fix)
    first = min(first, date(last.year, 1, 1))  # one that has ended stays, for the warning
    days, settled = settle(exchange.name, both.first, both.second, begin, last, lines)
    days = {day: spans for day, spans in days.items() if day >= first}
    tz = sources.posix_tz(exchange.zone)
    part = encode(days, tz, first, last)
    _check(exchange, days, part)
    return Built(part, why, settled, both.mirrored)


def published_until(today: date, exchange: Exchange) -> date:
    """The last day that the exchange has published by now; libraries go on from there by rule."""
    years = exchange.years_ahead + (today.month >= PUBLISHED_MONTH)
    return date(today.year + years, 12, 31)


def horizon(
    both: sources.Sources, year: int, published: date, closures_min: int
) -> tuple[date, str]:
    """(the last day that both hold as published, what ends it), looking at whole years from `year`.

    A library with no list for a year has too few closures in it, or only those by rule.
    """
    last, why = published, "as far as it is published"
    if both.bound and both.bound < last:
        last, why = both.bound, f"as far as {sources.FIRST} knows"
    for name, days in ((sources.FIRST, both.first), (sources.SECOND, both.second)):
        for full in range(year, last.year + 1):
            closed = closures(days, full)
            end = date(full - 1, 12, 31)
            if closed < closures_min and date(full, 12, 31) <= (both.bound or published):
                last = end
                why = f"{name} has {closed} closures in {full}, fewer than {closures_min}"
                break
    return last, why


def closures(days: Days, year: int) -> int:
    """Weekdays of a year without a session."""
    first = date(year, 1, 1)
    all_days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    return sum(day.weekday() < 5 and day not in days for day in all_days)


def _check(exchange: Exchange, days: Days, part: Part) -> None:
    """Read back as the firmware reads it: the same days, and the same moments in UTC."""
    fix = "extend the form of calendars (firmware/SPEC.md, Calendars)"
    if days_of(part) != days:
        raise UserError(f"calendar of {exchange.name}", "a device would read other days", fix)
    rule, zone = Zone(part["tz"]), ZoneInfo(exchange.zone)
    for day, spans in days.items():
        for minute in spans:
            local_s = (day - EPOCH).days * 86400 + minute * 60
            shown = datetime.fromtimestamp(local_s, UTC).replace(tzinfo=zone)
            if rule.utc_s(local_s) != int(shown.timestamp()):
                why = f"{part['tz']} is not what its clocks show on {day}"
                raise UserError(f"calendar of {exchange.name}", why, fix)
