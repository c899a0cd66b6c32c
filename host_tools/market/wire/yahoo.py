"""Yahoo's chart v8: all sixteen, for clients whose fingerprint it likes."""

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import Instrument
from host_tools.market.prices import Quote
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import DAY, Provider, as_json, before, local

RANGES = {"1d": 1, "5d": 5, "1mo": 30}  # days; another is an error
NO_DATA = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


class Yahoo(Provider):
    """Numbers are numbers, times whole seconds. `chartPreviousClose` is the close before the
    range: with `range=1d` alone it is yesterday's.

    Odd: 'no_previous_close' leaves `previousClose` out, 'null_bar' has no close in the newest bar.
    """

    NAME = "yahoo"
    HOST = "query1.finance.yahoo.com"
    PATH = "/v8/finance/chart/"
    SYMBOLS = symbols.YAHOO
    ODDITIES = ("no_previous_close", "null_bar")
    FIELDS = {
        "price": ("regularMarketPrice",),
        "baseline": ("previousClose", "chartPreviousClose"),
        "time": ("regularMarketTime",),
        "echo": ("symbol",),
    }  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        symbol = cls.SYMBOLS[instrument].replace("^", "%5E")
        return (f"{cls.PATH}{symbol}?interval=1d&range=1d",)

    def _reply(self, request: Request) -> Reply:
        instrument = self._find(request.path.removeprefix(self.PATH))
        days = RANGES.get(request.query.get("range", "1d"))
        if instrument is None or days is None:
            return as_json({"chart": {"result": None, "error": NO_DATA}}, 404)
        return as_json({"chart": {"result": [self._result(instrument, days)], "error": None}})

    def _result(self, instrument: Instrument, days: int) -> dict[str, object]:
        quote = self._quote(instrument)
        shown = None if "null_bar" in self.odd else quote.price
        bars = {"open": [quote.open], "high": [quote.high], "low": [quote.low], "close": [shown],
                "volume": [0]}  # fmt: skip
        return {
            "meta": self._meta(instrument, quote, days),
            "timestamp": [quote.time_epoch],
            "indicators": {"quote": [bars], "adjclose": [{"adjclose": [shown]}]},
        }

    def _meta(self, instrument: Instrument, quote: Quote, days: int) -> dict[str, object]:
        range_base = before(quote if days == 1 else self._quote(instrument, (days - 1) * DAY))
        meta: dict[str, object] = {
            "currency": instrument.currency,
            "symbol": self._symbol(instrument),
            "exchangeName": "SNP" if instrument.kind == "index" else "CCC",
            "instrumentType": "INDEX" if instrument.kind == "index" else "CRYPTOCURRENCY",
            "regularMarketTime": quote.time_epoch,
            "exchangeTimezoneName": instrument.zone,
            "regularMarketPrice": self._last(quote.price),
            "chartPreviousClose": range_base,
            "previousClose": before(quote),
            "priceHint": 2,
            "currentTradingPeriod": {"regular": self._period(instrument)},
            "dataGranularity": "1d",
            "range": "1d" if days == 1 else f"{days}d",
        }
        if "no_previous_close" in self.odd:
            del meta["previousClose"]
        return meta

    def _period(self, instrument: Instrument) -> dict[str, object]:
        """The session of today, or the next one; a lunch break does not show."""
        now = self._clock.epoch()
        day = instrument.first_trading_day(local(instrument, now).date())
        sessions = instrument.sessions(day)
        at = local(instrument, sessions[0][0])
        offset = at.utcoffset()
        return {
            "timezone": f"{at:%Z}",
            "start": sessions[0][0],
            "end": sessions[-1][1],
            "gmtoffset": int(offset.total_seconds()) if offset else 0,
        }
