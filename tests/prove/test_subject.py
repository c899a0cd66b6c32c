"""Somebody else's updater can be proved: the example bricks in place, and with two folders not."""

import sys
from typing import get_type_hints

import pytest

from host_tools.prove import runner, subject
from host_tools.prove.examples import naive
from host_tools.prove.runner import Plan, Result, Task
from host_tools.prove.subject import BRICK, Live, Subject


def proved(way: str, depth: int = 1, cuts: range | None = range(10_000)) -> Result:
    plan = Plan(depth=depth, nest=None)
    return runner.run(naive.Naive(way), plan, Task(naive.SCENARIO, cuts))


@pytest.mark.parametrize("way", sorted(naive.UPDATES))
def test_an_update_that_nobody_disturbs_comes_to_its_end(way: str) -> None:
    result = proved(way, cuts=None)

    assert result.missing == ""
    assert result.failures == []
    assert result.phases["vfs"] > 5


def test_files_replaced_one_by_one_brick_the_device() -> None:
    """Between two files the old one and the new one meet; LittleFS keeps each of them whole."""
    result = proved("in-place")
    first = result.failures[0]

    assert first.verdict.name == BRICK
    assert "has no attribute 'reading_2'" in first.verdict.words
    assert first.id.startswith("update/vfs:")
    assert first.caller.startswith("main.py:")
    assert {failure.verdict.name for failure in result.failures} == {BRICK}


def test_two_folders_and_a_pointer_come_back_from_every_cut() -> None:
    result = proved("two-folders")

    assert result.failures == []
    assert result.counts.edges > 150


def test_the_pointer_carries_the_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with the pointer moved before the files are there: bricked again."""
    early = naive.TWO_FOLDERS.replace('    for name in offer["files"]:\n', (
        '    store("current", folder.encode())\n    for name in offer["files"]:\n'
    ), 1)  # fmt: skip
    monkeypatch.setitem(naive.UPDATES, "early", (early, "a/"))

    assert {one.verdict.name for one in proved("early").failures} == {BRICK}


def test_the_example_prints_its_shortest_counterexample(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert naive.main("in-place", depth=1) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("in-place: ")
    assert shown[1].strip().startswith("update/vfs:")
    assert shown[2].strip().startswith("hard brick: ")
    monkeypatch.setattr(naive, "SCENARIO", naive.Scenario("none", "no update", phases=("vfs",)))
    assert naive.main("two-folders", depth=1) == 2
    assert "nothing was shown" in capsys.readouterr().out


def members(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")} | set(get_type_hints(kind))


def test_the_harness_knows_a_device_by_the_interface_alone() -> None:
    """The example has nothing that Subject and Live do not name, but for what it uses itself."""
    made = naive.Naive("in-place")
    live = made.start(made.factory("1").copy(), subject.Conditions())
    own = {"files", "served", "folder", "main", "bootloader", "app", "companion"}

    assert {name for name in dir(made) if not name.startswith("_")} - own == members(Subject)
    assert {name for name in dir(live) if not name.startswith("_")} == members(Live)
    assert not any(name.startswith("seesaw.") for name in vars(sys.modules[naive.__name__]))
