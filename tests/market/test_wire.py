"""The wire formats of all the providers, read as each one's own documentation says, against the one
simulated truth."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, parse
from host_tools.market.instruments import INSTRUMENTS, find
from host_tools.market.prices import Prices
from host_tools.market.providers import ALL, DATA_FAULTS, HOSTS, Provider, covering, make, routed
from host_tools.market.wire.exchanges import USDT
from host_tools.market.wire.symbols import FUNDS, KRAKEN_KEYS

OPEN = int(datetime(2026, 12, 1, 15, 0, tzinfo=UTC).timestamp())  # 10:00 in New York
DAY = 86_400
Shown = tuple[float, float, int]  # price, baseline, epoch seconds


class Stage:
    """All providers at a time that a test moves."""

    def __init__(self) -> None:
        self.epoch = OPEN
        self.clock = SimClock(OPEN, monotonic=lambda: float(self.epoch))
        self.prices = Prices()
        self.providers = make(self.prices, self.clock)
        self.handler = routed(self.providers)

    def ask(self, path: str, host: str = "x", agent: str = "test") -> Reply:
        raw = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n".encode()
        request = parse(bytearray(raw))
        assert request is not None and not isinstance(request, int)
        return self.handler(request)

    def body(self, provider: str, instrument: str, nth: int = -1) -> Any:
        """The parsed body of the provider's nth request, or its text."""
        reply = self.ask(ALL[provider].paths(instrument)[nth], ALL[provider].HOST)
        assert reply.status == 200, reply
        return reply.body.decode("gbk") if provider == "tencent" else json.loads(reply.body)

    def truth(self, instrument: str, ago: int = 0) -> Any:
        return self.prices.price_at(find(instrument), self.epoch - ago)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def iso(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp())


def zoned(instrument: str, text: str, form: str) -> int:
    local = datetime.strptime(text, form).replace(tzinfo=ZoneInfo(find(instrument).zone))
    return int(local.timestamp())


def number(text: str) -> float:
    return float(text.replace(",", ""))


def read_cnbc(stage: Stage, name: str) -> Shown:
    (quote,) = stage.body("cnbc", name)["FormattedQuoteResult"]["FormattedQuote"]
    assert quote["symbol"] == find(name).symbol and quote["code"] == 0
    return number(quote["last"]), number(quote["previous_day_closing"]), iso(quote["last_time"])


def read_cboe(stage: Stage, name: str) -> Shown:
    data = stage.body("cboe", name)["data"]
    assert data["symbol"] == "^SPX"
    at = zoned(name, data["last_trade_time"], "%Y-%m-%dT%H:%M:%S")
    return data["current_price"], data["prev_day_close"], at


def read_eastmoney(stage: Stage, name: str) -> Shown:
    answer = stage.body("eastmoney", name)
    data = answer["data"]
    assert answer["rc"] == 0 and set(data) == {"f43", "f57", "f58", "f59", "f60", "f86", "f170"}
    assert all(isinstance(data[key], int) for key in ("f43", "f59", "f60", "f86", "f170"))
    assert ALL["eastmoney"].SYMBOLS[name].endswith("." + data["f57"])
    return data["f43"] / 10 ** data["f59"], data["f60"] / 10 ** data["f59"], data["f86"]


def read_tencent(stage: Stage, name: str) -> Shown:
    symbol = ALL["tencent"].SYMBOLS[name]
    line = re.fullmatch(rf'v_{symbol}="([^"]*)";\n', stage.body("tencent", name))
    assert line
    fields = line[1].split("~")
    form = {"us": "%Y-%m-%d %H:%M:%S", "hk": "%Y/%m/%d %H:%M:%S", "sh": "%Y%m%d%H%M%S"}[symbol[:2]]
    assert not fields[1].isascii() and len(fields) > 40
    assert float(fields[31]) == pytest.approx(float(fields[3]) - float(fields[4]), abs=0.006)
    return float(fields[3]), float(fields[4]), zoned(name, fields[30], form)


def read_yahoo(stage: Stage, name: str) -> Shown:
    chart = stage.body("yahoo", name)["chart"]
    meta = chart["result"][0]["meta"]
    assert chart["error"] is None and meta["symbol"] == ALL["yahoo"].SYMBOLS[name]
    assert meta["chartPreviousClose"] == meta["previousClose"]
    return meta["regularMarketPrice"], meta["previousClose"], meta["regularMarketTime"]


def read_bitstamp(stage: Stage, name: str) -> Shown:
    ticker = stage.body("bitstamp", name)
    return float(ticker["last"]), float(ticker["open_24"]), int(ticker["timestamp"])


def read_coinbase(stage: Stage, name: str) -> Shown:
    stats, ticker = stage.body("coinbase", name, 0), stage.body("coinbase", name, 1)
    assert "open" not in ticker and "time" not in stats and stats["last"] == ticker["price"]
    return float(ticker["price"]), float(stats["open"]), iso(ticker["time"])


