"""A market that replays recorded days: the close of each day against the close before it.

One recorded day lasts a few seconds. They lie inside its exchange's session, the price stands at
the close all the while, and then comes the next day.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from host_tools.market.clock import AFTER_OPEN, SimClock
from host_tools.market.history import Day, Histories
from host_tools.market.instruments import EVERY_DAY, Instrument, find
from host_tools.market.prices import Prices, Quote
from host_tools.market.providers import DAY, NOTHING, make, routed
from host_tools.market.server import Market
from host_tools.market.site import Site

DAY_S = 4.0  # seconds that a recorded day lasts: two polls and a long move of the beam
DAY_S_MAX = 3600.0  # half of the shortest session


class ReplayClock(SimClock):
    """Market time of a replay: a few seconds of one recorded session, then of the next.

    The first of `days` is the baseline of the second, with which time begins. Within a day it runs
    at the pace of `monotonic`, as the firmware compares it with its own clock; a day lasts `day_s`
    seconds, at most DAY_S_MAX (else ValueError). After the last day it stands still.
    """

    def __init__(self, instrument: Instrument, days: Sequence[Day], day_s: float = DAY_S,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        if not 0 < day_s <= DAY_S_MAX:
            raise ValueError(f"a recorded day of {day_s} s is not within 0 to {DAY_S_MAX} s")
        self._starts = [sessions(instrument, day.date)[0][0] + AFTER_OPEN for day in days[1:]]
        self.day_s = day_s
        super().__init__(self._starts[0], DAY / day_s, monotonic)

    @property
    def over(self) -> bool:
        """Whether the last day is over."""
        return self._passed_s() >= len(self._starts) * self.day_s

    def now(self) -> float:
        """Seconds since 1970, inside a session."""
        passed_s = self._passed_s()
        index = min(int(passed_s / self.day_s), len(self._starts) - 1)
        return self._starts[index] + min(passed_s - index * self.day_s, self.day_s)

    def _passed_s(self) -> float:
        return self._monotonic() - self._zero


class RecordedPrices(Prices):
    """The prices of history. An instrument without one has the quote NOTHING: all zeros."""

    def __init__(self, histories: Histories) -> None:
        super().__init__()
        self._histories = histories
        self._dates = {name: [day.date for day in days] for name, days in histories.items()}

    def price_at(self, instrument: Instrument, epoch: float) -> Quote:
        """The quote at a time: outside the session that of the recorded day before.

        Raises ValueError before the first recorded session.
        """
        if instrument.name not in self._histories:
            return NOTHING
        days = self._histories[instrument.name]
        index = bisect_right(self._dates[instrument.name], instrument.local_date(epoch)) - 1
        if index >= 0 and epoch < sessions(instrument, days[index].date)[0][0]:
            index -= 1
        if index < 0:
            raise ValueError(f"no recorded prices of {instrument.name} before {days[0].date}")
        # nothing is known before the first day: it begins at its own open
        before = days[index - 1].close if index else days[0].open
        return _quote(days[index], before, sessions(instrument, days[index].date), epoch)


class Replay(Market):
    """A market of recorded days, to be used as the simulated one.

    Its time is that of the instrument's own days; the other instruments show what they had then.
    Raises ValueError for an instrument that `histories` does not hold.
    """

    def __init__(self, instrument: str, histories: Histories,
                 clock: ReplayClock | None = None) -> None:
        self.instrument = find(instrument)
        if instrument not in histories:
            raise ValueError(f"no recorded prices of {instrument}")
        self.clock: ReplayClock = clock or ReplayClock(self.instrument, histories[instrument])
        self.prices = RecordedPrices(histories)
        self.providers = make(self.prices, self.clock)
        self.handler = routed(self.providers)
        self.site = Site(self.handler, self.clock.epoch)


def sessions(instrument: Instrument, day: date) -> tuple[tuple[int, int], ...]:
    """The sessions of a recorded date; history also knows exchanges open on a Sunday."""
    return replace(instrument, weekdays=EVERY_DAY).sessions(day)


def _quote(day: Day, before: float, spans: tuple[tuple[int, int], ...], epoch: float) -> Quote:
    open_now = any(start <= epoch < end for start, end in spans)
    last_trade = max(int(min(epoch, end)) for start, end in spans if epoch >= start)
    ended = epoch >= spans[-1][1]
    return Quote(day.close, day.close if ended else before, last_trade, open_now,
                 day.close - before, day.open, day.high, day.low)
