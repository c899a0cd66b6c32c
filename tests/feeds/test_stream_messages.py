"""What the messages of a stream mean, and which streams a set may hold; on both engines."""

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw.core.quote import BadAnswer, Quote
from seesaw.core.stream import Messages, Refusal
from seesaw.core.stream_rules import check
from stream_rig import EXCHANGES, PRICES, clock, vm_answers

from host_tools.market.streams import EXCHANGES as TALKERS
from host_tools.market.streams import NAMES, RECIPES

NOW = 1796083800
HOSTS = ["data-stream.binance.vision", "ws.kraken.com", "ws-feed.exchange.coinbase.com"]


def messages(exchange: str) -> Messages:
    return Messages(RECIPES[exchange], *NAMES[exchange]("btc"))


def quote_of(exchange: str) -> dict:
    """A quote of the exchange's, as it would send it."""
    talker = TALKERS[exchange](PRICES, clock(), "/ws/btcusdt@miniTicker")
    talker.hello()
    talker.heard(messages(exchange).subscribe or "{}")
    return json.loads(talker.quote())


QUOTES = {exchange: quote_of(exchange) for exchange in EXCHANGES}


def read(exchange: str, message: Any, now_s: int = NOW) -> Quote | None:
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return messages(exchange).read(raw, now_s)


def changed(exchange: str, **fields: object) -> dict:
    found = copy.deepcopy(QUOTES[exchange])
    (found["data"][0] if exchange == "kraken" else found).update(fields)
    return found


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_quote_is_read(exchange: str) -> None:
    quote = read(exchange, QUOTES[exchange])

    assert quote is not None and quote.open is True
    assert quote.price == pytest.approx(71115)
    assert quote.baseline == pytest.approx(75322, rel=1e-4)
    assert quote.time_s == clock().epoch()


@pytest.mark.parametrize(
    ("exchange", "message"),
    [
        ("kraken", {"channel": "heartbeat"}),
        ("kraken", {"channel": "status", "type": "update", "data": [{"system": "online"}]}),
        ("kraken", {"method": "subscribe", "success": True, "result": {"channel": "ticker"}}),
        ("kraken", {"method": "subscribe", "error": None, "success": True}),
        ("coinbase", {"type": "subscriptions", "channels": []}),
        ("coinbase", {"type": "heartbeat"}),
        ("binance", {"result": None, "id": 1}),
        ("binance", {"e": "serverShutdown", "E": 1770123456789}),
        ("binance", []),
        ("binance", 5),
        ("binance", None),
    ],
)
def test_what_is_no_quote_is_passed_over(exchange: str, message: Any) -> None:
    assert read(exchange, message) is None


