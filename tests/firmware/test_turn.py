"""Which of several instruments has its turn, and what of a set of data the app then needs."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.turn import NAMES_MAX, names, pick
from seesaw.data import feeds as sets
from seesaw.data import traded
from seesaw.data.several import SIZE_MAX, several
from seesaw.data.traded import exchanges
from seesaw.rotation import several as part_of

from host_tools.market import feed_sets

ALL = list(feed_sets.shipped()["instruments"])
TRADES = st.lists(st.sampled_from((True, False, None)), min_size=1, max_size=16)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one, max_size=3),
)


def settings(first: str, *more: str, **other: object) -> dict:
    return {"instrument": first, "rotation": list(more), "providers": {}, "keys": {}, **other}


@given(st.lists(ANYTHING, max_size=40))
def test_names_are_texts_each_once_and_not_too_many(rotation: list) -> None:
    found = names({"instrument": "sp500", "rotation": rotation})
    assert found[0] == "sp500" and len(found) == len(set(found)) <= NAMES_MAX
    assert all(name in rotation and isinstance(name, str) for name in found[1:])


@given(TRADES, st.integers(0, 10**7))
def test_one_that_trades_goes_before_one_that_does_not(trades: list, turn: int) -> None:
    place = pick(trades, turn)
    if True in trades:
        assert trades[place] is True
    elif False in trades:
        assert trades[place] is False
    else:
        assert place == 0


@given(TRADES, st.integers(0, 10**7))
def test_each_that_trades_has_its_turn_and_none_has_two(trades: list, turn: int) -> None:
    best = True if True in trades else False if False in trades else None
    those = [at for at, one in enumerate(trades) if one is best] if best is not None else [0]
    shown = [pick(trades, turn + later) for later in range(len(those))]
    assert sorted(shown) == those


def test_the_bundles_file_says_where_they_are_traded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = feed_sets.shipped()
    path = tmp_path / "feeds.txt"
    rows = [*whole["instruments"].items(), *whole["providers"].items()]
    path.write_text("".join(f"{name} {json.dumps(entry)}\n" for name, entry in rows))
    monkeypatch.setattr(traded, "FEEDS", str(path))
    found = exchanges([*ALL, "cnbc", "gold", ""])
    assert found == {name: whole["instruments"][name]["exchange"] for name in ALL}
    assert exchanges([]) == {}


# -- what the app gets of a set ------------------------------------------------------------------


def size(found: dict) -> int:
    return len(json.dumps(found, separators=(",", ":")))


@pytest.mark.parametrize("more", [
    (), ("dax",), ("btc",), ("dow", "nasdaq", "ftse100"), ("dax", "nikkei225", "btc"),
    ("nosuch", "btc"), ("eth", "sol", "xrp", "ltc"),
])  # fmt: skip
def test_a_few_find_room_with_two_feeds_each_or_more(more: tuple[str, ...]) -> None:
    whole = feed_sets.shipped()
    made = several(whole, settings("sp500", *more))
    assert size(made) <= SIZE_MAX
    for name in ("sp500", *more):
        found = part_of(made, name)
        entry = whole["instruments"].get(name)
        if entry is None:
            assert found == {}
            continue
        listed = [row for row in entry["feeds"] if row[0] not in ("relay", "eodhd")]
        assert found["feeds"] == listed[: len(found["feeds"])]
        assert len(found["feeds"]) >= min(2, len(listed))
        assert (found["sigma"], found["exchange"]) == (entry["sigma"], entry["exchange"])
        assert all("about" not in recipe for recipe in found["providers"].values())


def test_one_alone_has_all_that_it_would_have_without_turns() -> None:
    made = part_of(several(feed_sets.shipped(), settings("dax", "dax")), "dax")
    assert [row[0] for row in made["feeds"]] == ["cnbc", "eastmoney", "yahoo", "etf"]


def test_those_that_find_no_room_are_the_last_ones() -> None:
    made = several(feed_sets.shipped(), settings(*ALL))
    has = [name in made["turns"] for name in ALL]
    assert size(made) <= SIZE_MAX and has[:6] == [True] * 6 and not all(has)


def test_any_two_find_room() -> None:
    for first, second in itertools.product(ALL, ALL):
        made = several(feed_sets.shipped(), settings(first, second))
        assert {first, second} == {*made["turns"]} and size(made) <= SIZE_MAX


def test_of_a_set_that_has_none_of_them_there_is_nothing() -> None:
    whole = feed_sets.shipped()
    whole["instruments"] = {"btc": whole["instruments"]["btc"]}
    assert sets.check(json.dumps(whole).encode()) == whole
    assert several(whole, settings("sp500", "dax")) == {}
    assert part_of({}, "sp500") == {}
