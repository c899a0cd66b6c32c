"""The module `asyncio` of one VM session: the functions over its loop."""

import contextlib
import types
from collections.abc import Coroutine
from typing import Any

from host_tools.emulator.micro_asyncio import (
    CancelledError,
    Loop,
    Stream,
    Task,
    TimeoutError,
    park,
    until,
)


class Event:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.state = False
        self.waiting: list[Task] = []

    def is_set(self) -> bool:
        return self.state

    def set(self) -> None:
        self.state = True
        self.loop.wake_all(self.waiting)

    def clear(self) -> None:
        self.state = False

    async def wait(self) -> bool:
        if not self.state:
            await park(self.waiting)
        return True


class ThreadSafeFlag(Event):
    async def wait(self) -> bool:
        await super().wait()
        self.state = False
        return True


class Lock:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.held = False
        self.waiting: list[Task] = []

    def locked(self) -> bool:
        return self.held

    async def acquire(self) -> bool:
        while self.held:
            await park(self.waiting)
        self.held = True
        return True

    def release(self) -> None:
        if not self.held:
            raise RuntimeError("Lock not acquired")
        self.held = False
        if self.waiting:
            self.loop.schedule(self.waiting[0], self.loop.clock.now_us)

    async def __aenter__(self) -> bool:
        return await self.acquire()

    async def __aexit__(self, *error: object) -> None:
        self.release()


async def wait_for(loop: Loop, awaitable: Any, seconds: float | None) -> Any:
    """Raises TimeoutError, after cancelling what was awaited."""
    task = awaitable if isinstance(awaitable, Task) else loop.create_task(awaitable)
    if seconds is None:
        return await task
    caller = loop.current
    assert caller is not None
    late = TimeoutError()

    async def run_out() -> None:
        await until(loop.clock.now_us + int(seconds * 1_000_000))
        loop.schedule(caller, loop.clock.now_us, late)

    timer = loop.create_task(run_out())
    try:
        return await task
    except (CancelledError, TimeoutError):
        if task.cancel():
            await gather(loop, task, return_exceptions=True)  # it is over before the caller goes on
        raise
    finally:
        if not timer.done():
            timer.cancel()


async def gather(loop: Loop, *awaitables: Any, return_exceptions: bool = False) -> list[Any]:
    """Results in order; the first exception is raised at once and the other tasks go on."""
    tasks = [a if isinstance(a, Task) else loop.create_task(a) for a in awaitables]
    ended = Event(loop)

    async def watch(task: Task) -> None:
        with contextlib.suppress(Exception, CancelledError):  # gather looks at task.error
            await task
        ended.set()

    for task in tasks:
        loop.create_task(watch(task))
    while not all(task.finished for task in tasks):
        await ended.wait()
        ended.clear()
        failed = next((task.error for task in tasks if task.error is not None), None)
        if failed is not None and not return_exceptions:
            raise failed
    return [task.result if task.error is None else task.error for task in tasks]


async def open_connection(loop: Loop, host: str, port: int, ssl: Any = None,
                          server_hostname: str | None = None) -> tuple[Stream, Stream]:  # fmt: skip
    """Through the virtual network. Raises OSError when there is none, or nobody listens."""
    connection = loop.net.connect(host, port)
    await until(connection.open_us)
    stream = Stream(loop, connection)
    return stream, stream


def module(loop: Loop) -> types.ModuleType:
    """What `import asyncio` gives the firmware."""

    def run(coro: Coroutine) -> Any:
        return loop.run_until_complete(coro)

    made = types.ModuleType("asyncio")
    vars(made).update(
        run=run,
        run_until_complete=run,
        create_task=loop.create_task,
        current_task=lambda: loop.current,
        get_event_loop=lambda: loop,
        new_event_loop=lambda: loop,
        sleep=lambda seconds: until(loop.clock.now_us + int(seconds * 1_000_000)),
        sleep_ms=lambda ms: until(loop.clock.now_us + ms * 1000),
        wait_for=lambda awaitable, seconds: wait_for(loop, awaitable, seconds),
        wait_for_ms=lambda awaitable, ms: wait_for(loop, awaitable, ms / 1000),
        gather=lambda *a, **k: gather(loop, *a, **k),
        open_connection=lambda *a, **k: open_connection(loop, *a, **k),
        Event=lambda: Event(loop),
        ThreadSafeFlag=lambda: ThreadSafeFlag(loop),
        Lock=lambda: Lock(loop),
        Task=Task,
        CancelledError=CancelledError,
        TimeoutError=TimeoutError,
    )
    return made
