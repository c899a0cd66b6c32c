"""The parts of a whole proof: the tree's own scenarios, their combinations, the release matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.prove import combinations, evidence, ids, kits, matrix
from host_tools.prove.evidence import Meta
from host_tools.prove.runner import Plan, Result
from host_tools.prove.scenario import Scenario
from host_tools.prove.scenarios import SCENARIOS
from host_tools.prove.subject import Subject

SHARE = 16  # recoveries of which one is cut at an operation that decides nothing


@dataclass(frozen=True)
class Part:
    """Scenarios of one subject, looked at as deep as the plan says."""

    subject: Subject
    scenarios: tuple[Scenario, ...]
    plan: Plan


@dataclass(frozen=True)
class Wanted:
    """What is to be proved. source: a firmware tree. candidate, older: kept releases in its place
    and under it. names: only these scenarios. seed: of the
    combinations that are drawn."""

    source: Path = bundles.FIRMWARE
    candidate: Path | None = None
    older: Path | None = None
    board: str = kits.DEFAULT_BOARD
    full: bool = False
    depth: int = 2
    names: Sequence[str] = ()
    seed: int = 0


def parts(wanted: Wanted) -> list[Part]:
    """UserError when something cannot be built, or for a scenario that there is not."""
    found = [part for part in _all(wanted) if part.scenarios]
    known = [one.name for part in found for one in part.scenarios]
    assert len(set(known)) == len(known), "two scenarios have one name"
    for name in wanted.names:
        if name not in known:
            raise UserError(f"scenario '{name}'", "there is none", "see seesaw prove --list")
    if wanted.names:
        found = [
            replace(part, scenarios=tuple(s for s in part.scenarios if s.name in wanted.names))
            for part in found
        ]
    return [part for part in found if part.scenarios]


def _all(wanted: Wanted) -> Iterator[Part]:
    if not (wanted.source / "seesaw").is_dir():
        raise UserError(str(wanted.source), "holds no firmware: it has no folder 'seesaw'",
                        "name a folder like firmware/")  # fmt: skip
    plan = Plan(wanted.depth, share=SHARE if wanted.full else 0)
    budget = "full" if wanted.full or wanted.names else "quick"
    chosen = tuple(one for one in SCENARIOS if budget == "full" or one.budget == "quick")
    if wanted.candidate or wanted.older:
        subject = kits.built(wanted.candidate, wanted.older, wanted.source, wanted.board)
    else:
        subject = kits.seesaw(wanted.source, wanted.board)
    yield Part(subject, (*chosen, *combinations.scenarios(budget, wanted.seed)), plan)
    if not wanted.candidate and wanted.board == kits.DEFAULT_BOARD:
        for row in matrix.rows(wanted.source, full=wanted.full, board=wanted.board):
            yield Part(row.subject, row.scenarios,
                       replace(plan, depth=min(plan.depth, row.depth)))  # fmt: skip


def part_of(wanted: Wanted, name: str) -> Part:
    """The part that has this scenario. UserError when none has."""
    return parts(replace(wanted, names=[name]))[0]


def budget(wanted: Wanted) -> str:
    if wanted.names:
        return evidence.PART
    return evidence.FULL if wanted.full else evidence.QUICK


def meta(found: Sequence[tuple[Part, list[Result]]], seconds: float, wanted: Wanted) -> Meta:
    """What all parts have shown, as one: the first part's releases, everybody's failures."""
    metas = []
    for part, results in found:
        one = evidence.meta(part.subject, part.plan, part.scenarios, results, seconds,
                            wanted.seed)  # fmt: skip
        causes = [
            replace(cause, first=replace(
                cause.first, id=ids.stamped(cause.first.id, one.hashes["device"])
            )) for cause in one.causes
        ]  # fmt: skip
        metas.append(replace(one, causes=causes))
    return replace(
        metas[0],
        budget=budget(wanted),
        whys={name: why for one in metas for name, why in one.whys.items()},
        causes=[cause for one in metas for cause in one.causes],
        stories=[story for one in metas for story in one.stories],
    )
