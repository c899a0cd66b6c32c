"""`seesaw market outage`: the founding story once more, on virtual time with the shipped firmware.

The provider of the selected instrument starts to answer 200 with a web page. How long until the
beam is right again (a) by itself, while another provider lives; (b) when every provider known is
broken, by a signed set of feeds; (c) then, by a release of the firmware? (c) has no bound: it is
what the story began with, when it took a week.
"""

import json
import shutil
import ssl
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from host_tools.emulator import ctrl_c
from host_tools.emulator.board import Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, flash_image, runtime
from host_tools.market import feed_sets
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import INSTRUMENTS, Instrument, find
from host_tools.market.outage_picture import Progress, picture
from host_tools.market.providers import ALL, DAY, HOSTS
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.site import Site, static
from host_tools.market.tls import TlsSite
from host_tools.market.truth import wanted_us
from host_tools.release import development, publish
from host_tools.release.publish import Release

BOARD = "esp32_wrover"
VERSION, CURED = "1.0.0", "1.0.1"
NETWORK = {"ssid": "home", "password": "password"}
UPDATES = "updates.example"
MOVED = "moved.example"  # where the provider's service is after the outage began
POLL_S = 60  # as the firmware ships
CENTER_US, US_PER_DEGREE = 1500, 40
NEAR_US = 12  # 0.3 degrees: what the beam calls level
FOLLOW_S = 90  # from a price to the beam: a poll, a move
DELAY_S = 900  # of the one provider that is late and says so

BREAK_S = 600  # after power-on
PUSH_S = 300  # later somebody has noticed, signed and published
AFTER_S = 180  # shown after the cure
LIMIT_S = 7 * 3600  # after the break it is given up: a look for a release comes every six hours
SAMPLE_S = 10
SHOWS = ("LIVE", "DELAYED", "PROXY", "CLOSED")


@dataclass(frozen=True)
class Cure:
    """A way out. bound_s: from the break to a beam that is right, None where nothing is promised.
    """

    key: str
    title: str
    bound_s: int | None


CURES = (
    Cure("failover", "by itself: another provider", 180),
    Cure("data", "every known provider broken: a signed set of feeds", 900),
    Cure("release", "every known provider broken: a release of the firmware", None),
)


@dataclass(frozen=True)
class Sample:
    """What was to be seen at a time after power-on."""

    at_s: int
    state: str
    beam_deg: float
    market_deg: float
    right: bool


@dataclass
class Told:
    """How one cure went. right_s: seconds after power-on, None: not within LIMIT_S."""

    cure: Cure
    samples: list[Sample] = field(default_factory=list)
    right_s: float | None = None
    words: str = ""  # what the device last said of its trouble

    @property
    def took_s(self) -> float | None:
        return None if self.right_s is None else self.right_s - BREAK_S

    @property
    def ok(self) -> bool:
        bound = self.cure.bound_s
        return bound is None or (self.took_s is not None and self.took_s < bound)

    @property
    def worst_deg(self) -> float:
        """How far the beam was off between the break and the cure."""
        end = self.right_s or float("inf")
        dark = [one for one in self.samples if BREAK_S <= one.at_s <= end]
        return max((abs(one.beam_deg - one.market_deg) for one in dark), default=0.0)


