"""The founding week, rehearsed: each step came out as it must, and left its files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli
from host_tools.drill import story
from host_tools.release.query import parse

MINUTE = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drill") / "out"


@pytest.fixture(scope="module")
def played(folder: Path) -> dict[str, Any]:
    """The whole drill, once."""
    assert cli.main(["drill", "--out", str(folder), "--json"]) == 0
    found: dict[str, Any] = json.loads((folder / "drill.json").read_text())
    return found


def entry(played: dict[str, Any], what: str) -> dict[str, Any]:
    timeline: list[dict[str, Any]] = played["timeline"]
    (found,) = (one for one in timeline if one["what"].startswith(what))
    return found


def typed(played: dict[str, Any], *words: str) -> list[int]:
    """Exit codes of the commands that have all these words."""
    return [one["code"] for one in played["typed"]
            if all(word in one["command"].split() for word in words)]  # fmt: skip


def test_every_step_is_told_in_its_order(played: dict[str, Any]) -> None:
    assert played["ok"] and not played["why"]
    times = [one["at_s"] for one in played["timeline"]]
    assert times == sorted(times) and len(times) == 14
    assert [one["what"].split(",")[0] for one in played["timeline"]] == [
        "All is well", "The provider breaks", "The fleet's report shows it",
        "The incident's page is up", "The recipe is signed for our own",
        "The recipe is signed for all", "The fleet's report says so", "prove refuses the fix",
        "Forced past it",
        "The rollout stops by itself", "The fix", "Everybody runs the fix", "It is over",
        "The post-mortem is written",
    ]  # fmt: skip


def test_the_report_shows_the_outage_with_the_first_checks_after_it(played: dict[str, Any]) -> None:
    broke, seen = (entry(played, what)["at_s"] for what in (
        "The provider", "The fleet's report shows"
    ))  # fmt: skip
    assert 0 < seen - broke <= 10 * MINUTE
    assert entry(played, "The fleet's report shows")["words"].startswith("sp500: 4 ")


def test_owners_are_told_at_once(played: dict[str, Any], folder: Path) -> None:
    seen = entry(played, "The fleet's report shows")["at_s"]
    assert entry(played, "The incident")["at_s"] - seen < MINUTE
    texts = [one.read_text() for one in (folder / "letters").rglob("*.txt")]
    mine = [text for text in texts if "one of those that this is about" in text]
    assert len(texts) == 2 and len(mine) == 1
    mails = [one.read_text() for one in (folder / "letters").rglob("*.eml")]
    assert len(mails) == len(story.INSTRUMENTS)


def test_a_recipe_cures_our_own_and_then_all(played: dict[str, Any]) -> None:
    assert typed(played, "release", "data", "feeds") == [0, 0]
    broke, own, every = (entry(played, what)["at_s"] for what in (
        "The provider", "The recipe is signed for our own", "The recipe is signed for all"
    ))  # fmt: skip
    assert own - broke <= 20 * MINUTE and every - broke <= 30 * MINUTE


def test_the_bad_fix_is_refused_and_reaches_nobody(played: dict[str, Any], folder: Path) -> None:
    evidence = json.loads((folder / "proofs" / story.BAD / "evidence.json").read_text())
    assert evidence["verdict"] == "brick" and evidence["causes"]
    assert typed(played, "prove", "next") == [1]
    assert typed(played, "sign", "--evidence") == [2]
    assert played["affected"]["prove obeyed"] == 0


def test_forced_it_is_stopped_in_the_first_ring(played: dict[str, Any]) -> None:
    assert 1 <= played["affected"]["prove overruled"] <= len(story.OWN)
    assert typed(played, "rollout", "watch", story.BAD) == [1]
    assert typed(played, "rollout", "halt", story.BAD) == [0]
    assert typed(played, "rollout", "widen", story.BAD) == []


def test_the_fix_is_proven_and_comes_to_all(played: dict[str, Any], folder: Path) -> None:
    evidence = json.loads((folder / "proofs" / story.FIX / "evidence.json").read_text())
    assert evidence["verdict"] == "clean" and evidence["figures"]["settled"] > 10_000
    assert typed(played, "rollout", "widen", story.FIX) == [0, 0]
    assert entry(played, "It is over")["words"].startswith(f"the fleet's report: 6 run {story.FIX}")


def test_the_log_is_that_of_a_static_host(folder: Path, played: dict[str, Any]) -> None:
    said = [parse(found) for line in (folder / "access.log").read_text().splitlines()
            if (found := line.partition("timestamp.json?")[2].partition(" ")[0])]  # fmt: skip
    assert said and all(said)
    versions = {one.version for one in said if one}
    assert versions == {story.SHIPPED, story.FIX}  # the bad one can never look again
    failed = {one.failure.version for one in said if one and one.failure}
    assert failed == {story.BAD}


def test_the_site_is_left_to_look_at(folder: Path, played: dict[str, Any]) -> None:
    pages = {one.name: one.read_text() for one in (folder / "status").rglob("*.html")}
    (after,) = (text for text in pages.values() if "<h1>After it" in text)
    assert story.BAD in after and story.FIX in after
    assert re.search(r"were affected</strong> \(both\)</td>\s*<td><strong>4<", after)
    assert re.search(r"without.proof", after, re.I)
    assert "(write here" not in "".join(pages.values())
    assert {"index.html"} < set(pages)


def test_a_folder_that_is_somebody_s_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    assert cli.main(["drill", "--out", str(tmp_path)]) == 2
    assert "it holds something else" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_step_that_goes_another_way_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same, where the first ring is never dark: nothing breaks."""
    monkeypatch.setattr(story, "INDEX", "dow")
    monkeypatch.setattr(story, "SEEN_S", 600)
    assert cli.main(["drill", "--out", str(tmp_path / "out"), "--json"]) == 1
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert not found["ok"] and "the report shows it: not within 600 s" in found["why"]
    assert "the drill went wrong" in captured.err
    assert [one["what"] for one in found["timeline"]] == ["All is well", "The provider breaks"]
