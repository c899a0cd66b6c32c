"""When a stream is opened: every row of the table, and long lives against a second model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw.core import stream_state
from seesaw.core.stream_state import (
    BARRED,
    FAILED,
    FRESH,
    POLLING,
    RENEWED,
    SHAKY,
    SPACING_S,
    STEADY,
    TABLE,
    Plan,
    renew_after_s,
)

STATES = (FRESH, SHAKY, POLLING)
ENDS = (RENEWED, STEADY, FAILED, BARRED)
DAY = 86400
LIFE_S = {STEADY: (60, DAY), RENEWED: (0, DAY), FAILED: (0, 400), BARRED: (0, 20)}
one_life = st.sampled_from(ENDS).flatmap(
    lambda how: st.tuples(st.just(how), st.integers(*LIFE_S[how]), st.integers(0, 21600))
)


class Model:
    """The same in other words: a count of bad ends, as a list of what happened."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    def earliest_and_latest(self, how: str, floor_s: int) -> tuple[int, int]:
        """The wait after one more end, between the luckiest and the unluckiest draw."""
        self.ends.append(how)
        bad = 0
        while bad < len(self.ends) and self.ends[-1 - bad] in (FAILED, BARRED):
            bad += 1
        run = self.ends[len(self.ends) - bad :]
        # the first of the run that sent us polling: the second failure, or being barred
        first = next((i for i in range(bad) if run[i] == BARRED or i >= 1), None)
        if first is None:
            longest = 2 if how == RENEWED else 10
        else:
            longest = min(900 * 2 ** (bad - 1 - first), 21600)
        least = longest - longest // 2
        return max(least, floor_s), max(longest, floor_s)

    @property
    def polls(self) -> bool:
        bad = [end in (FAILED, BARRED) for end in self.ends]
        return self.ends[-1] == BARRED or bad[-2:] == [True, True]


def test_the_table_is_whole() -> None:
    assert set(TABLE) == {(state, how) for state in STATES for how in ENDS}
    for (_, how), (after, _) in TABLE.items():
        assert after in STATES
        assert (after == FRESH) == (how in (RENEWED, STEADY))


@settings(deadline=None)
@given(st.lists(one_life, min_size=1, max_size=40), st.floats(0, 1, exclude_max=True))
def test_a_life_of_streams_follows_the_model(lives: list, chance: float) -> None:
    plan, model, now_s = Plan(), Model(), 0
    opened: list[int] = []
    for how, lasted_s, floor_s in lives:
        assert plan.due(now_s)
        opened.append(now_s)
        plan.begun(now_s)
        assert not plan.due(now_s)
        ended_s = now_s + lasted_s
        least, most = model.earliest_and_latest(how, floor_s)
        plan.ended(how, ended_s, lambda: chance, floor_s)

        assert (plan.state == POLLING) == model.polls
        spaced = now_s + SPACING_S
        assert max(ended_s + least, spaced) <= plan.next_s <= max(ended_s + most, spaced)
        now_s = plan.next_s
    for i, begun_s in enumerate(opened):
        assert sum(begun_s <= other < begun_s + 3600 for other in opened[i:]) <= 60


def test_a_server_that_always_fails_is_asked_ever_more_rarely() -> None:
    plan, now_s, opened = Plan(), 0, []
    while now_s < 30 * DAY:
        opened.append(now_s)
        plan.begun(now_s)
        plan.ended(FAILED, now_s + 5, lambda: 0.99)
        now_s = plan.next_s

    assert sum(at < 3600 for at in opened) <= 5
    assert sum(at >= 29 * DAY for at in opened) <= 8


def test_a_retry_after_is_a_floor() -> None:
    plan = Plan()
    plan.begun(0)
    plan.ended(BARRED, 1, lambda: 0.5, 7200)

    assert plan.next_s == 7201


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999999])
def test_a_stream_is_renewed_before_a_day_is_over(chance: float) -> None:
    after_s = renew_after_s(lambda: chance)

    assert DAY - 2400 <= after_s <= DAY - 600
    assert stream_state.RENEW_S == 23 * 3600 + 50 * 60
