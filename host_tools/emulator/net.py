"""A virtual network on virtual time: hosts are sans-IO servers, latency is a number.

A server is anything with connect() -> peer; a peer takes bytes and answers with actions:
("data", bytes), ("wait", seconds), ("close",), ("reset",).
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from host_tools.emulator.clock import VirtualClock

ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ECONNREFUSED = 104, 116, 118, 111
NO_NAME = -202  # lwIP's EAI_FAIL, as getaddrinfo raises it


class Peer(Protocol):
    def received(self, data: bytes) -> list[tuple]: ...


class Server(Protocol):
    def connect(self) -> Peer: ...


class Connection:
    def __init__(self, net: "Net", peer: Peer, peername: tuple[str, int]) -> None:
        self.net = net
        self.peer = peer
        self.peername = peername
        self.open_us = net.clock.now_us + net.latency_us
        self.inbox: deque[tuple[int, str, bytes]] = deque()
        self.waiters: list[Any] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        """Raises OSError after a reset or without a network."""
        if not self.net.up():
            raise OSError(ECONNRESET, "ECONNRESET")
        at_us = self.net.clock.now_us + self.net.latency_us
        for action in self.peer.received(data):
            if action[0] == "wait":
                at_us += int(action[1] * 1_000_000)
            else:
                self.inbox.append((at_us, action[0], action[1] if action[0] == "data" else b""))

    def next_us(self) -> int | None:
        """When something arrives; None when nothing ever will."""
        if self.closed:
            raise OSError(9, "EBADF")
        return self.inbox[0][0] if self.inbox and self.net.up() else None

    def receive(self) -> bytes:
        """The next bytes; empty at the end. Raises OSError on a reset."""
        _, kind, data = self.inbox[0]
        if kind == "data":
            self.inbox.popleft()
            return data
        if kind == "reset":
            raise OSError(ECONNRESET, "ECONNRESET")
        return b""

    def close(self) -> None:
        self.closed = True


class Net:
    """`hosts` maps (host, port) to a server; change it at any time."""

    def __init__(self, clock: VirtualClock, up: Callable[[], bool]) -> None:
        self.clock = clock
        self.up = up
        self.hosts: dict[tuple[str, int], Server] = {}
        self.latency_us = 20_000

    def connect(self, host: str, port: int) -> Connection:
        """Raises OSError: no network, no such name, nobody listening."""
        if not self.up():
            raise OSError(NO_NAME, "EAI_FAIL")
        server = self.hosts.get((host, port))
        if server is None:
            known = any(name == host for name, _ in self.hosts)
            raise OSError(ECONNREFUSED, "ECONNREFUSED") if known else OSError(NO_NAME, "EAI_FAIL")
        return Connection(self, server.connect(), (host, port))
