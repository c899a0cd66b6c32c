"""A device: a board that is given power, runs its firmware through resets, and loses power."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from host_tools.emulator import ctrl_c
from host_tools.emulator.board import (
    DEEPSLEEP,
    FOREVER_US,
    HARD,
    SOFT,
    Board,
    Options,
    Surroundings,
)
from host_tools.emulator.bootloader import BootFailure
from host_tools.emulator.clock import RealClock, VirtualClock
from host_tools.emulator.errors import ChipReset, HostFault, Stop
from host_tools.emulator.flash import Flash, PowerCut

T = TypeVar("T")
BOOT_US = 300_000  # ROM, second-stage bootloader and start-up of the port
SOFT_RESET_US = 60_000
SLEEP_STEP_US = 20_000  # of real time, between looks at the host's conditions
BOOTS_MAX = 500  # in one run; beyond that the device is in a reset loop


@dataclass(frozen=True)
class Outcome:
    """How a run ended: "until", "time", "cut", "idle", "boot failure" or "reset loop"."""

    reason: str
    detail: str
    boots: int
    elapsed_us: int


class Device(ABC):
    """Engines say how one session of the VM runs; all else is the same for both."""

    def __init__(
        self,
        flash: Flash,
        clock: VirtualClock | RealClock,
        around: Surroundings | None = None,
        options: Options | None = None,
    ) -> None:
        self.around = around or Surroundings()
        self.flash = flash
        self.clock = clock
        self.board = Board(flash, clock, self.around, options)
        self._until: Callable[[], bool] | None = None
        self._interrupted: Callable[[], bool] = lambda: False

    @abstractmethod
    def live(self, session: int) -> int:
        """Run one session; returns SOFT when it ends in a soft reset. Raises ChipReset,
        PowerCut or Stop for the other ends."""

    def watch(self) -> None:
        """Engines call this whenever time has passed. Raises Stop when the host has enough,
        KeyboardInterrupt when whoever started it has."""
        if self._interrupted():
            raise self.board.kill(KeyboardInterrupt())
        if self._until and self.ask(self._until):
            raise self.board.kill(Stop("until"))

    @abstractmethod
    def wake(self) -> None:
        """From a signal's handler: watch() is to be called soon."""

    def ask(self, what: Callable[..., T], *values: object) -> T:
        """Call the host's own code from within the firmware's; its faults end the run."""
        try:
            return what(*values)
        except KeyboardInterrupt as end:
            raise self.board.kill(end)  # noqa: B904
        except Exception as error:
            raise self.board.kill(HostFault(error)) from error

    def run(
        self,
        seconds: float,
        until: Callable[[], bool] | None = None,
        cut: tuple[int, str] | None = None,
    ) -> Outcome:
        """Power on, run, power off.

        seconds: of the device's time, at most. until: ends the run when true.
        cut: (flash operation of this run, "before" or "after") at which the power goes away.
        Raises KeyboardInterrupt at a Ctrl-C of this process, whatever the firmware catches.
        """
        with ctrl_c.heeded(self.wake) as self._interrupted:
            return self._run(seconds, until, cut)

    def _run(
        self, seconds: float, until: Callable[[], bool] | None, cut: tuple[int, str] | None
    ) -> Outcome:
        start_us = self.clock.now_us
        self._until = until
        if cut is not None:
            self.flash.cut = (self.flash.ops + cut[0], cut[1])
        self.clock.set_alarm("end", start_us + int(seconds * 1_000_000), self._time_is_up)
        self.board.power_on()
        try:
            reason, detail = self._boots()
        except PowerCut as end:
            reason, detail = "cut", str(end)
        except Stop as end:
            reason = str(end) if str(end) in ("until", "time") else "idle"
            detail = str(end)
        except BootFailure as end:
            reason, detail = "boot failure", str(end)
        except HostFault as end:
            raise end.error from end
        finally:
            self.flash.cut = None
            self.clock.clear_alarm("end")
            self.board.power_off()
        return Outcome(reason, detail, self.board.boots, self.clock.now_us - start_us)

    def _sleep(self, us: int) -> None:
        """Deep sleep: nothing of the chip runs but the timer that wakes it."""
        self.board.release()
        if us >= FOREVER_US and self.clock.idle:
            raise Stop("sleeps for ever")
        if isinstance(self.clock, VirtualClock):
            self.clock.spend(us)
            return
        end_us = self.clock.now_us + us
        while (left := end_us - self.clock.now_us) > 0:
            time.sleep(min(left, SLEEP_STEP_US) / 1_000_000)
            self.clock.fire_due()
            self.watch()

    @staticmethod
    def _time_is_up() -> None:
        raise Stop("time")

    def _boots(self) -> tuple[str, str]:
        while self.board.boots < BOOTS_MAX:
            cause, why = HARD, "reset"
            try:
                self.clock.spend(BOOT_US)
                self.board.boot()
                while True:
                    cause, why = self.live(self.board.start_session()), "soft reset"
                    if cause != SOFT:
                        break
                    self.board.end_session(SOFT)
                    self.clock.spend(SOFT_RESET_US)
            except ChipReset as reset:
                cause, why = reset.cause, reset.why
            self.board.end_session(cause)
            self.around.events(f"reset {why}")
            self.watch()
            if cause == DEEPSLEEP:
                self._sleep(self.board.sleep_us)
        return "reset loop", f"{BOOTS_MAX} boots"
