"""Scenarios run in slices on all cores: each slice cuts a range of one scenario's operations."""

import gc
import hashlib
import math
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from host_tools.emulator import ctrl_c
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash, Op
from host_tools.prove import cuts, memory
from host_tools.prove.explore import NEST, Counts, Explorer, below
from host_tools.prove.scenarios import Scenario
from host_tools.prove.settled import Below
from host_tools.prove.subject import OK, Conditions, Limits, Live, Subject, Verdict

GARBAGE = 20_000  # objects between two looks for cycles
SLICE = 160  # operations of a scenario that one task cuts
FAILURES_MAX = 16  # of one slice; the rest would say the same
FAILURES_ENOUGH = 20  # of all slices: a failure takes long to be sure of, so no more is begun


@dataclass(frozen=True, slots=True)
class Failure:
    """id: 'scenario/phase:number,tear;...' or 'scenario' alone, when its own run ends badly."""

    id: str
    verdict: Verdict
    caller: str  # 'file:line' of the operation that was cut last, "" for none


@dataclass(frozen=True, slots=True)
class Step:
    """One flash operation of a scenario's run, for the picture. worst: of its torn states."""

    phase: str
    number: int  # within its phase
    kind: str
    place: str
    addr: int
    caller: str
    worst: str = OK
    cut: bool = False


