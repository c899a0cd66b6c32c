"""A whole device in a small world, for tests: images, releases, servers, one line to run it."""

import functools
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.otadata import State, active, read_entries
from host_tools.emulator.partitions import PartitionTable
from host_tools.image import board as boards
from host_tools.image import bundle, flash_image, runtime
from host_tools.image.board import Board
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.site import Site, static
from host_tools.prove import jerk
from host_tools.release import publish

BOARD = boards.load("esp32_wrover")
BOOTLOADER, APP = runtime.synthetic(BOARD)
LAUNCHER = (bundle.FIRMWARE / "launcher" / "main.py").read_bytes()
SETTINGS = {
    "ssid": "home",
    "password": "password",
    "instrument": "sp500",
    "poll_s": 5,
    "check_s": 20,
    "update_url": "http://updates:80",
    "providers": {"cnbc": "http://cnbc:80", "bitstamp": "http://bitstamp:80"},
    "servo_pin": BOARD.servo_pin,
}
# A change of a release, for tests of one provider: the S&P 500 has no other.
ALONE = (
    "data/feeds.json",
    '[["cnbc", ".SPX"], ["eastmoney", "100.SPX", "SPX"], ["cboe", "_SPX", "^SPX"], '
    '["relay", "sp500"], ["eodhd", "GSPC.INDX"], ["yahoo", "^GSPC"], ["etf", "SPY"]]',
    '[["cnbc", ".SPX"]]',
)


@functools.cache
def release(
    version: str,
    *changes: tuple[str, str, str],
    app: bytes | None = None,
    board: Board = BOARD,
) -> publish.Release:
    """A release of the firmware; changes are (file, old text, new text) in its sources."""
    if app is None:
        _, app = runtime.synthetic(board)
    if not changes:
        return publish.make(board, version, app, trial_s=0)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "firmware")
        shutil.copytree(bundle.FIRMWARE / "seesaw", tree / "seesaw")
        for name, old, new in changes:
            path = tree / "seesaw" / name
            text = path.read_text()
            assert old in text, f"{name} has no {old!r} any more: mend the test"
            path.write_text(text.replace(old, new))
        return publish.make(board, version, app, source=tree, trial_s=0)


@functools.cache
def load_board(name: str) -> Board:
    return boards.load(name)


_flashes: dict[tuple[int, str], Flash] = {}


def new_flash(made: publish.Release, **settings: object) -> Flash:
    """The flash of a new board of the release's kind with this release in ota_0; settings on top
    of SETTINGS."""
    board = load_board(made.board)
    wanted = {**SETTINGS, "servo_pin": board.servo_pin, **settings}
    key = (id(made), json.dumps(wanted, sort_keys=True))
    if key not in _flashes:
        bootloader, _ = runtime.synthetic(board)
        data = flash_image.compose(board, bootloader, made.slot, LAUNCHER, wanted)
        _flashes[key] = Flash.from_bytes(data)
    return _flashes[key].copy()


@dataclass
class World:
    """A device on the CPython engine with a market and an update server around it.

    Without options its chip is that of the first known release's board.
    """

    flash: Flash
    known: list[publish.Release]
    offered: publish.Release | None = None
    options: Options | None = None
    lines: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    gentle: bool = True  # a beam outside its limits fails the test

    def __post_init__(self) -> None:
        companion = Companion()
        for made in self.known:
            companion.add(made.bundle.companion)
        board = load_board(self.known[0].board)
        allowed = jerk.limits(jerk.settings_of(self.flash, board), board.pwm_bits)
        self._beam = jerk.Judge(allowed)  # its range, its steps, the first pulse after a rest
        around = Surroundings(serial=self._hear, events=self._happened)
        options = self.options or Options(chip=board.chip)
        self.device = CPythonDevice(self.flash, companion, around, options)
        start = start_of(find("sp500"), DEFAULT_DATE)
        clock = SimClock(start, 1, lambda: self.device.clock.now_us / 1e6)
        around.wall = clock.now
        self.market = Market("sp500", clock=clock)
        self.updates = Site(static(self._file), clock.epoch)
        hosts = self.device.net.hosts
        hosts.update(self.market.addresses())
        hosts["cnbc", 80] = hosts["bitstamp", 80] = self.market.site
        hosts["updates", 80] = self.updates

    def _file(self, path: str) -> bytes | None:
        return self.offered.site.get(path) if self.offered else None

    def _hear(self, text: str) -> None:
        self.lines.extend(text.splitlines())

    def run(self, seconds: float = 3600, until: Callable[[], bool] | None = None,
            cut: tuple[int, str] | None = None) -> Outcome:  # fmt: skip
        outcome = self.device.run(seconds, until, cut)
        found = self._beam.look(self.device.board.pwm.pulses)
        assert not (self.gentle and found), found
        return outcome

    def _happened(self, line: str) -> None:
        self.events.append(line)
        if line.startswith("boot "):
            self._beam.booted(self.device.board.pwm.pulses)

    # -- what is to be seen from outside ---------------------------------------------------

    def moved(self) -> bool:
        """Has the servo been given two different pulses?"""
        return len({p[2] for p in self.device.board.pwm.pulses if p[2]}) > 1

    def running(self) -> tuple[str, str]:
        """(slot, version) of the last line on the serial."""
        for line in reversed(self.lines):
            if found := re.search(r"slot=(\S+) version=(\S+)", line):
                return found[1], found[2]
        return "", ""

    def confirmed(self, version: str) -> bool:
        """Is this version running in a slot that the boot record calls VALID?"""
        table = PartitionTable.read(self.flash)
        assert table.otadata
        entries = read_entries(self.flash, table.otadata)
        which = active(*entries)
        if which < 0 or entries[which].state != State.VALID:
            return False
        return self.running() == (f"ota_{entries[which].slot(2)}", version)

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def follows(self) -> bool:
        """Did the feed say LIVE in this version since its last boot?"""
        return bool(self.lines) and " state=LIVE " in self.lines[-1]
