"""Cboe's delayed quotes, 15 minutes late: of the indexes the S&P 500 alone, and American funds."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.prices import Quote
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import Provider, as_json, before, percent

DELAY_S = 15 * 60
NEW_YORK = ZoneInfo("America/New_York")
SHARE = 10  # a fund's price is that part of its index, so it has the same move
BY_FUND = {fund: INSTRUMENTS[name] for name, fund in symbols.FUNDS.items()}
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
        symbol = name.removesuffix(".json")
        fund = BY_FUND.get(symbol)
        instrument = fund or self._find(symbol)
        if instrument is None or not name.endswith(".json"):
            return Reply(403, {"Content-Type": "application/xml"}, DENIED)
        if fund:
            shown, quote = symbol, _part_of(self._delayed(fund))
        else:
            shown = "^" + self._symbol(instrument).strip("._")
            quote = self._delayed(instrument)
        return as_json({"timestamp": "", "symbol": symbol, "data": self._data(shown, quote)})

    def _data(self, symbol: str, quote: Quote) -> dict[str, object]:
        at = datetime.fromtimestamp(quote.time_epoch, NEW_YORK)
        if not quote.price:  # a dropped symbol has the year 2000 to the second
            at = at.replace(year=2000, month=1, day=1, hour=0, minute=0, second=0)
        move = None if "null_percent" in self.odd else round(percent(quote), 4)
        return {
            "symbol": symbol,
            "security_type": "index" if symbol.startswith("^") else "etf",
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


def _part_of(quote: Quote) -> Quote:
    """A fund's quote, of its index's. It trades when its index does, which is not so in the field.
    """
    names = ("price", "previous_close", "change", "open", "high", "low")
    parts: dict[str, Any] = {name: getattr(quote, name) / SHARE for name in names}
    return replace(quote, **parts)