class Story:
    """A device and its world, from power-on until the beam is right again."""

    def __init__(
        self, cure: Cure, instrument: Instrument, shipped: Release, cured: Release
    ) -> None:
        self.told = Told(cure)
        self.instrument = instrument
        self.state = ""
        self.served = self.released = signed(shipped)
        self.cured = signed(cured)
        self.broken = False
        companion = Companion({**shipped.bundle.companion, **cured.bundle.companion})
        around = Surroundings(serial=self._hear, air={NETWORK["ssid"]: NETWORK["password"]})
        self.device = CPythonDevice(flash(shipped, instrument), companion, around)
        clock = SimClock(start_of(instrument, DEFAULT_DATE), 1, self._now_s)
        around.wall = clock.now
        self.market = Market(instrument.name, clock=clock)
        self.first = first_provider(instrument)
        moved = ALL[self.first](self.market.prices, clock)
        hosts, context = self.device.net.hosts, AUTHORITY.context()
        for host in HOSTS:
            hosts[host, 443] = TlsSite(self.market.site, context)
        hosts[MOVED, 443] = TlsSite(Site(moved, clock.epoch), context)
        hosts[UPDATES, 443] = Site(static(self._file), clock.epoch)

    def run(self, told: Callable[[Cure, float], None]) -> Told:
        """told: where it stands, in seconds after power-on."""

        def turn() -> bool:
            now_s = self._now_s()
            if now_s >= len(self.told.samples) * SAMPLE_S:
                self._step(now_s)
                told(self.told.cure, now_s)
            right_s = self.told.right_s
            return right_s is not None and now_s >= right_s + AFTER_S

        self.device.run(BREAK_S + LIMIT_S, until=turn)
        return self.told

    def _now_s(self) -> float:
        return self.device.clock.now_us / 1e6

    def _file(self, path: str) -> bytes | None:
        return self.served.site.get(path)

    def _hear(self, text: str) -> None:
        for line in text.splitlines():
            if " state=" in line:
                self.state = line.partition(" state=")[2].split(" ")[0]
                self.told.words = line.rpartition(" why=")[2] or self.told.words

    def _step(self, now_s: float) -> None:
        if now_s >= BREAK_S and not self.broken:
            self._break()
        if now_s >= BREAK_S + PUSH_S and self.served is self.released:
            self._push()
        sample = self._sample(int(now_s))
        self.told.samples.append(sample)
        # Until a poll has met the broken provider, what it said before is right.
        met = now_s >= BREAK_S + POLL_S
        if met and sample.right and self.told.right_s is None:
            self.told.right_s = now_s

    def _break(self) -> None:
        self.broken = True
        alone = self.told.cure.key == "failover"
        self.market.break_provider("html", self.first if alone else None)

    def _push(self) -> None:
        if self.told.cure.key == "data":
            self.served = signed(self.released, set_of_feeds(self.instrument))
        if self.told.cure.key == "release":
            self.served = self.cured

    def _sample(self, now_s: int) -> Sample:
        pulses = self.device.board.pwm.pulses
        pulse_us = next((ns / 1000 for _, _, ns in reversed(pulses) if ns), float(CENTER_US))
        wanted = self._wanted_us()
        near = any(abs(pulse_us - one) <= NEAR_US for one in wanted)
        return Sample(now_s, self.state, _degrees(pulse_us), _degrees(wanted[0]),
                      self.state in SHOWS and near)  # fmt: skip

    def _wanted_us(self) -> list[float]:
        """The pulses that are right now, that of the very moment first."""
        now = self.market.clock.epoch()
        late = DELAY_S if self.state == "DELAYED" else 0
        return [
            wanted_us(price, base, self.instrument.sigma, CENTER_US, US_PER_DEGREE)
            for ago in range(0, FOLLOW_S + 1, 30)
            for price, base in self._truth(max(now - ago - late, int(self.market.clock.start)))
        ]

    def _truth(self, at: int) -> list[tuple[float, float]]:
        """Price and baseline; a coin is measured from 24 hours ago or from midnight, UTC."""
        quote = self.market.prices.price_at(self.instrument, at)
        found = [(quote.price, quote.price - quote.change)]
        if self.instrument.kind == "crypto":
            ago = self.market.prices.price_at(self.instrument, at - DAY).price
            found.insert(0, (quote.price, ago))
        return found


