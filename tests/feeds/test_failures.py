"""Every way in which feeds have failed, met by a whole device: the shipped firmware on the CPython
engine, an hour of virtual time and then a good provider again. Once the failing provider is one of
five, and the device follows another; once it is all there is, and the device says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from feed_failures import FAILURES, PRICELESS, Failure
from rig import World, new_flash, release

from host_tools.emulator.os_error import ERRNO, MicroOSError
from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request, parse
from host_tools.market.instruments import find
from host_tools.market.prices import Prices
from host_tools.market.providers import ALL, Script, make
from host_tools.market.truth import wanted_us

POLL_S = 60
FIRST_LOOK_S = 200  # for a release; it begins the app anew
BROKEN_S = 3600
BACK_S = 1000  # to the first quote of a provider that is mended: the longest back-off is 900 s
LONGEST_S = FIRST_LOOK_S + BROKEN_S + BACK_S + 200
FOLLOW_S = 180  # from a failure to another provider's price on the line
MOVE_S = 10  # of the beam, after a quote
STORM = 2 * (BROKEN_S // POLL_S + 1)  # requests in the hour: firmware/SPEC.md, "Feed"
OUT, OUT_EACH = 30, 5  # when all are out: so many, and so many more for each provider
RIGHT_AT_TIMES = (4, 5, 14, 22)
FOLLOWED = [("sp500", "cnbc"), ("btc", "bitstamp")]
SHOWS = ("LIVE", "DELAYED", "PROXY")
DELAY_S = 900  # of the two that are not LIVE
HONEST = ("STALE", "NO_DATA")
NEAR_US = 10
# Plain http to the providers' own hosts: certificates are tests/feeds/test_tls.py's.
BASES = {name: f"http://{kind.HOST}" for name, kind in ALL.items() if name != "relay"}
BASES["etf"] = BASES["cboe"]


class NoMemory:
    """A host that the chip has no memory to talk to."""

    def connect(self) -> Any:
        raise MicroOSError(ERRNO["ENOMEM"])


@dataclass
class Seen:
    """What was to be seen in an hour of it. states: (second of it, state, why) of each line."""

    states: list[tuple[float, str, str]]
    requests: int
    pulses: int
    bans: int


class Case:
    """A device that has followed its provider for a while, when that breaks for an hour. All in
    one power-on, since a power cut would take the back-off with it. alone: it has no other."""

    def __init__(self, failure: Failure, instrument: str, provider: str, alone: bool) -> None:
        old = release("0.1.0")
        settings = {"instrument": instrument, "check_s": 86400, "poll_s": POLL_S}
        flash = new_flash(old, providers=BASES, **settings)
        self.world = World(flash, [old], offered=old)
        self.instrument = find(instrument)
        self.market = self.world.market
        self.failure = failure
        self.name = provider
        self.alone = alone
        self.hosts = self.world.device.net.hosts
        for kind in ALL.values():
            if alone and provider != kind.NAME:
                self.hosts.pop((kind.HOST, 80), None)
        self.whole = dict(self.hosts)
        self.seen: Seen | None = None
        self.steps = self.story()
        self.next_s = 0.0

    def run(self) -> str:
        """Why it ended: "until" when the story was over."""
        return self.world.run(LONGEST_S, until=self._turn).reason

    def _now_s(self) -> float:
        return self.world.device.clock.now_us / 1e6

    def _turn(self) -> bool:
        now_s = self._now_s()
        if now_s < self.next_s:
            return False
        wait_s = next(self.steps, None)
        self.next_s = now_s + (wait_s or 0)
        return wait_s is None

    def story(self) -> Iterator[float]:
        """Seconds from one step to the next."""
        yield FIRST_LOOK_S
        yield from self._until_followed()
        script = self._break()
        asked, moved, said = len(self.market.site.log), self._pulses(), len(self.world.lines)
        begun_s, states = self._now_s(), []
        while self._now_s() < begun_s + BROKEN_S:
            for line in self.world.lines[said:]:
                if found := re.search(r" state=(\S+) .* why=(.*)", line):
                    states.append((self._now_s() - begun_s, found[1], found[2]))
            said = len(self.world.lines)
            yield 1
        requests, bans = len(self.market.site.log) - asked, getattr(script, "bans", 0)
        self.seen = Seen(states, requests, self._pulses() - moved, bans)
        self._mend()
        yield from self._until_followed()

    def _until_followed(self) -> Iterator[float]:
        begun = len(self.world.lines)
        while not any(f" state={state} " in line
                      for line in self.world.lines[begun:] for state in SHOWS):  # fmt: skip
            yield 1
        yield MOVE_S

    def _break(self) -> Script:
        everybody = self.failure.whose == "everybody"
        broken = list(self.market.providers) if everybody else [self.name]
        for name in broken:
            provider = self.market.providers[name]
            provider.script = self.failure.make(type(provider), self.market.clock.epoch)
        script = self.market.providers[self.name].script
        assert script
        for host, port in self.whole:
            mine = everybody or host == ALL[self.name].HOST
            if mine and host != "updates" and self.failure.where == "name":
                del self.hosts[host, port]
            if mine and host != "updates" and self.failure.where == "memory":
                self.hosts[host, port] = NoMemory()
        return script

    def _mend(self) -> None:
        self.hosts.update(self.whole)
        for provider in self.market.providers.values():
            provider.script = None

    def _pulses(self) -> int:
        return sum(ns > 0 for _, _, ns in self.world.device.board.pwm.pulses)

    def beam_is_right(self) -> bool:
        """For a price of the last minute and a half: the quote may be so old."""
        states = [line for line in self.world.lines if " state=" in line]
        late_s = 0 if " state=LIVE " in states[-1] else DELAY_S
        now = self.market.clock.epoch() - late_s
        last = next(ns for _, _, ns in reversed(self.world.device.board.pwm.pulses) if ns)
        wanted = [one for ago in range(0, 91, 30) for one in self._wanted_us(now - ago)]
        return any(abs(last / 1000 - pulse) < NEAR_US for pulse in wanted)

    def _wanted_us(self, at: int) -> list[float]:
        """A coin's is measured from 24 hours ago or from midnight, UTC."""
        one, price_at = self.instrument, self.market.prices.price_at
        quote = price_at(one, at)
        bases = [quote.previous_close]
        if one.kind == "crypto":
            bases.append(price_at(one, at - 86400).price)
        return [wanted_us(quote.price, base, one.sigma, 1500, 40) for base in bases]


