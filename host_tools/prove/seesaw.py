"""The seesaw as a subject of the proof: its releases, its world, and how one sees that it is well.

Health is judged from outside: the serial's state line for the market, the pulses on the servo's
pin for the beam, the flash for release, boot record and settings, the servers' logs for what a
trial proved. Only good releases may run, and the launcher's file system never changes.
"""

import json
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import PAGE, Flash, Op
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.emulator.otadata import State, active, read_entries
from host_tools.emulator.partitions import PartitionTable
from host_tools.image import flash_image, runtime
from host_tools.image.board import Board
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.prices import Prices
from host_tools.market.server import DEFAULT_DATE, DEFAULT_SEED, Market
from host_tools.market.site import Site, static
from host_tools.market.truth import deadband_us, wanted_us
from host_tools.prove import budgets, worlds
from host_tools.prove.invariants import Invariants
from host_tools.prove.jerk import Judge, limits
from host_tools.prove.owners import CHANGED
from host_tools.prove.secured import Secured
from host_tools.prove.subject import AMNESIA, DARK, JERK, WORN, WRONG, Conditions
from host_tools.release import development, publish
from host_tools.release.publish import Release

SETTINGS: dict[str, Any] = {
    "ssid": "home",
    "password": "password",
    "instrument": "sp500",
    "poll_s": 5,
    "check_s": 20,
    "update_url": "http://updates:80",
    "providers": {"cnbc": "http://cnbc:80", "bitstamp": "http://bitstamp:80"},
    "center_us": 1480,  # a calibrated device: its defaults would show
    "us_per_degree": 30,
}
KEPT = ("ssid", "password", "instrument", "center_us", "us_per_degree")
LOOK_US = 500_000  # between two looks at the beam
YEARS_S = 5 * 365 * 86_400  # until all is signed anew, by when none of it has expired
MOVE_S = 5  # a move's longest time
STEP_US = 3  # of PWM
HONEST_S = 1500  # after the last price that came, nobody may say LIVE
LINE = re.compile(r"seesaw (?:state|event)=(\S+) .*?slot=(\S+) version=(\S+)")
PLACES = {"nvs": "record", "ota_0": "install", "ota_1": "install", "vfs": "vfs"}
# Who wrote the boot record: the file of the firmware nearest to the chip, its ports aside.
WRITERS = {
    "bootloader.py": "boot",
    "install.py": "set_boot",
    "judge.py": "confirm",
    "trial.py": "confirm",  # of releases up to 0.1.0
    "look.py": "heal",
    "updater.py": "heal",  # of releases up to 0.1.0
    "upgrade.py": "heal",
    "main.py": "launcher",
}


@dataclass(frozen=True)
class Kit:
    """What a proof is made of: the board, its launcher and the releases by version."""

    board: Board
    launcher: bytes
    releases: dict[str, Release]
    settings: dict[str, Any] = field(default_factory=lambda: SETTINGS)
    # SHA-256 of bundles as they ship, by version, where the proof runs them with another root.
    shipped: dict[str, str] = field(default_factory=dict)
    # Makes further releases when a world offers them; None for a version it does not know.
    more: Callable[[str], Release | None] = lambda version: None


