"""`seesaw release init`: keys, places and the first metadata; nothing is ever overwritten."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from release_rig import NOW, Desk, contents, device, full_at, release
from tuf.api.metadata import Metadata, Root, Targets

from host_tools import cli
from host_tools.image import board as boards
from host_tools.release import keys, place


def init(folder: Path, *words: str) -> int:
    line = ["release", "init", str(folder / "repo"), "--keys", str(folder / "keys")]
    return cli.main([*line, "--now", str(NOW), *words])


def test_the_first_metadata_is_what_the_specification_says(desk: Desk) -> None:
    names = sorted(contents(desk.repo))
    root = Metadata[Root].from_file(str(desk.repo / "metadata" / "1.root.json")).signed
    shares = {name: (role.threshold, len(role.keyids)) for name, role in root.roles.items()}

    assert root.consistent_snapshot
    assert shares == {"root": (2, 3), "targets": (1, 2), "snapshot": (1, 1), "timestamp": (1, 1)}
    assert names == sorted(
        ["metadata/1.root.json", "metadata/1.targets.json", "metadata/1.snapshot.json"]
        + ["metadata/1.data.json", "metadata/timestamp.json", "timestamps/1.timestamp.json"]
        + [f"metadata/1.{board}.json" for board in boards.names()]
    )
    assert b" " not in (desk.repo / "metadata" / "1.targets.json").read_bytes()


def test_a_role_speaks_of_its_own_targets_alone(desk: Desk) -> None:
    path = desk.repo / "metadata" / "1.targets.json"
    top = Metadata[Targets].from_file(str(path)).signed
    assert top.delegations and top.delegations.roles
    roles = top.delegations.roles

    assert set(roles) == {*boards.names(), "data"}
    assert all(role.terminating for role in roles.values())
    mine = roles["esp32"].is_delegated_path
    assert mine("esp32/1.0.0/bundle") and mine("esp32/1.0.0/runtime")
    for path_ in ("esp32/1.0.0/other", "esp32/bundle", "esp32/a/b/bundle", "esp32s3/1/bundle"):
        assert not mine(path_), path_
    assert roles["data"].is_delegated_path("data/recipes")
    assert not roles["data"].is_delegated_path("esp32/1.0.0/bundle")
    assert top.targets == {}


def test_keys_lie_where_they_should_live(desk: Desk) -> None:
    files = [name for name in contents(desk.keys) if name != "keys.json"]

    assert files == [
        "desk/targets-1.pem", "online/snapshot-1.pem", "online/timestamp-1.pem",
        "safe-1/root-1.pem", "safe-2/root-2.pem", "safe-3/root-3.pem", "spare/targets-2.pem",
    ]  # fmt: skip
    for name in files:
        assert (desk.keys / name).stat().st_mode & 0o777 == 0o600
        pem = (desk.keys / name).read_bytes()
        assert pem.startswith(b"-----BEGIN PRIVATE KEY-----") and load_pem_private_key(pem, None)
    listed = json.loads((desk.keys / "keys.json").read_text())["keys"]
    assert {row["uri"] for row in listed.values()} == {f"file2:{name}" for name in files}
    assert b"PRIVATE" not in (desk.keys / "keys.json").read_bytes()


def test_it_says_where_each_key_lives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(tmp_path, "--board", "esp32") == 0
    out = capsys.readouterr().out

    for name in ("root-1", "root-2", "root-3", "targets-1", "targets-2", "timestamp-1"):
        assert name in out
    assert "safe" in out and "desk" in out and "the machine that publishes" in out
    assert "metadata/1.root.json" in out


@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "ed25519"])
def test_every_kind_of_key_makes_a_repository(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, f"--{kind}", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    desk = Desk(tmp_path)
    listed = json.loads((desk.keys / "keys.json").read_text())["keys"]

    assert {row["public"]["keytype"] for row in listed.values()} == {kind}
    assert len(facts["keys"]) == 7 and facts["boards"] == boards.names()
    assert desk.drill(release("0.2.0")) == 0
    assert "esp32_wrover/0.2.0/bundle" in device(desk.repo, desk.roots()[0]).targets


def test_nothing_is_overwritten(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(desk.folder)

    assert init(desk.folder) == 2
    assert "overwrites nothing" in capsys.readouterr().err
    (desk.repo).rename(desk.folder / "moved")
    assert init(desk.folder) == 2
    assert "keys: it is there and not empty" in capsys.readouterr().err
    (desk.folder / "moved").rename(desk.repo)
    assert contents(desk.folder) == before


@pytest.mark.parametrize(("repo", "key_folder"), [("a", "a/keys"), ("a/b", "a"), ("a", "a")])
def test_keys_and_repository_are_apart(
    tmp_path: Path, repo: str, key_folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["release", "init", str(tmp_path / repo), "--keys", str(tmp_path / key_folder)]

    assert cli.main(line) == 2
    assert "in one folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_board_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path, "--board", "esp9") == 2
    assert "board 'esp9': there is none" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("module", "name"), [(keys, "save"), (place, "put")])
def test_a_full_disk_leaves_neither_keys_nor_repository(
    tmp_path: Path, module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    full_at(monkeypatch, module, name, 256)

    assert init(tmp_path, "--board", "esp32") == 2
    error = capsys.readouterr().err
    assert "cannot be written" in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert init(tmp_path, "--board", "esp32") == 0


# -- passphrases --------------------------------------------------------------------------------


def test_keys_can_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(keys.PASSPHRASE, "correct horse")
    assert init(tmp_path, "--board", "esp32_wrover") == 0
    desk = Desk(tmp_path)
    pem = (desk.keys / "desk" / "targets-1.pem").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert desk.drill(release("0.2.0")) == 0

    monkeypatch.setenv(keys.PASSPHRASE, "wrong")
    before = contents(desk.repo)
    capsys.readouterr()
    assert desk.run("halt", "0.2.0") == 2
    assert "the passphrase does not open it" in capsys.readouterr().err
    monkeypatch.delenv(keys.PASSPHRASE)
    assert desk.run("halt", "0.2.0") == 2
    assert keys.PASSPHRASE in capsys.readouterr().err
    assert contents(desk.repo) == before


def test_a_passphrase_is_typed_where_somebody_sits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(keys.PASSPHRASE, raising=False)
    assert init(tmp_path, "--passphrase") == 2
    assert "nobody is here to type it" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    typed = iter(["one", "other", "same", "same", "same"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    assert init(tmp_path, "--passphrase") == 2
    assert "not the same twice" in capsys.readouterr().err
    assert init(tmp_path, "--passphrase", "--board", "esp32_wrover") == 0
    assert keys.secret("passphrase") == "same"


# -- keys.json ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no list of keys"),
        ("[]", "no list of keys"),
        ('{"format": 2, "keys": {}}', "not format 1"),
        ('{"format": 1, "keys": {"a": {}}, "lifetime_days": {}}', "it lacks 'keyid'"),
        ('{"format": 1, "keys": {}, "lifetime_days": {"root": 1}}', "it lacks 'targets'"),
    ],
)
def test_a_broken_list_of_keys_is_named(
    desk: Desk, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.keys / "keys.json").write_text(text)

    assert desk.run("renew", "root") == 2
    error = capsys.readouterr().err
    assert "keys.json" in error and words in error and "restore it" in error


def test_a_lifetime_of_no_days_is_refused(
    tmp_path: Path, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path / "new", "--timestamp-days", "0") == 2
    path = desk.keys / "keys.json"
    found = json.loads(path.read_text())
    found["lifetime_days"]["root"] = 0
    path.write_text(json.dumps(found))
    capsys.readouterr()
    assert desk.run("renew", "root") == 2
    assert "a lifetime is not 1 to" in capsys.readouterr().err
