"""Which provider is asked: exhaustive walks against a second model, and the bound on requests."""

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise, product

import pytest
from choice_model import Model
from feed_rig import Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seesaw.core import health
from seesaw.core.choice import Choice

EVENTS = {"good": health.GOOD, "empty": health.EMPTY, "failed": health.FAILED}
Say = Callable[[int], tuple[str, int]]


def poll(choice: Choice, now: int, say: Say) -> list[int]:
    """One poll without a gate: the firmware's choice, told what each provider says."""

    def hear(index: int) -> int:
        what, retry_s = say(index)
        choice.took(index, EVENTS[what], now, retry_s)
        return EVENTS[what]

    first = choice.first(now)
    if first is None:
        assert choice.wait_s(now) > 0
        return []
    assert choice.wait_s(now) >= 0
    if hear(first) == health.GOOD:
        choice.follow(first, now)
        index = choice.probe(now)
        if index is None:
            return [first]
        choice.probed(index, hear(index), now)
        return [first, index]
    other = choice.other(now, first)
    if other is None:
        return [first]
    if hear(other) == health.GOOD:
        choice.follow(other, now)
    return [first, other]


def walk(grades: list[int], steps: list[tuple[int, tuple[tuple[str, int], ...]]]) -> list[int]:
    """Both along the same way. The current one after each step."""
    choice, model, now, way = Choice(grades, lambda: 0.0), Model(grades), 0, []
    for wait_s, answers in steps:
        now += wait_s
        asked = poll(choice, now, answers.__getitem__)
        assert asked == model.poll(now, answers.__getitem__), (now, steps)
        assert choice.current == model.current, (now, steps)
        way.append(choice.current)
    return way


ANSWERS = (("good", 0), ("empty", 0), ("failed", 0), ("failed", 700))


@pytest.mark.parametrize("grades", [[0, 0], [0, 1]])
def test_every_walk_of_two_providers(grades: list[int]) -> None:
    """Each step one of 2 waits and 16 pairs of answers; all walks of three, from fresh."""
    one = list(product((20, 400), product(ANSWERS, ANSWERS)))
    for steps in product(one, repeat=3):
        walk(grades, list(steps))


@pytest.mark.parametrize("grades", [[0, 0, 0], [0, 1, 2]])
def test_every_walk_from_a_failover_on(grades: list[int]) -> None:
    """The first is broken and the second followed: all walks of five steps from there."""
    bad, good = ("failed", 0), ("good", 0)
    begun = [(60, (bad, good, good))]
    one = list(product((100, 460), product((good, bad), repeat=3)))
    for steps in product(one, one, one[:8], one[::3]):
        walk(grades, begun + list(steps))


STEPS = st.lists(
    st.tuples(
        st.sampled_from([5, 20, 60, 61, 120, 300, 900, 5_000, 40_000]),
        st.tuples(*[st.sampled_from([*ANSWERS, ("good", 9), ("empty", 90_000)])] * 5),
    ),
    min_size=1,
    max_size=60,
)


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=5), STEPS)
def test_long_walks(grades: list[int], steps: list) -> None:
    walk(grades, steps)


def test_the_way_back_takes_the_hold_and_two_probes() -> None:
    good, bad = ("good", 0), ("failed", 0)
    steps = [(60, (bad, good))] + [(60, (good, good))] * 20

    assert walk([0, 0], steps).index(0) == 15
    assert walk([0, 1], steps).index(0) == 3  # what is followed is delayed


def test_a_provider_that_fails_every_other_time_does_not_make_it_flap() -> None:
    good, bad = ("good", 0), ("failed", 0)
    steps = [(60, (bad if minute % 2 else good, good)) for minute in range(1_440)]
    way = walk([0, 0], steps)
    switches = sum(before != after for before, after in zip(way, way[1:], strict=False))

    assert switches <= 2 * 24 * 4


def test_probes_count_for_the_provider_that_passed_them() -> None:
    choice = Choice([0, 0, 0], lambda: 0.0)
    choice.follow(2, 0)
    assert choice.probe(300) == 0
    choice.took(0, health.GOOD, 300)
    choice.probed(0, health.GOOD, 300)
    choice.took(0, health.FAILED, 880)  # as a stand-in
    assert choice.probe(900) == 1
    choice.took(1, health.GOOD, 900)
    choice.probed(1, health.GOOD, 900)
    assert choice.current == 2
    choice.took(1, health.GOOD, 1_200)
    choice.probed(1, health.GOOD, 1_200)
    assert choice.current == 1


def test_in_need_the_one_that_asked_for_patience_is_passed_over() -> None:
    choice, now = Choice([0, 0], lambda: 0.0), 0
    for _ in range(4):
        choice.took(1, health.FAILED, now)
    choice.took(0, health.FAILED, now, 500)

    assert choice.health[0].until_s < choice.health[1].until_s
    assert choice.wait_s(now) == 120
    assert choice.first(119) is None and choice.first(120) == 1
    assert choice.first(500) == 0


# -- the bound -------------------------------------------------------------------------------------

MODES = ("good", "html", "hang", "null", "zero", "pence", "wrong", "frozen", "banned")
PLANS = st.lists(
    st.tuples(st.integers(30, 20_000), st.sampled_from(MODES)), min_size=1, max_size=12
)
HOUR = 3600
DAYS = 2 * 86_400


def most_in(times: list[int], span_s: int) -> int:
    """The most of them in any span of so many seconds."""
    return max((i + 1 - bisect_left(times, at - span_s + 1) for i, at in enumerate(times)),
               default=0)  # fmt: skip


