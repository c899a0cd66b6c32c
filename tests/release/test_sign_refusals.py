"""What keeps a release out besides a missing proof: versions, rules, keys, files, sizes, clocks."""

import json
import shutil
from pathlib import Path

import pytest
from release_rig import BOARD, DAY, NOW, Desk, contents, release
from test_sign import refused

from host_tools.release import place, roles


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2.0.0-1.0.0"), "it ends before it begins; use 1.0.0-2.0.0"),
        (("--from", "1.x"), "no version and no range of them; write 1.2.3, 1.0.0-1.9.9"),
        (("--from", "abc"), "or '*' (any version)"),
        (("--through", "0.3.0"), "it is no older than 0.3.0"),
        (("--through", "0.1.0"), "no release of that version was ever signed"),
        (("--start-percentage", "101"), "101 is not 0 to 100"),
        (("--duration-minutes", "9999999"), "a year of minutes"),
        (("--start-epoch", "soon"), "'soon' is no date"),
        (("--barrier", ""), "--barrier: a reason is"),
        (("--deadend", "\u00e4"), "--deadend: a reason is"),
        (("--from", "1.0") * 17, "name 16 of each at most"),
    ],
)
def test_rules_that_cannot_be_followed(
    desk: Desk, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.sign(release("0.2.0")) == 0
    before = contents(desk.repo)
    capsys.readouterr()

    refused(desk, desk.sign(release("0.3.0"), *words), capsys, said)
    assert contents(desk.repo) == before


def test_a_version_is_one_bundle_for_ever(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.sign(release("0.2.0")) == 0
    capsys.readouterr()

    refused(desk, desk.sign(release("0.2.0", mark=1)), capsys, "is another bundle", "higher")
    refused(desk, desk.sign(release("0.2", mark=1)), capsys, "0.2.0", "is another bundle")
    assert desk.sign(release("0.3.0"), "--drop", "0.2.0") == 0
    capsys.readouterr()
    refused(desk, desk.sign(release("0.2.0", mark=1)), capsys, "is another bundle")
    assert desk.sign(release("0.2.0", "esp32s3", mark=1)) == 0  # another board is another matter


def test_what_was_recalled_or_halted_is_not_signed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.sign(release("0.2.0")) == desk.sign(release("0.3.0")) == 0
    assert desk.run("recall", "0.2.0", "--board", BOARD) == desk.run("halt", "0.3.0") == 0
    capsys.readouterr()

    refused(desk, desk.sign(release("0.2.0")), capsys, "was recalled", "higher version")
    refused(desk, desk.sign(release("0.3.0")), capsys, "halted", "resume 0.3.0")


def test_what_is_no_release_is_not_signed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    other = desk.folder / "other.zip"
    other.write_bytes(b"PK\x03\x04 but no zip")
    refused(desk, desk.drill(other), capsys, "other.zip", "zip")
    refused(desk, desk.drill(desk.folder / "none"), capsys, "none: there is none")
    damaged = desk.folder / "damaged"
    shutil.unpack_archive(release("0.2.0"), damaged)
    (bundle,) = damaged.glob("bundle-*")
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"?")
    refused(desk, desk.drill(damaged), capsys, "SHA-256 is not the one promised")


# -- keys ---------------------------------------------------------------------------------------


def test_either_key_of_targets_signs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(desk.keys / "desk")
    assert desk.drill(release("0.2.0")) == 0  # with the spare
    shutil.rmtree(desk.keys / "spare")
    before = contents(desk.repo)
    capsys.readouterr()

    code = desk.drill(release("0.3.0"))
    refused(desk, code, capsys, f"role {BOARD}", "1 of its 2 keys must sign, 0 are here",
            "desk/targets-1.pem", "spare/targets-2.pem", "bring them")  # fmt: skip
    assert contents(desk.repo) == before


def test_a_key_that_is_another_is_not_used(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk.keys / "desk" / "targets-1.pem"
    shutil.copy(desk.keys / "safe-1" / "root-1.pem", path)
    before = contents(desk.repo)
    refused(desk, desk.drill(release("0.2.0")), capsys, "another key than targets-1")
    path.write_text("not a key")
    refused(desk, desk.drill(release("0.2.0")), capsys, "targets-1.pem", "no private key")
    assert contents(desk.repo) == before


def test_keys_of_another_repository_do_not_sign(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from host_tools import cli

    line = ["release", "init", str(tmp_path / "r"), "--keys", str(tmp_path / "k")]
    assert cli.main([*line, "--now", str(NOW)]) == 0
    shutil.rmtree(desk.keys)
    shutil.copytree(tmp_path / "k", desk.keys)
    capsys.readouterr()

    refused(desk, desk.drill(release("0.2.0")), capsys, "0 are here", "is not in", "keys.json")


def test_a_missing_list_of_keys_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.keys / "keys.json").unlink()
    refused(desk, desk.drill(release("0.2.0")), capsys, "there is no list of keys", "init --keys")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_warned_of(
    desk: Desk, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.keys / "desk" / "targets-1.pem").chmod(mode)
    assert desk.drill(release("0.2.0")) == 0
    error = capsys.readouterr().err

    assert error.startswith("seesaw: warning: ") and error.count("\n") == 1
    assert "targets-1.pem" in error and f"{mode:04o}" in error and "chmod 600" in error


def test_a_key_of_no_known_service(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk.keys / "keys.json"
    found = json.loads(path.read_text())
    found["keys"]["timestamp-1"]["uri"] = "pigeon:coop/3"
    path.write_text(json.dumps(found))

    refused(desk, desk.drill(release("0.2.0")), capsys, "no signer for 'pigeon:'", "file2")


# -- the repository's own files -----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["1.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "1.esp32.json"]
)
def test_what_was_changed_behind_our_back_is_never_signed(
    desk: Desk, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody adds to a file: the tool must not put its good signature under it."""
    path = desk.repo / "metadata" / name
    found = json.loads(path.read_bytes())
    found["signed"]["x-planted"] = 1
    path.write_text(json.dumps(found))
    before = contents(desk.repo)

    refused(desk, desk.drill(release("0.2.0")), capsys, name, "restore it")
    path.unlink()
    refused(desk, desk.drill(release("0.2.0")), capsys, name, "is missing")
    path.write_bytes(b"\x00" * 10)
    refused(desk, desk.drill(release("0.2.0")), capsys, name, "no TUF metadata")
    path.write_bytes(b" " * 40000)
    refused(desk, desk.drill(release("0.2.0")), capsys, name)
    assert {name for name, data in contents(desk.repo).items() if before[name] != data} == {
        f"metadata/{name}"
    }


def test_what_a_device_could_not_take_is_not_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(roles.LENGTH_MAX, "targets", 3500)
    for number in range(2, 4):
        assert desk.drill(release(f"0.{number}.0")) == 0
    before = contents(desk.repo)
    capsys.readouterr()
    words = ("--drop", "0.2.0")
    assert desk.drill(release("0.4.0"), "fire drill") == 0
    capsys.readouterr()
    refused(desk, desk.drill(release("0.5.0")), capsys, "a device takes 3500", "--drop")
    assert desk.drill(release("0.5.0"), "fire drill", *words) == 0
    assert before.keys() < contents(desk.repo).keys()


def test_two_at_a_time_are_one_too_many(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with place.locked(desk.repo):
        refused(desk, desk.drill(release("0.2.0")), capsys, "another 'seesaw release' works there")
    assert desk.drill(release("0.2.0")) == 0


# -- the clock ----------------------------------------------------------------------------------


def test_a_clock_that_goes_back_signs_nothing(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.now_s = NOW - DAY
    refused(desk, desk.drill(release("0.2.0")), capsys, "the clock", "2027-01-14", "2027-01-15")


def test_a_clock_that_goes_back_within_a_day_says_the_time(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.drill(release("0.2.0")) == 0  # at 08:01
    desk.now_s = NOW - 90
    refused(desk, desk.drill(release("0.3.0")), capsys, "it says 2027-01-15T07:59:30Z, and the"
            " newest statement was signed later, 2027-01-15T08:01:00Z")  # fmt: skip


def test_a_clock_far_ahead_must_be_confirmed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from host_tools import cli

    line = ["release", "renew", str(desk.repo), "root", "--keys", str(desk.keys)]
    monkeypatch.setattr("time.time", lambda: NOW + 401 * DAY)
    refused(desk, cli.main(line), capsys, "the clock", "say so: --now 2028-02-20")
    assert cli.main([*line, "--now", "2028-02-20"]) == 0
    monkeypatch.setattr("time.time", lambda: NOW + 500 * DAY)
    assert cli.main(line) == 0
