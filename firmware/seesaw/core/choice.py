"""Which provider to ask. Pure decisions: time and chance are handed in, answers are told.

Providers are numbered by preference, 0 first; one is the `current`. A poll asks once, and at most
once more, for the first of these that applies:

    the first asked told of a jump     a witness: another provider
    it brought no price                a stand-in: the next that may be asked
    it is not the preferred one        a quiet probe of one that is preferred, now and then

A stand-in whose price was accepted becomes the current one. The way back is slow, so that nothing
flaps: a preferred provider must have passed PROBES quiet probes in a row, and the current one must
have been so for HOLD_S; for HOLD_POOR_S only, when it is delayed or a proxy and the other is not.

When nobody may be asked because all wait, the fault is perhaps on this side of the line. Then the
one whose wait ends first is asked, every LAST_RESORT_S, so that no breaker outlives the outage.
What a provider itself asked for (Retry-After) is kept even then. A good answer when each had failed
twice in a row or more says that the outage is over: all others may be asked within a minute or two.
"""

from micropython import const

from seesaw.core.health import GOOD, OPEN, Health

_HOLD_S = const(900)
_HOLD_POOR_S = const(180)
_PROBES = const(2)
_LAST_RESORT_S = const(120)


class Choice:
    """grades: for each provider, in order of preference, 0 for prices of its own and without
    delay, 1 for delayed, 2 for a proxy. random: gives a float in [0, 1)."""

    def __init__(self, grades: list, random: object):
        self.grades = grades
        self.health = [Health() for _ in grades]
        self.random = random
        self.current = 0
        self._since_s = 0  # the current one was chosen
        self._asked_s = None  # when a request was made last
        self._probed = 0  # the provider whose probes are counted ...
        self._passed = 0  # ... and how many in a row it has passed
        self._probe_s = 0  # when the next is due

    def waits(self, up_s: int) -> list:
        """Of each: (for how long it is to be left alone, its failures in a row, did it ask)."""
        made = []
        for one in self.health:
            asked = one.floor_s > up_s
            made.append((max((one.floor_s if asked else one.until_s) - up_s, 0), one.level, asked))
        return made

    def keep(self, waits: list, up_s: int) -> None:
        """How they stood at the end of the session before: it holds."""
        for one, (wait_s, level, asked) in zip(self.health, waits):
            one.level = level
            one.until_s = up_s + wait_s
            one.floor_s = one.until_s if asked else 0

    def first(self, up_s: int) -> "int | None":
        """The provider that this poll asks; None when there is nobody to ask now."""
        found = self.other(up_s, None)
        if found is None and self.wait_s(up_s) == 0:
            found = self._soonest(up_s)
        return found

    def other(self, up_s: int, asked: "int | None", grade_most: int = 2) -> "int | None":
        """Of those that may be asked, without `asked`: who has failed least of late; of equals the
        current one, then the most preferred. So two that broke at once do not hide a third."""
        found = least = None
        for index, one in enumerate(self.health):
            if index != asked and self.grades[index] <= grade_most and one.ready(up_s):
                rank = 2 * (one.level + (one.empties > 0)) + (index != self.current)
                if least is None or rank < least:
                    found, least = index, rank
        return found

    def probe(self, up_s: int) -> "int | None":
        """The provider for a quiet probe, when one is due."""
        if up_s < self._probe_s:
            return None
        for index in range(self.current):
            if self.health[index].ready(up_s):
                return index
        return None

    def _soonest(self, up_s: int) -> int:
        # What a provider itself asked for is kept.
        allowed = [i for i, one in enumerate(self.health) if one.floor_s <= up_s]
        return min(allowed, key=lambda index: self.health[index].until_s)

    def wait_s(self, up_s: int) -> int:
        """Seconds until somebody may be asked; 0 for now."""
        resort_s = 0 if self._asked_s is None else self._asked_s + _LAST_RESORT_S
        at_s = min(min(one.until_s, max(one.floor_s, resort_s)) for one in self.health)
        return max(at_s - up_s, 0)

    def took(self, index: int, event: int, up_s: int, retry_s: int = 0) -> None:
        """Tell what an answer was: GOOD, EMPTY or FAILED of seesaw.core.health."""
        self._asked_s = up_s
        over = event == GOOD and min([one.level for one in self.health]) >= OPEN - 1
        self.health[index].took(event, up_s, self.random, retry_s)
        if over:  # the outage, which was on this side of all of them
            for one in self.health:
                soon_s = up_s + 60 + int(60 * self.random())
                one.until_s = max(min(one.until_s, soon_s), one.floor_s)

    def follow(self, index: int, up_s: int) -> None:
        """Its price was accepted, in place of the current one's."""
        if index != self.current:
            self.current = index
            self._since_s = up_s
            self._passed = 0
            self._probe_s = up_s + self.hold_s(0) // 3

    def hold_s(self, preferred: int) -> int:
        """How long the current one is kept though `preferred` is well."""
        poor = self.grades[self.current] > self.grades[preferred]
        return _HOLD_POOR_S if poor else _HOLD_S

    def probed(self, index: int, event: int, up_s: int) -> None:
        """Tell how a quiet probe ended; perhaps the provider is the current one again."""
        if index != self._probed:
            self._probed, self._passed = index, 0
        self._passed = self._passed + 1 if event == GOOD else 0
        hold_s = self.hold_s(index)
        self._probe_s = up_s + hold_s // 3
        if self._passed >= _PROBES and up_s - self._since_s >= hold_s:
            self.follow(index, up_s)
