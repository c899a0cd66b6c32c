"""When the time is asked for, and whom one believes."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw import asking
from seesaw.core import clock_policy as policy
from seesaw.timekeeping import Timekeeper
from seesaw.updater import Updater

BUILT, NOW, FAR, OLD = 1_790_000_000, 1_796_000_000, 4_070_908_800, 1_500_000_000


@pytest.mark.parametrize(
    ("clock", "told", "chosen"),
    [
        # Never set.
        (0, [], (0, False)),
        (0, [NOW], (NOW, False)),
        (0, [NOW, NOW + 2], (NOW, True)),
        (0, [FAR, NOW], (NOW, False)),  # nobody knows which: a later lie is the worse one
        (0, [FAR, NOW, NOW + 1], (NOW, True)),
        (0, [FAR, FAR, NOW], (FAR, True)),  # see Witnesses.doubt for the cure
        (0, [OLD, NOW], (NOW, False)),  # before the release was built
        (0, [OLD], (0, False)),
        (0, [policy.YEAR_2100_S], (0, False)),
        # Set.
        (NOW, [], (0, False)),
        (NOW, [NOW + 40], (NOW + 40, True)),
        (NOW, [FAR], (0, False)),
        (NOW, [FAR, NOW + 3], (NOW + 3, True)),
        (NOW, [NOW + 4000, NOW + 4001], (NOW + 4000, True)),  # it had drifted
        (FAR, [NOW, NOW], (NOW, True)),
        (FAR, [NOW], (0, False)),
        (OLD, [NOW], (NOW, False)),  # a clock before the bound is none
    ],
)
def test_whom_to_believe(clock: int, told: list[int], chosen: tuple[int, bool]) -> None:
    assert policy.choose(clock, told, BUILT) == chosen


times = st.integers(-(1 << 40), 1 << 40)
past = st.integers(1, policy.YEAR_2100_S)


@given(times, st.lists(times, max_size=4), st.integers(1, policy.YEAR_2100_S - 1))
def test_what_is_chosen_was_told_and_can_be(clock: int, told: list[int], least: int) -> None:
    found, sure = policy.choose(max(clock, 0), told, least)

    assert found == 0 or (found in told and least <= found < policy.YEAR_2100_S)
    assert not sure or found


class Witness(Updater):
    """An updater with a clock, and an answer that has come."""

    def __init__(self, bound: int, clock: int, date: int) -> None:
        self.bound, self.epoch = bound, clock
        self.clock = self.site = self
        self.date = formatdate(date, usegmt=True) if date else ""

    def epoch_s(self) -> int:
        return self.epoch

    def built_s(self) -> int:
        return self.bound


def now_of(bound: int, clock: int, date: int) -> int | None:
    return Witness(bound, clock, date).now_s()


@pytest.mark.parametrize(
    ("bound", "clock", "date", "now"),
    [
        (0, 0, 0, 0),
        (BUILT, 0, 0, BUILT),
        (BUILT, NOW, 0, NOW),
        (BUILT, 0, NOW, NOW),
        (BUILT, OLD, NOW, NOW),
        (BUILT, NOW, OLD, NOW),
        (BUILT, FAR, NOW, NOW),
        (BUILT, NOW, FAR, NOW),
        (BUILT, FAR, FAR, FAR),
        (BUILT, OLD, OLD, BUILT),
    ],
)
def test_what_an_update_takes_as_now(bound: int, clock: int, date: int, now: int) -> None:
    assert (now_of(bound, clock, date) or 0) == now


@given(past, past, past)
def test_an_update_is_never_before_the_bound_nor_after_an_honest_witness(
    bound: int, lie: int, right: int
) -> None:
    for clock, date in ((lie, right), (right, lie)):
        found = now_of(bound, clock, date) or 0
        assert found >= bound
        assert found <= max(bound, right) or right <= bound


def test_a_clock_that_was_never_set_is_asked_for_at_once_else_once_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Clock:
        def __init__(self, now_s: int) -> None:
            self.now_s, self.up = now_s, 0

        def epoch_s(self) -> int:
            return self.now_s

        def up_s(self) -> int:
            return self.up

    class Asked(Exception):
        pass

    def witnesses(*_: object) -> object:
        raise Asked

    monkeypatch.setattr(asking, "witnesses", witnesses)

    def first_s(now_s: int, part: float) -> int:
        """Of a session: how long nobody was asked."""
        clock = Clock(now_s)
        keeper = Timekeeper(clock, lambda: part)
        for clock.up in range(0, 86_400, 60):
            try:
                keeper.keep("").send(None)
            except Asked:
                return clock.up
            except StopIteration:
                pass
        return 86_400

    assert first_s(0, 0.9) == 0
    drawn = [first_s(NOW, part / 1000) for part in range(1000)]

    assert sum(first <= 21_600 for first in drawn) == 251  # of sessions of six hours every fourth
    assert max(drawn) <= 86_400


def test_the_next_question() -> None:
    assert policy.next_s(True, 0, lambda: 0.0) == 86_400
    assert policy.next_s(True, 0, lambda: 0.999) > 64_800
    assert policy.next_s(False, 0, lambda: 0.0) == 3600
    waits = [policy.next_s(False, failures, lambda: 0.0) for failures in range(1, 50)]
    assert waits[:4] == [20, 40, 80, 160] and max(waits) == 3600


def test_a_doubt_has_its_time() -> None:
    assert [policy.doubtful(since) for since in (None, 0, 899, 900)] == [True, False, False, True]