def follow_plans(bench: Bench, plans: list, poll_s: int, seconds: int) -> None:
    changes = []
    for source, plan in zip(bench.sources, plans, strict=False):
        at = 0
        for span_s, mode in plan:
            changes.append((at, source, mode))
            at += span_s
    changes.sort(key=lambda one: one[0])
    while bench.clock.now < seconds:
        while changes and changes[0][0] <= bench.clock.now:
            _, source, mode = changes.pop(0)
            source.set(mode)
        before = [len(one.asked) for one in bench.sources]
        bench.poll()
        made = [len(one.asked) - was for one, was in zip(bench.sources, before, strict=True)]
        assert sum(made) <= 2 and max(made) <= 1
        wait_s = bench.feed.wait_s(poll_s)
        assert poll_s <= wait_s <= max(poll_s, 6 * HOUR)
        bench.clock.now += wait_s


@settings(derandomize=True, max_examples=30, deadline=None, database=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(
    plans=st.lists(PLANS, min_size=1, max_size=5),
    poll_s=st.sampled_from([5, 20, 60, 600]),
    draws=st.randoms(use_true_random=False),
)
def test_no_storm_over_two_days_whatever_the_providers_do(
    plans: list, poll_s: int, draws: object
) -> None:
    bench = Bench(*"abcde"[: len(plans)], random=draws.random)  # type: ignore[attr-defined]
    follow_plans(bench, plans, poll_s, min(DAYS, 3_000 * poll_s))  # two days, at 60 s

    assert most_in(bench.requests(), HOUR) <= 2 * (HOUR // poll_s + 1)
    for one in bench.sources:
        assert most_in(one.asked, HOUR) <= HOUR // poll_s + 1


@pytest.mark.parametrize("mode", ["html", "hang", "zero", "pence"])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_an_outage_of_all_is_no_storm_and_the_first_that_is_well_is_found(
    mode: str, count: int
) -> None:
    bench = Bench(*"abcd"[:count])
    bench.go(600, 5)
    for one in bench.sources:
        one.set(mode)
    before = len(bench.requests())
    bench.go(DAYS, 5)

    outage = bench.requests()[before:]
    assert most_in(outage, HOUR) <= 30 + 5 * count
    assert len(outage) <= 30 * 48 + 5 * count
    last = bench.sources[-1]
    last.set("good")
    bench.go(count * 150)
    assert bench.feed.state == "LIVE" and bench.feed.provider == last.name


def test_a_broken_provider_is_left_alone_while_another_is_well() -> None:
    bench = Bench("a", "b")
    bench["a"].set("html")
    bench.go(DAYS, 20)

    assert most_in(bench["a"].asked, HOUR) <= 5
    assert len(bench["a"].asked) <= 8 + 2 * 86_400 // 17_280


def test_what_retry_after_asks_for_is_kept_in_need_too() -> None:
    bench = Bench("a", "b")
    for one in bench.sources:
        one.set("banned")
    bench.go(DAYS // 8, 5)

    for one in bench.sources:
        gaps = [after - at for at, after in zip(one.asked, one.asked[1:], strict=False)]
        assert gaps and min(gaps) >= 1_000


def outage(over: int, draw: float, retry_s: int) -> tuple[int, int, dict[int, list[int]]]:
    """All fail until then, and are well from then on: (who answered first, seconds from that to a
    provider of the best grade, who was asked when). retry_s: what the first one asks for."""
    choice, model = Choice([0, 0, 1, 2], lambda: draw), Model([0, 0, 1, 2])
    asked: dict[int, list[int]] = {index: [] for index in range(4)}
    first = begun = None
    for now in range(0, over + 7200, 60):

        def say(index: int, well: bool = now >= over) -> tuple[str, int]:
            return ("good", 0) if well else ("failed", retry_s if index == 0 else 0)

        made = poll(choice, now, say)
        if draw == 0.0:
            assert made == model.poll(now, say), now
        for index in made:
            asked[index].append(now)
        if made and now >= over and first is None:
            first, begun = choice.current, now
        if begun is not None and choice.grades[choice.current] == 0:
            assert begun - over <= 120
            return first or 0, now - begun, asked
    raise AssertionError(f"stuck with {choice.current}")


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("retry_s", [0, 3000])
def test_after_an_outage_nobody_is_stuck_with_a_poor_provider(draw: float, retry_s: int) -> None:
    poor = 0
    for minutes in range(170, 230):
        first, took_s, asked = outage(minutes * 60, draw, retry_s)
        assert took_s <= 360, (minutes, first, took_s)
        poor += first > 1
        assert all(b - a >= retry_s for a, b in pairwise(asked[0]) if b <= minutes * 60)
    assert poor > 5


def test_one_that_flaps_brings_no_storm_on_the_dead() -> None:
    """Of five one works now and then, the worst of ways: each time an outage ends."""
    choice, count = Choice([0, 0, 0, 0, 1], lambda: 0.5), 0
    hour, streak = 3600, 0
    dead: list[int] = []
    for now in range(0, 48 * hour, 60):
        def say(index: int, now: int = now) -> tuple[str, int]:
            nonlocal streak, count
            count += 1
            if index != 4:
                dead.append(now)
                return "failed", 0
            streak = (streak + 1) % 3
            return ("good" if streak == 0 else "failed"), 0

        poll(choice, now, say)
    for begin in range(0, 47 * hour, 900):
        within = [now for now in dead if begin <= now < begin + hour]
        assert len(within) <= 4 * 20, begin  # each of the four once in three minutes
