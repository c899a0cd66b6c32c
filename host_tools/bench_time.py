"""The rows of `seesaw bench` about time: boots, an update and whole days on the CPython engine."""

import gc
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.bench import KB, Row
from host_tools.emulator.board import Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, flash_image, runtime
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.site import Site, static
from host_tools.release import publish

BOARD = boards.load("esp32_wrover")
BOOTLOADER, APP = runtime.synthetic(BOARD)
LAUNCHER = (bundle.FIRMWARE / "launcher" / "main.py").read_bytes()
INSTRUMENT = "sp500"
SETTINGS = {
    "ssid": "home",
    "password": "password",
    "instrument": INSTRUMENT,
    "update_url": "http://updates:80",
    "providers": {"cnbc": "http://cnbc:80"},
    "servo_pin": BOARD.servo_pin,
}
CHECK_S = 5  # the least that the firmware takes: the first hand-over comes soon
DAY_S = 86400
RUN_S = 900  # of virtual time, for a boot or an update
IDLE = b"import asyncio\nasync def main():\n    await asyncio.sleep(100000)\nasyncio.run(main())\n"
BOOT_TIMES, UPDATE_TIMES = 1, 4  # limits, in starts of Python
IDLE_LIMIT_S = 1
HELPS, HELP_LIMIT_MS = 5, 150
COPY_LIMIT_US = 10
STATES = 500  # copies in one measurement


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often each thing is measured: starts, boots and updates in turn; days of their own."""

    rounds: int
    days: int


FULL = Repeats(rounds=60, days=3)
QUICK = Repeats(rounds=2, days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a device was when a session began. at_s: of this process's clock."""

    at_s: float
    boots: int
    operations: int
    erases: int


class Marked(CPythonDevice):
    """A device that notes the start of each of its sessions: a hand-over is the second one's."""

    marks: list[Mark]

    def live(self, session: int) -> int:
        self.marks.append(self.mark())
        return super().live(session)

    def mark(self) -> Mark:
        flash = self.flash
        return Mark(time.perf_counter(), self.board.boots, flash.ops, sum(flash.wear.values()))


class World:
    """Devices, one after the other, with one market and one update server around them.

    What a host does once is done here once: releases, images, compiled sources.
    """

    def __init__(self) -> None:
        self.old = publish.make(BOARD, "0.1.0", APP, trial_s=0)  # 0: the firmware's own floor
        self.new = publish.make(BOARD, "0.2.0", APP, trial_s=0)
        self.companion = Companion(self.old.bundle.companion | self.new.bundle.companion)
        self.now_s: Callable[[], float] = lambda: 0.0
        clock = SimClock(start_of(find(INSTRUMENT), DEFAULT_DATE), 1, lambda: self.now_s())
        self.market = Market(INSTRUMENT, clock=clock)
        self.updates = Site(static(self.new.site), clock.epoch)

    def flash(self, made: publish.Release, launcher: bytes = LAUNCHER, **more: int) -> Flash:
        """The flash of a new board with this release; `more` settings on top of SETTINGS."""
        data = flash_image.compose(BOARD, BOOTLOADER, made.slot, launcher, {**SETTINGS, **more})
        return Flash.from_bytes(data)

    def device(self, flash: Flash) -> Marked:
        """A device on a copy of this flash; it becomes the one that the market's time follows."""
        made = Marked(flash.copy(), self.companion, Surroundings(wall=self.market.clock.now))
        made.marks = []
        made.net.hosts["cnbc", 80] = self.market.site
        made.net.hosts["updates", 80] = self.updates
        self.now_s = lambda: made.clock.now_us / 1e6
        return made


def measure(repeats: Repeats) -> list[Row]:
    """All rows about time. UserError when the firmware does not do what is measured."""
    world = World()
    rows = _interleaved(world, repeats) + _days(world, repeats) + _flash_states(world)
    return [*rows, _help()]


def _help() -> Row:
    times = []
    for _ in range(HELPS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "host_tools.cli", "--help"], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        times.append(time.perf_counter() - begin)
    return Row("seesaw --help", min(times) * 1000, "ms", HELP_LIMIT_MS)


def python_start() -> float:
    """Seconds to start this very Python, outside its virtual environment, for nothing."""
    python = getattr(sys, "_base_executable", sys.executable)  # undocumented, in CPython alone
    start = time.perf_counter()
    subprocess.run([python, "-S", "-E", "-c", "pass"], check=True)
    return time.perf_counter() - start


def cold_boot(world: World, flash: Flash) -> tuple[float, float]:
    """Seconds from power-on to the first movement: without and with making the device."""
    begin = time.perf_counter()
    device = world.device(flash)
    first_ns = 0
    moved = False

    def on_pulse(pin: int, ns: int) -> None:
        nonlocal first_ns, moved
        first_ns = first_ns or ns
        moved = moved or ns not in (0, first_ns)

    device.board.pwm.on_pulse = on_pulse
    start = time.perf_counter()
    _reached(device.run(RUN_S, until=lambda: moved), "the first movement")
    end = time.perf_counter()
    return end - start, end - begin


