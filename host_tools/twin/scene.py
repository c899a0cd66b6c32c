"""An emulated seesaw and its world: board, release, flash image, market, update site.

Nothing here prints or judges. Whoever builds a scene hears every report, runs it for a while and
may offer a release meanwhile.
"""

import contextlib
import importlib.metadata
import math
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.clock import RealClock, VirtualClock
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.resolver import Resolver
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, files, flash_image, settings
from host_tools.market.instruments import INSTRUMENTS
from host_tools.release import publish
from host_tools.twin import given, offers, slots, stored
from host_tools.twin.checks import BootSeen, Pulses
from host_tools.twin.faults import CLOCK_OFF_S, PROVIDER, Faults
from host_tools.twin.pace import Pace, RealTime
from host_tools.twin.power import DIP_S, Plug
from host_tools.twin.reports import Event, Lines, Quote, Report, parse
from host_tools.twin.world import Wanted, World

LAUNCHER = bundle.FIRMWARE / "launcher" / "main.py"
IMAGE = "flash.bin"
NETWORK = {"ssid": "home", "password": "password"}
POLL_S = 2  # of the simulated market
LIVE_POLL_S = 20  # of the real providers, who have other guests
CAUSES = {1: "power-on", 2: "reset", 3: "watchdog", 4: "deep sleep", 5: "soft reset"}
HTTP = 80
FOREVER_S = 10 * 366 * 86400
LATE = 2  # measurements in a row that are too slow, and are said
DIP_US = 20.0  # of pulse from where a move began: more than a weak supply bears


