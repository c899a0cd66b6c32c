"""The feed over several providers: whom it follows, and how soon, on virtual time."""

from collections.abc import Callable

import pytest
from feed_rig import Bench, moving, right
from seesaw.core.market_state import HOLD

HOUR = 3600


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


def test_an_empty_answer_opens_no_breaker_and_any_other_does() -> None:
    for mode, level in (("null", 0), ("html", 3), ("zero", 3), ("hang", 3)):
        bench = Bench("a")
        bench["a"].set(mode)
        bench.go(200)
        assert min(bench.feed.choice.health[0].level, 3) == level, mode


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
    assert bench.feed.state == "DELAYED"
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


@pytest.mark.parametrize("tolerant", [None, "a", "b"])
def test_a_witness_may_differ_by_the_greater_tolerance(tolerant: str | None) -> None:
    bench = Bench("a", "b", price=crash)
    bench["b"].price = lambda at: crash(at) * (1 if at < 600 else 0.993)  # as USDT from USD
    if tolerant:
        bench[tolerant].tolerance = 1.0
    bench.go(580)
    bench.clock.now = 620

    assert bench.poll() == (tolerant is not None)
    assert len(bench["b"].asked) == 1


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
