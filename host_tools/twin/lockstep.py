"""Many devices in virtual time at one pace: none is ahead of the others by more than a step.

Each runs in a thread of its own. All may go on to the same moment, wait there for each other, and
then for real time; between two steps the world may be changed under nobody's feet.
"""

import threading
import time
from collections.abc import Callable

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.device import Device, Outcome
from host_tools.twin.pace import LATE_S, MEASURE_S, SPEEDS, RealTime

STEP_S = 0.05  # of real time


class Lockstep(RealTime):
    """now_us: to which moment the devices may go, in microseconds since power-on."""

    speeds = SPEEDS

    def __init__(
        self, speed: int = 1, now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.now_us = 0
        self._now, self._sleep = now, sleep
        self._turn = threading.Condition()
        self._members = self._waiting = 0
        self._over = False
        self.set(speed)

    def set(self, speed: int) -> None:
        """For the thread that drives."""
        self.speed = speed
        self.reached = float(speed)
        self._due_s = self._now()
        self._mark = self._due_s, self.now_us

    def enter(self, count: int) -> None:
        """So many devices will run; before anybody drives."""
        self._members = count

    def run(self, device: Device, seconds: float, until: Callable[[], bool]) -> Outcome:
        """Device.run in step with the others, in a thread of its own, after enter()."""
        assert isinstance(device.clock, VirtualClock)
        clock = device.clock

        def step() -> None:
            self._wait(clock.now_us)
            clock.set_alarm("pace", self.now_us, step)
            device.watch()

        clock.set_alarm("pace", clock.now_us, step)
        try:
            return device.run(seconds, lambda: self._over or until())
        finally:
            with self._turn:
                self._members -= 1
                self._turn.notify_all()

    def _wait(self, at_us: int) -> None:
        with self._turn:
            if self.now_us <= at_us:
                self._waiting += 1
                self._turn.notify_all()
                self._turn.wait_for(lambda: self.now_us > at_us or self._over)

    def drive(self, seconds: float, between: Callable[[], bool]) -> None:
        """Until that much virtual time has passed, `between` two steps says so, or none runs."""
        try:
            while self.now_us < seconds * 1e6 and not self._step(between):
                self._hold()
        finally:
            with self._turn:
                self._over = True
                self._turn.notify_all()

    def _step(self, between: Callable[[], bool]) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._waiting >= self._members)
            if between() or not self._members:
                return True
            self.now_us += int(STEP_S * self.speed * 1e6)
            self._waiting = 0
            self._turn.notify_all()
        return False

    def _hold(self) -> None:
        """Wait for real time; what this machine is late is not made up for."""
        self._due_s += STEP_S
        ahead_s = self._due_s - self._now()
        if ahead_s > 0:
            self._sleep(ahead_s)
        elif ahead_s < -LATE_S:
            self._due_s = self._now()
        passed_s = self._now() - self._mark[0]
        if passed_s >= MEASURE_S:
            self.reached = (self.now_us - self._mark[1]) / 1e6 / passed_s
            self._mark = self._now(), self.now_us
