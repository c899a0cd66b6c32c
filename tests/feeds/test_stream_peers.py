"""Streams of simulated exchanges on real sockets, on both engines, healthy and in every fault."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import pytest
from stream_rig import ENGINES, EXCHANGES, PRICES, clock, on_the_vm, order, served
from websockets.asyncio.server import ServerConnection, serve

from host_tools.market.instruments import find
from host_tools.market.stream_peer import FAULTS, GOOD_FAULTS
from host_tools.market.streams import CRYPTO
from host_tools.market.streams import EXCHANGES as TALKERS

SHORT = {"silence_s": 0.8}
QUIET = {"rate": 40}  # 60 s without a quote pass in 1.5 s
SOON = {"deadline_s": 0.3}
GOOD, AGAIN, POLLS = "fresh", "shaky", "polling"
# fault -> (why: its beginning, the state after it, what the script is told besides)
ROWS: dict[str, tuple[str, str, dict]] = {
    "no_answer": ("timeout", AGAIN, SOON),
    "slow_handshake": ("timeout", AGAIN, SOON),
    "wrong_accept": ("handshake: another key's answer", AGAIN, {}),
    "no_upgrade": ("handshake: no upgrade", AGAIN, {}),
    "extension": ("handshake: an extension that was not asked for", AGAIN, {}),
    "page": ("status: 200", AGAIN, {}),
    "403": ("status: 403", POLLS, {}),
    "429": ("status: 429", POLLS, {}),
    "451": ("status: 451", POLLS, {}),
    "503": ("status: 503", AGAIN, {}),
    "reset_opening": ("closed", AGAIN, {}),
    "silence": ("silent", AGAIN, SHORT),
    "ping_only": ("silent", AGAIN, SHORT),
    "garbage": ("protocol", AGAIN, {}),
    "masked": ("protocol: a masked frame", AGAIN, {}),
    "opcode": ("protocol: an unknown kind of frame", AGAIN, {}),
    "rsv": ("protocol: an unknown kind of frame", AGAIN, {}),
    "long_ping": ("protocol: a long control frame", AGAIN, {}),
    "short_length": ("protocol: a length", AGAIN, {}),
    "stray": ("protocol: a fragment out of place", AGAIN, {}),
    "half_code": ("protocol: half a code", AGAIN, {}),
    "endless": ("silent", AGAIN, SHORT),
    "empty_fragments": ("silent", AGAIN, SHORT),
    "cut": ("closed", AGAIN, {}),
    "reset": ("closed", AGAIN, {}),
    "going_away": ("ended: 1001 going away", AGAIN, {}),
    "null": ("silent: no quote", AGAIN, QUIET),
    "zero": ("silent: no quote", AGAIN, QUIET),
    "wrong_symbol": ("silent: no quote", AGAIN, QUIET),
    "html": ("silent: no quote", AGAIN, QUIET),
    "nan": ("silent: no quote", AGAIN, QUIET),
    "nested": ("silent: no quote", AGAIN, QUIET),
    "not_utf8": ("silent: no quote", AGAIN, QUIET),
    "refused": ("Invalid request: unknown stream", POLLS, {}),
}
WRONG = ("null", "zero", "wrong_symbol", "html", "nan", "nested", "not_utf8")
REFUSALS = {"kraken": "Currency pair not supported", "coinbase": "Failed to subscribe"}
engine = pytest.mark.parametrize("engine", ENGINES)


def test_every_fault_has_a_row() -> None:
    assert set(ROWS) | set(GOOD_FAULTS) == set(FAULTS)


@engine
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_exchanges_prices_arrive(exchange: str, engine: str) -> None:
    with served(exchange) as server:
        end, *quotes = ENGINES[engine](order(exchange, server.url))

    price = PRICES.price_at(find("btc"), clock().epoch()).price
    before = PRICES.price_at(find("btc"), clock().epoch() - 86400).price
    assert end[:4] == ["", GOOD, 3, 0]
    assert end[4] == [0, 1, 1]  # closed again, one at a time
    for text, time_s, in_session in quotes:
        seen = [float(number) for number in text.split()]
        assert seen[0] == pytest.approx(price, rel=1e-5)
        assert seen[1] == pytest.approx(before, rel=1e-4)
        assert (time_s, in_session) == (clock().epoch(), True)
    assert server.site.log[-1] == ("close", "1000")
    assert server.site.count("wrong") == 0


@pytest.mark.parametrize("instrument", [one.name for one in CRYPTO])
def test_every_instrument_on_every_exchange(instrument: str) -> None:
    for exchange in EXCHANGES:
        with served(exchange) as server:
            given = order(exchange, server.url, instrument, quotes=0)
            end, _ = ENGINES["cpython"](given)
        assert end[:3] == ["", GOOD, 1], exchange


@engine
@pytest.mark.parametrize("fault", ROWS)
def test_a_fault_ends_the_stream_in_words(fault: str, engine: str) -> None:
    why, state, changes = ROWS[fault]
    with served("binance", fault) as server:
        (end,) = ENGINES[engine](order("binance", server.url, **changes))

    assert end[0].startswith("the stream: " + why)
    assert end[1:3] == [state, 0]
    assert (end[3] > 0) == (fault in WRONG)
    assert end[4] == [0, 1, 1]
    assert server.site.count("wrong") == 0
    if why.startswith("protocol"):
        assert server.site.log[-1] == ("close", "1002")
    if fault == "ping_only":
        assert server.site.count("pong") > 0


@engine
@pytest.mark.parametrize("fault", GOOD_FAULTS)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_what_is_odd_and_right_is_no_fault(exchange: str, fault: str, engine: str) -> None:
    with served(exchange, fault) as server:
        end, *_ = ENGINES[engine](order(exchange, server.url))

    assert end[:4] == ["", GOOD, 3, 0]
    assert server.site.count("wrong") == 0
    if fault == "fragments":
        assert ("pong", b"between".hex()) in server.site.log


@engine
@pytest.mark.parametrize("exchange", REFUSALS)
@pytest.mark.parametrize("fault", ["refused", "wrong_symbol", "zero"])
def test_data_faults_of_the_others(exchange: str, fault: str, engine: str) -> None:
    with served(exchange, fault) as server:
        given = order(exchange, server.url, rate=400)
        (end,) = ENGINES[engine](given)

    refused = fault == "refused"
    words = REFUSALS[exchange] if refused else "silent: no quote"
    assert end[0].startswith("the stream: " + words)
    assert end[1:3] == [POLLS if refused else AGAIN, 0]
    assert refused or end[3] > 0


@engine
def test_an_unknown_pair_is_refused_by_the_exchange(engine: str) -> None:
    for exchange in REFUSALS:
        with served(exchange) as server:
            given = order(exchange, server.url) | dict.fromkeys(("symbol", "echo"), "DOGE-ZZZ")
            (end,) = ENGINES[engine](given)
        assert end[0].startswith("the stream: " + REFUSALS[exchange])
        assert end[1] == POLLS


@engine
def test_quotes_that_the_gate_refuses_do_not_keep_a_stream(engine: str) -> None:
    with served("binance") as server:
        given = order("binance", server.url, accept=False, quotes=10000, rate=40)
        end, *quotes = ENGINES[engine](given)

    assert end[:2] == ["the stream: silent: no quote", AGAIN]
    assert quotes


@engine
def test_the_server_ends_it_after_its_life(engine: str) -> None:
    """A day of the exchange's in 40 ticks; to the client it is 800 s: long enough to be steady."""
    with served("binance") as server:
        server.site.life_ticks = 40
        given = order("binance", server.url, quotes=10000, rate=400)
        given["stream"]["quiet_s"] = 900  # a loaded machine may be late by seconds
        end, *_ = ENGINES[engine](given)

    assert end[:2] == ["the stream: ended: 1001 going away", GOOD]
    assert end[2] > 5
    assert server.site.log[-1] == ("close", "1001")
    assert server.site.count("pong") >= 1


