"""The beam in virtual time: whatever is asked of it and whenever, its pulses keep their limits."""

from collections.abc import Iterator

import pytest
from beam_rig import Rig
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw import beam as module
from seesaw.beam import HOLD_MS, MOVE_MOST_S, NOTE_S, POWER_MS
from seesaw.core.profile import FRAME_MS
from seesaw.core.tilt import DEADBAND_DEG, pulse_ns

NIGHT = {"quiet_from": 22 * 60, "quiet_to": 7 * 60}
NOON_S, DAY_S = 1_800_014_400, 86_400  # 2027-01-15 12:00 UTC
GENTLE = settings(max_examples=60, deadline=None)


@pytest.fixture(autouse=True)
def _own_loop() -> Iterator[None]:
    """Each rig puts its own loop in the place of CPython's; this puts that back."""
    real = module.asyncio
    yield
    module.asyncio = real


ORDERS = st.lists(st.tuples(st.floats(0, 4), st.floats(-14, 14)), min_size=1, max_size=12)
SETTINGS = st.fixed_dictionaries({
    "center_us": st.integers(1200, 1800),
    "us_per_degree": st.integers(8, 41) | st.integers(-41, -8),
    "low_us": st.integers(1000, 1200),
    "high_us": st.integers(1800, 2000),
    "approach_us": st.integers(-60, 60),
})  # fmt: skip


@GENTLE
@given(ORDERS, SETTINGS, st.integers(0, 2_200_000), st.booleans())
def test_any_orders_at_any_time_keep_the_limits(
    orders: list[tuple[float, float]], changes: dict[str, int], rtc_ns: int, switch: bool
) -> None:
    rig = Rig(rtc_ns, switch=switch, **changes)
    stood = rig.beam.pulse_ns
    pulses = rig.point(*orders)
    rig.check()
    of = rig.settings
    wanted = pulse_ns(
        orders[-1][1], of["center_us"], of["us_per_degree"], of["low_us"], of["high_us"]
    )

    assert rig.beam.still and rig.pulses[-1:] in ([], [(rig.pulses[-1][0], 0)] if pulses else [])
    assert abs(rig.beam.target_ns - wanted) < DEADBAND_DEG * 1000 * abs(of["us_per_degree"])
    if pulses:
        assert pulses[0] == stood
        assert pulses[-1] == rig.beam.pulse_ns == rig.beam.target_ns == rig.pulse_ns


@GENTLE
@given(ORDERS, st.integers(8, 60) | st.integers(-60, -8))
def test_every_rest_is_come_to_from_one_side(
    orders: list[tuple[float, float]], approach_us: int
) -> None:
    rig = Rig(approach_us=approach_us, us_per_degree=30)
    rig.point(*[(wait_s + 6, degrees) for wait_s, degrees in orders])
    ends = [n for n, (_, ns) in enumerate(rig.pulses) if not ns]

    assert ends
    for end in ends:
        before, last = rig.pulses[end - 2][1], rig.pulses[end - 1][1]
        assert (last > before) == (approach_us > 0) and last != before


@GENTLE
@given(ORDERS, st.integers(0, DAY_S - 1), st.integers(-50400, 50400),
       st.sampled_from([NIGHT, {"quiet_from": 540, "quiet_to": 541}]))  # fmt: skip
