"""asyncio streams over the virtual network, as MicroPython has them (extmod/asyncio/stream.py)."""

from typing import Any

from host_tools.emulator.access_point import Call
from host_tools.emulator.micro_asyncio import Loop, Task, park, until
from host_tools.emulator.net import Connection


class Stream:
    """Reader and writer in one."""

    def __init__(self, loop: Loop, connection: Connection | Call) -> None:
        self.loop = loop
        self.connection = connection
        self.buffer = b""
        self.silence: list[Task] = []  # who waits for a peer that never answers

    def get_extra_info(self, name: str) -> Any:
        raise KeyError(name)  # there are none on the client's side

    def write(self, data: bytes) -> None:
        """Sends at once what the socket takes; here, all of it."""
        self.connection.send(bytes(data))

    async def drain(self) -> None:
        await until(self.loop.clock.now_us)

    async def _fill(self) -> bytes:
        while True:
            at_us = self.connection.next_us()
            if at_us is None:
                await park(self.silence)
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
