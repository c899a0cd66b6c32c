"""The table of states: every cell, against what is promised in words."""

from itertools import product

import pytest
from seesaw.core.market_state import (
    BEFORE,
    FOLLOW,
    FRESH,
    GOOD,
    HOLD,
    LEVEL,
    LOST,
    MISSED,
    NOTHING,
    OLD,
    OPEN,
    SHUT,
    SIGNS,
    STILL,
    TABLE,
    pose,
    session,
    sign,
    state,
)

ROWS = (NOTHING, LOST, MISSED, OLD, BEFORE, FRESH)
COLUMNS = (OPEN, SHUT, STILL)
EVERY = list(product(ROWS, COLUMNS, (0, 900), (False, True)))
LIVES = ("LIVE", "DELAYED", "PROXY")


def test_the_table_is_whole() -> None:
    assert len(TABLE) == len(ROWS) and {len(row) for row in TABLE} == {len(COLUMNS)}


@pytest.mark.parametrize(("what", "market", "delay_s", "proxy"), EVERY)
def test_every_cell(what: int, market: int, delay_s: int, proxy: bool) -> None:
    name = state(what, market, delay_s, proxy)

    # Live in three words, for a fresh price alone, and never in a market that is shut.
    assert (name in LIVES) == (what == FRESH and market != SHUT)
    assert (name == "PROXY") <= proxy and (name == "DELAYED") <= (delay_s > 0 and not proxy)
    assert (name == "LIVE") <= (delay_s == 0 and not proxy)
    # Without any price it says so, whatever the session.
    assert (name == "NO_DATA") == (what in (NOTHING, LOST))
    # A shut market is closed, not stale; a price that cannot be told is never called closed.
    assert (name == "STALE") <= (market != SHUT)
    assert what != MISSED or market == SHUT or name == "STALE"
    assert what != OLD or name == ("STALE" if market == OPEN else "CLOSED")
    assert (name in GOOD) == (name not in ("STALE", "NO_DATA"))


def test_level_is_for_what_is_lost_alone_and_is_said() -> None:
    assert [pose(what) for what in ROWS] == [HOLD, LEVEL, HOLD, FOLLOW, FOLLOW, FOLLOW]
    assert {state(LOST, market) for market in COLUMNS} == {"NO_DATA"}


@pytest.mark.parametrize(
    ("word", "flag", "still", "column"),
    [
        ("open", True, 0, OPEN),
        ("open", None, 0, OPEN),
        ("open", False, 0, OPEN),  # the age decides, not one provider's word
        ("open", True, 1, OPEN),
        ("open", True, 2, STILL),
        ("closed", True, 0, SHUT),
        ("closed", None, 5, SHUT),
        ("lunch", True, 0, SHUT),
        ("", True, 0, OPEN),
        ("", None, 0, OPEN),
        ("", False, 0, SHUT),
        ("", True, 1, STILL),
        ("", None, 1, STILL),
    ],
)
def test_what_is_known_of_the_session(
    word: str, flag: bool | None, still: int, column: int
) -> None:
    assert session(word, flag, still) == column


@pytest.mark.parametrize("name", [*GOOD, *SIGNS[1:5]])
def test_each_state_has_its_sign(name: str) -> None:
    """None where the feed does what it is there for. The launcher has app and updater take turns
    from the third unhealthy end on."""
    well = "-" if name in GOOD else name

    assert [sign(name, ends) for ends in range(3)] == [well] * 3
    for ends in (3, 4, 255):
        assert sign(name, ends) == (name if name in ("OFFLINE", "SETUP") else "SAFE")
    assert 2 * 250 * SIGNS.index(sign(name, 3)) <= 3000  # ms, of the 5000 from look to look
