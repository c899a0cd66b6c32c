"""When each of many simulated devices looks: time zones, power habits, jitter, Wi-Fi.

All of it follows from (seed, device, day) by a hash, so that any look can be reckoned alone: a
million devices over a month need no loop over their looks. The figures are guesses of how people
live with such a thing, and stand in the tables below.
"""

import numpy as np
from numpy.typing import NDArray

DAY_S, HOUR_S = 86_400, 3600
FIRST_S = 180  # from power-on to the first look; firmware/SPEC.md, "Deadlines and limits"
CHECK_S = 21_600  # between two looks for a release
DATA_S = 3600  # between two looks for data alone
NEVER = 1 << 60  # seconds
ZONES = ((-8, 0.15), (-6, 0.20), (-5, 0.30), (0, 0.10), (1, 0.15), (8, 0.05), (9, 0.05))
# (share, switched on at, for hours, spread of both in hours, on so many of 10 days, weekends too)
HABITS = (
    (0.60, 0, 24, 24, 10, True),  # always: a phase in place of a morning
    (0.25, 17, 5, 2, 8, True),  # evenings
    (0.15, 8, 9, 1, 10, False),  # at the office
)
WIFI = ((0.85, 0.995), (0.12, 0.9), (0.03, 0.4))  # (share, how many looks come through)
TRIES_MAX = 64  # days, or looks without Wi-Fi, until a device counts as never heard

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def drawn(*keys: int | np.integer | NDArray) -> NDArray[np.float64]:
    """In [0, 1), the same for the same keys: SplitMix64 over them."""
    state = np.zeros(1, np.uint64)
    for key in keys:
        state = state + np.asarray(key).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _chosen(shares: tuple, place: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.searchsorted(np.cumsum(shares)[:-1], place, side="right")


class Fleet:
    """count devices. Times are whole seconds since midnight UTC of the first day, a Monday."""

    def __init__(self, count: int, seed: int) -> None:
        self.seed = seed
        who = np.arange(count)
        zone = _chosen(tuple(share for _, share in ZONES), drawn(seed, 1, who))
        self.habit = _chosen(tuple(row[0] for row in HABITS), drawn(seed, 2, who))
        wifi = _chosen(tuple(share for share, _ in WIFI), drawn(seed, 3, who))
        self.quality = np.array([quality for _, quality in WIFI])[wifi]
        on, self.length_s, self.used, self.weekends = (
            np.array(column)[self.habit] for column in zip(*(
                (on * HOUR_S, hours * HOUR_S, days / 10, ends)
                for _, on, hours, _, days, ends in HABITS), strict=True)
        )  # fmt: skip
        spread = np.array([row[3] for row in HABITS])[self.habit] * HOUR_S
        away = np.array([hours for hours, _ in ZONES])[zone] * HOUR_S
        later = (drawn(seed, 4, who) * spread).astype(np.int64)
        self.on_s: Ints = on.astype(np.int64) + later - away
        self.always = np.array([row[2] >= 24 for row in HABITS])[self.habit]

    def __len__(self) -> int:
        return len(self.habit)

    def first(self, who: Ints, after_s: Ints, every_s: int) -> Ints:
        """When these devices look next, at after_s or later, with a network; or NEVER."""
        found = np.full(len(who), NEVER)
        left = np.flatnonzero(after_s < NEVER)
        at_s = after_s[left]
        for _ in range(TRIES_MAX):
            if not len(left):
                break
            devices = who[left]
            at_s, looks = self._next(devices, at_s, every_s)
            heard = looks & (drawn(self.seed, 7, devices, at_s) < self.quality[devices])
            found[left[heard]] = at_s[heard]
            left, at_s = left[~heard], at_s[~heard] + looks[~heard]
        return found

    def _next(self, who: Ints, at_s: Ints, every_s: int) -> tuple[Ints, Flags]:
        """(a later time, is it a look?): of the window of the day, or where the next one begins."""
        day = (at_s - self.on_s[who]) // DAY_S
        begin = self.begin(who, day) + FIRST_S
        number = np.maximum(0, -((begin - at_s) // every_s))
        found = begin + number * every_s
        day_end = self.on_s[who] + (day + 1) * DAY_S
        window = np.where(self.always[who], day_end, begin - FIRST_S + self.length_s[who])
        looks = self.lit(who, day) & (found < window)
        return np.where(looks, found, day_end), looks

    def begin(self, who: Ints, day: Ints | int) -> Ints:
        """When a device is switched on that day; where it is always on, when it looks first."""
        jitter = drawn(self.seed, 5, who, np.asarray(day) + 1000) * 0.5 * HOUR_S
        return self.on_s[who] + day * DAY_S + jitter.astype(np.int64)

    def lit(self, who: Ints, day: Ints | int) -> Flags:
        """Is it switched on at all that day?"""
        weekday = np.asarray(day) % 7 < 5
        used = drawn(self.seed, 6, who, np.asarray(day) + 1000) < self.used[who]
        return used & (weekday | self.weekends[who])

    def load(self, days: int, sample: int) -> NDArray[np.float64]:
        """Checks a minute, of both kinds, over so many days: those of a sample, scaled."""
        who = np.arange(min(sample, len(self)))
        total = np.zeros(days * 1440)
        for day in range(-1, days + 1):
            begin, lit = self.begin(who, day) + FIRST_S, self.lit(who, day)
            end = np.where(self.always[who], self.on_s[who] + (day + 1) * DAY_S,
                           begin - FIRST_S + self.length_s[who])  # fmt: skip
            for number in range(DAY_S // DATA_S):
                spread = (drawn(self.seed, 8, who, day + 1000, number) - 0.5) * DATA_S / 2
                at = begin + number * DATA_S + (spread * (number > 0)).astype(np.int64)
                good = lit & (at < end) & (at >= 0) & (at < days * DAY_S)
                total += np.bincount(at[good] // 60, minlength=len(total))
        return total * (len(self) / len(who))
