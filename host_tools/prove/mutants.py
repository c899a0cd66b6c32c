"""`seesaw mutants`: how many small faults, made by rule, does the proof find?

Each mutant (mutate.py) goes through the runs of some scenarios, then through cuts, to the
first counterexample. A line that no scenario executes cannot be judged: 'not reached'. Survivors
must be known, with the reason: they do no harm, or what would find them is not there yet
(tests/prove/mutants.json).
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from host_tools.emulator import ctrl_c
from host_tools.errors import UserError
from host_tools.prove import kits
from host_tools.prove.explore import Explorer
from host_tools.prove.mutate import FILES, Mutant, listed, source
from host_tools.prove.progress import Progress
from host_tools.prove.runner import Plan, Result, Task, recovery, run
from host_tools.prove.scenario import HOUR, Scenario
from host_tools.prove.scenarios import MORE, SCENARIOS, TRIALS
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.subject import Limits

KNOWN = Path(__file__).parents[2] / "tests" / "prove" / "mutants.json"
# One cut of each operation, two around the writes that decide; a recovery may take an hour.
PLAN = Plan(nest=("set_boot", "confirm"), stop=True, limits=Limits(seconds=3600))
FIRST = ("update", "next", "rollback", "fall-back", "heal", "first-boot")
WORLDS = (  # of each kind of trouble one, or two
    "release-late.crash", "release-late.hang", "release-hang", "release-hang.updater",
    "release-leak", "release-wifi", "release-deaf", "release-rubbish", "release-hash",
    "release-chip", "release-combined", "release-board", "release-big", "prices-gone",
    "prices-hang", "absent", "lossy", "clock-ahead", "stale", "replayed", "404-page", "no-range",
    "bundle-truncated", "bundle-too-short", "unplugs", "strip-20", "sets-in-trial", "dead-nvs",
    "bad-runtime", "bad-first", "other-entry", "no-rollback", "brown-out-rtc", "visits",
    "forged", "unsigned", "bundle-replayed", "data-dead", "data-rotten", "data-full",
)  # fmt: skip
CUT = ("fall-back", "heal", "rollback", "update", "next", "reject")
RECORD_STRIDE = 3  # operations on NVS: every third is cut
NIGH, STRIDE = 12, 37  # of an install: operations at either end that are cut, and between them
SECONDS_MAX = 600  # of wall time a mutant
SURVIVED, UNREACHED, LATE = "survived", "not reached", "out of time"
ALIVE = (SURVIVED, UNREACHED, LATE)
Lines = frozenset[tuple[str, int]]  # (file below firmware/, line)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant. verdict: of the proof, 'nothing shown' when a scenario did not come
    to what it is for, or one of ALIVE. search: that found it. why: id of the counterexample."""

    id: str
    file: str
    line: int
    operator: str
    verdict: str
    search: str = ""
    why: str = ""
    seconds: float = 0.0

    @property
    def alive(self) -> bool:
        return self.verdict in ALIVE


# -- the searches ------------------------------------------------------------------------------


@cache
def searches() -> dict[str, Scenario]:
    """'run:NAME' and 'cut:NAME' -> scenario, in their order."""
    scenarios = {one.name: replace(one, seconds=min(one.seconds, HOUR))
                 for one in SCENARIOS}  # fmt: skip
    names = *FIRST, *(one.name for one in (*MORE, *TRIALS)), *WORLDS
    found = {f"run:{name}": scenarios[name] for name in names}
    return found | {f"cut:{name}": scenarios[name] for name in CUT}


def search(device: Seesaw, name: str) -> Result:
    """One of searches(), to its first failure."""
    scenario = searches()[name]
    explorer = Explorer(device, recovery(device, scenario), PLAN.limits, PLAN.nest)
    whole = run(device, PLAN, Task(scenario, None), explorer)
    if name.startswith("run:") or whole.failures or whole.missing:
        return whole
    for task in _cuts(scenario, whole):
        result = run(device, PLAN, task, explorer)
        if result.failures:
            return result
    return whole


def _cuts(scenario: Scenario, whole: Result) -> Iterator[Task]:
    """What to cut: all that decides, and a part of the many like operations. whole: its run."""
    phases = {step.phase for step in whole.steps}
    named = phases if scenario.cuts is None else set(scenario.cuts)
    count = len(whole.steps)
    yield Task(replace(scenario, cuts=tuple(sorted(named - {"install", "record"}))), range(count))
    if "record" in named:
        yield Task(replace(scenario, cuts=("record",)), range(0, count, RECORD_STRIDE))
    last = max((n for n, step in enumerate(whole.steps) if step.phase == "install"), default=0)
    if "install" in named and last:
        install = replace(scenario, cuts=("install",))
        for part in range(last - NIGH, last + 1), range(NIGH), range(NIGH, last, STRIDE):
            yield Task(install, part)


class Coverage:
    """`with Coverage() as seen:` - the lines of FILES that were executed within, in seen.lines."""

    def __enter__(self) -> "Coverage":
        self.lines: set[tuple[str, int]] = set()
        self._files = {file.removeprefix("launcher/"): file for file in FILES}
        self._left: dict[Any, set[int]] = {}  # code -> lines not seen yet
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, arg: object) -> Callable[..., Any] | None:
        code = frame.f_code
        if code.co_filename not in self._files:
            return None
        if code not in self._left:
            self._left[code] = {line for _, _, line in code.co_lines() if line is not None}
        return self._line if self._left[code] else None

    def _line(self, frame: FrameType, event: str, arg: object) -> Callable[..., Any] | None:
        if event == "line":
            self._left[frame.f_code].discard(frame.f_lineno)
            self.lines.add((self._files[frame.f_code.co_filename], frame.f_lineno))
        return self._line


