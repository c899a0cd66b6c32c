"""The table of calendars, built from the real libraries; every kind of difference and line."""

import json
import os
import random
import sys
from collections import Counter
from csv import DictReader
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from seesaw.core.sessions import Sessions

from host_tools import cli
from host_tools.errors import UserError
from host_tools.market import calendar_build, calendar_overrides, calendar_sources, calendars
from host_tools.market.calendar_build import Built
from host_tools.market.calendar_overrides import read
from host_tools.market.calendars import EXCHANGES, date_of, days_of, horizon_warnings
from host_tools.market.instruments import INSTRUMENTS

TODAY, FIRST = date(2026, 11, 27), date(2025, 9, 1)  # of the table that ships
RECORDED = date(2025, 9, 8), date(2026, 3, 6)
ROOT = Path(__file__).parents[2]
BY_EXCHANGE = {
    "XNYS": ("sp500", "dow", "nasdaq"), "XLON": ("ftse100",), "XETR": ("dax",),
    "XPAR": ("cac40",), "XTKS": ("nikkei225",), "XHKG": ("hangseng",), "XSHG": ("shanghai",),
    "XASX": ("asx200",), "XNSE": ("nifty50",),
}  # fmt: skip

# Weekdays without a price in the recorded half-year, 8 September 2025 to 6 March 2026.
WITHOUT_PRICE = {
    "XNYS": "2025-11-27 2025-12-25 2026-01-01 2026-01-19 2026-02-16",
    "XLON": "2025-12-25 2025-12-26 2026-01-01",
    "XETR": "2025-12-24 2025-12-25 2025-12-26 2025-12-31 2026-01-01",
    "XPAR": "2025-12-25 2025-12-26 2026-01-01",
    "XTKS": "2025-09-15 2025-09-23 2025-10-13 2025-11-03 2025-11-24 2025-12-31 2026-01-01"
    " 2026-01-02 2026-01-12 2026-02-11 2026-02-23",
    "XHKG": "2025-10-01 2025-10-07 2025-10-29 2025-12-25 2025-12-26 2026-01-01 2026-02-17"
    " 2026-02-18 2026-02-19",
    "XSHG": "2025-10-01 2025-10-02 2025-10-03 2025-10-06 2025-10-07 2025-10-08 2026-01-01"
    " 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23",
    "XASX": "2025-12-25 2025-12-26 2026-01-01 2026-01-26",
    "XNSE": "2025-10-02 2025-10-22 2025-11-05 2025-12-25 2026-01-15 2026-01-26 2026-03-03",
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Built]:
    """Built anew, as of the day on which the one that ships was built."""
    return calendar_build.build(TODAY, FIRST, read())


def test_the_table_that_ships_is_what_the_libraries_say(shipped: dict[str, Built]) -> None:
    made = calendars.text(calendar_build.table(shipped))

    assert made == calendars.KEPT.read_text("utf-8"), "run seesaw market calendar"


def test_open_days_are_the_days_with_a_price(shipped: dict[str, Built]) -> None:
    begin, end = RECORDED
    weekdays = [
        begin + timedelta(days=n)
        for n in range((end - begin).days + 1)
        if (begin + timedelta(days=n)).weekday() < 5
    ]
    for name, one in shipped.items():
        missing = set(map(date.fromisoformat, WITHOUT_PRICE[name].split()))
        open_days = [day for day in days_of(one.part) if begin <= day <= end]
        assert open_days == [day for day in weekdays if day not in missing], name


def recordings() -> list[Path]:
    """Folders of recorded days: the tests' own, and whole ones where they lie beside the project;
    the list above stands for these in a checkout, which has no prices of others."""
    beside = [parent / "shared" / "data" / "market" for parent in ROOT.parents]
    named = [Path(name) for name in [os.environ.get("SEESAW_RECORDINGS")] if name]
    return [ROOT / "tests" / "data" / "market", *filter(Path.is_dir, named + beside)]


