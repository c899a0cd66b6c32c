"""`seesaw market calendar`: build the table of calendars, check it, or show it."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from host_tools.errors import UserError
from host_tools.market import calendar_build, calendar_overrides, calendars
from host_tools.market.calendar_build import Built
from host_tools.market.calendars import EXCHANGES, Part, Table

STALE = 1  # exit code of --check


def main(arguments: Namespace) -> int:
    """The command. UserError for what the user can put right."""
    path = Path(arguments.out or calendars.KEPT)
    if arguments.year and not arguments.show:
        raise UserError("--year", "it goes with --show", "add --show EXCHANGE")
    if arguments.show:
        return _show(path, arguments)
    now_s = time.time() if arguments.now is None else arguments.now
    today = datetime.fromtimestamp(now_s, UTC).date()
    kept = calendars.read(path) if arguments.check else {}
    first = arguments.first or _first(kept) or calendar_build.COMPARED_FROM
    built = _build(arguments, today, first)
    table = calendar_build.table(built)
    stale = [name for name in sorted({*table, *kept}) if table.get(name) != kept.get(name)]
    if not arguments.check:
        _write(path, calendars.text(table))
        stale = []
    warnings = calendars.horizon_warnings(table, today)
    if arguments.json:
        _print_json(path, built, warnings, stale)
    else:
        for line in _report(path, built, stale, checked=arguments.check):
            print(line)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return STALE if stale else 0


def _first(kept: Table) -> date | None:
    """The first day of the file that is checked."""
    days = [part["first"] for part in kept.values()]
    return calendars.date_of(min(days)) if days else None


def _build(arguments: Namespace, today: date, first: date) -> dict[str, Built]:
    path = Path(arguments.overrides or calendar_overrides.OVERRIDES)
    try:
        return calendar_build.build(today, first, calendar_overrides.read(path))
    except calendar_overrides.Unsettled as error:
        print(json.dumps({"add": error.lines}) if arguments.json else "\n".join(error.lines))
        raise


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(str(path), why, "name a file that can be written: --out FILE") from error


def _report(path: Path, built: dict[str, Built], stale: list[str], checked: bool) -> Iterator[str]:
    yield "exchange  from        to          bytes  closed  special  overrides"
    for name, one in built.items():
        part = one.part
        size = len(json.dumps(part, separators=(",", ":")))
        notes = [one.why] + ["one source: the second repeats the first"] * one.mirrored
        yield (
            f"{name:8}  {calendars.date_of(part['first'])}  {one.last}  {size:5}"
            f"  {len(part['closed']):6}  {len(part['special']):7}  {one.settled:9}"
            f"  {'; '.join(notes)}"
        )
    if not checked:
        yield f"written: {path}"
    elif stale:
        yield f"out of date: {path} ({', '.join(stale)}); run seesaw market calendar"
    else:
        yield f"up to date: {path}"


def _print_json(
    path: Path, built: dict[str, Built], warnings: list[str], stale: list[str]
) -> None:
    exchanges = {
        name: {
            "first": str(calendars.date_of(one.part["first"])), "last": str(one.last),
            "why": one.why, "overrides": one.settled, "mirrored": one.mirrored,
            "closed": len(one.part["closed"]), "special": len(one.part["special"]),
        }
        for name, one in built.items()
    }  # fmt: skip
    answer = {"file": str(path), "exchanges": exchanges, "warnings": warnings, "stale": stale}
    print(json.dumps(answer))


def _show(path: Path, arguments: Namespace) -> int:
    table = calendars.read(path)
    name = arguments.show
    if name not in table:
        raise UserError(f"exchange '{name}'", "it has no calendar", f"one of: {', '.join(table)}")
    part = table[name]
    days = [day for day in _days(part) if arguments.year in (None, day["date"].year)]
    if not days:
        span = f"{calendars.date_of(part['first'])} to {calendars.date_of(part['last'])}"
        raise UserError(f"year {arguments.year}", f"{name} is known from {span}", "name another")
    if arguments.json:
        found = [{"date": str(day["date"]), "hours": day["hours"]} for day in days]
        print(json.dumps({"exchange": name, "days": found} | part))
        return 0
    for line in _shown(name, part, days):
        print(line)
    return 0


def _days(part: Part) -> Iterator[dict]:
    """Every day that is not as its weekday says, and the first and last of what is known."""
    trading = calendars.days_of(part)
    for number in range(part["first"], part["last"] + 1):
        day = calendars.date_of(number)
        spans = trading.get(day, ())
        usual = tuple(part["hours"]) if day.weekday() < 5 else ()
        yield {"date": day, "hours": calendars.words(spans), "usual": spans == usual}


def _shown(name: str, part: Part, days: list[dict]) -> Iterator[str]:
    hours = calendars.words(tuple(part["hours"]))
    zone = EXCHANGES[name].zone if name in EXCHANGES else "its zone"
    yield f"{name}: Monday to Friday {hours}, {zone} ({part['tz']})"
    yield f"known from {calendars.date_of(part['first'])} to {calendars.date_of(part['last'])}"
    for day in days:
        if not day["usual"]:
            yield f"  {day['date']} {day['date']:%a}  {day['hours']}"
    open_days = sum(day["hours"] != calendars.CLOSED for day in days)
    yield f"{open_days} trading days from {days[0]['date']} to {days[-1]['date']}"
