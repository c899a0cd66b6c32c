"""A provider's health: every state and event against the rules, written a second time."""

from itertools import product

import pytest
from seesaw.core.health import EMPTY, FAILED, GOOD, WAITS_S, Health

HOURS_6 = 21_600
CHANCES = (0.0, 0.5, 0.999)
RETRIES = (0, 7, 1_000, HOURS_6, HOURS_6 + 1, 10**9)


def expected(level: int, empties: int, event: int) -> tuple[int, int, int, int]:
    """(level, empties, shortest wait, longest): failures 1, 2, then breakers that double."""
    if event == GOOD:
        return 0, 0, 0, 0
    if event == FAILED:
        failures = min(level + 1, 8)
        if failures < 3:
            return failures, 0, 15 * failures, 30 * failures
        minutes = 15 * 2 ** (failures - 3)
        seconds = 60 * minutes if failures < 8 else 17_280
        return failures, 0, seconds, seconds * 5 // 4
    times = min(empties + 1, 9)
    seconds = min(30 * 2 ** (times - 1), 300)
    return min(level, 2), times, seconds - seconds // 2, seconds


@pytest.mark.parametrize("chance", CHANCES)
def test_every_state_and_event(chance: float) -> None:
    for level, empties, event, retry_s in product(
        range(len(WAITS_S)), range(10), (GOOD, EMPTY, FAILED), RETRIES
    ):
        one = Health()
        one.level, one.empties = level, empties
        one.took(event, 1_000, lambda: chance, retry_s)
        to, times, least, most = expected(level, empties, event)
        floor_s = 0 if event == GOOD else min(retry_s, HOURS_6)
        wait_s = one.until_s - 1_000

        assert (one.level, one.empties) == (to, times)
        assert one.floor_s == 1_000 + floor_s
        assert max(least, floor_s) <= wait_s <= max(most, floor_s)
        assert wait_s <= HOURS_6
        if chance == 0.0:
            assert wait_s == max(floor_s, least if event == FAILED and to >= 3 else most)


def test_the_breaker_opens_at_the_third_failure_and_half_opens_after_fifteen_minutes() -> None:
    one, now = Health(), 0
    for wait_s in (30, 60, 900):
        assert one.ready(now)
        one.took(FAILED, now, lambda: 0.0)
        assert not one.ready(now + wait_s - 1)
        now += wait_s
    assert one.ready(now)
    one.took(FAILED, now, lambda: 0.0)  # the trial
    assert not one.ready(now + 1_799) and one.ready(now + 1_800)
    one.took(GOOD, now + 1_800, lambda: 0.0)
    assert one.ready(now + 1_800) and one.level == 0


def test_an_empty_answer_opens_no_breaker_however_often() -> None:
    one, now = Health(), 0
    for _ in range(1_000):
        one.took(EMPTY, now, lambda: 0.0)
        assert one.until_s - now <= 300
        now = one.until_s
    assert one.level == 0 and one.empties == 9
