"""Simulated prices: one random walk per instrument, the same for the same seed.

The logarithm of a price does a walk in steps of one trading minute, with an overnight gap for
an index, and is drawn gently back to its typical level, so that a simulation of years keeps
plausible prices. A day's numbers depend only on (seed, instrument, date), never on what was asked.
"""

import math
import threading
import zlib
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from host_tools.market.instruments import Instrument

ANCHOR = date(2025, 1, 1)  # every walk starts here at its typical price
GAP_VARIANCE = 0.25  # share of an index's daily variance that falls overnight
PULL = 0.05  # share of the distance to the typical level lost per trading day
SHOWN_MAX = 4096  # quotes remembered
VISIBLE_MINUTE = 10  # of the first day: where its move must be visible ...
VISIBLE_SIGMAS = (0.5, 1.6)  # ... by this many daily standard deviations


@dataclass(frozen=True)
class Quote:
    """What an exchange shows. Prices in the instrument's currency, times in epoch seconds.

    Out of hours `price` is the last close and `time_epoch` its time. When a day's last session
    ends, `previous_close` becomes that day's own close, as CNBC rolls it, while `change` keeps
    the move of the session. `open`, `high` and `low` are those of the day shown.
    """

    price: float
    previous_close: float
    time_epoch: int
    open_now: bool
    change: float
    open: float
    high: float
    low: float


class Prices:
    """The prices of every instrument for one seed.

    `first` is the local date on which a simulation starts: ten minutes after the open of each
    instrument's first trading day from then on, its change lies between 0.4 and 2 sigma.
    """

    def __init__(self, seed: int = 1, first: date | None = None) -> None:
        self.seed = seed
        self.first = first
        self._levels: dict[str, list[float]] = {}  # log price over typical, before ANCHOR + n days
        self._lock = threading.Lock()
        self._shown: dict[tuple, Quote] = {}  # what a minute shows
        self._today: dict[str, tuple[date, NDArray[np.float64]]] = {}  # the path asked for last

    def price_at(self, instrument: Instrument, epoch: float) -> Quote:
        """The quote at a time. Raises ValueError before ANCHOR."""
        day = self._day_shown(instrument, epoch)
        base = self._level_before(instrument, day)
        path = self._path(instrument, day)
        minute, last_trade, open_now = _elapsed(instrument, day, epoch)
        ended = epoch >= instrument.sessions(day)[-1][1]
        shown = instrument.name, day, minute, last_trade, open_now, ended
        if shown not in self._shown:
            if len(self._shown) >= SHOWN_MAX:
                self._shown.clear()
            self._shown[shown] = self._quote(instrument, path, base, *shown[2:])
        return self._shown[shown]

    @staticmethod
    def _quote(
        instrument: Instrument, path: NDArray[np.float64], base: float, minute: int,
        last_trade: int, open_now: bool, ended: bool,
    ) -> Quote:  # fmt: skip
        seen = path[: minute + 1]
        price, previous, opened, high, low = (
            _money(instrument, level)
            for level in (path[minute], base, path[0], seen.max(), seen.min())
        )
        return Quote(price, price if ended else previous, last_trade, open_now,
                     round(price - previous, instrument.decimals), opened, high, low)

    def _day_shown(self, instrument: Instrument, epoch: float) -> date:
        """The trading day whose prices an exchange shows: yesterday's until today's open."""
        day = instrument.local_date(epoch)
        while not instrument.trades_on(day) or epoch < instrument.sessions(day)[0][0]:
            day -= timedelta(days=1)
        return day

    def _level_before(self, instrument: Instrument, day: date) -> float:
        wanted = (day - ANCHOR).days
        if wanted < 0:
            raise ValueError(f"no simulated prices before {ANCHOR}, asked for {day}")
        with self._lock:
            levels = self._levels.setdefault(instrument.name, [0.0])
            while len(levels) <= wanted:
                past = ANCHOR + timedelta(days=len(levels) - 1)
                trades = instrument.trades_on(past)
                levels.append(float(self._walk(instrument, past, levels)[-1])
                              if trades else levels[-1])
            return levels[wanted]

    def _path(self, instrument: Instrument, day: date) -> NDArray[np.float64]:
        known = self._today.get(instrument.name)
        if known is None or known[0] != day:
            known = day, self._walk(instrument, day, self._levels[instrument.name])
            self._today[instrument.name] = known
        return known[1]

    def _walk(self, instrument: Instrument, day: date,
              levels: list[float]) -> NDArray[np.float64]:
        """The log level after 0, 1, ... all trading minutes of a day."""
        today = (day - ANCHOR).days
        before, minutes = levels[today], instrument.minutes_a_day()
        sigma, gap_variance = instrument.sigma / 100, _gap_variance(instrument)
        key = [self.seed, zlib.crc32(instrument.name.encode()), day.toordinal()]
        noise = np.random.default_rng(key).standard_normal(minutes + 1)
        path = np.zeros(minutes + 1)
        np.cumsum(noise[1:], out=path[1:])
        path *= sigma * math.sqrt((1 - gap_variance) / minutes)
        path -= np.linspace(0.0, PULL * before, minutes + 1)
        draw = float(noise[0])
        gap = sigma * math.sqrt(gap_variance) * draw
        if self.first is not None and day == instrument.first_trading_day(self.first):
            yesterday = before - levels[max(today - 1, 0)]
            gap = sigma * _visible(draw, yesterday) - float(path[VISIBLE_MINUTE])
        return path + (before + gap)


def _gap_variance(instrument: Instrument) -> float:
    return GAP_VARIANCE if instrument.kind == "index" else 0.0  # no night, no gap


def _visible(draw: float, yesterday: float) -> float:
    """A move in sigmas that shows, in the direction of yesterday's if there was one.

    Going on in the same direction keeps it visible against the price of 24 hours ago as well.
    """
    smallest, largest = VISIBLE_SIGMAS
    return math.copysign(min(smallest + abs(draw) / 2, largest), yesterday or draw)


def _elapsed(instrument: Instrument, day: date, epoch: float) -> tuple[int, int, bool]:
    """(trading minutes done, epoch of the last step, open now) at a time after the day's open."""
    minutes, last_trade, open_now = 0, 0, False
    for start, end in instrument.sessions(day):
        if epoch >= start:
            done = int(min(epoch, end) - start) // 60
            minutes, last_trade = minutes + done, start + done * 60
            open_now = epoch < end
    return minutes, last_trade, open_now


def _money(instrument: Instrument, level: float) -> float:
    return round(instrument.price * math.exp(level), instrument.decimals)
