"""The names of counterexamples: 'scenario/phase:number,tear;phase:number,tear@release'.

An id says everything that is needed to run it again: the scenario, each cut as the phase of the
operation, its number within that phase counted from 0 and what the cut leaves (cuts.py), and the
release that it belongs to. The first cut is one of the scenario's own operations, each further one
of the recovery from the cut before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from host_tools.errors import UserError
from host_tools.prove import cuts
from host_tools.prove.runner import Failure
from host_tools.prove.scenarios import Scenario
from host_tools.prove.subject import Subject, Verdict

RELEASE = 8  # hex digits of the release's hash
CUTS_MAX = 16
SHRUNK_MAX = 6  # groups that are run again to shrink their ids
FORM = "scenario/phase:number,tear;phase:number,tear@release"
CUT = re.compile(r"([a-z0-9_]+):([0-9]{1,9}),([a-z]+(?::[0-9]{1,9})?(?:\+[a-z]+)?)", re.ASCII)
NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)
MILD = ("after", "before", "prefix")  # tears, the mildest first; all others come after


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut. number: of the operation within its phase."""

    phase: str
    number: int
    tear: str

    def __str__(self) -> str:
        return f"{self.phase}:{self.number},{self.tear}"


@dataclass(frozen=True, slots=True)
class Id:
    """See the module. No cuts: the scenario's own run. release: RELEASE hex digits, or ""."""

    scenario: str
    cuts: tuple[Cut, ...] = ()
    release: str = ""

    def __str__(self) -> str:
        steps = ";".join(map(str, self.cuts))
        return self.scenario + ("/" + steps if steps else "") + (
            "@" + self.release if self.release else ""
        )  # fmt: skip


def parse(text: str) -> Id:
    """Raises UserError for what is no id."""
    whole, at, release = text.strip().partition("@")
    scenario, slash, steps = whole.partition("/")
    if at and not re.fullmatch(f"[0-9a-f]{{{RELEASE}}}", release):
        raise _wrong(text, f"'{release}' is not {RELEASE} hex digits of a release's hash")
    if not NAME.fullmatch(scenario):
        raise _wrong(text, f"'{scenario}' is no name of a scenario")
    cuts = []
    for step in steps.split(";") if slash else ():
        found = CUT.fullmatch(step)
        if found is None:
            raise _wrong(text, f"'{step}' is no cut")
        cuts.append(Cut(found[1], int(found[2]), found[3]))
    if len(cuts) > CUTS_MAX:
        raise _wrong(text, f"{len(cuts)} cuts, at most {CUTS_MAX}")
    return Id(scenario, tuple(cuts), release)


def _wrong(text: str, why: str) -> UserError:
    return UserError(f"id '{text}'", why, f"it reads {FORM}")


def fingerprint(subject: Subject) -> str:
    """SHA-256 of a new device with the candidate, whole flash: launcher, runtime and bundle."""
    return hashlib.sha256(subject.factory(subject.candidate).to_bytes()).hexdigest()


def stamped(text: str, release_hash: str) -> str:
    """An id with the release that it belongs to, unless it names one already; release_hash: of
    fingerprint()."""
    found = parse(text)
    return str(found if found.release else replace(found, release=release_hash[:RELEASE]))


def scenario_of(found: Id, scenarios: Iterable[Scenario], release_hash: str) -> Scenario:
    """The scenario that an id speaks of. Raises UserError when there is none, or when the id is
    one of another release."""
    known = {one.name: one for one in scenarios}
    if found.release and not release_hash.startswith(found.release):
        fix = "give the tree that it was found in with --firmware"
        here = release_hash[:RELEASE]
        raise UserError(f"id '{found}'", f"of another release: this one is {here}", fix)
    if found.scenario not in known:
        raise UserError(
            f"id '{found}'", f"no scenario '{found.scenario}'", "there are " + ", ".join(known)
        )
    return known[found.scenario]


# -- from many failures to few -----------------------------------------------------------------

Again = Callable[[Id], Verdict]  # run an id again; UserError when it does not exist


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that hang on one line with one verdict. first: the one to look at. ids: of all."""

    first: Failure
    ids: tuple[str, ...]


def shrink(failures: Iterable[Failure], again: Again | None = None) -> list[Cause]:
    """Failures grouped by verdict and by the line whose operation was cut last, in the order in
    which they were found; of each group the one with the fewest and earliest cuts and the mildest
    tear. Of the first SHRUNK_MAX groups it is without the cuts that `again` shows to be needless,
    and groups that come to the same id so are one."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    ranks: dict[tuple[object, ...], int] = {}  # places of cuts, in the order of the operations
    for one in failures:
        groups.setdefault((one.verdict.name, one.caller), []).append(one)
        ranks.setdefault(_places(parse(one.id)), len(ranks))
    causes: dict[tuple[str, str], Cause] = {}
    for nth, group in enumerate(groups.values()):
        first = min(group, key=lambda one: _weight(parse(one.id), ranks))
        if again is not None and nth < SHRUNK_MAX:
            first = needed(first, again)
        key = (first.id, first.verdict.name)
        before = causes.get(key, Cause(first, ()))
        causes[key] = Cause(before.first, before.ids + tuple(one.id for one in group))
    return list(causes.values())


def _places(found: Id) -> tuple[object, ...]:
    return (found.scenario, *((cut.phase, cut.number) for cut in found.cuts))


def _weight(found: Id, ranks: dict[tuple[object, ...], int]) -> tuple[int, int, list[int]]:
    return len(found.cuts), ranks[_places(found)], [_mildness(cut.tear) for cut in found.cuts]


def _mildness(cut: str) -> int:
    mode = cuts.tear_of(cut).partition(":")[0]
    return MILD.index(mode) if mode in MILD else len(MILD)


def needed(failure: Failure, again: Again) -> Failure:
    """The same failure without the cuts that it does not need for its verdict."""
    found = parse(failure.id)
    for nth in range(len(found.cuts)):
        fewer = replace(found, cuts=found.cuts[:nth] + found.cuts[nth + 1 :])
        try:
            verdict = again(fewer)
        except UserError:  # without that cut, the operations of a later one never happen
            continue
        if verdict.name == failure.verdict.name:
            return needed(Failure(str(fewer), verdict, failure.caller), again)
    return failure
