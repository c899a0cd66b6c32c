"""A virtual network on virtual time: hosts are sans-IO servers, latency is a number.

A server is anything with connect() -> peer; a peer takes bytes and answers with actions:
("data", bytes), ("wait", seconds), ("close",), ("reset",). A peer that speaks by itself has tick()
-> actions, too, and every_s, the seconds between two. A lookup of a name blocks the whole VM.
"""

import weakref
from bisect import insort
from collections import deque
from collections.abc import Callable
from typing import Protocol

from host_tools.emulator.access_point import AccessPoint
from host_tools.emulator.clock import NEVER, VirtualClock
from host_tools.emulator.os_error import ERRNO, MicroOSError

ANY = "0.0.0.0"  # to listen at
NO_NAME = (-202, "EAI_FAIL")  # of lwIP, as getaddrinfo raises it
RESET = ERRNO["ECONNRESET"]
TICKS_AHEAD = 1000  # that a peer may say nothing, before it counts as silent for good


class Peer(Protocol):
    def received(self, data: bytes) -> list[tuple]: ...


class Server(Protocol):
    def connect(self) -> Peer: ...


class Connection:
    def __init__(self, net: "Net", peer: Peer | None) -> None:
        """Without a peer: refused, which the first read or write finds out."""
        self.net = net
        self.peer = peer
        self.open_us = net.clock.now_us + net.latency_us
        self.inbox: deque[tuple[int, str, bytes]] = deque()
        self.closed = False
        self.tick_us = self.open_us
        if peer is None:
            self.inbox.append((self.open_us, "refused", b""))

    def send(self, data: bytes) -> None:
        """Raises OSError after a reset or without a network."""
        if self.closed:
            raise MicroOSError(ERRNO["EBADF"])
        if not self.net.up():
            raise MicroOSError(RESET)
        if self.peer is None:
            self.receive()
            raise MicroOSError(RESET)
        self._perform(self.peer.received(data), self.net.clock.now_us + self.net.latency_us)

    def _perform(self, actions: list[tuple], at_us: int) -> None:
        for action in actions:
            if action[0] == "wait":
                at_us += int(action[1] * 1_000_000)
            elif action[0] != "data":
                self._arrive((at_us, action[0], b""))
            elif action[1]:
                self._arrive((at_us, "data", action[1]))

    def _arrive(self, item: tuple[int, str, bytes]) -> None:
        if hasattr(self.peer, "tick"):  # it was asked ahead of time: an answer may come before that
            insort(self.inbox, item, key=lambda one: one[0])
        else:
            self.inbox.append(item)

    def _ask(self) -> None:
        """Let a peer that speaks by itself say what comes next."""
        ticks = TICKS_AHEAD if hasattr(self.peer, "tick") else 0
        while ticks and not self.inbox:
            ticks -= 1
            self.tick_us += int(self.peer.every_s * 1_000_000)  # type: ignore[union-attr]
            self._perform(self.peer.tick(), self.tick_us)  # type: ignore[union-attr]

    def next_us(self) -> int | None:
        """When something arrives; None when nothing ever will."""
        if self.closed:
            raise MicroOSError(ERRNO["EBADF"])
        self._ask()
        return self.inbox[0][0] if self.inbox and self.net.up() else None

    def receive(self) -> bytes:
        """The next bytes; empty at the end. Raises OSError on a reset."""
        _, kind, data = self.inbox[0]
        if kind == "data":
            self.inbox.popleft()
            return data
        if kind == "reset":
            raise MicroOSError(RESET)
        if kind == "refused":
            self.inbox[0] = (self.inbox[0][0], "close", b"")
            raise MicroOSError(ERRNO["ECONNREFUSED"])
        return b""

    def close(self) -> None:
        self.closed = True


class Mailbox:
    """A socket of datagrams: none is sure to arrive."""

    def __init__(self, net: "Net") -> None:
        self.net = net
        self.inbox: list[tuple[int, bytes, tuple[str, int]]] = []

    def send(self, data: bytes, host: str, port: int) -> None:
        """Raises OSError without a network; that nobody listens shows nowhere."""
        if not self.net.up():
            raise MicroOSError(ERRNO["EHOSTUNREACH"])
        answer = self.net.datagrams.get((host, port), lambda data: [])
        at_us = self.net.clock.now_us + self.net.latency_us
        for action in answer(data):
            if action[0] == "wait":
                at_us += int(action[1] * 1_000_000)
            else:
                self.inbox.append((at_us, action[1], (host, port)))

    def next_us(self) -> int:
        """When something arrives; NEVER when nothing ever will."""
        return self.inbox[0][0] if self.inbox and self.net.up() else NEVER

    def receive(self) -> tuple[bytes, tuple[str, int]]:
        _, data, source = self.inbox.pop(0)
        return data, source


class Net:
    """`hosts` maps (host, port) to a server, `datagrams` to a function from a datagram to actions,
    ("wait", seconds) and ("data", bytes); change them at any time."""

    def __init__(
        self,
        clock: VirtualClock,
        up: Callable[[], bool],
        resolve: Callable[[str], list] = lambda host: [0, True],
        access: Callable[[], bool] = lambda: False,
    ) -> None:
        """up: does a packet get through? resolve: how long does the name of a host take, in ms, and
        does an answer come? access: is our access point on?"""
        self.clock = clock
        self.up = up
        self.resolve = resolve
        self.hosts: dict[tuple[str, int], Server] = {}
        self.datagrams: dict[tuple[str, int], Callable[[bytes], list[tuple]]] = {}
        self.latency_us = 20_000
        self.access = AccessPoint(clock, access)
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()  # the collector closes, too
        self.most = 0  # connections that were open at once

    def look_up(self, host: str, spend: Callable[[int], None]) -> None:
        """getaddrinfo, with `spend` to let microseconds pass. Raises OSError without an answer."""
        ms, answered = self.resolve(host)
        if ms:
            spend(ms * 1000)
        if not answered:
            raise MicroOSError(*NO_NAME)

    def mailbox(self) -> Mailbox:
        return Mailbox(self)

    def known(self, host: str) -> None:
        """Raises OSError: no network, no such name."""
        if host == ANY:
            return
        if not self.up() or not any(name == host for name, _ in [*self.hosts, *self.datagrams]):
            raise MicroOSError(*NO_NAME)

    def connect(self, host: str, port: int) -> Connection:
        """Raises OSError: no network, no such name."""
        self.known(host)
        server = self.hosts.get((host, port))
        made = Connection(self, server.connect() if server else None)
        self._open.add(made)
        self.most = max(self.most, sum(not one.closed for one in self._open))
        return made

    def reset(self) -> None:
        """The VM is gone, and its sockets with it."""
        self._open.clear()
        self.access.reset()
