"""Numbers, words, times, baselines and states: what a recipe makes of a field."""

import json
from typing import Any

import pytest
from answers import DATE_S, SHIPPED, fed, fields, outcome, recipe
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.quote import BadAnswer
from seesaw.core.recipe import BODY_MAX, Recipe

SPX = {
    "symbol": ".SPX",
    "code": 0,
    "last": "7,764.64",
    "change": "45.30",
    "previous_day_closing": "7,719.34",
    "last_time": "2026-07-02T04:36:00.000+0100",
    "curmktstatus": "REG_MKT",
}
BTC = {"timestamp": "1790001234", "last": "108123.5", "open": "1", "open_24": "107000"}
DROPPED: Any = object()
NO_NUMBERS = """+ . , 1. .5 1,23 12,34 7.764,64 1,2345 ,123 1,,234 1,234, --1 +-1 1-1 1e5 0x1F
1_000 inf -inf Infinity UNCH 1.2.3 １２ ٣ true {} [] % 5%%"""
NO_VALUES = ["", "-", "--", "NA", "N/A", "NaN", "nan", "null", "None", None, DROPPED]
CNBC, BITSTAMP = recipe("cnbc", "sp500"), recipe("bitstamp", "btc")


def merged(known: dict, changes: dict) -> dict:
    return {key: value for key, value in {**known, **changes}.items() if value is not DROPPED}


def cnbc(**changes: Any) -> Any:
    entry = merged(SPX, changes)
    body = json.dumps({"FormattedQuoteResult": {"FormattedQuote": [entry]}}).encode()
    return outcome(CNBC, body)


def bitstamp(**changes: Any) -> Any:
    return outcome(BITSTAMP, json.dumps(merged(BTC, changes)).encode())


def small(rules: dict[str, Any], **more: Any) -> Any:
    """The outcome of a recipe of a few fields; the answer has x=5, y=4, t in it, and `more`."""
    whole = {"url": "http://a/", "price": "x", "base": [["close", "y"]], "time": [["s", "t"]]}
    body = json.dumps({"x": 5, "y": 4, "t": 1790001234, **more}).encode()
    return outcome(Recipe("p", {**whole, **rules}, "A"), body)


def test_numbers_as_text_and_as_numbers() -> None:
    expected = (7764.64, 7719.34, 1_782_963_360, True)

    assert cnbc() == cnbc(code="0", last=7764.64) == cnbc(last="+7764.64") == expected
    assert bitstamp() == bitstamp(timestamp=1790001234, last=108123.5) == (
        108123.5, 107000.0, 1_790_001_234, True)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "previous", "change", "baseline"),
    [
        ("POST_MKT", "37.25", "-0.19", 37.44),  # rolled over: the change still tells
        ("POST_MKT", "37.25", "UNCH", 37.25),
        ("POST_MKT", "37.25", None, 37.25),
        ("POST_MKT", "37.25", "n/a", 37.25),
        ("POST_MKT", "37.44", "-0.19", 37.44),  # not rolled over yet
        ("REG_MKT", "37.25", "-0.19", 37.25),
    ],
)
def test_cnbc_baseline(status: str, previous: str, change: str | None, baseline: float) -> None:
    found = cnbc(last="37.25", previous_day_closing=previous, change=change, curmktstatus=status)

    assert found[1] == pytest.approx(baseline)
    assert found[3] == (status == "REG_MKT")


def test_without_a_market_status_it_does_not_say_if_it_is_open() -> None:
    assert cnbc(curmktstatus=DROPPED)[3] is None
    assert cnbc(curmktstatus=None)[3] is None


@pytest.mark.parametrize("value", NO_VALUES)
def test_words_that_mean_no_value(value: Any) -> None:
    assert cnbc(last=value) == "price: no value"
    assert cnbc(previous_day_closing=value) == "base: no value"
    assert cnbc(last_time=value) == "time: no value"


