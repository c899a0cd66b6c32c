"""`seesaw rollout watch`: when the rule is met, that nothing but a pause comes of it, and that it
is the simulation's rule."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_rig import cloudfront, common, objects
from release_rig import DAY
from staged_rig import NEW, Staged

from host_tools.fleet import rule as rules
from host_tools.fleet import simulate
from host_tools.fleet.habits import DATA_S, NEVER, Fleet
from host_tools.fleet.tally import MONTH_S, Tally
from host_tools.rollout import heard
from host_tools.rollout.heard import Asked

HOUR = 3600


def watched(
    desk: Staged, lines: list[str], capsys: pytest.CaptureFixture[str], *words: object,
    keys: bool = True,
) -> tuple[int, dict[str, Any]]:  # fmt: skip
    """Exit code and what programs are told."""
    capsys.readouterr()
    code = desk.roll("watch", desk.log(lines), "--json", *words, keys=keys)
    return code, json.loads(capsys.readouterr().out)


# -- the rule ------------------------------------------------------------------------------------


def test_a_good_release_is_left_alone(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    before = ring4.all_files()
    ring4.now_s += HOUR
    code, facts = watched(ring4, ring4.good(40) + ring4.bad(4), capsys)

    assert (code, facts["met"], facts["heard"], facts["failed"]) == (0, False, 44, 0)
    assert facts["rolled_back"] == 4 and ring4.all_files() == before


@pytest.mark.parametrize("stage", [1, 4, 5, 8])
def test_a_bad_release_is_paused_and_published(
    ring4: Staged, stage: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring4.publish() == 0
    ring4.only_online()
    ring4.now_s += HOUR
    lines = ring4.good(36) + ring4.bad(4, stage=stage)
    code, facts = watched(ring4, lines, capsys, "--out", ring4.out)

    assert (code, facts["met"], facts["stop"]) == (1, True, "pause")
    assert facts["failed"] + facts["rolled_back"] == 4
    assert facts["failed"] == (4 if stage < 5 else 0)
    stop = ring4.timestamp()["x-seesaw-stops"][NEW]
    assert stop == {"kind": "pause", "since": ring4.now_s,
                    "why": "abort rule: 4 of 40 failed or went back"}  # fmt: skip
    published = json.loads((ring4.out / "metadata" / "timestamp.json").read_bytes())
    assert published["signed"]["x-seesaw-halt"] == [NEW]


def test_a_few_are_too_few(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    ring4.now_s += HOUR
    assert watched(ring4, ring4.bad(9), capsys)[0] == 0
    assert watched(ring4, ring4.bad(10), capsys)[0] == 1


def test_a_ring_may_have_a_rule_of_its_own(
    desk: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    rings = [
        {"name": "own", "devices": ["240ac4000001"],
         "abort": {"abort_min": 1, "abort_percent": 1}},
        {"name": "all", "start_percentage": 100},
    ]  # fmt: skip
    assert desk.start(rings=rings) == 0
    desk.now_s += HOUR
    assert watched(desk, desk.bad(1), capsys)[0] == 1


def test_who_left_it_without_a_word_counts(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ran, and now an older one does: the launcher's way back, or a hand."""
    ring4.now_s += 2 * HOUR
    now_s = ring4.now_s
    lines = ring4.good(20, at_s=now_s - HOUR)
    lines += [ring4.said(number, "0.2.0", now_s) for number in range(2)]
    lines += [ring4.said(number, "0.4.0", now_s) for number in range(2, 20)]
    _, facts = watched(ring4, lines, capsys)

    assert (facts["rolled_back"], facts["good"], facts["met"]) == (2, 18, True)


