"""Providers' answers: what is read from good ones, and that bad ones are only ever BadAnswer."""

import contextlib
import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.quote import BODY_MAX, BadAnswer, Quote, bitstamp, cnbc, iso_time_s, number

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
NO_NUMBERS = """- + . , 1. .5 1,23 12,34 7.764,64 1,2345 ,123 1,,234 1,234, --1 +-1 1-1 1e5 0x1F
1_000 nan NaN inf -inf Infinity NA N/A UNCH 5% 1.2.3 １２ ٣"""


def cnbc_body(**changes: Any) -> bytes:
    entry = {k: v for k, v in {**SPX, **changes}.items() if v is not DROPPED}
    return json.dumps({"FormattedQuoteResult": {"FormattedQuote": [entry]}}).encode()


def bitstamp_body(**changes: Any) -> bytes:
    return json.dumps({k: v for k, v in {**BTC, **changes}.items() if v is not DROPPED}).encode()


def fields(quote: Quote) -> tuple[float, float, int, bool]:
    return quote.price, quote.baseline, quote.time_s, quote.open


def test_cnbc_in_session() -> None:
    expected = (7764.64, 7719.34, 1_782_963_360, True)

    assert fields(cnbc(cnbc_body(), ".SPX")) == expected
    assert fields(cnbc(cnbc_body(code="0", last=7764.64), ".SPX")) == expected


def test_cnbc_single_result_without_a_list_and_the_right_one_of_several() -> None:
    other = dict(SPX, symbol=".DJI", last="50,000.00")
    single = json.dumps({"FormattedQuoteResult": {"FormattedQuote": SPX}}).encode()
    several = json.dumps({"FormattedQuoteResult": {"FormattedQuote": [other, SPX]}}).encode()

    assert cnbc(single, ".SPX").price == cnbc(several, ".SPX").price == 7764.64


@pytest.mark.parametrize(
    ("status", "previous", "change", "baseline"),
    [
        ("POST_MKT", "37.25", "-0.19", 37.44),  # rolled over: the change still tells
        ("POST_MKT", "37.25", "UNCH", 37.25),
        ("POST_MKT", "37.25", None, 37.25),
        ("POST_MKT", "37.44", "-0.19", 37.44),  # not rolled over yet
        ("REG_MKT", "37.25", "-0.19", 37.25),
    ],
)
def test_cnbc_baseline(status: str, previous: str, change: str | None, baseline: float) -> None:
    body = cnbc_body(
        last="37.25", previous_day_closing=previous, change=change, curmktstatus=status
    )
    quote = cnbc(body, ".SPX")

    assert quote.baseline == pytest.approx(baseline)
    assert quote.open == (status == "REG_MKT")


def test_cnbc_without_a_market_status_lets_the_age_decide() -> None:
    assert cnbc(cnbc_body(curmktstatus=DROPPED), ".SPX").open
    assert cnbc(cnbc_body(curmktstatus=None), ".SPX").open


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"last": None}, "not a number"),
        ({"last": DROPPED}, "not a number"),
        ({"last": "0.00"}, "not positive"),
        ({"last": 0}, "not positive"),
        ({"last": "-7,764.64"}, "not positive"),
        ({"last": "UNCH"}, "not a number"),
        ({"last": True}, "not a number"),
        ({"last": "1e3"}, "not a number"),
        ({"last": 10**400}, "absurd number"),
        ({"last": "9" * 24}, "absurd number"),
        ({"last": "9" * 25}, "not a number"),
        ({"last": float("nan")}, "absurd number"),
        ({"last": float("inf")}, "absurd number"),
        ({"previous_day_closing": "NA"}, "not a number"),
        ({"previous_day_closing": 0}, "not positive"),
        ({"last": "5", "previous_day_closing": "5", "change": "9", "curmktstatus": ""}, "positive"),
        ({"symbol": "BTC"}, "another symbol"),
        ({"code": 1}, "error code"),
        ({"code": "1"}, "error code"),
        ({"last_time": None}, "no time"),
        ({"last_time": 1790001234}, "no time"),
        ({"last_time": "1969-12-31T23:59:59Z"}, "absurd time"),
    ],
)
def test_cnbc_bad_answers(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadAnswer, match=reason):
        cnbc(cnbc_body(**changes), ".SPX")


