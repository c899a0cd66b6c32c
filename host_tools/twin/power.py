"""The plug of an emulated board: power that goes away and comes back, over one flash."""

import math
from collections.abc import Callable
from dataclasses import replace

from host_tools.emulator.device import Device, Outcome
from host_tools.twin.pace import RealTime

DIP_S = 0.3  # without power in a brown-out
TURN_S = 0.02  # between two looks at the world meanwhile


class Plug:
    """`on` while the board has power. `pull` and `push` are for the thread that runs the board."""

    def __init__(self, pace: RealTime | None = None) -> None:
        self.on = True
        self._pace = pace or RealTime()
        self._away_s = math.inf
        self._pushed = False

    def pull(self, seconds: float = math.inf) -> None:
        """The power goes away at the board's next turn, and comes back so much later, or by
        `push`."""
        self.on = self._pushed = False
        self._away_s = seconds

    def push(self) -> None:
        """Back with it."""
        self._pushed = True

    def run(self, device: Device, seconds: float, turn: Callable[[], bool]) -> Outcome:
        """Device.run, and again after every pull. `turn` is asked with and without power.

        The Outcome counts boots and time of all the runs together, the times without power too.
        """
        start_us, boots = device.clock.now_us, 0
        while True:
            left_s = seconds - (device.clock.now_us - start_us) / 1_000_000
            outcome = self._pace.run(device, max(left_s, 0.0), lambda: turn() or not self.on)
            boots += outcome.boots
            ended = outcome.reason
            if not self.on:
                ended = self._wait(device, start_us + int(seconds * 1_000_000), turn)
                outcome = replace(outcome, reason=ended, detail=ended)
            if self.on or ended:
                elapsed_us = device.clock.now_us - start_us
                return replace(outcome, boots=boots, elapsed_us=elapsed_us)
            self.on = True

    def _wait(self, device: Device, end_us: int, turn: Callable[[], bool]) -> str:
        """Without power: "until" or "time" when the run ends meanwhile, else ""."""
        away_us = device.clock.now_us
        while not self._pushed and device.clock.now_us - away_us < self._away_s * 1_000_000:
            if turn():
                return "until"
            if device.clock.now_us >= end_us:
                return "time"
            self._pace.rest(TURN_S)
        return ""
