"""Zones against zoneinfo, and what a calendar says, on both engines; torn calendars."""

import io
import json
import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seesaw.core import calendar_rules
from seesaw.core.sessions import Sessions, Zone, first_of, year_of
from seesaw.data.calendars import check
from seesaw.data.hours import part_of, sessions
from test_parity import FIRMWARE, OUTPUT_WAIT_S, micropython

from host_tools.market import calendars

KEPT = calendars.read()
EXCHANGES = {name: exchange.zone for name, exchange in calendars.EXCHANGES.items()}
NOW_S = 1795800000
MONDAY = 20605  # 2026-06-01
UNHURRIED = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

ZONES_SCRIPT = """
import json, sys
from seesaw.core.sessions import Zone
for line in open(sys.argv[1]):
    tz, moments = json.loads(line)
    zone = Zone(tz)
    print(tz, [zone.offset_s(moment) for moment in moments])
"""

STATES_SCRIPT = """
import json, sys
from seesaw.core.sessions import Sessions
from seesaw.data.hours import part_of
for line in open(sys.argv[1]):
    name, moments = json.loads(line)
    with open(sys.argv[2]) as file:
        calendar = Sessions(part_of(file, name))
    for moment in moments:
        print(name, moment, calendar.state(moment))
"""

TORN_SCRIPT = """
import json, sys
from seesaw.core.calendar_rules import check
from seesaw.core.sessions import Sessions
for line in open(sys.argv[1]):
    try:
        found = json.loads(line)
        check(found)
        print(Sessions(found).state(1790000000))
    except ValueError:
        print("refused")
"""


def on(interpreter: str, folder: Path, script: str, inputs: list, *more: str) -> list[str]:
    """What a script prints for inputs, one as JSON a line. It must end well and say no more."""
    (folder / "script.py").write_text(script)
    (folder / "micropython.py").write_text("def const(value):\n    return value\n")
    (folder / "inputs").write_text("".join(json.dumps(one) + "\n" for one in inputs))
    done = subprocess.run(
        [interpreter, str(folder / "script.py"), str(folder / "inputs"), *more],
        env={**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen", "PYTHONPATH": str(FIRMWARE)},
        capture_output=True, text=True, timeout=OUTPUT_WAIT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-500:] + done.stderr
    return done.stdout.splitlines()


def on_both(folder: Path, script: str, inputs: list, *more: str) -> list[str]:
    lines = on(micropython(), folder, script, inputs, *more)
    assert lines == on(sys.executable, folder, script, inputs, *more)
    return lines


def file_of(zone: str) -> bytes:
    """Of the package, as the system may have another edition of the database."""
    return files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()


def footer(zone: str) -> str:
    raw = file_of(zone)
    return raw.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode()


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def offsets(zone: str, moments: list[int]) -> list[int]:
    info = ZoneInfo.from_file(io.BytesIO(file_of(zone)))
    return [int(datetime.fromtimestamp(m, info).utcoffset().total_seconds()) for m in moments]


# -- zones ---------------------------------------------------------------------------------------


def test_the_exchanges_zones_are_zoneinfos_for_random_moments(tmp_path: Path) -> None:
    draw = random.Random(7)
    moments = {
        zone: [draw.randrange(epoch("2025-09-01"), epoch("2099-12-31")) for _ in range(400)]
        for zone in sorted(set(EXCHANGES.values()))
    }
    lines = on_both(tmp_path, ZONES_SCRIPT, [(footer(z), found) for z, found in moments.items()])

    assert lines == [f"{footer(z)} {offsets(z, found)}" for z, found in moments.items()]


def test_each_change_of_the_exchanges_zones_is_at_its_second(tmp_path: Path) -> None:
    inputs, wanted = [], []
    for zone in ("America/New_York", "Europe/London", "Europe/Berlin", "Australia/Sydney"):
        hours = range(epoch("2026-01-01"), epoch("2029-01-01"), 3600)
        all_day = offsets(zone, list(hours))
        changes = [h for h, a, b in zip(hours[1:], all_day, all_day[1:], strict=False) if a != b]
        moments = [change + by for change in changes for by in (-1, 0, 1)]
        assert len(changes) == 6
        inputs.append((footer(zone), moments))
        wanted.append(f"{footer(zone)} {offsets(zone, moments)}")

    assert on_both(tmp_path, ZONES_SCRIPT, inputs) == wanted


def test_every_zone_of_the_database_is_read(tmp_path: Path) -> None:
    by_rule = {
        footer(zone): zone
        for zone in files("tzdata").joinpath("zones").read_text().split()
        if zone != "Factory"
    }
    draw = random.Random(8)
    # So late every zone is at its rule: none has changes on record.
    span = (epoch("2090-01-01"), epoch("2099-01-01"))
    moments = {tz: [draw.randrange(*span) for _ in range(60)] for tz in by_rule}
    lines = on_both(tmp_path, ZONES_SCRIPT, list(moments.items()))

    assert len(by_rule) > 80
    assert lines == [f"{tz} {offsets(zone, moments[tz])}" for tz, zone in by_rule.items()]


@pytest.mark.parametrize(
    ("zone", "local", "wanted"),
    [
        ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59"),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00"),  # there is none
        ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00"),
        ("Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59"),
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00"),  # the first of two
        ("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00"),
        ("Europe/Dublin", "2026-10-25T02:10:00", "2026-10-25T02:10:00"),
        ("Australia/Sydney", "2026-01-02T10:00:00", "2026-01-01T23:00:00"),
        ("Australia/Sydney", "2026-07-02T10:00:00", "2026-07-02T00:00:00"),
        ("Asia/Kolkata", "2026-07-02T09:15:00", "2026-07-02T03:45:00"),
    ],
)
def test_what_clocks_show_is_a_moment(zone: str, local: str, wanted: str) -> None:
    assert Zone(footer(zone)).utc_s(epoch(local)) == epoch(wanted)


