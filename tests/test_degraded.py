"""firmware/DEGRADED.md is a contract: each situation names the tests that prove it, and they exist.

Beneath a table stands a line for each row, in the table's order: the row's first cell, and tests as
`file::name`. Every state of the firmware has a row, and the LED of that row is the firmware's.
"""

import ast
import re
from pathlib import Path

import pytest
from seesaw.api import answers
from seesaw.core import market_state

import host_tools  # noqa: F401 - makes the firmware's modules importable here
from host_tools.twin import words

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "firmware" / "DEGRADED.md").read_text("utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
STATES = ("LIVE", "DELAYED", "PROXY", "CLOSED", *market_state.SIGNS[1:], "UPDATING")


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(section: str) -> list[str]:
    """First cells of its table."""
    found = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.split(" | ")[0].removeprefix("| ") for line in found[2:]]


def proofs(section: str) -> list[str]:
    return [line for line in section.splitlines() if re.match(r"\d+\. ", line)]


TABLES = {name: text for name, text in sections().items() if rows(text)}


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_a_test(name: str) -> None:
    found, listed = rows(TABLES[name]), proofs(TABLES[name])

    assert len(listed) == len(found) > 5
    for number, (row, line) in enumerate(zip(found, listed, strict=True), 1):
        assert line.startswith(f"{number}. {row}: "), (row, line)
        assert TEST.search(line), line


@pytest.mark.parametrize("path", sorted({path for path, _ in TEST.findall(TEXT)}))
def test_every_named_test_exists(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    named = {name for where, name in TEST.findall(TEXT) if where == path}

    assert named <= defined, named - defined
    assert all(name.startswith("test_") for name in named)


def test_every_table_is_there() -> None:
    told = ["The states", "The market", "Turns", "The beam", "Set-up", "The page", "Updates",
            "Data", "Damage"]  # fmt: skip
    assert list(TABLES) == told


def test_every_state_of_the_market_occurs() -> None:
    """In the table, and in what a whole device is seen to say."""
    told = {market_state.state(what, market, delay_s, proxy)
            for what in range(len(market_state.TABLE)) for market in range(3)
            for delay_s, proxy in ((0, False), (900, False), (900, True))}  # fmt: skip
    seen = (ROOT / "tests" / "feeds" / "test_failover.py").read_text("utf-8")

    assert told == {"LIVE", "DELAYED", "PROXY", "STALE", "CLOSED", "NO_DATA"}
    for state in told | set(market_state.AWAY):
        assert f"`{state}" in TABLES["The market"], state
    for state in told:
        assert f'"{state}"' in seen, state


def test_every_state_of_the_firmware_has_its_row_and_its_sign() -> None:
    found = [line.strip("| ").split(" | ") for line in TABLES["The states"].splitlines()
             if line.startswith("| ")][2:]  # fmt: skip
    table = {cells[0].replace(" ", "_"): cells for cells in found if len(cells) > 1}
    source = "".join(path.read_text("utf-8") for path in (ROOT / "firmware").rglob("*.py"))

    assert tuple(table) == STATES
    for state, cells in table.items():
        assert len(cells) == 6 and all(cells), state
        assert f"{'sign' if state == 'SAFE' else 'state'}={state}" in cells[2]
        assert f'"{state}"' in source
        count = market_state.SIGNS.index(state) if state in market_state.SIGNS else 0
        blinks = "blinks" if count > 1 else "blink"
        told = f"{count} {blinks}" if count else "dark"
        assert cells[3] == ("lit" if state == "UPDATING" else told)


def test_set_up_blinks_as_its_state_does() -> None:
    found = [line.strip("| ").split(" | ") for line in TABLES["Set-up"].splitlines()
             if "`event=setup words=never" in line]  # fmt: skip

    assert len(found) == 2
    assert {cells[3] for cells in found} == {f"{market_state.SIGNS.index('SETUP')} blinks"}


def test_the_page_says_each_state() -> None:
    """The device's own, in the words that are told here; the twin's beside it."""
    told = dict(re.findall(r'^- ([A-Z ]+): "(.+)"$', TABLES["The states"], re.MULTILINE))

    said = {**answers.WORDS, "SAFE": answers.SAFE}
    assert told == {name.replace("_", " "): words for name, words in said.items()}
    assert {name.replace(" ", "_") for name in told} == set(STATES) - {"UPDATING"}
    for state in STATES:
        assert len(words.STATES[state].split()) > 3
