"""Recorded days before one device, one after the other, and where the beam came to rest.

The same on both engines: the market's day waits until the firmware has asked for its price and the
beam is at rest. What counts is the pulse on the servo's pin, not the firmware's words.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from host_tools.emulator.board import Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Device
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.image import board as boards
from host_tools.image import files, flash_image, runtime, settings
from host_tools.market.history import Day
from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import find
from host_tools.market.replay import Replay, ReplayClock
from host_tools.market.site import Site, serve
from host_tools.market.truth import wanted_us
from host_tools.release.publish import Release
from host_tools.twin.reports import Lines, Quote, parse
from host_tools.twin.scene import LAUNCHER, NETWORK

Engine = Literal["CPython", "MicroPython"]
TOLERANCE_DEG = 0.5
CENTER_US, US_PER_DEGREE = 1500, 40
POLL_S = 1  # the firmware's floor
TRIES = 5  # polls that the firmware may refuse before the day counts as shown: four for a jump
OWN = "relay"  # a provider that asks where the settings name its base: no owner has one here
# Of the device's time; the first day includes the boot. On a day that its calendar calls shut it
# asks every 300 s.
DAY_MOST_S = 700.0
BOARD = boards.load("esp32_wrover")
BOOTLOADER, APP = runtime.synthetic(BOARD)


@dataclass(frozen=True, slots=True)
class Shown:
    """A recorded day as the beam showed it. Angles in degrees, up positive. settled: the firmware
    asked for the price and the beam came to rest. why: the firmware's words on trouble."""

    date: str
    change_percent: float
    wanted_deg: float
    beam_deg: float
    settled: bool
    why: str

    @property
    def error_deg(self) -> float:
        return abs(self.beam_deg - self.wanted_deg)

    @property
    def ok(self) -> bool:
        return self.settled and self.error_deg <= TOLERANCE_DEG


@dataclass(frozen=True, slots=True)
class Result:
    """A course that was run. days: how many there were. ended: why it stopped before the last."""

    engine: Engine
    instrument: str
    days: int
    shown: list[Shown]
    ended: str

    @property
    def misses(self) -> list[Shown]:
        return [shown for shown in self.shown if not shown.ok]

    @property
    def worst_deg(self) -> float:
        return max((shown.error_deg for shown in self.shown), default=0.0)