def test_a_trial_is_no_verdict(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    ring4.now_s += HOUR
    lines = [ring4.said(number, NEW, slot="1t") for number in range(30)]
    _, facts = watched(ring4, lines, capsys)

    assert (facts["heard"], facts["on_trial"]) == (0, 30)


def test_silence_is_counted_of_those_who_took_it(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for hour in (1, 3) for line in ring4.good(20, at_s=ring4.now_s + hour * HOUR)]
    lines += [ring4.said(99, "0.2.0", ring4.now_s + hour * HOUR) for hour in (1, 3)]
    start_s = ring4.now_s
    lines += ring4.good(16, at_s=start_s + 60 * HOUR)
    ring4.now_s = start_s + 60 * HOUR
    code, facts = watched(ring4, lines, capsys)

    assert (code, facts["took"], facts["silent"]) == (1, 20, 4)
    assert facts["why"] == "abort rule: 4 of 20 fell silent"


def test_silence_on_the_version_before_counts_too(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stops in the middle of an install was last heard on the old one."""
    start_s = ring4.now_s
    lines = [ring4.said(number, "0.2.0", start_s + hour * HOUR)
             for hour in (1, 3) for number in range(20)]  # fmt: skip
    lines += [ring4.said(number, "0.2.0", start_s + 60 * HOUR) for number in range(16)]
    ring4.now_s = start_s + 60 * HOUR
    code, facts = watched(ring4, lines, capsys)

    assert (code, facts["took"], facts["every"], facts["quiet"]) == (1, 0, 20, 4)


def test_an_old_name_is_not_called_silent(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    """The month of names ends while it is rolled out: all are heard under new ones."""
    start_s = ring4.now_s
    lines = ring4.good(30, at_s=start_s + HOUR) + ring4.good(30, at_s=start_s + 3 * HOUR)
    ring4.now_s = (start_s // MONTH_S + 1) * MONTH_S + HOUR
    assert ring4.run("renew", "snapshot") == 0
    new_s = ring4.now_s + HOUR
    for later_s in (0, 2 * HOUR, 5 * DAY):
        lines += ring4.good(30, first=500, at_s=new_s + later_s)
    ring4.now_s = new_s + 5 * DAY
    code, facts = watched(ring4, lines, capsys)

    assert (code, facts["silent"], facts["took"]) == (0, 0, 30)
    assert (facts["quiet"], facts["every"]) == (0, 30)


def test_what_a_person_has_let_pass_does_not_pause_it_again(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    ring4.now_s += HOUR
    lines = ring4.good(36) + ring4.bad(4)
    assert watched(ring4, lines, capsys)[0] == 1
    assert watched(ring4, lines, capsys)[0] == 1  # it is paused, and the rule still met
    assert ring4.roll("resume") == 0
    ring4.now_s += HOUR
    again = lines + ring4.good(36) + ring4.bad(4)
    code, facts = watched(ring4, again, capsys)
    assert (code, facts["known"], facts["heard"]) == (0, 4, 36)
    code, facts = watched(ring4, again + ring4.bad(4, first=2000), capsys)
    assert (code, facts["known"], facts["rolled_back"]) == (1, 4, 4)


def test_failures_of_an_earlier_ring_count_in_the_next(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    ring2.now_s += HOUR
    lines = ring2.bad(9)
    assert watched(ring2, lines, capsys)[0] == 0
    assert ring2.roll("widen") == 0
    assert watched(ring2, lines + ring2.bad(1, first=2000), capsys)[0] == 1


# -- what it does not do -------------------------------------------------------------------------


def test_without_keys_it_only_tells(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    ring4.now_s += HOUR
    path = ring4.log(ring4.bad(40))
    before = ring4.all_files()
    capsys.readouterr()

    assert ring4.roll("watch", path, keys=False) == 1
    assert "nothing was paused: that takes --keys" in capsys.readouterr().out
    assert ring4.all_files() == before


def test_a_dry_run_of_a_watch_shows_the_pause(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    ring4.now_s += HOUR
    before = ring4.all_files()
    code, facts = watched(ring4, ring4.bad(40), capsys, "--dry-run")

    assert code == 1 and ring4.all_files() == before
    assert [Path(row["path"]).name for row in facts["files"]] == [
        f"{ring4.timestamp()['version'] + 1}.timestamp.json", "timestamp.json",
    ]  # fmt: skip


def test_a_halt_is_left_to_the_person(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    assert ring4.roll("halt", "--why", "mine") == 0
    ring4.now_s += HOUR
    before = ring4.all_files()
    code, facts = watched(ring4, ring4.bad(40), capsys)

    assert (code, facts["stop"]) == (1, "halt") and ring4.all_files() == before


def test_logs_without_a_device_are_refused(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    ring4.now_s += HOUR
    early = ring4.good(40, at_s=ring4.now_s - 3 * DAY)
    for lines in ([], ["mixed", "lines"], early):
        capsys.readouterr()
        assert ring4.roll("watch", ring4.log(lines)) == 2
        assert "no device's check since the start" in capsys.readouterr().err
    assert ring4.roll("watch", ring4.folder / "none.log") == 2


def test_every_form_of_log_counts_alike(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    ring4.now_s += HOUR
    failure = f"v=0.2.0&s=0i&f={NEW},{ring4.bundle8()},7,1,1"
    queries = [failure.replace("&f=", f"&p={n:012x}&f=") for n in range(20)]
    at_s = ring4.now_s
    lines = [common(at_s, one) for one in queries[:5]]
    lines += [cloudfront(at_s, one) for one in queries[5:10]]
    lines += [objects(at_s, one)[number % 5] for number, one in enumerate(queries[10:])]
    code, facts = watched(ring4, lines, capsys)

    assert (code, facts["rolled_back"]) == (1, 20)


# -- hostile logs --------------------------------------------------------------------------------

texts = st.text(st.characters(codec="latin-1", exclude_characters="\n"), max_size=60)


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """Good lines, forged ones, and such that are torn, spliced or spoilt."""
    at_s = 1_800_000_300 + draw(st.integers(-(10**6), 10**6))
    version = draw(st.sampled_from([NEW, "0.2.0", "0.9.9", "x", ""]))
    bundle = draw(st.sampled_from(["BUNDLE00", "deadbeef", "zz"]))
    query = f"v={version}&s=0i&p={draw(st.integers(0, 1 << 50)):012x}"
    query += draw(st.sampled_from(["", f"&f={NEW},{bundle},7,1,1", f"&f=,{bundle},99,99,999"]))
    form = draw(st.sampled_from([common, cloudfront, lambda *one: objects(*one)[0]]))
    line = form(at_s, query)
    cut = draw(st.integers(0, len(line)))
    spoilt = draw(st.sampled_from([line, line[:cut], line[cut:] + line, line[:cut] + "\0" + line]))
    return (spoilt + draw(texts)).encode("latin-1")


@pytest.fixture
def shared(ring4: Staged) -> Staged:
    assert ring4.publish() == 0
    return ring4


def test_nothing_but_a_pause_comes_of_hostile_logs(
    shared: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared.folder.parent / "hostile.log"
    first = shared.all_files()
    stamps = {"repo/metadata/timestamp.json", "out/metadata/timestamp.json"}
    bundle = shared.bundle8().encode()
    paused = 0

    @settings(max_examples=60, deadline=None)
    @given(st.lists(hostile() | texts.map(lambda one: one.encode("latin-1")), max_size=40))
    def look(lines: list[bytes]) -> None:
        nonlocal paused
        path.write_bytes(b"\n".join(one.replace(b"BUNDLE00", bundle) for one in lines))
        code = shared.roll("watch", path, "--out", shared.out)
        found = shared.all_files()
        changed = {name for name in {*found, *first} if found.get(name) != first.get(name)}
        kept = {name for name in changed if name.startswith("repo/timestamps/")}
        assert changed <= stamps | kept and len(kept) <= 1
        signed = shared.timestamp()
        assert signed["x-seesaw-halt"] == ([NEW] if code == 1 else [])
        assert {stop["kind"] for stop in signed["x-seesaw-stops"].values()} <= {"pause"}
        paused += code == 1
        for name in changed:  # as it was, for the next
            target = shared.folder / name
            target.write_bytes(first[name]) if name in first else target.unlink()

    look()
    path.write_bytes("\n".join(shared.bad(20)).encode())
    shared.now_s += HOUR
    assert shared.roll("watch", path) == 1  # forged or not, it pauses, and no more


# -- the same rule as the simulation's -----------------------------------------------------------


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.integers(1, 40),
       st.floats(0.1, 100), st.integers(1, 40), st.floats(0.1, 100))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_the_simulation_stops_where_the_watch_would(
    bad: list[bool], least: int, percent: float, few: int, few_percent: float
) -> None:
    plan = simulate.Plan(abort_percent=percent, abort_min=least, few_percent=few_percent,
                         few_min=few)  # fmt: skip
    met_s, _ = simulate.stop(plan, np.arange(len(bad)) * 60, np.array(bad))
    rule = rules.Rule(percent, least, few_percent=few_percent, few_min=few)
    asked = Asked(NEW, frozenset({"ab" * 4}), 0, 0, 10**10)
    failure = f"&f={NEW},{'ab' * 4},7,1,1"
    said = pl.DataFrame({
        "at": [number * 60 for number in range(len(bad))],
        "query": [f"v={'0.2.0' if one else NEW}&s=0i&p={number:012x}{failure if one else ''}"
                  for number, one in enumerate(bad)],
    })  # fmt: skip
    tally = Tally()
    met = []
    for count in range(len(bad)):
        if heard.read([said[count : count + 1]], asked, rule, tally).why:
            met.append(count * 60)

    assert met[:1] == ([met_s] if met_s < NEVER else [])


def test_the_defaults_are_the_simulations() -> None:
    assert simulate.Plan().rule == rules.Rule()


@pytest.mark.parametrize(
    ("heard", "bad", "met"),
    [(39, 39, False), (40, 1, False), (40, 2, True), (4999, 249, False), (4999, 250, True),
     (5000, 4, False), (5000, 5, True)],
)  # fmt: skip
def test_a_fleet_of_hundreds_has_a_rule_too(heard: int, bad: int, met: bool) -> None:
    rule = rules.Rule()
    assert rule.failing(heard, bad) == met
    silent = bad * (20 if heard == 5000 else 1)  # 2 % of so many, 5 % of fewer
    assert rule.quiet(heard, silent) == met


def test_a_healthy_fleet_is_not_silent_enough() -> None:
    """By the habits of the simulation; people's holidays are not in it."""
    fleet, who = Fleet(20_000, 3), np.arange(20_000)
    rule = rules.Rule()
    for hour in range(0, 168, 12):
        end_s = (14 * 24 + hour) * HOUR
        since = np.full(len(who), end_s - rule.silent_hours * HOUR)
        silent = float((fleet.first(who, since, DATA_S) > end_s).mean())
        assert silent * 100 < rule.silent_percent / 10
