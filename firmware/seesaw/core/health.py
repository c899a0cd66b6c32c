"""The health of one provider: when it may be asked again.

One row for each failure in a row, and what the next failure leads to:

    level   0      1      2      3        4        5     6     7     8
    is      well   shaky  shaky  open     open     ...               open
    waits   -      30 s   60 s   15 min   30 min   1 h   2 h   4 h   4.8 h

    good    to 0, from wherever
    failed  one further, from 8 to 8
    empty   the level stays below 3, and an open breaker closes to 2

At level 3 and above the breaker is open; when its wait is over, one request is the trial. An
answer without a quote ("empty": nothing yet after the open, or an old price) is no fault of the
provider as a whole: it waits a little longer each time, and opens no breaker. Half of a wait below
the breaker's is drawn, and an open breaker stays so up to a quarter longer: devices that lost one
server in the same second do not come back in the same second. `Retry-After` is a floor.
"""

from micropython import const

GOOD = const(0)
EMPTY = const(1)
FAILED = const(2)
WAITS_S = (0, 30, 60, 900, 1800, 3600, 7200, 14400, 17280)  # with a quarter more: 6 h at most
OPEN = const(3)  # from this level on
_WAIT_MOST_S = const(21600)
_EMPTY_S = const(30)
_EMPTY_MOST_S = const(300)


class Health:
    """level, empties (in a row); not to be asked before until_s, nor, at all, before floor_s.

    Times are seconds since power-on.
    """

    def __init__(self):
        self.level = 0
        self.empties = 0
        self.until_s = 0
        self.floor_s = 0

    def took(self, event: int, up_s: int, random: object, retry_s: int = 0) -> None:
        """Note an answer. random: a function that gives a float in [0, 1). retry_s: Retry-After."""
        self.empties = self.empties + 1 if event == EMPTY else 0
        if event == GOOD:
            self.level = wait_s = retry_s = 0
        elif event == FAILED:
            self.level = min(self.level + 1, len(WAITS_S) - 1)
            full = WAITS_S[self.level]
            share = full // 4 if self.level >= OPEN else -(full // 2)
            wait_s = full + int(share * random())
        else:
            self.level = min(self.level, OPEN - 1)
            self.empties = min(self.empties, 9)
            full = min(_EMPTY_S << (self.empties - 1), _EMPTY_MOST_S)
            wait_s = full - int(full // 2 * random())
        self.floor_s = up_s + min(retry_s, _WAIT_MOST_S)
        self.until_s = max(up_s + wait_s, self.floor_s)

    def ready(self, up_s: int) -> bool:
        return up_s >= self.until_s
