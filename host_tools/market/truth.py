"""Where the beam ought to be: the rule of the product, apart from the firmware that follows it."""

import math

TILT_MAX_DEG = 12.0
KNEE_SIGMA = 1.5
DEADBAND_DEG = 0.3  # as far as the beam may be off: less does not move it
PULSE_LOW_US, PULSE_HIGH_US = 1000, 2000  # what a hobby servo takes


def wanted_us(
    price: float,
    baseline: float,
    sigma: float,
    center_us: int,
    us_per_degree: int,
    sensitivity: int = 100,
) -> float:
    """The pulse for a day's move, in microseconds; sigma and sensitivity in percent.

    12 degrees times tanh of the move in sigmas over 1.5. The beam is within the deadband of it.
    """
    change_percent = (price / baseline - 1) * 100
    z = change_percent / sigma * sensitivity / 100
    degrees = TILT_MAX_DEG * math.tanh(z / KNEE_SIGMA)
    return min(max(center_us + degrees * us_per_degree, PULSE_LOW_US), PULSE_HIGH_US)


def deadband_us(us_per_degree: int) -> float:
    return DEADBAND_DEG * abs(us_per_degree)
