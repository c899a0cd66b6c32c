"""Cboe's delayed quotes: the S&P 500 alone, 15 minutes late."""

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import Instrument
from host_tools.market.prices import Quote
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import Provider, as_json, before, local, percent

DELAY_S = 15 * 60
DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)


class Cboe(Provider):
    """Numbers are numbers; the time is New York's, without a zone. What it does not know, in lower
    case for instance, is 403 in XML. Odd: 'null_percent'.

    A symbol that was dropped is all zeros of the year 2000: the fault 'zero'.
    """

    NAME = "cboe"
    HOST = "cdn.cboe.com"
    PATH = "/api/global/delayed_quotes/quotes/"
    SYMBOLS = symbols.CBOE
    ODDITIES = ("null_percent",)
    FIELDS = {
        "price": ("current_price",),
        "baseline": ("prev_day_close",),
        "time": ("last_trade_time",),
        "echo": ("symbol",),
    }  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (f"{cls.PATH}{cls.SYMBOLS[instrument]}.json",)

    def _reply(self, request: Request) -> Reply:
        name = request.path.removeprefix(self.PATH)
        instrument = self._find(name.removesuffix(".json"))
        if instrument is None or not name.endswith(".json"):
            return Reply(403, {"Content-Type": "application/xml"}, DENIED)
        return as_json({"timestamp": "", "symbol": name[:-5], "data": self._data(instrument)})

    def _data(self, instrument: Instrument) -> dict[str, object]:
        quote = self._delayed(instrument)
        at = local(instrument, quote.time_epoch)
        if not quote.price:  # a dropped symbol has the year 2000 to the second
            at = at.replace(year=2000, month=1, day=1, hour=0, minute=0, second=0)
        move = None if "null_percent" in self.odd else round(percent(quote), 4)
        return {
            "symbol": "^" + self._symbol(instrument).strip("._"),
            "security_type": "index",
            "current_price": self._last(quote.price),
            "price_change": quote.change,
            "price_change_percent": move,
            "bid": 0.0, "ask": 0.0, "volume": 0,
            "open": quote.open, "high": quote.high, "low": quote.low, "close": quote.price,
            "prev_day_close": before(quote),
            "last_trade_time": f"{at:%Y-%m-%dT%H:%M:%S}",
        }  # fmt: skip

    def _delayed(self, instrument: Instrument) -> Quote:
        """As it was 15 minutes ago; before it has anything of today, yesterday's."""
        return self._quote(instrument, DELAY_S)
