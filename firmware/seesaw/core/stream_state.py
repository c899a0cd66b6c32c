"""When to open a stream, and when to poll instead: one table.

  fresh    nothing has failed: the stream is opened as soon as its short wait is over
  shaky    the last one failed: once more, after a back-off
  polling  two failed in a row, or the server will not have us: polls alone, and one trial of the
           stream after a pause, which grows with each trial that fails

How a stream ended:

  renewed  we ended it, to come back (the 24 hours, or something else needs the network)
  steady   it broke after it had run well for STEADY_S
  failed   it broke before that, or never opened
  barred   an answer that asking again does not change: 4xx, or the provider's own refusal

A stream that lasts a few seconds counts as failed though it brought quotes: else a server that
closes at once would be asked for ever. Openings are at least SPACING_S apart, whatever happens: so
at most 60 an hour, and some 4 an hour to a server that fails, falling to 4 a day.
"""

from seesaw.core.backoff import delay_s

FRESH, SHAKY, POLLING = "fresh", "shaky", "polling"
RENEWED, STEADY, FAILED, BARRED = "renewed", "steady", "failed", "barred"
SOON, RETRY, PAUSE = "soon", "retry", "pause"  # how long to wait

STEADY_S = 60  # of accepted quotes
SOON_S = 2  # at most; so that a fleet does not renew in one second
RETRY_S = 10  # at most
PAUSE_FIRST_S = 900
PAUSE_MOST_S = 21600
RENEW_S = 85800  # 23 h 50 min: Binance closes after 24 h (its web-socket-streams.md)
RENEW_SPREAD_S = 1800  # up to so much earlier
SPACING_S = 60

TABLE = {  # (state, how it ended) -> (state, wait)
    (FRESH, RENEWED): (FRESH, SOON),
    (FRESH, STEADY): (FRESH, RETRY),
    (FRESH, FAILED): (SHAKY, RETRY),
    (FRESH, BARRED): (POLLING, PAUSE),
    (SHAKY, RENEWED): (FRESH, SOON),
    (SHAKY, STEADY): (FRESH, RETRY),
    (SHAKY, FAILED): (POLLING, PAUSE),
    (SHAKY, BARRED): (POLLING, PAUSE),
    (POLLING, RENEWED): (FRESH, SOON),
    (POLLING, STEADY): (FRESH, RETRY),
    (POLLING, FAILED): (POLLING, PAUSE),
    (POLLING, BARRED): (POLLING, PAUSE),
}


def renew_after_s(random: object) -> int:
    """Seconds after which an open stream is renewed. random: returns a float in [0, 1)."""
    return RENEW_S - int(RENEW_SPREAD_S * random())


class Plan:
    """`state`, and `next_s`: not before then is a stream opened. Seconds of any one clock."""

    def __init__(self) -> None:
        self.state = FRESH
        self.pauses = 0  # in a row
        self.next_s = 0

    def due(self, now_s: int) -> bool:
        return now_s >= self.next_s

    def begun(self, now_s: int) -> None:
        """A stream is being opened."""
        self.next_s = now_s + SPACING_S

    def ended(self, how: str, now_s: int, random: object, floor_s: int = 0) -> None:
        """A stream has ended. floor_s: what a Retry-After asked for, which is kept."""
        self.state, wait = TABLE[self.state, how]
        self.pauses = self.pauses + 1 if wait == PAUSE else 0
        if wait == PAUSE:
            wait_s = delay_s(self.pauses, random, PAUSE_FIRST_S, PAUSE_MOST_S, floor_s)
        else:
            most_s = SOON_S if wait == SOON else RETRY_S
            wait_s = delay_s(1, random, most_s, most_s, floor_s)
        self.next_s = max(now_s + wait_s, self.next_s)