@pytest.mark.parametrize("text", NO_NUMBERS.split())
def test_texts_that_are_no_numbers(text: str) -> None:
    assert cnbc(last=text) == "price: not a number"
    assert cnbc(previous_day_closing=text) == "base: not a number"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"last": "0.00"}, "price: a price that is not positive"),
        ({"last": 0}, "price: a price that is not positive"),
        ({"last": "-7,764.64"}, "price: a price that is not positive"),
        ({"last": 10**40}, "price: not a number"),
        ({"last": "9" * 24}, "price: an absurd number"),
        ({"last": float("nan")}, "price: no value"),
        ({"last": float("inf")}, "price: not a number"),
        ({"last": "x" * 500}, "price: not a number"),
        ({"last": {"a": 1}}, "price: not a number"),
        ({"previous_day_closing": 0}, "base: a price that is not positive"),
        ({"last": "5", "previous_day_closing": "5", "change": "9", "curmktstatus": ""},
         "base: a price that is not positive"),
        ({"symbol": "BTC"}, "echo: another symbol"),
        ({"symbol": DROPPED}, "echo: another symbol"),
        ({"symbol": 5}, "echo: another symbol"),
        ({"code": 1}, "good: code is not 0"),
        ({"code": "1"}, "good: code is not 0"),
        ({"last_time": 1790001234}, "time: not an ISO time"),
        ({"last_time": "1969-12-31T23:59:59Z"}, "time: an absurd time"),
        ({"last_time": "10/02/26 EDT"}, "time: not an ISO time"),
    ],
)  # fmt: skip
def test_cnbc_bad_answers(changes: dict[str, Any], reason: str) -> None:
    assert cnbc(**changes) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"open_24": "0"}, "base: a price that is not positive"),
        ({"timestamp": "1790001234567"}, "time: an absurd time"),
        ({"timestamp": 1790001234.0}, "time: not a number"),
        ({"timestamp": True}, "time: not a number"),
        ({"timestamp": "٣"}, "time: no time"),
        ({"timestamp": 0}, "time: an absurd time"),
        ({"pair": "ETH/USD"}, "echo: another symbol"),
        ({"pair": 7}, "echo: another symbol"),
    ],
)
def test_bitstamp_bad_answers(changes: dict[str, Any], reason: str) -> None:
    assert bitstamp(**changes) == reason
    assert bitstamp(pair="BTC/USD")[0] == 108123.5


def test_scale_by_a_constant_and_by_a_field() -> None:
    assert small({"factor": 0.01})[:2] == (0.05, 0.04)
    assert small({"shift": "d"}, d=2)[:2] == (0.05, 0.04)
    assert small({"shift": "d", "factor": 100}, d=2)[:2] == (5, 4)
    for wrong in (10, -1, "x", None, 1.5):
        assert small({"shift": "d"}, d=wrong) == "shift: not a digit"
    change = {"shift": "d", "base": [["change", "c"]]}
    assert small(change, d=1, c=-10)[:2] == (0.5, 1.5)


@pytest.mark.parametrize(
    ("base", "more", "baseline"),
    [
        ([["close", "z"], ["close", "y"]], {}, 4),
        ([["close", "z"], ["close", "y"]], {"z": "NA"}, 4),
        ([["close", "z"], ["close", "y"]], {"z": "zero"}, 4),
        ([["close", "z"], ["close", "y"]], {"z": 3}, 3),
        ([["change", "c"]], {"c": "+1.5"}, 3.5),
        ([["change", "c"]], {"c": "UNCH"}, 5),
        ([["percent", "c"]], {"c": "25%"}, 4),
        ([["percent", "c"]], {"c": "-50"}, 10),
        ([["percent", "c"], ["open24", "y"]], {"c": -100}, 4),
        ([["stored"], ["open", "y"]], {}, 4),
    ],
)
def test_baselines_in_order_of_preference(base: list, more: dict, baseline: float) -> None:
    assert small({"base": base}, **more)[1] == pytest.approx(baseline)


def test_our_own_session_close() -> None:
    rules = {**SHIPPED["providers"]["relay"], "base": [["stored"]]}
    body = json.dumps({"symbol": "sp500", "price": 5, "time": 1790001234}).encode()
    bound = Recipe("relay", rules, "sp500", base="http://a")

    assert outcome(bound, body, stored=4.5)[1] == 4.5
    assert outcome(bound, body) == "base: no value"