@pytest.mark.parametrize("tz", [
    "", "EST", "5", "E5", "ES5EDT", "EST5EDT", "EST5EDT,", "EST5EDT,M3.2.0", "EST5,M3.2.0,M11.1.0",
    "EST5EDT,M3.2.0,M11.1.0,M1.1.1", "EST5EDT,M0.2.0,M11.1.0", "EST5EDT,M13.2.0,M11.1.0",
    "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0",
    "EST5EDT,M3.2,M11.1.0", "EST5EDT,J60,J300", "EST5EDT,60,300", "EST5EDT,M3.2.0/,M11.1.0",
    "EST5EDT,M3.2.0/168,M11.1.0", "EST5EDT,M3.2.0/2:60,M11.1.0", "EST5EDT,M3.2.0/2:0:0:0,M11.1.0",
    "EST5EDT6:", "EST25", "EST+-5", "EST5x", "<+03-3", "<>-3", "<+03>", "<+03>-", "EST٥",
    "\u212aST5", "EST5EDT,M٣.2.0,M11.1.0", "EST5" + "0" * 80, None, 5, b"EST5", ["EST5"], {},
])  # fmt: skip
def test_what_is_no_zone_is_refused(tz: object) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Zone(tz)


@UNHURRIED
@given(st.text("EST5DMJ,.0123456789/:+-<>", max_size=30) | st.text(max_size=20))
def test_any_text_is_a_zone_or_refused(text: str) -> None:
    try:
        zone = Zone(text)
    except ValueError:
        return
    assert abs(zone.offset_s(NOW_S)) <= 26 * 3600


def test_years_and_months_are_those_of_the_calendar() -> None:
    for number in range(first_of(1970, 1), first_of(2101, 1), 5):
        day = date.fromordinal(date(1970, 1, 1).toordinal() + number)
        assert year_of(number) == day.year
        assert first_of(day.year, day.month) == number - day.day + 1


