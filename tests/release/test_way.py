"""The way from one published state to another: pure, so it is compared with a search of all."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.release.publication import Step, direct, way

MOST = 4  # roots and timestamps after the first


def reachable(start: Step, goal: Step, valid: set[Step]) -> bool:
    """By brute force: the set of all states that can be come to."""
    seen = {start}
    while True:
        more = {
            step
            for root, stamp in seen
            for step in [(root + 1, stamp), *((root, later) for later in range(stamp + 1, 9))]
            if step in valid or step == goal
        } - seen
        if not more:
            return goal in seen
        seen |= more


STEPS = list(product(range(1, MOST + 2), range(1, MOST + 2)))


@given(
    st.sets(st.sampled_from(STEPS)), st.sampled_from(STEPS), st.sampled_from(STEPS)
)  # fmt: skip
@settings(deadline=None, max_examples=400, derandomize=True)
def test_it_finds_a_way_when_there_is_one(valid: set[Step], one: Step, other: Step) -> None:
    start = min(one[0], other[0]), min(one[1], other[1])
    goal = max(one[0], other[0]), max(one[1], other[1])
    found = way(start, goal, lambda step: step in valid)

    assert (found is not None) == reachable(start, goal, valid)
    here = start
    for step in found or []:
        assert step in valid or step == goal
        up, later = step[0] - here[0], step[1] - here[1]
        assert (up, later) == (1, 0) or (up == 0 and later > 0)
        here = step
    assert found is None or here == goal


def test_nothing_to_do_is_no_step() -> None:
    assert way((3, 7), (3, 7), lambda step: False) == []


def test_the_key_of_the_timestamp_rotates_twice() -> None:
    """Root 1 trusts stamps to 6, root 2 those from 6 to 9, root 3 those from 9 on."""
    trusted = {1: range(1, 7), 2: range(6, 10), 3: range(9, 20)}
    found = way((1, 4), (3, 12), lambda step: step[1] in trusted[step[0]])

    assert found is not None and found[-1] == (3, 12)
    assert [step for step in found if step[0] == 2] == [(2, 6), (2, 9)]


def test_the_way_without_a_seam_is_not_tried_for_ever() -> None:
    asked: list[Step] = []

    def never(step: Step) -> bool:
        asked.append(step)
        return False

    assert way((1, 1), (2, 100_000), never) is None
    assert len(asked) <= 400
    assert direct((1, 1), (3, 5)) == [(2, 1), (3, 1), (3, 5)]
