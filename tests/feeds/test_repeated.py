"""A thousand failures in a row leave nothing behind, and another provider is followed through all
of them: the shipped feed on both engines, the same script as main.py. On CPython the host counts
objects, on the real VM the heap is asked.
"""

import gc
import re
import sys
from pathlib import Path

import pytest
from feed_failures import FAILURES, Failure
from rig import release

from host_tools.emulator.board import Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market.clock import SimClock
from host_tools.market.dns import Internet
from host_tools.market.http1 import Reply, Request
from host_tools.market.prices import Prices
from host_tools.market.providers import Cnbc, Provider
from host_tools.market.server import Market
from host_tools.market.site import Site
from host_tools.market.wire.chinese import Eastmoney

sys.path.append(str(Path(__file__).parents[1] / "emulator"))
import tiny

TIMES, VM_TIMES = 1000, 20
WARM = 5  # polls, after which nothing may grow
# At each end, of which the best counts: old words on the stack keep a thing alive now and then.
LOOKS = 4
GROWS = 40  # objects of the host, whose own lists and caches breathe
FALLS = 256  # bytes
VM_S = 400  # of real time, at most
HOST = "feeds.example"

SCRIPT = """
import asyncio
import gc
import random
from network import WLAN
from seesaw import source as room
from seesaw.data import shipped
from seesaw.feed import Feed
from seesaw.port.board import opener

room.DEADLINE_S = DEADLINE
STEP_S = 30_000  # longer than any wait: whoever is broken is asked at each poll
now = [0]
_, PART = shipped.feeds({"instrument": "sp500", "providers": (), "keys": ()})

def up_s():
    return now[0]

async def no_memory(host, port, tls):
    raise OSError(12, "ENOMEM")

def source(n, base, opener):
    feed = PART["feeds"][n]
    return room.Source(feed, PART["providers"][feed[0]], opener, base)

async def polls(number, where):
    base = "http://gone.example" if where == "name" else "http://HOST/%d" % number
    broken = source(0, base, no_memory if where == "memory" else opener)
    feed = Feed("sp500", PART, [broken, source(1, "http://HOST", opener)], random.random, up_s)
    for n in range(1, TIMES + 1):
        now[0] += STEP_S
        await feed.poll(NOW)
        if WARM <= n < WARM + LOOKS or n > TIMES - LOOKS:
            if room.DEADLINE_S > 1:
                await asyncio.sleep(room.DEADLINE_S)  # CPython's engine keeps a timer until then
            gc.collect()
            print("polled", number, n, gc.mem_free(), feed.accepted, feed.state)
        if n % 8 == 0:
            await asyncio.sleep(0)

async def main():
    wlan = WLAN(WLAN.IF_STA)
    wlan.active(True)
    wlan.connect("home", "password")
    while not wlan.isconnected():
        await asyncio.sleep(0.1)
    for number, where in CASES:
        await polls(number, where)

asyncio.run(main())
print("END")
"""


def script(cases: list[Failure], times: int, deadline_s: float, now_s: int) -> str:
    packed = release("0.1.0").bundle.image
    words = {"DEADLINE": deadline_s, "HOST": HOST, "TIMES": times, "WARM": WARM, "LOOKS": LOOKS,
             "NOW": now_s,
             "CASES": [(failure.number, failure.where) for failure in cases]}  # fmt: skip
    text = SCRIPT
    for name, value in words.items():
        text = re.sub(rf"\b{name}\b", str(value), text)
    return tiny.mount(packed) + text


def site(market: Market, cases: list[Failure]) -> Site:
    """Each case below a path of its own, as a provider of its own; else one that is well."""
    providers: dict[str, Provider] = {}
    well = Eastmoney(market.prices, market.clock)
    for failure in cases:
        provider = providers[str(failure.number)] = Cnbc(market.prices, market.clock)
        provider.script = failure.make(Cnbc, market.clock.epoch)

    def handler(request: Request) -> Reply:
        _, number, rest = request.path.split("/", 2)
        if number not in providers:
            return well(request)
        found = Request(request.method, "/" + rest, request.query, request.headers, request.body)
        return providers[number](found)

    return Site(handler, market.clock.epoch)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return Market("sp500").prices


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_thousand_times_on_cpython(failure: Failure, prices: Prices) -> None:
    start = Market("sp500").clock.start
    objects: list[int] = []
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)
        if "polled" in text:
            gc.collect()
            objects.append(len(gc.get_objects()))

    flash = tiny.flash(script([failure], TIMES, 15, now_s=0), release("0.1.0").bundle.image)
    companion = Companion(release("0.1.0").bundle.companion)
    around = Surroundings(serial=hear)
    device = CPythonDevice(flash, companion, around)
    clock = SimClock(start, 0)  # stands still: a market remembers every minute it has shown
    around.wall = clock.now
    market = Market("sp500", clock=clock, prices=prices)
    served = site(market, [failure])
    served.log = type(served.log)(maxlen=1)  # of the host, and meant to grow
    device.net.hosts[HOST, 80] = served
    device.run(10**6, until=lambda: "END" in "".join(heard[-2:]))

    assert "END" in "".join(heard), "".join(heard)[-500:]
    last = [line for line in "".join(heard).splitlines() if line.startswith("polled")][-1]
    assert last.split()[4:] == [str(TIMES), "LIVE"], last
    assert len(objects) == 2 * LOOKS
    assert min(objects[LOOKS:]) - min(objects[:LOOKS]) <= GROWS


def test_twenty_times_on_the_real_vm() -> None:
    """With deadlines cut to 200 ms."""
    market = Market("sp500")
    heard: list[str] = []
    served = site(market, list(FAILURES))
    with Internet(served, [HOST]) as internet:
        text = script(list(FAILURES), VM_TIMES, 0.2, now_s=0)
        around = Surroundings(serial=heard.append, wall=market.clock.now,
                              name_server=internet.names.address, ports=internet.ports)  # fmt: skip
        flash = tiny.flash(text, release("0.1.0").bundle.image)
        device = MicroPythonDevice(flash, around)
        device.run(VM_S, until=lambda: "END\n" in "".join(heard[-3:]))
    lines = "".join(heard).splitlines()

    assert lines[-1:] == ["END"], lines[-5:]
    found = [line.split(" ", 5) for line in lines if line.startswith("polled ")]
    assert len(found) == 2 * LOOKS * len(FAILURES)
    for failure in FAILURES:
        seen = [line for line in found if int(line[1]) == failure.number]
        free = [int(line[3]) for line in seen]
        assert max(free[:LOOKS]) - max(free[LOOKS:]) <= FALLS, (failure, free)
        # The other is there: it goes on at every poll.
        assert int(seen[-1][4]) == VM_TIMES and seen[-1][5] == "LIVE", (failure, seen)
