"""`seesaw release publish, halt, resume, recall --dry-run`: every file that would
change is named, and none does."""

import json
import shutil

import pytest
from release_rig import BOARD, Desk, contents, release

VERBS = {"halt": ("0.3.0",), "resume": ("0.2.0",), "recall": ("0.3.0", "--board", BOARD)}


@pytest.fixture
def two(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Two releases, one of them halted; published."""
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    assert desk.run("halt", "0.2.0") == desk.publish() == 0
    (desk.repo / ".lock").unlink()
    capsys.readouterr()
    return desk


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_names_its_files_first(
    two: Desk, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(two.folder)
    assert two.run(verb, *VERBS[verb], "--dry-run", "--json") == 0
    dry = json.loads(capsys.readouterr().out)
    assert contents(two.folder) == before and not (two.repo / ".lock").exists()
    assert two.run(verb, *VERBS[verb], "--dry-run") == 0
    out = capsys.readouterr().out
    assert f"changed  {two.repo}/metadata/timestamp.json" in out
    assert f"a dry run: {len(dry['files'])} files would be written, and none was" in out
    assert "publish" not in out

    two.now_s -= 60
    assert two.run(verb, *VERBS[verb], "--json") == 0
    done = json.loads(capsys.readouterr().out)
    after = contents(two.folder)
    told = {row["path"].removeprefix(f"{two.folder}/"): row["change"] for row in dry["files"]}
    assert set(told) == {name for name in after if before.get(name) != after[name]}
    assert all((name in before) == (change == "changed") for name, change in told.items())
    told_of = "recalled" if verb == "recall" else "halted"
    assert dry[told_of] == done[told_of] and dry["dry_run"] is True


@pytest.mark.parametrize("verb", VERBS)
def test_what_would_be_refused_is(two: Desk, verb: str) -> None:
    shutil.rmtree(two.keys / ("desk" if verb == "recall" else "online"))
    shutil.rmtree(two.keys / "spare")

    assert two.run(verb, *VERBS[verb], "--dry-run") == 2


def test_a_publication_names_its_files_first(
    two: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert two.drill(release("0.4.0")) == 0
    capsys.readouterr()
    (two.repo / ".lock").unlink()
    before = contents(two.folder)
    assert two.run("publish", two.out, "--dry-run", "--json") == 0
    dry = json.loads(capsys.readouterr().out)
    assert two.run("publish", two.out, "--dry-run") == 0
    last, summary = capsys.readouterr().out.splitlines()[-5:-3]  # above those of the drills
    assert contents(two.folder) == before and not (two.repo / ".lock").exists()
    assert f"changed  {two.out}/metadata/timestamp.json" == last  # in order
    count = len(dry["would_write"])
    assert summary == f"a dry run: {count} files would be written, and none was"

    assert two.run("publish", two.out, "--json") == 0
    done = json.loads(capsys.readouterr().out)
    after = contents(two.folder)
    told = {row["path"].removeprefix(f"{two.folder}/") for row in dry["would_write"]}
    assert told == {name for name in after if before.get(name) != after[name]}
    assert done["files"] == count and (dry["dry_run"], done["dry_run"]) == (True, False)
    assert two.run("publish", two.out, "--dry-run") == 0
    assert "a dry run: 0 files would be written" in capsys.readouterr().out


def test_a_publication_to_a_new_folder_makes_none(
    two: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert two.run("publish", two.folder / "new", "--dry-run") == 0
    assert f"new      {two.folder}/new/metadata/1.root.json" in capsys.readouterr().out
    assert not (two.folder / "new").exists()
    (two.folder / "file").write_text("a file")
    assert two.run("publish", two.folder / "file", "--dry-run") == 2