class Scene:
    """Everything, built and ready for power. A context manager: its servers close at the end.

    Raises UserError for whatever the user can put right, such as a machine without MicroPython.
    """

    def __init__(self, wanted: Wanted, listen: Callable[[Report], None]) -> None:
        if not wanted.speed:
            given.find_vm()
        self.listen = listen
        self.board = boards.load(wanted.board)
        changes = settings.load(wanted.config) if wanted.config else {}
        flash = given.load_flash(wanted.flash) if wanted.flash else None
        config = (stored.read(flash) if flash else {}) | changes
        recorded = wanted.replay.instrument if wanted.replay else None
        name = recorded or wanted.instrument or config.get("instrument", "sp500")
        self.instrument = given.find_instrument(name)
        self.shown = self.instrument  # of those that take turns, the last that was told of
        bootloader, self._app = given.load_runtime(wanted.runtime, self.board)
        self._newest = importlib.metadata.version("seesaw")
        self.release = publish.make(self.board, self._newest, self._app)
        self.offered: tuple[float, str] | None = None  # (seconds since power-on, version)
        self.own_page = ""  # the address; a board on virtual time has none for a browser
        self._companion = Companion(self.release.bundle.companion)
        self.files = dict(self.release.site)  # of the update site
        self.boots: list[BootSeen] = []
        self.pulses = Pulses()
        self.watch_pulse: Callable[[float], None] = lambda us: None  # every pulse, 0 for none
        self.watch_rest: Callable[[], None] = lambda: None  # what no report tells: faults, speed
        self.pace = Pace(wanted.speed, self._measured) if wanted.speed else RealTime()
        self._short = 0  # measurements in a row in which this machine was too slow
        self.plug = Plug(self.pace)
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lines = Lines()
        self._clock: VirtualClock | RealClock = VirtualClock() if wanted.speed else RealClock()
        self._began_us = self._clock.now_us
        self._weak = False  # is the supply?
        self._stood_us = 0.0  # the first pulse of this move, 0 while there is none
        self._stop: Callable[[], bool] = lambda: False
        self._faults_told = 0
        with contextlib.ExitStack() as opened:
            self.world = opened.enter_context(
                World(wanted, self.instrument, self.files, lambda: self._clock.now_us / 1_000_000)
            )
            self.market = self.world.market
            self.settings = self._settings(config, wanted.check_s)
            self.image = wanted.flash or self._write_image(wanted.build, bootloader)
            if flash:
                keys = ("update_url", "providers", "instrument", *changes)
                stored.write(flash, {key: self.settings[key] for key in keys})
            self.device = self._make_device(flash or given.load_flash(self.image), wanted)
            self._clock = self.device.clock
            self.faults = Faults(self._doers())
            self._open = opened.pop_all()

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def wall(self) -> float:
        """The time of day around the board, seconds since 1970."""
        return self.world.wall()

    @property
    def t(self) -> float:
        """Seconds since power-on."""
        return (self._clock.now_us - self._began_us) / 1_000_000

    def run(
        self, seconds: float | None, offer_at: float | None, stop: Callable[[], bool]
    ) -> Outcome:
        """From power-on to power-off: after `seconds`, when `stop` says so (asked many times a
        second), or when the board is at its end. offer_at: seconds until a release is offered."""
        self._began_us = self._clock.now_us

        def turn() -> bool:
            if offer_at is not None and not self.offered and self.t >= offer_at:
                self.offer()
            self._grant()
            self._tell_faults()
            return stop()

        self._stop = lambda: stop() or not self.plug.on
        return self.plug.run(self.device, FOREVER_S if seconds is None else seconds, turn)

    # -- what may be done meanwhile --------------------------------------------------------

    def ask(self, wish: Callable[[], None]) -> None:
        """Have one of the methods below called soon, between two turns of the board. From any
        thread. What fails in a way that the user can put right becomes event `refused`."""
        self._wishes.put(wish)

    def _grant(self) -> None:
        while not self._wishes.empty():
            try:
                self._wishes.get()()
            except UserError as error:
                self.listen(Event(self.t, "refused", words=str(error)))

    def offer(self, crash: bool = False) -> None:
        """Put a release on the update site, each higher than the last. crash: its app falls over
        in the trial. UserError when the firmware does not compile."""
        version = given.next_version(self._newest)
        release = offers.make(self.board, version, self._app, crash=crash)
        self._newest = version
        self.offered = (self.t, version)
        self._companion.add(release.bundle.companion)
        self.files.update(release.site)
        words = "it will crash in its trial" if crash else ""
        self.listen(Event(self.t, "published", version=version, words=words))

    def toggle(self, name: str) -> None:
        """Plant a fault of faults.FAULTS, or mend it. KeyError for one that is not possible."""
        for fault, on in self.faults.toggle(name):
            if fault.name != "power":  # it says so itself
                words = fault.words if on else fault.after
                self.listen(Event(self.t, "planted" if on else "mended", words=words))
        self.watch_rest()

    def set_speed(self, speed: int) -> None:
        """One of pace.speeds. Where time is real nothing happens."""
        if isinstance(self.pace, Pace):
            self.pace.set(speed)
            self.listen(Event(self.t, "speed", words=str(speed)))

    def _measured(self) -> None:
        pace = self.pace
        self._short = self._short + 1 if pace.short else 0
        if self._short == LATE:
            words = f"{pace.speed} times real time; it reaches {pace.reached:.1f}"
            self.listen(Event(self.t, "late", words=words))
        self.watch_rest()

    def _doers(self) -> dict[str, Callable[[bool], None]]:
        air = self.device.around.air
        networks = dict(air)
        found: dict[str, Callable[[bool], None]] = {
            "power": self._power,
            "brown-out": self._weaken,
            "wifi": lambda on: air.clear() if on else air.update(networks),
            "clock": lambda on: setattr(self.device.board, "time_shift", CLOCK_OFF_S * on),
            "server": lambda on: setattr(self.world, "slow_updates", on),
        }
        if market := self.market:
            for name, fault in PROVIDER.items():
                found[name] = lambda on, f=fault: (  # type: ignore[misc]
                    market.break_provider(f) if on else market.mend()
                )
        return found

    def _power(self, cut: bool) -> None:
        if cut:
            self._lose_power("power-cut", math.inf, "lost")
        else:
            self.plug.push()

    def _weaken(self, on: bool) -> None:
        self._weak = on
        if on and self.plug.on:
            self._dip()

    def _dip(self) -> None:
        self._lose_power("brown-out", DIP_S, "survives")

    def _lose_power(self, event: str, seconds: float, rtc: str) -> None:
        """rtc: what becomes of RTC memory, as emulator.board.Options has it."""
        self.device.board.options.rtc = rtc
        self.plug.pull(seconds)
        self._lines = Lines()
        self.listen(Event(self.t, event))

    # -- what is true ----------------------------------------------------------------------

    @property
    def at_raw_repl(self) -> bool:
        """Does a program, rather than a person, hold the serial line?"""
        return isinstance(self.device, MicroPythonDevice) and self.device.at_raw_repl

    def slots(self) -> list[slots.Slot]:
        """What stands in the flash now."""
        return slots.look(self.device.flash)

    def truth(self, last_s: float) -> list[tuple[float, float]]:
        """See world.World.truth."""
        return self.world.truth(last_s, self.shown)

    def _told(self, report: Report) -> None:
        if isinstance(report, Quote) and report.instrument in INSTRUMENTS:
            self.shown = INSTRUMENTS[report.instrument]
        self.listen(report)

    # -- building --------------------------------------------------------------------------

    def _settings(self, config: dict[str, Any], check_s: int) -> dict[str, Any]:
        """The board is pointed to its world unless `config` points elsewhere."""
        found: dict[str, Any] = {
            **NETWORK,
            "poll_s": POLL_S if self.market else LIVE_POLL_S,
            "check_s": check_s,
            "update_url": self.world.update_url,
            "providers": self.world.providers,
            "servo_pin": self.board.servo_pin,
            "center_us": 1500,
            "us_per_degree": 40,
        }
        found |= config
        return settings.check(found | {"instrument": self.instrument.name}, "the settings")

    def _write_image(self, folder: Path, bootloader: bytes) -> Path:
        image = flash_image.compose(
            self.board, bootloader, self.release.slot, files.read(LAUNCHER), self.settings
        )
        path = folder / IMAGE
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(str(folder), "cannot be made", "name a folder") from error
        companion = bundle.companion_bytes(self.release.bundle.companion)
        files.replace({path: image, bundle.companion_path(path): companion})
        return path

    def _make_device(self, flash: Flash, wanted: Wanted) -> MicroPythonDevice | CPythonDevice:
        around = Surroundings(
            air={self.settings["ssid"]: self.settings["password"]},
            wall=self.wall,
            serial=self._on_serial,
            events=self._on_event,
        )
        options = Options(chip=self.board.chip, chip_heap_kib=self.board.heap_kib)
        device: MicroPythonDevice | CPythonDevice
        if wanted.speed:
            device = CPythonDevice(flash, self._companion, around, options)
            device.net.hosts.update(self.world.hosts)
        else:
            device = MicroPythonDevice(flash, around, options, wanted.port)
            # A browser of this machine finds the board's own page where it really listens.
            device.board.radio.address, door = Resolver(around).listen(HTTP)
            self.own_page = f"http://{device.board.radio.address}:{door}"
        device.board.pwm.on_pulse = self._on_pulse
        return device

    # -- what the board does ---------------------------------------------------------------

    def _on_serial(self, text: str) -> None:
        if not self._stop():  # Ctrl-C reaches the VM too; its words on that are of no use
            for line in self._lines.feed(text):
                self._told(parse(line, self.t))

    def _on_event(self, line: str) -> None:
        if self._stop():
            return
        for rest in self._lines.flush():
            self._told(parse(rest, self.t))
        word, _, words = line.partition(" ")
        if word == "boot":
            label, _, cause = words.split()
            self._on_boot(label, int(cause))
        else:
            self.listen(Event(self.t, word, words=words))

    def _on_boot(self, label: str, cause: int) -> None:
        both = self.slots()
        slot = next(slot for slot in both if slot.label == label)
        other = "not selected" if any(slot.selected for slot in both) else "none"
        state = slot.state if slot.selected else other
        boot = BootSeen(self.t, label, cause, state, slot.version or "?")
        self.boots.append(boot)
        self._stood_us = 0.0
        if cause == 1 and "clock" in self.faults.held:
            self.device.board.time_shift = CLOCK_OFF_S  # power-on set it right
        why = CAUSES.get(cause, str(cause))
        self.listen(Event(boot.t, "boot", label, boot.version, why))
        if state == "PENDING_VERIFY":
            self.listen(Event(boot.t, "trial", label, boot.version, "until it is confirmed"))

    def _on_pulse(self, pin: int, ns: int) -> None:
        """Called from within the chip: it only remembers."""
        self.device.board.pwm.pulses.clear()  # these are enough, and a run may last for weeks
        if pin != self.settings["servo_pin"]:
            return
        us = ns / 1000
        self.watch_pulse(us)
        if not ns:
            self._stood_us = 0.0
            return
        self._stood_us = self._stood_us or us
        if self._weak and self.plug.on and abs(us - self._stood_us) > DIP_US:
            self._dip()
        least = min(self.pulses.least_us, us) if self.pulses.count else us
        most = max(self.pulses.most_us, us)
        self.pulses = Pulses(self.pulses.count + 1, least, most, us)

    def _tell_faults(self) -> None:
        faults = self.device.board.faults
        for fault in faults[self._faults_told :]:
            self.listen(Event(self.t, "fault", words=fault))
        self._faults_told = len(faults)