class Course:
    """The days of one instrument; the first of them is only the baseline of the second."""

    def __init__(
        self, name: str, days: tuple[Day, ...], stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.name = name
        self.days = days
        self.shown: list[Shown] = []
        self._stop = stop
        self._now_s: Callable[[], float] = lambda: 0.0
        self._day_began_s = 0.0
        self._asked = 0  # polls in which the firmware was told today's price
        self._serving = threading.Lock()  # sockets are served in threads of their own
        self._pulse_us = float(CENTER_US)
        self._moved = False  # since the firmware last asked for the price
        self._said = False  # likewise, a line: that poll is over
        self._why = ""
        self._trouble = ""  # the first of the day: the others are of whoever was asked instead
        self._lines = Lines()
        clock = ReplayClock(find(name), days, DAY_MOST_S, self._market_s)
        self.market = Replay(name, {name: days}, clock)
        self.site = Site(self._answer, clock.epoch)
        self._asked_for = [name for name in self.market.providers if name != OWN]

    def on_cpython(self, release: Release) -> Result:
        """Run it in virtual time."""
        flash = self._flash(release, {name: f"http://{name}" for name in self._asked_for})
        device = CPythonDevice(flash, Companion(release.bundle.companion), self._around())
        device.net.hosts.update(dict.fromkeys(self.market.addresses(), self.site))
        device.net.hosts.update({(name, 80): self.site for name in self.market.providers})
        return self._run("CPython", device)

    def on_micropython(self, release: Release) -> Result:
        """Run it on the real VM, in real time."""
        with serve(self.site) as server:
            flash = self._flash(release, dict.fromkeys(self._asked_for, server.url))
            return self._run("MicroPython", MicroPythonDevice(flash, self._around()))

    def _flash(self, release: Release, providers: dict[str, str]) -> Flash:
        wanted = {
            **NETWORK,
            "instrument": self.name,
            "poll_s": POLL_S,
            "check_s": settings.SECONDS_MAX,  # the run is over long before
            "providers": providers,
            "servo_pin": BOARD.servo_pin,
            "center_us": CENTER_US,
            "us_per_degree": US_PER_DEGREE,
        }
        found = settings.check(wanted, "the settings")
        launcher = files.read(LAUNCHER)
        image = flash_image.compose(BOARD, BOOTLOADER, release.slot, launcher, found)
        return Flash.from_bytes(image)

    def _around(self) -> Surroundings:
        air = {NETWORK["ssid"]: NETWORK["password"]}
        return Surroundings(air=air, wall=self.market.clock.now, serial=self._hear)

    def _run(self, engine: Engine, device: Device) -> Result:
        device.board.pwm.on_pulse = self._pulse
        began_us = device.clock.now_us
        self._now_s = lambda: (device.clock.now_us - began_us) / 1_000_000
        count = len(self.days) - 1
        outcome = device.run(count * DAY_MOST_S, self._turn)
        ended = "" if len(self.shown) == count else outcome.detail.replace("until", "stopped")
        return Result(engine, self.name, count, self.shown, ended)

    # -- what the device calls -------------------------------------------------------------

    def _market_s(self) -> float:
        """For the clock: as if each day that was shown had lasted DAY_MOST_S, and today less."""
        today_s = self._now_s() - self._day_began_s
        return len(self.shown) * DAY_MOST_S + min(max(today_s, 0.0), DAY_MOST_S - 1)

    def _answer(self, request: Request) -> Reply:
        """A request ends the day when its price was told and the beam then rested since the last.

        So no other request is under way while the date changes. What is asked within one poll is
        about one day: a jump has a second provider asked.
        """
        with self._serving:
            reply = self.market.handler(request)
            rested = self._asked > 0 and not self._moved and self._said
            if rested and (not self._why or self._asked >= TRIES) and not self._over:
                self._next_day(settled=True)
            else:
                self._asked += self._said or not self._asked
            self._moved = self._moved and not self._said
            self._said = False
        return reply

    def _hear(self, text: str) -> None:
        for line in self._lines.feed(text):
            report = parse(line, 0.0)
            if isinstance(report, Quote):
                self._why, self._said = report.why, True
                self._trouble = self._trouble or report.why

    def _pulse(self, pin: int, ns: int) -> None:
        if pin == BOARD.servo_pin and ns:  # without pulses the beam stays where it is
            self._pulse_us = ns / 1000
            self._moved = True

    def _turn(self) -> bool:
        """Asked whenever time has passed: whether the run is over."""
        with self._serving:
            overdue = self._now_s() - self._day_began_s > DAY_MOST_S
            if overdue and not self._over:
                self._next_day(settled=False)
            return self._over or overdue or self._stop()

    @property
    def _over(self) -> bool:
        return len(self.shown) == len(self.days) - 1

    def _next_day(self, settled: bool) -> None:
        before, day = self.days[len(self.shown) :][:2]
        self.shown.append(self._judge(before.close, day, settled))
        self._asked = 0
        self._trouble = ""
        self._day_began_s = self._now_s()

    def _judge(self, before: float, day: Day, settled: bool) -> Shown:
        sigma = self.market.instrument.sigma
        wanted = wanted_us(day.close, before, sigma, CENTER_US, US_PER_DEGREE)
        why = (self._why and self._trouble) or ("" if settled else "no price asked for, or no rest")
        change_percent = (day.close / before - 1) * 100
        wanted_deg, beam_deg = _degrees(wanted), _degrees(self._pulse_us)
        return Shown(day.date.isoformat(), change_percent, wanted_deg, beam_deg, settled, why)


def _degrees(pulse_us: float) -> float:
    return (pulse_us - CENTER_US) / US_PER_DEGREE
