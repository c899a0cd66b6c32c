"""From a day's move to the beam's angle, and from the angle to the servo's pulse.

The move is measured in the instrument's own sigma and bent by tanh, so that an ordinary day is
seen and a wild one does not pin the beam: 0.1 sigma is 0.8 degrees, 1 is 7.0, 3 is 11.6.
"""

from math import exp

TILT_MAX_DEG = 12.0
KNEE_SIGMA = 1.5
LEVEL_BELOW_DEG = 0.3  # smaller than what a hobby servo can show
TANH_INPUT_MAX = 8.0  # tanh is 1 to seven digits there; exp(16) is far inside a 32-bit float


def _tanh(x: float) -> float:
    # math.tanh is optional in MicroPython, math.exp is not. Odd by construction: bull equals bear.
    if x < 0:
        return -_tanh(-x)
    return 1.0 - 2.0 / (exp(2.0 * min(x, TANH_INPUT_MAX)) + 1.0)


def angle(change_percent: float, sigma: float) -> float:
    """Degrees of the beam, up positive, within +-12. sigma is in percent, above 0."""
    return TILT_MAX_DEG * _tanh(change_percent / sigma / KNEE_SIGMA)


def tilt(price: float, baseline: float, sigma: float) -> tuple:
    """(degrees, level). A move too small to show keeps the beam exactly level: (0.0, True)."""
    degrees = angle((price - baseline) / baseline * 100.0, sigma)
    if -LEVEL_BELOW_DEG < degrees < LEVEL_BELOW_DEG:
        return 0.0, True
    return degrees, False


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
