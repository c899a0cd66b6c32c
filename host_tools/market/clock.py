"""Simulated time: seconds since 1970, running at a multiple of real time."""

import time
from collections.abc import Callable
from datetime import date

from host_tools.market.instruments import Instrument

AFTER_OPEN = 600  # seconds after the open at which a simulation starts


class SimClock:
    """A clock that starts at `start_epoch` now and runs `rate` times as fast as `monotonic`."""

    def __init__(self, start_epoch: float, rate: float = 1.0,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        if not rate >= 0:
            raise ValueError(f"clock rate {rate} is negative")
        self.start = start_epoch
        self.rate = rate
        self._monotonic = monotonic
        self._zero = monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return self.start + (self._monotonic() - self._zero) * self.rate

    def epoch(self) -> int:
        """Whole seconds since 1970."""
        return int(self.now())


def real_clock() -> SimClock:
    """The real time: rate 1 from now."""
    return SimClock(time.time())


def start_of(instrument: Instrument, after: date) -> int:
    """Epoch seconds of ten minutes after the first open on or after a local date.

    For a cryptocurrency the open is midnight UTC.
    """
    return instrument.sessions(instrument.first_trading_day(after))[0][0] + AFTER_OPEN
