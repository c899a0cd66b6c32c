"""The feed over several providers: what it shows, and how soon, on virtual time."""

import gc
from collections.abc import Callable

import pytest
from feed_rig import EPOCH, PART, Bench
from seesaw.core.market_state import FOLLOW, HOLD, LEVEL

HOUR = 3600


def moving(at: int) -> float:
    """A market that goes up 6 points a minute, to 5300 and anew: never a jump."""
    return 5000.0 + at // 10 % 200


def right(bench: Bench, price: Callable[[int], float] = moving) -> bool:
    """Is what is shown at most a poll old?"""
    last, now = bench.feed.last, bench.clock.now
    return last is not None and abs(last.price - price(now)) < 12


class Calendar:
    """Open, closed and lunch at times of the bench's clock."""

    def __init__(self, *changes: tuple[int, str]) -> None:
        self.changes = changes

    def state(self, now_s: int) -> tuple[str, int]:
        word, until = "", 2**40
        for at, new in self.changes:
            if now_s - EPOCH >= at:
                word = new
            else:
                until = EPOCH + at
                break
        return word, until


# -- failover --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["html", "hang", "null", "zero", "pence", "banned"])
@pytest.mark.parametrize("broken", [1, 2])
@pytest.mark.parametrize("poll_s", [20, 60])
def test_the_beam_is_right_again_within_three_minutes(mode: str, broken: int, poll_s: int) -> None:
    """From the moment when the preferred one breaks, or the two preferred at once."""
    bench = Bench("a", "b", "c", price=moving)
    bench.go(2 * HOUR, poll_s)
    assert bench.feed.provider == "a" and bench.feed.state == "LIVE"

    begun = bench.clock.now
    for one in bench.sources[:broken]:
        one.set(mode)
    bench.poll()
    while bench.feed.provider not in ("b", "c")[broken - 1 :]:
        bench.clock.now += bench.feed.wait_s(poll_s)
        bench.poll()
    took = bench.clock.now - begun

    assert right(bench) and bench.feed.state == "LIVE"
    assert took <= (16 if broken == 1 else poll_s + 47)
    assert took < 180
    bench.go(HOUR, poll_s)
    assert {state for at, state in bench.states if at > begun + took} == {"LIVE"}


def test_a_frozen_provider_is_left_once_its_price_is_late() -> None:
    bench = Bench("a", "b", price=moving)
    bench.go(HOUR)
    bench["a"].set("frozen")
    begun = bench.clock.now
    bench.go(HOUR)

    assert bench.feed.provider == "b" and right(bench)
    assert {state for at, state in bench.states if at > begun} == {"LIVE"}


def test_an_older_price_does_not_replace_a_newer_one() -> None:
    bench = Bench("a", "b", price=moving)
    bench["b"].set("frozen")
    bench.go(HOUR)
    newest = bench.feed.last
    bench["a"].set("html")
    bench.poll()

    assert len(bench["b"].asked) == 1
    assert bench.feed.last is newest


def test_quiet_probes_are_quiet() -> None:
    bench = Bench("a", "b", price=moving)
    bench["a"].set("html")
    bench.go(60)
    for _ in range(120):
        bench.poll()
        assert (bench.feed.state, bench.feed.provider, bench.feed.why) == ("LIVE", "b", "")
        bench.clock.now += 60
    assert 3 < len(bench["a"].asked) < 10


def test_it_stays_with_the_new_one_and_comes_back_when_the_old_has_proved_itself() -> None:
    bench = Bench("a", "b", price=moving)
    bench["a"].set("html")
    bench.go(60)
    assert bench.feed.provider == "b"
    bench["a"].set("good")
    bench.go(840)
    assert bench.feed.provider == "b"
    bench.go(300)
    assert bench.feed.provider == "a"


def test_one_that_is_delayed_or_a_proxy_is_left_sooner_and_said() -> None:
    bench = Bench("a", "b", price=moving, b={"delay_s": 900})
    bench["a"].set("html")
    bench.go(120)
    assert (bench.feed.state, bench.feed.words) == ("DELAYED", "prices come 15 min late")
    bench["a"].set("good")
    bench.go(300)
    assert (bench.feed.provider, bench.feed.state) == ("a", "LIVE")


def test_a_proxy_in_another_unit_stands_in() -> None:
    bench = Bench("a", "b", price=moving, b={"proxy": True})
    bench["b"].price = lambda at: moving(at) / 10  # type: ignore[method-assign, assignment]
    bench.go(120)
    real, bench["b"].ask = bench["b"].ask, _tenth(bench["b"])  # type: ignore[method-assign]
    bench["a"].set("html")
    bench.go(120)

    assert real and bench.feed.state == "PROXY" and bench.feed.last.price < 600
    bench["a"].set("good")
    bench.go(600)
    assert bench.feed.state == "LIVE" and bench.feed.last.price > 4_000


