"""Eastmoney and Tencent: indexes of Asia and the world from two Chinese services."""

from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import Instrument
from host_tools.market.wire import symbols
from host_tools.market.wire.provider import Provider, as_json, before, local, percent

EASTMONEY_FIELDS = ("f43", "f57", "f58", "f59", "f60", "f86", "f170")
TENCENT_FIELDS = 60  # of a line


class Eastmoney(Provider):
    """Integers that `f59` scales, as text of no point at all: 6502094 with 2 is 65020.94. With
    `fltt=2` they come with their point. What it does not know is `data: null`."""

    NAME = "eastmoney"
    HOST = "push2.eastmoney.com"
    PATH = "/api/qt/stock/get"
    SYMBOLS = symbols.EASTMONEY
    FIELDS = {"price": ("f43",), "baseline": ("f60",), "time": ("f86",), "echo": ("f57",)}

    @classmethod
    def paths(cls, instrument: str) -> tuple[str, ...]:
        return (
            f"{cls.PATH}?secid={cls.SYMBOLS[instrument]}&fields=f43,f57,f58,f59,f60,f86,f170",
        )

    def _reply(self, request: Request) -> Reply:
        if request.path != self.PATH:
            return as_json({"rc": 102, "data": None}, 404)
        instrument = self._find(request.query.get("secid", ""))
        if instrument is None or self.fault == "null":
            return as_json({"rc": 0 if instrument else 100, "rt": 4, "data": None})
        found = self._all(instrument, decimal=request.query.get("fltt") == "2")
        asked = request.query.get("fields", ",".join(found)).split(",")
        data = {name: found[name] for name in asked if name in found}
        return as_json({"rc": 0, "rt": 4, "svr": 177617, "lt": 1, "full": 1, "data": data})

    def _all(self, instrument: Instrument, decimal: bool) -> dict[str, object]:
        quote, places = self._quote(instrument), instrument.decimals

        def number(value: float, digits: int) -> float | int:
            return round(value, digits) if decimal else round(value * 10**digits)

        return {
            "f43": number(quote.price, places),
            "f57": self._symbol(instrument).partition(".")[2],
            "f58": instrument.title,
            "f59": places,
            "f60": number(before(quote), places),
            "f86": quote.time_epoch,
            "f170": number(percent(quote), 2),
        }


class Tencent(Provider):
    """A line of text a symbol, `v_usINX="200~...~7764.64~...";`, in GBK, fields parted by `~`.

    Field 3 is the price, 4 the close before, 30 the exchange's own time in a form of its own for
    each market, 31 the change and 32 the percentage.
    """

    NAME = "tencent"
    HOST = "qt.gtimg.cn"
    PATH = "/q="
    SYMBOLS = symbols.TENCENT
    FIELDS = {"price": (3,), "baseline": (4,), "time": (30,), "echo": (2,)}
    # market of the symbol -> (first field, form of the time)
    MARKETS = {
        "us": ("200", "%Y-%m-%d %H:%M:%S"),
        "hk": ("100", "%Y/%m/%d %H:%M:%S"),
        "sh": ("1", "%Y%m%d%H%M%S"),
    }
    CHINESE = {
        "sp500": "标普500", "dow": "道琼斯", "nasdaq": "纳斯达克", "hangseng": "恒生指数",
        "shanghai": "上证指数",
    }  # fmt: skip

    def _reply(self, request: Request) -> Reply:
        asked = request.path.removeprefix(self.PATH).split(",")
        text = "".join(self._line(symbol) for symbol in asked)
        return Reply(200, {"Content-Type": "text/html; charset=GBK"}, text.encode("gbk"))

    def _line(self, symbol: str) -> str:
        instrument = self._find(symbol)
        if instrument is None:
            return 'v_pv_none_match="1";\n'
        quote, shown = self._quote(instrument), self._symbol(instrument)
        first, form = self.MARKETS[shown[:2]]
        fields = ["0"] * TENCENT_FIELDS
        fields[:6] = [first, self.CHINESE[instrument.name], self._code(shown),
                      str(self._last(f"{quote.price:.2f}") or ""), f"{before(quote):.2f}",
                      f"{quote.open:.2f}"]  # fmt: skip
        fields[30:35] = [local(instrument, quote.time_epoch).strftime(form),
                         f"{quote.change:.2f}", f"{percent(quote):.2f}",
                         f"{quote.high:.2f}", f"{quote.low:.2f}"]  # fmt: skip
        return f'v_{symbol}="{"~".join(fields)}";\n'

    @staticmethod
    def _code(symbol: str) -> str:
        return f".{symbol[2:]}" if symbol.startswith("us") else symbol[2:]