def covered(name: str) -> tuple[str, Lines]:
    """A search of the healthy firmware and the lines it executes.

    Raises AssertionError when it finds fault: it would kill any mutant.
    """
    with Coverage() as seen:
        result = search(healthy(), name)
    assert not result.failures and not result.missing, f"{name} is not clean: {result}"
    return name, frozenset(seen.lines)


@cache
def healthy() -> Seesaw:
    return kits.seesaw()


def reaches(one: Mutant, lines: Lines) -> bool:
    first, last = one.lines
    return any((one.file, line) in lines for line in range(first, last + 1))


# -- one mutant --------------------------------------------------------------------------------


def examine(one: Mutant, names: list[str]) -> Fate:
    """The first of these searches that finds it."""
    began = time.monotonic()
    text = source(one.file)
    device = kits.changed([(one.file, text, one.apply(text))])
    fate = Fate(one.id, one.file, one.line, one.operator, SURVIVED if names else UNREACHED)
    for name in names:
        if time.monotonic() - began > SECONDS_MAX:
            fate = replace(fate, verdict=LATE, search=name)
            break
        result = search(device, name)
        if result.failures:
            first = result.failures[0]
            fate = replace(fate, verdict=first.verdict.name, search=name,
                           why=f"{first.id}: {first.verdict.words}")  # fmt: skip
            break
        if result.missing:
            fate = replace(fate, verdict="nothing shown", search=name, why=result.missing)
            break
    return replace(fate, seconds=round(time.monotonic() - began, 2))


Job = tuple[Mutant, list[str]]


def _examine(job: Job) -> Fate:
    return examine(*job)


def fates(mutants: list[Mutant], hints: dict[str, str], processes: int) -> Iterator[Fate]:
    """What becomes of each, in no order. hints: id -> search that found it the last time."""
    names = list(searches())
    with multiprocessing.get_context("fork").Pool(processes, ctrl_c.left_to_parent) as pool:
        seen = dict(pool.imap_unordered(covered, reversed(names)))
        jobs: list[Job] = []
        for one in mutants:
            fit = [name for name in names if reaches(one, seen[name])]
            fit.sort(key=lambda name, id=one.id: name != hints.get(id))  # type: ignore[misc]
            jobs.append((one, fit))
        yield from pool.imap_unordered(_examine, jobs)


# -- what is known of them ---------------------------------------------------------------------


def known(path: Path = KNOWN) -> dict[str, str]:
    """id -> the search that found it, 'harmless: REASON', 'waits: WHAT WOULD FIND IT', or "" for a
    survivor that nobody looked at. UserError when unreadable."""
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(str(path), f"cannot be read: {error}",
                        "run it from the project's own folder") from error  # fmt: skip


def explained(word: str) -> bool:
    """Has somebody looked at this survivor?"""
    return word.startswith(("harmless: ", "waits: "))


def drawn(mutants: list[Mutant], seed: str, count: int) -> list[Mutant]:
    """Some of them, by the seed: a commit's hash."""
    chosen = random.Random(seed).sample(mutants, min(count, len(mutants)))
    return sorted(chosen, key=lambda one: one.id)


# -- the command -------------------------------------------------------------------------------


def main(arguments: argparse.Namespace) -> int:
    """0: of each survivor it is written down why. 1: not so."""
    mutants = listed()
    words = {} if arguments.renew and not KNOWN.exists() else known()
    chosen = drawn(mutants, arguments.seed, arguments.only)
    found: list[Fate] = []
    with ctrl_c.heeded(), Progress(sys.stderr) as progress:
        for fate in fates(chosen, words, os.cpu_count() or 1):
            found.append(fate)
            progress.told(len(found), len(chosen), f"{fate.id} {fate.verdict} {fate.search}")
    found.sort(key=lambda one: one.id)
    if arguments.renew:
        _renew(mutants, words, found)
    bad = [one for one in found if one.alive and not explained(words.get(one.id, ""))]
    if arguments.json:
        print(json.dumps({"mutants": [asdict(one) for one in found],
                          "unknown": [one.id for one in bad]}, indent=1))  # fmt: skip
    else:
        print("\n".join(_text(found, {one.id: one for one in mutants}, words)))
    return 1 if bad else 0


def _renew(mutants: list[Mutant], words: dict[str, str], found: list[Fate]) -> None:
    new = {one.id: words.get(one.id, "") for one in mutants}
    for fate in found:
        if not fate.alive:
            new[fate.id] = fate.search
        elif not explained(new[fate.id]):
            new[fate.id] = ""
    KNOWN.write_text(json.dumps(new, indent=1) + "\n")


def _text(found: list[Fate], mutants: dict[str, Mutant], words: dict[str, str]) -> Iterator[str]:
    for what in ("file", "operator"):
        groups = sorted({getattr(one, what) for one in found})
        for group in groups:
            yield _rate(group, [one for one in found if getattr(one, what) == group])
        yield ""
    for one in found:
        if one.alive:
            why = words.get(one.id) or "UNKNOWN: look at it"
            yield f"{one.id} line {one.line}: {one.verdict}. {why}"
            yield mutants[one.id].diff(source(one.file)) + "\n"
    yield _rate("all", found)


def _rate(name: str, fates: list[Fate]) -> str:
    killed = sum(not one.alive for one in fates)
    return f"{name:28} {killed:4} of {len(fates):4} found  {killed / max(1, len(fates)):4.0%}"
