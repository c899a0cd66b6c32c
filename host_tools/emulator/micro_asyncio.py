"""MicroPython's asyncio on virtual time, for firmware that runs on CPython.

CPython's own loop differs where it matters here: it cancels the other tasks when one raises
SystemExit (their `finally` would write flash from beyond a reset), its TimeoutError is an OSError,
and it cannot be told that the chip is gone. This is the subset that the ESP32 port offers
(micropython extmod/asyncio), checked against the real VM by tests/parity.
"""

import contextlib
import heapq
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from host_tools.emulator.clock import NEVER, VirtualClock
from host_tools.emulator.errors import Stop
from host_tools.emulator.net import Net

STEP_US = 20  # virtual time of one turn of the loop
# What the chip's file of the same name answers for an address without a network (lwIP).
EHOSTUNREACH = 113


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
        self.waiters: list[Task] = []
        self.throw: BaseException | None = None
        self.parked: list[Task] | None = None  # the waiting list this task stands in
        self.wake = 0  # of the queue entry that counts; older ones are stale

    def __await__(self) -> Generator:
        if not self.finished:
            yield self.waiters
        if self.error is not None:
            self.loop.orphans.discard(self)
            raise self.error
        return self.result

    def done(self) -> bool:
        return self.finished

    def cancel(self) -> bool:
        if self.finished:
            return False
        if self is self.loop.current:
            raise RuntimeError("can't cancel self")
        self.loop.schedule(self, self.loop.clock.now_us, CancelledError())
        return True


class Loop:
    """One scheduler; a session of the VM has one, and it dies with it."""

    def __init__(self, clock: VirtualClock, net: Net, serial: Callable[[BaseException], None],
                 ring: Callable[[], None]) -> None:  # fmt: skip
        self.clock = clock
        self.net = net
        self.show = serial
        self.ring = ring
        self.queue: list[tuple[int, int, int, Task]] = []
        self.count = 0
        self.current: Task | None = None
        self.tasks: set[Task] = set()
        self.orphans: set[Task] = set()  # ended by an exception that nobody has awaited yet

    def create_task(self, coro: Coroutine) -> Task:
        if not hasattr(coro, "send"):
            raise TypeError("coroutine expected")
        task = Task(coro, self)
        self.tasks.add(task)
        self.schedule(task, self.clock.now_us)
        return task

    def schedule(self, task: Task, at_us: int, throw: BaseException | None = None) -> None:
        if task.parked is not None:
            task.parked.remove(task)
            task.parked = None
        if throw is not None:
            task.throw = throw
        self.count += 1
        task.wake = self.count
        heapq.heappush(self.queue, (at_us, self.count, self.count, task))

    def run_until_complete(self, coro: Coroutine | Task) -> Any:
        main = coro if isinstance(coro, Task) else self.create_task(coro)
        while not main.finished:
            self._idle()
            _, _, wake, task = heapq.heappop(self.queue)
            if wake == task.wake and not task.finished:
                self._step(task)
        self.orphans.discard(main)
        if main.error is not None:
            raise main.error
        return main.result

    def _idle(self) -> None:
        """Pass the time until the next task is due; alarms of the chip go off on the way."""
        while self.queue and self.queue[0][2] != self.queue[0][3].wake:
            heapq.heappop(self.queue)
        due = self.queue[0][0] if self.queue else NEVER
        while due > self.clock.now_us:
            if due == NEVER and self.clock.due == NEVER:
                raise Stop("nothing will ever happen again")
            until = min(due, self.clock.due)
            self.clock.spend(max(0, until - self.clock.now_us))
            self.ring()
            due = self.queue[0][0] if self.queue else NEVER
        self.clock.spend(STEP_US)

    def _step(self, task: Task) -> None:
        throw, task.throw = task.throw, None
        self.current = task
        try:
            wants = task.coro.throw(throw) if throw else task.coro.send(None)
        except StopIteration as stop:
            self._end(task, stop.value, None)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - the task's own, kept in it
            self._end(task, None, error)
        else:
            if isinstance(wants, int):
                self.schedule(task, wants)
            else:
                task.parked = wants
                wants.append(task)
        finally:
            self.current = None

    def _end(self, task: Task, result: Any, error: BaseException | None) -> None:
        task.result, task.error, task.finished = result, error, True
        self.tasks.discard(task)
        if error is not None and not task.waiters and not isinstance(error, CancelledError):
            self.orphans.add(task)
            self.show(error)  # "Task exception wasn't retrieved"
        self.wake_all(task.waiters)

    def wake_all(self, waiters: list[Task]) -> None:
        for task in list(waiters):
            self.schedule(task, self.clock.now_us)

    def bury(self) -> None:
        """The VM is gone: close what was left, whatever its `finally` says."""
        for task in list(self.tasks):
            with contextlib.suppress(BaseException):  # it speaks from a dead chip
                task.coro.close()
        self.tasks.clear()
        self.queue.clear()


@types.coroutine
def until(at_us: int) -> Generator:
    yield at_us


@types.coroutine
def park(waiters: list[Task]) -> Generator:
    yield waiters


class Stream:
    """Reader and writer in one, over a connection of the virtual network."""

    def __init__(self, loop: Loop, connection: Any) -> None:
        self.loop = loop
        self.connection = connection
        self.out = b""
        self.buffer = b""

    def get_extra_info(self, name: str) -> Any:
        return self.connection.peername

    def write(self, data: bytes) -> None:
        self.out += bytes(data)

    async def drain(self) -> None:
        data, self.out = self.out, b""
        if data:
            self.connection.send(data)
        await until(self.loop.clock.now_us)

    async def _fill(self) -> bytes:
        while True:
            at_us = self.connection.next_us()
            if at_us is None:
                await park(self.connection.waiters)
            elif at_us > self.loop.clock.now_us:
                await until(at_us)
            else:
                return self.connection.receive()

    async def read(self, n: int = -1) -> bytes:
        if n < 0:
            found = self.buffer
            self.buffer = b""
            while piece := await self._fill():
                found += piece
            return found
        if not self.buffer:
            self.buffer = await self._fill()
        found, self.buffer = self.buffer[:n], self.buffer[n:]
        return found

    async def readinto(self, buf: Any) -> int:
        data = await self.read(len(buf))
        buf[: len(data)] = data
        return len(data)

    async def readexactly(self, n: int) -> bytes:
        while len(self.buffer) < n:
            piece = await self._fill()
            if not piece:
                raise EOFError
            self.buffer += piece
        return await self.read(n) if n else b""

    async def readline(self) -> bytes:
        while b"\n" not in self.buffer:
            piece = await self._fill()
            if not piece:
                break
            self.buffer += piece
        end = self.buffer.find(b"\n") + 1 or len(self.buffer)
        return await self.read(end) if end else b""

    def close(self) -> None:
        """Nothing, as in MicroPython; wait_closed() closes."""

    async def wait_closed(self) -> None:
        self.connection.close()
