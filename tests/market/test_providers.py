"""The wire shapes of the simulated providers, read through a real socket as a client would."""

import argparse
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from host_tools.market.clock import SimClock
from host_tools.market.instruments import INSTRUMENTS, find
from host_tools.market.prices import Prices, Quote
from host_tools.market.providers import Cnbc
from host_tools.market.server import Market, main
from host_tools.market.site import FAULTS, Request, Server, serve

CNBC = "/quote-html-webservice/restQuote/symbolType/symbol"
OPEN = int(datetime(2026, 12, 1, 15, 0, tzinfo=UTC).timestamp())  # 10:00 in New York
CLOSED = OPEN + 12 * 3600


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.epoch = OPEN
        self.clock = SimClock(OPEN, monotonic=lambda: float(self.epoch))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def market(time: Time) -> Market:
    market = Market("sp500", clock=time.clock)
    market.site.slow_wait = 0.0
    return market


@pytest.fixture
def server(market: Market) -> Iterator[Server]:
    with serve(market.site) as server:
        yield server


def fetch(server: Server, path: str, limit: int = 1 << 16) -> tuple[str, bytes]:
    """The head and up to `limit` bytes of the body."""
    data = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while len(data) < limit and (more := client.recv(4096)):
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    return head.decode(), body


def cnbc(server: Server, symbols: str) -> list[dict[str, str]]:
    head, body = fetch(server, f"{CNBC}?symbols={symbols}&requestMethod=itv&noform=1&output=json")
    assert head.startswith("HTTP/1.1 200 ")
    assert "application/json" in head
    return json.loads(body)["FormattedQuoteResult"]["FormattedQuote"]


def number(text: str) -> float:
    """A formatted number; its form is checked as well."""
    assert re.fullmatch(r"[+-]?\d{1,3}(,\d{3})*\.\d\d%?", text), text
    return float(text.replace(",", "").rstrip("%"))


def test_cnbc_in_session(server: Server, market: Market) -> None:
    truth = market.quote()
    quotes = cnbc(server, ".SPX")
    assert isinstance(quotes, list)
    (quote,) = quotes
    assert (quote["symbol"], quote["code"]) == (".SPX", 0)
    assert number(quote["last"]) == truth.price
    assert "," in quote["last"]
    assert number(quote["previous_day_closing"]) == truth.previous_close
    assert quote["change"][0] in "+-"
    assert number(quote["change"]) == truth.change
    percent = 100 * (truth.price / truth.previous_close - 1)
    assert number(quote["change_pct"]) == pytest.approx(percent, abs=0.006)
    assert quote["last_time"] == "2026-12-01T10:00:00.000-0500"
    assert quote["curmktstatus"] == "REG_MKT"
    assert (quote["realTime"], quote["currencyCode"]) == ("true", "USD")


def test_cnbc_after_hours_rolls_the_previous_close(server: Server, time: Time) -> None:
    time.epoch = CLOSED
    (quote,) = cnbc(server, ".SPX")
    assert quote["previous_day_closing"] == quote["last"]
    assert number(quote["change"]) != 0
    assert quote["curmktstatus"] == "POST_MKT"
    assert quote["last_time"] == "2026-12-01T16:00:00.000-0500"


