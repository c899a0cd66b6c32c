"""The plug of an emulated board: power that goes away and comes back, over one flash."""

import time
from collections.abc import Callable
from dataclasses import replace

from host_tools.emulator.device import Device, Outcome

OFF_S = 2.0  # without power after a pull
TURN_S = 0.02  # between two looks at the world meanwhile


class Plug:
    """`on` while the board has power. `pull` is for the thread that runs the board."""

    def __init__(self) -> None:
        self.on = True

    def pull(self) -> None:
        """The power goes away at the board's next turn, and comes back OFF_S later."""
        self.on = False

    def run(self, device: Device, seconds: float, turn: Callable[[], bool]) -> Outcome:
        """Device.run, and again after every pull. `turn` is asked with and without power.

        The Outcome counts boots and time of all the runs together, the times without power too.
        """
        start_us, boots = device.clock.now_us, 0
        while True:
            left_s = seconds - (device.clock.now_us - start_us) / 1_000_000
            outcome = device.run(max(left_s, 0.0), lambda: turn() or not self.on)
            boots += outcome.boots
            ended = outcome.reason
            if not self.on:
                ended = _wait(device, start_us + int(seconds * 1_000_000), turn)
                outcome = replace(outcome, reason=ended, detail=ended)
            if self.on or ended:
                elapsed_us = device.clock.now_us - start_us
                return replace(outcome, boots=boots, elapsed_us=elapsed_us)
            self.on = True


def _wait(device: Device, end_us: int, turn: Callable[[], bool]) -> str:
    """Without power: "until" or "time" when the run ends meanwhile, else ""."""
    back_us = device.clock.now_us + int(OFF_S * 1_000_000)
    while device.clock.now_us < back_us:
        if turn():
            return "until"
        if device.clock.now_us >= end_us:
            return "time"
        time.sleep(TURN_S)
    return ""
