"""Faults made by rule: their list is fixed, and ten of them, drawn by the commit, are found.

A change of the firmware changes the list: `seesaw mutants --renew` writes it anew, and says which
of the new ones survive.
"""

import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from host_tools.prove import mutants, mutate
from host_tools.prove.mutants import Coverage, Fate, examine, explained, known, searches
from host_tools.prove.mutate import FILES, Mutant, candidates, listed, source

ROOT = Path(__file__).parents[2]
DRAWN = 10
SEED = "no commit"
TEXT = '''"""Says."""

LIMIT = 3


def take(store, count):
    """Says."""
    store.first = count
    store.second = LIMIT
    if count < LIMIT and store:
        raise ValueError
    try:
        store.save()
    except OSError:
        store.lost = True
    return [store]
'''


def of(operator: str, text: str = TEXT) -> list[str]:
    """The changed texts that an operator makes."""
    return [one.apply(text) for one in candidates("seesaw/x.py", text) if one.operator == operator]


@pytest.mark.parametrize(
    ("operator", "old", "new"),
    [
        ("negate", "if count < LIMIT and store:", "if not (count < LIMIT and store):"),
        ("compare", "count < LIMIT", "count <= LIMIT"),
        ("logic", "LIMIT and store", "LIMIT or store"),
        ("constant", "lost = True", "lost = False"),
        ("drop", "        store.save()", "        pass"),
        ("return", "return [store]", "return None"),
        ("early", "store.second = LIMIT", "return"),
        ("raise", "raise ValueError", "pass"),
        ("except", "store.lost = True", "pass"),
        ("swap", "store.first = count\n    store.second = LIMIT",
         "store.second = LIMIT\n    store.first = count"),
    ],
)  # fmt: skip
def test_each_operator_makes_its_fault(operator: str, old: str, new: str) -> None:
    assert TEXT.replace(old, new) in of(operator)


def test_every_candidate_changes_one_place_and_has_a_name_of_its_own() -> None:
    found = candidates("seesaw/x.py", TEXT)
    assert all(one.apply(TEXT) != TEXT for one in found)
    assert len({one.id for one in found}) == len(found)


def test_the_list_is_the_fixed_one() -> None:
    assert [one.id for one in listed()] == list(known()), "seesaw mutants --renew writes it anew"
    assert len(known()) == mutate.COUNT


def test_names_do_not_depend_on_lines() -> None:
    moved = listed({file: "# a word\n\n" + source(file) for file in FILES})
    assert [one.id for one in moved] == list(known())


def test_every_file_and_operator_is_there() -> None:
    assert {one.file for one in listed()} == set(FILES)
    assert {one.operator for one in listed()} == {
        "negate", "compare", "logic", "constant", "drop", "return", "early", "raise", "except",
        "swap",
    }  # fmt: skip


def test_what_was_found_names_its_search_and_what_was_not_a_reason() -> None:
    for name, word in known().items():
        assert word in searches() or explained(word), name


def test_coverage_sees_what_a_run_executes() -> None:
    with Coverage() as seen:
        mutants.search(mutants.healthy(), "run:first-boot")
    functions = {one.id.split(":")[1]: one for one in listed()}
    assert mutants.reaches(functions["intact"], frozenset(seen.lines))
    assert not mutants.reaches(functions["leave"], frozenset(seen.lines))


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or SEED


def again(one: Mutant) -> Fate:
    """By the search that found it the last time, else by any."""
    first = known()[one.id]
    return examine(one, [first, *(name for name in searches() if name != first)])


def test_ten_mutants_drawn_by_the_commit_are_found() -> None:
    drawn = mutants.drawn(listed(), commit(), DRAWN)
    unknown = [one for one in drawn if not explained(known()[one.id])]
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        found = list(pool.map(again, unknown))
    assert [fate for fate in found if fate.alive] == []
