"""The beam's limits, judged by the pulses on the servo's pin and by nothing that the firmware says.

Every pulse is inside the calibrated range, every step inside the limits of speed and acceleration
at the beam, and after a rest the first pulse is the last one before it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.image.board import Board

Pulse = tuple[int, int, int]  # time in us, pin, length in ns; 0 for none

SPEED_DEG_S = 25
ACCELERATION_DEG_S2 = 40
ROUNDING = 1.02  # of a frame's whole nanoseconds
FRAME_S = 0.020
FRAME_MOST_US = 200_000  # pulses further apart are no two frames of a move: it was at rest
PERIOD_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """low_ns, high_ns: the calibrated range. slope: ns of pulse a degree of the beam. grain_ns: a
    step of the chip's PWM, to which a pulse is rounded."""

    low_ns: int
    high_ns: int
    slope: int
    grain_ns: int

    @property
    def step_ns(self) -> float:
        """Of one frame at full speed."""
        return SPEED_DEG_S * FRAME_S * self.slope * ROUNDING + self.grain_ns

    @property
    def change_ns(self) -> float:
        """Between one step and the next."""
        return ACCELERATION_DEG_S2 * FRAME_S**2 * self.slope * ROUNDING + 2 * self.grain_ns


def limits(settings: dict[str, Any], pwm_bits: int) -> Limits:
    """Of a device with these settings, each already checked; its defaults for what they leave."""
    return Limits(
        settings.get("low_us", 1000) * 1000,
        settings.get("high_us", 2000) * 1000,
        abs(settings.get("us_per_degree", 40)) * 1000,
        (PERIOD_NS >> pwm_bits) + 1,
    )


def settings_of(flash: Flash, board: Board) -> dict[str, Any]:
    """The settings that a flash holds, {} for none, as the builder checked them."""
    where = board.partition("nvs")
    try:
        items = Nvs(flash.copy(), where.offset, where.size).items()
        blob = next(value for ns, key, _, value in items if (ns, key) == ("seesaw", "config"))
        found = json.loads(blob) if isinstance(blob, bytes) else None
    except (NvsError, StopIteration, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Judge:
    """Looks at a list of pulses as it grows. After a start of the chip nobody can say from outside
    where the beam stands."""

    def __init__(self, allowed: Limits) -> None:
        self.allowed = allowed
        self.found = ""  # the first fault
        self._seen = 0
        self._last: Pulse | None = None
        self._before_ns = 0  # the step before

    def booted(self, pulses: Sequence[Pulse]) -> None:
        """The chip starts: what came before, and where it ended, is over."""
        self.look(pulses)
        self._last, self._before_ns = None, 0

    def look(self, pulses: Sequence[Pulse]) -> str:
        """The first fault of all that was seen, "" for none."""
        while self._seen < len(pulses) and not self.found:
            pulse = pulses[self._seen]
            self._seen += 1
            if pulse[2]:
                words = self._pulse(pulse)
                self.found = words and f"{words} at {pulse[0] / 1e6:.1f} s"
                self._last = pulse
        return self.found

    def _pulse(self, pulse: Pulse) -> str:
        at_us, _, ns = pulse
        allowed, last = self.allowed, self._last
        if not allowed.low_ns - allowed.grain_ns <= ns <= allowed.high_ns + allowed.grain_ns:
            return f"a pulse of {ns / 1000:.1f} us"
        if last is None:
            return ""
        step_ns = ns - last[2]
        rested = at_us - last[0] > FRAME_MOST_US
        change_ns = step_ns if rested else step_ns - self._before_ns
        self._before_ns = step_ns
        if rested and abs(step_ns) > allowed.change_ns:
            return f"the first pulse is {step_ns / 1000:+.1f} us from the last one"
        if abs(step_ns) > allowed.step_ns:
            return f"{step_ns / 1000:+.1f} us in one frame"
        if abs(change_ns) > allowed.change_ns:
            return f"{change_ns / 1000:+.1f} us from one frame's step to the next"
        return ""