@pytest.mark.parametrize("folder", recordings(), ids=str)
def test_recorded_days_are_the_open_days_between_them(folder: Path) -> None:
    table = calendars.read()
    assert set(BY_EXCHANGE) == set(table)
    for exchange, instruments in BY_EXCHANGE.items():
        trading = days_of(table[exchange])
        for instrument in instruments:
            with (folder / f"{instrument}.csv").open() as file:
                days = [date.fromisoformat(row["date"]) for row in DictReader(file)]
            assert days == [day for day in trading if days[0] <= day <= days[-1]], instrument


def minutes_of(name: str) -> set[int]:
    """Every trading minute of 2026 in exchange_calendars, seconds since 1970."""
    with calendar_sources._quiet():
        library = calendar_sources._library(calendar_sources.FIRST)
        calendar = library.get_calendar(
            EXCHANGES[name].first, start="2026-01-01", end="2026-12-31", side="left"
        )
        return set(calendar.minutes.as_unit("s").asi8.tolist())


@pytest.mark.parametrize("name", list(EXCHANGES))
def test_it_is_open_in_the_librarys_minutes(shipped: dict[str, Built], name: str) -> None:
    """A day between the changes of clocks in America and Europe, the year's end, and a sample."""
    reader, wanted = Sessions(shipped[name].part), minutes_of(name)
    begin = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp())
    draw = random.Random(name)
    moments = [begin + 60 * draw.randrange(364 * 1440) for _ in range(2000)]
    for month, day in ((3, 9), (12, 24), (12, 30)):
        first = int(datetime(2026, month, day, tzinfo=UTC).timestamp())
        moments += range(first, first + 86400, 60)
    words: Counter[str] = Counter()
    for moment in moments:
        word, until = reader.state(moment)
        words[word] += 1
        assert (word == "open") == (moment in wanted), datetime.fromtimestamp(moment, UTC)
        assert until > moment
    lunches = len(shipped[name].part["hours"]) == 4
    assert set(words) == {"open", "closed"} | ({"lunch"} if lunches else set())


