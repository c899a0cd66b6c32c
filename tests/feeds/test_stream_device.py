"""A whole device that follows a cryptocurrency by a stream: polling before, beside and after it."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from rig import World, new_flash, release

from host_tools.image import bundle
from host_tools.market.http1 import Action
from host_tools.market.site import Site
from host_tools.market.stream_peer import StreamPeer, StreamSite
from host_tools.market.stream_server import site
from host_tools.market.streams import Exchange
from host_tools.release import development, publish

RELEASE, NEW = release("0.1.0"), release("0.2.0")
HOUR = 3600
Condition = Callable[[], bool]


class Both:
    """A host with a REST site and streams: what a request asks for decides."""

    def __init__(self, rest: Site, streams: StreamSite) -> None:
        self.rest, self.streams = rest, streams
        self.polls = 0

    def connect(self) -> "Either":
        return Either(self)


class Either:
    every_s = 1.0

    def __init__(self, host: Both) -> None:
        self._host = host
        self._peer: Any = None

    def received(self, data: bytes) -> list[Action]:
        if self._peer is None:
            streams = b"Upgrade: websocket" in data
            self._host.polls += not streams
            self._peer = (self._host.streams if streams else self._host.rest).connect()
        return self._peer.received(data)

    def tick(self) -> list[Action]:
        return self._peer.tick() if isinstance(self._peer, StreamPeer) else []


class Device:
    """The world, the streams of its exchange, and what it says."""

    def __init__(self, **settings: object) -> None:
        wanted: dict[str, object] = {
            "instrument": "btc", "stream": True, "poll_s": 60, "check_s": 86_400, "update_url": "",
            "providers": {"bitstamp": "http://bitstamp:80", "coinbase": "http://coinbase:80"},
        }  # fmt: skip
        self.world = World(new_flash(RELEASE, **(wanted | settings)), [RELEASE, NEW])
        market = self.world.market
        self.streams = site("coinbase", market.prices, market.clock)
        self.host = Both(market.site, self.streams)
        self.world.device.net.hosts["coinbase", 80] = self.host

    @property
    def now(self) -> float:
        return self.world.device.clock.now_us / 1e6

    def play(self, script: Iterator[Condition], most_s: float = 6 * HOUR) -> list[str]:
        """One power-on; the script yields what it waits for. What was said from its first step on,
        until its end."""
        steps = iter(script)
        waits = next(steps)

        def look() -> bool:
            nonlocal waits
            while waits():
                try:
                    waits = next(steps)
                except StopIteration:
                    return True
            return False

        outcome = self.world.run(most_s, until=look)
        assert outcome.reason == "until", self.world.lines[-5:]
        return self.world.lines

    def said(self, words: str) -> Condition:
        """From now on."""
        before = len(self.world.lines)
        return lambda: any(words in line for line in self.world.lines[before:])

    def after(self, seconds: float) -> Condition:
        end = self.now + seconds
        return lambda: self.now >= end

    def streaming(self) -> Iterator[Condition]:
        """Until it streams; its first look, soon after power-on, is behind it."""
        yield self.said("event=nothing")
        yield self.said("event=stream")
        yield self.after(120)


def jumped(make: Callable[[str], Exchange]) -> Callable[[str], Exchange]:
    """Connections that say prices which are a third higher."""

    def made(path: str) -> Exchange:
        exchange = make(path)
        quote = exchange.quote

        def higher() -> str:
            said = json.loads(quote())
            return json.dumps(said | {"price": str(float(said["price"]) * 1.33)})

        exchange.quote = higher  # type: ignore[method-assign]
        return exchange

    return made


def states(lines: list[str]) -> list[str]:
    """The app's; the updater says its own meanwhile."""
    return [line.split("state=")[1].split()[0] for line in lines if " price=" in line]


def prices(lines: list[str]) -> list[float]:
    return [float(line.split("price=")[1].split()[0]) for line in lines if " price=" in line]


def words(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := re.search(r"event=stream .*words=(.*)", line))]


def test_the_stream_is_followed_and_nobody_is_polled() -> None:
    device = Device()
    polls: list[int] = []

    def script() -> Iterator[Condition]:
        yield from device.streaming()
        polls.append(len(device.world.market.site.log))
        device.world.lines.clear()
        yield device.after(HOUR)
        polls.append(len(device.world.market.site.log))

    lines = device.play(script())
    assert polls == [2, 2] and not device.host.polls
    assert set(states(lines)) == {"LIVE"} and 55 <= len(states(lines)) <= 62
    assert len(set(prices(lines))) > 20 and not words(lines)
    assert device.streams.count("open") == 2 and not device.streams.count("wrong")