def calm(case: Case) -> Seen:
    """What was seen, when nothing crashed, and nobody was asked too often."""
    assert case.run() == "until", case.world.lines[-3:]
    seen, world = case.seen, case.world

    assert seen and not [line for line in world.lines if "Traceback" in line or "Error" in line]
    assert world.events == ["boot ota_0 cause 1"] and not world.device.board.faults
    assert seen.requests <= STORM
    assert seen.bans == 0
    assert case.beam_is_right()
    return seen


def dark(seen: Seen, failure: Failure, providers: int) -> None:
    """No price to believe: the state says so, the words say why, the beam waits or goes level."""
    last = seen.states[-1]
    assert last[1] in HONEST, last
    assert any(re.search(failure.why, why) for _, _, why in seen.states), seen.states
    if failure.number not in RIGHT_AT_TIMES and failure.why != PRICELESS:  # that is no failure
        assert seen.requests <= OUT + OUT_EACH * providers, seen.requests


@pytest.mark.parametrize(("instrument", "provider"), FOLLOWED)
@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_the_device_follows_another_and_comes_back(
    failure: Failure, instrument: str, provider: str
) -> None:
    case = Case(failure, instrument, provider, alone=False)
    seen = calm(case)

    if not failure.follows:
        dark(seen, failure, 5)
        return
    after = [one for one in seen.states if one[0] > FOLLOW_S]
    assert after and all(state in SHOWS and not why for _, state, why in after), after


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_device_that_has_no_other_is_honest(failure: Failure) -> None:
    case = Case(failure, *FOLLOWED[0], alone=True)
    seen = calm(case)

    if failure.whose == "provider":
        dark(seen, failure, 1)
        return
    assert failure.whose == "everybody" or seen.states[-1][1] in SHOWS


# -- the table itself ----------------------------------------------------------------------------


def test_the_table_has_all_33_and_each_number_once() -> None:
    numbers = [failure.number for failure in FAILURES]

    assert numbers[:33] == list(range(1, 34)) and len(set(numbers)) == len(numbers)
    assert {failure.whose for failure in FAILURES} == {"provider", "everybody", "nobody", "unseen"}
    masked = [failure for failure in FAILURES if failure.follows]
    assert len(masked) == len(FAILURES) - 2


class Stage:
    def __init__(self) -> None:
        self.epoch = 1_796_137_200.0
        self.clock = SimClock(self.epoch, monotonic=lambda: self.epoch)
        self.providers = make(Prices(), self.clock)

    def replies(self, name: str, count: int) -> list[Reply]:
        """One a minute."""
        kind = ALL[name]
        paths = kind.paths(next(iter(kind.SYMBOLS)))
        found = []
        for number in range(count):
            path = paths[number % len(paths)]
            raw = f"GET {path} HTTP/1.1\r\nHost: {kind.HOST}\r\nUser-Agent: Mozilla\r\n\r\n"
            request = parse(bytearray(raw.encode()))
            assert isinstance(request, Request)
            self.epoch += 60
            found.append(self.providers[name](request))
        return found


# What has no such field in its answers cannot fail in this way.
CANNOT = {"kraken": (25, 27, 49), "tencent": (42,)}


@pytest.mark.parametrize("name", ALL)
def test_each_provider_can_fail_in_each_way(name: str) -> None:
    for failure in FAILURES:
        if failure.where != "answer" or failure.number in CANNOT.get(name, ()):
            continue
        stage, right = Stage(), Stage()
        stage.providers[name].script = failure.make(ALL[name], stage.clock.epoch)
        assert stage.replies(name, 30) != right.replies(name, 30), failure
