"""From one run to all its cuts: tear every flash operation, and see each state to its end.

The question asked of every state is the same: with power, a good network and a good release on
offer, does the device come to run it, confirmed, with its beam and its settings?
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tools.emulator.board import Board
from host_tools.emulator.flash import PAGE, Flash, Op
from host_tools.emulator.reads import Reads
from host_tools.prove import cuts
from host_tools.prove.cuts import Cuts, Kept
from host_tools.prove.settled import Below, Record, Settled
from host_tools.prove.subject import (
    BRICK,
    DARK,
    DEAF,
    OK,
    WORN,
    Conditions,
    Limits,
    Live,
    Subject,
    Verdict,
)

COUNTED_MAX = 8  # settled states of one (operation, tear class) that count
SHARED_MAX = 4  # recoveries that are cut at one operation that decides nothing
NEST = ("set_boot", "confirm", "heal", "boot", "launcher")  # phases of a recovery cut at depth 2


@dataclass
class Counts:
    """What was done: figures that cannot be bought with states that differ in nothing.

    states: (operation, tear class) -> settled states, of which COUNTED_MAX count. shared,
    shared_all: operations at which one recovery of many was cut, and all that there are.
    """

    looked: int = 0  # states that were asked for
    runs: int = 0
    classes: int = 0
    depth: int = 0
    operations: int = 0
    boots: int = 0
    states: Counter[str] = field(default_factory=Counter)
    digests: set[bytes] = field(default_factory=set)  # of states after one cut
    edges: int = 0
    shared: set[tuple[str, str, int]] = field(default_factory=set)
    shared_all: set[tuple[str, str, int]] = field(default_factory=set)

    @property
    def settled(self) -> int:
        return sum(self.states.values())

    @property
    def counted(self) -> int:
        return sum(min(count, COUNTED_MAX) for count in self.states.values())

    def add(self, other: "Counts") -> None:
        self.looked += other.looked
        self.runs += other.runs
        self.classes += other.classes
        self.depth = max(self.depth, other.depth)
        self.operations += other.operations
        self.boots += other.boots
        self.states.update(other.states)
        self.digests |= other.digests
        self.edges += other.edges
        self.shared |= other.shared
        self.shared_all |= other.shared_all


class Explorer:
    """All that is known of one subject under one recovery."""

    def __init__(self, subject: Subject, recovery: Conditions, limits: Limits | None = None,
                 nest: tuple[str, ...] | None = NEST, share: int = 0) -> None:  # fmt: skip
        """nest: phases in which a recovery is itself cut; None for all of them. share: of the
        others too, each operation in one recovery of so many, drawn by its state."""
        self.subject = subject
        self.recovery = recovery
        self.limits = limits or Limits()
        self.nest = nest
        self.share = share
        # The ways to cut an operation, where the device decides (the phases of `nest`) and
        # elsewhere; a weaker flash model has fewer.
        self.cuts_deciding: Cuts = cuts.standard
        self.cuts: Cuts = cuts.power
        # Further ones where it decides, of a scenario's own operations.
        self.more: tuple[str, ...] = ()
        self.settled = Settled()
        self.counts = Counts()
        self._children: dict[Any, list[tuple[str, Record]]] = {}
        # Is it enough to cut some recoveries at an operation? Where the first cut decides nothing,
        # as states of the same install or of the same log of NVS end alike.
        self.sampled = False
        self._shared: Counter[Any] = Counter()  # operations at which a recovery was cut

    # -- one state -------------------------------------------------------------------------

    def settle(self, flash: Flash, depth: int, kept: Kept | None = None) -> Record:
        """How this state ends, by a run unless it is known. depth: further cuts to try."""
        self.counts.looked += 1
        sampled = self.sampled and depth > 0
        found = self.settled.find(flash, depth, kept, sampled)
        if found is None:
            found = self._run(flash, depth, kept)
            self.settled.add(flash, found, kept)
            self.counts.classes += 1
        return found

    def _run(self, flash: Flash, depth: int, kept: Kept | None) -> Record:
        chip = flash.copy()
        reads = chip.reads = Reads()
        live = self.subject.start(chip, self.recovery)
        if kept:
            live.device.board.resume(kept.rtc, kept.cause)
        failures: list[Below] = []
        if depth:
            chip.on_op = self._cutter(chip, live, depth, failures)
        verdict = self._judged(chip, live)
        sampled = self.sampled and depth > 0
        return Record(verdict, depth, frozenset(reads.pages), frozenset(reads.alike.items()),
                      tuple(failures), sampled)  # fmt: skip

    def _cutter(
        self, chip: Flash, live: Live, depth: int, failures: list[Below]
    ) -> Callable[[Op], None]:
        """Cuts a recovery at its operations, and adds what ends badly to `failures`."""
        numbers = Counter[str]()
        drawn = int.from_bytes(chip.digest()[:4], "little")
        reads = chip.reads
        assert reads is not None

        def cut(op: Op) -> None:
            phase = self.subject.phase(op, live.device.board.boots)
            number = numbers[phase]
            numbers[phase] += 1
            if not self._nested(phase, op, number + drawn):
                return
            # What is torn may bring out bytes that this run itself makes nothing of.
            reads.note(range(op.addr // PAGE, (op.addr + op.size - 1) // PAGE + 1))
            for name, record in self.children(chip, op, depth - 1, phase, live.device.board):
                reads.add(record.pages, record.alike)
                failures.extend(below(f"{phase}:{number},{name}", record, op.caller))

        return cut

    def _judged(self, chip: Flash, live: Live) -> Verdict:
        wear = chip.wear.copy()
        verdict = self.end(live)
        most = max((chip.wear[page] - wear.get(page, 0) for page in chip.wear), default=0)
        if verdict.ok and most > self.limits.erases:
            return Verdict(WORN, f"a sector was erased {most} times", verdict.boots)
        return verdict

    def _nested(self, phase: str, op: Op, turn: int) -> bool:
        """Is a recovery to be cut at this operation?"""
        deciding = self.nest is None or phase in self.nest
        if deciding and not self.sampled:
            return True
        if not self.share:
            return False
        key = (phase, op.kind, op.addr)
        self.counts.shared_all.add(key)
        most, of = (COUNTED_MAX, 2) if deciding else (SHARED_MAX, self.share)
        if self._shared[key] >= most or (self._shared[key] and turn % of):
            return False  # each is cut in the first recovery that has it
        self._shared[key] += 1
        self.counts.shared.add(key)
        return True

    def end(self, live: Live) -> Verdict:
        """Run to the fix, and judge."""
        fix, limits = self.recovery.offer, self.limits
        done = lambda: live.healthy() and live.updated(fix)  # noqa: E731
        outcome = live.device.run(limits.seconds, until=done)
        self.counts.runs += 1
        self.counts.boots += outcome.boots
        return judge(live, outcome.reason, outcome.detail, outcome.boots, fix, limits,
                     outcome.elapsed_us // 1_000_000)  # fmt: skip

    # -- the cuts of a run -----------------------------------------------------------------

    def children(
        self, chip: Flash, op: Op, depth: int, phase: str, board: Board, first: bool = False
    ) -> list[tuple[str, Record]]:
        """Every state that an operation which is about to happen leaves when it is cut, and how it
        ends. first: the operation is one of the scenario's own, not of a recovery.

        What finds the very same flash and board, byte for byte, leaves the very same states; they
        are not counted again.
        """
        rtc = board.rtc if board.rtc_valid else b""
        key = (chip.digest(), op.kind, op.addr, op.data or op.size, rtc, depth)
        if not first and key in self._children:
            return self._children[key]
        found = []
        where = f"{phase}/{op.index}" if first else f"after/{phase}"
        deciding = phase in (self.nest or NEST)
        names = (self.cuts_deciding if deciding else self.cuts)(op)
        if first and deciding:
            names = (*names, *self.more)
        elif not first and not self.share and self.nest is not None:
            names = cuts.of_each_kind(names)  # of second cuts all ways are for the full budget
        for name in names:
            child, kept = cuts.left(chip, op, name, board)
            found.append((name, self.settle(child, depth, kept)))
            self.counts.edges += 1
            self.counts.states[f"{where}/{cuts.kind(name)}"] += 1
            if first:
                self.counts.digests.add(child.digest())
        self.counts.depth = max(self.counts.depth, depth + 1)
        self.counts.operations += 1
        self._children[key] = found
        return found


def below(step: str, record: Record, caller: str) -> list[Below]:
    """The failures of a cut: its own, and those of cuts after it."""
    found = [] if record.verdict.ok else [Below(step, record.verdict, caller)]
    return found + [Below(f"{step};{b.steps}", b.verdict, b.caller) for b in record.failures]


def judge(
    live: Live, reason: str, detail: str, boots: int, fix: str, limits: Limits, elapsed_s: int
) -> Verdict:
    """What a recovery came to, the gravest first. reason, detail: of its Outcome."""
    if reason in ("boot failure", "reset loop"):
        return Verdict(BRICK, f"{reason}: {detail}", boots, elapsed_s)
    trouble = live.trouble()
    if trouble is not None:
        return Verdict(*trouble, boots, elapsed_s)
    last = live.lines[-1] if live.lines else "the serial was silent"
    if reason == "until":
        if boots > limits.boots:
            return Verdict(WORN, f"took {boots} boots", boots, elapsed_s)
        return Verdict(OK, "", boots, elapsed_s)
    if live.updated(fix):
        return Verdict(DARK, f"runs {fix} without a market; last: {last}", boots, elapsed_s)
    if live.healthy():
        return Verdict(DEAF, f"follows the market, never ran {fix}; last: {last}", boots, elapsed_s)
    if reason == "idle" or not live.lines:
        return Verdict(BRICK, f"does nothing any more ({detail}); last: {last}", boots, elapsed_s)
    return Verdict(BRICK if boots >= limits.boots else DEAF, f"never ran {fix} and follows nothing "
                   f"after {boots} boots; last: {last}", boots, elapsed_s)  # fmt: skip
