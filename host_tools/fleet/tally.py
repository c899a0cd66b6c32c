"""What many checks say together: a row for each pseudonym, and relations of pseudonyms.

Checks wait until they are many; then they are joined, in their order, to what was known. So memory
grows with the pseudonyms and not with the lines.

A pseudonym lasts a month of signed time (firmware/SPEC.md, "Check query"), so a device counts anew
in the next one, under another name. Forged checks can fill any count: each has a limit, and says
how much lay beyond it.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seesaw.core.version import newer

from host_tools.errors import UserError
from host_tools.fleet.frames import polars as pl
from host_tools.fleet.logs import AHEAD_S, Counts, checks
from host_tools.fleet.sayings import VERSIONS_MAX, Sayings

MONTH_S = 2_629_746  # of a pseudonym; seesaw/repository.py
DAY_S = 86_400
WAITING_MAX = 1_000_000  # checks that wait, of 20 bytes
NAMES_MAX = 1_000_000  # pseudonyms that are followed
SPAN_MAX = 400  # days under one pseudonym
EACH_MAX = 8  # versions, failures or instruments of one pseudonym
AT_BITS = 33  # of a time before 2100

name, at, day = pl.col("name"), pl.col("at"), pl.col("day")
SAME = (name == name.shift(1)).fill_null(False)  # as the row above, where rows are sorted by it


def _empty(**columns: Any) -> Any:
    return field(default_factory=lambda: pl.DataFrame(schema={"name": pl.Int64, **columns}))


@dataclass(eq=False)
class Tally:
    """counts: of the lines. devices: first, last (seconds since 1970), said (its number), by name.
    ran, failed, dark: (name, version, kind or instrument), the last EACH_MAX of a name, of failures
    the first; back: (name, from, to), when it last came to run an older version; all by the places
    in sayings. heard: (name, month, days), a bit for each day of 32 from the month's first on.
    by_day: (day since 1970, version) -> pseudonyms, by their first check on it. seen, failing:
    version -> when a device first said that it runs it, or that it failed here; seconds since 1970.
    beyond: checks of pseudonyms, versions or failures above a limit."""

    counts: Counts = field(default_factory=Counts)
    sayings: Sayings = field(default_factory=Sayings)
    devices: pl.DataFrame = _empty(first=pl.Int64, last=pl.Int64, said=pl.UInt32)
    ran: pl.DataFrame = _empty(version=pl.UInt16)
    failed: pl.DataFrame = _empty(kind=pl.UInt16)
    dark: pl.DataFrame = _empty(instrument=pl.UInt32)
    back: pl.DataFrame = _empty(old=pl.UInt16, new=pl.UInt16)
    heard: pl.DataFrame = _empty(month=pl.Int64, days=pl.UInt32)
    by_day: Counter[tuple[int, int]] = field(default_factory=Counter)
    seen: dict[str, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    beyond: int = 0
    waiting: list[pl.DataFrame] = field(default_factory=list)

    @property
    def span_s(self) -> tuple[int, int]:
        """When the first device was heard, and the last: seconds since 1970."""
        if self.devices.is_empty():
            return 0, 0
        first, last = self.devices.select(pl.col("first").min(), pl.col("last").max()).row(0)
        return first, last

    def add(self, checks: Iterable[pl.DataFrame]) -> "Tally":
        """Count these: frames of at and query, as logs.checks has them."""
        for frame in checks:
            self.count(self.numbered(frame))
        return self.settled()

    def numbered(self, checks: pl.DataFrame) -> pl.DataFrame:
        """Those of devices, as Sayings.numbered has them."""
        known = checks.filter(pl.col("query").is_not_null())
        self.counts.unsaid += len(checks) - len(known)
        return self.sayings.numbered(known)

    def count(self, rows: pl.DataFrame) -> None:
        """rows: as numbered() has them."""
        self.counts.checks += len(rows)
        known = rows.filter(pl.col("said").is_not_null())
        self.beyond += len(rows) - len(known)
        self.waiting.append(known)
        if sum(map(len, self.waiting)) >= WAITING_MAX:
            self.settled()

    def settled(self) -> "Tally":
        """Join what waits to what is known."""
        new = self._within(pl.concat(self.waiting)) if self.waiting else pl.DataFrame()
        self.waiting = []
        if len(new):
            self._times(new)
            self._join(new)
        return self

    def who_ran(self, version: str) -> pl.DataFrame:
        """Their names."""
        place = pl.lit(self.sayings.versions.get(version), pl.UInt16)
        return self.ran.filter(pl.col("version") == place).select("name")

    def _within(self, new: pl.DataFrame) -> pl.DataFrame:
        """Those of names that are followed: the first of all."""
        room = NAMES_MAX - len(self.devices)
        if len(new) <= room:
            return new
        others = (
            new.select("name")
            .unique(maintain_order=True)
            .join(self.devices, "name", "anti", maintain_order="left")
        )
        kept = new.join(others[room:], "name", "anti", maintain_order="left")
        self.beyond += len(new) - len(kept)
        return kept

    def _times(self, new: pl.DataFrame) -> None:
        for number, at_s in new.group_by("said").agg(at.min()).sort("said").iter_rows():
            said = self.sayings.said[number]
            _first(self.seen, said.version, at_s)
            if said.failure:
                _first(self.failing, said.failure.version, at_s)

    def _join(self, new: pl.DataFrame) -> None:
        known = self.devices.select("name", "said", "first", at="last", fresh=False)
        new = new.select("name", "said", "at", first="at", fresh=True)
        rows = pl.concat([known, new.select(known.columns)]).sort("name", maintain_order=True)
        rows = self.sayings.with_parts(rows)
        self._relate(rows)
        live = rows.filter(_latest())  # files need not come in order
        self.back = pl.concat([self.back, self._turned(live)]).unique("name", keep="last")
        last = live.filter((name != name.shift(-1)).fill_null(True))
        first = rows.group_by("name", maintain_order=True).agg(pl.col("first").min())
        self.devices = last.select("name", first=first["first"], last="at", said="said")
        self._days(rows.filter("fresh"))

    def _relate(self, rows: pl.DataFrame) -> None:
        self.ran = _last(_related(self.ran, rows, "version"))
        self.dark = _last(_related(self.dark, rows, "instrument"))
        failed = _related(self.failed, rows, "kind")
        self.failed = failed.filter((name != name.shift(EACH_MAX)).fill_null(True))
        if len(failed) > len(self.failed):
            told = rows.filter(pl.col("fresh") & pl.col("kind").is_not_null())
            self.beyond += len(told.join(self.failed, ["name", "kind"], "anti"))

    def _turned(self, live: pl.DataFrame) -> pl.DataFrame:
        """Names that came to run an older version, the last time last."""
        turns = live.select(
            "name", old=pl.when(SAME).then(pl.col("version").shift(1)), new="version"
        )
        turns = turns.filter(pl.col("old") != pl.col("new"))
        versions = list(self.sayings.versions)
        older = [(old, new) for old, new in turns.select("old", "new").unique().iter_rows()
                 if is_newer(versions[old], versions[new])]  # fmt: skip
        kinds = pl.DataFrame(older, {"old": pl.UInt16, "new": pl.UInt16}, orient="row")
        return turns.join(kinds, on=["old", "new"], how="semi", maintain_order="left")

    def _days(self, rows: pl.DataFrame) -> None:
        """Count who is heard for the first time on a day."""
        rows = rows.select("name", "version", day=at // DAY_S, month=at // MONTH_S)
        rows = rows.filter(~SAME | (day != day.shift(1))).unique(["name", "day"], keep="first")
        rows = rows.join(self.devices.select("name", "first"), "name")
        near = rows.filter(day - pl.col("first") // DAY_S <= SPAN_MAX)
        self.beyond += len(rows) - len(near)
        bit = day - pl.col("month") * MONTH_S // DAY_S
        near = near.with_columns(days=pl.lit(2).pow(bit).cast(pl.UInt32))
        known = near.join(self.heard, ["name", "month"], "left", suffix="_known")
        new = known.filter(pl.col("days") & pl.col("days_known").fill_null(0) == 0)
        for *key, count in new.group_by("day", "version").len().iter_rows():
            self.by_day[key[0], key[1]] += count
        heard = pl.concat([self.heard, new.select("name", "month", "days")])
        self.heard = heard.group_by("name", "month").agg(pl.col("days").sum())


def tallied(logs: list[Path], now_s: float) -> Tally:
    """All that is in them. UserError when no device's check is, or one cannot be read."""
    tally = Tally()
    with closing(checks(logs, tally.counts, now_s + AHEAD_S)) as found:  # also at Ctrl-C
        tally.add(found)
    if tally.devices.is_empty():
        raise UserError("the logs", f"no device's check in {tally.counts.lines} lines",
                        "name access logs of the host of the releases")  # fmt: skip
    return tally


def _related(known: pl.DataFrame, rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """(name, key) of both, each once, by name and by when it came."""
    other = ~SAME | pl.col(key).ne_missing(pl.col(key).shift(1))
    new = rows.filter(pl.col("fresh") & pl.col(key).is_not_null() & other).select("name", key)
    if new.is_empty():
        return known
    both = pl.concat([known, new]).unique(keep="first", maintain_order=True)
    return both.sort("name", maintain_order=True)


def _last(relation: pl.DataFrame) -> pl.DataFrame:
    return relation.filter((name != name.shift(-EACH_MAX)).fill_null(True))


def _latest() -> pl.Expr:
    """Is a row no older than those above it of the same name? They are sorted by it."""
    order = name.rle_id().cast(pl.Int64) * (1 << AT_BITS) + at
    return order == order.cum_max()


def _first(times: dict[str, int], version: str, at_s: int) -> None:
    if version in times or len(times) < VERSIONS_MAX:
        times[version] = min(at_s, times.get(version, at_s))


def is_newer(one: str, other: str) -> bool:
    try:
        return newer(one, other)
    except ValueError:  # what stands in a query need not be a version
        return False
