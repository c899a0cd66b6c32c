"""A second model of health and choice together, from the rules of firmware/SPEC.md.

Nothing of the firmware is used: that is held against it. Chance is left out: every wait is the
longest below the breaker's, and the shortest from there on, as a draw of 0 makes it.
"""

from collections.abc import Callable

GOOD, EMPTY, FAILED = "good", "empty", "failed"
BREAKER = [900, 1800, 3600, 7200, 14400, 17280]
Answer = tuple[str, int]  # and what Retry-After asks for
Say = Callable[[int], Answer]


class Provider:
    def __init__(self) -> None:
        self.failures = self.empties = 0
        self.free = self.asked_for = 0  # not before; not even in need before

    def hear(self, now: int, answer: Answer) -> None:
        (what, retry), wait = answer, 0
        if what == GOOD:
            self.failures = self.empties = retry = 0
        elif what == EMPTY:
            self.empties += 1
            self.failures = min(self.failures, 2)
            wait = min(300, 15 * 2 ** min(self.empties, 9))
        else:
            self.empties = 0
            self.failures = min(self.failures + 1, 8)
            wait = [30, 60, *BREAKER][self.failures - 1]
        self.asked_for = now + min(retry, 21600)
        self.free = max(now + wait, self.asked_for)


class Model:
    def __init__(self, grades: list[int]) -> None:
        self.grades = grades
        self.all = [Provider() for _ in grades]
        self.current, self.since = 0, 0
        self.proofs: list[int] = []  # the preferred provider of each probe passed in a row
        self.probe_due = 0
        self.last: int | None = None

    def hear(self, now: int, index: int, say: Say) -> str:
        answer = say(index)
        self.last = now
        outage = all(one.failures >= 2 for one in self.all)
        self.all[index].hear(now, answer)
        if outage and answer[0] == GOOD:
            for one in self.all:
                one.free = max(one.asked_for, min(one.free, now + 60))
        return answer[0]

    def hold(self, index: int) -> int:
        return 180 if self.grades[index] < self.grades[self.current] else 900

    def switch(self, now: int, index: int) -> None:
        if index != self.current:
            self.current, self.since, self.proofs = index, now, []
            self.probe_due = now + self.hold(0) // 3

    def pick(self, now: int) -> int | None:
        if (best := self.healthiest(now, but=None)) is not None:
            return best
        if self.last is not None and now < self.last + 120:
            return None
        kept = [i for i, one in enumerate(self.all) if one.asked_for <= now]
        return min(kept, key=lambda i: (self.all[i].free, i)) if kept else None

    def poll(self, now: int, say: Say) -> list[int]:
        """Who is asked, in order."""
        first = self.pick(now)
        if first is None:
            return []
        if self.hear(now, first, say) == GOOD:
            self.switch(now, first)
            return [first, *self.probe(now, say)]
        if (other := self.healthiest(now, but=first)) is None:
            return [first]
        if self.hear(now, other, say) == GOOD:
            self.switch(now, other)
        return [first, other]

    def healthiest(self, now: int, but: int | None) -> int | None:
        free = [i for i, one in enumerate(self.all) if one.free <= now and i != but]
        trouble = {i: self.all[i].failures + bool(self.all[i].empties) for i in free}
        best = [i for i in free if trouble[i] == min(trouble.values())]
        return self.current if self.current in best else best[0] if best else None

    def probe(self, now: int, say: Say) -> list[int]:
        better = [i for i in range(self.current) if self.all[i].free <= now]
        if now < self.probe_due or not better:
            return []
        index = better[0]
        self.probe_due = now + (hold := self.hold(index)) // 3
        if self.hear(now, index, say) != GOOD:
            self.proofs = []
        else:
            self.proofs = [i for i in self.proofs if i == index] + [index]
        if len(self.proofs) >= 2 and now >= self.since + hold:
            self.switch(now, index)
        return [index]
