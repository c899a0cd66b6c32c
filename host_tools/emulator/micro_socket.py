"""`socket` of the ESP32 port, as far as UDP goes, over the virtual network (modsocket.c)."""

import types
from collections.abc import Callable
from typing import Any

from host_tools.emulator.access_point import Box
from host_tools.emulator.clock import NEVER
from host_tools.emulator.net import Mailbox, Net
from host_tools.emulator.os_error import ERRNO, MicroOSError

AF_INET, SOCK_STREAM, SOCK_DGRAM = 2, 1, 2


def module(net: Net, spend: Callable[[int], None], sleep: Callable[[int], None]) -> Any:
    """What `import socket` gives the firmware. spend, sleep: let microseconds pass."""

    def getaddrinfo(host: str, port: int, family: int = 0, kind: int = 0, *more: int) -> list:
        net.look_up(host, spend)
        net.known(host)
        return [(AF_INET, kind or SOCK_STREAM, 0, "", (host, port))]

    class Socket:
        """Of datagrams alone: streams are asyncio's."""

        def __init__(self, family: int = AF_INET, kind: int = SOCK_STREAM, proto: int = 0) -> None:
            if kind != SOCK_DGRAM:
                raise MicroOSError(ERRNO["EINVAL"])
            self._box: Mailbox | Box | None = net.mailbox()
            self._wait_us = NEVER

        def setblocking(self, on: bool) -> None:
            self._wait_us = NEVER if on else 0

        def settimeout(self, seconds: float | None) -> None:
            self._wait_us = NEVER if seconds is None else int(seconds * 1_000_000)

        def bind(self, address: tuple[str, int]) -> None:
            self._box = net.access.bind(address[1])

        def _mine(self) -> Mailbox | Box:
            if self._box is None:
                raise MicroOSError(ERRNO["EBADF"])
            return self._box

        def sendto(self, data: bytes, address: tuple[str, int]) -> int:
            self._mine().send(bytes(data), *address)
            return len(data)

        def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
            box = self._mine()
            at_us = box.next_us()
            wait_us = max(0, at_us - net.clock.now_us)
            if wait_us > self._wait_us:
                sleep(self._wait_us)
                raise MicroOSError(ERRNO["ETIMEDOUT" if self._wait_us else "EAGAIN"])
            sleep(wait_us)
            data, source = box.receive()
            return data[:size], source

        def recv(self, size: int) -> bytes:
            return self.recvfrom(size)[0]

        def close(self) -> None:
            self._box = None

    made = types.ModuleType("socket")
    vars(made).update(
        AF_INET=AF_INET, SOCK_STREAM=SOCK_STREAM, SOCK_DGRAM=SOCK_DGRAM, getaddrinfo=getaddrinfo,
        socket=Socket,
    )  # fmt: skip
    return made