# -- calendars -----------------------------------------------------------------------------------


def part(**changes: object) -> dict:
    """Two weeks from Monday 1 June 2026 in Tokyo: closed on the 3rd, an evening on Saturday the
    6th, a morning alone on the 12th, the last day."""
    made = {"tz": "JST-9", "first": MONDAY, "last": MONDAY + 11, "hours": [540, 690, 750, 930]}
    return made | {"closed": [2], "special": [[5, 1080, 1140], [11, 540, 690]]} | changes


@pytest.mark.parametrize(
    ("local", "word", "until"),
    [
        ("2026-05-31T23:59:59", "", "2026-06-01T00:00:00"),
        ("2026-06-01T00:00:00", "closed", "2026-06-01T09:00:00"),
        ("2026-06-01T08:59:59", "closed", "2026-06-01T09:00:00"),
        ("2026-06-01T09:00:00", "open", "2026-06-01T11:30:00"),
        ("2026-06-01T11:30:00", "lunch", "2026-06-01T12:30:00"),
        ("2026-06-01T12:30:00", "open", "2026-06-01T15:30:00"),
        ("2026-06-01T15:30:00", "closed", "2026-06-02T09:00:00"),
        ("2026-06-02T15:30:00", "closed", "2026-06-04T09:00:00"),  # over the holiday
        ("2026-06-03T10:00:00", "closed", "2026-06-04T09:00:00"),
        ("2026-06-05T16:00:00", "closed", "2026-06-06T18:00:00"),
        ("2026-06-06T18:30:00", "open", "2026-06-06T19:00:00"),
        ("2026-06-06T19:00:00", "closed", "2026-06-08T09:00:00"),
        ("2026-06-12T11:00:00", "open", "2026-06-12T11:30:00"),
        ("2026-06-12T11:30:00", "closed", "2026-06-13T00:00:00"),  # to the end of what is known
    ],
)
def test_a_calendar_says_what_it_is_and_until_when(local: str, word: str, until: str) -> None:
    tokyo_s = 9 * 3600
    found = Sessions(part()).state(epoch(local) - tokyo_s)

    assert found == (word, epoch(until) - tokyo_s)


def test_beyond_the_horizon_without_a_calendar_and_round_the_clock() -> None:
    beyond = (MONDAY + 12) * 86400 - 9 * 3600

    assert Sessions(part()).state(beyond) == ("", 0)
    assert Sessions(part()).state(2**33) == ("", 0)
    assert Sessions(part()).state(0)[0] == ""  # a clock that was never set
    assert sessions("XTSE", str(calendars.KEPT)) is None
    round_the_clock = sessions("24/7", "nowhere")
    assert round_the_clock.state(0) == round_the_clock.state(NOW_S) == ("open", 0)


def test_a_long_closure_has_a_moment_on_the_way() -> None:
    closed = [n for n in range(200) if (MONDAY + n + 3) % 7 < 5][1:]
    calendar = Sessions(part(last=MONDAY + 200, closed=closed, special=[]))
    word, until = calendar.state(MONDAY * 86400 + 12 * 3600)

    assert word == "closed"
    assert until == (MONDAY + 21) * 86400 - 9 * 3600
    assert calendar.state(until)[0] == "closed"


def test_both_engines_read_the_shipped_calendars_alike(tmp_path: Path) -> None:
    draw = random.Random(9)
    inputs = []
    for name, found in KEPT.items():
        span = (found["first"] - 3) * 86400, (found["last"] + 4) * 86400
        moments = [draw.randrange(*span) for _ in range(150)]
        moments += [edge + draw.randrange(86400) for edge in span for _ in range(3)]
        # The summer's and the winter's changes of the state, to the second.
        for begin in (epoch("2026-03-27"), epoch("2026-11-25")):
            edges = [begin]
            while len(edges) < 12:
                edges.append(Sessions(found).state(edges[-1])[1])
            moments += [edge + by for edge in edges for by in (-1, 0)]
        inputs.append((name, moments))
    lines = on_both(tmp_path, STATES_SCRIPT, inputs, str(calendars.KEPT))

    assert len(lines) > 1700
    for word in ("'open'", "'lunch'", "'closed'", "''"):
        assert sum(word in line for line in lines) > 20, word


