"""`seesaw rollout` at a desk: the hours of the US session, dry runs, publishing, status."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from release_rig import BOARD, DAY, NOW
from staged_rig import NEW, OTHER, PLAN, RULE, Staged, at_ring

from host_tools import cli
from host_tools.errors import UserError
from host_tools.release import client, place

HOUR = 3600


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


# -- the US session ------------------------------------------------------------------------------

FRIDAY = NOW  # 2027-01-15, 08:00 UTC
HOURS = [
    (FRIDAY + 6 * HOUR, True),  # 09:00 in New York
    (FRIDAY + 6 * HOUR + 1800, False),
    (FRIDAY + 12 * HOUR + 3540, False),
    (FRIDAY + 13 * HOUR, True),
    (FRIDAY + DAY + 8 * HOUR, True),  # Saturday
    (FRIDAY + 3 * DAY + 8 * HOUR, True),  # Martin Luther King's day
    (FRIDAY + 4 * DAY + 8 * HOUR, False),
]


@pytest.mark.parametrize(("at_s", "free"), HOURS)
def test_nothing_starts_or_widens_inside_the_us_session(
    ring1: Staged, at_s: int, free: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    ring1.now_s = at_s - 60
    before = ring1.all_files()
    assert ring1.roll("widen") == (0 if free else 2)
    if not free:
        assert "inside the US session, which ends at 21:00 UTC" in error_of(capsys)
        assert ring1.all_files() == before
        assert ring1.roll("widen", "--force") == 0
    assert ring1.signed()["ring"] == 1


def test_a_resume_and_a_planned_start_count_as_well(
    desk: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = FRIDAY + 8 * HOUR
    assert desk.start("--start-epoch", inside) == 2
    assert "2027-01-15 16:00 UTC: it is inside the US session" in error_of(capsys)
    assert desk.start("--start-epoch", FRIDAY + 14 * HOUR) == desk.roll("pause") == 0
    capsys.readouterr()
    desk.now_s = inside
    assert desk.roll("resume") == 2
    assert "inside the US session" in error_of(capsys)
    assert desk.roll("resume", "--force") == 0


def test_beyond_the_calendar_nobody_knows(desk: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    desk.now_s = NOW + 3 * 365 * DAY
    assert desk.start() == 2
    assert "the calendar of XNYS ends on" in error_of(capsys)
    assert desk.start("--force") == 0


# -- a dry run -----------------------------------------------------------------------------------

DRY = {
    "start": ["--plan", "PLAN"], "widen": [], "pause": [], "halt": [], "resume": [], "recall": [],
}  # fmt: skip


@pytest.mark.parametrize("verb", DRY)
def test_a_dry_run_shows_every_file_and_touches_none(
    tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    it = at_ring(0 if verb == "start" else 2, tmp_path)
    if verb == "resume":
        assert it.roll("pause") == 0
    if verb == "widen":
        assert it.publish() == 0
    words = [it.plan() if one == "PLAN" else one for one in DRY[verb]]
    (it.repo / ".lock").unlink()
    before = it.all_files()
    capsys.readouterr()
    assert it.roll(verb, *words, "--out", it.out, "--dry-run", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert it.all_files() == before and not (it.repo / ".lock").exists()

    it.now_s -= 60
    assert it.roll(verb, *words, "--out", it.out) == 0
    after = it.all_files()
    changed = {name for name in after if before.get(name) != after[name]}
    told = {row["path"].removeprefix(f"{it.folder}/"): row["change"] for row in facts["files"]}
    assert set(told) == changed and facts["dry_run"] is True
    assert all((name in before) == (change == "changed") for name, change in told.items())


def test_a_dry_run_in_words(ring1: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    assert ring1.roll("halt", "--dry-run") == 0
    out = capsys.readouterr().out

    assert f"changed  {ring1.repo}/metadata/timestamp.json" in out
    assert "a dry run: 2 files would be written, and none was" in out


# -- publishing ----------------------------------------------------------------------------------


def test_when_publishing_fails_it_is_said_what_was_signed(
    ring1: Staged, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, items: Sequence[place.Item]) -> None:
        if folder == ring1.out:
            raise UserError(str(folder), "it cannot be written (no space left)", "make room")
        put(folder, items)

    put, there = place.put, client.reader(ring1.out)
    published = there("metadata/timestamp.json")
    with monkeypatch.context() as patch:
        patch.setattr(place, "put", full)
        assert ring1.roll("halt", "--out", ring1.out) == 2
    error = capsys.readouterr().err
    assert "signed in" in error
    assert f"seesaw release publish {ring1.repo} {ring1.out}" in error
    assert ring1.halted() == [NEW] and there("metadata/timestamp.json") == published

    assert ring1.publish() == 0
    assert b'"x-seesaw-halt":["0.3.0"]' in (there("metadata/timestamp.json") or b"")


@pytest.mark.parametrize("verb", ["start", "halt"])
@pytest.mark.parametrize(("ahead", "why"), [
    (1, "was not made by this copy"), (2, "devices refuse to go back"),
])  # fmt: skip
def test_a_copy_that_is_behind_what_is_published_changes_nothing(
    desk: Staged, verb: str, ahead: int, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(desk.repo, desk.folder / "copy")
    assert desk.start() == 0
    assert ahead == 1 or desk.roll("pause") == 0
    assert desk.publish() == 0
    shutil.rmtree(desk.repo)
    (desk.folder / "copy").rename(desk.repo)
    words = ("--plan", desk.plan()) if verb == "start" else ()
    before = desk.all_files()
    capsys.readouterr()

    assert desk.roll(verb, *words, "--out", desk.out) == 2
    assert why in error_of(capsys)
    assert desk.all_files() == before


# -- status --------------------------------------------------------------------------------------


def test_status_for_people_and_programs(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    ring4.now_s += DAY
    assert ring4.roll("status") == 0
    out = capsys.readouterr().out
    assert re.search(rf"^{NEW} .*  4 of 4, everyone  3  +22\.\d+ %  under way  -$", out, re.M)
    assert "pauses at 10 % failed or rolled back, or 20 % silent for 48 h, of 10 or more" in out
    assert ring4.roll("pause", "--why", "look") == 0
    capsys.readouterr()
    assert ring4.roll("status", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)["rollouts"]

    assert one["stop"] == {"kind": "pause", "since": ring4.now_s - 60, "why": "look"}
    assert one["boards"] == [BOARD, OTHER] and one["named"] == 3 and one["next"] is None
    assert one["ring"]["number"] == one["ring"]["of"] == len(PLAN["rings"])
    assert 22 < one["share_percent"] < 24 and one["abort"] == RULE


def test_status_before_and_after(desk: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rollout", "status", str(desk.repo)]) == 0
    assert "no rollout has started" in capsys.readouterr().out
    assert desk.roll("status") == 2
    assert "no rollout of it has started" in error_of(capsys)
    rings = [{"name": "later", "start_percentage": 50, "duration_minutes": 60}]
    assert desk.start("--start-epoch", desk.now_s + DAY, rings=rings) == 0
    capsys.readouterr()
    assert desk.roll("status") == 0
    assert "0 %    begins 2027-01-16" in capsys.readouterr().out
    desk.now_s += 2 * DAY
    assert desk.roll("status") == 0
    assert "100 %  for all" in capsys.readouterr().out


def test_a_stop_without_a_plan_is_in_the_status(
    desk: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.roll("pause", "--why", "the beam jerks", version="0.2.0") == 0
    stop = {"kind": "pause", "since": desk.now_s, "why": "the beam jerks"}
    capsys.readouterr()
    status = ["rollout", "status", str(desk.repo)]
    assert cli.main(status) == 0
    out = capsys.readouterr().out
    assert re.search(r"^0\.2\.0 is paused since 2027-01-15 .* UTC: the beam jerks; no", out, re.M)
    assert "no plan rolls it out: 'seesaw release resume'" in out
    assert cli.main([*status, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stops"] == {"0.2.0": stop}
    for verb in ("resume", "widen", "status"):
        assert desk.roll(verb, version="0.2.0") == 2
        error = error_of(capsys)
        assert "it is paused since 2027-01-15" in error
        assert "the beam jerks, and no rollout of it has started; 'seesaw release resume'" in error

    assert desk.start() == desk.roll("pause") == 0  # of a plan's, the table has the stop
    capsys.readouterr()
    assert cli.main(status) == 0
    assert capsys.readouterr().out.count(" paused since ") == 2
    assert desk.run("resume", "0.2.0") == 0
    assert desk.halted() == [NEW]
