"""An emulated seesaw and its world: board, release, flash image, market, update site.

Nothing here prints or judges. Whoever builds a scene hears every report, runs it for a while and
may offer a release meanwhile.
"""

import contextlib
import importlib.metadata
import queue
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import (
    MicroPythonDevice,
    NoMicroPython,
    find_micropython,
)
from host_tools.emulator.partitions import TYPE_DATA, PartitionTable, PartitionTableError
from host_tools.emulator.resolver import Resolver
from host_tools.emulator.serial_port import SerialPort
from host_tools.emulator.storage import SUBTYPE_NVS
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, files, flash_image, inspect, runtime, settings
from host_tools.image.board import Board
from host_tools.market import history
from host_tools.market.clock import real_clock
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.providers import DAY
from host_tools.market.replay import Replay
from host_tools.market.server import DEFAULT_SEED, Market
from host_tools.market.site import Site, serve, static
from host_tools.release import publish
from host_tools.twin import offers, slots, stored
from host_tools.twin.checks import BootSeen, Pulses
from host_tools.twin.power import Plug
from host_tools.twin.reports import Event, Lines, Report, parse

LAUNCHER = bundle.FIRMWARE / "launcher" / "main.py"
IMAGE = "flash.bin"
NETWORK = {"ssid": "home", "password": "password"}
POLL_S = 2  # of the simulated market
LIVE_POLL_S = 20  # of the real providers, who have other guests
CAUSES = {1: "power-on", 2: "reset", 3: "watchdog", 4: "deep sleep", 5: "soft reset"}
PROVIDER_FAULT = "html"  # a web page in place of prices, with status 200
HTTP = 80
NVS_LEAST = 3 * 4096  # bytes
FOREVER_S = 10 * 366 * 86400
PRICE_STEP_S = 60  # of simulated time between two prices
VM_SECONDS = 20  # for a MicroPython VM to say hello


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built. market: 'sim', 'live', or a folder of recorded days. clock, of the
    simulated market: 'sim' or 'real'. check_s: seconds between two looks for a release. config:
    settings on top of these. flash: boot this image, with its own settings but for addresses,
    rather than a new one. port: the board's serial line."""

    board: str = "esp32_wrover"
    instrument: str | None = None
    market: str = "sim"
    clock: str = "sim"
    seed: int = DEFAULT_SEED
    check_s: int = 10
    runtime: Path | None = None
    config: Path | None = None
    build: Path = Path("build")
    flash: Path | None = None
    port: SerialPort | None = None


