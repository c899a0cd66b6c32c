"""Listeners on a device that is run again: everything that happens goes into a story.

The device does exactly what it did in the proof: the same torn bytes are put in the same place and
the same recovery is judged by the same rules (explore.py).
"""

from __future__ import annotations

from collections import Counter

from host_tools.emulator import bootloader
from host_tools.emulator.bootloader import BootFailure
from host_tools.emulator.flash import Flash, Op, PowerCut
from host_tools.emulator.tear import both
from host_tools.errors import UserError
from host_tools.prove import cuts
from host_tools.prove.cuts import Kept
from host_tools.prove.ids import Cut
from host_tools.prove.story import DUMP_MAX, Boot, Line, Ops, Run, Torn, shape
from host_tools.prove.subject import Conditions, Live, Subject

ALIKE = 4  # lines back among which one like it is looked for
LINES_MAX, BOOTS_MAX = 60, 24  # shown of a boot, and of a run: the first and the last half
CAUSES = {1: "power-on", 2: "hard reset", 3: "watchdog", 4: "deep sleep", 5: "soft reset"}


class Missed(Exception):
    """The operation that was to be cut never came. seen: operations by phase."""

    def __init__(self, seen: Counter[str]) -> None:
        super().__init__(seen)
        self.seen = seen


class Listener:
    """Follows one run of one device, and takes its power away at the wanted cut."""

    def __init__(self, subject: Subject, live: Live, flash: Flash, run: Run, cut: Cut | None):
        self.subject, self.live, self.flash, self.run, self.cut = subject, live, flash, run, cut
        self.child: tuple[Flash, Kept | None] | None = None  # what the cut left
        self.seen: Counter[str] = Counter()
        self.bad_tear: tuple[str, ...] = ()
        self._ops: Ops | None = None
        device = live.device
        around, hear, happened = device.around, device.around.serial, device.around.events
        self._start_us = device.clock.now_us
        flash.on_op = self.operation
        self._boot = device.board.boot
        device.board.boot = self.boot  # type: ignore[method-assign]  # the log goes nowhere else

        def serial(text: str) -> None:
            for line in text.splitlines():
                self.add("serial", line)
            hear(text)

        def events(line: str) -> None:
            if not line.startswith("boot "):
                self.event(line)
            happened(line)

        around.serial, around.events = serial, events

    @property
    def now_us(self) -> int:
        return self.live.device.clock.now_us - self._start_us

    def boot(self) -> bootloader.Boot:
        board = self.live.device.board
        boot = Boot(board.boots + 1, self.now_us, CAUSES.get(board.cause, str(board.cause)))
        self._tidy()
        self.run.boots.append(boot)
        before = self.flash.copy()
        try:
            found = self._boot()
        except PowerCut:
            boot.log = self._decision(before) + ["boot: the power went before it was done"]
            raise
        except BootFailure as failure:
            boot.log, boot.end = failure.log, "nothing to boot: the chip resets for ever"
            raise
        boot.log = found.log
        return found

    def _decision(self, flash: Flash) -> list[str]:
        """What the bootloader would have done with this flash."""
        board = self.live.device.board
        chip, rollback = board.options.chip, board.options.rollback
        try:
            return bootloader.verdict(flash, chip=chip, rollback=rollback).log
        except BootFailure as failure:
            return failure.log

    def event(self, line: str) -> None:
        if line.startswith("reset ") and self.run.boots:
            self._flush()
            self.run.boots[-1].end = line
        else:
            self.add("note", line)

    def add(self, kind: str, text: str) -> None:
        self._flush()
        self._put(Line(self.now_us, kind, text))

    def operation(self, op: Op) -> None:
        phase = self.subject.phase(op, self.live.device.board.boots)
        number = self.seen[phase]
        self.seen[phase] += 1
        if self.cut and (phase, number) == (self.cut.phase, self.cut.number):
            self._flush()
            self._tear(op, self.cut)
        if self._ops is None or not self._ops.takes(op, phase):
            self._flush()
            place = self.subject.place(op.addr)
            self._ops = Ops(self.now_us, phase, number, place, op.addr, op.addr + op.size)
        self._ops.add(op)

    def finish(self) -> None:
        self._flush()
        self._tidy()
        boots = self.run.boots
        if len(boots) > BOOTS_MAX:
            self.run.boots_left_out = len(boots) - BOOTS_MAX
            self.run.boots = boots[: BOOTS_MAX // 2] + boots[-BOOTS_MAX // 2 :]

    def _tear(self, op: Op, cut: Cut) -> None:
        if cut.tear not in cuts.every(op):
            self.bad_tear = cuts.every(op)
            raise PowerCut(op, cut.tear)
        self.child = cuts.left(self.flash, op, cut.tear, self.live.device.board)
        place = self.subject.place(op.addr)
        text = f"{op.kind} {op.addr:#08x} ({place}) {op.size} bytes, {op.caller}"
        words, dump = what_is_left(self.flash, self.child[0], op)
        if self.child[1]:
            words += "; RTC memory outlives it"
        self.run.cut = Torn(self.now_us, str(cut), text, cut.tear, words, dump)
        raise PowerCut(op, cut.tear)

    def _flush(self) -> None:
        if self._ops is not None:
            ops, self._ops = self._ops, None
            self._put(ops.line())

    def _put(self, line: Line) -> None:
        if not self.run.boots:
            return
        lines = self.run.boots[-1].lines
        for last in lines[: -1 - ALIKE : -1] if line.kind == "serial" else ():
            if last.kind != "serial":
                break
            if shape(last.text) == shape(line.text):
                last.more += 1
                return
        lines.append(line)

    def _tidy(self) -> None:
        """Of the boot that is over, and of those like it, leave what a person can read."""
        boots = self.run.boots
        if not boots:
            return
        lines = boots[-1].lines
        if len(lines) > LINES_MAX:
            half = LINES_MAX // 2
            gone = len(lines) - 2 * half
            note = Line(lines[half].at_us, "note", f"... {gone} lines left out ...")
            boots[-1].lines = [*lines[:half], note, *lines[-half:]]
        if len(boots) > 1 and boots[-1].looks() == boots[-2].looks():
            boots.pop()
            boots[-1].same += 1


def what_is_left(flash: Flash, child: Flash, op: Op) -> tuple[str, list[tuple[str, str]]]:
    """In words, and as hex rows when they are few. flash: as it was before the operation."""
    before = flash.read(op.addr, op.size)
    asked = both(before, op.data) if op.data else b"\xff" * op.size
    left = child.read(op.addr, op.size)
    wanted, kept = _differing(before, asked), _differing(left, asked)
    if wanted == 0:
        words = "the operation had nothing to change"
    else:
        words = f"{wanted - kept} of {wanted} bits were changed"
        if op.kind == "program" and kept > wanted:  # a weak sector held other bits
            words = f"{kept} bits are not as they should be"
    if child.weak.keys() - flash.weak.keys():
        words = "the sector reads as blank, and is not: it shows at the next power-on but one"
    if op.size > DUMP_MAX:
        return words, []
    return words, [("before", before.hex()), ("intended", asked.hex()), ("left", left.hex())]


def _differing(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).bit_count()


class Watched:
    """A subject whose next device is listened to."""

    def __init__(self, subject: Subject, run: Run, cut: Cut | None) -> None:
        self.subject, self.run, self.cut = subject, run, cut
        self.name, self.old = subject.name, subject.old
        self.candidate, self.fix = subject.candidate, subject.fix
        self.factory, self.place, self.phase = subject.factory, subject.place, subject.phase
        self.listener: Listener | None = None

    def start(self, flash: Flash, conditions: Conditions) -> Live:
        live = self.subject.start(flash, conditions)
        if self.listener is None:
            self.listener = Listener(self.subject, live, flash, self.run, self.cut)
        return live

    def left(self) -> tuple[Flash, Kept | None] | None:
        """What the cut left (cuts.left), None when none was wanted. Raises Missed, and UserError
        for a cut that the operation does not have."""
        assert self.listener is not None
        self.listener.finish()
        if self.listener.bad_tear:
            raise UserError(f"cut '{self.cut}'", f"no tear '{self.cut.tear if self.cut else ''}'",
                            "there are " + ", ".join(self.listener.bad_tear))  # fmt: skip
        if self.cut is not None and self.listener.child is None:
            raise Missed(self.listener.seen)
        return self.listener.child
