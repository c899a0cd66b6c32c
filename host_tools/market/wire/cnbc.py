"""CNBC's quote service: a list of quotes, every number a formatted text, for all the indexes."""

from host_tools.market.http1 import Reply, Request
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import Provider, as_json, local


class Cnbc(Provider):
    """restQuote. Odd: 'object' gives a single quote without its list, 'date_only' no time of day.

    When a session is over, the previous close is that session's own already; the change is not.
    """

    NAME = "cnbc"
    HOST = "quote.cnbc.com"
    PATH = "/quote-html-webservice/restQuote/symbolType/symbol"
    SYMBOLS = symbols.CNBC
    ODDITIES = ("object", "date_only")
    FIELDS = {
        "price": ("last",),
        "baseline": ("previous_day_closing",),
        "time": ("last_time",),
        "echo": ("symbol",),
    }  # fmt: skip

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (
            f"{cls.PATH}?symbols={cls.SYMBOLS[instrument]}&requestMethod=itv&noform=1&partnerId=2"
            "&fund=1&exthrs=0&output=json&events=0",
        )

    def _reply(self, request: Request) -> Reply:
        if request.path != self.PATH:
            return as_json({"error": "not found"}, 404)
        asked = [symbol for symbol in request.query.get("symbols", "").split("|") if symbol]
        quotes = [self._formatted(symbol) for symbol in asked]
        alone = len(quotes) == 1 and "object" in self.odd
        return as_json({"FormattedQuoteResult": {"FormattedQuote": quotes[0] if alone else quotes}})

    def _formatted(self, symbol: str) -> dict[str, str | float | None]:
        instrument = self._find(symbol)
        if instrument is None:
            return {"symbol": symbol, "code": 1}
        quote = self._quote(instrument)
        base = quote.price - quote.change
        move = 100 * quote.change / base if base else 0.0
        at = local(instrument, quote.time_epoch)
        time, words = f"{at:%Y-%m-%dT%H:%M:%S}.000{at:%z}", f"{at:%I:%M %p %Z}".lstrip("0")
        if "date_only" in self.odd:
            time, words = f"{at:%Y-%m-%d}", f"{at:%m/%d/%y %Z}"
        return {
            "symbol": instrument.symbol,
            "symbolType": "symbol",
            "code": 0,
            "name": instrument.title,
            "last": self._last(f"{quote.price:,.2f}"),
            "last_time": time,
            "last_timedate": words,
            "changetype": "UP" if quote.change > 0 else "DOWN" if quote.change else "UNCH",
            "type": "INDEX",
            "open": f"{quote.open:,.2f}",
            "high": f"{quote.high:,.2f}",
            "low": f"{quote.low:,.2f}",
            "change": f"{quote.change:+,.2f}" if quote.change else "UNCH",
            "change_pct": f"{move:+,.2f}%" if quote.change else "UNCH",
            "currencyCode": instrument.currency,
            "previous_day_closing": f"{quote.previous_close:,.2f}",
            "realTime": "true",
            "curmktstatus": "REG_MKT" if quote.open_now else "POST_MKT",
            "timeZone": f"{at:%Z}",
        }
