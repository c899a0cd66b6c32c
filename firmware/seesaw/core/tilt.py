"""From a day's move to the beam's angle, and from the angle to the servo's pulse.

The move is measured in the instrument's own sigma and bent by tanh, so that an ordinary day is
seen and a wild one does not pin the beam: 0.1 sigma is 0.8 degrees, 1 is 7.0, 3 is 11.6.
"""

from math import exp

from micropython import const

TILT_MAX_DEG = const(12.0)
_KNEE_SIGMA = const(1.5)
DEADBAND_DEG = const(0.3)  # what moves the beam: a hobby servo cannot show less
_TANH_INPUT_MAX = const(8.0)  # tanh is 1 to seven digits; exp(16) is far inside a 32-bit float


def _tanh(x: float) -> float:
    # math.tanh is optional in MicroPython, math.exp is not. Odd by construction: bull equals bear.
    if x < 0:
        return -_tanh(-x)
    return 1.0 - 2.0 / (exp(2.0 * min(x, _TANH_INPUT_MAX)) + 1.0)


def angle(change_percent: float, sigma: float, sensitivity: int = 100) -> float:
    """Degrees of the beam, up positive, within +-12. sigma is in percent, above 0; sensitivity is
    the owner's, in percent: at 200 half the move tilts as far."""
    return TILT_MAX_DEG * _tanh(change_percent / sigma / _KNEE_SIGMA * sensitivity / 100)


def tilt(price: float, baseline: float, sigma: float, sensitivity: int = 100) -> float:
    """Degrees for a day's move from the baseline to the price."""
    return angle((price - baseline) / baseline * 100.0, sigma, sensitivity)


def held(wanted_ns: int, target_ns: int, center_ns: int, deadband_ns: int) -> int:
    """The beam's next target, where target_ns is the one it has: the same one when the change is
    within the deadband, exactly level when what is wanted is within it of level. The band goes
    with the beam, so a price that trembles around any value moves it once at most."""
    if abs(wanted_ns - target_ns) < deadband_ns:
        return target_ns
    return center_ns if abs(wanted_ns - center_ns) < deadband_ns else wanted_ns


def pulse_ns(
    angle: float,
    center_us: float = 1500,
    us_per_degree: float = 40,
    low_us: float = 1000,
    high_us: float = 2000,
) -> int:
    """Pulse length in nanoseconds for an angle in degrees, never outside [low_us, high_us].

    us_per_degree counts degrees of the beam; negative for a mirrored linkage. ValueError for NaN.
    """
    if angle != angle:
        raise ValueError("the angle is not a number")
    pulse_us = center_us + angle * us_per_degree
    return int(min(max(pulse_us, low_us), high_us) * 1000 + 0.5)
