"""Out of memory as a scenario: at each line of a phase the firmware meets a MemoryError, once or
until the next chip reset, and must still come to run the fix that is on offer from then on.

The run forks at every line that is tried (emulator/memory_fault.py), so each costs what comes after
it. Nobody pulls the plug: the device has to help itself. An id names the executed line:
'oom-install/memory:137,once'.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Outcome
from host_tools.emulator.memory_fault import Explorer, Finding, MemoryFault, Phase
from host_tools.prove.explore import Counts, judge
from host_tools.prove.scenario import Memory
from host_tools.prove.subject import VERDICTS, Limits, Live, Subject, Verdict

PHASE = "memory"  # of ids
ONCE, LASTING = "once", "lasting"
SECONDS_MAX = 7200  # of virtual time, from power-on to the fix


def how(memory: Memory) -> str:
    return LASTING if memory.lasting else ONCE


def phase_of(memory: Memory) -> Phase:
    return Phase(PHASE, memory.begin, memory.end, memory.files)


class Case:
    """One run: until the phase has passed, or from its fault on to the verdict."""

    def __init__(self, live: Live, subject: Subject, memory: Memory, limits: Limits) -> None:
        self.live, self.subject, self.memory, self.limits = live, subject, memory, limits
        self._boots = -1  # when the fault struck

    def run(self, fault: MemoryFault) -> Verdict | None:
        """None when the phase has passed and nothing struck."""
        outcome = self._go(fault)
        spared = 0 < fault.struck_at <= self.memory.spare
        if outcome.reason == "idle" and spared:
            outcome = self._go(fault)  # somebody pulls the plug after all
        if fault.passed:
            return None
        if not fault.fired:
            return Verdict("", f"ended by {outcome.reason} before the phase was over")
        return judge(self.live, outcome.reason, outcome.detail, outcome.boots - self._boots,
                     self.subject.fix, self.limits, outcome.elapsed_us // 1_000_000)  # fmt: skip

    def _go(self, fault: MemoryFault) -> Outcome:
        return self.live.device.run(SECONDS_MAX, lambda: fault.passed or self._recovered(fault))

    def _recovered(self, fault: MemoryFault) -> bool:
        if not fault.fired:
            return False
        if self._boots < 0:
            self._boots = self.live.device.board.boots
            self.live.offer(self.subject.fix)
        return self.live.healthy() and self.live.updated(self.subject.fix)


@dataclass
class Explored:
    """findings: (line, place, verdict) of each fault that was tried."""

    counts: Counts = field(default_factory=Counts)
    findings: list[tuple[int, str, Verdict]] = field(default_factory=list)
    missing: str = ""


def explore(live: Live, subject: Subject, memory: Memory, limits: Limits) -> Explored:
    """Every stride-th line of the phase."""
    case = Case(live, subject, memory, limits)
    fault = Explorer(_device(live), phase_of(memory), persistent=memory.lasting,
                     stride=memory.stride, state=live.session)  # fmt: skip
    found = Explored()
    live.device.flash.digest()  # worked out once, for all children
    try:
        findings = fault.explore(lambda: _text(case.run(fault)))
    except AssertionError as error:  # of the parent itself: the phase did not pass
        found.missing = str(error)
        return found
    for one in findings:
        found.findings.append((_line(one), one.place, _verdict(one.trouble)))
        found.counts.states[f"{PHASE}/{one.place}/{how(memory)}"] += 1
    found.counts.operations = found.counts.edges = found.counts.looked = len(findings)
    found.counts.runs = found.counts.classes = sum(one.ran for one in findings)
    found.counts.depth = 1
    return found


def again(live: Live, subject: Subject, memory: Memory, limits: Limits, line: int) -> Verdict:
    """The fault at that executed line once more. KeyError when the phase has fewer."""
    case = Case(live, subject, memory, limits)
    with MemoryFault(_device(live), phase_of(memory), line, memory.lasting) as fault:
        verdict = case.run(fault)
    if verdict is None or not fault.fired:
        raise KeyError(fault.lines)
    return verdict


def _device(live: Live) -> CPythonDevice:
    assert isinstance(live.device, CPythonDevice), "lines are counted on the CPython engine"
    return live.device


def _line(one: Finding) -> int:
    return int(one.id.rpartition(":")[2])


def _text(verdict: Verdict | None) -> str:
    """For the pipe: "" for a good end."""
    return "" if verdict is None or verdict.ok else f"{verdict.name}|{verdict.words}"


def _verdict(text: str) -> Verdict:
    if not text:
        return Verdict()
    name, bar, words = text.partition("|")
    return Verdict(name, words) if bar and name in VERDICTS else Verdict(VERDICTS[1], text)
