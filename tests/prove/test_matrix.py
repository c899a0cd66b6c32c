"""The release matrix: all that it names comes to pass, and it sees what a release leaves behind."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.prove import ids, kits, matrix, runner
from host_tools.prove.matrix import Row
from host_tools.prove.runner import Plan, Result, Task
from host_tools.release import kept

KINDS = {
    "update-from", "next-after", "back-to-candidate-after", "back-to", "left-for",
    "refuse-older-after", "refuse-same-after", "refuse-board-after", "refuse-corrupt-after",
}  # fmt: skip
KEPT = kept.all_of(kits.DEFAULT_BOARD)
NEWEST = KEPT[-1][0].version
FORGETS = """
from esp32 import NVS

try:
    NVS("seesaw").erase_key("config")
except OSError:
    pass
"""


@cache
def quick() -> list[Row]:
    return matrix.rows()


def walk(row: Row, cuts: range | None = None) -> dict[str, Result]:
    return {one.name: runner.run(row.subject, Plan(depth=1), Task(one, cuts))
            for one in row.scenarios}  # fmt: skip


def tree(folder: Path, name: str, added: str) -> Path:
    """The firmware in a new folder, with more at the end of one file."""
    shutil.copytree(bundles.FIRMWARE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / name).open("a") as file:
        file.write(added)
    return folder


def test_every_scenario_comes_to_its_end_and_the_fix_is_taken_from_there() -> None:
    row = quick()[-1]  # with today's launcher
    found = {name.partition("-launcher")[0]: result for name, result in walk(row).items()}

    assert set(found) == {f"{kind}-{NEWEST}" for kind in KINDS}
    assert {name: r.missing for name, r in found.items() if r.missing} == {}
    assert {name: r.failures for name, r in found.items() if r.failures} == {}
    assert found[f"left-for-{NEWEST}"].phases["launcher"]
    for kind in ("older", "same", "board"):  # a refusal is remembered in the data partition alone
        assert set(found[f"refuse-{kind}-after-{NEWEST}"].phases) == {"data"}
    assert all(ids.NAME.fullmatch(one.name) for one in row.scenarios)


def test_a_few_cuts_around_the_switch_come_back() -> None:
    row = quick()[0]
    for one in row.scenarios[2:5]:
        steps = runner.run(row.subject, Plan(depth=1), Task(one, None)).steps
        places = [n for n, step in enumerate(steps) if step.phase in matrix.QUICK_CUTS[:1]]
        cuts = range(places[0], places[0] + 3)
        result = runner.run(row.subject, Plan(depth=1), Task(one, cuts))

        assert result.counts.edges >= 10
        assert result.failures == []


def test_a_release_that_forgets_the_settings_is_found_by_going_back(tmp_path: Path) -> None:
    source = tree(tmp_path / "firmware", "seesaw/main.py", FORGETS)
    row = matrix.rows(source)[0]
    (back,) = (one for one in row.scenarios if one.name.startswith(f"back-to-{NEWEST}"))
    (failure,) = runner.run(row.subject, Plan(depth=1), Task(back, None)).failures

    assert (failure.id, failure.verdict.name) == (back.name, "amnesia")


def test_the_launcher_of_the_oldest_release_counts_and_so_does_today_s(tmp_path: Path) -> None:
    source = tree(tmp_path / "firmware", "launcher/main.py", "# another\n")
    oldest, today = matrix.rows(source)

    assert oldest.subject.kit.launcher == KEPT[0][1]
    assert today.subject.kit.launcher == kits.launcher(source)
    names = [one.name for row in (oldest, today) for one in row.scenarios]
    assert len(set(names)) == 2 * len(KINDS)
    assert f"next-after-{NEWEST}-launcher-today" in names


def test_in_full_every_kept_release_is_gone_over(tmp_path: Path) -> None:
    for version in ("0.1.0", "0.1.5"):
        kept.save(kits.good(version), kits.launcher(), tmp_path / version)
    older, newer = matrix.rows(full=True, folder=tmp_path)
    (newest,) = matrix.rows(folder=tmp_path)

    assert [row.subject.old for row in (older, newer, newest)] == ["0.1.0", "0.1.5", "0.1.5"]
    assert {row.subject.candidate for row in (older, newer, newest)} == {"0.2.0"}
    assert (newest.depth, newer.depth) == (1, 1)
    assert newest.scenarios[0].cuts == matrix.QUICK_CUTS
    assert newer.scenarios[0].cuts is None
    assert newer.scenarios[0].name == "update-from-0.1.5-launcher-0.1.0"


def test_without_a_kept_release_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="seesaw release keep"):
        matrix.rows(folder=tmp_path)
    with pytest.raises(UserError, match="no release for 'esp32'"):
        matrix.rows(board="esp32")
