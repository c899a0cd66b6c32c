"""The walk through a calibration: its table, its bounds, and what becomes of the settings."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw import tuning
from seesaw.core import calibrate
from seesaw.core.calibrate import ACCEPT, BACK, NO, NUDGE, OUTER_US, STEPS, YES, act, begin, result
from seesaw.core.tilt import TILT_MAX_DEG, pulse_ns

WORDS = st.tuples(st.sampled_from([NUDGE] * 6 + [ACCEPT, ACCEPT, BACK, YES, NO]),
                  st.integers(-200, 200))  # fmt: skip


def walk(center: int, low: int, high: int, bull: str = YES) -> tuple:
    state = begin(1500)
    for place in (center, low, high):
        while state[1] != place:
            state = act(state, NUDGE, place - state[1])
        state = act(state, ACCEPT)
    return act(state, bull)


@pytest.mark.parametrize(
    ("found", "slope"),
    [((1500, 1020, 1980), 40), ((1480, 1000, 1700), 18), ((1500, 1000, 2000), 41),
     ((1500, 1404, 1900), 8)],
)  # fmt: skip
@pytest.mark.parametrize(("bull", "sign"), [(YES, 1), (NO, -1)])
def test_a_calibration_gives_settings(
    found: tuple[int, int, int], slope: int, bull: str, sign: int
) -> None:
    center, low, high = found
    made = result(walk(*found, bull))

    assert made == {
        "center_us": center, "low_us": low, "high_us": high, "us_per_degree": sign * slope,
    }  # fmt: skip


def test_every_step_can_be_left_and_only_by_its_words() -> None:
    steps = {step for step, _ in STEPS} | {"done"}

    assert steps == set(calibrate.QUESTIONS)
    assert set(STEPS.values()) == steps
    for step in steps:
        for word in (ACCEPT, YES, NO, BACK, "hop"):
            if (step, word) not in STEPS:
                with pytest.raises(ValueError, match="does not fit here"):
                    act((step, 1500, {}), word)


def test_the_beam_goes_where_the_question_needs_it() -> None:
    state = act(begin(1490), ACCEPT)
    assert state == ("low", 1490, {"center": 1490})
    for _ in range(4):
        state = act(state, NUDGE, -50)
    state = act(state, ACCEPT)
    assert state[:2] == ("high", 1490)
    state = act(state, BACK)
    assert state == ("low", 1290, {"center": 1490})


@pytest.mark.parametrize("place", [1405, 1500, 1600])
def test_a_low_end_without_room_for_full_tilt_is_refused(place: int) -> None:
    state = ("low", place, {"center": 1500})
    with pytest.raises(ValueError, match="too near to level: 96 us"):
        act(state, ACCEPT)


def test_an_unfinished_calibration_gives_nothing() -> None:
    with pytest.raises(ValueError, match="not done: nudge the beam until it is level"):
        result(begin(1500))


@given(st.integers(0, 4000), st.lists(WORDS, max_size=60))
def test_no_word_takes_the_pulse_out_of_what_a_servo_takes(
    center: int, words: list[tuple[str, int]]
) -> None:
    state: Any = begin(center)
    for word, by_us in words:
        before = state[1]
        try:
            state = act(state, word, by_us)
        except ValueError:
            continue
        assert OUTER_US[0] <= state[1] <= OUTER_US[1]
        assert word != NUDGE or abs(state[1] - before) <= calibrate.NUDGE_MOST_US
    if state[0] == "done":
        made = result(state)
        assert tuning.parse(json.dumps(made).encode()) == tuning.DEFAULTS | made
        for degrees in (-TILT_MAX_DEG, TILT_MAX_DEG):
            full = pulse_ns(degrees, made["center_us"], made["us_per_degree"])
            assert made["low_us"] * 1000 <= full <= made["high_us"] * 1000
