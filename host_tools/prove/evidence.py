"""What a proof has shown, as figures: for the page, and for evidence.json."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.prove import ids, replay
from host_tools.prove.explore import Counts
from host_tools.prove.ids import Cause
from host_tools.prove.runner import Plan, Result
from host_tools.prove.scenarios import Scenario
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.story import Story
from host_tools.prove.subject import OK, Subject

FORMAT = 1
CLEAN, BRICK, NOTHING = "clean", "brick", "nothing"
QUICK, FULL, PART = "quick", "full", "part"
HARNESS = ("prove", "emulator")  # rooms that a proof rests on
IDS_MAX = 100  # of one scenario's failures in evidence.json
CAUSES_MAX = 4  # that are told as stories


@dataclass(frozen=True)
class Meta:
    """What a proof speaks of. versions, hashes: by what they are of; whys: by scenario. causes:
    all of them; stories: of the first CAUSES_MAX. seconds: of real time. budget: "quick", "full",
    or "part" when only some scenarios were looked at."""

    subject: str
    versions: dict[str, str]
    hashes: dict[str, str]
    whys: dict[str, str]
    depth: int
    seed: int = 0
    seconds: float = 0.0
    causes: Sequence[Cause] = ()
    stories: Sequence[Story] = field(default_factory=list)
    budget: str = PART


def hashes_of(subject: Subject) -> dict[str, str]:
    """SHA-256, in hex. device: the whole flash of a new one, for which ids stand."""
    found = {"device": ids.fingerprint(subject)}
    if isinstance(subject, Seesaw):
        release = subject.kit.releases[subject.candidate]
        # The longest file that is not the bundle nor the offer: the runtime.
        rest = [data for data in release.files.values() if data != release.bundle.image]
        ran = hashlib.sha256(release.bundle.image).hexdigest()
        found["bundle"] = subject.kit.shipped.get(subject.candidate, ran)
        if found["bundle"] != ran:
            found["bundle_with_development_root"] = ran  # what was run in its place
        found["runtime"] = hashlib.sha256(max(rest, key=len)).hexdigest()
        found["launcher"] = hashlib.sha256(subject.kit.launcher).hexdigest()
    return found


def meta(
    subject: Subject, plan: Plan, scenarios: Sequence[Scenario], results: Sequence[Result],
    seconds: float = 0.0, seed: int = 0,
) -> Meta:  # fmt: skip
    """Group the failures, shrink them and tell their stories by running them again."""
    hashes = hashes_of(subject)

    def story(found: ids.Id) -> Story:
        return replay.tell(subject, found, scenarios, plan, hashes["device"])

    failures = [one for result in results for one in result.failures]
    causes = ids.shrink(failures, lambda found: story(found).verdict)
    stories = [story(ids.parse(cause.first.id)) for cause in causes[:CAUSES_MAX]]
    versions = {"old": subject.old, "candidate": subject.candidate, "fix": subject.fix}
    whys = {one.name: one.why for one in scenarios}
    return Meta(
        subject.name, versions, hashes, whys, plan.depth, seed, seconds, causes, stories
    )  # fmt: skip


@cache
def harness() -> str:
    """The version of the harness: a hash of its sources."""
    found = hashlib.sha256()
    rooms = Path(__file__).parents[1]
    for path in sorted(path for room in HARNESS for path in (rooms / room).rglob("*.py")):
        found.update(f"{path.relative_to(rooms).as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()


def state_of(results: Sequence[Result]) -> str:
    """CLEAN only when every scenario has shown something."""
    if any(result.failures for result in results):
        return BRICK
    shown = results and all(result.counts.looked and not result.missing for result in results)
    return CLEAN if shown else NOTHING


def total(results: Iterable[Result]) -> Counts:
    counts = Counts()
    for result in results:
        counts.add(result.counts)
    return counts


def trace_of(results: Iterable[Result]) -> str:
    """One hash over those of all scenarios: the same for the same release, seed and depth."""
    lines = "".join(f"{result.scenario} {result.trace}\n" for result in results)
    return hashlib.sha256(lines.encode()).hexdigest()


def verdict_of(result: Result) -> str:
    """The verdicts that a scenario's failures have, or OK, or that it has shown nothing."""
    if result.failures:
        return ", ".join(Counter(one.verdict.name for one in result.failures))
    return OK if result.counts.looked and not result.missing else "nothing shown"


def figures(counts: Counts) -> dict[str, int]:
    """The figures apart, as none can stand for another. states: different flash contents after
    one cut. classes: runs that had to be made, as nothing known was equal."""
    return {
        "operations": counts.operations,
        "runs": counts.runs,
        "classes": counts.classes,
        "states": len(counts.digests),
        "settled": counts.settled,
        "counted": counts.counted,
        "edges": counts.edges,
        "depth": counts.depth,
        "boots": counts.boots,
    }


def evidence(results: Sequence[Result], meta: Meta) -> dict[str, Any]:
    """For evidence.json. No time of day and no duration: equal proofs give equal files."""
    release = meta.hashes.get("device", "")
    return {
        "format": FORMAT,
        "verdict": state_of(results),
        "subject": meta.subject,
        "versions": meta.versions,
        "sha256": meta.hashes,
        "budget": meta.budget,
        "harness": harness(),
        "depth": meta.depth,
        "seed": meta.seed,
        "trace": trace_of(results),
        "figures": figures(total(results)),
        "scenarios": [_scenario(result, meta, release) for result in results],
        "causes": [
            {
                "id": ids.stamped(cause.first.id, release),
                "verdict": cause.first.verdict.name,
                "words": cause.first.verdict.words,
                "caller": cause.first.caller,
                "failures": len(cause.ids),
            }
            for cause in meta.causes
        ],
    }


def _scenario(result: Result, meta: Meta, release: str) -> dict[str, Any]:
    return {
        "name": result.scenario,
        "why": meta.whys.get(result.scenario, ""),
        "verdict": verdict_of(result),
        "missing": result.missing,
        "phases": dict(result.phases),
        "figures": figures(result.counts),
        "trace": result.trace,
        "failures": len(result.failures),
        "ids": [ids.stamped(one.id, release) for one in result.failures[:IDS_MAX]],
    }
