"""Recorded prices: a folder of CSV files `date,open,high,low,close`, one per instrument.

A file is named like its instrument (`sp500.csv`) and holds one trading day a line, the oldest
first, in the instrument's own currency. Other files of the folder are left alone.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from host_tools.errors import UserError
from host_tools.market.instruments import INSTRUMENTS

COLUMNS = "date,open,high,low,close"
PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOVE_MAX = 4  # from one close to the next: no market moves so far in a day
ROUNDING = 1e-4  # of a price: by so much an open or a close may lie outside the day's range
GAP_MAX = timedelta(days=11)  # Shanghai, closed for the lunar new year of 2026
ROWS_MIN = 2  # the first day is only what the second is measured against


class HistoryError(UserError):
    """A folder or file that holds no history: `what` is 'file:line', `why` the reason."""


@dataclass(frozen=True, slots=True)
class Day:
    """One trading day; date of the exchange, prices in the instrument's currency."""

    date: date
    open: float
    high: float
    low: float
    close: float


Histories = dict[str, tuple[Day, ...]]
"""Instrument name -> its days, two or more, ascending."""


def load(folder: Path) -> Histories:
    """Every history of a folder, in the order of INSTRUMENTS; HistoryError for any fault."""
    try:
        found = {path.stem: path for path in folder.iterdir() if path.suffix == ".csv"}
    except OSError as error:
        raise _unreadable(folder, error, "name a folder of CSV files") from error
    for name, path in sorted(found.items()):
        if name not in INSTRUMENTS:
            fix = "name it after one of: " + ", ".join(INSTRUMENTS)
            raise HistoryError(str(path), "there is no such instrument", fix)
    if not found:
        raise HistoryError(str(folder), "no CSV file in it", "name a folder with such as sp500.csv")
    return {name: read(found[name]) for name in INSTRUMENTS if name in found}


def read(path: Path) -> tuple[Day, ...]:
    """The days of one file. HistoryError naming the line that is wrong."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, "name a file that can be read") from error
    header, *lines = _text(path, data).removesuffix("\n").split("\n")
    if header.rstrip("\r") != COLUMNS:
        raise _wrong(path, 1, f"not the columns {COLUMNS}" if data else "the file is empty")
    days: list[Day] = []
    for number, line in enumerate(lines, start=2):
        try:
            day = _day(line.rstrip("\r"), days[-1].date if days else None)
            _check_move(day.close, days[-1].close if days else day.close)
            days.append(day)
        except ValueError as error:
            raise _wrong(path, number, str(error)) from error
    if len(days) < ROWS_MIN:
        raise _wrong(path, len(lines) + 1, f"{len(days)} days of prices, fewer than {ROWS_MIN}")
    return tuple(days)


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(path, data.count(b"\n", 0, error.start) + 1, "not UTF-8") from error


def _day(line: str, before: date | None) -> Day:
    """Raises ValueError with the reason."""
    fields = line.split(",")
    columns = COLUMNS.split(",")
    if len(fields) != len(columns):
        raise ValueError(f"{len(fields)} columns instead of {len(columns)}")
    prices = [_price(name, text) for name, text in zip(columns[1:], fields[1:], strict=True)]
    day = Day(_date(fields[0]), *prices)
    _check_order(day.date, before)
    _check_range(day)
    return day


def _date(text: str) -> date:
    try:
        if DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # such as 30 February
    raise ValueError(f"'{text[:20]}' is no date of the form 2026-03-31")


def _price(name: str, text: str) -> float:
    if not PRICE.fullmatch(text):
        raise ValueError(f"{name} '{text[:20]}' is no positive decimal number")
    price = float(text)
    if not price > 0:
        raise ValueError(f"{name} is not above zero")
    return price


def _check_order(day: date, before: date | None) -> None:
    if before is None:
        return
    if day == before:
        raise ValueError(f"{day} stands there twice")
    if day < before:
        raise ValueError(f"{day} comes after {before}: the oldest day is first")
    if day - before > GAP_MAX:
        raise ValueError(f"{(day - before).days} days after the line before")


def _check_move(close: float, before: float) -> None:
    if not before / MOVE_MAX <= close <= before * MOVE_MAX:
        raise ValueError(f"the close {close:g} is not within a factor {MOVE_MAX} of {before:g}")


def _check_range(day: Day) -> None:
    if day.high < day.low:
        raise ValueError("high is below low")
    for name, price in (("open", day.open), ("close", day.close)):
        if not day.low * (1 - ROUNDING) <= price <= day.high * (1 + ROUNDING):
            raise ValueError(f"{name} {price:g} is outside low {day.low:g} to high {day.high:g}")


def _wrong(path: Path, line: int, why: str) -> HistoryError:
    return HistoryError(f"{path}:{line}", why, f"mend the line, in the columns {COLUMNS}")


def _unreadable(path: Path, error: OSError, fix: str) -> HistoryError:
    return HistoryError(str(path), (error.strerror or str(error)).lower(), fix)