def test_without_the_setting_there_is_no_stream() -> None:
    device = Device(stream=False)
    lines = device.play(iter([device.after(600)]))

    assert "LIVE" in states(lines) and not device.streams.log


def test_an_index_has_no_stream_and_is_polled() -> None:
    device = Device(instrument="sp500", providers={"cnbc": "http://cnbc:80"})
    lines = device.play(iter([device.after(600)]))

    assert "LIVE" in states(lines) and not device.streams.log


def test_a_stream_that_ends_is_polling_and_comes_back() -> None:
    device = Device()
    opened: list[int] = []

    def script() -> Iterator[Condition]:
        yield from device.streaming()
        device.world.lines.clear()
        opened.append(device.streams.count("open"))
        device.streams.fault = "silence"
        yield device.after(900)
        opened.append(device.streams.count("open"))
        device.streams.fault = None
        yield device.said("words=coinbase")
        yield device.after(300)

    lines = device.play(script())
    assert set(states(lines)) == {"LIVE"}
    # The one that had run well is opened anew; the second failure in a row means polling.
    assert opened[1] - opened[0] in (2, 3)
    told = words(lines)
    assert set(told[:-1]) == {"the stream: silent"} and told[-1] == "coinbase"
    assert device.host.polls >= 10


def test_a_refused_stream_is_asked_for_every_quarter_of_an_hour_at_most() -> None:
    device = Device()
    device.streams.fault = "451"
    lines = device.play(iter([device.after(HOUR)]))

    assert 2 <= device.streams.count("open") <= 6  # one of them before the first look
    assert "451" in words(lines)[0]
    assert set(states(lines)) == {"LIVE"}


def test_a_look_leaves_the_stream_in_order_and_it_comes_back() -> None:
    device = Device(update_url="http://updates:80", check_s=900)
    device.world.offered = RELEASE
    lines = device.play(iter([device.after(HOUR)]))

    sessions = sum("event=nothing" in line for line in lines) + 1
    assert sessions == 5 and device.streams.count("open") == sessions
    ends = [code for event, code in device.streams.log if event == "close"]
    assert ends == ["1000"] * (sessions - 1)
    assert len(device.world.market.site.log) == sessions  # none is begun just before a hand-over
    assert words(lines) == ["coinbase"] * sessions


def test_an_update_comes_through_and_its_trial_only_polls() -> None:
    device = Device(update_url="http://updates:80", check_s=900)
    device.world.offered = NEW

    def script() -> Iterator[Condition]:
        yield device.said("event=confirmed")
        yield device.said("event=stream")

    lines = device.play(script())
    trial = [at for at, line in enumerate(lines) if "version=0.2.0" in line][0]
    confirmed = [at for at, line in enumerate(lines) if "event=confirmed" in line][0]
    assert trial < confirmed and not words(lines[trial:confirmed])
    assert any(" state=LIVE" in line for line in lines[trial:confirmed])


def test_a_jump_in_the_stream_is_looked_into_by_a_poll() -> None:
    device = Device()
    polls: list[int] = []

    def script() -> Iterator[Condition]:
        yield from device.streaming()
        polls.append(len(device.world.market.site.log))
        device.streams.make = jumped(device.streams.make)
        device.streams.fault = "going_away"
        yield device.said("event=stream")
        device.streams.fault = None
        yield device.after(600)

    lines = device.play(script())
    assert device.streams.count("open") > 5
    assert len(device.world.market.site.log) >= polls[0] + 5  # whoever is asked shows no such price
    assert max(prices(lines)) / min(prices(lines)) < 1.05
    assert set(states(lines)) == {"LIVE"}


def test_a_signed_set_of_feeds_brings_its_stream() -> None:
    """The whole of the shipped set, as large as parts are."""
    found = json.loads((bundle.FIRMWARE / "seesaw/data/feeds.json").read_bytes())
    found["about"] = "another"
    text = json.dumps(found)
    device = Device(update_url="http://updates:80", check_s=600)
    edition = development.edition(RELEASE.version) + 1
    device.world.offered = publish.reissued(RELEASE, edition, data={"feeds": text})

    def script() -> Iterator[Condition]:
        yield device.said(" data=good:")
        yield device.said("event=stream")

    lines = device.play(script())
    assert any(" data=trial:" in line for line in lines)
    assert set(states(lines)) == {"LIVE"}
