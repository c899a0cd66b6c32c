"""`seesaw zoo`: the ways in which updates have bricked real devices, planted here one by one.

tests/zoo keeps them as rows of data: a small fault in this firmware, in its server, its world or
its bootloader, the verdict that it must get and the cheapest level that finds it. The harness must
catch every one of them, and have nothing to say of the firmware without the fault. Where the fault
is a way of updating that this firmware has not got, another updater stands for it.
"""

import argparse
import json
import multiprocessing
import os
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.emulator import ctrl_c
from host_tools.emulator.flash import Op
from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.prove import cuts, kits
from host_tools.prove.cuts import Cuts
from host_tools.prove.explore import Explorer
from host_tools.prove.kits import Change
from host_tools.prove.progress import Progress
from host_tools.prove.runner import Failure, Plan, Result, Task, recovery, run
from host_tools.prove.scenarios import Scenario
from host_tools.prove.seesaw import Kit, Seesaw
from host_tools.prove.subject import Conditions, Limits, Subject, Verdict

ROWS = Path(__file__).parents[2] / "tests" / "zoo"
REFUSED = "refused"  # by the build, or by the trial: the device never came to run it for good
ALL = range(10**9)  # operations of a run
SECONDS = 2 * 3600  # of a recovery: four times the longest that a good one waits
HEALTHY = "healthy"
UNTORN = ("before", "after")
# From cheap to dear. 'build': refused before it ships. 'run', 'world': no cut, in a good world and
# in a hostile one. 'cut', 'torn': one cut, between operations and within one. 'nested': two.
# 'fleet': no device shows it alone; the rule that watches a rollout must.
LEVELS = ("build", "run", "world", "cut", "torn", "nested", "fleet")
BUILT = ("build", "fleet")  # what Row.build finds
PLANS = {"run": 0, "cut": 1, "torn": 1, "nested": 2}  # searches, and how many cuts in a row
SEARCH = {"run": "run", "world": "run", "cut": "cut", "torn": "torn", "nested": "nested"}


