"""The honest states: what the feed says it shows, and when, on virtual time."""

import gc

import pytest
from feed_rig import PART, Bench, Calendar, moving
from seesaw.core.market_state import FOLLOW, HOLD, LEVEL

HOUR = 3600


def test_without_any_price_for_half_an_hour_the_beam_goes_level_and_it_is_said() -> None:
    bench = Bench("a", "b", price=moving)
    bench.go(HOUR)
    good_at = bench.clock.now
    for one in bench.sources:
        one.set("html")
    while bench.clock.now < good_at + 1_700:
        bench.poll()
        assert (bench.feed.state, bench.feed.pose) == ("STALE", HOLD)
        assert bench.feed.why and bench.feed.last is not None
        bench.clock.now += bench.feed.wait_s(60)
    bench.go(300)
    assert (bench.feed.state, bench.feed.pose) == ("NO_DATA", LEVEL)
    bench["b"].set("good")
    bench.go(300)
    assert (bench.feed.state, bench.feed.pose) == ("LIVE", FOLLOW)


def test_before_the_first_price_it_says_no_data_and_stays() -> None:
    bench = Bench("a")
    bench["a"].set("html")
    bench.poll()
    assert (bench.feed.state, bench.feed.pose) == ("NO_DATA", HOLD)
    bench.go(2_000)
    assert (bench.feed.state, bench.feed.pose) == ("NO_DATA", LEVEL)


def test_a_night_without_providers_keeps_the_last_sessions_move() -> None:
    calendar = Calendar((0, "open"), (HOUR, "closed"), (20 * HOUR, "open"))
    bench = Bench("a", price=moving, sessions=calendar)
    bench.go(HOUR + 300)
    bench["a"].set("html")
    bench.go(18 * HOUR)
    assert (bench.feed.state, bench.feed.pose) == ("CLOSED", HOLD)
    bench.go(2 * HOUR)
    assert (bench.feed.state, bench.feed.pose) == ("NO_DATA", LEVEL)


def test_what_was_lost_in_session_is_not_closed_afterwards() -> None:
    calendar = Calendar((0, "open"), (2 * HOUR, "closed"))
    bench = Bench("a", price=moving, sessions=calendar)
    bench.go(HOUR)
    bench["a"].set("html")
    bench.go(2 * HOUR)
    assert bench.feed.state == "NO_DATA"
    bench["a"].set("good")
    bench.go(600)
    assert bench.feed.state == "CLOSED"


def test_lunch_and_the_first_minutes_are_closed_and_then_live() -> None:
    calendar = Calendar((0, "open"), (HOUR, "lunch"), (2 * HOUR, "open"))

    def price(at: int) -> float:
        return moving(min(at, HOUR) if at < 2 * HOUR + 240 else at)

    bench = Bench("a", price=price, sessions=calendar)
    bench.go(HOUR)
    assert bench.feed.state == "LIVE"
    bench["a"].set("frozen")
    bench.go(1_800)
    assert bench.feed.state == "CLOSED"
    while bench.clock.now < 2 * HOUR:
        bench.poll()
        bench.clock.now += bench.feed.wait_s(60)
    bench.poll()
    assert bench.feed.state == "CLOSED"  # open, and no trade yet
    bench["a"].set("good")
    bench.go(120)
    assert bench.feed.state == "LIVE"


def test_what_stood_still_long_ago_is_no_witness() -> None:
    bench = Bench("a", "b", price=moving, sessions=Calendar((0, "open")))
    bench["b"].set("frozen")
    bench.go(HOUR)
    bench["a"].set("html")
    bench.poll()
    bench["a"].set("good")
    bench["b"].set("html")
    bench.go(HOUR)
    assert bench.feed.state == "LIVE"
    bench["a"].set("frozen")
    bench.go(HOUR)
    assert {state for at, state in bench.states if at > 2 * HOUR + 800} == {"STALE"}


def test_a_start_in_the_middle_of_a_session_has_no_first_minutes() -> None:
    bench = Bench("a", price=moving, sessions=Calendar((0, "open")))
    bench["a"].set("frozen")
    bench.clock.now = 700
    bench.poll()
    assert bench.feed.state == "STALE"


def test_in_session_two_still_prices_are_a_closed_market_and_one_is_a_stale_price() -> None:
    open_ = Calendar((0, "open"))
    for names, state in (("a", "STALE"), ("ab", "CLOSED")):
        bench = Bench(*names, price=moving, sessions=open_)
        bench.go(HOUR)
        for one in bench.sources:
            one.set("frozen")
        begun = bench.clock.now
        bench.go(HOUR)
        seen = [found for at, found in bench.states if at > begun]
        assert seen[-1] == state and "NO_DATA" not in seen
        assert [at for at, found in bench.states if found == "STALE"][0] - begun <= 720


@pytest.mark.parametrize("flag", [True, None])
def test_beyond_the_calendar_one_still_price_is_closed_and_never_open(flag: bool | None) -> None:
    bench = Bench("a", price=moving, a={"flag": flag})
    bench.go(HOUR)
    assert bench.feed.state == "LIVE"
    bench["a"].set("frozen")
    bench.go(1_500)
    assert bench.feed.state == "STALE"
    bench.go(900)
    assert bench.feed.state == "CLOSED"


def test_the_providers_word_counts_where_the_calendar_has_none() -> None:
    bench = Bench("a", price=moving, a={"flag": False})
    bench.go(HOUR)
    assert bench.feed.state == "CLOSED"
    bench["a"].flag = True
    bench.poll()
    assert bench.feed.state == "LIVE"


def test_a_shut_market_is_asked_every_five_minutes_until_it_opens() -> None:
    calendar = Calendar((0, "closed"), (HOUR, "open"))
    bench = Bench("a", price=moving, sessions=calendar)
    bench.go(HOUR)
    assert len(bench["a"].asked) <= 13
    assert HOUR <= bench.clock.now <= HOUR + 2


def test_an_unset_clock_takes_the_answers_date() -> None:
    bench = Bench("a", price=moving)
    bench.clock_set = False
    bench.poll()
    assert bench.feed.state == "LIVE"
    bench["a"].set("frozen")
    bench.go(900)
    assert bench.feed.state == "STALE"


def test_the_pace_is_the_owners_and_the_providers() -> None:
    bench = Bench("a")
    bench["a"].poll_s = 45
    bench.poll()
    assert [bench.feed.wait_s(poll_s) for poll_s in (5, 45, 60)] == [45, 45, 60]


def test_a_band_of_the_part_and_a_wider_cap_for_crypto() -> None:
    bench = Bench("a", price=lambda at: 7600.0, part={**PART, "exchange": "24/7"})
    assert bench.poll()
    assert not Bench("a", price=lambda at: 7600.0).poll()  # 52 % above its baseline
    assert not Bench("a", price=lambda at: 5000.0, part={**PART, "band": [5001, 9000]}).poll()


def test_a_thousand_failures_leave_nothing_behind() -> None:
    bench = Bench("a", "b", "c", price=moving)

    def rounds(count: int) -> int:
        for turn in range(count):
            mode = ("html", "null", "wrong", "hang", "banned", "frozen", "zero", "good")[turn % 8]
            for one in bench.sources:
                one.set(mode)
                one.asked.clear()
            bench.poll()
            bench.states.clear()
            bench.clock.now += bench.feed.wait_s(60)
        gc.collect()
        return len(gc.get_objects())

    early = rounds(16)
    assert rounds(1_000) - early <= 8
