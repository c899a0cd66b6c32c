"""The feed on MicroPython's own virtual machine: it decides as on CPython, and nothing grows."""

import sys

from test_parity import Output, micropython, output

__all__ = ["output"]  # the fixture

RIG = """
from seesaw.core.quote import BadAnswer, Quote
from seesaw.feed import Feed
from seesaw.net.http import HttpError

EPOCH = 1791000123
MODES = ("good", "html", "null", "hang", "wrong", "pence", "zero", "frozen", "banned", "good")

class Clock:
    now = 0
    def up_s(self):
        return self.now

class Chance:
    seed = 7
    def draw(self):
        self.seed = (self.seed * 1103 + 12345) % 32768
        return self.seed / 32768

class Calendar:
    def state(self, now_s):
        at = (now_s - EPOCH) % 86400
        words = ((23400, "open"), (27000, "lunch"), (46800, "open"), (86400, "closed"))
        for end, word in words:
            if at < end:
                return word, now_s - at + end

class Source:
    poll_s = retry_s = date_s = 0
    tolerance = 0.5
    def __init__(self, name, clock, delay_s, proxy, flag):
        self.name, self.clock, self.delay_s = name, clock, delay_s
        self.proxy, self.flag = proxy, flag
        self.mode, self.since, self.asked = "good", 0, 0
    async def ask(self, now_s):
        self.asked += 1
        self.clock.now += 15 if self.mode == "hang" else 1
        self.retry_s = 1000 if self.mode == "banned" else 0
        self.date_s = EPOCH + self.clock.now
        if self.mode == "hang":
            raise HttpError("timeout")
        if self.mode in ("html", "banned", "null"):
            raise BadAnswer("not a number" if self.mode == "null" else "status 429")
        at = (self.since if self.mode == "frozen" else self.clock.now) - self.delay_s
        price = 5000.0 + at // 10 % 200
        price *= {"wrong": 1.2, "pence": 100, "zero": 0}.get(self.mode, 1)
        return Quote(price, 5000.0, EPOCH + at, self.flag)

def run(work):
    try:
        work.send(None)
    except StopIteration as end:
        return end.value

def made(clock, chance, sessions):
    sources = [Source("a", clock, 0, False, True), Source("b", clock, 900, False, None),
               Source("c", clock, 0, True, True), Source("d", clock, 0, False, False)]
    part = {"exchange": "XTKS", "sigma": 1.34, "band": [1000, 90000]}
    return Feed("nikkei225", part, sources, chance.draw, clock.up_s, sessions), sources
"""

WALK = RIG + """
for sessions in (None, Calendar()):
    clock, chance = Clock(), Chance()
    feed, sources = made(clock, chance, sessions)
    for turn in range(4000):
        if turn % 5 == 0:
            one = sources[int(chance.draw() * 4)]
            one.mode, one.since = MODES[int(chance.draw() * 10)], clock.now
        good = run(feed.poll(EPOCH + clock.now if turn % 50 else 0))
        print(turn, good, feed.state, feed.pose, feed.provider, feed.why,
              feed.last and "%.3f %d" % (feed.last.price, feed.last.time_s),
              feed.silent_s, feed.accepted, feed.fresh, [one.asked for one in sources])
        clock.now += feed.wait_s(20)
"""

GROWTH = RIG + """
import gc
clock, chance = Clock(), Chance()
feed, sources = made(clock, chance, None)
free = []
for turn in range(1000):
    for one in sources:
        one.mode, one.since = MODES[turn % 8 + 1], clock.now
    run(feed.poll(EPOCH + clock.now))
    clock.now += feed.wait_s(60)
    if 4 <= turn < 12 or turn >= 992:  # each kind of failure; what one leaves is no leak
        gc.collect()
        free.append(gc.mem_free())
early, late = sorted(free[:8]), sorted(free[8:])
print(early[4] - late[4], feed.accepted > 0, feed.state)
"""


def test_the_feed_agrees(output: Output) -> None:
    lines = output(micropython(), WALK)

    assert lines == output(sys.executable, WALK)
    assert len(lines) == 8_000
    states = {line.split()[2] for line in lines}
    assert states == {"LIVE", "DELAYED", "PROXY", "STALE", "CLOSED", "NO_DATA"}
    assert {line.split()[4] for line in lines} == set("abcd")


def test_a_thousand_failures_leave_nothing_behind_on_the_vm(output: Output) -> None:
    (line,) = output(micropython(), GROWTH)
    grown, accepted, _ = line.split()

    assert int(grown) <= 256
    assert accepted == "True"
