"""Every provider's shapes: what the recipes make of them, and why they turn the others away."""

import pytest
from answers import BAD, GOOD, SHIPPED, capture, outcome, recipe


@pytest.mark.parametrize(("provider", "instrument", "name", "offset_s", "expected"), GOOD)
def test_a_good_answer(
    provider: str, instrument: str, name: str, offset_s: int, expected: tuple
) -> None:
    price, baseline, time_s, is_open = expected
    found = outcome(recipe(provider, instrument), capture(name), offset_s=offset_s)

    assert found == (pytest.approx(price), pytest.approx(baseline), time_s, is_open)


@pytest.mark.parametrize(("provider", "instrument", "name", "reason"), BAD)
def test_a_bad_answer(provider: str, instrument: str, name: str, reason: str) -> None:
    assert outcome(recipe(provider, instrument), capture(name)) == reason


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 255, 256, 257, 5000])
def test_any_size_of_pieces_gives_the_same(size: int) -> None:
    for provider, instrument, name, offset_s, _ in GOOD:
        bound, body = recipe(provider, instrument), capture(name)
        whole = outcome(bound, body, len(body), offset_s)
        assert outcome(bound, body, size, offset_s) == whole, name
    for provider, instrument, name, reason in BAD:
        assert outcome(recipe(provider, instrument), capture(name), size) == reason, name


def test_every_shipped_recipe_has_a_good_and_a_bad_answer_here() -> None:
    good = {row[0] for row in GOOD}
    turned_away = {row[0] for row in BAD}

    assert good >= set(SHIPPED["providers"])
    assert turned_away >= set(SHIPPED["providers"]) - {"etf", "relay", "bitstamp"}


def test_an_early_end_is_one_before_the_wanted_values() -> None:
    """No beginning of an answer gives another quote than all of it."""
    for provider, instrument, name, offset_s, _ in GOOD:
        bound, body = recipe(provider, instrument), capture(name)
        whole = outcome(bound, body, offset_s=offset_s)
        found = [outcome(bound, body[:end], offset_s=offset_s) for end in range(len(body))]
        assert {one for one in found if isinstance(one, tuple)} <= {whole}, name
        assert found[0] == "an empty answer", name