def _tenth(source: object) -> Callable:
    """Its baseline too is a tenth."""
    ask = source.ask  # type: ignore[attr-defined]

    async def asked(now_s: int) -> object:
        quote = await ask(now_s)
        quote.baseline /= 10
        return quote

    return asked


# -- jumps -----------------------------------------------------------------------------------------


def crash(at: int) -> float:
    return 5000.0 if at < 600 else 4500.0


def test_a_jump_that_a_second_provider_shows_is_believed_at_once() -> None:
    bench = Bench("a", "b", price=crash)
    bench.go(580)
    bench.clock.now = 620
    assert bench.poll()
    assert bench.feed.last.price == 4500.0 and bench.feed.provider == "a"
    assert len(bench["b"].asked) == 1


def test_a_jump_that_a_second_provider_refutes_costs_the_first_its_place() -> None:
    bench = Bench("a", "b", price=moving)
    bench.go(600)
    bench["a"].set("wrong")
    bench.poll()

    assert (bench.feed.provider, bench.feed.state) == ("b", "LIVE") and right(bench)
    assert bench.feed.choice.health[0].level == 1
    bench.go(2 * HOUR)
    assert bench.feed.provider == "b" and right(bench)
    assert bench.feed.choice.health[0].level >= 3  # its probes failed, too


def test_two_jumps_that_disagree_bear_nothing_out() -> None:
    bench = Bench("a", "b", price=crash)
    bench["b"].price = lambda at: crash(at) * (1 if at < 600 else 0.95)
    bench.go(580)
    bench.clock.now = 620

    assert not bench.poll() and bench.feed.last.price == 5000.0
    assert len(bench["b"].asked) == 1


def test_the_funds_jump_is_judged_by_its_move_and_the_index_refutes_it() -> None:
    bench = Bench("a", "b", price=moving, b={"proxy": True})
    bench["a"].set("html")
    bench.go(120)
    assert bench.feed.state == "PROXY"
    bench["a"].set("good")
    bench["b"].set("wrong")
    bench.poll()
    assert (bench.feed.provider, bench.feed.state) == ("a", "LIVE") and right(bench)


@pytest.mark.parametrize("second", [None, "html", "late"])
def test_alone_a_jump_takes_two_more_polls_that_agree(second: str | None) -> None:
    """Nobody else, or one that is broken, or one that is too far behind to know."""
    more = {"b": {"delay_s": 900}} if second == "late" else {}
    bench = Bench(*("ab" if second else "a"), price=crash, **more)
    if second == "html":
        bench["b"].set("html")
    bench.go(580)
    bench.clock.now = 620
    for polls in range(3):
        assert bench.feed.last.price == 5000.0, polls
        good = bench.poll()
        assert good == (polls == 2)
        if not good:
            assert bench.feed.state == "STALE" and bench.feed.pose == HOLD
            assert "jump" in bench.feed.why or "JSON" in bench.feed.why
        bench.clock.now += 60
    assert bench.feed.last.price == 4500.0 and bench.feed.state == "LIVE"


@pytest.mark.parametrize(
    ("prices", "wanted"),
    [
        ([5000.0, 4500.0, 4000.0, 4010.0, 4020.0, 5000.0, 5000.0, 4500.0, 5000.0],
         [5000.0] * 4 + [4020.0] * 5),
        ([5000.0, 4500.0, 5000.0, 4500.0, 4500.0, 4500.0], [5000.0] * 5 + [4500.0]),
    ],
)  # fmt: skip
def test_polls_of_a_jump_that_disagree_begin_anew_and_a_glitch_is_forgotten(
    prices: list[float], wanted: list[float]
) -> None:
    now: list[float] = []
    bench = Bench("a", price=lambda at: now[-1])
    shown = []
    for one in prices:
        now.append(one)
        bench.poll()
        shown.append(bench.feed.last.price)
        bench.clock.now += 60

    assert shown == wanted


# -- the honest states -----------------------------------------------------------------------------


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
    assert bench.feed.words.startswith("no price for 3")
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
    assert (bench.feed.state, bench.feed.words) == ("CLOSED", "lunch break")
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
    assert (bench.feed.state, bench.feed.words) == ("STALE", "the price is old")


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
        assert bench.feed.words == ("the price is old" if names == "a" else
                                    "the last session's move")  # fmt: skip


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