def read_kraken(stage: Stage, name: str) -> Shown:
    answer = stage.body("kraken", name)
    ((key, pair),) = answer["result"].items()
    assert answer["error"] == [] and key == KRAKEN_KEYS[ALL["kraken"].SYMBOLS[name]]
    return float(pair["c"][0]), float(pair["o"]), stage.epoch  # of the header


def read_binance(stage: Stage, name: str) -> Shown:
    ticker = stage.body("binance", name)
    assert ticker["symbol"] == ALL["binance"].SYMBOLS[name]
    price, opened = float(ticker["lastPrice"]) * USDT, float(ticker["openPrice"]) * USDT
    assert ticker["closeTime"] % 1000 == 0
    return price, opened, ticker["closeTime"] // 1000


def read_coingecko(stage: Stage, name: str) -> Shown:
    ((coin, found),) = stage.body("coingecko", name).items()
    assert coin == ALL["coingecko"].SYMBOLS[name]
    base = found["usd"] / (1 + found["usd_24h_change"] / 100)
    return found["usd"], base, found["last_updated_at"]


def read_relay(stage: Stage, name: str) -> Shown:
    found = stage.body("relay", name)
    assert found["symbol"] == name
    assert found["open"] is stage.truth(name).open_now
    return found["price"], found["previous_close"], found["time"]


READERS: dict[str, Callable[[Stage, str], Shown]] = {
    name.removeprefix("read_"): reader
    for name, reader in list(globals().items()) if name.startswith("read_")
}  # fmt: skip
PAIRS = [(provider, name) for provider in ALL for name in INSTRUMENTS if ALL[provider].covers(name)]
ROLLING_24H = ("bitstamp", "coinbase", "binance", "coingecko")


@pytest.mark.parametrize(("provider", "name"), PAIRS)
def test_every_provider_tells_the_same_truth(stage: Stage, provider: str, name: str) -> None:
    price, baseline, time_s = READERS[provider](stage, name)
    truth = stage.truth(name, 900 if provider == "cboe" else 0)
    wanted = truth.price - truth.change
    if provider in ROLLING_24H:
        wanted = stage.truth(name, DAY).price
    if provider == "cnbc":
        wanted = truth.previous_close

    assert price == pytest.approx(truth.price, rel=1e-6)
    assert baseline == pytest.approx(wanted, rel=1e-6)
    assert time_s == truth.time_epoch


def test_the_coverage_is_that_of_the_facts() -> None:
    counts = {name: len(kind.SYMBOLS) for name, kind in ALL.items()}

    assert counts == {"cnbc": 11, "cboe": 1, "eastmoney": 10, "tencent": 5, "yahoo": 16,
                      "bitstamp": 5, "coinbase": 5, "kraken": 5, "binance": 5, "coingecko": 5,
                      "relay": 16}  # fmt: skip
    assert covering("sp500") == ["cnbc", "cboe", "eastmoney", "tencent", "yahoo", "relay"]
    assert covering("nifty50") == ["cnbc", "yahoo", "relay"]
    for name, one in INSTRUMENTS.items():
        first = "cnbc" if one.kind == "index" else "bitstamp"
        assert ALL[first].SYMBOLS[name] == one.symbol


@pytest.mark.parametrize("name", FUNDS)
def test_a_fund_moves_as_its_index_15_minutes_late(stage: Stage, name: str) -> None:
    path = f"{ALL['cboe'].PATH}{FUNDS[name]}.json"
    data = json.loads(stage.ask(path, ALL["cboe"].HOST).body)["data"]
    truth = stage.truth(name, 900)
    wanted = truth.price / (truth.price - truth.change)

    assert data["symbol"] == FUNDS[name]
    assert data["current_price"] / data["prev_day_close"] == pytest.approx(wanted, rel=1e-6)


def test_a_host_has_its_own_paths_alone(stage: Stage) -> None:
    assert len(HOSTS) == len(ALL)
    for name, kind in ALL.items():
        (path, *_) = kind.paths(next(iter(kind.SYMBOLS)))
        assert stage.ask(path, f"{kind.HOST}:443").status == 200
        assert stage.ask(path, "127.0.0.1:8000").body == stage.ask(path, kind.HOST).body
        other = next(one for one in ALL.values() if one is not kind)
        assert stage.ask(path, other.HOST).body != stage.ask(path, kind.HOST).body, name
        assert urlsplit(f"http://{kind.HOST}{path}").path.startswith(kind.PATH.replace("^", "%5E"))


@pytest.mark.parametrize("provider", ALL)
@pytest.mark.parametrize("fault", DATA_FAULTS)
def test_every_provider_breaks_in_every_way(stage: Stage, provider: str, fault: str) -> None:
    name = next(iter(ALL[provider].SYMBOLS))
    path = ALL[provider].paths(name)[-1]
    right = stage.ask(path, ALL[provider].HOST)
    stage.providers[provider].fault = fault
    broken = stage.ask(path, ALL[provider].HOST)
    assert (broken == right) == (fault == "stale")
    stage.epoch += 3600
    later = stage.ask(path, ALL[provider].HOST)
    assert fault != "stale" or later == broken
    stage.providers[provider].fault = None
    assert stage.ask(path, ALL[provider].HOST) not in (right, broken, later)