class Authority:
    """Who signs the certificates of the story's hosts, which devices verify as in the field."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._leaf = self._ca.issue_cert(*HOSTS, MOVED)

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf.configure_cert(made)
        return made

    def roots(self) -> bytes:
        """As a set of signed data (firmware/SPEC.md, "Roots")."""
        return b"# outage 2999-12-31 of the story\n" + self._ca.cert_pem.bytes()


AUTHORITY = Authority()


def signed(made: Release, feeds: str = "") -> Release:
    """The release with the data beside it: roots of TLS, and perhaps a set of feeds, which is
    signed later."""
    sets = {"roots": AUTHORITY.roots().decode()} | ({"feeds": feeds} if feeds else {})
    number = development.edition(made.version) + (2 if feeds else 1)
    return publish.reissued(made, number, data=sets)


def first_provider(instrument: Instrument) -> str:
    """The one that devices ask first."""
    name: str = feed_sets.shipped()["instruments"][instrument.name]["feeds"][0][0]
    return name


def set_of_feeds(instrument: Instrument) -> str:
    """The set that cures it: what ships, with the same service at its new address."""
    moved = feed_sets.moved(feed_sets.shipped(), first_provider(instrument), f"https://{MOVED}")
    return feed_sets.text(moved)


def main(arguments: Namespace) -> int:
    """Tell the three stories. 1 if a bound is missed; UserError for an unknown instrument."""
    try:
        instrument = find(arguments.instrument)
    except ValueError:
        known = ", ".join(INSTRUMENTS)
        what = f"instrument '{arguments.instrument}'"
        raise UserError(what, "there is no such", f"choose from {known}") from None
    with ctrl_c.heeded(), Progress(sys.stderr, BREAK_S + LIMIT_S) as progress:
        shipped, cured = releases(instrument)
        told = [Story(cure, instrument, shipped, cured).run(progress) for cure in CURES]
    ok = all(one.ok for one in told)
    if arguments.json:
        times = {"break_s": BREAK_S, "push_s": BREAK_S + PUSH_S}
        cures = [facts(one) for one in told]
        print(json.dumps({"instrument": instrument.name, "ok": ok, **times, "cures": cures}))
    else:
        print(picture(instrument.title, told, BREAK_S, BREAK_S + PUSH_S, sys.stdout.encoding))
    return 0 if ok else 1


def facts(told: Told) -> dict[str, Any]:
    """For programs; seconds and degrees."""
    return {
        "cure": told.cure.key,
        "bound_s": told.cure.bound_s,
        "ok": told.ok,
        "right_again_s": None if told.took_s is None else round(told.took_s),
        "worst_deg": round(told.worst_deg, 1),
        "last_trouble": told.words,
        "states": [[one.at_s, one.state, one.right] for one in told.samples],
    }


def releases(instrument: Instrument) -> tuple[Release, Release]:
    """What ships, and the same with the provider's new address in it."""
    board = boards.load(BOARD)
    _, app = runtime.synthetic(board)
    old = ALL[first_provider(instrument)].HOST
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "firmware")
        shutil.copytree(bundle.FIRMWARE / "seesaw", tree / "seesaw")
        for path in (one for one in tree.rglob("*") if one.suffix in (".py", ".json")):
            path.write_text(path.read_text("utf-8").replace(old, MOVED), "utf-8")
        cured = publish.make(board, CURED, app, source=tree)
    return publish.make(board, VERSION, app), cured


def flash(
    made: Release, instrument: Instrument, update_url: str = f"https://{UPDATES}"
) -> Flash:  # fmt: skip
    """Of a new device that believes the story's hosts."""
    board = boards.load(BOARD)
    bootloader, _ = runtime.synthetic(board)
    launcher = (bundle.FIRMWARE / "launcher" / "main.py").read_bytes()
    settings = {
        **NETWORK, "instrument": instrument.name, "poll_s": POLL_S,
        "update_url": update_url, "servo_pin": board.servo_pin,
        "center_us": CENTER_US, "us_per_degree": US_PER_DEGREE,
    }  # fmt: skip
    data = flash_image.compose(board, bootloader, made.slot, launcher, settings)
    found, place = Flash.from_bytes(data), board.partition("nvs")
    Nvs.start(found, place.offset, place.size).set_blob("seesaw", "roots", AUTHORITY.roots())
    return found


def _degrees(pulse_us: float) -> float:
    return (pulse_us - CENTER_US) / US_PER_DEGREE