def test_no_pulse_in_quiet_hours(
    orders: list[tuple[float, float]], second: int, offset_s: int, hours: dict[str, int]
) -> None:
    rig = Rig(start_s=NOON_S + second, offset_s=offset_s, **hours)
    rig.point(*[(wait_s * 900, degrees) for wait_s, degrees in orders], rest_s=11 * 3600)
    rig.check()
    start, end = hours["quiet_from"], hours["quiet_to"]
    for at_us, ns in rig.pulses:
        minute = (rig.start_s + at_us // 1_000_000 + offset_s) // 60 % 1440
        asleep = start <= minute < end if start < end else minute >= start or minute < end
        assert not (ns and asleep), minute
    assert rig.beam.pulse_ns == rig.beam.target_ns  # in the end it got there


def test_quiet_hours_need_a_clock() -> None:
    rig = Rig(quiet_from=0, quiet_to=1439)
    rig.point((1, 5.0))

    assert rig.beam.pulse_ns == pulse_ns(5.0)


def test_a_move_shortly_before_quiet_hours_waits_for_their_end() -> None:
    evening_s = NOON_S + 10 * 3600 - MOVE_MOST_S + 1
    rig = Rig(start_s=evening_s, **NIGHT)
    rig.point((0, 5.0), rest_s=10 * 3600)
    first_s = rig.start_s + rig.pulses[0][0] // 1_000_000

    assert NOON_S + 19 * 3600 <= first_s < NOON_S + 19 * 3600 + 30


def test_a_change_within_the_deadband_moves_nothing() -> None:
    rig = Rig()
    rig.point((0, 5.0))
    count = len(rig.pulses)
    rig.point((0, 5.29), (60, 4.71), (60, 5.2))
    assert len(rig.pulses) == count
    rig.point((0, 5.31))
    assert len(rig.pulses) > count + 5


def test_after_power_on_even_level_is_gone_to_once() -> None:
    """Nobody knows where the beam stands: it is brought level, and only then let be."""
    rig = Rig()
    pulses = rig.point((0, 0.0))
    assert pulses[0] == pulses[-1] == 1_500_000 > min(pulses) == 1_480_000
    assert rig.point((0, 0.0), (60, 0.1)) == pulses


@pytest.mark.parametrize(
    ("rtc_ns", "kept_ns", "first"),
    [
        (1_700_000, 1_200_000, 1_700_000),  # over a reset of the chip
        (0, 1_200_000, 1_200_000),  # over a power cut
        (0, 0, 1_500_000),
        (2_000_000, 0, 1_900_000),  # outside: a narrower range since then
        (0, 5, 1_100_000),
    ],
)
def test_the_first_pulse_is_where_it_stood(rtc_ns: int, kept_ns: int, first: int) -> None:
    rig = Rig(rtc_ns, kept_ns, low_us=1100, high_us=1900)
    assert rig.point((0, 3.0))[0] == first


def test_over_a_reset_the_deadband_holds_too() -> None:
    rig = Rig(rtc_ns=pulse_ns(5.0))
    assert rig.point((0, 5.2), (5, 4.8)) == []
    assert rig.beam.degrees() == pytest.approx(5.0)


def test_the_servo_rests_half_a_second_after_its_move() -> None:
    rig = Rig()
    rig.point((0, 8.0))
    (last_us, last), (free_us, free) = rig.pulses[-2:]

    assert (last, free) == (pulse_ns(8.0), 0)
    assert HOLD_MS <= (free_us - last_us) / 1000 <= HOLD_MS + 2 * FRAME_MS


def test_pulses_come_before_power_and_power_goes_before_them() -> None:
    rig = Rig(switch=True)
    rig.point((0, 8.0), (30, -3.0))
    times = [at_us for at_us, _ in rig.switched]

    assert [on for _, on in rig.switched] == [True, False, True, False]
    for on_us, off_us in (times[:2], times[2:]):
        before = [ns for at_us, ns in rig.pulses if on_us - FRAME_MS * 1500 < at_us < on_us]
        step = next(at_us for at_us, ns in rig.pulses if at_us > on_us and ns)
        assert before and before[-1]
        assert step - on_us >= POWER_MS * 1000
        assert (off_us, 0) in rig.pulses


def test_a_quote_moves_the_servo_within_a_frame() -> None:
    rig = Rig(rtc_ns=1_500_000)

    async def script() -> None:
        await rig.asyncio.sleep_ms(1000)
        rig.beam.show(101.0, 100.0, 1.0)
        await rig.asyncio.sleep_ms(5000)

    rig.run(script)
    changed_us = next(at_us for at_us, ns in rig.pulses if ns != 1_500_000)

    assert rig.pulses[0][1] == 1_500_000
    assert 0 < changed_us - 1_000_000 <= FRAME_MS * 1000 + 5000


def test_a_new_target_cuts_the_hold_short_and_the_servo_is_not_let_go() -> None:
    rig = Rig()
    rig.point((0, 4.0), (1.0, 8.0))
    assert [ns for _, ns in rig.pulses].count(0) == 1
    assert rig.beam.pulse_ns == pulse_ns(8.0)


def test_parked_it_ends_its_move_and_begins_none() -> None:
    rig = Rig()

    async def script() -> None:
        rig.beam.point(9.0)
        await rig.asyncio.sleep_ms(300)
        await rig.beam.park()
        assert rig.beam.still and rig.pulse_ns == pulse_ns(9.0)
        count = len(rig.pulses)
        rig.beam.point(-9.0)
        await rig.asyncio.sleep_ms(20_000)
        assert not [ns for _, ns in rig.pulses[count:] if ns]
        rig.beam.resume()
        await rig.asyncio.sleep_ms(10_000)

    rig.run(script)
    rig.check()
    assert rig.beam.pulse_ns == pulse_ns(-9.0)


def test_a_crash_in_mid_move_leaves_the_place_where_it_was() -> None:
    rig = Rig()

    async def script() -> None:
        rig.beam.point(9.0)
        await rig.asyncio.sleep_ms(400)
        rig.beam.stay()

    rig.run(script)
    assert 1_500_000 < rig.pulse_ns == rig.pulses[-1][1] < pulse_ns(9.0)


def test_a_cut_in_mid_move_begins_again_where_the_move_began() -> None:
    """Nobody had the time to note the place: over a watchdog reset, and over a power cut."""
    rig = Rig(rtc_ns=pulse_ns(5.0), kept_ns=pulse_ns(5.0))

    async def script() -> None:
        rig.beam.point(-9.0)
        await rig.asyncio.sleep_ms(400)

    rig.run(script)
    assert rig.pulses[-1][1] < pulse_ns(5.0) == rig.pulse_ns == rig.kept_ns
    assert Rig(rtc_ns=rig.pulse_ns).point((0, -9.0))[0] == pulse_ns(5.0)
    assert Rig(kept_ns=rig.kept_ns).point((0, -9.0))[0] == pulse_ns(5.0)


def test_slowly_takes_four_times_as_long() -> None:
    spans = []
    for slowly in (False, True):
        rig = Rig(rtc_ns=pulse_ns(-10.0), approach_us=0)
        rig.beam.point(10.0, slowly)
        rig.run(lambda rig=rig: rig.asyncio.sleep_ms(20_000))
        rig.check()
        spans.append(rig.pulses[-2][0] - rig.pulses[1][0])
    assert spans[1] == pytest.approx(4 * spans[0], rel=0.06)


def test_the_place_is_noted_at_most_once_an_hour() -> None:
    rig = Rig()
    rig.point(*[(600, degrees) for degrees in (1, 5) * 18])

    assert len(rig.kept_at_s) == 5 or len(rig.kept_at_s) == 6
    gaps = [b - a for a, b in zip([0, *rig.kept_at_s], rig.kept_at_s, strict=False)]
    assert min(gaps) >= NOTE_S


def test_sensitivity_and_the_words_for_people() -> None:
    rig = Rig(sensitivity=200, us_per_degree=-30, center_us=1480)
    rig.beam.show(101.0, 100.0, 2.0)
    assert rig.beam.degrees() == pytest.approx(7.0, abs=0.1) and not rig.beam.level()
    rig.beam.point(0.0)
    assert f"{rig.beam.degrees():+.2f}" == "+0.00" and rig.beam.level()


def test_an_angle_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        Rig().beam.point(float("nan"))
