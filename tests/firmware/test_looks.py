"""What the app tells itself over a look: silence, and how each provider stood."""

from hypothesis import given
from hypothesis import strategies as st
from seesaw.core import handover, looks
from seesaw.core.choice import Choice
from seesaw.core.health import FAILED, OPEN

SCRATCH = bytes(range(24))
WAITS = st.lists(st.tuples(st.integers(0, 21_600), st.integers(0, 8), st.booleans()), max_size=5)


@given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 4500), st.booleans(), WAITS)
def test_what_is_told_is_heard(
    silent_s: int, since_s: int, gone_s: int, alone: bool, waits: list
) -> None:
    made = handover.told(SCRATCH, silent_s, since_s, alone, waits, gone_s)

    assert len(made) == 24 and made[:6] == SCRATCH[:6] and made[22:] == SCRATCH[22:]
    assert handover.silent_s(made) == min(silent_s, 65535)
    assert (handover.since(made)[0], looks.alone(made)) == (since_s, alone)
    assert abs(handover.since(made)[1] - min(gone_s, 127 * 36)) <= 18
    for told, heard in zip(waits, handover.waits(made), strict=False):
        (wait_s, level, asked), (heard_s, found, said) = told, heard
        assert abs(heard_s - wait_s) <= 3
        assert (found, said) == (min(level, 7), asked)
    assert handover.waits(looks.heard(made)) == handover.waits(made)
    assert not looks.alone(looks.heard(made))
    assert handover.waits(looks.heard(made, another=True)) == [(0, 0, False)] * 5


@given(st.integers(0, 21_600), st.integers(5, 300))
def test_sessions_however_short_bring_the_end_of_a_wait(wait_s: int, session_s: int) -> None:
    left = handover.waits(handover.told(SCRATCH, 0, 0, True, [(wait_s, 1, True)]))[0][0]
    gone = [(max(left - session_s, 0), 1, True)]
    after = handover.waits(handover.told(SCRATCH, 0, 0, True, gone))

    assert after[0][0] < left or left == 0


def test_a_breaker_stays_open_and_a_last_resort_is_asked_all_the_same() -> None:
    before, after = Choice([0, 0], lambda: 0.5), Choice([0, 0], lambda: 0.5)
    for _ in range(OPEN):
        before.took(0, FAILED, 100)
        before.took(1, FAILED, 100, 300)
    after.keep(handover.waits(handover.told(bytes(24), 0, 0, True, before.waits(100))), 0)

    assert [one.level for one in after.health] == [OPEN, OPEN]
    assert after.other(60, None) is None
    assert after.first(0) == 0  # the second has asked to be left alone
    after.took(0, FAILED, 0)
    assert after.health[0].level == OPEN + 1


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_time_is_too_long_to_be_told(since_s: int, gone_s: int) -> None:
    made = handover.told(SCRATCH, 0, since_s, 0, [], gone_s)
    assert handover.since(made) == (min(since_s, 131_071), min((gone_s + 18) // 36, 127) * 36)


@given(st.integers(30, 400), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_sessions_however_short_bring_a_look_for_data(
    session_s: int, dark: bool, drawn: float
) -> None:
    """Instruments take turns, or somebody changes the settings again and again."""
    scratch, sessions = SCRATCH[:6] + bytes(18), 0
    while True:
        since_s, gone_s = handover.since(scratch)
        if handover.due(session_s, since_s, 86_400, 120 if dark else 0, drawn, gone_s):
            break
        scratch = handover.told(scratch, 0, since_s + session_s, 0, [], gone_s + session_s)
        sessions += 1
    least, most = (225, 375) if dark else (2700, 4500)
    assert least - 18 * sessions <= (sessions + 1) * session_s
    assert sessions * session_s <= most + 18 * sessions
