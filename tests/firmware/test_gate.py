"""The acceptance gate and the honest state of an accepted quote."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.gate import acceptance, state
from seesaw.core.quote import Quote

DAY_S = 86_400
NOW = 1_791_000_123
MIDNIGHT = NOW - NOW % DAY_S


def quote(
    price: float = 100.0, baseline: float = 100.0, time_s: int = NOW, open: bool = True
) -> Quote:
    return Quote(price, baseline, time_s, open)


def test_an_ordinary_quote_is_accepted() -> None:
    assert acceptance(quote(101.0), None, NOW) is None
    assert acceptance(quote(101.0), quote(99.0, time_s=NOW - 60), NOW) is None
    assert acceptance(quote(101.0), quote(), NOW) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_price_and_baseline_must_be_finite_and_positive(value: float) -> None:
    assert "price or baseline" in str(acceptance(quote(price=value), None, NOW))
    assert "price or baseline" in str(acceptance(quote(baseline=value), None, NOW))


@pytest.mark.parametrize(
    ("price", "crypto", "accepted"),
    [
        (125.0, False, True),
        (125.1, False, False),
        (75.0, False, True),
        (74.9, False, False),
        (160.0, True, True),
        (160.1, True, False),
        (40.0, True, True),
        (39.9, True, False),
    ],
)
def test_change_cap(price: float, crypto: bool, accepted: bool) -> None:
    reason = acceptance(quote(price), None, NOW, crypto)

    assert reason == (None if accepted else "change is above the cap")


@pytest.mark.parametrize(
    ("price", "accepted"), [(400.0, True), (401.0, False), (25.0, True), (24.9, False)]
)
def test_factor_four_of_the_last_good(price: float, accepted: bool) -> None:
    reason = acceptance(quote(price, price), quote(time_s=NOW - 60), NOW)

    assert (reason is None) == accepted
    assert accepted or "factor 4" in str(reason)


def test_after_a_month_the_last_good_price_judges_no_more() -> None:
    last = quote(time_s=NOW - 30 * DAY_S - 1)

    assert acceptance(quote(900.0, 900.0), last, NOW) is None


def test_the_future_is_refused_when_now_is_known() -> None:
    ahead = quote(time_s=NOW + 121)

    assert acceptance(quote(time_s=NOW + 120), None, NOW) is None
    assert acceptance(ahead, None, NOW) == "time is in the future"
    assert acceptance(ahead, None, 0) is None


def test_time_does_not_go_back() -> None:
    reason = acceptance(quote(time_s=NOW - 1), quote(), NOW)

    assert reason == "time is before the last accepted"


def test_a_future_time_let_in_without_a_clock_does_not_shut_out_the_rest() -> None:
    poisoned = quote(time_s=NOW + 10 * DAY_S)

    assert acceptance(poisoned, None, 0) is None
    assert acceptance(quote(), poisoned, NOW) is None


def test_a_bare_date_is_compared_by_its_day() -> None:
    friday = quote(time_s=MIDNIGHT)

    assert acceptance(friday, quote(time_s=MIDNIGHT + 20 * 3600), MIDNIGHT + DAY_S) is None
    assert acceptance(friday, quote(time_s=MIDNIGHT + DAY_S), NOW + DAY_S) is not None
    # Sydney's morning is still yesterday in UTC.
    assert acceptance(friday, None, MIDNIGHT - 3600) is None
    assert acceptance(friday, None, MIDNIGHT - 15 * 3600) == "time is in the future"


@pytest.mark.parametrize(
    ("age_s", "open", "expected"),
    [
        (0, True, "LIVE"),
        (1200, True, "LIVE"),
        (1201, True, "STALE"),
        (0, False, "CLOSED"),
        (10 * DAY_S, False, "CLOSED"),
    ],
)
def test_state(age_s: int, open: bool, expected: str) -> None:
    assert state(quote(time_s=NOW - age_s, open=open), NOW) == expected
    assert state(quote(time_s=1, open=open), 0) == ("LIVE" if open else "CLOSED")


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**33),
    st.integers(0, 2**33),
)
def test_what_is_accepted_is_fit_for_the_beam(
    price: float, baseline: float, time_s: int, now_s: int
) -> None:
    if acceptance(Quote(price, baseline, time_s, True), None, now_s, True) is None:
        assert price > 0
        assert abs(price / baseline - 1) <= 0.6000001
