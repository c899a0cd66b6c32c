"""What becomes of a set of data: every row of the table, and what a blob may hold."""

import itertools
import json
import random

import pytest
from seesaw.data import standing
from seesaw.data.faring import seen, silence_s
from seesaw.data.standing import (
    BAD,
    FEED,
    FILE,
    GOOD,
    NOTHING,
    SHIPPED,
    STRIKES,
    TRIAL,
    TURNS,
    USE,
    patience_s,
    read,
)
from seesaw.data.turns import after, event, lost, offered, unfit

NEW, OLD, OTHER, BUNDLE = "n" * 16, "o" * 16, "x" * 16, "b" * 16
EVENTS = ("priced", "silent", "crashed", "")


def state(use: int, trial: str = NEW, good: str = OLD, **more: int) -> list:
    made = list(NOTHING)
    made[TRIAL], made[GOOD], made[USE] = trial, good, use
    for name, value in more.items():
        made[getattr(standing, name)] = value
    return made


# (in use, set on trial, good set, event) -> (in use, on trial, good, given up)
ROWS = [
    (TRIAL, NEW, OLD, "priced", (GOOD, "", NEW, "")),
    (TRIAL, NEW, "", "priced", (GOOD, "", NEW, "")),
    (TRIAL, NEW, OLD, "silent", (GOOD, NEW, OLD, "")),
    (TRIAL, NEW, "", "silent", (SHIPPED, NEW, "", "")),
    (TRIAL, NEW, OLD, "crashed", (GOOD, "", OLD, NEW + BUNDLE)),
    (TRIAL, NEW, "", "crashed", (SHIPPED, "", "", NEW + BUNDLE)),
    (GOOD, NEW, OLD, "priced", (TRIAL, NEW, OLD, "")),
    (GOOD, "", OLD, "priced", (GOOD, "", OLD, "")),
    (GOOD, NEW, OLD, "silent", (SHIPPED, NEW, OLD, "")),
    (GOOD, "", OLD, "silent", (SHIPPED, "", OLD, "")),
    (GOOD, NEW, OLD, "crashed", (SHIPPED, NEW, OLD, "")),
    (GOOD, "", OLD, "crashed", (SHIPPED, "", OLD, "")),
    (SHIPPED, NEW, OLD, "priced", (TRIAL, NEW, OLD, "")),
    (SHIPPED, "", OLD, "priced", (SHIPPED, "", OLD, "")),
    (SHIPPED, "", "", "priced", (SHIPPED, "", "", "")),
    (SHIPPED, NEW, OLD, "silent", (TRIAL, NEW, OLD, "")),
    (SHIPPED, NEW, "", "silent", (TRIAL, NEW, "", "")),
    (SHIPPED, "", OLD, "silent", (GOOD, "", OLD, "")),
    (SHIPPED, "", "", "silent", (SHIPPED, "", "", "")),
]


@pytest.mark.parametrize(("use", "trial", "good", "what", "wanted"), ROWS)
def test_every_row(use: int, trial: str, good: str, what: str, wanted: tuple) -> None:
    made = after(state(use, trial, good), what, BUNDLE)

    assert (made[USE], made[TRIAL], made[GOOD], made[BAD]) == wanted


def test_nothing_was_seen_and_nothing_changes() -> None:
    for use in (SHIPPED, TRIAL, GOOD):
        assert after(state(use), "", BUNDLE) == state(use)


def test_a_set_is_given_up_when_it_was_silent_twice_and_another_had_prices_each_time() -> None:
    made = state(TRIAL)
    for _ in range(2):
        assert made[USE] == TRIAL and not made[BAD]
        made = after(made, "silent", BUNDLE)
        assert made[USE] == GOOD
        made = after(made, "priced", BUNDLE)

    assert (made[USE], made[TRIAL], made[GOOD], made[BAD]) == (GOOD, "", OLD, NEW + BUNDLE)


def test_an_outage_of_all_of_them_condemns_none_however_long_it_lasts() -> None:
    made = state(TRIAL)
    uses = []
    for _ in range(90):
        made = after(made, "silent", BUNDLE)
        uses.append(made[USE])

    assert not made[BAD] and made[STRIKES] == 0
    assert uses[:6] == [GOOD, SHIPPED, TRIAL, GOOD, SHIPPED, TRIAL]
    assert patience_s(made) == 300 * 32


def test_patience_grows_with_each_turn_and_ends_with_a_price() -> None:
    assert [patience_s(state(GOOD, TURNS=n)) for n in (*range(7), 300)] == [
        300, 600, 1200, 2400, 4800, 9600, 9600, 9600
    ]  # fmt: skip
    assert after(state(GOOD, "", TURNS=4), "priced", BUNDLE)[TURNS] == 0


def test_what_is_kept_is_where_it_was_written() -> None:
    made = after(state(TRIAL, FILE=0), "priced", BUNDLE)

    assert made[FILE] == 1
    assert after(offered(made, OTHER, BUNDLE), "priced", BUNDLE)[FILE] == 0


