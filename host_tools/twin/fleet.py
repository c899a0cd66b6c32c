"""Many emulated seesaws that take a staged rollout: each a whole device with an id of its own.

They are run on the CPython engine by one clock. The maker's desk gives a release to a share of them
and raises it; who is among them each device decides by itself (firmware/SPEC.md, "Choice").
"""

import importlib.metadata
import queue
import threading
from collections.abc import Callable

from seesaw.core.rollout import bucket

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import Flash
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import files, flash_image, runtime, settings
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import INSTRUMENTS, Instrument, find
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.site import Site, static
from host_tools.release import development, publish
from host_tools.twin import given, offers, slots, words
from host_tools.twin.lockstep import Lockstep
from host_tools.twin.reports import Event, Lines, Quote, parse
from host_tools.twin.scene import FOREVER_S, LAUNCHER, NETWORK
from host_tools.twin.words import Line
from host_tools.twin.world import UPDATES

FLEET_MAX = 60  # devices: each takes some 10 MB and a thread
FEW = 3  # to begin with
STAGES = (10, 30, 60, 100)  # percent of the devices
POLL_S, CHECK_S = 30, 60
CENTER_US, US_PER_DEGREE = 1500, 40
FIRST_ID = 0x24AA5E000001


class Unit:
    """One seesaw of the fleet. status: old, installing, trial, confirmed or rejected, of the
    rollout. ended: why it runs no more, "" while it does."""

    def __init__(self, number: int, instrument: Instrument) -> None:
        self.number = number
        self.instrument = instrument
        self.id = (FIRST_ID + number - 1).to_bytes(6, "big")
        self.version = self.state = self.ended = ""
        self.status = "old"
        self.angle = 0.0
        self.device: CPythonDevice
        self._lines = Lines()

    def place(self, version: str) -> float:
        """Among all devices, for this version, in percent: it takes the release when the share is
        above, and reckons with this very function."""
        return bucket(self.id, version, []) / 100

    def hear(self, text: str) -> list[Event]:
        """What the serial line says; the events that people are told."""
        told = []
        for line in self._lines.feed(text):
            report = parse(line, self.device.clock.now_us / 1e6)
            if isinstance(report, Quote):
                self.state, self.version = report.state, report.version
            elif self._event(report):
                told.append(report)
        return told

    def _event(self, event: Event) -> bool:
        if event.event == "offer":
            self.status = "installing"
        elif event.event == "confirmed":
            self.status = "confirmed"
        elif event.event == "settled" and event.words.startswith("rejected"):
            self.status = "rejected"
        elif event.event not in ("installed", "hindered"):
            return False
        return True

    def booted(self) -> None:
        """After the bootloader: which slot runs, and is it on trial?"""
        assert self.device.board.slot
        label = self.device.board.slot.label
        slot = next(one for one in slots.look(self.device.flash) if one.label == label)
        self.version = slot.version
        if slot.state == "PENDING_VERIFY":
            self.status = "trial"
        elif self.status in ("trial", "installing"):
            self.status = "old"  # until it says why


