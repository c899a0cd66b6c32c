"""The module `asyncio` of one VM session: the functions over its loop."""

import types
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from host_tools.emulator.access_point import Call
from host_tools.emulator.micro_asyncio import (
    CancelledError,
    Loop,
    Sleep,
    Task,
    TimeoutError,
    park,
    until,
)
from host_tools.emulator.micro_stream import Stream
from host_tools.emulator.micro_tls import connect


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
    """Fair: release() hands the lock to the task that waits longest."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.owner: Task | bool = False  # True: held; a task: handed to it, it has yet to run
        self.waiting: list[Task] = []

    def locked(self) -> bool:
        return self.owner is not False

    async def acquire(self) -> bool:
        if self.owner is not False:
            try:
                await park(self.waiting)
            except CancelledError:
                if self.owner is self.loop.current:
                    self.owner = True
                    self.release()
                raise
        self.owner = True
        return True

    def release(self) -> None:
        if self.owner is not True:
            raise RuntimeError("Lock not acquired")
        if not self.waiting:
            self.owner = False
            return
        self.owner = self.waiting[0]
        self.loop.schedule(self.waiting[0], self.loop.clock.now_us)

    async def __aenter__(self) -> bool:
        return await self.acquire()

    async def __aexit__(self, *error: object) -> None:
        self.release()


async def wait_for(loop: Loop, awaitable: Any, seconds: float | None) -> Any:
    """Raises TimeoutError, after cancelling what was awaited and seeing it end. Cancelled itself,
    it does not wait for that end."""
    task = loop.promote(awaitable)
    if seconds is None:
        return await task
    caller = loop.current
    assert caller is not None
    ended = CancelledError()  # the signal from `watch` to the caller
    sleeping = True

    async def watch() -> None:
        with suppress(Exception, CancelledError):  # the caller looks at task.error
            await task
        if sleeping and caller.throw is None:
            loop.interrupt(caller, ended)

    watcher = loop.create_task(watch())
    try:
        await until(loop.clock.now_us + max(0, int(seconds * 1_000_000)))
    except CancelledError as why:
        if why is ended:
            return await task
        watcher.cancel()
        raise
    finally:
        sleeping = False
    watcher.cancel()
    await watcher
    raise TimeoutError


async def gather(loop: Loop, *awaitables: Any, return_exceptions: bool = False) -> list[Any]:
    """Results in order; the first exception is raised at once and the other tasks go on."""
    tasks = [loop.promote(awaitable) for awaitable in awaitables]
    here: list[Task] = []
    running = [task for task in tasks if not task.finished]
    errors = [task.error for task in tasks if task.error is not None]

    def ended(task: Task) -> None:
        running.remove(task)
        if task.error is not None:
            errors.append(task.error)
        if not running or (errors and not return_exceptions):
            loop.wake_all(here)

    for task in tasks:
        task.retrieved = task.finished
        task.on_end = ended
    try:
        if running and (return_exceptions or not errors):
            await park(here)
    except CancelledError:
        for task in running:
            task.on_end = None
            task.cancel()
        raise
    for task in tasks:
        task.on_end = None
    if errors and not return_exceptions:
        raise errors[0]
    return [task.result if task.error is None else task.error for task in tasks]


async def open_connection(loop: Loop, host: str, port: int, ssl: Any = None,
                          server_hostname: str | None = None) -> tuple[Stream, Stream]:  # fmt: skip
    """Through the virtual network. Looking up the name blocks every task. Raises OSError without a
    network or such a name; that nobody listens shows at the first read or write."""
    loop.net.look_up(host, loop.spend)
    connection = loop.net.connect(host, port)
    await until(connection.open_us)
    made = Stream(loop, connection) if ssl is None else connect(loop, connection, ssl,
                                                                server_hostname)  # fmt: skip
    return made, made


class Server:
    def __init__(self, loop: Loop, port: int) -> None:
        self.loop = loop
        self.port = port

    def close(self) -> None:
        self.loop.net.access.doors.pop(self.port, None)

    async def wait_closed(self) -> None:
        await until(self.loop.clock.now_us)


async def start_server(loop: Loop, client: Any, host: str, port: int, backlog: int = 5) -> Server:
    """Phones that are on our access point connect. Raises OSError when somebody listens already."""

    def accept(call: Call) -> None:
        stream = Stream(loop, call)
        call.wake = lambda: loop.wake_all(stream.silence)
        loop.create_task(client(stream, stream))

    loop.net.access.listen(port, accept)
    await until(loop.clock.now_us)
    return Server(loop, port)


def module(loop: Loop) -> types.ModuleType:
    """What `import asyncio` gives the firmware."""

    def run(coro: Coroutine) -> Any:
        return loop.run_until_complete(coro)

    def sleep_ms(ms: int) -> Sleep:
        return Sleep(loop.clock.now_us + max(0, ms) * 1000)

    def new_event_loop() -> Loop:
        loop.forget()
        return loop

    def current_task() -> Task:
        if loop.current is None:
            raise RuntimeError("no running event loop")
        return loop.current

    made = types.ModuleType("asyncio")
    vars(made).update(
        run=run,
        run_until_complete=run,
        create_task=loop.create_task,
        current_task=current_task,
        get_event_loop=lambda: loop,
        new_event_loop=new_event_loop,
        sleep=lambda seconds: sleep_ms(int(seconds * 1000)),
        sleep_ms=sleep_ms,
        wait_for=lambda awaitable, seconds: wait_for(loop, awaitable, seconds),
        wait_for_ms=lambda awaitable, ms: wait_for(loop, awaitable, ms / 1000),
        gather=lambda *a, **k: gather(loop, *a, **k),
        start_server=lambda *a, **k: start_server(loop, *a, **k),
        open_connection=lambda *a, **k: open_connection(loop, *a, **k),
        Event=lambda: Event(loop),
        ThreadSafeFlag=lambda: ThreadSafeFlag(loop),
        Lock=lambda: Lock(loop),
        Task=Task,
        CancelledError=CancelledError,
        TimeoutError=TimeoutError,
    )
    return made
