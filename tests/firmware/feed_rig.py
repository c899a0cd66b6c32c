"""Sources that answer as told, on a clock of their own, for tests of the feed."""

from collections.abc import Callable, Coroutine
from typing import Any

from seesaw.core.quote import BadAnswer, Quote
from seesaw.feed import Feed
from seesaw.net.http import HttpError

EPOCH = 1_791_000_123  # at clock 0
PART = {"exchange": "XNYS", "sigma": 1.1, "band": [1000, 50000]}


class Clock:
    """Seconds since power-on, moved by hand."""

    def __init__(self) -> None:
        self.now = 0

    def up_s(self) -> int:
        return self.now

    def epoch_s(self) -> int:
        return EPOCH + self.now


class Source:
    """`mode` says how it answers. price: of the market at a time. asked: when it was."""

    poll_s = 0
    tolerance = 0.5

    def __init__(
        self, name: str, clock: Clock, price: Callable[[int], float], *, delay_s: int = 0,
        proxy: bool = False, flag: bool | None = True,
    ) -> None:  # fmt: skip
        self.name, self.clock, self.price = name, clock, price
        self.delay_s, self.proxy, self.flag = delay_s, proxy, flag
        self.mode, self.since = "good", 0
        self.latency_s = 1
        self.retry_s = self.date_s = 0
        self.asked: list[int] = []

    def set(self, mode: str) -> None:
        self.mode, self.since = mode, self.clock.now

    async def ask(self, now_s: int) -> Quote:
        self.asked.append(self.clock.now)
        self.clock.now += 15 if self.mode == "hang" else self.latency_s
        self.retry_s = 1_000 if self.mode == "banned" else 0
        self.date_s = self.clock.epoch_s()
        if self.mode == "hang":
            raise HttpError("timeout")
        if self.mode in ("html", "banned"):
            raise BadAnswer("not a JSON object" if self.mode == "html" else "status 429")
        if self.mode == "null":
            raise BadAnswer("price: not a number")
        at = (self.since if self.mode == "frozen" else self.clock.now) - self.delay_s
        price = self.price(at)
        if self.mode == "pence":
            price *= 100
        if self.mode == "wrong":
            price *= 1.2
        return Quote(price, 0.0 if self.mode == "zero" else 5000.0, EPOCH + at, self.flag)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run what waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


class Bench:
    """A feed over sources of the same market: those named, by preference."""

    def __init__(
        self, *names: str, price: Callable[[int], float] = lambda at: 5000.0 + at % 7,
        random: Callable[[], float] = lambda: 0.0, sessions: object = None,
        part: dict[str, Any] = PART, **more: dict[str, Any],
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.clock_set = True
        self.sources = [Source(name, self.clock, price, **more.get(name, {})) for name in names]
        self.feed = Feed("sp500", part, self.sources, random, self.clock.up_s, sessions)
        self.states: list[tuple[int, str]] = []

    def __getitem__(self, name: str) -> Source:
        return next(one for one in self.sources if one.name == name)

    def poll(self) -> bool:
        good = run(self.feed.poll(self.clock.epoch_s() if self.clock_set else 0))
        self.states.append((self.clock.now, self.feed.state))
        return bool(good)

    def go(self, seconds: int, poll_s: int = 60) -> None:
        """Poll as the app does, for so long."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.poll()
            self.clock.now += self.feed.wait_s(poll_s)

    def requests(self) -> list[int]:
        return sorted(at for one in self.sources for at in one.asked)


def moving(at: int) -> float:
    """A market that goes up 6 points a minute, to 5200, and back by 4 %: never a jump."""
    return 5000.0 + at // 10 % 200


def right(bench: Bench, price: Callable[[int], float] = moving) -> bool:
    """Is what is shown at most a poll old?"""
    last, now = bench.feed.last, bench.clock.now
    return last is not None and abs(last.price - price(now)) < 12


class Calendar:
    """Open, closed and lunch at times of the bench's clock."""

    def __init__(self, *changes: tuple[int, str]) -> None:
        self.changes = changes

    def state(self, now_s: int) -> tuple[str, int]:
        word, until = "", 2**40
        for at, new in self.changes:
            if now_s - EPOCH >= at:
                word = new
            else:
                until = EPOCH + at
                break
        return word, until
