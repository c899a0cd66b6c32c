"""Out of memory on the CPython engine: a MemoryError at the N-th line that the firmware executes.

A phase of a device's life is counted in executed lines of firmware source, so `install:1234` names
one fault for ever. A fault strikes once, or from its line on until the next chip reset, as the two
loops of SQLite's out-of-memory tests do (sqlite.org/testing.html, 3.1).
"""

import gc
import os
import pickle
import sys
import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from host_tools.emulator.board import SOFT
from host_tools.emulator.cpython_engine import CPythonDevice

WORDS = "memory allocation failed, allocating 64 bytes"  # as the VM says it
LAUNCHER, PROGRAMS = "main.py", "seesaw/"  # where the firmware's code objects say they come from


@dataclass(frozen=True)
class Phase:
    """From a line that the board is heard to say to another one: on the serial line, an event, or
    `session cause C` at the start of a VM. The texts are parts of these lines; end "" is never."""

    name: str
    begin: str
    end: str = ""
    files: tuple[str, ...] = (LAUNCHER, PROGRAMS)  # how the paths of its sources begin


@dataclass
class Place:
    """One line of source in a phase: the first and the last time that it was executed."""

    first: int
    last: int


class MemoryFault:
    """`with MemoryFault(device, phase, at=N) as fault:` around the run; at=0 only counts.

    fired: "file:line" once the fault has struck. lines: executed in the phase so far.
    places: "file:line" -> Place, in the order of their first execution.
    """

    def __init__(
        self, device: CPythonDevice, phase: Phase, at: int = 0, persistent: bool = False
    ) -> None:
        self.device = device
        self.phase = phase
        self.at = at
        self.persistent = persistent
        self.lines = 0
        self.places: dict[str, Place] = {}
        self.fired = ""
        self.struck_at = 0  # the number of that line
        self.here = ""  # "file:line" of the line counted last
        self.passed = False  # the phase is over and the fault has not struck
        self._over = False  # nothing more will strike
        self._begun = False

    def __enter__(self) -> "MemoryFault":
        device = self.device
        self._before = (sys.gettrace(), sys.getprofile())
        self._parts = (device.around.serial, device.around.events, device.board.start_session)
        serial, events, start_session = self._parts

        def on_serial(text: str) -> None:
            serial(text)
            self._heard(text)

        def on_event(line: str) -> None:
            events(line)
            self._heard(line)

        def on_session() -> int:
            self._session()
            return start_session()

        device.around.serial, device.around.events = on_serial, on_event
        device.board.start_session = on_session  # type: ignore[method-assign]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 where: TracebackType | None) -> None:  # fmt: skip
        sys.settrace(self._before[0])
        sys.setprofile(self._before[1])
        board = self.device.board
        self.device.around.serial, self.device.around.events, _ = self._parts
        board.start_session = self._parts[2]  # type: ignore[method-assign]

    def strikes(self, first: bool) -> bool:
        """At the line that has just been counted? first: of its place in this phase."""
        return self.lines == self.at

    def _session(self) -> None:
        """A VM is about to start."""
        if self.fired and self.device.board.cause != SOFT:
            self._end()
        self._heard(f"session cause {self.device.board.cause}")

    def _heard(self, text: str) -> None:
        if self._over:
            return
        if not self._begun and self.phase.begin in text:
            self._begun = True
            self._watch()
        elif self._begun and not self.fired and self.phase.end and self.phase.end in text:
            self.passed = True
            self._end()

    def _end(self) -> None:
        self._over = True
        sys.settrace(self._before[0])
        sys.setprofile(self._before[1])

    def _watch(self) -> None:
        """Trace what is called from now on, and the firmware that is already on the stack."""
        sys.settrace(self._call)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.phase.files):
                frame.f_trace = self._line
            frame = frame.f_back

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(self.phase.files) else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event != "line" or self._over or not self.device.board.alive:
            return self._line
        self.lines += 1
        self.here = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        place = self.places.setdefault(self.here, Place(self.lines, 0))
        place.last = self.lines
        if self.fired or self.strikes(place.first == self.lines):
            self.fired = self.fired or self.here
            self.struck_at = self.struck_at or self.lines
            if self.persistent:
                sys.setprofile(self._again)  # CPython stops tracing when a tracer raises
            raise MemoryError(WORDS)
        return self._line

    def _again(self, frame: FrameType, event: str, arg: Any) -> None:
        sys.setprofile(self._before[1])
        if not self._over:
            self._watch()


@dataclass(frozen=True)
class Finding:
    """One fault and what came of it: trouble is "" when the device recovered. ran: to its own
    end, and not only to a state from which another one had recovered."""

    id: str  # phase:N
    place: str  # file:line
    trouble: str
    ran: bool = True


class Explorer(MemoryFault):
    """All faults of a phase out of one run: the process forks at every line to be tried, in the
    child the fault strikes there, and the child goes on to its verdict. So each costs what comes
    after it, and is the same as MemoryFault's with its number.

    every: each execution of a line, not only its first. stride: of these the first, and each
    stride-th after it. state: all that the future depends on where a session begins; a child that
    comes to a state from which another one recovered is done.
    """

    def __init__(
        self, device: CPythonDevice, phase: Phase, every: bool = False, persistent: bool = False,
        stride: int = 1, state: Callable[[], Hashable] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(device, phase, persistent=persistent)
        self.every = every
        self.stride = stride
        self.state = state
        self.findings: list[Finding] = []
        self._good: set[Hashable] = set()  # states from which a child recovered
        self._seen: set[Hashable] = set()  # in a child: since its fault
        self._report = -1  # in a child: where its verdict goes

    def strikes(self, first: bool) -> bool:
        count = self.lines if self.every else len(self.places)
        return (first or self.every) and (count - 1) % self.stride == 0 and self._fork()

    def explore(self, run: Callable[[], str]) -> list[Finding]:
        """run: from power-on until the phase has passed, or in a child to the verdict, which it
        returns: what is wrong then, "" for nothing."""
        trouble = "the run was broken off"
        try:
            with self:
                trouble = run()
        except Exception as error:
            if self._report < 0:
                raise
            trouble = f"{type(error).__name__}: {error}"
        finally:
            if self._report >= 0:
                self._leave(trouble)
        assert not trouble, trouble
        return self.findings

    def _session(self) -> None:
        super()._session()
        if self.state and self._report >= 0 and (self._over or not self.persistent):
            state = self.state()
            if state in self._good:
                self._leave("", ran=False)
            self._seen.add(state)

    def _leave(self, trouble: str, ran: bool = True) -> None:
        """The end of a child."""
        with os.fdopen(self._report, "wb") as report:
            pickle.dump((trouble, set() if trouble else self._seen, ran), report)
        os._exit(0)

    def _fork(self) -> bool:
        """True in the child; the parent waits for its verdict."""
        verdict, report = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(verdict)
            self._report = report
            gc.disable()  # it would touch, and so copy, the parent's whole memory
            warnings.simplefilter("ignore")  # a coroutine that was made and never awaited
            return True
        os.close(report)
        with os.fdopen(verdict, "rb") as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        died = f"the child ended with status {status}"
        trouble, seen, ran = pickle.loads(said) if said else (died, set(), True)
        self._good |= seen
        self.findings.append(Finding(f"{self.phase.name}:{self.lines}", self.here, trouble, ran))
        return False