@pytest.mark.parametrize(
    ("rows", "time", "expected"),
    [
        ([["ms", "t"]], 1790001234567, 1_790_001_234),
        ([["ms", "t"]], "1790001234567", 1_790_001_234),
        ([["ms", "t"]], 1790001234, "time: an absurd time"),
        ([["ms", "t"]], "12", "time: not a number"),
        ([["iso", "t"]], "2026-10-02T15:44:00Z", 1_790_955_840),
        ([["iso", "t"]], "2026-10-02T15:44:00", "time: not an ISO time"),
        ([["local", "t", -240]], "2026-10-02T11:44:00", 1_790_955_840),
        ([["local", "t", 480]], "20261002234400", 1_790_955_840),
        ([["local", "t"]], "2026/10/02 15:44", 1_790_955_840),
        ([["local", "t", -240]], "2026-10-02", 1_790_899_200),  # a date is good for its day
        ([["local", "t"]], "10/02/26", "time: not a local time"),
        ([["local", "t"]], "2026-13-02 15:44", "time: not a date"),
        ([["local", "t"]], "2026-10-02 24:00", "time: not a time of day"),
        ([["s", "z"], ["date"]], 5, DATE_S),
        ([["s", "t"], ["date"]], "soon", DATE_S),
        ([["s", "t"], ["date"]], 1790001234, 1_790_001_234),
    ],
)
def test_times(rows: list, time: Any, expected: Any) -> None:
    found = small({"time": rows}, t=time)

    assert (found if isinstance(found, str) else found[2]) == expected


def test_a_time_without_a_zone_needs_one() -> None:
    made = fed(recipe("cboe", "sp500"), b'{"data":{"symbol":"^SPX","current_price":5,'
               b'"prev_day_close":4,"last_trade_time":"2026-09-02T15:44:00"}}')  # fmt: skip
    with pytest.raises(BadAnswer, match="time: the zone is not known"):
        made.quote()

    def unknown(local_s: int, zone: str) -> int:
        raise ValueError("no such zone")

    with pytest.raises(BadAnswer, match="time: no such zone"):
        made.quote(utc_s=unknown)
    assert fields(made.quote(utc_s=lambda local_s, zone: local_s + (zone == "")))[2] == (
        1_788_363_841)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (["s", ["A"], ["B"]], "A", True),
        (["s", ["A"], ["B"]], "B", False),
        (["s", ["A"], ["B"]], "C", None),
        (["s", ["A"], "*"], "C", False),
        (["s", ["A"], "*"], None, None),
        (["s", ["true"], ["false"]], True, True),
        (["s", ["true"], ["false"]], False, False),
        (True, None, True),
    ],
)
def test_open_closed_and_unknown(rule: Any, value: Any, expected: bool | None) -> None:
    assert small({"open": rule}, s=value)[3] is expected


@pytest.mark.parametrize(
    ("value", "fails"),
    [("x", True), (1, True), ({}, True), ([], True), (True, True), ("x" * 999, True),
     (None, False), ("", False), (False, False), (0, False)],
)  # fmt: skip
def test_failure_marks(value: Any, fails: bool) -> None:
    body = json.dumps({"error": value, "x": 5, "y": 4, "t": 1790001234}).encode()
    rules = {"url": "http://a/", "price": "x", "base": [["close", "y"]], "time": [["s", "t"]],
             "bad": ["error"]}  # fmt: skip
    assert isinstance(outcome(Recipe("p", rules, "A"), body), str) == fails


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*SPX, "extra"]), JSON_VALUES, st.sampled_from([*BTC, "pair"]))
def test_any_field_of_any_kind_gives_a_sound_quote_or_a_reason(
    cnbc_key: str, value: object, bitstamp_key: str
) -> None:
    for found in (cnbc(**{cnbc_key: value}), bitstamp(**{bitstamp_key: value})):
        if isinstance(found, str):
            assert found
            continue
        price, baseline, time_s, is_open = found
        assert 0 < price <= 1e9
        assert 0 < baseline <= 2e9
        assert isinstance(time_s, int)
        assert is_open in (True, False, None)


@given(st.binary(max_size=400), st.integers(1, 500), st.sampled_from(list(SHIPPED["providers"])))
def test_arbitrary_bytes_raise_nothing_else(body: bytes, size: int, provider: str) -> None:
    found = outcome(recipe(provider, "btc"), body, size)
    assert isinstance(found, str) and found


def test_a_long_body_is_read_to_its_end() -> None:
    long = json.dumps({"bars": [1.25] * (BODY_MAX // 8), "last": 5, "open_24": 4,
                       "timestamp": 1790001234}).encode()  # fmt: skip
    assert outcome(BITSTAMP, long)[:2] == (5, 4)