class Seesaw:
    """The subject. Versions as the Kit has them."""

    name = "seesaw"

    def __init__(self, kit: Kit, old: str, candidate: str, fix: str) -> None:
        self.kit = kit
        self.old, self.candidate, self.fix = old, candidate, fix
        self.companion = Companion()
        for made in kit.releases.values():
            self.companion.add(made.bundle.companion)
        self._flashes: dict[str, Flash] = {}
        self._late: dict[tuple[str, int], Release] = {}
        self._slots: dict[str, list[tuple[int, bytes]]] = {}
        self.bootloader, _ = runtime.synthetic(kit.board)
        self.settings = {**kit.settings, "servo_pin": kit.board.servo_pin}
        self.prices = Prices(DEFAULT_SEED, DEFAULT_DATE)
        self.places = [(p.offset, p.size, p.label) for p in kit.board.partitions]

    def factory(self, version: str) -> Flash:
        if version not in self._flashes:
            made = self.kit.releases[version]
            data = flash_image.compose(
                self.kit.board, self.bootloader, made.slot, self.kit.launcher, self.settings
            )
            self._flashes[version] = Flash.from_bytes(data)
        return self._flashes[version]

    def release(self, version: str) -> Release | None:
        """The release of this version; None for "". Raises KeyError when there is none."""
        if version and version not in self.kit.releases:
            made = self.kit.more(version)
            if made is None:
                raise KeyError(version)
            self.kit.releases[version] = made
            self.companion.add(made.bundle.companion)
        return self.kit.releases.get(version)

    def on_offer(self, version: str, wall_s: int) -> Release | None:
        """The release as it is served then: what is signed must not have expired. As release()."""
        made = self.release(version)
        years = wall_s // YEARS_S
        if made and years and (version, years) not in self._late:
            signed_s = development.SIGNED_S + years * YEARS_S
            self._late[version, years] = publish.reissued(made, signed_s=signed_s)
        return self._late[version, years] if made and years else made

    def start(self, flash: Flash, conditions: Conditions) -> "LiveSeesaw":
        return LiveSeesaw(self, flash, conditions)

    def place(self, addr: int) -> str:
        return next((label for at, size, label in self.places if at <= addr < at + size), "?")

    def phase(self, op: Op, boots: int) -> str:
        place = self.place(op.addr)
        if place == "otadata":
            return WRITERS.get(op.caller.rpartition("/")[2].partition(":")[0], "otadata")
        if place == "nvs" and "/" in op.caller and not op.caller.startswith("seesaw/"):
            return "settings"  # not by the firmware: from a cable
        return PLACES.get(place, place)

    def pages_of(self, version: str) -> list[tuple[int, bytes]]:
        """(page within the slot, contents) of a release as it stands in flash."""
        if version not in self._slots:
            whole = flash_image.slot_bytes(self.kit.board, self.kit.releases[version].slot)
            pages = [(n, whole[n * PAGE : (n + 1) * PAGE]) for n in range(len(whole) // PAGE)]
            self._slots[version] = [page for page in pages if page[1].strip(b"\xff")]
        return self._slots[version]

    def holds(self, flash: Flash, slot: str, version: str) -> bool:
        """Does a slot hold this release, byte for byte?"""
        if version not in self.kit.releases:
            return False
        start = self.kit.board.partition(slot).offset
        return all(flash.read(start + n * PAGE, PAGE) == page for n, page in self.pages_of(version))


class LiveSeesaw:
    """One seesaw in one world, from one power-on to power-off."""

    def __init__(self, subject: Seesaw, flash: Flash, conditions: Conditions) -> None:
        self.subject = subject
        self.flash = flash
        self.conditions: Conditions = conditions
        self.lines: list[str] = []
        self.events: list[str] = []
        self.wrong = self.dark = ""
        self._beam = Judge(limits(subject.settings, subject.kit.board.pwm_bits))
        self._looked = (-1, False)  # when the beam was last compared with the market, and how
        self._running = ("", "")  # (slot, version) of the last line
        self._follows = False
        self._shown = ""  # the instrument of the last line
        self.rotation = self._turns()  # further instruments that may be shown
        self._checked: set[tuple[str, str]] = set()  # slots whose bytes were compared this boot
        self._fixed = self._protected()
        self.wear = flash.wear.copy()  # before this power cycle, as ops
        self.ops = flash.ops
        around = Surroundings(serial=self._hear, events=self._happened)
        options = Options(chip=subject.kit.board.chip)
        for name, value in conditions.hardware:
            if name not in worlds.HARDWARE:
                setattr(options, name, value)
        self.device = CPythonDevice(flash, subject.companion, around, options)
        self.device.board.random.seed(conditions.seed)
        start = start_of(find("sp500"), DEFAULT_DATE) + conditions.wall_s
        clock = SimClock(start, 1, lambda: self.device.clock.now_us / 1e6)
        around.wall = self.wall = clock.now
        self.market = Market("sp500", clock=clock, prices=subject.prices)
        self.updates = Site(static(self._file), clock.epoch)
        hosts = self.device.net.hosts
        hosts.update(self.market.addresses())
        hosts["cnbc", 80] = hosts["bitstamp", 80] = self.market.site
        hosts["updates", 80] = self.updates
        hosts["updates", 443] = Secured(self.updates)
        self.invariants = Invariants(self)
        self.watchers: list[Callable[[str], None]] = []  # of lines and events
        self.struck: int = 0  # how often the world's own fault has met the device
        self.offered = subject.on_offer(conditions.offer, conditions.wall_s)
        self.expected = self._legitimate()
        worlds.prepare(self, conditions)

    # -- the world's own -------------------------------------------------------------------

    def _file(self, path: str) -> bytes | None:
        return self.offered.site.get(path) if self.offered else None

    def _hear(self, text: str) -> None:
        for line in text.splitlines():
            self.lines.append(line)
            found = LINE.match(line)
            if found:
                self._running = (found[2], found[3])
                self._follows = found[1] == "LIVE"
                self._shown = line.partition(" instrument=")[2].partition(" ")[0]
                if self._follows and not self.dark and not self._priced():
                    self.dark = f"says LIVE, and no price came for {HONEST_S} s: {line}"
                self._only_good_bytes(*self._running)
                self.invariants.runs(*self._running, found[1])
            self._tell(line)

    def _happened(self, line: str) -> None:
        self.events.append(line)
        if line.startswith(("boot ", "reset ")):
            self._running, self._follows = ("", ""), False
            self._checked.clear()
        if line.startswith("boot "):
            self._beam.booted(self.device.board.pwm.pulses)
            self.invariants.booted(self.device.board.storage.running.label)
        self._tell(line)

    def _priced(self) -> bool:
        """Has the provider given a price of late?"""
        since = self.market.clock.epoch() - HONEST_S
        for at, _, _, status in reversed(self.market.site.log):
            if at < since:
                return False
            if status == 200:
                return True
        return False

    def _tell(self, line: str) -> None:
        for watcher in self.watchers:
            watcher(line)

    def _only_good_bytes(self, slot: str, version: str) -> None:
        """What runs is a release, byte for byte: nothing unverified was ever started."""
        if (slot, version) in self._checked or self.wrong:
            return
        self._checked.add((slot, version))
        if version not in self.subject.kit.releases:
            self.wrong = f"runs version {version}, which nobody released"
        elif not self.subject.holds(self.flash, slot, version):
            self.wrong = f"runs bytes in {slot} that are not those of {version}"

    def _protected(self) -> list[tuple[int, bytes]]:
        """Bootloader, table and vfs: pages that nothing writes in the field."""
        vfs = self.subject.kit.board.partition("vfs")
        pages = [*range(9), *range(vfs.offset // PAGE, (vfs.offset + vfs.size) // PAGE)]
        return [(page, self.flash.pages[page]) for page in pages]

    # -- what is to be seen ----------------------------------------------------------------

    def updated(self, version: str) -> bool:
        """Does it run in a slot that the boot record calls VALID?"""
        if self._running[1] != version:
            return False
        table = PartitionTable.read(self.flash)
        if table.otadata is None:
            return False
        entries = read_entries(self.flash, table.otadata)
        which = active(*entries)
        if which < 0 or entries[which].state not in (State.VALID, State.UNDEFINED):
            return False
        return self._running[0] == f"ota_{entries[which].slot(2)}"

    def healthy(self) -> bool:
        """Does the app say LIVE, and is the beam where the market is?"""
        if not self._follows:
            return False
        at = self.device.clock.now_us // LOOK_US
        if self._looked[0] != at:
            self._looked = (at, self._beam_is_right())
        return self._looked[1]

    def _beam_is_right(self) -> bool:
        """Is the last pulse one that the truth of the last polls asks for? Over a reset that RTC
        memory outlives a beam that is right needs none (SPEC, "RTC record")."""
        board = self.device.board
        stood = int.from_bytes(board.resumed[16:20], "little")
        last = next((ns for _, _, ns in reversed(board.pwm.pulses) if ns), stood)
        return any(self._follows_the_truth(owner, last / 1000) for owner in self.expected)

    def _follows_the_truth(self, owner: dict[str, Any], pulse_us: float) -> bool:
        span_s = self.subject.settings["poll_s"] + MOVE_S
        name = self._shown if self._shown in self.rotation else owner["instrument"]
        instrument = find(name)
        wanted = []
        for ago_s in (0, span_s // 2, span_s):
            quote = self.market.prices.price_at(instrument, self.wall() - ago_s)
            wanted.append(wanted_us(quote.price, quote.previous_close, instrument.sigma,
                                    owner["center_us"], owner["us_per_degree"]))  # fmt: skip
        near_us = deadband_us(owner["us_per_degree"]) + STEP_US
        return min(wanted) - near_us <= pulse_us <= max(wanted) + near_us

    def offer(self, version: str) -> None:
        self.offered = self.subject.on_offer(version, self.conditions.wall_s)

    def session(self) -> Hashable:
        """Of the RTC record without nonce and CRC, and with 10 minutes as the grain of the
        launcher's deadline (SPEC, "RTC record")."""
        board = self.device.board
        left = int.from_bytes(board.rtc[12:16], "little") // 600_000
        return (board.flash.digest(), board.cause, board.rtc[:10], left, board.rtc[16:-4],
                board.radio.connected)  # fmt: skip

    def reached(self, until: str) -> bool:
        return worlds.reached(self, until)

    def spoilt(self) -> bool:
        return bool(self.wrong or self.invariants.broken)

    def trouble(self) -> tuple[str, str] | None:
        if self.wrong:
            return WRONG, self.wrong
        if self.invariants.broken:
            return WRONG, self.invariants.broken
        if self.device.board.faults:
            return WRONG, "; ".join(self.device.board.faults[:3])
        for page, before in self._fixed:
            if self.flash.pages[page] != before:
                return WRONG, f"the flash at {page * PAGE:#x} changed, which nothing may write"
        if self.dark:
            return DARK, self.dark
        spent = budgets.spent(self)
        return self._jerk() or ((WORN, spent) if spent else self._forgotten())

    def _jerk(self) -> tuple[str, str] | None:
        found = self._beam.look(self.device.board.pwm.pulses)
        return (JERK, found) if found else None

    def _legitimate(self) -> list[dict[str, Any]]:
        """Settings that may be there in the end: those that are there now, if they are an owner's;
        either, when the power went while they were changed."""
        mine = {key: self.subject.settings[key] for key in KEPT}
        owners = [mine, {**mine, **CHANGED}]
        found = [kept for blob in self._blobs() if (kept := _kept(blob)) is not None]
        agreed = bool(found) and all(kept == found[0] for kept in found)
        return found[:1] if agreed and found[0] in owners else owners

    def _turns(self) -> list[str]:
        """The instruments that take turns with the first, of settings that were found."""
        for blob in self._blobs():
            if _kept(blob) is not None:
                found = json.loads(blob).get("rotation")
                return found if isinstance(found, list) else []
        return []

    def _forgotten(self) -> tuple[str, str] | None:
        kept = self.settings()
        if kept in self.expected:
            return None
        missing = [key for key in KEPT if kept.get(key) != self.expected[-1][key]]
        return AMNESIA, "settings lost: " + ", ".join(missing)

    def settings(self) -> dict[str, Any]:
        """The owner's settings as the flash has them; {} when they are gone."""
        blobs = self._blobs()
        return (_kept(blobs[0]) if blobs else None) or {}

    def _blobs(self) -> list[bytes]:
        """The settings and their copy, as far as they are there."""
        where = self.subject.kit.board.partition("nvs")
        try:
            nvs = Nvs(self.flash.copy(), where.offset, where.size)
        except NvsError:
            return []
        blobs = {key: value for ns, key, _, value in nvs.items() if ns == "seesaw"}
        found = (blobs.get("config"), blobs.get("config_b"))
        return [blob for blob in found if isinstance(blob, bytes) and blob]

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def happened(self, words: str) -> bool:
        return any(words in line for line in self.events)


def _kept(blob: bytes) -> dict[str, Any] | None:
    """What must be kept of these settings; None when they are none."""
    try:
        found = json.loads(blob)
    except ValueError:
        return None
    return {key: found.get(key) for key in KEPT} if isinstance(found, dict) else None