def test_bitstamp() -> None:
    expected = (108123.5, 107000.0, 1_790_001_234, True)

    assert fields(bitstamp(bitstamp_body(), "btcusd")) == expected
    numbers = bitstamp_body(timestamp=1790001234, last=108123.5, open_24=107000.0, pair="BTC/USD")
    assert fields(bitstamp(numbers, "btcusd")) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"last": DROPPED}, "not a number"),
        ({"open_24": None}, "not a number"),
        ({"open_24": "0"}, "not positive"),
        ({"timestamp": "1790001234567"}, "absurd time"),
        ({"timestamp": 1790001234.0}, "no time"),
        ({"timestamp": True}, "no time"),
        ({"timestamp": "٣"}, "not a number"),
        ({"pair": "ETH/USD"}, "another symbol"),
        ({"pair": 7}, "another symbol"),
    ],
)
def test_bitstamp_bad_answers(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadAnswer, match=reason):
        bitstamp(bitstamp_body(**changes), "btcusd")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a JSON object"),
        (b"<html><body>Access Denied</body></html>", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no quote|not a number"),
        (b'{"FormattedQuoteResult":{"FormattedQuote":[]}}', "no quote|not a number"),
        (b'{"last": NaN}', "no quote|absurd number"),
        (b'{"last": 5]', "unpaired"),
        (b'{"last": 5}}', "unpaired"),
        (b'{"last": 5', "cut short"),
        (b'{"last": "5', "cut short"),
        (b'{"last": "5\\', "cut short"),
        (b'{"last": 5 trailing}', "not JSON"),
        (b'{"last": "\xff\xfe"}', "not JSON"),
        ('{"last": 5}'.encode("utf-16-le"), "not JSON"),
        (b'{"a":' * 5000, "longer|deep"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "deep"),
        (b'{"a":"' + b"x" * BODY_MAX + b'"}', "longer"),
    ],
)
def test_what_is_no_quote_at_all(body: bytes, reason: str) -> None:
    for parse, symbol in ((cnbc, ".SPX"), (bitstamp, "btcusd")):
        with pytest.raises(BadAnswer, match=reason):
            parse(body, symbol)


@pytest.mark.parametrize("body", [cnbc_body(), bitstamp_body()])
def test_no_beginning_of_an_answer_is_taken_for_the_whole(body: bytes) -> None:
    parse = cnbc if b"Formatted" in body else bitstamp
    for end in range(len(body)):
        with pytest.raises(BadAnswer):
            parse(body[:end], ".SPX")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_else(body: bytes) -> None:
    for parse in (cnbc, bitstamp):
        with pytest.raises(BadAnswer):
            parse(body, "btcusd")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([*SPX, "extra"]), JSON_VALUES, st.sampled_from([*BTC, "pair"]))
def test_any_field_of_any_kind_gives_a_sound_quote_or_a_bad_answer(
    cnbc_key: str, value: object, bitstamp_key: str
) -> None:
    for parse, body, symbol in (
        (cnbc, cnbc_body(**{cnbc_key: value}), ".SPX"),
        (bitstamp, bitstamp_body(**{bitstamp_key: value}), "btcusd"),
    ):
        try:
            price, baseline, time_s, is_open = fields(parse(body, symbol))
        except BadAnswer:
            continue
        assert 0 < price <= 1e9
        assert 0 < baseline <= 2e9
        assert isinstance(time_s, int)
        assert isinstance(is_open, bool)


@given(st.binary(max_size=40), st.integers(0, 400))
def test_a_damaged_answer_raises_nothing_else(damage: bytes, at: int) -> None:
    body = cnbc_body()
    try:
        cnbc(body[:at] + damage + body[at + len(damage) :], ".SPX")
    except BadAnswer as error:
        assert error.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7,764.64", 7764.64),
        ("+0.40", 0.4),
        ("-0.19", -0.19),
        ("1,234,567.8", 1234567.8),
        ("26216", 26216.0),
        ("0.000123", 0.000123),
    ],
)
def test_numbers_in_text(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [*NO_NUMBERS.split(), "", " ", "1 000", " 5", "5 "],
)
def test_texts_that_are_no_numbers(text: str) -> None:
    with pytest.raises(BadAnswer, match="not a number"):
        number(text)


@given(
    st.datetimes(datetime.datetime(2000, 1, 3), datetime.datetime(2099, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.000"]),
)
def test_iso_times(moment: datetime.datetime, offset_min: int, layout: str) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=offset_min))
    moment = moment.replace(microsecond=0, tzinfo=zone)

    assert iso_time_s(moment.strftime(layout + "%z")) == int(moment.timestamp())


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)))
def test_dates(date: datetime.date) -> None:
    midnight = datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC)

    assert iso_time_s(date.isoformat()) == int(midnight.timestamp())


def test_iso_time_zones_as_written() -> None:
    assert iso_time_s("2026-07-02T04:36:00Z") == 1_782_966_960
    assert iso_time_s("2026-07-02T04:36:00+01:00") == 1_782_963_360


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10/02/26 EDT",
        "5:15 PM EDT",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2026-04-31",
        "2026-01-00",
        "2026-10-2 ",
        "2026-10-02T",
        "2026-10-02T15:44:00",
        "2026-10-02T24:00:00Z",
        "2026-10-02T15:60:00Z",
        "2026-10-02T15:44:00+1500",
        "2026-10-02T15:44:00+01",
        "2026-10-02T15:44:00.000",
        "2026-10-02T15:44:00 0100",
        "2026-10-02 15:44:00Z",
        "2000-01-01T00:00:00+0100",
        "2100-01-01",
    ],
)
def test_texts_that_are_no_times(text: str) -> None:
    with pytest.raises(BadAnswer):
        iso_time_s(text)


@given(st.text(max_size=42))
def test_time_of_any_text_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(BadAnswer):
        iso_time_s(text)
