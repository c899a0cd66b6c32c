"""CoinGecko, which gathers from the exchanges, and the maker's own relay."""

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.prices import Quote
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import DAY, Provider, as_json, before

DIGITS = 8  # of a number in JSON


class CoinGecko(Provider):
    """Numbers under the coin's own id, the move of 24 hours in percent for a baseline. Without a
    User-Agent it is 403; a coin that it does not know is left out."""

    NAME = "coingecko"
    HOST = "api.coingecko.com"
    PATH = "/api/v3/simple/price"
    SYMBOLS = symbols.COINGECKO
    FIELDS = {"price": ("usd",), "baseline": ("usd_24h_change",), "time": ("last_updated_at",),
              "echo": ()}  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (
            f"{cls.PATH}?ids={cls.SYMBOLS[instrument]}&vs_currencies=usd"
            "&include_24hr_change=true&include_last_updated_at=true",
        )

    def _reply(self, request: Request) -> Reply:
        if not request.headers.get("user-agent"):
            return as_json({"error": "a User-Agent that describes the client is required"}, 403)
        if request.path != self.PATH:
            return as_json({"error": "Incorrect path."}, 404)
        found = {}
        for coin in request.query.get("ids", "").split(","):
            instrument = self._find(coin)
            if instrument is not None:
                found[coin] = self._coin(instrument, request.query)
        return as_json(found)

    def _coin(self, instrument: Instrument, query: dict[str, str]) -> dict[str, object]:
        quote, yesterday = self._quote(instrument), self._quote(instrument, ago=DAY).price
        coin: dict[str, object] = {"usd": self._last(quote.price)}
        if query.get("include_24hr_change") == "true":
            move = 100 * (quote.price / yesterday - 1) if yesterday else 0.0
            coin["usd_24h_change"] = round(move, DIGITS)
        if query.get("include_last_updated_at") == "true":
            coin["last_updated_at"] = quote.time_epoch
        return coin


class Relay(Provider):
    """The maker's own: a static file for each instrument, written anew every minute.

    /quotes/sp500.json: {"symbol": "sp500", "price": 7764.64, "previous_close": 7719.34,
    "time": 1796137200, "open": true}: numbers, seconds since 1970; open: is it in session.
    """

    NAME = "relay"
    HOST = "quotes.seesaw.example"
    PATH = "/quotes/"
    SYMBOLS = {name: name for name in INSTRUMENTS}
    FIELDS = {"price": ("price",), "baseline": ("previous_close",), "time": ("time",),
              "echo": ("symbol",)}  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (f"{cls.PATH}{cls.SYMBOLS[instrument]}.json",)

    def _reply(self, request: Request) -> Reply:
        name = request.path.removeprefix(self.PATH)
        instrument = self._find(name.removesuffix(".json"))
        if instrument is None or not name.endswith(".json"):
            return as_json({"error": "not found"}, 404)
        try:
            return as_json(self._entry(instrument, self._quote(instrument)))
        except ValueError:  # a replay, before the first recorded day of this one
            return as_json({"error": "not found"}, 404)

    def _entry(self, instrument: Instrument, quote: Quote) -> dict[str, object]:
        return {
            "symbol": self._symbol(instrument),
            "price": self._last(quote.price),
            "previous_close": before(quote),
            "time": quote.time_epoch,
            "open": quote.open_now,
        }
