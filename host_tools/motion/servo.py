"""A hobby servo and its linkage as a numpy model: what becomes of pulses at the beam.

It acts once a frame, does nothing inside its deadband, turns no faster than its gears allow, and
its play eats the first part of every change of direction. Figures are those of a small analog
servo at 5 V as people have measured them (ServoEasing's README: 45 degrees in 180 ms, about 10 us
of pulse a degree; deadband 5 us; play about one degree): orders of magnitude, of no special make.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class Servo:
    """In microseconds of pulse, of which about ten turn the horn by one degree."""

    deadband_us: float = 5.0  # a smaller error starts nothing
    slew_us_per_ms: float = 2.5  # 250 degrees a second
    play_us: float = 10.0  # from one end of the play to the other

    def horn(self, pulses_us: Array) -> Array:
        """Where the horn is at each millisecond, given the pulse then (NaN for none: limp)."""
        given = pulses_us[np.isfinite(pulses_us)]
        at = float(given[0]) if given.size else 0.0
        goal = at
        path = np.empty_like(pulses_us)
        for ms, pulse in enumerate(pulses_us):
            if ms % FRAME_MS == 0:
                if np.isnan(pulse):
                    goal = at
                elif abs(pulse - at) > self.deadband_us:
                    goal = float(pulse)
            at += float(np.clip(goal - at, -self.slew_us_per_ms, self.slew_us_per_ms))
            path[ms] = at
        return path

    def beam(self, pulses_us: Array) -> Array:
        """Where the linkage is: the horn takes it along at either end of the play, and friction
        holds it between. It begins at the upper end, as after a move that came from below."""
        horn, half = self.horn(pulses_us), self.play_us / 2
        path = np.empty_like(horn)
        at = horn[0] - half if horn.size else 0.0
        for ms, now in enumerate(horn):
            at = min(max(at, now - half), now + half)
            path[ms] = at
        return path
