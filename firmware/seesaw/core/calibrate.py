"""The calibration of a beam: the steps that a console or a page walks with its owner.

Values in, values out: `begin`, then `act` for every word of the owner; each gives the pulse that
the servo shall go to, and whoever calls moves it there by the profile, never at once. STEPS is the
whole machine. Nothing is stored before `result`.

The owner brings the beam level, then as low and as high as it may go: to the 12 degrees that it is
built for, or to where it begins to touch, less a little. From the shorter side follow the
microseconds a degree: so full tilt is inside the range both ways, also for releases that know
`center_us` and `us_per_degree` alone.
"""

OUTER_US = (1000, 2000)  # what a hobby servo takes
NUDGE_MOST_US = 50  # of one word: 1.25 degrees of the usual beam
TILT_DEG = 12
SLOPE_US = (8, 41)  # least and most a degree
SHOW_US = 60  # how far the beam rises for the question of its direction
YES, NO, ACCEPT, BACK, NUDGE = "yes", "no", "accept", "back", "nudge"

# (step, word) -> next step. BACK forgets what the step it goes back to has found.
STEPS = {
    ("center", ACCEPT): "low",
    ("low", ACCEPT): "high",
    ("low", BACK): "center",
    ("high", ACCEPT): "direction",
    ("high", BACK): "low",
    ("direction", YES): "done",
    ("direction", NO): "done",
    ("direction", BACK): "high",
}
QUESTIONS = {
    "center": "nudge the beam until it is level, then accept",
    "low": "nudge it down to its lowest place, to 12 degrees at most, then accept",
    "high": "nudge it up to its highest place, to 12 degrees at most, then accept",
    "direction": "is the bull up now?",
    "done": "",
}


def begin(center_us: int) -> tuple:
    """(step, pulse_us, found): the state at the start. found: what each step has found."""
    return "center", min(max(center_us, OUTER_US[0]), OUTER_US[1]), {}


def act(state: tuple, word: str, by_us: int = 0) -> tuple:
    """The next state. by_us: of a nudge, positive for a longer pulse. ValueError, with words for
    the owner, when the word does not fit here or the place that is accepted cannot be."""
    step, pulse_us, found = state
    if word == NUDGE and step in ("center", "low", "high"):
        by_us = min(max(by_us, -NUDGE_MOST_US), NUDGE_MOST_US)
        return step, min(max(pulse_us + by_us, OUTER_US[0]), OUTER_US[1]), found
    after = STEPS.get((step, word))
    if after is None:
        raise ValueError("%s does not fit here: %s" % (word, QUESTIONS[step] or "it is done"))
    found = dict(found)
    if word == BACK:
        return after, found.pop(after), found
    found[step] = pulse_us if word == ACCEPT else word
    _check(step, found)
    if after == "high":
        pulse_us = found["center"]
    elif after == "direction":
        pulse_us = min(found["center"] + SHOW_US, found["high"])
    elif after == "done":
        pulse_us = found["center"]
    return after, pulse_us, found


def _check(step: str, found: dict) -> None:
    """Is there room for full tilt on this side of level?"""
    if step not in ("low", "high"):
        return
    room_us = found["center"] - found["low"] if step == "low" else found["high"] - found["center"]
    if room_us < TILT_DEG * SLOPE_US[0]:
        raise ValueError("too near to level: %d us are the least" % (TILT_DEG * SLOPE_US[0]))


def result(state: tuple) -> dict:
    """The settings of a calibration that is done. ValueError when it is not."""
    step, _, found = state
    if step != "done":
        raise ValueError("not done: " + QUESTIONS[step])
    center_us = found["center"]
    slope = min(center_us - found["low"], found["high"] - center_us) // TILT_DEG
    slope = min(slope, SLOPE_US[1])
    return {
        "center_us": center_us,
        "low_us": found["low"],
        "high_us": found["high"],
        "us_per_degree": slope if found["direction"] == YES else -slope,
    }
