"""Whatever bytes a provider sends, in whatever pieces, nothing is raised past the feed."""

import asyncio
import json
from typing import Any

from answers import SHIPPED
from feed_failures import FAILURES
from hypothesis import given
from hypothesis import strategies as st
from seesaw.data.part import part
from seesaw.feed import Feed
from seesaw.source import Source

from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request, actions, settle
from host_tools.market.prices import Prices
from host_tools.market.providers import ALL

NOW = 1_796_137_200  # 2026-12-01, 10:00 in New York
STATES = ("LIVE", "DELAYED", "PROXY", "STALE", "CLOSED", "NO_DATA")
WHY_MAX = 200  # characters
FOLLOWED = {"sp500": "cnbc", "btc": "bitstamp"}
PARTS = {name: part(SHIPPED, name) for name in FOLLOWED}
CLOCK = SimClock(NOW, 0)
PRICES = Prices()
RIGHT = {
    name: ALL[name](PRICES, CLOCK)._reply(Request(
        "GET", ALL[name].PATH + ("btcusd/" if name == "bitstamp" else ""),
        {"symbols": ".SPX"}, {}, b""))
    for name in FOLLOWED.values()
}  # fmt: skip


class Pieces:
    """A stream that gives these bytes in pieces of these sizes, in turn, and then ends."""

    def __init__(self, message: bytes, sizes: list[int]) -> None:
        self.message = message
        self.sizes = sizes or [4096]
        self.turn = 0

    async def opener(self, host: str, port: int, tls: bool) -> tuple[Any, Any]:
        return self, self

    def write(self, data: bytes) -> None:
        pass

    async def drain(self) -> None:
        pass

    async def read(self, n: int) -> bytes:
        size = min(n, self.sizes[self.turn % len(self.sizes)])
        self.turn += 1
        piece, self.message = self.message[:size], self.message[size:]
        return piece

    def close(self) -> None:
        pass

    async def wait_closed(self) -> None:
        pass


def poll(instrument: str, message: bytes, sizes: list[int]) -> Feed:
    """A feed after one poll; it must be in a state that it can say."""
    found = PARTS[instrument]
    listed = found["feeds"][0]
    source = Source(listed, found["providers"][listed[0]], Pieces(message, sizes).opener)
    feed = Feed(instrument, found, [source], lambda: 0.5, lambda: 0)
    good = asyncio.run(feed.poll(NOW))
    assert feed.state in STATES and len(feed.why) <= WHY_MAX
    assert good == (feed.last is not None) == (feed.accepted == 1)
    assert good or (feed.why and feed.state == "NO_DATA")
    assert 0 <= feed.choice.health[0].floor_s <= 6 * 3600
    return feed


def sent(reply: Reply) -> bytes:
    request = Request("GET", "/", {}, {}, b"")
    done = actions(settle(request, reply), NOW, 0, False)
    return b"".join(bytes(action[1]) for action in done if action[0] == "data")  # type: ignore


INSTRUMENT = st.sampled_from(list(FOLLOWED))
SIZES = st.lists(st.integers(1, 600), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["FormattedQuoteResult", "FormattedQuote", "last", "symbol", "last_time",
                         "open_24", "timestamp", "previous_day_closing", "code", "x"]),
        inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@given(INSTRUMENT, st.binary(max_size=600), SIZES)
def test_any_bytes(instrument: str, message: bytes, sizes: list[int]) -> None:
    poll(instrument, message, sizes)


@given(INSTRUMENT, st.binary(max_size=900), SIZES)
def test_any_body(instrument: str, body: bytes, sizes: list[int]) -> None:
    poll(instrument, sent(Reply(body=body)), sizes)


@given(INSTRUMENT, JSON, SIZES)
def test_any_json(instrument: str, value: object, sizes: list[int]) -> None:
    poll(instrument, sent(Reply(body=json.dumps(value).encode())), sizes)


@given(INSTRUMENT, st.data())
def test_the_right_answer_with_a_few_bytes_changed(instrument: str, data: st.DataObject) -> None:
    message = bytearray(sent(RIGHT[FOLLOWED[instrument]]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    poll(instrument, bytes(message), data.draw(SIZES))


HEADER = st.sampled_from([
    "Content-Length", "Transfer-Encoding", "Content-Encoding", "Date", "Retry-After", "Location",
    "Content-Range", "X",
])  # fmt: skip
VALUE = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    st.sampled_from(["0", "-1", "1e9", "999999999999", "chunked", "gzip", "identity", "Fri"]),
    st.integers().map(str),
)


@given(INSTRUMENT, st.integers(100, 700), st.lists(st.tuples(HEADER, VALUE), max_size=6), SIZES)
def test_any_headers(
    instrument: str, status: int, headers: list[tuple[str, str]], sizes: list[int]
) -> None:
    body = RIGHT[FOLLOWED[instrument]].body
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    poll(instrument, f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body, sizes)


@given(INSTRUMENT, SIZES, st.lists(st.integers(1, 300), min_size=1, max_size=8),
       st.sampled_from(["", ";a=b", "  ", ";" + "x" * 900]))  # fmt: skip
def test_any_lawful_chunks_give_the_quote(
    instrument: str, sizes: list[int], chunks: list[int], extension: str
) -> None:
    body, made, turn = RIGHT[FOLLOWED[instrument]].body, b"", 0
    while body:
        piece, body = body[: chunks[turn % len(chunks)]], body[chunks[turn % len(chunks)] :]
        made += f"{len(piece):X}{extension}\r\n".encode() + piece + b"\r\n"
        turn += 1
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    feed = poll(instrument, head + made + b"0\r\nX-Sum: 1\r\n\r\n", sizes)

    assert feed.state == "LIVE", feed.why


@given(st.sampled_from([one for one in FAILURES if one.where == "answer"]), INSTRUMENT, SIZES)
def test_every_failure_in_any_pieces(failure: Any, instrument: str, sizes: list[int]) -> None:
    kind = ALL[FOLLOWED[instrument]]
    script = failure.make(kind, lambda: NOW)
    reply = script(Request("GET", "/", {}, {"user-agent": "x"}, b""), RIGHT[kind.NAME])
    if reply.fault != "hang":  # it has no bytes, and no end
        poll(instrument, sent(reply), sizes)