def test_cnbc_serves_every_index_in_one_answer(server: Server, market: Market) -> None:
    listed = [one for one in INSTRUMENTS.values() if one.kind == "index"]
    quotes = cnbc(server, "%7C".join([*(one.symbol for one in listed), "BTC", "btcusd"]))
    assert [quote["symbol"] for quote in quotes[:11]] == [one.symbol for one in listed]
    for one, quote in zip(listed, quotes, strict=False):
        truth = market.quote(one.name)
        assert number(quote["last"]) == truth.price
        shown = datetime.strptime(quote["last_time"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert shown.timestamp() == truth.time_epoch
    assert quotes[11:] == [{"symbol": "BTC", "code": 1}, {"symbol": "btcusd", "code": 1}]
    assert quotes[10]["last_time"].endswith("+0530")


def test_cnbc_says_unchanged_in_a_word(time: Time) -> None:
    class Flat(Prices):
        def price_at(self, instrument: object, epoch: float) -> Quote:
            return Quote(1234.5, 1234.5, OPEN, True, 0.0, 1234.5, 1234.5, 1234.5)

    reply = Cnbc(Flat(), time.clock)(Request("GET", CNBC, {"symbols": ".DJI"}, {}, b""))
    (quote,) = json.loads(reply.body)["FormattedQuoteResult"]["FormattedQuote"]
    assert (quote["change"], quote["change_pct"], quote["last"]) == ("UNCH", "UNCH", "1,234.50")


@pytest.mark.parametrize("name", ["btc", "eth", "sol", "xrp", "ltc"])
def test_bitstamp(server: Server, market: Market, name: str) -> None:
    truth = market.quote(name)
    head, body = fetch(server, f"/api/v2/ticker/{name}usd/")
    ticker = json.loads(body)
    assert head.startswith("HTTP/1.1 200 ")
    assert all(isinstance(value, str) for value in ticker.values())
    assert float(ticker["last"]) == truth.price
    assert float(ticker["open"]) == truth.previous_close
    assert int(ticker["timestamp"]) == truth.time_epoch == OPEN
    yesterday = market.prices.price_at(find(name), OPEN - 86_400).price
    assert float(ticker["open_24"]) == yesterday
    percent = 100 * (truth.price / yesterday - 1)
    assert float(ticker["percent_change_24"]) == pytest.approx(percent, abs=0.006)
    assert float(ticker["bid"]) < truth.price < float(ticker["ask"])
    assert float(ticker["low"]) <= truth.price <= float(ticker["high"])


@pytest.mark.parametrize("path", ["/api/v2/ticker/gldusd/", "/api/v2/ticker/", CNBC + "s"])
def test_the_unknown_is_404_in_json(server: Server, path: str) -> None:
    head, body = fetch(server, path)
    assert head.startswith("HTTP/1.1 404 ")
    assert json.loads(body)


def test_null_zero_and_wrong_symbol(server: Server, market: Market) -> None:
    market.break_provider("null")
    (quote,) = cnbc(server, ".SPX")
    assert (quote["last"], quote["symbol"]) == (None, ".SPX")
    assert json.loads(fetch(server, "/api/v2/ticker/btcusd/")[1])["last"] is None
    market.break_provider("zero")
    (quote,) = cnbc(server, ".SPX")
    assert (quote["last"], quote["previous_day_closing"]) == ("0.00", "0.00")
    ticker = json.loads(fetch(server, "/api/v2/ticker/btcusd/")[1])
    assert {float(ticker[key]) for key in ("last", "open", "open_24", "bid", "ask")} == {0.0}
    market.break_provider("wrong_symbol")
    (quote,) = cnbc(server, ".SPX")
    assert quote["symbol"] != ".SPX"
    ticker = json.loads(fetch(server, "/api/v2/ticker/btcusd/")[1])
    assert float(ticker["last"]) < market.quote("btc").price / 4


def test_stale_stays_and_mending_catches_up(server: Server, market: Market, time: Time) -> None:
    market.break_provider("stale", "cnbc")
    frozen = cnbc(server, ".SPX")
    time.epoch += 3600
    assert cnbc(server, ".SPX") == frozen
    assert json.loads(fetch(server, "/api/v2/ticker/btcusd/")[1])["timestamp"] == str(OPEN + 3600)
    market.mend()
    (quote,) = cnbc(server, ".SPX")
    assert number(quote["last"]) == market.quote().price != number(frozen[0]["last"])


@pytest.mark.parametrize("fault", FAULTS)
def test_transport_faults_and_mending(server: Server, market: Market, fault: str) -> None:
    path = market.path()
    whole = fetch(server, path)
    market.break_provider(fault)
    if fault == "hang":
        with socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
            with pytest.raises(TimeoutError):
                client.recv(1)
    elif fault == "reset":
        with pytest.raises(ConnectionResetError):
            fetch(server, path)
    elif fault == "slow":
        assert fetch(server, path) == whole
    else:
        broken = fetch(server, path)
        assert broken[0].startswith("HTTP/1.1 200 ")
        with pytest.raises(ValueError):
            json.loads(broken[1])
    market.mend()
    assert fetch(server, path) == whole


def test_unknown_names_are_refused(market: Market) -> None:
    with pytest.raises(ValueError, match="'gold'.*sp500"):
        Market("gold")
    with pytest.raises(ValueError, match="'gold'.*sp500"):
        market.quote("gold")
    with pytest.raises(ValueError, match="'melted'.*hang.*stale"):
        market.break_provider("melted")
    with pytest.raises(ValueError, match="'reuters'.*cnbc"):
        market.mend("reuters")


@pytest.mark.parametrize(("name", "clock"), [("sol", "sim"), ("dax", "real")])
def test_the_command_serves_until_stopped(capsys: pytest.CaptureFixture[str], name: str,
                                          clock: str) -> None:
    stop = threading.Event()
    stop.set()
    args = argparse.Namespace(port=0, instrument=name, clock=clock)
    assert main(args, stop) == 0
    assert re.search(r"http://127\.0\.0\.1:\d+/", capsys.readouterr().out)