@dataclass
class Result:
    """What one slice, or all slices of a scenario, came to."""

    scenario: str
    failures: list[Failure] = field(default_factory=list)
    missing: str = ""  # why it has shown nothing
    counts: Counts = field(default_factory=Counts)
    steps: list[Step] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    trace: str = ""

    def add(self, other: "Result") -> None:
        self.failures += other.failures
        self.missing = self.missing or other.missing
        self.counts.add(other.counts)
        if not self.steps:
            self.steps = other.steps
        else:
            self.steps = [b if b.cut else a for a, b in zip(self.steps, other.steps, strict=False)]
        self.phases = self.phases or other.phases
        self.seconds += other.seconds
        self.trace = hashlib.sha256((self.trace + other.trace).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Task:
    scenario: Scenario
    cuts: range | None  # of operations of the run; None for the first look, which counts them


@dataclass(frozen=True)
class Plan:
    """How deep to look. depth: cuts in a row. nest: phases around which there is more than one,
    None for all: the first of them lies there, and those of the recovery. share: the first lies
    anywhere, and the others beyond `nest` once for each operation (Explorer). stop: end a scenario
    at its first failure."""

    depth: int = 2
    nest: tuple[str, ...] | None = NEST
    share: int = 0
    stop: bool = False
    limits: Limits = field(default_factory=Limits)


    @property
    def deep(self) -> bool:
        """More than one cut, wherever the first lies?"""
        return self.nest is None or self.share > 0


def explorer_of(subject: Subject, scenario: Scenario, plan: Plan) -> Explorer:
    limits = plan.limits
    if scenario.recovery_s:
        limits = replace(limits, seconds=scenario.recovery_s)
    return Explorer(subject, recovery(subject, scenario), limits, plan.nest, plan.share)


class Enough(BaseException):
    """The first failure was found, and one is enough."""


def wanted(subject: Subject, world: Conditions) -> Conditions:
    """The same world with 'old', 'candidate' and 'fix' as versions."""
    names = {"old": subject.old, "candidate": subject.candidate, "fix": subject.fix}
    return Conditions(**{**vars(world), "offer": names.get(world.offer, world.offer)})


def prepare(subject: Subject, scenario: Scenario) -> Flash:
    """The flash as a scenario finds it. RuntimeError when an earlier world did not come to pass."""
    version = {"old": subject.old, "candidate": subject.candidate}[scenario.start]
    chip = subject.factory(version).copy()
    for earlier in scenario.before:
        live = subject.start(chip, wanted(subject, earlier.world))
        outcome = live.device.run(earlier.seconds, until=stop_when(live, earlier, subject))
        if earlier.until != "time" and outcome.reason != "until":
            raise RuntimeError(f"'{earlier.name}' before it ended by {outcome.reason}")
        chip = chip.copy()
    return chip


def stop_when(live: Live, scenario: Scenario, subject: Subject) -> Callable[[], bool] | None:
    offer = wanted(subject, scenario.world).offer
    if scenario.until == "time":
        return None
    if scenario.until == "updated":
        return lambda: live.healthy() and live.updated(offer)
    if scenario.until == "healthy":
        return live.healthy
    return lambda: live.reached(scenario.until)


def over_when(live: Live, scenario: Scenario, subject: Subject) -> Callable[[], bool]:
    """Likewise, of the run that is judged: behind what nothing takes back comes no more."""
    done = stop_when(live, scenario, subject)
    return live.spoilt if done is None else lambda: live.spoilt() or done()


def recovery(subject: Subject, scenario: Scenario) -> Conditions:
    """The good world after a scenario: the same board, an hour later, with the fix on offer."""
    world = scenario.world
    lasting = tuple(o for o in world.hardware if o[0] in LASTING)
    owner = AFTERWARDS.get(world.owner, "nobody")
    return Conditions(offer=subject.fix, owner=owner, hardware=lasting, seed=1,
                      wall_s=world.wall_s + 600)  # fmt: skip


# Of owners, what is theirs to do after all else: to whoever forgot its owner cannot do it.
AFTERWARDS = {"forgets": "sets-up", "long-names": "long-names"}
# Options of a board that a change of the weather does not mend.
LASTING = ("same_slot", "rollback", "nvs_loses_chunk", "flash_slow", "bad_sectors", "tls_at_once",
           "line")  # fmt: skip


def run(
    subject: Subject, plan: Plan, task: Task, explorer: Explorer | None = None,
    deadline_s: float = math.inf,
) -> Result:  # fmt: skip
    """One slice. Without cuts: the run alone, its end settled, its operations counted."""
    scenario, began = task.scenario, time.perf_counter()
    result = Result(scenario.name)
    try:
        chip = prepare(subject, scenario)
    except RuntimeError as error:
        result.missing = str(error)
        return result
    world = wanted(subject, scenario.world)
    live = subject.start(chip, world)
    if scenario.memory:
        _out_of_memory(result, live, subject, scenario, plan.limits)
        result.seconds = time.perf_counter() - began
        return result
    explorer = explorer or explorer_of(subject, scenario, plan)
    explorer.counts = Counts()
    # A release that meets the watchdog in its trial has failed it, so that must not be the fix.
    explorer.more = () if scenario.world.offer == "fix" else (cuts.WATCHDOG,)
    trace = hashlib.sha256()

    def cut(op: Op) -> None:
        if time.monotonic() > deadline_s:
            result.missing = "ran out of time"
            raise Enough
        number = len(result.steps)
        phase = subject.phase(op, live.device.board.boots)
        nth = result.phases[phase]
        result.phases[phase] += 1
        cut_here = task.cuts is not None and number in task.cuts
        cut_here = cut_here and (scenario.cuts is None or phase in scenario.cuts)
        found: list[Below] = []
        if cut_here:
            further = plan.depth - 1 if plan.deep or phase in (plan.nest or ()) else 0
            explorer.sampled = plan.share > 0 and phase not in (plan.nest or ())
            board = live.device.board
            for name, record in explorer.children(chip, op, further, phase, board, first=True):
                found += below(f"{phase}:{nth},{name}", record, op.caller)
                trace.update(f"{phase}:{nth},{name} {record.verdict}\n".encode())
        worst = next((b.verdict.name for b in found), OK)
        result.steps.append(Step(phase, nth, op.kind, subject.place(op.addr), op.addr, op.caller,
                                 worst, cut_here))  # fmt: skip
        result.failures += [
            Failure(f"{scenario.name}/{b.steps}", b.verdict, b.caller) for b in found
        ]
        if found and (plan.stop or len(result.failures) >= FAILURES_MAX):
            raise Enough

    chip.on_op = cut
    try:
        outcome = live.device.run(scenario.seconds, until=over_when(live, scenario, subject))
    except Enough:
        outcome = None
    chip.on_op = None
    if outcome is not None and task.cuts is None:
        _judge_run(result, live, outcome, explorer, scenario, chip)
    result.counts.add(explorer.counts)
    trace.update(repr(result.failures).encode())
    result.trace = trace.hexdigest()
    result.seconds = time.perf_counter() - began
    return result


def _out_of_memory(
    result: Result, live: Live, subject: Subject, scenario: Scenario, limits: Limits
) -> None:
    assert scenario.memory
    found = memory.explore(live, subject, scenario.memory, limits)
    result.missing, result.counts = found.missing, found.counts
    what = memory.how(scenario.memory)
    result.failures = [
        Failure(f"{scenario.name}/{memory.PHASE}:{line},{what}", verdict, place)
        for line, place, verdict in found.findings
        if not verdict.ok
    ]
    trace = repr([(line, place, verdict.name) for line, place, verdict in found.findings])
    result.trace = hashlib.sha256(trace.encode()).hexdigest()
    result.missing = result.missing or ("" if found.findings else "no line was executed")


def _judge_run(
    result: Result, live: Live, outcome: Outcome, explorer: Explorer, scenario: Scenario,
    chip: Flash,
) -> None:  # fmt: skip
    """The run itself: its phases were reached, nothing forbidden happened, and it comes back."""
    unseen = [phase for phase in scenario.phases if not result.phases[phase]]
    missing = ["did not reach " + ", ".join(unseen)] if unseen else []
    if scenario.until != "time" and outcome.reason != "until":
        last = live.lines[-1] if live.lines else "silence"
        missing.append(f"ended by {outcome.reason}, not {scenario.until}: {last}")
    result.missing = "; ".join(missing)
    trouble = live.trouble()
    verdict = Verdict(*trouble) if trouble else explorer.settle(chip, 0).verdict
    if not verdict.ok:
        result.failures.append(Failure(scenario.name, verdict, ""))
        result.missing = ""  # it has shown more than it was to show


# -- all of them -------------------------------------------------------------------------------

_explorers: dict[tuple[Conditions, int], Explorer] = {}  # of a worker, by their worlds
_failures = multiprocessing.get_context("fork").Value("i", 0)  # of all workers
_shared: tuple[Subject, Plan, float] | None = None  # of a worker: inherited by fork


def _begin() -> None:
    """Of a worker: what was there before is there for good, and sessions leave few cycles."""
    ctrl_c.left_to_parent()
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _work(task: Task) -> tuple[Task, Result]:
    assert _shared is not None
    subject, plan, deadline_s = _shared
    if time.monotonic() > deadline_s:
        return task, Result(task.scenario.name, missing="ran out of time")
    if _failures.value >= FAILURES_ENOUGH:
        return task, Result(task.scenario.name, missing="not looked at: enough failures")
    explorer = None
    if plan.deep:  # what one slice has settled, the others of this process need not
        key = recovery(subject, task.scenario), task.scenario.recovery_s
        explorer = _explorers.get(key)
        if explorer is None:
            explorer = _explorers[key] = explorer_of(subject, task.scenario, plan)
    result = run(subject, plan, task, explorer, deadline_s)
    with _failures.get_lock():
        _failures.value += len(result.failures)
    return task, result


def explore(
    subject: Subject,
    scenarios: Iterable[Scenario],
    plan: Plan,
    processes: int,
    told: Callable[[int, int, Result], None] = lambda done, tasks, result: None,
    deadline_s: float = math.inf,
) -> Iterator[Result]:
    """Every scenario's result, in their order. told: (tasks done, tasks known, slice). deadline_s:
    of time.monotonic(), after which nothing new is begun, and said to be missing."""
    global _shared
    _shared = subject, plan, deadline_s
    _failures.value = 0
    _explorers.clear()
    chosen = list(scenarios)
    done = 0
    with multiprocessing.get_context("fork").Pool(processes, _begin) as pool:
        whole: dict[str, Result] = {}
        tasks: list[Task] = []
        for task, result in pool.imap(_work, [Task(one, None) for one in chosen]):
            whole[task.scenario.name] = result
            done += 1
            tasks += _slices(task.scenario, result, plan)
            told(done, len(chosen) + len(tasks), result)
        for task, result in pool.imap(_work, tasks):
            whole[task.scenario.name].add(result)
            done += 1
            told(done, len(chosen) + len(tasks), result)
    yield from (whole[one.name] for one in chosen)


def _slices(scenario: Scenario, first: Result, plan: Plan) -> list[Task]:
    if scenario.cuts == () or first.missing or first.failures:
        return []  # what ends badly without a cut need not be cut
    wanted = [at for at, step in enumerate(first.steps)
              if scenario.cuts is None or step.phase in scenario.cuts]  # fmt: skip
    ranges = []
    while wanted:
        end = wanted[0] + SLICE
        ranges.append(range(wanted[0], end))
        wanted = [at for at in wanted if at >= end]
    return [Task(scenario, one) for one in ranges]