# -- torn and hostile ----------------------------------------------------------------------------

WILD = (None, True, -1, 0, 10**30, 0.5, "", "24/7", [], {}, [[]], [0], [-1], [5, 5], [9, 3],
        [540], [540, 690, 750], [0, 1441], [1, 2, 3, 4, 5, 6], [[1]], [[1, 540]], [["1", 1, 2]],
        [[1, 2, 1]], [[3, 1, 2], [1, 1, 2]], [[4001, 1, 2]], [True], list(range(300)))  # fmt: skip


def test_torn_calendars_are_refused_on_both_engines(tmp_path: Path) -> None:
    good = part()
    inputs: list = [good, *WILD]
    for key in good:
        inputs += [{k: v for k, v in good.items() if k != key}]
        inputs += [good | {key: value} for value in WILD]
    lines = on_both(tmp_path, TORN_SCRIPT, inputs)

    # A list of closed days or of specials may be empty, and more.
    known = [line for line in lines if line != "refused"]
    assert lines[0] == "('', 0)"
    assert len(lines) > 150
    assert len(known) < 12


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2000) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["JST-9", "EST5EDT,M3.2.0,M11.1.0", "24/7"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)  # fmt: skip


@UNHURRIED
@given(st.dictionaries(st.sampled_from(list(part())), JSON), JSON)
def test_whatever_a_calendar_holds_nothing_else_is_raised(changes: dict, whole: object) -> None:
    for held in (part(**changes), changes, whole):
        try:
            calendar_rules.check(held)
        except ValueError:
            continue
        calendar = Sessions(held)
        for moment in (0, MONDAY * 86400, NOW_S, 2**33):
            word, until = calendar.state(moment)
            assert word in ("open", "lunch", "closed", "")
            assert until == 0 or until > moment


def test_one_line_of_the_file_is_read() -> None:
    lines = calendars.text(KEPT).splitlines(keepends=True)

    for name, found in KEPT.items():
        assert part_of(iter(lines), name) == found
    assert part_of(iter(lines), "XTSE") is None
    assert part_of(iter([]), "XNYS") is None
    assert max(map(len, lines)) < 512


@pytest.mark.parametrize("line", [
    '"XNYS": ', '"XNYS": {', '"XNYS": {"tz":"EST5', '"XNYS": {}x', '"XNYS": ' + "[" * 90000,
    '"XNYS": [], "x": ', '"XNYS": null', '"XNYS": {"first":NaN}', '"XLON": {}',
])  # fmt: skip
def test_a_torn_file_is_none(line: str, tmp_path: Path) -> None:
    torn = tmp_path / "calendars.json"
    assert sessions("XNYS", str(torn)) is None
    torn.write_text("{\n" + line + "\n")
    assert sessions("XNYS", str(torn)) is None


def test_a_set_is_right_as_a_whole() -> None:
    raw = calendars.KEPT.read_bytes()
    assert check(raw) == KEPT

    good = json.loads(raw)
    for wrong in (
        [], None, good | {"format": 2}, good | {"format": True}, good | {"calendars": []},
        good | {"calendars": {"XNYS": None}}, good | {"calendars": {"": KEPT["XNYS"]}},
        good | {"calendars": KEPT | {"XNYS": "24/7"}}, good | {"calendars": KEPT | {"XNYS": {}}},
        good | {"calendars": {str(n): KEPT["XLON"] for n in range(33)}},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            check(json.dumps(wrong).encode())
    for torn in (b"", raw[:-5], b"\xff", b"[" * 5000, raw + b" " * 8192):
        with pytest.raises(ValueError):
            check(torn)
