"""Simulated streams of cryptocurrencies, in the shapes of Binance, Kraken v2 and Coinbase.

They show the same prices as providers.py. What an exchange says is here, once per connection; the
frames and the faults are stream_peer.py's.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from host_tools.market.clock import SimClock
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.prices import Prices

DAY = 86_400  # seconds
SUBSCRIBE_TICKS = 5  # Coinbase ends a connection that did not subscribe by then
# What a recipe says of each stream; its symbol (and echo, where another) is NAMES' for it.
RECIPES: dict[str, dict] = {
    "binance": {
        "url": "wss://data-stream.binance.vision/ws/{lower}@miniTicker",
        "is": ["e", "24hrMiniTicker"],
        "error": ["error", None, "error/msg"],
        "price": "c",
        "baseline": "o",
        "time": "E",
        "as": "ms",
        "echo": "s",
    },
    "kraken": {
        "url": "wss://ws.kraken.com/v2",
        "subscribe": '{"method":"subscribe","params":{"channel":"ticker","symbol":["{echo}"]}}',
        "is": ["channel", "ticker"],
        "error": ["error", None, "error"],
        "price": "data/[0]/last",
        "percent": "data/[0]/change_pct",
        "echo": "data/[0]/symbol",
        "quiet_s": 300,
    },
    "coinbase": {
        "url": "wss://ws-feed.exchange.coinbase.com",
        "subscribe": '{"type":"subscribe","product_ids":["{symbol}"],"channels":["ticker_batch"]}',
        "is": ["type", "ticker"],
        "error": ["type", "error", "message"],
        "price": "price",
        "baseline": "open_24h",
        "time": "time",
        "as": "iso",
        "echo": "product_id",
    },
}
NAMES: dict[str, Callable[[str], tuple[str, str]]] = {  # instrument -> symbol, echo
    "binance": lambda name: (f"{name}usdt", f"{name.upper()}USDT"),
    "kraken": lambda name: (f"{name.upper()}/USD",) * 2,
    "coinbase": lambda name: (f"{name.upper()}-USD",) * 2,
}
CRYPTO = [one for one in INSTRUMENTS.values() if one.kind == "crypto"]


class Exchange:
    """What one connection to an exchange says. A tick is a second there.

    `fault`: 'null' has no price, 'zero' only zeros, 'wrong_symbol' another instrument's quotes.
    """

    name: str

    def __init__(self, prices: Prices, clock: SimClock, path: str) -> None:
        self._prices = prices
        self._clock = clock
        self.path = path
        self.instrument: Instrument | None = None
        self.fault: str | None = None
        self.ticks = 0

    def hello(self) -> list[str]:
        """What it says at once."""
        return []

    def heard(self, text: str) -> list[str]:
        """The answers to a message of the client."""
        return []

    def tick(self) -> list[str] | None:
        """What it says in one second; None to end the connection."""
        self.ticks += 1
        return [self.quote()] if self.instrument else []

    def quote(self) -> str:
        """A message with the price now."""
        raise NotImplementedError

    def _find(self, symbol: str, echo: bool = True) -> Instrument | None:
        for one in CRYPTO:
            if NAMES[self.name](one.name)[echo] == symbol:
                return one
        return None

    def _shown(self) -> tuple[str, float | None, float]:
        """The symbol, the price and that of 24 hours ago."""
        assert self.instrument is not None
        one = self.instrument
        if self.fault == "wrong_symbol":
            one = CRYPTO[CRYPTO.index(one) - 1]
        now = self._clock.epoch()
        price = self._prices.price_at(one, now).price
        before = self._prices.price_at(one, now - DAY).price
        symbol = NAMES[self.name](one.name)[1]
        if self.fault == "zero":
            return symbol, 0.0, 0.0
        return symbol, None if self.fault == "null" else price, before

    def _iso(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


class Binance(Exchange):
    """Market data, raw stream: the URL says what; one miniTicker a second."""

    name = "binance"

    def hello(self) -> list[str]:
        symbol, mark, _ = self.path.removeprefix("/ws/").partition("@miniTicker")
        self.instrument = self._find(symbol, echo=False) if mark else None
        return []

    def heard(self, text: str) -> list[str]:
        return [_json({"error": {"code": 3, "msg": "Invalid JSON: unexpected message"}})]

    def quote(self) -> str:
        symbol, price, before = self._shown()
        last = None if price is None else f"{price:.8f}"
        return _json({
            "e": "24hrMiniTicker", "E": int(self._clock.now() * 1000), "s": symbol, "c": last,
            "o": f"{before:.8f}", "h": f"{max(price or 0, before):.8f}",
            "l": f"{min(price or 0, before):.8f}", "v": "10120.11000000", "q": "865432100.00000000",
        })  # fmt: skip


class Kraken(Exchange):
    """WebSocket v2: a snapshot at once, then an update per trade, and a heartbeat each second.

    No time in it. `burst` is how many updates come in a second.
    """

    name = "kraken"
    burst = 1

    def hello(self) -> list[str]:
        return [_json({"channel": "status", "type": "update", "data": [
            {"version": "2.0.10", "system": "online", "api_version": "v2",
             "connection_id": 12996061387478175487}]})]  # fmt: skip

    def heard(self, text: str) -> list[str]:
        params = _request(text, "method", "subscribe").get("params", {})
        symbols = params.get("symbol") or [""]
        self.instrument = self._find(str(symbols[0]))
        if self.instrument is None:
            return [_json({"error": f"Currency pair not supported {symbols[0]}",
                           "method": "subscribe", "success": False, "symbol": symbols[0]})]
        return [
            _json({"method": "subscribe", "success": True, "result": {
                "channel": "ticker", "snapshot": True, "symbol": symbols[0]}}),
            self._ticker("snapshot"),
        ]  # fmt: skip

    def tick(self) -> list[str]:
        self.ticks += 1
        beat = _json({"channel": "heartbeat"})
        return [beat, *(self.quote() for _ in range(self.burst if self.instrument else 0))]

    def quote(self) -> str:
        return self._ticker("update")

    def _ticker(self, kind: str) -> str:
        symbol, price, before = self._shown()
        change = None if price is None else price - before
        percent = 100 * change / before if change is not None and before else 0.0
        return _json({"channel": "ticker", "type": kind, "data": [{
            "symbol": symbol, "bid": price, "bid_qty": 1.5, "ask": price, "ask_qty": 0.25,
            "last": price, "volume": 2817.02, "vwap": price, "low": before, "high": price,
            "change": change and round(change, 8), "change_pct": round(percent, 2)}]})  # fmt: skip


class Coinbase(Exchange):
    """Exchange feed, ticker_batch: every five seconds; an error for what it does not know."""

    name = "coinbase"
    every = 5  # ticks

    def heard(self, text: str) -> list[str]:
        request = _request(text, "type", "subscribe")
        products = request.get("product_ids") or [""]
        self.instrument = self._find(str(products[0]))
        if self.instrument is None or "ticker_batch" not in request.get("channels", []):
            self.instrument = None
            return [_json({"type": "error", "message": "Failed to subscribe",
                           "reason": f"{products[0]} is not a valid product"})]
        return [
            _json({"type": "subscriptions", "channels": [
                {"name": "ticker_batch", "product_ids": products, "account_ids": None}]}),
            self.quote(),
        ]  # fmt: skip

    def tick(self) -> list[str] | None:
        self.ticks += 1
        if self.instrument is None:
            return None if self.ticks >= SUBSCRIBE_TICKS else []
        return [self.quote()] if self.ticks % self.every == 0 else []

    def quote(self) -> str:
        symbol, price, before = self._shown()
        last = None if price is None else str(price)
        return _json({
            "type": "ticker", "sequence": 37475248783, "product_id": symbol, "price": last,
            "open_24h": str(before), "volume_24h": "8110.39", "low_24h": str(before),
            "high_24h": last, "volume_30d": "205430.13", "best_bid": last,
            "best_bid_size": "0.000096", "best_ask": last, "best_ask_size": "0.0025",
            "side": "buy", "time": self._iso(), "trade_id": 370843401, "last_size": "0.0114",
        })  # fmt: skip


EXCHANGES: dict[str, type[Exchange]] = {
    one.name: one for one in (Binance, Kraken, Coinbase)
}


def _request(text: str, field: str, value: str) -> dict:
    """A client's request of that kind, else an empty one."""
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) and request.get(field) == value else {}


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))
