"""`seesaw release build`: the same commit gives the same bytes, wherever and however it is made."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from release_rig import BOARD, LAUNCHER, sha256, small_tree

from host_tools import cli
from host_tools.image import bundle as bundles
from host_tools.release import build, kept

SETTINGS: list[dict[str, str]] = [
    {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4711", "PYTHONUTF8": "1"},
]
UMASKS = (0o000, 0o077)


def git(folder: Path, *words: str) -> None:
    line = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
    date = {"GIT_AUTHOR_DATE": "1790000000 +0000", "GIT_COMMITTER_DATE": "1790000000 +0000"}
    subprocess.run(line, check=True, capture_output=True, env={**os.environ, **date})


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree of one commit."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    tree = small_tree(tmp_path / "origin")
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "all: It begins.")
    return tree


def built(out: Path, source: Path, *words: str) -> int:
    line = ["release", "build", "--version", "1.2.0", "--board", BOARD, "--out", str(out)]
    return cli.main([*line, "--source", str(source), *words])


def elsewhere(number: int, source: Path, out: Path) -> dict[str, str]:
    """Built in a process of its own, under other settings of the machine."""
    line = ["release", "build", "--version", "1.2.0", "--board", BOARD, "--out", str(out)]
    line += ["--source", str(source), "--json"]
    program = f"import os; os.umask({UMASKS[number]}); from host_tools import cli"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; raise SystemExit(cli.main({line}))"],
        capture_output=True, text=True, check=True, env={**os.environ, **SETTINGS[number]},
        cwd=out.parent,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_two_clones_on_two_machines_build_the_same_bytes(commit: Path, tmp_path: Path) -> None:
    facts, zips = [], []
    for number, place in enumerate(("a", "deep/below/another place")):
        clone = tmp_path / place
        git(tmp_path, "clone", "-q", str(commit), str(clone))
        for path in clone.rglob("*.py"):  # a clone has the times and rights of its machine
            os.utime(path, (number * 10**9, number * 10**9))
            path.chmod(0o600 + number * 0o44)
        out = tmp_path / f"{number}.zip"
        facts.append(elsewhere(number, clone, out))
        zips.append(out.read_bytes())

    assert facts[0] == facts[1]
    assert zips[0] == zips[1]
    assert facts[0]["bundle"] == sha256(kept.load(tmp_path / "0.zip")[0].bundle.image)
    assert facts[0]["built"] == 1_790_000_000


def test_the_real_firmware_too(tmp_path: Path) -> None:
    """A copy of it elsewhere, in a process of its own, gives the bundle that this one gives."""
    copy = tmp_path / "copy"
    shutil.copytree(bundles.FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    facts = elsewhere(1, copy, tmp_path / "real.zip")

    assert facts["bundle"] == sha256(bundles.build("1.2.0").image)


def test_a_changed_file_is_another_bundle(
    commit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert built(tmp_path / "a.zip", commit, "--json") == 0
    first = json.loads(capsys.readouterr().out)
    (commit / "seesaw" / "main.py").write_text("MARK = 1\n")
    assert built(tmp_path / "b.zip", commit, "--json") == 0
    second = json.loads(capsys.readouterr().out)

    assert first["clean"] and not second["clean"]
    assert first["bundle"] != second["bundle"]
    assert any("changed files" in note for note in second["notes"])
    assert first["commit"] == second["commit"] and len(first["commit"]) == 40


def test_folder_and_zip_hold_the_same_release(commit: Path, tmp_path: Path) -> None:
    assert built(tmp_path / "a.zip", commit) == built(tmp_path / "folder", commit) == 0
    one, other = kept.load(tmp_path / "a.zip"), kept.load(tmp_path / "folder")

    assert one == other
    assert one[1] == LAUNCHER and (one[0].version, one[0].board) == ("1.2.0", BOARD)


def test_the_zip_says_nothing_of_the_machine(commit: Path, tmp_path: Path) -> None:
    assert built(tmp_path / "a.zip", commit) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        infos = packed.infolist()

    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {info.date_time for info in infos} == {build.ZIP_DATE}
    assert {info.external_attr for info in infos} == {build.ZIP_MODE}


def test_the_stated_time_goes_before_the_commits(
    commit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    assert built(tmp_path / "a.zip", commit, "--json") == 0
    assert json.loads(capsys.readouterr().out)["built"] == 1_234_567_890
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    assert built(tmp_path / "b.zip", commit) == 2
    assert not (tmp_path / "b.zip").exists()


def test_a_tree_without_a_commit_has_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert built(tmp_path / "a.zip", small_tree(tmp_path / "plain"), "--json") == 0
    facts = json.loads(capsys.readouterr().out)

    assert (facts["commit"], facts["built"]) == ("", 0)


def test_a_stand_in_runtime_is_said(
    commit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert built(tmp_path / "a.zip", commit) == 0
    assert "on no board" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "board", "words"),
    [
        ("1.2+3", BOARD, "version '1.2+3'"),
        ("one", BOARD, "version 'one'"),
        ("1.2.3", "esp9", "choose from"),
    ],
)
def test_what_cannot_be_published_is_not_built(
    tmp_path: Path, version: str, board: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["release", "build", "--version", version, "--board", board]

    assert cli.main([*line, "--out", str(tmp_path / "a.zip")]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_no_source_and_no_room_are_said(
    commit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert built(tmp_path / "a.zip", tmp_path / "nothing") == 2
    assert "no package there" in capsys.readouterr().err
    assert built(tmp_path / "nowhere" / "a.zip", commit) == 2
    assert "cannot be written" in capsys.readouterr().err
