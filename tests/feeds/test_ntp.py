"""What is asked of an NTP server and what is believed of an answer, without a network."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.net.ntp import SIZE, YEAR_2100_S, BadTime, request, time_s
from seesaw.update import trailer

from host_tools.market.ntp import SINCE_1900, Ntp

NONCE = b"\x01nonce\xff\x00"
BUILT_S = 1_790_000_000  # a release of September 2026
NOW_S = 1_796_000_000


def answer(fault: str = "", off: int = 0, now_s: float = NOW_S) -> bytes:
    (_, data), *_ = Ntp(lambda: now_s, fault, off)(request(NONCE))
    assert isinstance(data, bytes)
    return data


def refusal(data: bytes, least_s: int = BUILT_S) -> BadTime:
    with pytest.raises(BadTime) as caught:
        time_s(data, NONCE, least_s)
    return caught.value


def test_the_request_is_a_clients_and_tells_nothing_else() -> None:
    asked = request(NONCE)

    assert len(asked) == SIZE == 48
    assert asked[0] == 0b00_100_011  # no leap warning, version 4, client
    assert asked[1:40] == bytes(39) and asked[40:] == NONCE


def test_an_honest_answer() -> None:
    assert time_s(answer(), NONCE, BUILT_S) == NOW_S
    assert time_s(answer() + b"a key and a digest", NONCE, BUILT_S) == NOW_S
    assert time_s(answer(now_s=NOW_S + 0.75), NONCE, BUILT_S) == NOW_S + 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("wrong-origin", "no answer to this question"),
        ("short", "no answer to this question"),
        ("client", "not from a server"),
        ("kiss-rate", "kiss of death: RATE"),
        ("kiss-deny", "kiss of death: DENY"),
        ("unsynchronised", "not synchronised"),
        ("stratum-16", "not synchronised"),
        ("far", "too far from a clock"),
        ("no-time", "no time"),
    ],
)
def test_what_is_not_believed(fault: str, words: str) -> None:
    assert words in str(refusal(answer(fault)))


def test_a_kiss_of_death_says_which() -> None:
    assert [refusal(answer(f"kiss-{which}")).kiss for which in ("rate", "deny")] == ["RATE", "DENY"]
    assert refusal(answer("unsynchronised")).kiss == ""


@pytest.mark.parametrize("years", [-30, -1, 74, 100])
def test_a_time_that_cannot_be(years: int) -> None:
    """Before the release was built, or past 2100: also by way of the next era."""
    assert "absurd" in str(refusal(answer(off=years * 31_556_952)))


@pytest.mark.parametrize("now_s", [2_085_978_495, 2_085_978_496, 2_085_978_497, YEAR_2100_S - 1])
def test_the_era_that_begins_in_2036(now_s: int) -> None:
    """The wire's 32 bits start again at 2036-02-07T06:28:16Z."""
    assert time_s(answer(now_s=now_s + 0.25), NONCE, BUILT_S) == now_s


def test_a_release_of_that_era_does_not_see_the_one_before() -> None:
    built_s = 2_100_000_000

    assert time_s(answer(now_s=built_s + 5), NONCE, built_s) == built_s + 5
    assert "absurd" in str(refusal(answer(now_s=built_s - 5), built_s))


@given(st.binary(max_size=100))
def test_bytes_of_anybody(data: bytes) -> None:
    refusal(data)


@given(st.binary(min_size=24, max_size=24), st.binary(min_size=16, max_size=60))
def test_bytes_of_somebody_who_saw_the_question(head: bytes, tail: bytes) -> None:
    try:
        found = time_s(head + NONCE + tail, NONCE, BUILT_S)
    except BadTime:
        return
    assert BUILT_S <= found < YEAR_2100_S


def test_the_layout_is_that_of_the_standard() -> None:
    """RFC 5905, figure 8, packed by hand."""
    wire_s = NOW_S + SINCE_1900
    data = struct.pack(">BBbbII4sQQQQ", 0x24, 1, 6, -20, 0, 0, b"GPS\0", 0, int.from_bytes(NONCE),
                       0, wire_s << 32)  # fmt: skip

    assert time_s(data, NONCE, BUILT_S) == NOW_S


def test_the_bound_is_the_trailers_build_time() -> None:
    """The app reads four bytes of it; they are where seesaw.update.trailer packs them."""
    packed = trailer.pack(8, bytes(32), 4096, 512, bytes(32), "board", "1.0", BUILT_S)

    assert int.from_bytes(packed[124:128], "little") == BUILT_S
