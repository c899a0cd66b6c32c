"""`seesaw release sign`: what is written of a release, and everything that keeps one out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from release_rig import (
    BOARD,
    DAY,
    LAUNCHER,
    NOW,
    Desk,
    bundle_of,
    contents,
    device,
    evidence,
    release,
    runtime_of,
    sha256,
)

from host_tools.image import runtime
from host_tools.release import packing


def refused(desk: Desk, code: int, capsys: pytest.CaptureFixture[str], *words: str) -> None:
    """Code 2, one line that says all these words."""
    captured = capsys.readouterr()
    assert code == 2, captured.out
    assert captured.err.startswith("seesaw: ") and captured.err.count("\n") == 1
    for word in words:
        assert word in captured.err


def custom(desk: Desk, version: str, board: str = BOARD) -> dict[str, Any]:
    return desk.role(board).targets[f"{board}/{version}/bundle"].custom


def test_a_release_is_written_as_the_specification_says(desk: Desk) -> None:
    path = release("0.2.0")
    assert desk.sign(path) == 0
    bundle, app = bundle_of(path), runtime_of(path)
    targets = desk.role().targets

    assert set(targets) == {f"{BOARD}/0.2.0/bundle", f"{BOARD}/0.2.0/runtime"}
    target = targets[f"{BOARD}/0.2.0/runtime"]
    assert (target.length, target.hashes) == (len(app), {"sha256": sha256(app)})
    target = targets[f"{BOARD}/0.2.0/bundle"]
    assert (target.length, target.hashes) == (len(bundle), {"sha256": sha256(bundle)})
    shown = (desk.folder / "evidence.json").read_bytes()
    folder = desk.repo / "targets" / BOARD / "0.2.0"
    packed = (folder / f"{sha256(bundle)}.bundle.packed").read_bytes()
    assert target.custom == {
        "version": "0.2.0",
        "boards": [BOARD],
        "runtime": {
            "path": f"{BOARD}/0.2.0/runtime", "sha256": sha256(app), "length": len(app),
        },
        "from": ["*"],
        "through": [],
        "size": -(-len(app) // 4096) * 4096 + len(bundle) + 4096,
        "trial_s": 600,
        "built": NOW - DAY,
        "rollout": {
            "start_epoch": desk.now_s, "start_percentage": 100, "duration_minutes": 0,
        },
        "barrier": None,
        "deadend": None,
        "proof": {"sha256": sha256(shown)},
        "packed": {"length": len(packed), "sha256": sha256(packed[:20])},
    }  # fmt: skip
    assert (desk.repo / "evidence" / f"{sha256(shown)}.json").read_bytes() == shown
    assert (folder / f"{sha256(bundle)}.bundle").read_bytes() == bundle
    assert (folder / f"{sha256(app)}.runtime").read_bytes() == app


def test_the_timestamp_says_when_it_was_signed(desk: Desk) -> None:
    assert desk.sign(release("0.2.0")) == 0
    signed = desk.timestamp()

    assert (signed["x-seesaw-issued"], signed["x-seesaw-halt"]) == (desk.now_s, [])
    assert desk.role().unrecognized_fields == {"x-seesaw-recalls": []}
    assert device(desk.repo, desk.roots()[0]).version == 2


def test_rules_are_written_as_they_are_given(desk: Desk) -> None:
    assert desk.sign(release("0.2.0")) == 0
    code = desk.sign(
        release("0.3.0"), "--from", "0.1.0", "--from", "0.2.0-0.2.9", "--through", "0.2.0",
        "--start-percentage", 5, "--duration-minutes", 2880, "--start-epoch", "2027-02-01",
        "--barrier", "settings move", "--deadend", "the last one",
    )  # fmt: skip
    found = custom(desk, "0.3.0")

    assert code == 0
    assert (found["from"], found["through"]) == (["0.1.0", "0.2.0-0.2.9"], ["0.2.0"])
    assert found["rollout"] == {
        "start_epoch": 1_801_440_000, "start_percentage": 5, "duration_minutes": 2880,
    }  # fmt: skip
    assert (found["barrier"], found["deadend"]) == ("settings move", "the last one")


def test_the_same_release_again_changes_its_rules(desk: Desk) -> None:
    assert desk.sign(release("0.2.0"), "--start-percentage", 10) == 0
    assert desk.sign(release("0.2.0"), "--barrier", "stop here") == 0
    found = custom(desk, "0.2.0")

    assert (found["rollout"]["start_percentage"], found["barrier"]) == (100, "stop here")
    assert len(desk.role().targets) == 2 and desk.role().version == 3


def test_an_older_one_can_leave_the_list(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.sign(release("0.2.0")) == desk.sign(release("0.3.0"), "--drop", "0.2.0") == 0
    assert {path.split("/")[1] for path in desk.role().targets} == {"0.3.0"}
    assert len(list((desk.repo / "targets" / BOARD / "0.2.0").iterdir())) == 3  # still served
    capsys.readouterr()
    for other in ("0.2.0", "0.4.0"):
        refused(desk, desk.sign(release("0.4.0"), "--drop", other), capsys, f"{other}: ")


def test_a_board_gets_its_role_with_its_first_release(desk: Desk, tmp_path: Path) -> None:
    shutil.rmtree(desk.folder)
    line = ("release", "init", str(desk.repo), "--keys", str(desk.keys), "--board", "esp32")
    from host_tools import cli

    assert cli.main([*line, "--now", str(NOW)]) == 0
    assert desk.sign(release("0.2.0", "esp32s3")) == 0
    role = device(desk.repo, desk.roots()[0], "esp32s3")

    assert set(role.targets) == {"esp32s3/0.2.0/bundle", "esp32s3/0.2.0/runtime"}
    assert role.unrecognized_fields == {"x-seesaw-recalls": []}


# -- proof --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "no evidence of format 1"),
        ({"verdict": "brick"}, "its verdict is 'brick'"),
        ({"verdict": "nothing"}, "its verdict is 'nothing'"),
        ({"verdict": None}, "its verdict is 'None'"),
        ({"sha256": {"bundle": "00" * 32}}, "it speaks of bundle 000000000000"),
        ({"sha256": {"bundle": 5}}, "it speaks of no bundle"),
        ({"sha256": {}}, "it speaks of no bundle"),
        ({"sha256": "00"}, "it speaks of no bundle"),
        ({"versions": {"candidate": "0.3.0"}}, "it speaks of version '0.3.0'"),
        ({"versions": []}, "it speaks of version 'None'"),
        ({"budget": "part"}, "its budget is 'part', and a part of the scenarios proves nothing"),
        ({"budget": None}, "it names no budget"),
        ({"budget": ["full"]}, "its budget is '['full']'"),
    ],
)
def test_evidence_must_speak_of_this_bundle(
    desk: Desk, changes: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, file = release("0.2.0"), desk.folder / "evidence.json"
    file.write_text(json.dumps(evidence(path, **changes)))
    before = contents(desk.repo)

    code = desk.run("sign", path, "--evidence", file)
    refused(desk, code, capsys, "evidence.json", words, "seesaw prove")
    assert contents(desk.repo) == before


def test_a_proof_on_another_runtime_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path, file = release("0.2.0"), desk.folder / "evidence.json"
    hashes = {"bundle": sha256(bundle_of(path)), "runtime": sha256(runtime_of(path))}
    for runtime_sha256, said in ((hashes["runtime"], False), ("ab" * 32, True)):
        file.write_text(json.dumps(evidence(path, sha256={**hashes, "runtime": runtime_sha256})))
        assert desk.run("sign", path, "--evidence", file) == 0
        assert ("on another runtime, abababababab" in capsys.readouterr().out) is said


def test_how_far_the_proof_went_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path, file = release("0.2.0"), desk.folder / "evidence.json"
    for budget in ("quick", "full"):
        more = {"scenarios": [{"name": "update"}], "budget": budget, "harness": "0.1.0"}
        file.write_text(json.dumps(evidence(path, **more)))
        assert desk.run("sign", path, "--evidence", file) == 0
        said = f"proven: from 0.1.0, in 1 scenario, depth 2, budget {budget}, harness 0.1.0"
        assert said in capsys.readouterr().out


def test_evidence_from_before_budgets_is_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    path, file = release("0.2.0"), desk.folder / "evidence.json"
    found = evidence(path)
    del found["budget"]
    file.write_text(json.dumps(found))
    code = desk.run("sign", path, "--evidence", file)
    refused(desk, code, capsys, "it names no budget", "prove all of this bundle")


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"a": ' * 5000, "\xff"])
def test_evidence_must_be_a_json_object(
    desk: Desk, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = desk.folder / "evidence.json"
    file.write_bytes(text.encode("latin-1"))

    code = desk.run("sign", release("0.2.0"), "--evidence", file)
    refused(desk, code, capsys, "evidence.json", "no JSON", "seesaw prove")


def test_one_of_proof_and_reason_is_needed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = release("0.2.0")
    refused(desk, desk.run("sign", path), capsys, "--evidence", "--without-proof")
    code = desk.run("sign", path, "--evidence", "x", "--without-proof", "y")
    refused(desk, code, capsys, "not allowed with")
    code = desk.run("sign", path, "--evidence", desk.folder / "none.json")
    refused(desk, code, capsys, "none.json: there is no such file", "seesaw prove")


def test_a_drill_says_so_for_ever(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.drill(release("0.2.0"), "who answers at night?") == 0

    assert custom(desk, "0.2.0")["proof"] == {"reason": "who answers at night?"}
    assert "DRILL, not proven: who answers at night?" in capsys.readouterr().out


@pytest.mark.parametrize("reason", ["", "x" * 101, "d\u00fcrr", "a\nb"])
def test_a_reason_can_be_printed(
    desk: Desk, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(desk, desk.drill(release("0.2.0"), reason), capsys, "plain ASCII")


# -- a changed runtime --------------------------------------------------------------------------


def record(path: Path, **changes: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "runtime_sha256": sha256(runtime_of(path)),
        "launcher_sha256": sha256(LAUNCHER),
        "chip": "esp32",
        "platform": "esp32",
        "result": "passed",
        "date": "2027-01-15",
        **changes,
    }


OTHER = "v1.30.0 on 2027-01-01"


def test_the_first_runtime_of_a_board_needs_no_record(desk: Desk) -> None:
    assert desk.sign(release("0.2.0", banner=OTHER)) == 0
    assert desk.sign(release("0.2.0", "esp32s3")) == 0
    assert desk.sign(release("0.3.0", banner=OTHER)) == 0  # it is known by now


def test_a_changed_runtime_needs_one(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path, file = release("0.3.0", banner=OTHER), desk.folder / "record.json"
    assert desk.sign(release("0.2.0")) == 0
    before = contents(desk.repo)
    capsys.readouterr()
    refused(desk, desk.sign(path), capsys, "no earlier release", "--runtime-record")
    code = desk.drill(path)  # a drill runs on boards too
    refused(desk, code, capsys, "no earlier release", "--runtime-record")
    assert contents(desk.repo) == before

    file.write_text(json.dumps(record(path)))
    assert desk.sign(path, "--runtime-record", file) == 0
    assert custom(desk, "0.3.0")["runtime"]["sha256"] == sha256(runtime_of(path))
    kept = desk.repo / "evidence" / f"{sha256(file.read_bytes())}.json"
    assert kept.read_bytes() == file.read_bytes()
    assert desk.sign(release("0.4.0")) == 0  # back to one that was there before


def test_a_runtime_is_remembered_when_its_release_is_dropped(desk: Desk) -> None:
    path, file = release("0.3.0", banner=OTHER), desk.folder / "record.json"
    file.write_text(json.dumps(record(path)))
    assert desk.sign(release("0.2.0")) == 0
    assert desk.sign(path, "--runtime-record", file, "--drop", "0.2.0") == 0

    assert desk.sign(release("0.4.0")) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 0}, "no record of format 1"),
        ({"runtime_sha256": "00" * 32}, "its runtime_sha256"),
        ({"launcher_sha256": "00" * 32}, "its launcher_sha256"),
        ({"chip": "esp32s3"}, "its chip is 'esp32s3'"),
        ({"platform": "linux"}, "its platform is 'linux', not 'esp32'"),
        ({"result": "failed"}, "its result is 'failed'"),
        ({"date": "yesterday"}, "its date is 'yesterday'"),
        ({"date": None}, "it lacks date"),
        ({"chip": 5, "result": []}, "it lacks chip, result"),
    ],
)
def test_the_record_must_speak_of_this_runtime(
    desk: Desk, changes: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, file = release("0.3.0", banner=OTHER), desk.folder / "record.json"
    assert desk.sign(release("0.2.0")) == 0
    file.write_text(json.dumps(record(path, **changes)))
    capsys.readouterr()

    code = desk.sign(path, "--runtime-record", file)
    refused(desk, code, capsys, "record.json", words)


def test_the_stand_in_runtime_is_warned_of(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert b"synthetic" in runtime_of(release("0.2.0")) and runtime.SYNTHETIC_VERSION
    assert desk.sign(release("0.2.0")) == 0
    assert "on no board" in capsys.readouterr().out


# -- differences --------------------------------------------------------------------------------


def differences(desk: Desk, version: str) -> set[str]:
    """The bundles that a release has a difference from, as it was signed."""
    return set(custom(desk, version)["packed"].get("from", ()))


def identities(*versions: str) -> set[str]:
    return {packing.identity(bundle_of(release(one))) for one in versions}


def test_a_release_has_the_differences_from_those_it_may_follow(desk: Desk) -> None:
    versions = [f"0.{number}.0" for number in range(2, 8)]
    for version in versions[:-1]:
        assert desk.drill(release(version)) == 0
    assert desk.drill(release("0.7.0"), "drill", "--from", "0.1.0-0.5.0") == 0

    assert differences(desk, "0.2.0") == set()
    assert differences(desk, "0.3.0") == identities("0.2.0")
    assert differences(desk, "0.6.0") == identities("0.2.0", "0.3.0", "0.4.0", "0.5.0")
    assert differences(desk, "0.7.0") == identities("0.2.0", "0.3.0", "0.4.0", "0.5.0")
    folder = desk.repo / "targets" / BOARD / "0.7.0"
    names = {one.name.split(".")[2] for one in folder.glob("*.bundle.*.packed")}
    assert names == differences(desk, "0.7.0")


def test_a_difference_is_a_fraction_of_the_bundle(desk: Desk) -> None:
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    (difference,) = (desk.repo / "targets" / BOARD / "0.3.0").glob("*.bundle.*.packed")
    assert difference.stat().st_size * 10 < len(bundle_of(release("0.3.0")))


def test_a_bundle_that_is_not_there_any_more_costs_only_its_difference(desk: Desk) -> None:
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    (gone,) = (desk.repo / "targets" / BOARD / "0.2.0").glob("*.bundle")
    gone.write_bytes(b"rotten")
    assert desk.drill(release("0.4.0"), "drill", "--drop", "0.2.0") == 0
    assert differences(desk, "0.4.0") == identities("0.3.0")