@pytest.mark.parametrize(
    ("exchange", "fields", "reason"),
    [
        ("binance", {"c": None}, "not a number"),
        ("binance", {"c": "0.00000000"}, "a price that is not positive"),
        ("binance", {"c": "-5"}, "a price that is not positive"),
        ("binance", {"c": "NaN"}, "not a number"),
        ("binance", {"c": True}, "not a number"),
        ("binance", {"c": 1e30}, "an absurd number"),
        ("binance", {"c": {}}, "not a number"),
        ("binance", {"o": "0"}, "a price that is not positive"),
        ("binance", {"s": "BTCUSDC"}, "another symbol"),
        ("binance", {"s": None}, "another symbol"),
        ("binance", {"E": 1796083800}, "an absurd time"),
        ("binance", {"E": 1796083800123.5}, "no time"),
        ("binance", {"E": True}, "no time"),
        ("binance", {"E": None}, "no time"),
        ("binance", {"E": "now"}, "no time"),
        ("binance", {"E": 10**40}, "an absurd time"),
        ("kraken", {"last": None}, "not a number"),
        ("kraken", {"change_pct": None}, "not a number"),
        ("kraken", {"change_pct": -100}, "an absurd number"),
        ("kraken", {"change_pct": -5000.0}, "an absurd number"),
        ("kraken", {"symbol": "XBT/USD"}, "another symbol"),
        ("coinbase", {"price": ""}, "not a number"),
        ("coinbase", {"open_24h": "NA"}, "not a number"),
        ("coinbase", {"time": "2026-13-01T00:00:00Z"}, "not a date"),
        ("coinbase", {"time": 5}, "no time"),
        ("coinbase", {"product_id": "ETH-USD"}, "another symbol"),
    ],
)
def test_a_wrong_quote_is_refused(exchange: str, fields: dict, reason: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        read(exchange, changed(exchange, **fields))

    assert caught.value.reason == reason
    assert not isinstance(caught.value, Refusal)


def test_a_time_as_digits_and_no_data() -> None:
    quote = read("binance", changed("binance", E="1796083800123"))
    assert quote is not None and quote.time_s == 1796083800
    for data in ([], {}, None, [[]], [5]):
        with pytest.raises(BadAnswer, match="another symbol"):
            read("kraken", QUOTES["kraken"] | {"data": data})


def test_without_a_time_the_clock_must_be_set() -> None:
    assert read("kraken", QUOTES["kraken"], NOW).time_s == NOW  # type: ignore[union-attr]
    with pytest.raises(BadAnswer, match="the clock is not set"):
        read("kraken", QUOTES["kraken"], 0)


@pytest.mark.parametrize(
    ("exchange", "message", "words"),
    [
        ("kraken", {"error": "Currency pair not supported", "success": False}, "Currency pair"),
        ("kraken", {"error": {"deep": 1}, "method": "subscribe"}, "an error"),
        ("coinbase", {"type": "error", "message": "Failed", "reason": "r"}, "Failed"),
        ("coinbase", {"type": "error"}, "an error"),
        ("binance", {"error": {"code": 2, "msg": "x" * 500}}, "x" * 60),
        ("binance", {"error": {"code": 2, "msg": "na\u00efve\n"}}, r"na\?ve\?"),
    ],
)
def test_an_error_message_is_a_refusal(exchange: str, message: dict, words: str) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        read(exchange, message)
    assert len(caught.value.reason) <= 60


RIGHT = RECIPES["binance"]
FAULTS: list[tuple[object, str]] = [
    ([], "not an object"),
    (None, "not an object"),
    ({}, "stream.url"),
    (RIGHT | {"colour": 1}, "unknown field"),
    (RIGHT | {"url": "https://ws.kraken.com/v2"}, "neither ws nor wss"),
    (RIGHT | {"url": "wss://evil.example/v2"}, "not listed"),
    (RIGHT | {"url": "wss://{symbol}/v2"}, "as it stands"),
    (RIGHT | {"url": "wss://u@ws.kraken.com/v2"}, "as it stands"),
    (RIGHT | {"url": "wss://ws.kraken.com?x"}, "as it stands"),
    (RIGHT | {"url": "wss://ws.kraken.com/\r\nX: y"}, "printable"),
    (RIGHT | {"url": "wss://ws.kraken.com/" + "x" * 300}, "characters"),
    (RIGHT | {"url": 5}, "a text"),
    (RIGHT | {"subscribe": ""}, "subscribe"),
    (RIGHT | {"subscribe": "x" * 401}, "subscribe"),
    (RIGHT | {"price": ""}, "price"),
    (RIGHT | {"price": "a//b"}, "not a path"),
    (RIGHT | {"price": "a/[x]"}, "not a path"),
    (RIGHT | {"price": "a/[-1]"}, "not a path"),
    (RIGHT | {"price": "a/[1"}, "not a path"),
    (RIGHT | {"price": "a/[]"}, "not a path"),
    (RIGHT | {"change": "p"}, "one of baseline"),
    ({k: v for k, v in RIGHT.items() if k != "baseline"}, "one of baseline"),
    ({k: v for k, v in RIGHT.items() if k != "price"}, "price"),
    (RIGHT | {"as": "days"}, "stream.as"),
    (RIGHT | {"as": None}, "stream.as"),
    ({k: v for k, v in RIGHT.items() if k != "time"}, "stream.as"),
    (RIGHT | {"is": ["e"]}, "a list of 2"),
    (RIGHT | {"is": ["e", None]}, "a text"),
    (RIGHT | {"is": ["e", 5]}, "a text"),
    (RIGHT | {"error": ["e", None]}, "a list of 3"),
    (RIGHT | {"error": "e"}, "a list of 3"),
    (RIGHT | {"quiet_s": 9}, "quiet_s"),
    (RIGHT | {"quiet_s": 901}, "quiet_s"),
    (RIGHT | {"quiet_s": True}, "quiet_s"),
    (RIGHT | {"quiet_s": 60.0}, "quiet_s"),
]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_streams_of_the_exchanges_are_right(exchange: str) -> None:
    check(RECIPES[exchange], HOSTS)


@pytest.mark.parametrize(("stream", "rule"), FAULTS)
def test_a_wrong_stream_is_refused_with_its_rule(stream: object, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        check(stream, HOSTS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("ab/[0]{}é\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*RIGHT, "data", "e", "x"]), inner, max_size=4),
    max_leaves=8,
)


changes_of_one = st.dictionaries(st.sampled_from(list(RIGHT)), json_values, max_size=4)


@settings(deadline=None)
@given(changes_of_one, st.binary(max_size=60))
def test_any_stream_is_right_or_a_value_error_and_reads_anything(changes: dict, raw: bytes) -> None:
    try:
        check(RIGHT | changes, HOSTS)
    except ValueError:
        return
    with contextlib.suppress(BadAnswer):
        Messages(RIGHT | changes, "btcusdt", "BTCUSDT").read(raw, NOW)


@settings(deadline=None)
@given(
    st.sampled_from(EXCHANGES),
    st.binary(max_size=300) | json_values.map(lambda v: json.dumps(v).encode()),
    st.integers(0, 2**31),
)
def test_arbitrary_messages_never_raise_past_bad_answer(
    exchange: str, raw: bytes, now_s: int
) -> None:
    try:
        read(exchange, raw, now_s)
    except BadAnswer as error:
        assert len(error.reason) <= 60


PROGRAM = """
import json
from seesaw.core.stream import BadAnswer, Messages, Refusal
from seesaw.core.stream_rules import check

def answer(case):
    recipe, _, raw = case.partition(b"\\n")
    recipe = json.loads(recipe)
    try:
        check(recipe[0], recipe[3])
    except ValueError as error:
        return str(error).encode()
    try:
        quote = Messages(recipe[0], recipe[1], recipe[2]).read(raw, 1796083800)
    except Refusal as error:
        return ("refused: " + error.reason).encode()
    except BadAnswer as error:
        return error.reason.encode()
    if quote is None:
        return b"passed over"
    text = "%.4g %.4g %d %s" % (quote.price, quote.baseline, quote.time_s, quote.open)
    return text.encode()
"""


def cases() -> list[bytes]:
    found = []
    for exchange in EXCHANGES:
        recipe = [RECIPES[exchange], *NAMES[exchange]("btc"), HOSTS]
        head = json.dumps(recipe).encode() + b"\n"
        raw = json.dumps(QUOTES[exchange]).encode()
        found += [head + raw]
        found += [head + raw[:cut] for cut in range(0, len(raw), 7)]
        for name in QUOTES[exchange] if exchange != "kraken" else QUOTES["kraken"]["data"][0]:
            for value in (None, 0, -1, 7.5, "", "x", "12,345.5", "12,34", [], {}, True, 10**30):
                found.append(head + json.dumps(changed(exchange, **{name: value})).encode())
        found += [head + text for text in (b"", b"null", b"[]", b"{}", b"\xff", b"[" * 1500)]
    found += [json.dumps([stream, "s", "e", HOSTS]).encode() + b"\n{}" for stream, _ in FAULTS]
    return found


def test_the_vm_judges_alike() -> None:
    here: dict = {}
    exec(PROGRAM, here)
    asked = cases()
    said = vm_answers(PROGRAM, asked)

    for case, there in zip(asked, said, strict=True):
        assert here["answer"](case) == there, case
    assert len(asked) > 400
    assert len(set(said)) > 30
