"""The exchanges of cryptocurrencies, as each documents its public market data."""

from datetime import UTC, datetime

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import Instrument
from host_tools.market.prices import Quote
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import DAY, Provider, as_json, as_text

USDT = 0.9985  # dollars: why Binance's prices lie a little higher
LOT = "0.01000000"


class Exchange(Provider):
    """A provider of pairs."""

    def _day(self, instrument: Instrument) -> tuple[Quote, float]:
        """The quote, and the price of 24 hours ago."""
        return self._quote(instrument), self._quote(instrument, ago=DAY).price


class Bitstamp(Exchange):
    """The ticker of one pair: a flat object of texts, with the open of the UTC day and the price
    of 24 hours ago."""

    NAME = "bitstamp"
    HOST = "www.bitstamp.net"
    PATH = "/api/v2/ticker/"
    SYMBOLS = symbols.BITSTAMP
    FIELDS = {"price": ("last",), "baseline": ("open_24",), "time": ("timestamp",),
              "echo": ("pair",)}  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (f"{cls.PATH}{cls.SYMBOLS[instrument]}/",)

    def _reply(self, request: Request) -> Reply:
        instrument = self._find(request.path.removeprefix(self.PATH).removesuffix("/"))
        if instrument is None:
            return as_json({"status": "error", "reason": "Invalid currency pair."}, 404)
        return as_json(self._ticker(instrument))

    def _ticker(self, instrument: Instrument) -> dict[str, object]:
        quote, yesterday = self._day(instrument)
        percent = 100 * (quote.price / yesterday - 1) if yesterday else 0.0
        tick = 10**-instrument.decimals if quote.price else 0.0
        return {
            "timestamp": str(quote.time_epoch),
            "open": as_text(instrument, quote.previous_close),  # of the UTC day
            "high": as_text(instrument, max(quote.high, quote.previous_close)),
            "low": as_text(instrument, min(quote.low, quote.previous_close)),
            "last": self._last(as_text(instrument, quote.price)),
            "volume": "0.00000000",
            "vwap": as_text(instrument, quote.price),
            "bid": as_text(instrument, quote.price - tick),
            "ask": as_text(instrument, quote.price + tick),
            "side": "0",
            "open_24": as_text(instrument, yesterday),
            "percent_change_24": f"{percent:.2f}",
            "market_type": "SPOT",
        }


class Coinbase(Exchange):
    """Two requests: `/ticker` has price and time and no baseline, `/stats` the open of 24 hours
    ago and no time."""

    NAME = "coinbase"
    HOST = "api.exchange.coinbase.com"
    PATH = "/products/"
    SYMBOLS = symbols.COINBASE
    FIELDS = {"price": ("price", "last"), "baseline": ("open",), "time": ("time",), "echo": ()}

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        product = cls.PATH + cls.SYMBOLS[instrument]
        return (f"{product}/stats", f"{product}/ticker")

    def _reply(self, request: Request) -> Reply:
        product, _, what = request.path.removeprefix(self.PATH).partition("/")
        instrument = self._find(product)
        if instrument is None or what not in ("ticker", "stats"):
            return as_json({"message": "NotFound"}, 404)
        return as_json(self._ticker(instrument) if what == "ticker" else self._stats(instrument))

    def _ticker(self, instrument: Instrument) -> dict[str, object]:
        quote = self._quote(instrument)
        at = datetime.fromtimestamp(quote.time_epoch, UTC)
        price = as_text(instrument, quote.price)
        return {
            "ask": price, "bid": price, "volume": "0.00000000", "trade_id": quote.time_epoch,
            "price": self._last(price), "size": LOT, "time": f"{at:%Y-%m-%dT%H:%M:%S}.000000Z",
        }  # fmt: skip

    def _stats(self, instrument: Instrument) -> dict[str, object]:
        quote, yesterday = self._day(instrument)
        return {
            "open": as_text(instrument, yesterday),
            "high": as_text(instrument, max(quote.high, yesterday)),
            "low": as_text(instrument, min(quote.low, yesterday)),
            "last": self._last(as_text(instrument, quote.price)),
            "volume": "0.00000000", "volume_30day": "0.00000000",
        }  # fmt: skip


class Kraken(Exchange):
    """The pair comes back under another name, the price inside a list, and no time at all: the
    header Date has it. What it does not know is 200 with words in `error`."""

    NAME = "kraken"
    HOST = "api.kraken.com"
    PATH = "/0/public/Ticker"
    SYMBOLS = symbols.KRAKEN
    FIELDS = {"price": ("c",), "baseline": ("o",), "time": (), "echo": ()}

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (f"{cls.PATH}?pair={cls.SYMBOLS[instrument]}",)

    def _reply(self, request: Request) -> Reply:
        instrument = self._find(request.query.get("pair", ""))
        if request.path != self.PATH or instrument is None:
            return as_json({"error": ["EQuery:Unknown asset pair"]})
        key = symbols.KRAKEN_KEYS[self._symbol(instrument)]
        return as_json({"error": [], "result": {key: self._pair(instrument)}})

    def _pair(self, instrument: Instrument) -> dict[str, object]:
        quote = self._quote(instrument)
        price = as_text(instrument, quote.price)
        return {
            "a": [price, "1", "1.000"], "b": [price, "1", "1.000"],
            "c": [self._last(price), LOT],
            "v": [LOT, LOT], "p": [price, price], "t": [1, 1],
            "l": [as_text(instrument, quote.low)] * 2,
            "h": [as_text(instrument, quote.high)] * 2,
            "o": as_text(instrument, quote.previous_close),  # today's open, UTC
        }  # fmt: skip


class Binance(Exchange):
    """The mini ticker of 24 hours: texts, times in milliseconds, and prices in USDT."""

    NAME = "binance"
    HOST = "data-api.binance.vision"
    PATH = "/api/v3/ticker/24hr"
    SYMBOLS = symbols.BINANCE
    FIELDS = {"price": ("lastPrice",), "baseline": ("openPrice",), "time": ("closeTime",),
              "echo": ("symbol",)}  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (f"{cls.PATH}?symbol={cls.SYMBOLS[instrument]}&type=MINI",)

    def _reply(self, request: Request) -> Reply:
        instrument = self._find(request.query.get("symbol", ""))
        if request.path != self.PATH or instrument is None:
            return as_json({"code": -1121, "msg": "Invalid symbol."}, 400)
        quote, yesterday = self._day(instrument)

        def tether(price: float) -> str:
            return f"{price / USDT:.8f}"

        return as_json({
            "symbol": self._symbol(instrument),
            "openPrice": tether(yesterday),
            "highPrice": tether(max(quote.high, yesterday)),
            "lowPrice": tether(min(quote.low, yesterday)),
            "lastPrice": self._last(tether(quote.price)),
            "volume": LOT, "quoteVolume": LOT,
            "openTime": (quote.time_epoch - DAY) * 1000,
            "closeTime": quote.time_epoch * 1000,
            "firstId": 1, "lastId": 2, "count": 2,
        })  # fmt: skip