class Scene:
    """Everything, built and ready for power. A context manager: its servers close at the end.

    Raises UserError for whatever the user can put right, such as a machine without MicroPython.
    """

    def __init__(self, wanted: Wanted, listen: Callable[[Report], None]) -> None:
        find_vm()
        self.listen = listen
        self.board = boards.load(wanted.board)
        given = settings.load(wanted.config) if wanted.config else {}
        flash = load_flash(wanted.flash) if wanted.flash else None
        config = (stored.read(flash) if flash else {}) | given
        self.instrument = find_instrument(wanted.instrument or config.get("instrument", "sp500"))
        bootloader, self._app = load_runtime(wanted.runtime, self.board)
        self._newest = importlib.metadata.version("seesaw")
        self.release = publish.make(self.board, self._newest, self._app)
        self.offered: tuple[float, str] | None = None  # (seconds since power-on, version)
        self.files = dict(self.release.site)  # of the update site
        self.boots: list[BootSeen] = []
        self.pulses = Pulses()
        self.watch_pulse: Callable[[float], None] = lambda us: None  # every pulse, 0 for none
        self.plug = Plug()
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lines = Lines()
        self._started = time.monotonic()
        self._stop: Callable[[], bool] = lambda: False
        self._faults_told = 0
        with contextlib.ExitStack() as opened:
            self.market = self._market(wanted)
            self.settings = self._settings(wanted, config, opened)
            self.image = wanted.flash or self._write_image(wanted.build, bootloader)
            if flash:
                keys = ("update_url", "providers", "instrument", *given)
                stored.write(flash, {key: self.settings[key] for key in keys})
            self.device = self._make_device(flash or load_flash(self.image), wanted.port)
            self._open = opened.pop_all()

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def wall(self) -> float:
        """The time of day around the board, seconds since 1970."""
        return self.market.clock.now() if self.market else time.time()

    @property
    def t(self) -> float:
        """Seconds since power-on."""
        return time.monotonic() - self._started

    def run(
        self, seconds: float | None, offer_at: float | None, stop: Callable[[], bool]
    ) -> Outcome:
        """From power-on to power-off: after `seconds`, when `stop` says so (asked many times a
        second), or when the board is at its end. offer_at: seconds until a release is offered."""
        self._started = time.monotonic()

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
        version = next_version(self._newest)
        release = offers.make(self.board, version, self._app, crash=crash)
        self._newest = version
        self.offered = (self.t, version)
        self.files.update(release.site)
        words = "it will crash in its trial" if crash else ""
        self.listen(Event(self.t, "published", version=version, words=words))

    def cut_power(self) -> None:
        """The power goes away, and comes back after a moment."""
        if self.plug.on:
            self.plug.pull()
            self._lines = Lines()
            self.listen(Event(self.t, "power-cut"))

    def break_provider(self) -> None:
        """The data provider sends web pages in place of prices. Not of a live market."""
        assert self.market
        self.market.break_provider(PROVIDER_FAULT)
        self.listen(Event(self.t, "provider", words="broken: it sends a web page"))

    def mend_provider(self) -> None:
        """It sends prices again. Not of a live market."""
        assert self.market
        self.market.mend()
        self.listen(Event(self.t, "provider", words="mended"))

    # -- what is true ----------------------------------------------------------------------

    def slots(self) -> list[slots.Slot]:
        """What stands in the flash now."""
        return slots.look(self.device.flash)

    def truth(self, last_s: float) -> list[tuple[float, float]]:
        """(price, baseline) at every price step of the last seconds, the newest last; empty
        without a simulated market. A cryptocurrency is measured from 24 hours ago."""
        if self.market is None:
            return []
        now = self.market.clock.epoch()
        first = max(now - int(last_s * self.market.clock.rate), int(self.market.clock.start))
        return [self._truth_at(self.market, at) for at in (*range(first, now, PRICE_STEP_S), now)]

    def _truth_at(self, market: Market, epoch: int) -> tuple[float, float]:
        quote = market.prices.price_at(self.instrument, epoch)
        if self.instrument.kind == "crypto":
            return quote.price, market.prices.price_at(self.instrument, epoch - DAY).price
        return quote.price, quote.price - quote.change

    # -- building --------------------------------------------------------------------------

    def _market(self, wanted: Wanted) -> Market | None:
        if wanted.market == "live":
            return None
        if wanted.market != "sim":
            return replayed(self.instrument.name, Path(wanted.market))
        clock = real_clock() if wanted.clock == "real" else None
        return Market(self.instrument.name, wanted.seed, clock)

    def _settings(
        self, wanted: Wanted, config: dict[str, Any], opened: contextlib.ExitStack
    ) -> dict[str, Any]:
        """Opens the sites, and points the board to them unless `config` points elsewhere."""
        updates = opened.enter_context(serve(Site(static(self.files), lambda: int(self.wall()))))
        providers = {}
        if self.market:
            url = opened.enter_context(serve(self.market.site)).url
            providers = dict.fromkeys(self.market.providers, url)
        found: dict[str, Any] = {
            **NETWORK,
            "poll_s": POLL_S if self.market else LIVE_POLL_S,
            "check_s": wanted.check_s,
            "update_url": updates.url,
            "providers": providers,
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

    def _make_device(self, flash: Flash, port: SerialPort | None) -> MicroPythonDevice:
        around = Surroundings(
            air={self.settings["ssid"]: self.settings["password"]},
            wall=self.wall,
            serial=self._on_serial,
            events=self._on_event,
        )
        device = MicroPythonDevice(
            flash, around, Options(chip=self.board.chip, chip_heap_kib=self.board.heap_kib), port
        )
        device.board.pwm.on_pulse = self._on_pulse
        # A browser of this machine finds the board's own page where it really listens.
        device.board.radio.address, door = Resolver(around).listen(HTTP)
        self.own_page = f"http://{device.board.radio.address}:{door}"
        return device

    # -- what the board does ---------------------------------------------------------------

    def _on_serial(self, text: str) -> None:
        if not self._stop():  # Ctrl-C reaches the VM too; its words on that are of no use
            for line in self._lines.feed(text):
                self.listen(parse(line, self.t))

    def _on_event(self, line: str) -> None:
        if self._stop():
            return
        for rest in self._lines.flush():
            self.listen(parse(rest, self.t))
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
            return
        least = min(self.pulses.least_us, us) if self.pulses.count else us
        most = max(self.pulses.most_us, us)
        self.pulses = Pulses(self.pulses.count + 1, least, most, us)

    def _tell_faults(self) -> None:
        faults = self.device.board.faults
        for fault in faults[self._faults_told :]:
            self.listen(Event(self.t, "fault", words=fault))
        self._faults_told = len(faults)


def find_vm() -> str:
    """The MicroPython VM, after it has run a line. UserError when there is none that runs."""
    fix = "put `micropython` on PATH or its path in SEESAW_MICROPYTHON"
    try:
        path = find_micropython()
    except NoMicroPython as error:
        raise UserError("MicroPython", "no VM beside this Python or on PATH", fix) from error
    try:
        done = subprocess.run(
            [path, "-c", "import vfs; print(vfs.VfsLfs2 and 'hello')"],
            capture_output=True, timeout=VM_SECONDS, check=False, start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(path, f"it does not run ({error})", fix) from error
    if done.stdout.strip() != b"hello":
        raise UserError(path, "it is no MicroPython VM with LittleFS", fix)
    return path


def load_flash(path: Path) -> Flash:
    """A flash with the bytes of an image file. UserError when it is none."""
    data = files.read(path)
    inspect.examine(data, str(path))  # a whole flash, or UserError
    flash = Flash.from_bytes(data)
    try:
        table = PartitionTable.read(flash)
    except PartitionTableError:
        return flash  # the bootloader says so, for ever
    nvs = table.first(TYPE_DATA, SUBTYPE_NVS)
    if table.otadata is None or (nvs and nvs.size < NVS_LEAST):
        lacks = "no boot record (otadata)" if table.otadata is None else "too small an nvs"
        raise UserError(str(path), f"is no seesaw: its table has {lacks}", "build it for a board")
    return flash


def find_instrument(name: str) -> Instrument:
    """The simulated market's instrument of that name. UserError for another, with the names."""
    if name not in INSTRUMENTS:
        fix = "choose from " + ", ".join(INSTRUMENTS)
        raise UserError(f"instrument '{name}'", "there is none", fix)
    return INSTRUMENTS[name]


def replayed(name: str, folder: Path) -> Replay:
    """The recorded days of a folder. UserError when it has none of this instrument."""
    try:
        return Replay(name, history.load(folder))
    except ValueError as error:
        fix = "choose another --instrument, or add its CSV"
        raise UserError(str(folder), str(error), fix) from error


def load_runtime(path: Path | None, board: Board) -> tuple[bytes, bytes]:
    """(bootloader, app) of a combined MicroPython build, or of the stand-in for the emulator."""
    if path is None:
        return runtime.synthetic(board)
    found = runtime.load(path, board)
    return found.bootloader or runtime.synthetic(board)[0], found.app


def next_version(version: str) -> str:
    """A version above this one: its last number raised. '0.1.0' gives '0.1.1'."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    assert numbers, version
    head, _, last = numbers[0].rpartition(".")
    return f"{head}.{int(last) + 1}"
