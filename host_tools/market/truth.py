"""Where the beam ought to be: the rule of the product, apart from the firmware that follows it."""

import math

TILT_MAX_DEG = 12.0
KNEE_SIGMA = 1.5
LEVEL_BELOW_DEG = 0.3
PULSE_LOW_US, PULSE_HIGH_US = 1000, 2000  # what a hobby servo takes


def wanted_us(
    price: float, baseline: float, sigma: float, center_us: int, us_per_degree: int
) -> float:
    """The pulse for a day's move, in microseconds; sigma in percent.

    12 degrees times tanh of the move in sigmas over 1.5; below 0.3 degrees the beam is level.
    """
    change_percent = (price / baseline - 1) * 100
    degrees = TILT_MAX_DEG * math.tanh(change_percent / sigma / KNEE_SIGMA)
    if abs(degrees) < LEVEL_BELOW_DEG:
        degrees = 0.0
    return min(max(center_us + degrees * us_per_degree, PULSE_LOW_US), PULSE_HIGH_US)
