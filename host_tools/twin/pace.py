"""How fast the time of an emulated board passes: real time, or a multiple of it that is held.

On the CPython engine time is virtual, and a board would run as fast as this machine can. Here it
waits for real time to catch up. Where the machine is the slower one, nothing is made up for later,
and `reached` says how fast it was.
"""

import time
from collections.abc import Callable
from typing import Any

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.device import Device, Outcome

SPEEDS = (1, 10, 60)
STEP_S = 0.02  # of real time between two waits: the servo's frame at speed 1
LATE_S = 0.25  # behind real time by more than this: too slow, and begun anew from now
SHORT = 0.9  # of the speed; below that it is said
MEASURE_S = 1.0  # of real time for one measurement


class RealTime:
    """Time passes by itself, as before a real VM."""

    speeds: tuple[int, ...] = (1,)
    speed = 1
    reached = 1.0

    def run(self, device: Device, seconds: float, until: Callable[[], bool]) -> Outcome:
        return device.run(seconds, until)

    def rest(self, seconds: float) -> None:
        """Let that much real time pass without power."""
        time.sleep(seconds)

    @property
    def short(self) -> bool:
        """Is this machine too slow for the speed?"""
        return self.reached < SHORT * self.speed

    def told(self) -> dict[str, Any]:
        """For the page."""
        reached = round(self.reached, 1)
        return {"speeds": self.speeds, "speed": self.speed, "reached": reached,
                "short": self.short}  # fmt: skip


class Pace(RealTime):
    """Holds a virtual clock at `speed` times real time. measured: called after each measurement."""

    speeds = SPEEDS

    def __init__(
        self, speed: int = 1, measured: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.measured = measured
        self._now = now
        self._sleep = sleep
        self._clock = VirtualClock()
        self.set(speed)

    def set(self, speed: int) -> None:
        """From any thread."""
        self.speed = speed
        self.reached = float(speed)
        self._begin()

    def run(self, device: Device, seconds: float, until: Callable[[], bool]) -> Outcome:
        """Device.run at this pace; `until` is asked at every step, and with it wishes granted."""
        assert isinstance(device.clock, VirtualClock)
        clock = self._clock = device.clock

        def step() -> None:
            self._hold()
            clock.set_alarm("pace", clock.now_us + int(STEP_S * self.speed * 1e6), step)
            device.watch()

        self._begin()
        clock.set_alarm("pace", clock.now_us, step)
        try:
            return device.run(seconds, until)
        finally:
            clock.clear_alarm("pace")

    def rest(self, seconds: float) -> None:
        self._clock.spend(int(seconds * self.speed * 1e6))
        self._hold()

    def _begin(self) -> None:
        self._from = self._mark = self._now(), self._clock.now_us

    def _hold(self) -> None:
        began_s, began_us = self._from
        ahead_s = began_s + (self._clock.now_us - began_us) / 1e6 / self.speed - self._now()
        if ahead_s > 0:
            self._sleep(ahead_s)
        elif ahead_s < -LATE_S:
            self._from = self._now(), self._clock.now_us
        self._measure()

    def _measure(self) -> None:
        now_s, now_us = self._now(), self._clock.now_us
        passed_s = now_s - self._mark[0]
        if passed_s >= MEASURE_S:
            self.reached = (now_us - self._mark[1]) / 1e6 / passed_s
            self._mark = now_s, now_us
            self.measured()
