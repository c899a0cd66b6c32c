"""The acceptance gate: each rule on both sides of its bound."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.gate import AGREE_POLLS, Limits, agree, apart, jump, late, move, still
from seesaw.core.gate import acceptance as full
from seesaw.core.quote import Quote

DAY_S = 86_400
NOW = 1_791_000_123
MIDNIGHT = NOW - NOW % DAY_S


INDEX, CRYPTO = Limits(1.1), Limits(2.86, crypto=True)


def acceptance(found: Quote, last: Quote | None, now_s: int, limits: Limits = INDEX) -> str | None:
    return full(found, last, now_s, limits)


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
    reason = acceptance(quote(price), None, NOW, CRYPTO if crypto else INDEX)

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
    ("price", "proxy", "accepted"),
    [(1000.0, False, True), (999.9, False, False), (9000.0, False, True), (9000.1, False, False),
     (650.0, True, True), (20000.0, True, True)],
)  # fmt: skip
def test_the_band_is_for_the_instruments_own_price(
    price: float, proxy: bool, accepted: bool
) -> None:
    limits = Limits(1.1, band=[1000, 9000])
    reason = full(quote(price, price), None, NOW, limits, proxy=proxy)

    assert reason == (None if accepted else "price is outside the band")


def test_another_provider_may_be_twelve_hours_behind() -> None:
    last, ahead = quote(time_s=NOW), "time is before the last accepted"

    for behind_s, reason in ((0, None), (43_200, None), (43_201, ahead)):
        assert full(quote(time_s=NOW - behind_s), last, NOW, INDEX, same=False) == reason


def test_of_two_units_no_factor_is_made() -> None:
    assert full(quote(650, 650), quote(6500, 6500), NOW, INDEX, same=False, unit=False) is None
    assert "factor" in str(full(quote(650, 650), quote(6500, 6500), NOW, INDEX, same=False))


@pytest.mark.parametrize("delay_s", [0, 900])
def test_in_session_a_quote_is_late_ten_minutes_after_its_delay(delay_s: int) -> None:
    age_s = delay_s + 600

    assert not late(quote(time_s=NOW - age_s), NOW, delay_s)
    assert late(quote(time_s=NOW - age_s - 1), NOW, delay_s)
    assert not late(quote(time_s=1), 0, delay_s)


def test_until_the_first_trade_the_session_has_ten_minutes() -> None:
    old = quote(time_s=NOW - 3 * DAY_S)

    assert not late(old, NOW, 0, opened_s=NOW - 600)
    assert late(old, NOW, 0, opened_s=NOW - 601)


def test_a_date_alone_is_late_by_day_but_does_not_stand_still() -> None:
    today = quote(time_s=MIDNIGHT)

    assert late(today, MIDNIGHT + 7200, 0)
    assert not still(today, MIDNIGHT + 7200, 0, 1800)
    assert still(today, MIDNIGHT + DAY_S + 1800, 0, 1800)


@pytest.mark.parametrize("delay_s", [0, 900])
def test_a_price_stands_still_after_half_an_hour(delay_s: int) -> None:
    assert not still(quote(time_s=NOW - delay_s - 1799), NOW, delay_s, 1800)
    assert still(quote(time_s=NOW - delay_s - 1800), NOW, delay_s, 1800)
    assert not still(quote(time_s=1), 0, delay_s, 1800)


@pytest.mark.parametrize(
    ("limits", "most"),
    [(Limits(0.9), 5.0), (Limits(1.0), 5.0), (Limits(1.6), 8.0), (CRYPTO, 14.3)],
)
def test_a_jump_is_five_sigmas_or_five_percent(limits: Limits, most: float) -> None:
    last = quote(1000.0, time_s=NOW - 60)

    for sign in (1, -1):
        assert not jump(quote(1000 + sign * (most - 0.01) * 10), last, limits)
        assert jump(quote(1000 + sign * (most + 0.01) * 10), last, limits)
    assert not jump(quote(2000), None, limits)
    assert not jump(quote(2000), quote(1000, time_s=NOW - 30 * DAY_S - 1), limits)


def test_a_jump_between_two_units_is_one_of_the_moves() -> None:
    last = quote(6500, 6500)

    assert not jump(quote(685.6, 650), last, INDEX, unit=False)  # 5.48 % up
    assert jump(quote(685.8, 650), last, INDEX, unit=False)
    assert move(quote(682.5, 650)) == pytest.approx(5)
    assert apart(quote(682.5, 650), last, False) == pytest.approx(5)


def test_two_quotes_agree_within_a_percentage() -> None:
    assert agree(quote(100.49), quote(), 0.5) and agree(quote(99.51), quote(), 0.5)
    assert not agree(quote(100.51), quote(), 0.5)
    assert AGREE_POLLS * INDEX.jump == pytest.approx(2.2)


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**33),
    st.integers(0, 2**33),
)
def test_what_is_accepted_is_fit_for_the_beam(
    price: float, baseline: float, time_s: int, now_s: int
) -> None:
    if acceptance(Quote(price, baseline, time_s, True), None, now_s, CRYPTO) is None:
        assert price > 0
        assert abs(price / baseline - 1) <= 0.6000001