class Fleet:
    """Built and ready for power. tell: (seconds, unit, line): what happened to it, or at the
    desk (None).

    UserError for what the user can put right.
    """

    def __init__(
        self, count: int, speed: int, tell: Callable[[float, Unit | None, Line], None],
        board: str = "esp32_wrover",
    ) -> None:  # fmt: skip
        if not 0 < count <= FLEET_MAX:
            fix = f"--fleet {FLEET_MAX if count > 0 else FEW}"
            raise UserError("--fleet", f"{count} is not 1 to {FLEET_MAX}", fix)
        self._tell = tell
        self.board = boards.load(board)
        self.lockstep = Lockstep(speed)
        self._newest = importlib.metadata.version("seesaw")
        self._bootloader, self._app = runtime.synthetic(self.board)
        self.first = publish.make(self.board, self._newest, self._app)
        self._companion = Companion(self.first.bundle.companion)
        self.files = dict(self.first.site)
        start = start_of(find("sp500"), DEFAULT_DATE)
        self.market = Market("sp500", clock=SimClock(start, 1, lambda: self.t))
        self._hosts = {(name, 80): self.market.site for name in self.market.providers}
        self._hosts |= self.market.addresses()
        self._hosts[UPDATES] = Site(static(self.files), self.market.clock.epoch)
        self.release: publish.Release | None = None  # that is rolled out
        self.crashing = self.halted = False
        self.stage = 0
        self._edition = 0
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.units = [self._unit(number) for number in range(1, count + 1)]

    @property
    def t(self) -> float:
        """Seconds since power-on."""
        return self.lockstep.now_us / 1e6

    def run(self, seconds: float | None, between: Callable[[], bool]) -> None:
        """All of them from power-on to power-off; `between` is asked at every step."""
        threads = [threading.Thread(target=self._live, args=(unit,)) for unit in self.units]
        self.lockstep.enter(len(threads))
        for thread in threads:
            thread.start()

        def turn() -> bool:
            self._grant()
            return between()

        try:
            self.lockstep.drive(FOREVER_S if seconds is None else seconds, turn)
        finally:
            for thread in threads:
                thread.join()

    def _grant(self) -> None:
        while not self._wishes.empty():
            try:
                self._wishes.get()()
            except UserError as error:
                self._tell(self.t, None, Line("bad", f"That could not be done: {error}"))

    # -- the maker's desk ------------------------------------------------------------------

    def ask(self, wish: Callable[[], None]) -> None:
        """Have one of these done between two steps. From any thread."""
        self._wishes.put(wish)

    def begin(self, crash: bool = False) -> None:
        """Offer a new release to the first share. crash: its app falls over in the trial."""
        self._newest = given.next_version(self._newest)
        self.release = offers.make(self.board, self._newest, self._app, crash=crash)
        self._companion.add(self.release.bundle.companion)
        self._edition = development.edition(self._newest)
        self.crashing, self.halted, self.stage = crash, False, 0
        for unit in self.units:
            unit.status = "old"
        self._publish(f"{self._newest} is offered to {STAGES[0]} % of the seesaws")

    def widen(self) -> None:
        """The next share."""
        if self.release and not self.halted and not self.is_whole:
            self.stage += 1
            self._publish(f"{self._newest} is offered to {self.percent} %")

    def halt(self) -> None:
        """Nobody takes it any more; or they do again."""
        if self.release:
            self.halted = not self.halted
            self._publish(f"{self._newest} is {'halted' if self.halted else 'offered again'}")

    @property
    def percent(self) -> int:
        """The share now."""
        return STAGES[self.stage] if self.release else 0

    @property
    def is_whole(self) -> bool:
        """Are all of them asked?"""
        return self.stage + 1 == len(STAGES)

    def _publish(self, told: str) -> None:
        """The same bytes under other rules, with the next number."""
        assert self.release
        made = publish.reissued(
            self.release, self._edition, rules={"start_percentage": self.percent},
            halted=[self._newest] if self.halted else [],
        )  # fmt: skip
        self._edition += 1
        self.files.update(made.site)
        self._tell(self.t, None, Line("world", f"{told}."))

    # -- the devices -----------------------------------------------------------------------

    def _unit(self, number: int) -> Unit:
        names = list(INSTRUMENTS)
        unit = Unit(number, find(names[(number - 1) % len(names)]))
        around = Surroundings(
            air={NETWORK["ssid"]: NETWORK["password"]},
            wall=lambda: self.market.clock.start + unit.device.clock.now_us / 1e6,
            serial=lambda text: self._hear(unit, text),
            events=lambda line: unit.booted() if line.startswith("boot ") else None,
        )
        options = Options(
            chip=self.board.chip, chip_heap_kib=self.board.heap_kib, unique_id=unit.id
        )
        unit.device = CPythonDevice(self._flash(unit), self._companion, around, options)
        unit.device.net.hosts.update(self._hosts)
        unit.device.board.pwm.on_pulse = lambda pin, ns: self._pulse(unit, pin, ns)
        return unit

    def _flash(self, unit: Unit) -> Flash:
        wanted = {
            **NETWORK,
            "instrument": unit.instrument.name,
            "poll_s": POLL_S,
            "check_s": CHECK_S + unit.number,  # not all in one moment
            "update_url": f"http://{UPDATES[0]}",
            "providers": {name: f"http://{name}" for name in self.market.providers},
            "servo_pin": self.board.servo_pin,
            "center_us": CENTER_US,
            "us_per_degree": US_PER_DEGREE,
        }
        found = settings.check(wanted, "the settings")
        image = flash_image.compose(
            self.board, self._bootloader, self.first.slot, files.read(LAUNCHER), found
        )
        return Flash.from_bytes(image)

    def _live(self, unit: Unit) -> None:
        outcome = self.lockstep.run(unit.device, FOREVER_S, lambda: False)
        if outcome.reason != "until":
            unit.ended = outcome.detail
            self._tell(self.t, unit, Line("bad", f"It is at its end: {outcome.detail}."))

    def _hear(self, unit: Unit, text: str) -> None:
        for event in unit.hear(text):
            if line := words.line(event):
                self._tell(event.t, unit, line)

    def _pulse(self, unit: Unit, pin: int, ns: int) -> None:
        unit.device.board.pwm.pulses.clear()
        if ns and pin == self.board.servo_pin:
            unit.angle = (ns / 1000 - CENTER_US) / US_PER_DEGREE
