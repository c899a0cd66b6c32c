"""`seesaw rollout start, widen, pause, halt, resume, recall`: what is signed, with whose keys, and
what cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_rig import BOARD, DAY, NOW, bundle_of, device, release, sha256
from seesaw.core.rollout import bucket, share
from staged_rig import NEW, OTHER, OWN, TEST, Staged

from host_tools.fleet.rule import Rule
from host_tools.release.state import HALT, Stop
from host_tools.rollout import course as courses
from host_tools.rollout import plan as plans

HOUR = 3600


def ids(*names: str) -> list[bytes]:
    return [bytes.fromhex(one.replace(":", "")) for one in names]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


def takes(desk: Staged, one: bytes, now_s: int) -> bool:
    """Would this device take it now, by its own reckoning?"""
    signed = desk.signed()
    part = share(signed["start_percentage"], signed["duration_minutes"],
                 now_s - signed["start_epoch"])  # fmt: skip
    return bucket(one, NEW, signed.get("early", [])) < part


# -- rings ---------------------------------------------------------------------------------------


def test_each_ring_lets_in_its_own_and_keeps_those_before(desk: Staged) -> None:
    own, test = ids(*OWN), ids(*TEST)
    strangers = [number.to_bytes(6, "big") for number in range(2000)]
    assert desk.start() == 0
    assert all(takes(desk, one, desk.now_s) for one in own)
    assert not any(takes(desk, one, desk.now_s + 90 * DAY) for one in [*test, *strangers])

    assert desk.roll("widen") == 0
    assert all(takes(desk, one, desk.now_s) for one in own + test)
    assert not any(takes(desk, one, desk.now_s + 90 * DAY) for one in strangers)

    assert desk.roll("widen") == 0
    tenth = [one for one in strangers if takes(desk, one, desk.now_s + 90 * DAY)]
    assert 140 < len(tenth) < 260 and all(takes(desk, one, desk.now_s) for one in own + test)

    assert desk.roll("widen") == 0
    assert [one for one in strangers if takes(desk, one, desk.now_s)] == tenth
    assert all(takes(desk, one, desk.now_s + 8 * DAY) for one in strangers)


def test_a_rollout_is_the_same_on_every_board(desk: Staged) -> None:
    before = [desk.signed(board, "0.2.0") for board in (BOARD, OTHER)]
    assert desk.start() == desk.roll("widen") == 0

    assert desk.signed() == desk.signed(OTHER) and desk.signed()["ring"] == 1
    assert [desk.signed(board, "0.2.0") for board in (BOARD, OTHER)] == before


def test_no_id_is_in_the_repository_and_no_plan_is_published(ring4: Staged) -> None:
    assert ring4.publish() == 0
    assert {path.name for path in ring4.out.iterdir() if path.is_dir()} == {"metadata", "targets"}
    for name, data in ring4.all_files().items():
        if name.startswith(("repo/", "out/")):
            assert not any(one.hex().encode() in data.lower() or one in data
                           for one in ids(*OWN, *TEST)), name  # fmt: skip


def test_a_board_that_comes_later_joins_at_the_next_ring(
    bare: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    held = ("drill", "--start-percentage", "0")
    assert bare.drill(release(NEW, BOARD), *held) == bare.start() == 0
    capsys.readouterr()
    assert bare.drill(release(NEW, OTHER)) == 2
    assert "the next 'seesaw rollout widen' takes it along" in error_of(capsys)
    assert bare.drill(release(NEW, OTHER), *held) == bare.roll("widen") == 0

    assert bare.signed() == bare.signed(OTHER) and bare.signed()["ring"] == 1


def test_the_last_ring_is_the_last(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert ring4.roll("widen") == 2
    assert "'everyone' is its last ring" in error_of(capsys)


def test_what_cannot_start(desk: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(why: str, *words: object, version: str = NEW) -> None:
        before = desk.all_files()
        assert desk.roll("start", "--plan", path, *words, version=version) == 2
        assert why in error_of(capsys)
        assert desk.all_files() == before

    path = desk.plan()
    refused("it is listed for 100 %", version="0.2.0")
    refused("no board lists it", version="0.9.0")
    refused("it has passed", "--start-epoch", NOW)
    refused("more than a week ahead", "--start-epoch", NOW + 9 * DAY, "--force")
    assert desk.start() == 0
    capsys.readouterr()
    path = desk.plan(abort={"abort_percent": 99})
    refused("its rollout has started")
    assert desk.roll("pause") == 0
    capsys.readouterr()
    refused("its rollout has started")  # a rule cannot be loosened by a pause


def test_other_ways_to_sign_do_not_undo_a_rollout(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = ring2.signed()
    assert ring2.drill(release(NEW, BOARD), "drill", "--start-percentage", "50") == 2
    assert "rolled out by a plan" in error_of(capsys)
    assert ring2.drill(release(NEW, BOARD), "drill", "--deadend", "it cannot update") == 0
    assert ring2.signed() == signed
    assert ring2.role().targets[f"{BOARD}/{NEW}/bundle"].custom["deadend"] == "it cannot update"
    assert ring2.roll("halt") == 0
    capsys.readouterr()
    assert ring2.run("resume", NEW) == 2
    assert "'seesaw rollout resume'" in error_of(capsys)
    assert ring2.halted() == [NEW]


# -- stops ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["pause", "halt"])
def test_a_stop_is_one_published_file_and_needs_the_online_key_alone(
    ring2: Staged, verb: str
) -> None:
    assert ring2.publish() == 0
    ring2.only_online()
    before = ring2.all_files()
    assert ring2.roll(verb, "--out", ring2.out, "--why", "the beam jerks") == 0
    after = ring2.all_files()
    changed = {name for name in after if before.get(name) != after[name]}

    stamp = ring2.timestamp()
    assert changed == {"repo/metadata/timestamp.json", "out/metadata/timestamp.json",
                       f"repo/timestamps/{stamp['version']}.timestamp.json"}  # fmt: skip
    assert stamp["x-seesaw-halt"] == [NEW]
    assert stamp["x-seesaw-stops"] == {
        NEW: {"kind": verb, "since": ring2.now_s, "why": "the beam jerks"}
    }
    assert device(ring2.out, ring2.roots()[0]).targets


def test_a_halt_asks_nothing(ring2: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*words: object) -> str:
        raise AssertionError("it asks")

    monkeypatch.setattr("builtins.input", asked)
    monkeypatch.setattr("getpass.getpass", asked)
    in_session = NOW + 7 * HOUR + 30 * 60
    ring2.now_s = in_session
    assert ring2.roll("halt", "--out", ring2.out) == 0


def test_a_pause_may_become_a_halt_and_never_the_other_way(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring4.roll("pause") == 0
    since = ring4.now_s
    assert ring4.roll("halt") == 0
    capsys.readouterr()
    assert ring4.timestamp()["x-seesaw-stops"][NEW] == {"kind": "halt", "since": since, "why": ""}
    for verb in ("pause", "halt"):
        assert ring4.roll(verb) == 2
        assert "it is halted since" in error_of(capsys)
    assert ring4.roll("widen") == 2
    assert "'seesaw rollout resume' first" in error_of(capsys)


def test_time_that_passes_in_a_pause_lets_nobody_in(ring4: Staged) -> None:
    ring4.now_s += 2 * DAY  # of the seven from a tenth to all
    stopped_s = ring4.now_s + 60
    assert ring4.roll("pause") == 0
    before = courses.share_of(ring4.signed(), stopped_s)
    ring4.now_s += 4 * DAY
    assert ring4.roll("resume") == 0
    signed = ring4.signed()
    after = courses.share_of(signed, ring4.now_s)

    assert ring4.halted() == [] and "x-seesaw-stops" in ring4.timestamp()
    assert before - 100 < after <= before == 3572
    assert signed["since"] == ring4.now_s
    week = courses.share_of(signed, ring4.now_s + 5 * DAY)
    assert after + (week - after) * 7 // 5 - after == pytest.approx(9000, abs=150)  # the same pace
    assert courses.share_of(signed, ring4.now_s + 6 * DAY) == courses.ALL
    assert ring4.roll("pause") == ring4.roll("resume") == 0  # what was resumed can be again


def test_a_resume_needs_the_desks_key(ring4: Staged, capsys: pytest.CaptureFixture[str]) -> None:
    assert ring4.roll("pause") == 0
    ring4.only_online()
    capsys.readouterr()
    for verb in ("resume", "recall"):
        assert ring4.roll(verb) == 2
        assert "1 of its 2 keys must sign, 0 are here" in error_of(capsys)
    assert ring4.halted() == [NEW]


def test_a_halt_without_a_date_goes_on_from_its_rings_start(ring4: Staged) -> None:
    signed = ring4.signed()
    after = courses.resumed(signed, Stop(HALT, 0), ring4.now_s + 3 * DAY)

    assert after == signed | {"start_epoch": ring4.now_s + 3 * DAY, "since": after["since"]}


def test_another_plan_takes_a_halt_and_a_new_start(ring2: Staged) -> None:
    old = ring2.signed()["plan"]
    assert ring2.roll("halt") == 0
    assert ring2.start(abort={"abort_percent": 5}) == 0

    assert ring2.halted() == [] and ring2.signed()["ring"] == 0
    assert ring2.signed()["plan"] != old


def test_a_recall_is_for_every_board_and_for_ever(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring2.roll("recall", "--out", ring2.out) == 0
    for board in (BOARD, OTHER):
        role = device(ring2.out, ring2.roots()[0], board)
        hashes = [row["sha256"] for row in role.unrecognized_fields["x-seesaw-recalls"]]
        assert len(hashes) == 1 and f"{board}/{NEW}/bundle" not in role.targets
    mine = bundle_of(ring2.mine(release(NEW, BOARD)))
    assert sha256(mine) in [row["sha256"] for row in
                            ring2.role().unrecognized_fields["x-seesaw-recalls"]]  # fmt: skip
    capsys.readouterr()
    for verb, why in (("widen", "it was recalled"), ("recall", "it was recalled")):
        assert ring2.roll(verb) == 2
        assert why in error_of(capsys)
    assert ring2.start() == 2


def test_what_was_never_signed_is_not_recalled(
    desk: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("recall", "halt", "pause"):
        assert desk.roll(verb, version="0.9.0") == 2
        assert "no release of that version was ever signed" in error_of(capsys)


# -- a share that goes on ------------------------------------------------------------------------


@given(st.integers(0, 100), st.integers(1, 20_000), st.integers(0, 2_000_000),
       st.integers(0, 2_000_000))  # fmt: skip
def test_a_resumed_share_goes_on_from_below_and_is_one_of_its_ring(
    percent: int, minutes: int, until_s: int, pause_s: int
) -> None:
    ring = plans.Ring("all", (), percent, minutes, Rule())
    plan = plans.Plan(NEW, (ring,))
    signed = {"start_epoch": NOW, "start_percentage": percent, "duration_minutes": minutes,
              "ring": 0, "since": NOW}  # fmt: skip
    stop, now_s = Stop(HALT, NOW + until_s), NOW + until_s + pause_s
    found = courses.resumed(signed, stop, now_s)
    before, after = courses.share_of(signed, stop.since), courses.share_of(found, now_s)

    assert before - 100 < after <= before
    assert courses._check(plan, found) == 0
    assert courses.share_of(found, now_s + minutes * 60) == courses.ALL
    again = courses.resumed(found, Stop(HALT, now_s + 60), now_s + 60)
    assert courses._check(plan, again) == 0
