"""firmware/DEGRADED.md is a contract: each situation names the tests that prove it, and they exist.

Beneath a table stands a line for each row, in the table's order: the row's first cell in short, and
tests as `file::name`. A table without such lines is listed in WITHOUT, so none is forgotten.
"""

import ast
import re
from pathlib import Path

import pytest
from seesaw.core import market_state

import host_tools  # noqa: F401 - makes the firmware's modules importable here

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "firmware" / "DEGRADED.md").read_text("utf-8")
WITHOUT = ("The beam", "Updates", "Data", "Damage")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
# Of the states that a device may be in, those that it does not have yet.
NOT_YET = ("SETUP", "UPDATING", "SAFE")


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
PROVED = [name for name in TABLES if name not in WITHOUT]


@pytest.mark.parametrize("name", PROVED)
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


def test_every_state_of_the_market_occurs() -> None:
    """In the table, and in what a whole device is seen to say."""
    told = {market_state.state(what, market, delay_s, proxy)
            for what in range(len(market_state.TABLE)) for market in range(3)
            for delay_s, proxy in ((0, False), (900, False), (900, True))}  # fmt: skip
    seen = (ROOT / "tests" / "feeds" / "test_failover.py").read_text("utf-8")

    assert told == {"LIVE", "DELAYED", "PROXY", "STALE", "CLOSED", "NO_DATA"}
    for state in told | {"NO_WIFI"}:
        assert f"`{state}" in TABLES["The market"], state
    for state in told:
        assert f'"{state}"' in seen, state


def test_what_a_device_does_not_say_yet_is_said_here() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "firmware").rglob("*.py"))
    last = sections()["What an owner without a console does not see"]

    for state in NOT_YET:
        assert f'"{state}"' not in source, f"{state} exists now: give it a row and a test"
        assert f"`{state}`" in last
