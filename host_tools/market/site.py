"""Sites of the simulated internet: a handler of requests, and ways to put it on a network.

A `Peer` is one connection: bytes in, actions out. Whoever owns the network performs the actions:
`serve` on real loopback sockets, an emulated device on its virtual network.
"""

import socket
from collections import deque
from collections.abc import Callable, Mapping

from host_tools.market.http1 import FAULTS, Action, Reply, Request, actions, error, parse, settle
from host_tools.market.listener import Listener

__all__ = ["FAULTS", "Action", "Handler", "Peer", "Reply", "Request", "Server", "Site", "route",
           "serve", "static"]

LOG_LIMIT = 10_000  # requests remembered
IDLE_LIMIT = 600.0  # seconds a client may be silent, or not take what is sent
LINGER_LIMIT = 1.0  # seconds, and reads below, to wait for a client's close after ours
LINGER_READS = 16
RECEIVE_SIZE = 64 * 1024

Handler = Callable[[Request], Reply]


class Site:
    """A handler behind a clock (whole epoch seconds), and the log of what was asked."""

    def __init__(self, handler: Handler, clock: Callable[[], int],
                 slow_wait: float = 0.5) -> None:
        self.handler = handler
        self.clock = clock
        self.slow_wait = slow_wait  # seconds after each byte of a slow reply
        # (epoch, method, path, status); status 0 where none was sent
        self.log: deque[tuple[int, str, str, int]] = deque(maxlen=LOG_LIMIT)
        self.asked = 0  # requests in all

    def connect(self) -> "Peer":
        """A new connection."""
        return Peer(self)


class Peer:
    """One connection to a site, good for one request."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._buffer = bytearray()
        self._answered = False

    def received(self, data: bytes) -> list[Action]:
        """Take bytes from the client; the actions to perform, none while more are needed."""
        if self._answered:
            return []
        self._buffer += data
        parsed = parse(self._buffer)
        if parsed is None:
            return []
        self._answered = True
        self._buffer.clear()
        return self._refuse(parsed) if isinstance(parsed, int) else self._answer(parsed)

    def _refuse(self, status: int) -> list[Action]:
        self._note("", "", status)
        return self._send(error(status))

    def _answer(self, request: Request) -> list[Action]:
        reply = settle(request, self._site.handler(request))
        silent = reply.fault in ("hang", "reset")
        self._note(request.method, request.path, 0 if silent else reply.status)
        return self._send(reply, head_only=request.method == "HEAD")

    def _note(self, method: str, path: str, status: int) -> None:
        self._site.asked += 1
        self._site.log.append((self._site.clock(), method, path, status))

    def _send(self, reply: Reply, head_only: bool = False) -> list[Action]:
        return actions(reply, self._site.clock(), self._site.slow_wait, head_only)


def static(files: Mapping[str, bytes] | Callable[[str], bytes | None],
           prefix: str = "/") -> Handler:
    """A handler that serves files by the path after `prefix`, without a leading slash.

    A mapping is read at each request, so it may change; a callable returns None for no file.
    """
    find = files if callable(files) else files.get

    def handler(request: Request) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return error(405)
        body = find(request.path.removeprefix(prefix)) if request.path.startswith(prefix) else None
        return error(404) if body is None else Reply(body=body)

    return handler


def route(table: Mapping[str, Handler]) -> Handler:
    """A handler that passes a request, unchanged, to the handler with the longest path prefix."""
    def handler(request: Request) -> Reply:
        for prefix in sorted(table, key=len, reverse=True):
            if request.path.startswith(prefix):
                return table[prefix](request)
        return error(404)

    return handler


class Server(Listener):
    """A listening site."""

    def __init__(self, site: Site, port: int = 0) -> None:
        self._site = site
        super().__init__(port)

    def drive(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE_LIMIT)
        peer = self._site.connect()
        while data := connection.recv(RECEIVE_SIZE):
            for action in peer.received(data):
                if self.stop.is_set() or self.perform(connection, action):
                    return

    def end(self, connection: socket.socket) -> bool:
        """Read what is left, too: closing with bytes unread would send RST instead of FIN."""
        super().end(connection)
        connection.settimeout(LINGER_LIMIT)
        for _ in range(LINGER_READS):
            if not connection.recv(RECEIVE_SIZE):
                break
        return True


def serve(site: Site, port: int = 0) -> Server:
    """Serve a site on 127.0.0.1, on a free port if 0. Raises OSError if the port is taken."""
    return Server(site, port)
