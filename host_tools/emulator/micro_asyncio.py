"""MicroPython's asyncio on virtual time, for firmware that runs on CPython.

CPython's own loop differs where it matters here: it cancels the other tasks when one raises
SystemExit (their `finally` would write flash from beyond a reset), its TimeoutError is an OSError,
and it cannot be told that the chip is gone. This is the subset that the ESP32 port offers
(micropython extmod/asyncio), checked against the real VM by tests/parity.
"""

import heapq
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

from host_tools.emulator.clock import NEVER, VirtualClock
from host_tools.emulator.net import Net

STEP_US = 20  # virtual time of one turn of the loop


class CancelledError(BaseException):
    pass


class TimeoutError(Exception):
    pass


class Task:
    def __init__(self, coro: Coroutine, loop: "Loop") -> None:
        self.coro = coro
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self.retrieved = False  # somebody awaited it, so its error is theirs
        self.waiters: list[Task] = []
        self.on_end: Callable[[Task], None] | None = None  # of the gather that waits for it
        self.throw: BaseException | None = None
        self.awaits: Task | None = None
        self.parked: list[Task] | None = None  # the waiting list this task stands in
        self.at_us = 0  # when it runs next, unless parked
        self.wake = 0  # of the queue entry that counts; older ones are stale

    def __await__(self) -> Generator:
        self.retrieved = True
        if not self.finished:
            yield self
        if self.error is not None:
            raise self.error
        return self.result

    def done(self) -> bool:
        return self.finished

    def cancel(self) -> bool:
        if self.finished:
            return False
        if self is self.loop.current:
            raise RuntimeError("can't cancel self")
        self.loop.interrupt(self, CancelledError())
        return True


class Loop:
    """One scheduler; a session of the VM has one, and it dies with it.

    show: prints an exception. spend: lets microseconds pass. turn: lets alarms call back then.
    """

    def __init__(self, clock: VirtualClock, net: Net, show: Callable[[BaseException, str], None],
                 spend: Callable[[int], None], turn: Callable[[], None]) -> None:  # fmt: skip
        self.clock = clock
        self.net = net
        self.show = show
        self.spend = spend
        self.turn = turn
        self.queue: list[tuple[int, int, Task]] = []
        self.count = 0
        self.current: Task | None = None
        self.tasks: set[Task] = set()

    def create_task(self, coro: Coroutine) -> Task:
        if not hasattr(coro, "send"):
            raise TypeError("coroutine expected")
        task = Task(coro, self)
        self.tasks.add(task)
        self.schedule(task, self.clock.now_us)
        return task

    def promote(self, awaitable: Any) -> Task:
        return awaitable if isinstance(awaitable, Task) else self.create_task(awaitable)

    def schedule(self, task: Task, at_us: int) -> None:
        if task.parked is not None:
            task.parked.remove(task)
            task.parked = None
        task.awaits = None
        self.count += 1
        task.at_us, task.wake = at_us, self.count
        heapq.heappush(self.queue, (at_us, self.count, task))

    def interrupt(self, task: Task, error: BaseException) -> None:
        """Throw into a task, or into what it awaits; one that is due keeps its place."""
        while task.awaits is not None:
            task = task.awaits
        if task.parked is not None or task.at_us > self.clock.now_us:
            self.schedule(task, self.clock.now_us)
        task.throw = error

    def run_until_complete(self, coro: Coroutine | Task) -> Any:
        main = self.promote(coro)
        main.retrieved = True
        while not main.finished:
            self._idle()
            _, wake, task = heapq.heappop(self.queue)
            if wake != task.wake:
                continue
            if not task.finished:
                self._step(task)
            elif task.error is not None and not task.retrieved:
                self.show(task.error, _unretrieved(task))
        if main.error is not None:
            raise main.error
        return main.result

    def forget(self) -> None:
        """A new event loop: what was scheduled never runs again."""
        self.queue.clear()

    def _idle(self) -> None:
        """Pass the time until the next task is due; alarms of the chip go off on the way."""
        while self.queue and self.queue[0][1] != self.queue[0][2].wake:
            heapq.heappop(self.queue)
        due = self.queue[0][0] if self.queue else NEVER
        while due > self.clock.now_us:
            until = due if self.clock.idle else min(due, self.clock.due)
            self.spend(max(0, until - self.clock.now_us))
            self.turn()
            due = self.queue[0][0] if self.queue else NEVER
        self.spend(STEP_US)

    def _step(self, task: Task) -> None:
        throw, task.throw = task.throw, None
        self.current = task
        try:
            wants = task.coro.throw(throw) if throw else task.coro.send(None)
        except StopIteration as stop:
            self._end(task, stop.value, None)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - any ends the task alone
            self._end(task, None, error)
        else:
            if isinstance(wants, int):
                self.schedule(task, wants)
            else:
                self._park(task, wants)
        finally:
            self.current = None

    def _park(self, task: Task, wants: Any) -> None:
        if isinstance(wants, Task):
            task.awaits, wants = wants, wants.waiters
        task.parked = wants
        wants.append(task)

    def _end(self, task: Task, result: Any, error: BaseException | None) -> None:
        task.result, task.error, task.finished = result, error, True
        self.tasks.discard(task)
        if task.on_end is not None:
            task.retrieved = True
            task.on_end(task)
        self.wake_all(task.waiters)
        if not task.retrieved and isinstance(error, Exception):
            self.schedule(task, self.clock.now_us)  # one turn later it is shown

    def wake_all(self, waiters: list[Task]) -> None:
        for task in list(waiters):
            self.schedule(task, self.clock.now_us)

    def bury(self) -> None:
        """The VM is gone: close what was left, whatever its `finally` says."""
        while self.tasks:  # a `finally` may begin another
            task = self.tasks.pop()
            with suppress(BaseException):  # it speaks from a dead chip
                task.coro.close()
        self.queue.clear()


def _unretrieved(task: Task) -> str:
    name = getattr(task.coro, "__name__", "?")
    return (
        "Task exception wasn't retrieved\n"
        f"future: <Task> coro= <generator object '{name}' at 3ffb0000>\n"
    )


@types.coroutine
def until(at_us: int) -> Generator:
    yield at_us


@types.coroutine
def park(waiters: list[Task]) -> Generator:
    yield waiters


class Sleep:
    """What sleep() returns: it can be awaited, but is no coroutine for create_task()."""

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us

    def __await__(self) -> Generator:
        yield self.at_us
