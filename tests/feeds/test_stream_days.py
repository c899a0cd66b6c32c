"""Days of a stream on the emulator's virtual time: renewals, outages, a thousand failures."""

import gc
import importlib
import itertools
import random
import sys
import tracemalloc
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from stream_rig import DAY as FIRST_DAY
from stream_rig import PRICES, order

from host_tools.emulator import micro_asyncio_module
from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.micro_asyncio import Loop
from host_tools.emulator.net import Net
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.stream_peer import FRAME_FAULTS, OPENING_FAULTS, StreamSite
from host_tools.market.stream_server import site

HOUR, DAY = 3600, 86400
FRESH_MODULES = ("seesaw.net.http", "seesaw.net.websocket", "seesaw.streaming")


class World:
    """A network with one exchange, and the firmware's stream on the emulator's asyncio."""

    def __init__(self, exchange: str, every_s: float = 10.0) -> None:
        self.clock = VirtualClock()
        self.net = Net(self.clock, lambda: True)
        self.errors: list[str] = []
        self.loop = Loop(self.clock, self.net, lambda error, words: self.errors.append(words),
                         self.clock.spend, lambda: None)  # fmt: skip
        self.asyncio = micro_asyncio_module.module(self.loop)
        start = start_of(find("btc"), FIRST_DAY)
        self.market = SimClock(start, 1.0, lambda: self.clock.now_us / 1e6)
        self.site: StreamSite = site(exchange, PRICES, self.market, every_s)
        self.site.life_ticks = int(DAY / every_s)
        self.net.hosts["exchange", 80] = self.site
        self.open = 0
        self.opened_s: list[int] = []
        given = order(exchange, "ws://exchange")
        modules = load(self.asyncio)
        messages = importlib.import_module("seesaw.core.stream").Messages
        self.stream = modules["seesaw.streaming"].Stream(
            self.opener, messages(given["stream"], given["symbol"], given["echo"]), self,
            random.Random(1).random,
        )  # fmt: skip

    def up_s(self) -> int:
        return self.clock.now_us // 1_000_000

    def epoch_s(self) -> int:
        return self.market.epoch()

    async def opener(self, host: str, port: int, tls: bool) -> tuple[Any, Any]:
        self.opened_s.append(self.up_s())
        found = await self.asyncio.open_connection(host, port)
        self.open += 1
        assert self.open == 1  # never two at a time
        close = found[0].wait_closed

        async def wait_closed() -> None:
            self.open -= 1
            await close()

        found[0].wait_closed = wait_closed
        return found

    def follow(self, seconds: int, on_quote: Callable, poll_s: int = 60) -> list[str]:
        """As an app would: the stream when it is due, else a poll. The words of each end."""
        words: list[str] = []

        async def main() -> None:
            while self.up_s() < seconds:
                if self.stream.due():
                    words.append(await self.stream.run(on_quote))
                    assert self.open == 0
                await self.asyncio.sleep(poll_s)

        self.loop.run_until_complete(main())
        assert self.errors == []
        return words


def load(asyncio: ModuleType) -> dict[str, ModuleType]:
    """The firmware's modules anew, on this asyncio; nobody else sees them."""
    known = {name: importlib.import_module(name) for name in FRESH_MODULES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "asyncio", asyncio)
        for name in FRESH_MODULES:
            parent, _, child = name.rpartition(".")
            patch.delitem(sys.modules, name)
            patch.setattr(sys.modules[parent], child, known[name])
        found = {name: importlib.import_module(name) for name in FRESH_MODULES}
    assert all(sys.modules[name] is known[name] is not found[name] for name in FRESH_MODULES)
    return found


@pytest.mark.parametrize(("exchange", "every_s"),
                         [("binance", 25.0), ("kraken", 25.0), ("coinbase", 10.0)])  # fmt: skip
