"""`--check`: the healthy firmware shows every day, and what is wrong in it comes to light."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
import rig

from host_tools.market.history import HistoryError, load
from host_tools.market.instruments import INSTRUMENTS
from host_tools.release.publish import Release
from host_tools.twin import check as checking
from host_tools.twin import course
from host_tools.twin.course import Course, Result

MARKET = Path(__file__).parents[1] / "data" / "market"
SP500_SIGMA = ("data/feeds.json", '"sigma": 1.13', '"sigma": 1.53')
KNEE = ("core/tilt.py", "KNEE_SIGMA = const(1.5)", "KNEE_SIGMA = const(2.0)")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The VM's part on CPython as well: in virtual time."""

    def instead(one: Course, release: Release) -> Result:
        return dataclasses.replace(one.on_cpython(release), engine="MicroPython")

    monkeypatch.setattr(Course, "on_micropython", instead)


def some(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / f"{name}.csv").write_bytes((MARKET / f"{name}.csv").read_bytes())
    return folder


def run(folder: Path, **options: Any) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = checking.check(folder, as_json=True, out=out, **options)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def plant(monkeypatch: pytest.MonkeyPatch, *change: str) -> None:
    monkeypatch.setattr(checking, "firmware", lambda: rig.release("9.9.9", tuple(change)))


def test_every_day_on_both_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "WEEK", 2)

    code, (*instruments, summary) = run(MARKET)

    assert code == 0
    assert {line["type"] for line in instruments} == {"instrument"}
    asked = {(line["instrument"], line["engine"]): line["days"] for line in instruments}
    assert asked == {
        (name, engine): days
        for name in INSTRUMENTS
        for engine, days in (("CPython", 7), ("MicroPython", 2))
    }
    assert all(line["checked"] == line["days"] and not line["misses"] for line in instruments)
    assert summary["type"] == "summary"
    assert summary["ok"] and summary["instruments"] == 16
    assert summary["days"] == summary["checked"] == 16 * 9
    assert summary["worst_deg"] < 0.3  # the deadband of the beam


def test_the_beam_of_some_days() -> None:
    days = load(MARKET)["sp500"]
    shown = Course("sp500", days).on_cpython(checking.firmware()).shown

    assert [round(day.beam_deg, 1) for day in shown] == [2.2, -12.0, 12.0, 0.0, 0.0, 7.0, -10.9]
    assert [round(day.change_percent, 2) for day in shown] == [
        0.31, -14.0, 6.5, 0.0, -0.02, 1.13, -2.6
    ]  # fmt: skip
    assert shown[1].date == "2026-02-27"
    assert all(day.settled and not day.why for day in shown)


def test_a_wrong_sigma_is_a_line_for_each_day_that_it_spoils(
    fast: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, *SP500_SIGMA)

    code, lines = run(some(tmp_path, "sp500", "dow"))

    misses = [line for line in lines if line["type"] == "miss" and line["engine"] == "CPython"]
    assert code == 1
    assert {line["instrument"] for line in misses} == {"sp500"}
    dates = [line["date"] for line in misses]
    assert dates == ["2026-02-26", "2026-03-05", "2026-03-06"]
    assert misses[1]["wanted_deg"] == pytest.approx(7.0, abs=0.1)
    assert misses[1]["beam_deg"] == pytest.approx(5.5, abs=0.1)
    assert not lines[-1]["ok"]
    assert lines[-1]["misses"] == len([line for line in lines if line["type"] == "miss"])


@pytest.mark.parametrize(
    "change",
    [
        KNEE,
        ("core/tilt.py", "TILT_MAX_DEG * _tanh", "-TILT_MAX_DEG * _tanh"),
        ("data/feeds.json", '"previous_day_closing"', '"open"'),
        ("app.py", "quote.baseline, self.feed.sigma", "self.feed.last.price, self.feed.sigma"),
    ],
)
def test_a_wrong_formula_misses(
    change: tuple[str, str, str], fast: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, *change)

    code, lines = run(some(tmp_path, "nasdaq"))

    assert code == 1
    assert any(line["type"] == "miss" for line in lines)


def test_lines_for_people(
    fast: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, *SP500_SIGMA)
    out = io.StringIO()

    assert checking.check(some(tmp_path, "sp500"), as_json=False, out=out) == 1

    lines = out.getvalue().splitlines()
    assert lines[1] == (
        "MISS  sp500 2026-03-05 CPython: +1.13% asks for +6.99 degrees, the beam shows +5.48"
    )
    assert lines[3] == "sp500      CPython         7 of    7 days, 3 missed, worst 1.52 degrees"
    assert lines[-1].startswith("FAIL  12 of 12 days checked, instruments: 1, 5 missed by more")


def test_a_day_beyond_the_gate_is_a_miss_with_the_firmware_s_reason(
    fast: None, tmp_path: Path
) -> None:
    text = (MARKET / "dow.csv").read_text().splitlines()[:3]
    (tmp_path / "dow.csv").write_text("\n".join([*text, "2026-02-27,40000,52000,40000,51000", ""]))

    code, lines = run(tmp_path)

    (miss,) = [line for line in lines if line["type"] == "miss" and line["engine"] == "CPython"]
    assert code == 1
    assert miss["date"] == "2026-02-27"
    assert miss["why"].endswith(": change is above the cap")


def test_firmware_that_never_asks_leaves_days_unchecked(
    fast: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, "app.py", "if await self.joined():", "if False:")

    code, (miss, record, *_, summary) = run(some(tmp_path, "btc"))

    assert code == 1
    assert not miss["settled"] and miss["date"] == "2026-02-26"
    assert (record["days"], record["checked"]) == (7, 1)
    assert summary["checked"] < summary["days"]


def test_a_check_that_was_stopped_has_no_verdict(fast: None, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(some(tmp_path, "btc"), stop=lambda: True)


def test_a_beam_that_never_rests_is_a_miss() -> None:
    restless = rig.release("9.9.9", ("beam.py", "while not self.motion.done:", "while True:"))
    found = Course("btc", load(MARKET)["btc"]).on_cpython(restless)

    assert [(day.settled, day.ok) for day in found.shown] == [(False, False)]
    assert found.ended == "stopped"


def test_garbage_names_the_line(tmp_path: Path) -> None:
    some(tmp_path, "sp500", "btc")
    path = tmp_path / "btc.csv"
    path.write_text(path.read_text().replace("2026-02-27", "2026-02-26"))

    with pytest.raises(HistoryError, match=r"btc\.csv:4: 2026-02-26 stands there twice"):
        run(tmp_path)


def test_the_tolerance() -> None:
    shown = course.Shown("2026-03-02", 1.0, 5.0, 5.5, True, "")
    assert shown.ok
    assert not course.Shown("2026-03-02", 1.0, 5.0, 5.51, True, "").ok
    assert not course.Shown("2026-03-02", 1.0, 5.0, 5.0, False, "").ok
