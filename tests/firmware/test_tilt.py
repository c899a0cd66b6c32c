"""The beam's angle and the servo's pulse: golden values, bounds, symmetry; and the back-off."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.backoff import delay_s
from seesaw.core.httpdate import RETRY_AFTER_MAX_S, retry_after_s
from seesaw.core.tilt import DEADBAND_DEG, TILT_MAX_DEG, angle, held, pulse_ns, tilt

from host_tools.image import settings

NAMES = (
    "sp500 dow nasdaq ftse100 dax cac40 nikkei225 hangseng shanghai asx200 nifty50 "
    "btc eth sol xrp ltc"
)


@pytest.mark.parametrize(("z", "degrees"), [(0.1, 0.8), (0.5, 3.9), (1, 7.0), (2, 10.4), (3, 11.6)])
@pytest.mark.parametrize("sigma", [0.92, 5.37])
def test_angle_at_so_many_sigma(z: float, degrees: float, sigma: float) -> None:
    assert round(angle(z * sigma, sigma), 1) == degrees
    assert angle(-z * sigma, sigma) == -angle(z * sigma, sigma)


@given(st.floats(-1e6, 1e6), st.floats(0.1, 10))
def test_angle_is_twelve_times_tanh(change: float, sigma: float) -> None:
    expected = 12 * math.tanh(change / sigma / 1.5)

    assert angle(change, sigma) == pytest.approx(expected, abs=1e-5)
    assert abs(angle(change, sigma)) <= TILT_MAX_DEG


def test_no_input_reaches_what_a_32_bit_float_cannot_hold() -> None:
    assert angle(3e38, 0.92) == pytest.approx(TILT_MAX_DEG, abs=1e-5)
    assert angle(-3e38, 0.92) == pytest.approx(-TILT_MAX_DEG, abs=1e-5)


@pytest.mark.parametrize("sensitivity", [25, 50, 100, 200, 400])
def test_sensitivity_scales_the_move(sensitivity: int) -> None:
    assert tilt(101.0, 100.0, 1.0, sensitivity) == pytest.approx(angle(sensitivity / 100, 1.0))


def test_a_fall_tilts_down() -> None:
    assert -TILT_MAX_DEG < tilt(6400.0, 6500.0, 1.13) < -DEADBAND_DEG


@pytest.mark.parametrize(
    ("wanted", "target", "taken"),
    [
        (1_500_000, 1_500_000, 1_500_000),
        (1_511_999, 1_500_000, 1_500_000),
        (1_512_000, 1_500_000, 1_512_000),
        (1_501_000, 1_512_000, 1_512_000),  # once away from level it is held there too
        (1_500_000, 1_512_000, 1_500_000),
        (1_495_000, 1_512_000, 1_500_000),  # within the band of level is level
        (1_700_000, 1_688_001, 1_688_001),
        (1_700_000, 1_688_000, 1_700_000),
    ],
)
def test_the_deadband_goes_with_the_beam(wanted: int, target: int, taken: int) -> None:
    assert held(wanted, target, 1_500_000, 12_000) == taken


@given(st.lists(st.integers(1_000_000, 2_000_000), max_size=50), st.integers(1, 20_000))
def test_the_beam_is_always_within_the_deadband(wanted: list[int], deadband: int) -> None:
    target = 1_500_000
    for value in wanted:
        before, target = target, held(value, target, 1_500_000, deadband)
        assert abs(target - value) < deadband
        assert target == before or abs(value - before) >= deadband


def test_pulse() -> None:
    assert pulse_ns(0.0) == 1_500_000
    assert pulse_ns(12.0) == 1_980_000
    assert pulse_ns(-12.0) == 1_020_000
    assert pulse_ns(12.0, us_per_degree=-40) == 1_020_000
    assert pulse_ns(1.0, center_us=1480.5, us_per_degree=38.5) == 1_519_000


@given(st.floats(allow_nan=False), st.integers(500, 2500), st.integers(-200, 200))
def test_pulse_never_leaves_its_bounds(degrees: float, center: int, slope: int) -> None:
    if math.isinf(degrees) and slope == 0:
        slope = 1
    assert 1_100_000 <= pulse_ns(degrees, center, slope, 1100, 1900) <= 1_900_000


def test_pulse_of_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        pulse_ns(math.nan)


def test_the_sixteen_instruments() -> None:
    assert settings.instruments() == NAMES.split()
    feeds = json.loads(settings.FEEDS.read_bytes())
    asked = {str(feed) for one in feeds["instruments"].values() for feed in one["feeds"]}
    assert len(asked) == sum(len(one["feeds"]) for one in feeds["instruments"].values())
    for one in feeds["instruments"].values():
        assert 0.5 < one["sigma"] < 6.0
        assert (one["exchange"] == "24/7") == ("bitstamp" in [feed[0] for feed in one["feeds"]])


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True), st.integers(1, 60))
def test_backoff_is_bounded(failures: int, chance: float, first_s: int) -> None:
    wait_s = delay_s(failures, lambda: chance, first_s, 900)

    assert max(1, first_s // 2) <= wait_s <= 900


def test_backoff_doubles_and_spreads() -> None:
    longest = [delay_s(n, lambda: 0.0, 5, 900) for n in range(1, 10)]
    shortest = [delay_s(n, lambda: 0.999999, 5, 900) for n in range(1, 10)]

    assert longest == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert all(low <= high * 0.6 + 1 for low, high in zip(shortest, longest, strict=True))
    assert delay_s(1, lambda: 0.5, 5, 900, floor_s=120) == 120


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("999999999", RETRY_AFTER_MAX_S), ("", 0), ("-1", 0), ("1e9", 0), ("²", 0)],
)
def test_retry_after(value: str, seconds: int) -> None:
    assert retry_after_s(value) == seconds