def test_two_days_without_a_gap(exchange: str, every_s: float) -> None:
    world = World(exchange, every_s)
    world.stream.tick_s = 10
    last_s = [0]
    gaps = [0]

    def on_quote(quote: object) -> bool:
        gaps.append(world.up_s() - last_s[0])
        last_s[0] = world.up_s()
        return True

    world.stream.messages.quiet_s = 300
    words = world.follow(2 * DAY, on_quote, poll_s=10)

    assert words == [""] * len(words)  # renewed, never closed by the exchange
    renewed = [later - at for at, later in itertools.pairwise(world.opened_s)]
    assert all(DAY - 2400 <= after_s < DAY - 550 for after_s in renewed)
    assert len(world.opened_s) == 3
    assert max(gaps) <= 150
    assert world.site.count("close") == len(words)
    assert world.site.count("wrong") == 0


def test_an_outage_is_polled_through_and_ends_by_itself() -> None:
    world = World("binance", every_s=25.0)
    world.stream.tick_s = 10
    given: list[int] = []
    world.site.fault = "503"

    def on_quote(quote: object) -> bool:
        given.append(world.up_s())
        return True if world.up_s() < 2 * DAY else None  # type: ignore[return-value]

    async def mend() -> None:
        await world.asyncio.sleep(DAY)
        world.site.fault = None

    world.loop.create_task(mend())
    world.follow(2 * DAY, on_quote)
    first_day = [at for at in world.opened_s if at < DAY]

    assert all(later - at >= 60 for at, later in itertools.pairwise(world.opened_s))
    assert len(first_day) <= 12
    assert DAY < given[0] <= DAY + 6 * HOUR + 120
    assert world.stream.state == "fresh"


@pytest.mark.parametrize("fault", ["null", "silence", "ping_only", "cut", "empty_fragments"])
def test_what_hangs_is_left_within_two_minutes(fault: str) -> None:
    world = World("binance", every_s=5.0)
    ended: list[int] = []
    began = 2 * HOUR

    async def spoil() -> None:
        await world.asyncio.sleep(began)
        world.site.fault = fault

    def on_quote(quote: object) -> bool:
        ended.append(world.up_s())
        return True

    async def main() -> None:
        await world.stream.run(on_quote)

    world.loop.create_task(spoil())
    world.loop.run_until_complete(main())

    assert began - 10 <= ended[-1] <= began + 10
    assert world.up_s() <= began + 120
    assert world.stream.why.startswith("the stream: ")
    assert world.open == 0


@pytest.mark.parametrize("at_s", [0, 1, 7, 30, 61])
def test_a_cancel_closes_it_whenever_it_comes(at_s: int) -> None:
    world = World("kraken", every_s=1.0)

    async def main() -> None:
        task = world.loop.create_task(world.stream.run(lambda quote: True))
        await world.asyncio.sleep(at_s + 0.01)
        assert world.open == (at_s > 0)  # connecting takes 0.02 s
        task.cancel()
        with pytest.raises(world.asyncio.CancelledError):
            await task
        assert world.open == 0

    world.loop.run_until_complete(main())
    assert world.errors == []
    assert at_s == 0 or world.site.log[-1][0] == "close"
    assert not world.loop.tasks


def held() -> int:
    """Bytes that the firmware's own lines hold."""
    gc.collect()
    ours = tracemalloc.Filter(True, "*/firmware/seesaw/*")
    kept = tracemalloc.take_snapshot().filter_traces([ours])
    return sum(one.size for one in kept.statistics("filename"))


@pytest.mark.parametrize("faults", [OPENING_FAULTS, FRAME_FAULTS])
def test_a_thousand_failures_leave_nothing_behind(faults: tuple[str, ...]) -> None:
    world = World("binance", every_s=5.0)
    world.site.slow_wait = 0.05
    sizes = []

    async def main() -> None:
        for n in range(1000):
            world.site.fault = faults[n % len(faults)]
            await world.stream.run(lambda quote: True)
            assert world.stream.why
            if n in (200, 999):
                world.site.log.clear()
                world.opened_s.clear()
                sizes.append(held())

    tracemalloc.start()
    try:
        world.loop.run_until_complete(main())
    finally:
        tracemalloc.stop()

    assert world.errors == []
    assert world.open == 0
    assert len(world.loop.tasks) == 0
    assert sizes[1] - sizes[0] < 256
