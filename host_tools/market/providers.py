"""Simulated data providers, in the wire formats of CNBC's quote service and of Bitstamp.

Each is a handler of requests. Setting `fault` breaks it in one of the ways seen in the field and
None mends it, at any time while it serves.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from host_tools.market.clock import SimClock
from host_tools.market.http1 import FAULTS, Reply, Request
from host_tools.market.instruments import INSTRUMENTS, Instrument, Kind
from host_tools.market.prices import Prices, Quote

CNBC_PATH = "/quote-html-webservice/restQuote/symbolType/symbol"
BITSTAMP_PATH = "/api/v2/ticker/"
DATA_FAULTS = ("null", "zero", "stale", "wrong_symbol")
DAY = 86_400  # seconds
YEAR_2000 = 946_684_800  # epoch seconds: the time in an all-zero record
NOTHING = Quote(0.0, 0.0, YEAR_2000, False, 0.0, 0.0, 0.0, 0.0)


class Provider:
    """What the providers share: instruments by symbol, the truth, and the faults.

    Besides the faults of a `Reply`: 'null' has no price, 'zero' only zeros, 'stale' stays at the
    moment of breaking, 'wrong_symbol' answers with another instrument's data.
    """

    kind: Kind

    def __init__(self, prices: Prices, clock: SimClock) -> None:
        self._prices = prices
        self._clock = clock
        self._fault: str | None = None
        self._broken_at = 0
        self._listed = [one for one in INSTRUMENTS.values() if one.kind == self.kind]
        self._by_symbol = {one.symbol: one for one in self._listed}

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
            return _json(405, {"error": "method not allowed"})
        reply = self._reply(request)
        return replace(reply, fault=self._fault) if self._fault in FAULTS else reply

    def _reply(self, request: Request) -> Reply:
        raise NotImplementedError

    def _find(self, symbol: str) -> Instrument | None:
        found = self._by_symbol.get(symbol)
        if found is not None and self._fault == "wrong_symbol":
            return self._listed[self._listed.index(found) - 1]
        return found

    def _quote(self, instrument: Instrument, ago: int = 0) -> Quote:
        if self._fault == "zero":
            return NOTHING
        now = self._broken_at if self._fault == "stale" else self._clock.epoch()
        return self._prices.price_at(instrument, now - ago)

    def _last(self, text: str) -> str | None:
        return None if self._fault == "null" else text


class Cnbc(Provider):
    """CNBC restQuote: a list of quotes, every number a formatted text, for indexes."""

    kind: Kind = "index"

    def _reply(self, request: Request) -> Reply:
        if request.path != CNBC_PATH:
            return _json(404, {"error": "not found"})
        symbols = [symbol for symbol in request.query.get("symbols", "").split("|") if symbol]
        quotes = [self._formatted(symbol) for symbol in symbols]
        return _json(200, {"FormattedQuoteResult": {"FormattedQuote": quotes}})

    def _formatted(self, symbol: str) -> dict[str, str | int | None]:
        instrument = self._find(symbol)
        if instrument is None:
            return {"symbol": symbol, "code": 1}
        quote = self._quote(instrument)
        before = quote.price - quote.change
        percent = 100 * quote.change / before if before else 0.0
        local = datetime.fromtimestamp(quote.time_epoch, ZoneInfo(instrument.zone))
        return {
            "symbol": instrument.symbol,
            "symbolType": "symbol",
            "code": 0,
            "name": instrument.title,
            "last": self._last(f"{quote.price:,.2f}"),
            "last_time": f"{local:%Y-%m-%dT%H:%M:%S}.000{local:%z}",
            "last_timedate": f"{local:%I:%M %p %Z}".lstrip("0"),
            "changetype": "UP" if quote.change > 0 else "DOWN" if quote.change else "UNCH",
            "type": "INDEX",
            "open": f"{quote.open:,.2f}",
            "high": f"{quote.high:,.2f}",
            "low": f"{quote.low:,.2f}",
            "change": f"{quote.change:+,.2f}" if quote.change else "UNCH",
            "change_pct": f"{percent:+,.2f}%" if quote.change else "UNCH",
            "currencyCode": instrument.currency,
            "previous_day_closing": f"{quote.previous_close:,.2f}",
            "realTime": "true",
            "curmktstatus": "REG_MKT" if quote.open_now else "POST_MKT",
            "timeZone": f"{local:%Z}",
        }


class Bitstamp(Provider):
    """Bitstamp's ticker of one pair: a flat object of texts, for cryptocurrencies."""

    kind: Kind = "crypto"

    def _reply(self, request: Request) -> Reply:
        instrument = self._find(request.path.removeprefix(BITSTAMP_PATH).removesuffix("/"))
        if instrument is None or not request.path.startswith(BITSTAMP_PATH):
            return _json(404, {"status": "error", "reason": "Invalid currency pair."})
        return _json(200, self._ticker(instrument))

    def _ticker(self, instrument: Instrument) -> dict[str, str | None]:
        def text(price: float) -> str:
            return f"{price:.{instrument.decimals}f}"

        quote, yesterday = self._quote(instrument), self._quote(instrument, ago=DAY).price
        percent = 100 * (quote.price / yesterday - 1) if yesterday else 0.0
        tick = 10**-instrument.decimals if quote.price else 0.0
        return {
            "timestamp": str(quote.time_epoch),
            "open": text(quote.previous_close),  # of the UTC day
            "high": text(max(quote.high, quote.previous_close)),
            "low": text(min(quote.low, quote.previous_close)),
            "last": self._last(text(quote.price)),
            "volume": "0.00000000",
            "vwap": text(quote.price),
            "bid": text(quote.price - tick),
            "ask": text(quote.price + tick),
            "side": "0",
            "open_24": text(yesterday),
            "percent_change_24": f"{percent:.2f}",
            "market_type": "SPOT",
        }


def _json(status: int, value: Mapping[str, object]) -> Reply:
    body = json.dumps(value, separators=(",", ":")).encode()
    return Reply(status, {"Content-Type": "application/json"}, body)