def update(world: World, flash: Flash) -> tuple[Mark, Mark, int]:
    """An update: the hand-over to the updater, the end, and how many sessions lie between."""
    device = world.device(flash)
    confirmed = False

    def hear(text: str) -> None:
        nonlocal confirmed
        confirmed = confirmed or "event=confirmed" in text

    device.around.serial = hear
    _reached(device.run(RUN_S, until=lambda: confirmed), "a confirmed update")
    return device.marks[1], device.mark(), len(device.marks) - 1


def _reached(outcome: Outcome, what: str) -> None:
    if outcome.reason != "until":
        raise UserError("the emulated device", f"did not come to {what}: {outcome}", "mend it")


def _interleaved(world: World, repeats: Repeats) -> list[Row]:
    """Starts of Python, cold boots and updates in turn, after one of each to warm the caches."""
    flash = world.flash(world.old, check_s=CHECK_S)
    starts, boots, whole, updates = [], [], [], []
    for _ in range(repeats.rounds + 1):
        gc.collect()
        starts.append(python_start())
        boot, with_device = cold_boot(world, flash)
        boots.append(boot)
        whole.append(with_device)
        begin, end, sessions = update(world, flash)
        updates.append(end.at_s - begin.at_s)
    start_ms = _least_ms(starts)
    how = "from the app's hand-over to the updater until 'confirmed': offer, download, install,"
    how += " reset, the updater's proof, the app's trial at its shortest, and the servers' share;"
    how += f" not the power-on and first {CHECK_S} s of the app; small stand-in runtime, copied"
    return [
        Row("python3 -S -E -c pass", start_ms, "ms", note=_spread(starts)),
        Row("cold boot to the first movement", _least_ms(boots), "ms", BOOT_TIMES * start_ms,
            BOOT_TIMES, "from power-on of a device made before, with joining Wi-Fi and the first"
            " quote; " + _spread(boots)),
        Row("full update, CPython engine", _least_ms(updates), "ms", UPDATE_TIMES * start_ms,
            UPDATE_TIMES, f"{how}; {_spread(updates)}"),
        Row("  its flash operations", end.operations - begin.operations, ""),
        Row("  its sector erases", end.erases - begin.erases, ""),
        Row("  its chip boots", end.boots - begin.boots, "",
            note=f"{sessions} sessions of the VM, the updater that installs among them"),
        Row("cold boots", 1 / statistics.median(whole[1:]), "/s",
            note="a new device and a copy of its flash each time; by the median"),
    ]  # fmt: skip


def _days(world: World, repeats: Repeats) -> list[Row]:
    idle = world.flash(world.old, IDLE)
    following = world.flash(world.new, poll_s=60)
    idles = [_day(world, idle) for _ in range(repeats.days)]
    days = [_day(world, following) for _ in range(repeats.days)]
    return [
        Row("a virtual day of waiting", min(idles), "s", IDLE_LIMIT_S,
            note=f"one asyncio.sleep in place of the firmware; least of {repeats.days}"),
        Row("a virtual day of the market", min(days), "s",
            note=f"polls each 60 s, looks for a release each 6 h; least of {repeats.days}"),
    ]  # fmt: skip


def _flash_states(world: World) -> list[Row]:
    """What a proof does thousands of times: copy a flash, change it, name its contents."""
    flash = world.flash(world.old)
    flash.digest()

    def change() -> None:
        copy = flash.copy()
        copy.erase(0)
        copy.digest()

    copied, changed = (
        min(timeit.repeat(what, number=STATES, repeat=5)) / STATES * 1e6
        for what in (flash.copy, change)
    )
    size = f"of {flash.size // 1024 // KB} MiB, least of 5 times {STATES}"
    return [
        Row("copy of a flash state", copied, "us", COPY_LIMIT_US, note=size),
        Row("  changed in a sector, with its content hash", changed, "us"),
    ]


def _day(world: World, flash: Flash) -> float:
    device = world.device(flash)
    start = time.perf_counter()
    outcome = device.run(DAY_S)
    end = time.perf_counter()
    if outcome.reason != "time" or outcome.boots != 1 or device.board.faults:
        raise UserError("the emulated device", f"did not live for a day: {outcome}", "mend it")
    return end - start


def _least_ms(found_s: list[float]) -> float:
    """The first one warmed the caches and does not count."""
    return min(found_s[1:]) * 1000


def _spread(found_s: list[float]) -> str:
    counted = found_s[1:]
    return f"least of {len(counted)}, median {statistics.median(counted) * 1000:.2f} ms"
