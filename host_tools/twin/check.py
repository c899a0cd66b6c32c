"""Every recorded day, shown by the beam: `seesaw run --market FOLDER --check`.

The firmware polls a replay of the days on both engines: all of them on CPython in virtual time,
the last week of each instrument on the real MicroPython VM, all instruments at once. What counts
is the pulse on the servo's pin, once the beam is at rest, against the formula for the day's close.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from host_tools.emulator import micropython_engine
from host_tools.emulator.board import Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.image import board as boards
from host_tools.image import files, flash_image, runtime, settings
from host_tools.market import history
from host_tools.market.history import Day, Histories
from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import find
from host_tools.market.replay import Replay, ReplayClock
from host_tools.market.site import Site, serve
from host_tools.release import publish
from host_tools.twin.checks import wanted_us
from host_tools.twin.reports import Lines, Quote, parse
from host_tools.twin.scene import LAUNCHER, NETWORK, find_vm

Engine = Literal["CPython", "MicroPython"]
TOLERANCE_DEG = 0.5
WEEK = 5  # trading days on the VM
CENTER_US, US_PER_DEGREE = 1500, 40
POLL_S = 1  # the firmware's floor
POLLS = 2  # in a day: with the second, the firmware has dealt with the answer to the first
DAY_MOST_S = 60.0  # of device time; the first day includes the boot
BOARD = boards.load("esp32_wrover")
UPDATES = "http://updates:80"  # never asked: the run is over long before settings.SECONDS_MAX


@dataclass(frozen=True, slots=True)
class Shown:
    """A recorded day as the beam showed it. Angles in degrees, up positive. settled: the board
    asked for the day's price and the beam came to rest. why: the firmware's words on trouble."""

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


class Course:
    """The days of one instrument before one device: the market's day waits for the beam.

    The first of `days` is the baseline of the second. now_s: the device's time, in seconds.
    """

    def __init__(self, name: str, days: tuple[Day, ...], stop: Callable[[], bool]) -> None:
        self.name = name
        self.days = days
        self.shown: list[Shown] = []
        self.now_s: Callable[[], float] = lambda: 0.0
        self._stop = stop
        self._day_began_s = 0.0
        self._served = 0  # answers given today
        self._serving = threading.Lock()  # sockets answer in their own threads
        self._pulse_us = float(CENTER_US)
        self._at_rest = True
        self._why = ""
        self._lines = Lines()
        clock = ReplayClock(find(name), days, 1.0, self._days_passed)
        self.replay = Replay(name, {name: days}, clock)
        self.site = Site(self._answer, clock.epoch)

    def _days_passed(self) -> float:
        today = (self.now_s() - self._day_began_s) / DAY_MOST_S
        return len(self.shown) + min(max(today, 0.0), 0.99)

    def _answer(self, request: Request) -> Reply:
        with self._serving:
            self._served += 1
            return self.replay.handler(request)

    # -- the device calls these --------------------------------------------------------------

    def hear(self, text: str) -> None:
        """The serial line."""
        for line in self._lines.feed(text):
            report = parse(line, 0.0)
            if isinstance(report, Quote):
                self._why = report.why

    def pulse(self, pin: int, ns: int) -> None:
        """The servo's pin; a pulse of 0 lets the beam rest where it is."""
        if pin != BOARD.servo_pin:
            return
        self._at_rest = ns == 0
        if ns:
            self._pulse_us = ns / 1000

    def turn(self) -> bool:
        """Asked whenever time has passed: whether the run is over."""
        settled = self._served >= POLLS and self._at_rest
        if settled or self.now_s() - self._day_began_s > DAY_MOST_S:
            self._next_day(settled)
            if not settled:
                return True
        return len(self.shown) == len(self.days) - 1 or self._stop()

    def _next_day(self, settled: bool) -> None:
        before, day = self.days[len(self.shown) :][:2]
        with self._serving:
            self.shown.append(self._judge(before.close, day, settled))
            self._served = 0
            self._day_began_s = self.now_s()

    def _judge(self, before: float, day: Day, settled: bool) -> Shown:
        sigma = self.replay.instrument.sigma
        wanted = wanted_us(day.close, before, sigma, CENTER_US, US_PER_DEGREE)
        return Shown(
            day.date.isoformat(), (day.close / before - 1) * 100, _degrees(wanted),
            _degrees(self._pulse_us), settled,
            self._why if settled else self._why or "no answer to a price, or no rest",
        )  # fmt: skip


def _degrees(pulse_us: float) -> float:
    return (pulse_us - CENTER_US) / US_PER_DEGREE


@dataclass(frozen=True, slots=True)
class Result:
    """One instrument on one engine. ended: why the device stopped, if before the last day."""

    engine: Engine
    instrument: str
    days: int
    shown: list[Shown]
    ended: str

    @property
    def misses(self) -> list[Shown]:
        return [shown for shown in self.shown if not shown.ok]

    def record(self) -> dict[str, Any]:
        return {
            "type": "instrument",
            "engine": self.engine,
            "instrument": self.instrument,
            "days": self.days,
            "checked": len(self.shown),
            "misses": len(self.misses),
            "worst_deg": round(max((shown.error_deg for shown in self.shown), default=0.0), 3),
            "ended": self.ended,
        }


def check(
    folder: Path, *, as_json: bool, out: TextIO, stop: Callable[[], bool] = lambda: False
) -> int:
    """Check every day of a folder of histories; one line per miss and per instrument on `out`.

    0 when every day was checked and none missed, else 1. `stop`, asked often, ends it early.
    UserError for a folder that holds no history (HistoryError), or without a MicroPython VM.
    """
    began_s = time.monotonic()
    histories = history.load(folder)
    find_vm()
    say = _Speaker(as_json, out)
    results = []
    for result in _results(firmware(), histories, stop):
        results.append(result)
        say.progress(len(results), 2 * len(histories))
        say.result(result)
    summary = _summary(results, histories, time.monotonic() - began_s)
    say.summary(summary)
    return 0 if summary["ok"] else 1


def firmware() -> publish.Release:
    """The release under check, of the firmware as it stands."""
    return publish.make(BOARD, "0.0.0", runtime.synthetic(BOARD)[1])


def _results(
    release: publish.Release, histories: Histories, stop: Callable[[], bool]
) -> Iterator[Result]:
    for name, days in histories.items():
        yield _on_cpython(release, Course(name, days, stop))
    micropython_engine.rom()  # made once, before threads ask for it
    weeks = [Course(name, days[-WEEK - 1 :], stop) for name, days in histories.items()]
    with ThreadPoolExecutor(len(weeks)) as pool:
        yield from pool.map(lambda course: _on_micropython(release, course), weeks)


def _on_cpython(release: publish.Release, course: Course) -> Result:
    companion = Companion(release.bundle.companion)
    flash = _flash(release, course.name, {name: f"http://{name}:80" for name in PROVIDERS})
    device = CPythonDevice(flash, companion, _around(course))
    device.net.hosts.update({(name, 80): course.site for name in PROVIDERS})
    return _drive("CPython", device, course)


def _on_micropython(release: publish.Release, course: Course) -> Result:
    with serve(course.site) as server:
        flash = _flash(release, course.name, dict.fromkeys(PROVIDERS, server.url))
        return _drive("MicroPython", MicroPythonDevice(flash, _around(course)), course)
