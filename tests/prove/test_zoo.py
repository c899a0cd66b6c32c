"""The zoo: its rows are whole, the cheapest are caught, and the flash model carries weight."""

from collections import Counter
from pathlib import Path

import pytest

from host_tools.image import bundle as bundles
from host_tools.prove import zoo
from host_tools.prove.cuts import Cuts
from host_tools.prove.subject import OK, VERDICTS
from host_tools.prove.zoo import BUILT, LEVELS, REFUSED, Caught, Row

ALL_ROWS, WAITING = zoo.load()
LIVE_ROWS = 40
CHEAP = (
    "a-little-too-large", "confirmed-before-online", "confirmed-by-the-core",
    "another-boards-offer", "settings-migrated-one-way", "keys-lost", "wrong-next-slot",
    "memory-floor", "migrated-in-two-steps", "servo-jumps", "reset-forgets-the-maker",
    "reset-erases-first",
)  # fmt: skip
# Found only because programs can be torn, and only because erases can be partial.
TORN_PROGRAMS = ("newest-ever-in-place", "tries-in-place", "resume-offset-in-place")
PARTIAL_ERASES = ("trusts-the-first-bytes", "trusts-a-blank-look")


def row(name: str) -> Row:
    return next(one for one in ALL_ROWS if one.name == name)


def test_there_are_enough_rows_and_each_is_whole() -> None:
    assert len(ALL_ROWS) >= LIVE_ROWS
    names = Counter(one.name for one in (*ALL_ROWS, *WAITING))
    assert not [name for name, count in names.items() if count > 1]
    for one in (*ALL_ROWS, *WAITING):
        assert one.source.startswith("https://"), one.name
        assert one.why, one.name
    for found in ALL_ROWS:
        assert found.level in LEVELS, found.name
        assert found.verdict in (REFUSED, *VERDICTS) and found.verdict != OK, found.name
        assert (found.level in BUILT) == (found.build is not None), found.name
        assert bool(found.scenarios) != (found.level in BUILT), found.name
    assert all(one.needs for one in WAITING)


def test_the_rows_that_need_a_whole_flash_model_say_so() -> None:
    needs = {one.name: one.needs for one in ALL_ROWS if one.needs}

    assert needs == {
        **dict.fromkeys(TORN_PROGRAMS, "torn programs"),
        **dict.fromkeys(PARTIAL_ERASES, "partial erases"),
    }


@pytest.mark.parametrize("one", [r for r in ALL_ROWS if r.changes], ids=lambda r: r.name)
def test_every_change_applies_and_changes_something(one: Row, tmp_path: Path) -> None:
    tree = zoo.changed(tmp_path / "firmware", one.changes)

    for name, _, _ in one.changes:
        assert (tree / name).read_text() != (bundles.FIRMWARE / name).read_text()
        compile((tree / name).read_text(), name, "exec")


def test_a_change_that_no_longer_applies_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no 'not there' any more"):
        zoo.changed(tmp_path / "firmware", [("seesaw/app.py", "not there", "")])


@pytest.mark.parametrize("name", CHEAP)
def test_a_cheap_row_is_caught_as_it_must_be(name: str) -> None:
    found = zoo.examine(row(name))

    assert zoo.right(row(name), found), found


def test_a_row_without_its_fault_escapes_and_is_said_to_be_wrong() -> None:
    fault = row("keys-lost")
    tame = Row(fault.name, fault.why, fault.source, fault.level, fault.verdict,
               scenarios=fault.scenarios)  # fmt: skip
    found = zoo.examine(tame)

    assert (found.level, found.verdict) == ("", "")
    assert not zoo.right(tame, found)
    assert not zoo.right(tame, Caught(tame.name, "run", "deaf"))


# As many operations as it takes, and a recovery shorter than in the zoo.
NOTES, ERASES, SECONDS = range(200), range(130), 900  # the first 100: what metadata is kept


@pytest.mark.parametrize(
    ("name", "weaker", "where"),
    [
        *((name, zoo.untorn_programs, NOTES) for name in TORN_PROGRAMS),
        *((name, zoo.atomic_erases, ERASES) for name in PARTIAL_ERASES),
    ],
)
def test_a_weaker_flash_model_lets_a_row_escape(name: str, weaker: Cuts, where: range) -> None:
    device, (scenario,) = zoo.subject(row(name)), row(name).scenarios
    strong = zoo.search(device, scenario, "torn", where=where, seconds=SECONDS)
    weak = zoo.search(device, scenario, "torn", weaker, where, SECONDS)

    assert [failure.verdict.name for failure in strong.failures][:1] == [row(name).verdict]
    assert not weak.failures
