"""A counterexample that was run again, as plain data: what happened, boot by boot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from host_tools.emulator.flash import Op
from host_tools.prove.subject import Conditions, Verdict

DUMP_MAX = 64  # bytes of an operation that are shown before, as intended and as left
VARIES = re.compile(r"0x[0-9a-f]+|[0-9]+")


def shape(text: str) -> str:
    """The text without its numbers: what makes it another than the one before."""
    return VARIES.sub("#", text)


@dataclass
class Line:
    """Something that happened at a time. kind: 'op', 'serial' or 'note'. more: such lines left
    out after this one."""

    at_us: int
    kind: str
    text: str
    more: int = 0


@dataclass
class Ops:
    """Flash operations in a row that belong together: bytes that follow each other, from the same
    lines of code."""

    at_us: int
    phase: str
    first: int  # number within the phase
    place: str
    addr: int
    end: int
    count: dict[str, int] = field(default_factory=dict)  # by kind
    callers: dict[str, str] = field(default_factory=dict)  # by kind

    def takes(self, op: Op, phase: str) -> bool:
        """Is this operation one more of the same?"""
        if phase != self.phase or not self.addr <= op.addr <= self.end:
            return False
        if op.kind not in self.callers:  # a sector that is erased and filled, not a small record
            return op.size >= DUMP_MAX
        return self.callers[op.kind] == op.caller

    def add(self, op: Op) -> None:
        self.end = max(self.end, op.addr + op.size)
        self.count[op.kind] = self.count.get(op.kind, 0) + 1
        self.callers[op.kind] = op.caller

    def line(self) -> Line:
        total = sum(self.count.values())
        number = f"{self.first}" if total == 1 else f"{self.first}-{self.first + total - 1}"
        kinds = ", ".join(
            kind if total == 1 else f"{count} x {kind}" for kind, count in self.count.items()
        )
        callers = ", ".join(dict.fromkeys(self.callers.values()))
        text = (
            f"{self.phase}:{number} {kinds} {self.addr:#08x} ({self.place}) "
            f"{self.end - self.addr} bytes, {callers}"
        )
        return Line(self.at_us, "op", text)


@dataclass
class Boot:
    """From one reset to the next. log: of the bootloader. same: boots like it that follow."""

    number: int
    at_us: int
    cause: str
    log: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    end: str = ""
    same: int = 0

    def looks(self) -> tuple[object, ...]:
        """What makes it different from another: not its numbers."""
        lines = tuple((line.kind, shape(line.text)) for line in self.lines)
        return self.cause, shape("\n".join(self.log)), lines, shape(self.end)


@dataclass
class Torn:
    """A cut. dump: (what, hex) of the bytes before, as intended and as left, when they are few."""

    at_us: int
    step: str
    op: str
    tear: str
    words: str
    dump: list[tuple[str, str]]


@dataclass
class Run:
    """One power cycle. boots_left_out: in the middle of `boots`, after the first half."""

    title: str
    world: Conditions
    boots: list[Boot] = field(default_factory=list)
    boots_left_out: int = 0
    cut: Torn | None = None


@dataclass
class Story:
    id: str
    scenario: str
    why: str
    runs: list[Run]
    verdict: Verdict