def test_what_is_on_offer() -> None:
    first = offered(list(NOTHING), NEW, BUNDLE)
    assert (first[USE], first[TRIAL]) == (TRIAL, NEW)
    assert offered(first, NEW, BUNDLE) == first
    newer = offered(state(GOOD, NEW, OLD, STRIKES=1, TURNS=3), OTHER, BUNDLE)
    assert (newer[USE], newer[TRIAL], newer[GOOD]) == (TRIAL, OTHER, OLD)
    assert newer[STRIKES] == newer[TURNS] == 0


def test_the_good_set_on_offer_again_takes_back_the_one_on_trial() -> None:
    made = offered(state(TRIAL), OLD, BUNDLE)

    assert (made[USE], made[TRIAL], made[GOOD]) == (GOOD, "", OLD)


def test_what_was_given_up_stays_so_for_this_release_until_another_set_comes() -> None:
    given_up = after(state(TRIAL), "crashed", BUNDLE)
    again = offered(given_up, NEW, BUNDLE)
    assert (again[USE], again[TRIAL]) == (GOOD, "")

    assert offered(given_up, NEW, "c" * 16)[USE] == TRIAL
    assert offered(given_up, OTHER, BUNDLE)[USE] == TRIAL


def test_a_set_that_is_refused_changes_nothing_else() -> None:
    made = unfit(state(GOOD, ""), NEW, BUNDLE)

    assert (made[USE], made[GOOD], made[BAD]) == (GOOD, OLD, NEW + BUNDLE)
    assert offered(made, NEW, BUNDLE)[TRIAL] == ""


def test_a_lost_set_comes_again() -> None:
    made = lost(state(GOOD, ""), BUNDLE)

    assert (made[USE], made[GOOD], made[BAD]) == (SHIPPED, "", "")
    assert offered(made, OLD, BUNDLE)[USE] == TRIAL


def test_a_set_on_trial_whose_file_is_lost_is_given_up() -> None:
    made = lost(state(TRIAL), BUNDLE)

    assert (made[USE], made[TRIAL], made[GOOD], made[BAD]) == (SHIPPED, "", OLD, NEW + BUNDLE)


def test_every_chain_of_events_keeps_a_set_that_is_there() -> None:
    """In use is always one that exists, and each state is one that read() takes back."""
    for chain in itertools.product((*EVENTS, NEW, OLD, OTHER), repeat=5):
        made = list(NOTHING)
        for what in chain:
            step = after if what in EVENTS else offered
            made = step(made, what, BUNDLE)
            assert made[USE] == SHIPPED or made[made[USE]]
            assert made[TRIAL] != made[GOOD] or not made[TRIAL]
            assert read(json.dumps(made).encode()) == made


# -- what the app saw ----------------------------------------------------------------------------


def test_what_the_app_saw_goes_through_the_scratch() -> None:
    scratch = seen(bytes(range(24)), 2, 2, 70_000)
    assert scratch[:2] == b"\0\1" and scratch[6:] == bytes(range(6, 24)) and len(scratch) == 24
    assert silence_s(scratch) == 65535
    nothing = list(NOTHING)

    assert event(bytes(24), nothing) == event(seen(bytes(24), 2, 2, 299), nothing) == ""
    assert event(seen(bytes(24), 0, 3), nothing) == "priced"
    assert event(seen(bytes(24), 0, 0, 300), nothing) == "silent"
    assert event(seen(bytes(24), 3, 3), nothing) == "crashed"
    assert event(seen(bytes(24), 0, 0, 300), state(GOOD, TURNS=1)) == ""


# -- what a blob may hold ------------------------------------------------------------------------


@pytest.mark.parametrize("blob", [
    b"", b"{}", b"null", b"[]", b"\xff", b"[" * 9000, json.dumps(NOTHING).encode()[:-3],
    json.dumps([*NOTHING, 1]).encode(), json.dumps([1] * 10).encode(),
    json.dumps(state(TRIAL, "")).encode(), json.dumps(state(GOOD, good="")).encode(),
    json.dumps(state(3)).encode(), json.dumps(state(-1)).encode(),
    json.dumps([*NOTHING[:USE], True, *NOTHING[USE + 1 :]]).encode(),
])  # fmt: skip
def test_a_blob_that_is_no_state_is_none(blob: bytes) -> None:
    assert read(blob) == list(NOTHING)


def test_whatever_numbers_a_blob_has_nothing_raises() -> None:
    draw = random.Random(1)
    for _ in range(2000):
        wild = [draw.choice((-(10**9), -1, 0, 1, 2, 7, 10**12)) for _ in range(3)]
        made = read(json.dumps([*state(draw.randrange(3))[:FILE], *wild, []]).encode())
        for what in EVENTS:
            after(made, what, BUNDLE)
        assert 300 <= patience_s(made) <= 9600
        assert made[FEED] == [] and standing.name(made)