@dataclass(frozen=True)
class Row:
    """One fault. why: cause and symptom. source: where it happened (an address). level, verdict:
    the cheapest of LEVELS that finds it, and as what: a verdict of the proof, or REFUSED when the
    project's own defences must hold it off.

    changes: in the firmware's files. scenarios: those that can show it. versions: of the release
    before, the faulty one, and the fix. build: for 'build' and 'fleet', what raises UserError.
    needs: what of the flash model it takes to find it: 'torn programs' or 'partial erases'.
    device: makes another updater than ours, with the fault or without it.
    """

    name: str
    why: str
    source: str
    level: str
    verdict: str
    changes: tuple[Change, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    versions: tuple[str, str, str] = (kits.OLD, kits.CANDIDATE, kits.FIX)
    build: Callable[[], object] | None = None
    needs: str = ""
    device: Callable[[bool], Subject] | None = None


@dataclass(frozen=True)
class Waiting:
    """A row of the list that cannot live yet. needs: what it waits for."""

    name: str
    why: str
    source: str
    needs: str


@dataclass(frozen=True)
class Caught:
    """What became of a row. level: "" when nothing was found. id: of the counterexample."""

    row: str
    level: str
    verdict: str
    id: str = ""
    words: str = ""
    seconds: float = 0.0


def load(folder: Path = ROWS) -> tuple[list[Row], list[Waiting]]:
    """The rows of every file, and those that wait. UserError when there are none."""
    rows: list[Row] = []
    waiting: list[Waiting] = []
    for path in sorted(folder.glob("*.py")):
        found = runpy.run_path(str(path))
        rows += found.get("ROWS", ())
        waiting += found.get("WAITING", ())
    if not rows:
        raise UserError(str(folder), "there are no rows", "run it from the project's own folder")
    return rows, waiting


# -- the faulty device -------------------------------------------------------------------------


def subject(row: Row, faulty: bool = True) -> Subject:
    """A device with the row's fault, or without it. ValueError when a text to change is not there
    (any more)."""
    if row.device:
        return row.device(faulty)
    old, candidate, fix = row.versions
    if not (faulty and row.changes):
        return _seesaw(old, candidate, fix, bundles.FIRMWARE)
    with tempfile.TemporaryDirectory() as folder:
        return _seesaw(old, candidate, fix, changed(Path(folder, "firmware"), row.changes))


def _seesaw(old: str, candidate: str, fix: str, source: Path) -> Seesaw:
    whole = kits.seesaw(source)
    if (old, candidate, fix) == (kits.OLD, kits.CANDIDATE, kits.FIX):
        return whole
    made = {old: kits.good(old), candidate: kits.make(candidate, source), fix: kits.good(fix)}
    return Seesaw(Kit(whole.kit.board, whole.kit.launcher, made), old, candidate, fix)


def changed(tree: Path, changes: Iterable[Change]) -> Path:
    """The firmware as a new folder with these changes. ValueError when a text is not there."""
    shutil.copytree(bundles.FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in changes:
        path = tree / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{name} has no {old!r} any more")
        path.write_text(text.replace(old, new, 1))
    return tree


# -- the search --------------------------------------------------------------------------------


def untorn(op: Op) -> tuple[str, ...]:
    return (*UNTORN, *cuts.BROWN_OUTS)


def untorn_programs(op: Op) -> tuple[str, ...]:
    """A flash model in which programs are whole, and erases may be partial."""
    return untorn(op) if op.data else cuts.standard(op)


def atomic_erases(op: Op) -> tuple[str, ...]:
    """A flash model in which erases are whole, and programs may be torn."""
    return cuts.standard(op) if op.data else untorn(op)


def search(
    device: Subject, scenario: Scenario, how: str, model: Cuts = cuts.standard, where: range = ALL,
    seconds: int = SECONDS,
) -> Result:  # fmt: skip
    """One scenario to its first failure. how: of PLANS. model: of the flash. where: the
    operations to cut. seconds: that a recovery may take."""
    plan = Plan(depth=PLANS[how], stop=True, limits=Limits(seconds=seconds))
    if how == "run":
        return run(device, plan, Task(scenario, None))
    explorer = Explorer(device, recovery(device, scenario), plan.limits, plan.nest)
    explorer.cuts = explorer.cuts_deciding = untorn if how == "cut" else model
    return run(device, plan, Task(scenario, where), explorer)


def searches(level: str) -> list[str]:
    """All that is cheaper than a level, and the level itself."""
    return list(PLANS)[: list(PLANS).index(SEARCH[level]) + 1]


def examine(row: Row, model: Cuts = cuts.standard) -> Caught:
    """The cheapest counterexample to a row's fault, up to the row's own level."""
    began = time.perf_counter()
    found = _build(row) if row.level in BUILT else _first(row, model)
    return replace(found, seconds=round(time.perf_counter() - began, 2))


def _build(row: Row) -> Caught:
    assert row.build is not None
    try:
        row.build()
    except UserError as error:
        return Caught(row.name, row.level, REFUSED, "", str(error))
    return Caught(row.name, "", "", "", "nothing refused it")


def _first(row: Row, model: Cuts) -> Caught:
    device = subject(row)
    missing = ""
    for how in searches(row.level):
        for scenario in row.scenarios:
            result = search(device, scenario, how, model)
            if result.failures:
                return _caught(row.name, scenario, result.failures[0])
            missing = missing or result.missing
    if row.verdict == REFUSED and not missing:
        return Caught(row.name, _level(row.scenarios[-1], ""), REFUSED, row.scenarios[-1].name)
    return Caught(row.name, "", "", "", missing)


def _caught(name: str, scenario: Scenario, failure: Failure) -> Caught:
    verdict: Verdict = failure.verdict
    level = _level(scenario, failure.id.partition("/")[2])
    words = f"{verdict.words} {failure.caller}".strip()
    return Caught(name, level, verdict.name, failure.id, words)


def _level(scenario: Scenario, steps: str) -> str:
    """steps: of a counterexample, 'phase:number,cut;...'."""
    if not steps:
        good = Conditions(offer=scenario.world.offer, wall_s=scenario.world.wall_s)
        return "run" if scenario.world == good else "world"
    if ";" in steps:
        return "nested"
    return "cut" if cuts.tear_of(steps.rpartition(",")[2]) in UNTORN else "torn"


@dataclass(frozen=True)
class Clean:
    """A search that finds nothing in the firmware as it is."""

    scenario: Scenario
    how: str
    versions: tuple[str, str, str]
    device: Callable[[bool], Subject] | None = None


def budget(rows: Iterable[Row]) -> list[Clean]:
    """Every search of every row; a dearer one of the same scenario stands for the cheaper."""
    dearest: dict[tuple[Scenario, tuple[str, str, str], Any], str] = {}
    for row in rows:
        if row.level in BUILT or (row.verdict == REFUSED and row.changes):
            continue
        for scenario in row.scenarios:
            how, key = SEARCH[row.level], (scenario, row.versions, row.device)
            dearest[key] = max(dearest.get(key, how), how, key=list(PLANS).index)
    return [
        Clean(scenario, how, versions, device)
        for (scenario, versions, device), dear in dearest.items()
        for how in dict.fromkeys(("run", dear))
    ]


def clean(one: Clean) -> Caught:
    """What the search has to say of the firmware without a fault: nothing, if all is well."""
    began = time.perf_counter()
    device = one.device(False) if one.device else _healthy(one.versions)
    result = search(device, one.scenario, one.how)
    seconds = round(time.perf_counter() - began, 2)
    if result.failures:
        return replace(_caught(HEALTHY, one.scenario, result.failures[0]), seconds=seconds)
    if result.missing and one.how == "run":
        words = f"{one.scenario.name}: {result.missing}"
        return Caught(HEALTHY, "run", "missing", one.scenario.name, words, seconds)
    return Caught(HEALTHY, "", "", seconds=seconds)


@cache
def _healthy(versions: tuple[str, str, str]) -> Seesaw:
    return _seesaw(*versions, bundles.FIRMWARE)


# -- all of it ---------------------------------------------------------------------------------

Job = Row | Clean


def right(row: Row, found: Caught) -> bool:
    """Is this what the row must get?"""
    return (found.level, found.verdict) == (row.level, row.verdict)


def do(job: Job) -> Caught:
    return examine(job) if isinstance(job, Row) else clean(job)


_jobs: list[Job] = []  # of a worker: inherited by fork


def _work(number: int) -> Caught:
    return do(_jobs[number])


def every(jobs: list[Job], processes: int) -> Iterator[Caught]:
    """What comes of each job, in their order."""
    global _jobs
    _jobs = jobs
    if processes < 2 or len(jobs) < 2:
        yield from map(do, jobs)
        return
    with multiprocessing.get_context("fork").Pool(processes, ctrl_c.left_to_parent) as pool:
        yield from pool.imap(_work, range(len(jobs)))


Told = Callable[[int, int, str], None]  # done, of how many, words


def judged(
    rows: list[Row], told: Told = lambda done, tasks, words: None
) -> list[tuple[Row | None, Caught]]:
    """Each row and what it got; then the healthy firmware, with None."""
    rest = budget(rows)
    dear_first = sorted(rest, key=lambda one: list(PLANS).index(one.how), reverse=True)
    jobs: list[Job] = [*dear_first, *rows]
    found: list[Caught] = []
    for one in every(jobs, os.cpu_count() or 1):
        found.append(one)
        told(len(found), len(jobs), f"{one.row} {one.verdict}")
    faults = [one for one in found[: len(rest)] if one.verdict]
    seconds = round(sum(one.seconds for one in found[: len(rest)]), 2)
    healthy = faults or [Caught(HEALTHY, "", "", "", f"{len(rest)} searches found nothing")]
    return [
        *zip(rows, found[len(rest) :], strict=True),
        *((None, replace(one, seconds=seconds)) for one in healthy),
    ]


def main(arguments: argparse.Namespace) -> int:
    """0: every fault was caught as it must be, and the healthy firmware is clean. 1: not so."""
    rows, waiting = load()
    unknown = [name for name in arguments.name if name not in {row.name for row in rows}]
    if unknown:
        known = ", ".join(row.name for row in rows)
        raise UserError(f"row '{unknown[0]}'", "there is none", f"choose from {known}")
    chosen = [row for row in rows if not arguments.name or row.name in arguments.name]
    with ctrl_c.heeded(), Progress(sys.stderr) as progress:
        table = judged(chosen, progress.told)
    bad = [found for row, found in table if not (right(row, found) if row else not found.verdict)]
    if arguments.json:
        print(json.dumps({
            "rows": [asdict(found) for _, found in table],
            "wrong": [found.row for found in bad],
            "waiting": [asdict(one) for one in waiting],
        }))  # fmt: skip
    else:
        _print(table, waiting)
    return 1 if bad else 0


def _print(table: list[tuple[Row | None, Caught]], waiting: list[Waiting]) -> None:
    print(f"{'row':30} {'caught':6} {'level':6} {'verdict':10} {'s':>5}  counterexample, source")
    for row, found in table:
        caught = "yes" if found.verdict else "NO"
        good = right(row, found) if row else not found.verdict
        if row is None:
            caught = "-" if good else "BAD"
        wanted = "" if good or row is None else f"  MUST BE {row.verdict} by {row.level};"
        where = row.source if row else ""
        print(f"{found.row:30} {caught:6} {found.level:6} {found.verdict:10} {found.seconds:5.1f} "
              f"{wanted} {found.id or found.words} {where}".rstrip())  # fmt: skip
    caught_rows = sum(1 for row, found in table if row and right(row, found))
    print(f"{caught_rows} of {sum(1 for row, _ in table if row)} rows caught as they must be; "
          f"{len(waiting)} wait")  # fmt: skip
