"""Numbers and times in text: what is read of good ones, and that others are only ever BadAnswer."""

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.quote import (
    PRICE_MAX,
    BadAnswer,
    digits,
    iso_time_s,
    local_time_s,
    number,
    plausible,
    positive,
)

NO_NUMBERS = """- + . , 1. .5 1,23 12,34 7.764,64 1,2345 ,123 1,,234 1,234, --1 +-1 1-1 1e5 0x1F
1_000 nan NaN inf -inf Infinity NA N/A UNCH 5% 1.2.3 １２ ٣"""


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


@pytest.mark.parametrize("value", [None, True, False, {}, [], b"5", "9" * 25])
def test_values_that_are_no_numbers(value: object) -> None:
    with pytest.raises(BadAnswer, match="not a number"):
        number(value)


@pytest.mark.parametrize(
    "value", ["9" * 24, 10**400, 1.1e9, -1.1e9, float("nan"), float("inf"), -float("inf")]
)
def test_absurd_numbers(value: object) -> None:
    with pytest.raises(BadAnswer, match="absurd number"):
        number(value)


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30))
def test_any_value_is_a_number_within_bounds_or_a_bad_answer(value: object) -> None:
    with contextlib.suppress(BadAnswer):
        assert -PRICE_MAX <= number(value) <= PRICE_MAX


@pytest.mark.parametrize("price", [0.0, -0.0, -5.0, 1e-7])
def test_a_price_is_positive(price: float) -> None:
    assert positive(1e-6) == 1e-6
    with pytest.raises(BadAnswer, match="not positive"):
        positive(price)


def test_digits() -> None:
    assert digits("0042") == 42
    for text in ("", "-1", "1 ", "1.0", "٣", "9" * 25):
        with pytest.raises(BadAnswer, match="not a number"):
            digits(text)


def test_times_of_this_century_are_plausible() -> None:
    assert plausible(946684800) == 946684800
    for time_s in (0, -1, 946684799, 4102444800, 1_790_001_234_567):
        with pytest.raises(BadAnswer, match="absurd time"):
            plausible(time_s)


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


@given(
    st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S.5", "%Y%m%d%H%M%S"]),
)
def test_local_times(moment: datetime.datetime, layout: str) -> None:
    moment = moment.replace(microsecond=0)
    wanted = int(moment.replace(tzinfo=datetime.UTC).timestamp())

    assert local_time_s(moment.strftime(layout)) == (wanted, False)
    minute = wanted - moment.second
    assert local_time_s(moment.strftime("%Y-%m-%d %H:%M")) == (minute, False)
    assert local_time_s(moment.strftime("%Y-%m-%d")) == (wanted - wanted % 86400, True)


@given(st.text("0123456789-/: T.xZ", max_size=24))
def test_local_time_of_any_text_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(BadAnswer):
        local_time_s(text)