UNKNOWN = [
    ("cnbc", "?symbols=.GONE", 200, b'"code":1'),
    ("cboe", "_spx.json", 403, b"<Error>"),
    ("cboe", "_DJX.json", 403, b"<Error>"),
    ("eastmoney", "?secid=100.GONE", 200, b'"data":null'),
    ("tencent", "usGONE", 200, b"none_match"),
    ("yahoo", "%5EGONE", 404, b'"result":null'),
    ("bitstamp", "gldusd/", 404, b'"reason"'),
    ("coinbase", "GLD-USD/ticker", 404, b'"message"'),
    ("kraken", "?pair=GLDUSD", 200, b"EQuery:Unknown asset pair"),
    ("binance", "?symbol=GLDUSDT", 400, b"-1121"),
    ("coingecko", "?ids=gold", 200, b"{}"),
    ("relay", "x", 404, b"not found"),
]


@pytest.mark.parametrize(("provider", "rest", "status", "words"), UNKNOWN)
def test_the_unknown_in_each_ones_way(
    stage: Stage, provider: str, rest: str, status: int, words: bytes
) -> None:
    reply = stage.ask(ALL[provider].PATH + rest, ALL[provider].HOST)

    assert reply.status == status and words in reply.body


def test_a_dropped_symbol_of_cboe_is_all_zeros_of_the_year_2000(stage: Stage) -> None:
    stage.providers["cboe"].fault = "zero"
    data = stage.body("cboe", "sp500")["data"]

    assert (data["current_price"], data["prev_day_close"], data["open"]) == (0, 0, 0)
    assert data["last_trade_time"] == "2000-01-01T00:00:00"


def test_coingecko_wants_to_know_who_asks(stage: Stage) -> None:
    path = ALL["coingecko"].paths("btc")[0]

    assert stage.ask(path, agent="").status == 403


def test_after_the_close_cnbc_alone_has_rolled_over(stage: Stage) -> None:
    stage.epoch += 12 * 3600
    truth = stage.truth("sp500")
    price, baseline, _ = read_cnbc(stage, "sp500")
    assert price == baseline == truth.price
    for provider in ("cboe", "eastmoney", "tencent", "yahoo", "relay"):
        shown = READERS[provider](stage, "sp500")
        assert shown[:2] == pytest.approx((truth.price, truth.price - truth.change)), provider
        assert shown[0] != shown[1]


def odd(stage: Stage, provider: str, *names: str) -> Any:
    stage.providers[provider].odd = frozenset(names)
    return stage.body(provider, "sp500")


def test_the_oddities(stage: Stage) -> None:
    quote = odd(stage, "cnbc", "object", "date_only")["FormattedQuoteResult"]["FormattedQuote"]
    assert isinstance(quote, dict) and quote["last_time"] == "2026-12-01"
    assert quote["last_timedate"] == "12/01/26 EST"
    assert odd(stage, "cboe", "null_percent")["data"]["price_change_percent"] is None
    (result,) = odd(stage, "yahoo", "no_previous_close", "null_bar")["chart"]["result"]
    assert "previousClose" not in result["meta"] and "chartPreviousClose" in result["meta"]
    assert result["indicators"]["quote"][0]["close"] == [None]
    assert sum(len(kind.ODDITIES) for kind in ALL.values()) == 5


def test_yahoos_previous_close_of_a_range_is_that_before_the_range(stage: Stage) -> None:
    answer = json.loads(stage.ask(ALL["yahoo"].PATH + "%5EGSPC?range=5d").body)
    (result,) = answer["chart"]["result"]

    assert result["meta"]["chartPreviousClose"] != result["meta"]["previousClose"]
    assert stage.ask(ALL["yahoo"].PATH + "%5EGSPC?range=9d").status == 404


def test_several_symbols_in_one_request(stage: Stage) -> None:
    lines = stage.ask("/q=usINX,usDJI,sh000001").body.decode("gbk").splitlines()
    assert [line.partition("=")[0] for line in lines] == ["v_usINX", "v_usDJI", "v_sh000001"]
    coins = json.loads(stage.ask("/api/v3/simple/price?ids=bitcoin,gold,solana").body)
    assert list(coins) == ["bitcoin", "solana"] and set(coins["bitcoin"]) == {"usd"}
    decimal = json.loads(stage.ask("/api/qt/stock/get?secid=100.SPX&fltt=2").body)["data"]
    assert decimal["f43"] == stage.truth("sp500").price


@pytest.mark.parametrize("provider", ALL)
def test_a_body_is_as_small_as_the_facts_say(stage: Stage, provider: str) -> None:
    kind: type[Provider] = ALL[provider]
    reply = stage.ask(kind.paths(next(iter(kind.SYMBOLS)))[-1], kind.HOST)
    limit = {"yahoo": 1300, "cnbc": 1300}.get(provider, 520)

    assert 60 < len(reply.body) <= limit
    assert stage.ask(kind.PATH, kind.HOST).status < 500
