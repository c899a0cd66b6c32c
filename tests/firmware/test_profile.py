"""The servo's motion: limits held, ends exact, no jump, and every integer small."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.profile import (
    ACCELERATION_MAX,
    DISTANCE_MAX_NS,
    FRAMES_MAX,
    SPEED_MAX,
    Motion,
    frame_count,
    leg_end,
)

FRAME_S = 0.020
PULSES = st.integers(1_000_000, 2_000_000)
SLOPES = st.sampled_from([7.5, 10, 25, 38.5, 40, 100])


class Small(int):
    """An integer that refuses to leave a 31-bit small int."""


def _checked(name: str) -> None:
    plain = getattr(int, name)

    def operation(self: Small, *others: int) -> Small:
        result = plain(self, *others)
        assert abs(result) < 2**30, (name, self, others)
        return Small(result)

    setattr(Small, name, operation)


for _name in ("add", "sub", "mul", "floordiv", "rshift"):
    _checked(f"__{_name}__")
    _checked(f"__r{_name}__")
_checked("__abs__")
_checked("__neg__")


def run(motion: Motion) -> list[int]:
    pulses = [motion.pulse_ns]
    while not motion.done:
        pulses.append(motion.step())
        assert len(pulses) <= 2 * FRAMES_MAX
    return pulses


def peaks(pulses: list[int], us_per_degree: float) -> tuple[float, float]:
    """Largest speed in degrees/s and acceleration in degrees/s^2, at rest before and after."""
    still = [pulses[0]] * 2 + pulses + [pulses[-1]] * 2
    degrees = [pulse / 1000 / us_per_degree for pulse in still]
    speeds = [(b - a) / FRAME_S for a, b in zip(degrees, degrees[1:], strict=False)]
    changes = [(b - a) / FRAME_S for a, b in zip(speeds, speeds[1:], strict=False)]
    return max(map(abs, speeds)), max(map(abs, changes))


def noise(us_per_degree: float) -> float:
    """What rounding to whole nanoseconds adds to an acceleration: 8 ns over a frame squared."""
    return 0.008 / us_per_degree / FRAME_S**2


@given(PULSES, PULSES, SLOPES)
def test_a_move_ends_on_its_target_within_its_limits(start: int, end: int, slope: float) -> None:
    motion = Motion(slope)
    motion.start(start, end)
    pulses = run(motion)
    speed, acceleration = peaks(pulses, slope)

    assert (pulses[0], pulses[-1], motion.step()) == (start, end, end)
    assert sorted(pulses, reverse=end < start) == pulses
    assert speed <= SPEED_MAX * 1.001
    assert acceleration <= ACCELERATION_MAX + noise(slope)


@pytest.mark.parametrize("slope", [7.5, 40])
def test_a_long_move_uses_what_the_limits_allow(slope: float) -> None:
    motion = Motion(slope)
    motion.start(1_000_000, 2_000_000)
    speed, acceleration = peaks(run(motion), slope)

    assert speed > 0.95 * SPEED_MAX or acceleration > 0.95 * ACCELERATION_MAX


@pytest.mark.parametrize("end", [1_980_000, 1_020_000])
def test_the_path_is_minimum_jerk(end: int) -> None:
    motion = Motion()
    motion.start(1_500_000, end)
    pulses = run(motion)
    for frame, pulse in enumerate(pulses):
        u = frame / (len(pulses) - 1)
        s = 10 * u**3 - 15 * u**4 + 6 * u**5
        assert pulse == pytest.approx(1_500_000 + (end - 1_500_000) * s, abs=3)


def test_a_move_is_not_broken_off() -> None:
    motion = Motion()
    motion.start(1_500_000, 1_600_000)
    motion.step()
    with pytest.raises(ValueError, match="under way"):
        motion.start(motion.pulse_ns, 1_700_000)

    assert max(run(motion)) == motion.pulse_ns == 1_600_000


@given(PULSES, PULSES, SLOPES, st.integers(1, 8))
def test_a_slower_move_is_longer_and_as_exact(a: int, b: int, slope: float, slower: int) -> None:
    plain, slow = Motion(slope), Motion(slope)
    plain.start(a, b)
    slow.start(a, b, slower)
    lengths = len(run(plain)), len(run(slow))

    assert slow.pulse_ns == b
    assert lengths[1] - 1 == min((lengths[0] - 1) * slower, FRAMES_MAX)


@given(PULSES, PULSES, st.integers(-60_000, 60_000))
def test_a_target_is_come_to_from_one_side(pulse: int, target: int, side: int) -> None:
    low, high = 1_000_000, 2_000_000
    legs = [(pulse, leg_end(pulse, target, side, low, high))]
    while legs[-1][1] != target:
        legs.append((legs[-1][1], leg_end(legs[-1][1], target, side, low, high)))
    start, end = legs[-1]

    assert len(legs) <= 2
    assert all(low <= place <= high for place, _ in legs)
    if side and low < target < high:
        assert (end > start) == (side > 0) and end != start
    if len(legs) == 2:
        assert abs(start - target) <= abs(side)


def test_no_distance_is_done_at_once() -> None:
    motion = Motion()
    motion.start(1_500_000, 1_500_000)

    assert motion.done
    assert motion.step() == 1_500_000


def test_too_far_is_refused_and_leaves_the_motion_as_it_was() -> None:
    motion = Motion()
    motion.start(1_500_000, 1_510_000)
    run(motion)
    with pytest.raises(ValueError, match="too long"):
        motion.start(1_510_000, 1_510_000 + DISTANCE_MAX_NS + 1)

    assert motion.done and motion.step() == 1_510_000


@pytest.mark.parametrize("slope", [0, 7.4, -7.4])
def test_a_slope_too_flat_is_refused(slope: float) -> None:
    with pytest.raises(ValueError, match="us_per_degree"):
        Motion(slope)


@pytest.mark.parametrize("slope", [7.5, 40, -40])
@pytest.mark.parametrize("ends", [(1_000_000, 2_000_000), (2_000_000, 1_000_000)])
def test_every_intermediate_is_a_small_int(slope: float, ends: tuple[int, int]) -> None:
    motion = Motion(slope)
    motion.start(Small(ends[0]), Small(ends[1]))

    assert {type(pulse) for pulse in run(motion)} == {Small}
    assert motion.pulse_ns == ends[1]


def test_the_longest_move_fits_its_frames() -> None:
    assert frame_count(DISTANCE_MAX_NS, 7500) <= FRAMES_MAX
    assert 2 * DISTANCE_MAX_NS * FRAMES_MAX < 2**30
