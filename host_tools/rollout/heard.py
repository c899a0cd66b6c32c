"""What devices say of one release in the host's access logs, and whether the rule is met.

Nothing is believed: a check can be forged, in any number, by whoever can reach the host. So the
most that comes of it is a pause, for a person to look at; and who forges enough good news can keep
the rule from being met. firmware/SPEC.md, "Check query", says what a check tells.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from host_tools.fleet.frames import polars as pl
from host_tools.fleet.rule import Rule
from host_tools.fleet.summary import TRIED
from host_tools.fleet.tally import MONTH_S, NAMES_MAX, Tally, is_newer
from host_tools.release.query import ACTIONS, Said

TRIAL = ACTIONS["t"]
SURE_S = 3600  # a name that was heard for less may be the last word of an old one
HOUR_S = 3600
GOOD, FAILED, LEFT, OPEN, NEVER = "good", "failed", "rolled back", "on trial", "never"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which release. bundles: the first 8 hex digits of its bundle's SHA-256 on each board.
    since_s: only what was heard later counts. renamed_s: since when devices have the names of this
    month; now_s: nothing later is taken for the end. Seconds since 1970."""

    version: str
    bundles: frozenset[str]
    since_s: int
    renamed_s: int
    now_s: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Devices, by pseudonym. heard: how it went is known: good, failed or rolled_back. took: has
    run it, under a name of this month; silent: of these, so many have fallen silent. every, quiet:
    the same of all, whatever they ran: what stops in the middle of an install was last heard on the
    version before. known: failed before since_s, and count no more."""

    good: int
    failed: int
    rolled_back: int
    on_trial: int
    took: int
    silent: int
    every: int
    quiet: int
    known: int
    rule: Rule

    @property
    def heard(self) -> int:
        return self.good + self.failed + self.rolled_back

    @property
    def why(self) -> str:
        """Which part of the rule is met, "" for none; short enough to be signed."""
        rule, bad = self.rule, self.failed + self.rolled_back
        if rule.failing(self.heard, bad):
            return f"abort rule: {bad} of {self.heard} failed or went back"
        for took, silent in ((self.took, self.silent), (self.every, self.quiet)):
            if rule.quiet(took, silent):
                return f"abort rule: {silent} of {took} fell silent"
        return ""


def read(checks: Iterable[pl.DataFrame], asked: Asked, rule: Rule, tally: Tally) -> Verdict:
    """Count these checks, in any order, into the tally, and judge."""
    before = _counted(checks, asked, tally)
    counts = dict.fromkeys((GOOD, FAILED, LEFT, OPEN, NEVER), 0)
    took = silent = every = quiet = known = 0
    for number, ran, early, sure, gone, count in _groups(asked, rule, tally, before).iter_rows():
        said = tally.sayings.said[number]
        how = outcome(said, ran, asked)
        if early and how in (FAILED, LEFT):
            known += count
            continue
        counts[how] += count
        if not sure:
            continue
        every, quiet = every + count, quiet + count * gone
        if ran:
            took, silent = took + count, silent + count * (gone and said.version == asked.version)
    ways = (counts[GOOD], counts[FAILED], counts[LEFT], counts[OPEN])
    return Verdict(*ways, took, silent, every, quiet, known, rule)


def _counted(checks: Iterable[pl.DataFrame], asked: Asked, tally: Tally) -> pl.DataFrame:
    """Count those since the rollout started, or a person let it go on; who had failed by then."""
    before = pl.DataFrame(schema={"name": pl.Int64})
    for frame in checks:
        rows = tally.numbered(frame)
        late = pl.col("at") >= asked.since_s
        tally.count(rows.filter(late))
        early = rows.filter(~late & pl.col("said").is_not_null())
        failing = [number for number in early["said"].unique()
                   if _failing(tally.sayings.said[number], asked)]  # fmt: skip
        names = early.filter(pl.col("said").is_in(failing)).select("name")
        if len(names):
            before = pl.concat([before, names]).unique(maintain_order=True).head(NAMES_MAX)
    tally.settled()
    return before


def _groups(asked: Asked, rule: Rule, tally: Tally, before: pl.DataFrame) -> pl.DataFrame:
    """How many devices said this at the last, have run the version, had failed by then, have a name
    of this month, so that silence is not only another name, and are silent."""
    end_s = min(tally.span_s[1], asked.now_s) - rule.silent_hours * HOUR_S
    first, last = pl.col("first"), pl.col("last")
    return tally.devices.select(
        "said",
        ran=_among(tally.who_ran(asked.version)),
        early=_among(before),
        sure=(first >= asked.renamed_s) & (last - first >= SURE_S),
        gone=last < end_s,
    ).group_by(pl.all()).len()


def _among(names: pl.DataFrame) -> pl.Expr:
    return pl.col("name").is_in(names["name"].implode())


def _failing(said: Said, asked: Asked) -> bool:
    return said.failure is not None and said.failure.bundle in asked.bundles


def outcome(said: Said, ran: bool, asked: Asked) -> str:
    """How the release went on a device that said this at the last. ran: it has been heard on it."""
    failure = said.failure
    if said.version == asked.version:
        return OPEN if said.action == TRIAL else GOOD
    if failure is not None and failure.bundle in asked.bundles:
        return LEFT if failure.stage >= TRIED else FAILED
    if not ran:
        return NEVER
    return GOOD if is_newer(said.version, asked.version) else LEFT


def renamed(issued: Iterable[int]) -> int:
    """Since when devices have the names of the newest statement's month. issued: when statements
    were signed, seconds since 1970, the newest among them."""
    found = sorted(issued)
    month = found[-1] // MONTH_S
    return next(one for one in found if one // MONTH_S == month)