@engine
def test_the_client_renews_before_a_day_is_over(engine: str) -> None:
    with served("binance") as server:
        given = order("binance", server.url, quotes=10000, rate=50000, runs=2)
        given["stream"]["quiet_s"] = 80000
        first, second, *_ = ENGINES[engine](given)

    assert [first[:2], second[:2]] == [["", GOOD]] * 2
    assert 0 < first[2] < second[2]
    assert second[4] == [0, 1, 2]
    assert server.site.count("close") == server.site.count("open") == 2


@pytest.mark.parametrize("fault", ["cut", "masked", "451", "huge", "refused"])
def test_twenty_in_a_row_leak_nothing(fault: str) -> None:
    with served("binance", fault) as server:
        given = order("binance", server.url, quotes=-1, runs=20)
        ends = [line for line in on_the_vm(given) if isinstance(line[0], str) and len(line) == 6]

    free = [end[5] for end in ends]
    assert len(free) == 20
    assert ends[-1][4] == [0, 1, 20]
    # A run that ends in the midst of a read holds some hundred bytes for a run or a few, or frees
    # what another has held.
    assert median(free[4:9]) - median(free[15:]) <= 256


@pytest.mark.parametrize("fault", [None, "huge", "endless", "flood", "empty_fragments"])
def test_a_small_heap_is_enough(fault: str | None) -> None:
    """The messages are longer than the whole heap, which holds the compiler's work besides."""
    with served("binance", fault) as server:
        given = order("binance", server.url, **SHORT if fault in ROWS else {})
        end, *_ = on_the_vm(given, heap="192k")

    assert end[1] == (AGAIN if fault in ROWS else GOOD)


@contextmanager
def plain_server() -> Iterator[str]:
    """The package's own server, with all that it does by itself: its URL."""
    ready = threading.Event()
    found: list = []

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        exchange = TALKERS["binance"](PRICES, clock(), connection.request.path)
        exchange.hello()
        while True:
            await connection.send(exchange.quote())
            await (await connection.ping())

    async def run() -> None:
        async with serve(talk, "127.0.0.1", 0) as server:
            found.append(asyncio.get_running_loop())
            found.append(asyncio.Event())
            found.append(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            ready.set()
            await found[1].wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield found[2]
    finally:
        found[0].call_soon_threadsafe(found[1].set)
        thread.join()


@engine
def test_the_packages_own_server_agrees(engine: str) -> None:
    with plain_server() as url:
        end, *quotes = ENGINES[engine](order("binance", url))

    assert end[:4] == ["", GOOD, 3, 0]
    assert len(quotes) == 3
