"""`seesaw release halt, resume, recall`: what is said, with whose keys, and what cannot be."""

import json
import shutil

import pytest
from release_rig import BOARD, Desk, bundle_of, contents, device, release, sha256

from host_tools.release import roles


@pytest.fixture
def two(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk with two releases of a board, and one of another."""
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    assert desk.drill(release("0.3.0", "esp32s3")) == 0
    capsys.readouterr()
    return desk


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


def only_online(desk: Desk) -> None:
    """As on the machine that publishes: no offline key is there."""
    for name in ("safe-1", "safe-2", "safe-3", "desk", "spare"):
        shutil.rmtree(desk.keys / name)


def test_halting_is_one_file_and_needs_the_online_key_alone(two: Desk) -> None:
    only_online(two)
    before = contents(two.repo)
    assert two.run("halt", "0.3.0") == 0
    after = contents(two.repo)
    changed = [name for name in after if before.get(name) != after[name]]

    assert changed == ["metadata/timestamp.json", "timestamps/5.timestamp.json"]
    assert two.timestamp()["x-seesaw-halt"] == ["0.3.0"]
    assert device(two.repo, two.roots()[0]).version == 3
    assert two.run("resume", "0.3.0") == 0
    assert two.timestamp()["x-seesaw-halt"] == []


def test_a_halt_outlives_what_is_signed_later(two: Desk) -> None:
    assert two.run("halt", "0.3.0") == two.run("halt", "0.2.0") == 0
    assert two.drill(release("0.10.0")) == two.run("rotate", "timestamp") == 0

    assert two.timestamp()["x-seesaw-halt"] == ["0.2.0", "0.3.0"]


def test_what_cannot_be_halted(two: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert two.run("halt", "0.4.0") == 2
    assert "no release of that version was ever signed" in error_of(capsys)
    assert two.run("halt", "newest") == 2
    assert "version 'newest'" in error_of(capsys)
    assert two.run("resume", "0.3.0") == 2
    assert "it is not halted; halted: nothing is" in error_of(capsys)
    assert two.run("halt", "0.3.0") == 0
    capsys.readouterr()
    assert two.run("halt", "0.3.0") == 2
    assert "it is halted; nothing is to be signed; if it is not published yet: 'seesaw" in (
        error_of(capsys)
    )


def test_the_list_of_halts_is_bounded(
    two: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(roles, "LISTED_MAX", 1)
    assert two.run("halt", "0.3.0") == 0
    capsys.readouterr()
    assert two.run("halt", "0.2.0") == 2
    assert "which is the limit" in error_of(capsys)
    assert two.run("recall", "0.2.0", "--board", BOARD) == 0
    capsys.readouterr()
    assert two.run("recall", "0.3.0", "--board", BOARD) == 2
    assert "which is the limit" in error_of(capsys)


def test_a_recall_names_the_bundle_and_ends_the_offer(two: Desk) -> None:
    assert two.run("recall", "0.3.0", "--board", BOARD) == 0
    role = device(two.repo, two.roots()[0])

    assert role.unrecognized_fields["x-seesaw-recalls"] == [
        {"version": "0.3.0", "sha256": sha256(bundle_of(release("0.3.0")))}
    ]
    assert {path.split("/")[1] for path in role.targets} == {"0.2.0"}
    other = device(two.repo, two.roots()[0], "esp32s3")
    assert "esp32s3/0.3.0/bundle" in other.targets  # of that board alone
    assert other.unrecognized_fields["x-seesaw-recalls"] == []


def test_a_recall_needs_an_offline_key(two: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    only_online(two)
    before = contents(two.repo)

    assert two.run("recall", "0.3.0", "--board", BOARD) == 2
    assert f"role {BOARD}: 1 of its 2 keys must sign, 0 are here" in error_of(capsys)
    assert contents(two.repo) == before


def test_a_release_that_left_the_list_can_be_recalled(two: Desk) -> None:
    assert two.drill(release("0.4.0"), "fire drill", "--drop", "0.2.0") == 0
    assert two.run("recall", "0.2.0", "--board", BOARD) == 0

    (row,) = two.role().unrecognized_fields["x-seesaw-recalls"]
    assert row["sha256"] == sha256(bundle_of(release("0.2.0")))


def test_what_cannot_be_recalled(two: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert two.run("recall", "0.9.0", "--board", BOARD) == 2
    assert f"ever signed for {BOARD}" in error_of(capsys)
    assert two.run("recall", "0.2.0", "--board", "esp32s3") == 2
    assert "ever signed for esp32s3" in error_of(capsys)
    assert two.run("recall", "0.2.0", "--board", "esp9") == 2
    assert "choose from" in error_of(capsys)
    assert two.run("recall", "0.2.0") == 2
    assert "--board" in error_of(capsys)
    assert two.run("recall", "0.2.0", "--board", BOARD) == 0
    capsys.readouterr()
    assert two.run("recall", "0.2.0", "--board", BOARD) == 2
    assert "has recalled it" in error_of(capsys)


def test_devices_without_a_way_on_are_warned_of(
    two: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert two.drill(release("0.4.0"), "fire drill", "--from", "0.3.0") == 0
    assert "no way to the newest" not in capsys.readouterr().out  # 0.2.0 goes by 0.3.0
    assert two.run("recall", "0.3.0", "--board", BOARD) == 0
    out = capsys.readouterr().out

    assert f"devices of {BOARD} with 0.2.0 find no way to the newest release" in out


def test_every_change_tells_programs_too(two: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert two.run("halt", "0.2.0", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["halted"], facts["timestamp"], facts["root"]) == (["0.2.0"], 5, 1)
    assert two.run("recall", "0.2.0", "--board", BOARD, "--json") == 0
    assert json.loads(capsys.readouterr().out)["recalled"][0]["version"] == "0.2.0"
