"""From one run to all its cuts: tear every flash operation, and see each state to its end.

The question asked of every state is the same: with power, a good network and a good release on
offer, does the device come to run it, confirmed, with its beam and its settings?
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.emulator.flash import Flash, Op, Reads
from host_tools.emulator.tear import tears
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
NEST = ("set_boot", "confirm", "heal", "boot", "launcher")  # phases of a recovery cut at depth 2


@dataclass
class Counts:
    """What was done: figures that cannot be bought with states that differ in nothing.

    states: (operation, tear class) -> settled states, of which COUNTED_MAX count.
    """

    runs: int = 0
    classes: int = 0
    depth: int = 0
    operations: int = 0
    boots: int = 0
    states: Counter[str] = field(default_factory=Counter)
    digests: set[bytes] = field(default_factory=set)  # of states after one cut
    edges: int = 0

    @property
    def settled(self) -> int:
        return sum(self.states.values())

    @property
    def counted(self) -> int:
        return sum(min(count, COUNTED_MAX) for count in self.states.values())

    def add(self, other: "Counts") -> None:
        self.runs += other.runs
        self.classes += other.classes
        self.depth = max(self.depth, other.depth)
        self.operations += other.operations
        self.boots += other.boots
        self.states.update(other.states)
        self.digests |= other.digests
        self.edges += other.edges


class Explorer:
    """All that is known of one subject under one recovery."""

    def __init__(self, subject: Subject, recovery: Conditions, limits: Limits | None = None,
                 nest: tuple[str, ...] | None = NEST) -> None:  # fmt: skip
        """nest: phases in which a recovery is itself cut; None for all of them."""
        self.subject = subject
        self.recovery = recovery
        self.limits = limits or Limits()
        self.nest = nest
        # The ways to cut an operation; a weaker flash model has fewer.
        self.tears: Callable[[Op], tuple[str, ...]] = tears
        self.settled = Settled()
        self.counts = Counts()

    # -- one state -------------------------------------------------------------------------

    def settle(self, flash: Flash, depth: int) -> Record:
        """How this state ends, by a run unless it is known. depth: further cuts to try."""
        found = self.settled.find(flash, depth)
        if found is None:
            found = self._run(flash, depth)
            self.settled.add(flash, found)
            self.counts.classes += 1
        return found

    def _run(self, flash: Flash, depth: int) -> Record:
        chip = flash.copy()
        reads = chip.reads = Reads()
        live = self.subject.start(chip, self.recovery)
        failures: list[Below] = []
        if depth:
            numbers = Counter[str]()

            def cut(op: Op) -> None:
                phase = self.subject.phase(op, live.device.board.boots)
                if self.nest is not None and phase not in self.nest:
                    return
                number = numbers[phase]
                numbers[phase] += 1
                for tear, record in self.children(chip, op, depth - 1, phase):
                    reads.note(record.pages)
                    failures.extend(below(f"{phase}:{number},{tear}", record, op.caller))

            chip.on_op = cut
        wear = chip.wear.copy()
        verdict = self.end(live)
        most = max((chip.wear[page] - wear.get(page, 0) for page in chip.wear), default=0)
        if verdict.ok and most > self.limits.erases:
            verdict = Verdict(WORN, f"a sector was erased {most} times", verdict.boots)
        return Record(verdict, depth, frozenset(reads.pages), tuple(failures))

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
        self, chip: Flash, op: Op, depth: int, phase: str, first: bool = False
    ) -> list[tuple[str, Record]]:
        """Every torn state of an operation that is about to happen, and how it ends. first: the
        operation is one of the scenario's own, not of a recovery."""
        found = []
        for tear in self.tears(op):
            child = chip.copy()
            child.tear(op, tear)
            record = self.settle(child, depth)
            found.append((tear, record))
            self.counts.edges += 1
            where = f"{phase}/{op.index}" if first else f"after/{phase}"
            self.counts.states[f"{where}/{tear.partition(':')[0]}"] += 1
            if first:
                self.counts.digests.add(child.digest())
            self.counts.depth = max(self.counts.depth, depth + 1)
        self.counts.operations += 1
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
