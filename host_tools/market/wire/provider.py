"""What the providers share: instruments by symbol, the truth, and the faults.

Each provider is a handler of requests. Setting `fault` breaks it in one of the ways seen in the
field and None mends it, at any time while it serves.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from host_tools.market.clock import SimClock
from host_tools.market.http1 import FAULTS, Reply, Request
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.prices import Prices, Quote
from host_tools.market.wire.symbols import Symbols

DATA_FAULTS = ("null", "zero", "stale", "wrong_symbol")
DAY = 86_400  # seconds
YEAR_2000 = 946_684_800  # epoch seconds: the time in an all-zero record
NOTHING = Quote(0.0, 0.0, YEAR_2000, False, 0.0, 0.0, 0.0, 0.0)
ROLES = ("price", "baseline", "time", "echo")

Script = Callable[[Request, Reply], Reply]
"""A failure: what is answered in place of the right reply."""


class Provider:
    """One provider of quotes.

    Besides the faults of a `Reply`: 'null' has no price, 'zero' only zeros, 'stale' stays at the
    moment of breaking, 'wrong_symbol' answers with another instrument's data. `script`, if there is
    one, has the last word on every answer. `odd` holds those of `ODDITIES` that are on: lawful
    shapes that come now and then.
    """

    NAME = ""
    HOST = ""
    PATH = ""  # what its paths begin with
    SYMBOLS: Symbols = {}
    ODDITIES: tuple[str, ...] = ()
    # Where an answer has what: role -> keys of the JSON, or numbers of fields.
    FIELDS: Mapping[str, tuple[str | int, ...]] = {}

    def __init__(self, prices: Prices, clock: SimClock) -> None:
        self._prices = prices
        self._clock = clock
        self._fault: str | None = None
        self._broken_at = 0
        self.script: Script | None = None
        self.odd: frozenset[str] = frozenset()
        self._listed = [INSTRUMENTS[name] for name in self.SYMBOLS]
        self._by_symbol = {symbol: INSTRUMENTS[name] for name, symbol in self.SYMBOLS.items()}

    @property
    def fault(self) -> str | None:
        """The fault now, None if healthy. Setting an unknown one raises ValueError."""
        return self._fault

    @fault.setter
    def fault(self, fault: str | None) -> None:
        if fault not in (None, *FAULTS, *DATA_FAULTS):
            names = ", ".join((*FAULTS, *DATA_FAULTS))
            raise ValueError(f"unknown fault {fault!r}; one of: {names}")
        self._broken_at = self._clock.epoch()
        self._fault = fault

    def __call__(self, request: Request) -> Reply:
        """Answer a request, with the fault applied."""
        if request.method not in ("GET", "HEAD"):
            return as_json({"error": "method not allowed"}, 405)
        reply = self._reply(request)
        if self.script:
            return self.script(request, reply)
        return replace(reply, fault=self._fault) if self._fault in FAULTS else reply

    @classmethod
    def covers(cls, instrument: str) -> bool:
        return instrument in cls.SYMBOLS

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        """Path and query of the requests that a quote takes, one or two. KeyError if not covered.
        """
        return (cls.PATH + cls.SYMBOLS[instrument],)

    def _reply(self, request: Request) -> Reply:
        raise NotImplementedError

    def _find(self, symbol: str) -> Instrument | None:
        found = self._by_symbol.get(symbol)
        if found is not None and self._fault == "wrong_symbol":
            return self._other(found)
        return found

    def _other(self, instrument: Instrument) -> Instrument:
        """Any other of the same kind."""
        same = [one for one in self._listed if one.kind == instrument.kind]
        if len(same) < 2:
            return INSTRUMENTS["dow"]
        return same[same.index(instrument) - 1]

    def _symbol(self, instrument: Instrument) -> str:
        return self.SYMBOLS.get(instrument.name, instrument.symbol)

    def _quote(self, instrument: Instrument, ago: int = 0) -> Quote:
        """The quote `ago` seconds before now."""
        if self._fault == "zero":
            return NOTHING
        now = self._broken_at if self._fault == "stale" else self._clock.epoch()
        return self._prices.price_at(instrument, now - ago)

    def _last(self, shown: str | float) -> str | float | None:
        return None if self._fault == "null" else shown


def before(quote: Quote) -> float:
    """The close of the session before, which CNBC alone has rolled over at the end of a day."""
    return round(quote.price - quote.change, 8)


def percent(quote: Quote) -> float:
    """The day's move."""
    base = before(quote)
    return 100 * quote.change / base if base else 0.0


def local(instrument: Instrument, epoch: int) -> datetime:
    """A time as the exchange's own clock shows it."""
    return datetime.fromtimestamp(epoch, ZoneInfo(instrument.zone))


def as_text(instrument: Instrument, price: float) -> str:
    return f"{price:.{instrument.decimals}f}"


def as_json(value: object, status: int = 200) -> Reply:
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(status, {"Content-Type": "application/json"}, body)
