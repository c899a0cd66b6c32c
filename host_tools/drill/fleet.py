"""The drill's fleet: emulated seesaws on the street, each with a market and the maker's static host
around it. What the host writes down of their requests is an access log on disk.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from host_tools.drill.desk import Unexpected
from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.image import board as boards
from host_tools.image import runtime
from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request, error
from host_tools.market.instruments import find
from host_tools.market.outage import (
    AUTHORITY,
    MOVED,
    NETWORK,
    UPDATES,
    first_provider,
    flash,
)
from host_tools.market.providers import ALL, HOSTS
from host_tools.market.server import Market
from host_tools.market.site import Site
from host_tools.market.tls import TlsSite
from host_tools.release.publish import Release

BOARD = boards.load("esp32_wrover")
_, APP = runtime.synthetic(BOARD)
FIRST_ID = 0x240AC4000001
FOREVER_S = 365 * 86_400
LINE = '{host} - - [{time}] "GET {path} HTTP/1.1" {status} {size} "-" "seesaw"\n'


@dataclass
class Street:
    """What all units share. start_s: the moment of power-on, seconds since 1970. site: the folder
    that the static host serves. log: its access log. dark: instruments whose every known provider
    answers with a web page."""

    start_s: int
    site: Path
    log: Path
    dark: set[str] = field(default_factory=set)


class Unit:
    """One seesaw. lines: what its serial line has said."""

    def __init__(self, street: Street, number: int, instrument: str, made: Release) -> None:
        self.street = street
        self.number = number
        self.instrument = instrument
        self.id = (FIRST_ID + number - 1).to_bytes(6, "big")
        self.lines: list[str] = []
        self.versions: set[str] = set()  # that it has run, if only in a trial
        self.outcome = ""
        self._end_us, self._over = 0, False
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self.companion = Companion(made.bundle.companion)
        around = Surroundings(serial=self._hear, air={NETWORK["ssid"]: NETWORK["password"]})
        options = Options(chip=BOARD.chip, unique_id=self.id)
        self.device = CPythonDevice(
            flash(made, find(instrument), f"http://{UPDATES}"), self.companion, around, options
        )
        clock = SimClock(street.start_s, 1, lambda: self.device.clock.now_us / 1e6)
        around.wall = clock.now
        self.clock = clock
        self.market = Market(instrument, clock=clock)
        hosts = self.device.net.hosts
        known, context = self.market.site, AUTHORITY.context()
        known.handler = self._priced(known.handler)
        for host in HOSTS:
            hosts[host, 443] = TlsSite(known, context)
        moved = ALL[first_provider(find(instrument))](self.market.prices, clock)
        hosts[MOVED, 443] = TlsSite(Site(moved, clock.epoch), context)
        hosts[UPDATES, 80] = Site(self._served, clock.epoch)

    @property
    def name(self) -> str:
        return f"unit {self.number} ({self.instrument})"

    @property
    def now_s(self) -> int:
        return int(self.clock.now())

    def last(self, words: str) -> str:
        """The last line that has these words, "" for none."""
        return next((line for line in reversed(self.lines) if words in line), "")

    @property
    def state(self) -> str:
        return self.last(" state=").partition(" state=")[2].partition(" ")[0]

    @property
    def slot(self) -> str:
        return self.last(" slot=").partition(" slot=")[2].partition(" ")[0]

    @property
    def version(self) -> str:
        return self.last(" version=").partition(" version=")[2].partition(" ")[0]

    # -- one step after the other, with the power on ---------------------------------------

    def power_on(self) -> None:
        """In a thread of its own, which waits for go_on()."""
        self.device.clock.set_alarm("pace", self.device.clock.now_us, self._pace)
        self._thread.start()
        self._done.acquire()

    def go_on(self, end_s: int) -> None:
        """To that moment. Unexpected when the device is at its end."""
        self._end_us = int((end_s - self.street.start_s) * 1_000_000)
        self._go.release()
        self._done.acquire()
        if not self._thread.is_alive():
            raise Unexpected(f"{self.name} is at its end: {self.outcome}")

    def power_off(self) -> None:
        self._over = True
        self._go.release()
        self._thread.join()

    def _pace(self) -> None:
        """The others have their turn now."""
        clock = self.device.clock
        if clock.now_us >= self._end_us:
            self._done.release()
            self._go.acquire()
        clock.set_alarm("pace", clock.now_us if self._over else self._end_us, self._pace)
        self.device.watch()

    def _live(self) -> None:
        try:
            self.outcome = str(self.device.run(FOREVER_S, lambda: self._over))
        finally:
            self._done.release()

    def _hear(self, text: str) -> None:
        self.lines += text.splitlines()
        self.versions.add(self.version)

    def _priced(self, right: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            if self.instrument in self.street.dark:
                return Reply(body=b"<!DOCTYPE html><title>We have moved</title>" * 20)
            return right(request)

        return answer

    def _served(self, request: Request) -> Reply:
        """A file of the site, and a line in the log."""
        path = self.street.site / request.path.lstrip("/")
        found = path.read_bytes() if path.is_file() else None
        reply = error(404) if found is None else Reply(body=found)
        target = request.path + ("?" + urlencode(request.query, safe=",") if request.query else "")
        line = LINE.format(host=f"10.0.0.{self.number}", time=_stamp(self.now_s), path=target,
                           status=reply.status, size=len(reply.body))  # fmt: skip
        with self.street.log.open("a") as log:
            log.write(line)
        return reply


def _stamp(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


class Fleet:
    """All of them, who are at one moment between two steps."""

    def __init__(self, street: Street, instruments: Iterable[str], made: Release) -> None:
        self.street = street
        self.units = [Unit(street, n, name, made) for n, name in enumerate(instruments, 1)]

    def __enter__(self) -> "Fleet":
        for one in self.units:
            one.power_on()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.units:
            one.power_off()

    @property
    def now_s(self) -> int:
        return max(one.now_s for one in self.units)

    def know(self, made: Release) -> None:
        """Its modules can be run."""
        for one in self.units:
            one.companion.add(made.bundle.companion)

    def go_on(self, seconds: int) -> None:
        end_s = self.now_s + seconds
        for one in self.units:
            one.go_on(end_s)

    def facts(self) -> list[dict[str, Any]]:
        return [{"unit": one.number, "instrument": one.instrument, "state": one.state,
                 "version": one.version} for one in self.units]  # fmt: skip
