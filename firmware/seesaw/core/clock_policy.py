"""When to ask for the time, and whom to believe. Pure decisions; times are seconds since 1970.

Nobody who tells a device the time can be trusted, and a wrong time must cost nothing that lasts:

    who asks            a clock that is set needs     when the witnesses disagree
    the app (TLS,       two that agree, or one while  the earliest that is possible: it is asked
    market hours)       it is not set                 again within the hour
    the updater         nothing: the signed bound     the earliest after the bound: a lie about the
    (expiry)            does; see SPEC, "Trust"       future costs nothing while one of them is true

A certificate is a witness, too: if one that is signed as it should be is past its date or before
it, the clock is in doubt, and the Date of its own server decides.
"""

from micropython import const

_AGREE_S = const(90)  # between two witnesses: Date is of whole seconds, and answers are on the way
_DAY_S = const(86400)
_WEAK_S = const(3600)  # to the next question when one witness alone was believed
_FIRST_S = const(20)  # between questions without an answer, at first
_MOST_S = const(3600)  # and at most
_DOUBT_S = const(900)  # between two doubts
YEAR_2100_S = const(4102444800)


def choose(clock_s: int, told: list, least_s: int) -> tuple:
    """(time, sure) to set the clock to; (0, False) to leave it.

    clock_s: what it says, 0 when it was never set. told: times of independent witnesses as of now,
    the best first. least_s: the bound, before which it cannot be.
    """
    told = [time_s for time_s in told if least_s <= time_s < YEAR_2100_S]
    for i in range(len(told)):
        for other_s in told[i + 1 :]:
            if near(told[i], other_s):
                return told[i], True
    if clock_s >= least_s and clock_s:
        agreed = [time_s for time_s in told if near(time_s, clock_s)]
        return (agreed[0], True) if agreed else (0, False)
    return (min(told), False) if told else (0, False)


def near(one_s: int, other_s: int) -> bool:
    return abs(one_s - other_s) <= _AGREE_S


def next_s(sure: bool, failures: int, random: object) -> int:
    """Seconds from one question to the next. failures: questions in a row without an answer."""
    full = _DAY_S if sure else _WEAK_S
    if failures:
        full = min(_FIRST_S << min(failures - 1, 10), _MOST_S)
    return full - int(full // 4 * random())


def doubtful(since_s: "int | None") -> bool:
    """May the clock be doubted again? since_s: seconds since the last doubt, None for never."""
    return since_s is None or since_s >= _DOUBT_S
