"""What devices say of one release in the host's access logs, and whether the rule is met.

Nothing is believed: a check can be forged, in any number, by whoever can reach the host. So the
most that comes of it is a pause, for a person to look at; and who forges enough good news can keep
the rule from being met. firmware/SPEC.md, "Check query", says what a check tells.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seesaw.core.version import newer

from host_tools.fleet import rule as rules
from host_tools.fleet.lines import Check
from host_tools.fleet.rule import Rule
from host_tools.fleet.summary import TRIED
from host_tools.fleet.tally import MONTH_S, NAMES_MAX, Device, Tally
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
        if rules.met(self.heard, bad, rule.abort_percent, rule.abort_min):
            return f"abort rule: {bad} of {self.heard} failed or went back"
        for took, silent in ((self.took, self.silent), (self.every, self.quiet)):
            if rules.met(took, silent, rule.silent_percent, rule.abort_min):
                return f"abort rule: {silent} of {took} fell silent"
        return ""


def read(checks: Iterable[Check], asked: Asked, rule: Rule, tally: Tally) -> Verdict:
    """Count these checks, in any order, into the tally, and judge."""
    before: set[str] = set()
    tally.add(_counted(checks, asked, before))
    counts = dict.fromkeys((GOOD, FAILED, LEFT, OPEN, NEVER), 0)
    took = silent = every = quiet = known = 0
    end_s = min(tally.span_s[1], asked.now_s) - rule.silent_hours * HOUR_S
    for name, device in tally.devices.items():
        how = outcome(device, asked)
        if name in before and how in (FAILED, LEFT):
            known += 1
            continue
        counts[how] += 1
        if not _sure(device, asked):
            continue
        gone = device.last_s < end_s
        every, quiet = every + 1, quiet + gone
        if asked.version in device.versions:
            took, silent = took + 1, silent + (gone and device.said.version == asked.version)
    ways = (counts[GOOD], counts[FAILED], counts[LEFT], counts[OPEN])
    return Verdict(*ways, took, silent, every, quiet, known, rule)


def _counted(checks: Iterable[Check], asked: Asked, before: set[str]) -> Iterator[Check]:
    """Those since the rollout started, or a person let it go on; before: who had failed by then."""
    for at_s, said in checks:
        if at_s >= asked.since_s or said is None:
            yield at_s, said
        elif _failing(said, asked) and len(before) < NAMES_MAX:
            before.add(said.pseudonym)


def _failing(said: Said, asked: Asked) -> bool:
    return said.failure is not None and said.failure.bundle in asked.bundles


def outcome(device: Device, asked: Asked) -> str:
    """How the release went on a device, by the last that it said."""
    said, failure = device.said, device.said.failure
    if said.version == asked.version:
        return OPEN if said.action == TRIAL else GOOD
    if failure is not None and failure.bundle in asked.bundles:
        return LEFT if failure.stage >= TRIED else FAILED
    if asked.version not in device.versions:
        return NEVER
    return GOOD if _newer(said.version, asked.version) else LEFT


def _newer(one: str, other: str) -> bool:
    try:
        return newer(one, other)
    except ValueError:  # what stands in a query need not be a version
        return False


def _sure(device: Device, asked: Asked) -> bool:
    """Is its name one of this month, so that silence is not only another name?"""
    return device.first_s >= asked.renamed_s and device.last_s - device.first_s >= SURE_S


def renamed(issued: Iterable[int]) -> int:
    """Since when devices have the names of the newest statement's month. issued: when statements
    were signed, seconds since 1970, the newest among them."""
    found = sorted(issued)
    month = found[-1] // MONTH_S
    return next(one for one in found if one // MONTH_S == month)
