"""`seesaw fleet simulate`: it takes the device's own word for who may install and when, its times
are those of the firmware, and its short cuts give what a plain count gives."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw import app, config
from seesaw.core import handover
from seesaw.core.rollout import bucket
from seesaw.update.choose import choose

from host_tools import cli
from host_tools.fleet import habits, simulate
from host_tools.fleet.habits import DAY_S, NEVER, Fleet, drawn
from host_tools.fleet.simulate import Fault, Plan

BUNDLE = "ab" * 32


class Record:
    """Of a device that has met no trouble."""

    last = ""

    def skip(self, bundle: bytes, version: str = "") -> bool:
        return False

    def waited(self, bundle: bytes) -> int:
        raise AssertionError("it has a clock")


def target(version: str, start_s: int, percentage: int, minutes: int) -> dict[str, Any]:
    rollout = {"start_epoch": start_s, "start_percentage": percentage, "duration_minutes": minutes}
    custom = {"version": version, "boards": ["b"], "through": [], "from": ["*"], "rollout": rollout,
              "barrier": None, "deadend": None}  # fmt: skip
    return {f"b/{version}/bundle": {"hashes": {"sha256": BUNDLE}, "custom": custom}}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100), st.integers(0, 20_000))
def test_a_device_installs_when_the_simulation_says(percentage: int, minutes: int) -> None:
    start_s = 1_790_000_000
    opens = simulate.opens(percentage, minutes)
    places = simulate.buckets(40, simulate.VERSION)
    listed = target(simulate.VERSION, start_s, percentage, minutes)
    for number, place in enumerate(places):
        device = (0x240AC4000000 + number).to_bytes(6, "big")

        def takes(after_s: int, device: bytes = device) -> bool:
            running = ("b", "1.0.0", b"\0" * 32, device)
            times = (start_s + after_s, None)
            word, _, why = choose(listed, running, times, [], [], Record(), lambda path, _: path)
            assert word == "install" or "not for this device yet" in why
            return word == "install"

        assert bucket(device, simulate.VERSION, []) == place
        opened = int(opens[place])
        if opened < NEVER:
            assert takes(opened) and not takes(opened - 1)
        else:
            assert not takes(10**9)


def test_the_times_are_those_of_the_firmware() -> None:
    assert habits.FIRST_S == app._FIRST_CHECK_S
    assert habits.DATA_S == handover._DATA_S and handover._SPREAD == 4
    assert config.DEFAULTS["check_s"] == habits.CHECK_S


@pytest.mark.parametrize("every_s", [habits.CHECK_S, habits.DATA_S])
def test_the_next_look_is_the_first_of_all_looks(every_s: int) -> None:
    fleet, who = Fleet(150, 5), np.arange(150)
    after = (drawn(9, who) * 20 * DAY_S).astype(np.int64)
    found = fleet.first(who, after, every_s)
    kinds = set()
    for device in range(150):
        one = np.array([device])
        looks = []
        for day in range(-2, 40):
            begin = int(fleet.begin(one, day)[0])
            end = begin + int(fleet.length_s[device])
            if fleet.always[device]:
                end = int(fleet.on_s[device]) + (day + 1) * DAY_S
            if fleet.lit(one, day)[0]:
                looks += range(begin + habits.FIRST_S, end, every_s)
        wanted = next(at for at in sorted(looks) if at >= after[device]
                      and drawn(5, 7, one, np.array([at]))[0] < fleet.quality[device])  # fmt: skip
        assert found[device] == wanted
        kinds.add(int(fleet.habit[device]))
    assert kinds == {0, 1, 2}


def test_a_fleet_is_drawn_as_its_tables_say() -> None:
    fleet = Fleet(100_000, 3)
    for number, row in enumerate(habits.HABITS):
        assert abs(np.mean(fleet.habit == number) - row[0]) < 0.01
    for share, quality in habits.WIFI:
        assert abs(np.mean(fleet.quality == quality) - share) < 0.01
    office = np.flatnonzero(fleet.habit == 2)
    assert not fleet.lit(office, 5).any() and fleet.lit(office, 7).all()  # Saturday, Monday
    values = drawn(1, 2, np.arange(100_000))
    counts, _ = np.histogram(values, 20, (0, 1))
    assert counts.min() > 4700 and counts.max() < 5300


def test_the_load_is_what_one_counts() -> None:
    fleet = Fleet(4000, 1)
    load, half = fleet.load(7, 4000), fleet.load(7, 2000)
    assert len(load) == 7 * 1440 and abs(half.sum() / load.sum() - 1) < 0.05
    always = fleet.always.sum() * 24 * 7
    assert always * 0.97 < load.sum() < always + 4000 * 9 * 7


def naive_stop(plan: Plan, reports: list[int], bad: list[bool]) -> int:
    heard = failed = 0
    for at_s, fails in sorted(zip(reports, bad, strict=True)):
        if at_s >= NEVER:
            break
        heard, failed = heard + 1, failed + fails
        some = heard >= plan.few_min and failed * 100 >= plan.few_percent * heard
        if some or heard >= plan.abort_min and failed * 100 >= plan.abort_percent * heard:
            ready = at_s + plan.delay_minutes * 60
            while ready % (plan.watch_minutes * 60):
                ready += 1
            return ready
    return NEVER


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50_000) | st.just(NEVER), st.booleans()), max_size=60,
                unique_by=lambda one: one[0]),
       st.integers(1, 30), st.integers(0, 100), st.integers(1, 30),
       st.integers(0, 100))  # fmt: skip
def test_the_rule_stops_where_a_plain_count_does(
    events: list[tuple[int, bool]], least: int, percent: int, few: int, few_percent: int
) -> None:
    plan = Plan(abort_min=least, abort_percent=percent, watch_minutes=7, delay_minutes=3,
                few_min=few, few_percent=few_percent)  # fmt: skip
    reports, bad = [at for at, _ in events], [fails for _, fails in events]
    _, found = simulate.stop(plan, np.array(reports, np.int64), np.array(bad, bool))
    assert found == naive_stop(plan, reports, bad)


FREE = Plan(abort_percent=100, few_percent=100)


@pytest.mark.parametrize(("count", "most"), [(500, 60), (4000, 120), (40_000, 600)])
def test_what_fails_many_is_stopped_in_a_small_fleet_too(count: int, most: int) -> None:
    """By the default rule, whose 5000 they do not have, or late."""
    fault = Fault(100, 15, 0.01)
    found = simulate.figures(simulate.simulate(count, 14, Plan(), fault, 1), fault)
    assert found["stopped"] and found["reached"] <= most
    assert found["heard_when_met"] <= 60


def test_nobody_takes_it_after_the_stop_and_the_figures_add_up() -> None:
    plan = Plan(abort_min=200, abort_percent=1, few_percent=100)
    fault = Fault(50, 20, 0)
    run = simulate.simulate(20_000, 12, plan, fault, 1)
    found = simulate.figures(run, fault)
    reached = run.installs < run.stop_s
    assert found["stopped"] and found["reached"] == reached.sum()
    assert found["heard_when_met"] == 200 and found["failed_when_met"] >= 2
    assert found["failed"] == found["failed_by_the_fault"] == (reached & run.planted).sum() > 0
    assert (run.reports[run.reports < NEVER] > run.installs[run.reports < NEVER]).all()
    assert abs(found["would_fail"] - 2000) < 200
    free = simulate.figures(simulate.simulate(20_000, 12, FREE, fault, 1), fault)
    assert not free["stopped"] and free["reached"] > 19_000  # some look seldom
    assert found["reached"] < 0.1 * free["reached"]


def run(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> dict[str, Any]:
    assert cli.main(["fleet", "simulate", "--json", "--days", "12", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_the_command_says_draws_and_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--devices", "30000", "--abort-min", "500", "--failing", "20")
    png, svg = tmp_path / "x.png", tmp_path / "x.svg"
    first = run(capsys, 0, *small, "-o", str(png))
    assert first["stopped"] and png.read_bytes().startswith(b"\x89PNG")
    assert run(capsys, 0, *small, "-o", str(svg)) == first
    assert ET.parse(svg).getroot().tag.endswith("svg")
    assert run(capsys, 0, *small, "--seed", "2") != first
    assert not run(capsys, 1, *small, "--abort-percent", "90", "--few-percent", "90")["stopped"]
    assert not run(capsys, 0, "--devices", "30000", "--failing", "0")["stopped"]
    assert run(capsys, 1, "--devices", "30000", "--failing", "0", "--noise", "3")["stopped"]
    assert run(capsys, 1, *small, "--start-percentage", "0", "--duration-minutes", "0")[
        "reached"] == 0  # fmt: skip
    assert cli.main(["fleet", "simulate", "--days", "12", *small]) == 0
    out = capsys.readouterr().out
    assert "the release is stopped after" in out and f"reached {first['reached']:,} devices" in out


@pytest.mark.parametrize(
    "arguments",
    [["--devices", "0"], ["--devices", "9999999"], ["--abort-percent", "x"], ["--days", "0"],
     ["--abort-percent", "101"], ["--abort-percent", "nan"], ["--start-hour", "24"],
     ["--days", "1", "--devices", "10", "-o", "/nowhere/x.png"],
     ["--days", "1", "--devices", "10", "-o", "x.what"]],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fleet", "simulate", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_default_that_help_names_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["fleet", "simulate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    found = re.findall(r"(--[a-z-]+) [A-Z] [^(]*?\(default: ([^)]+)\)", text)
    words = [word for one in found for word in one]
    parsed = cli.parser().parse_args(["fleet", "simulate", *words])
    assert len(found) >= 12
    assert parsed.devices == 1_000_000 and parsed.noise == 0.01