def test_each_state_lasts_until_it_says(shipped: dict[str, Built]) -> None:
    for name, one in shipped.items():
        reader = Sessions(one.part)
        now_s = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
        word, until = reader.state(now_s)
        openings: Counter[date] = Counter()
        while word:
            assert reader.state(until - 1) == (word, until)
            if word == "open":
                openings[datetime.fromtimestamp(until, ZoneInfo(EXCHANGES[name].zone)).date()] += 1
            word, until = reader.state(until)
        days = {day: spans for day, spans in days_of(one.part).items() if day.year > 2025}
        assert openings == {day: len(spans) // 2 for day, spans in days.items()}, name


def test_the_diwali_session_is_open_for_its_hour(shipped: dict[str, Built]) -> None:
    reader = Sessions(shipped["XNSE"].part)
    kolkata = ZoneInfo("Asia/Kolkata")
    at = [datetime(2025, 10, 21, *clock, tzinfo=kolkata).timestamp()
          for clock in ((10, 0), (13, 44), (13, 45), (14, 44), (14, 45))]  # fmt: skip

    assert [reader.state(int(t))[0] for t in at] == ["closed", "closed", "open", "open", "closed"]
    assert reader.state(int(at[-1]))[1] == datetime(2025, 10, 23, 9, 15, tzinfo=kolkata).timestamp()


def test_every_instrument_has_its_hours(shipped: dict[str, Built]) -> None:
    for name, instruments in BY_EXCHANGE.items():
        for instrument in instruments:
            hours = [minute for span in INSTRUMENTS[instrument].hours for minute in span]
            assert shipped[name].part["hours"] == hours
            assert EXCHANGES[name].zone == INSTRUMENTS[instrument].zone


# -- horizons ------------------------------------------------------------------------------------


def test_each_exchange_has_its_own_horizon(shipped: dict[str, Built]) -> None:
    ends = {name: str(one.last) for name, one in shipped.items()}

    assert ends.pop("XNYS") == "2028-12-31"
    assert ends.pop("XSHG") == ends.pop("XNSE") == "2026-12-31"
    assert set(ends.values()) == {"2027-12-31"}
    assert [name for name, one in shipped.items() if one.mirrored] == ["XETR", "XPAR"]


def test_a_part_fits_on_a_device(shipped: dict[str, Built]) -> None:
    sizes = [len(json.dumps(one.part, separators=(",", ":"))) for one in shipped.values()]

    assert max(sizes) <= calendars.PART_MAX
    assert sum(sizes) < 2500


@pytest.mark.parametrize("name", ["XSHG", "XNSE"])
def test_a_year_that_is_by_rule_or_empty_ends_the_horizon_before_it(name: str) -> None:
    """With the bound of the first library out of the way: the second has China's 2027 by rule, 15
    closures, and none of India."""
    exchange = EXCHANGES[name]
    long = calendar_sources._library("pandas_market_calendars").get_calendar(exchange.second)
    with calendar_sources._quiet():
        days = calendar_sources._days(
            long.schedule("2025-01-01", "2027-12-31"), calendar_sources.SECOND, exchange.zone
        )
    unbound = calendar_sources.Sources(days, days, None, False)
    last, why = calendar_build.horizon(unbound, 2025, date(2027, 12, 31), exchange.closures_min)

    assert str(last) == "2026-12-31"
    assert "closures in 2027, fewer than" in why
    assert calendar_build.closures(days, 2026) >= exchange.closures_min


@pytest.mark.parametrize(
    ("today", "name", "last"),
    [("2026-09-30", "XLON", 2026), ("2026-10-01", "XLON", 2027), ("2026-10-01", "XNYS", 2028)],
)
def test_the_next_year_counts_from_october(today: str, name: str, last: int) -> None:
    until = calendar_build.published_until(date.fromisoformat(today), EXCHANGES[name])

    assert until == date(last, 12, 31)


def test_a_horizon_that_comes_near_is_a_warning(shipped: dict[str, Built]) -> None:
    table = calendar_build.table(shipped)

    assert horizon_warnings(table, date(2026, 11, 1)) == []
    assert len(horizon_warnings(table, date(2026, 11, 2))) == 2
    assert horizon_warnings(table, TODAY) == [
        "XSHG: the calendar ends on 2026-12-31, in 34 days",
        "XNSE: the calendar ends on 2026-12-31, in 34 days",
    ]
    assert len(horizon_warnings(table, date(2027, 11, 3))) == 8
    assert "XSHG: the calendar ended on 2026-12-31" in horizon_warnings(table, date(2027, 1, 1))[0]


def test_one_that_has_ended_stops_no_other() -> None:
    """The table of a January in which nobody has China's new year yet."""
    built = calendar_build.build(TODAY, date(2027, 1, 1), read(), ["XSHG", "XLON"])

    firsts = {name: str(date_of(one.part["first"])) for name, one in built.items()}
    assert firsts == {"XSHG": "2026-01-01", "XLON": "2027-01-01"}
    (line,) = horizon_warnings(calendar_build.table(built), date(2027, 1, 4))
    assert line.startswith("XSHG: the calendar ended on 2026-12-31")


def test_a_library_that_has_lost_its_data_is_an_error() -> None:
    greedy = replace(EXCHANGES["XLON"], closures_min=20)
    with pytest.raises(UserError, match="has 8 closures in 2025, fewer than 20"):
        calendar_build._one(greedy, TODAY, FIRST, ())


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, calendar_sources.SECOND, None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[calendar\]'"):
        calendar_sources._library(calendar_sources.SECOND)


def test_a_table_too_long_for_a_device_is_an_error() -> None:
    with pytest.raises(UserError, match="begin later, with --from"):
        calendar_build.build(TODAY, date(2020, 1, 1), read(), ["XLON"])


def test_only_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calendars.json"
    good = calendars.KEPT.read_text()
    for torn in ("", "[]", "{}", good[:-9], good.replace('"format": 1', '"format": 2'),
                 good.replace("570,960", "960,570"), "[" * 100_000):  # fmt: skip
        path.write_text(torn)
        with pytest.raises(UserError, match="no table of calendars"):
            calendars.read(path)
    with pytest.raises(UserError, match="no such file"):
        calendars.read(tmp_path / "none")


# -- the command ---------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture, *words: str) -> tuple[int, str, str]:
    code = cli.main(["market", "calendar", "--now", "2026-11-27", *words])
    return code, *capsys.readouterr()


def test_the_command_builds_checks_and_warns(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "calendars.json"
    code, out, err = run(capsys, "--out", str(path))
    assert (code, path.read_text()) == (0, calendars.KEPT.read_text())
    assert "one source: the second repeats the first" in out
    assert "warning: XSHG" in err
    assert "warning: XNSE" in err

    path.write_text(path.read_text().replace("[31,", "["))
    code, out, err = run(capsys, "--out", str(path), "--check", "--json")
    answer = json.loads(out)
    assert (code, answer["stale"]) == (1, ["XNSE"])
    assert answer["exchanges"]["XNYS"]["last"] == "2028-12-31"
    assert len(answer["warnings"]) == 2


def test_without_its_line_the_build_fails(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lines = calendar_overrides.OVERRIDES.read_text().splitlines()
    path = tmp_path / "overrides.csv"
    path.write_text("\n".join(line for line in lines if "Diwali" not in line) + "\n")
    code, out, err = run(capsys, "--overrides", str(path), "--out", str(tmp_path / "x.json"))

    assert code == 2
    assert out == "XNSE,2025-10-21,2025-10-21,closed,13:45-14:45,TAKE,REASON\n"
    assert "calendar of XNSE: the two libraries differ" in err
    assert not (tmp_path / "x.json").exists()

    path.write_text("\n".join(lines).replace("2025-10-21,2025-10-21", "2025-10-23,2025-10-23"))
    code, out, err = run(capsys, "--overrides", str(path), "--out", str(tmp_path / "x.json"))
    assert code == 2


def test_the_market_is_still_served_by_its_own_word() -> None:
    parsed = cli.parser().parse_args(["market", "--port", "0", "--clock", "real"])

    assert (parsed.handler, parsed.port) == ("host_tools.twin.run:market", 0)


def test_a_calendar_is_shown(capsys: pytest.CaptureFixture) -> None:
    code, out, _ = run(capsys, "--show", "XHKG", "--year", "2026")
    assert code == 0
    assert "2026-02-16 Mon  09:30-12:00" in out
    assert "247 trading days from 2026-01-01 to 2026-12-31" in out

    code, out, _ = run(capsys, "--show", "XNYS", "--json")
    days = {day["date"]: day["hours"] for day in json.loads(out)["days"]}
    assert (code, days["2026-11-27"], days["2026-11-26"]) == (0, "09:30-13:00", "closed")
    assert days[str(date_of(calendars.read()["XNYS"]["last"]))] == "closed"


@pytest.mark.parametrize("words", [
    ("--show", "XTSE"), ("--show", "XNYS", "--year", "2030"), ("--year", "2026"),
    ("--show", "XNYS", "--check"), ("--from", "tomorrow"), ("--out", "/"),
    ("--overrides", "none.csv"), ("--check", "--out", "none.json"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_line(words: tuple, capsys: pytest.CaptureFixture) -> None:
    code, _, err = run(capsys, *words)

    assert code == 2
    assert err.startswith("seesaw: ")
    assert err.count("\n") == 1
