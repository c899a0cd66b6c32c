"""TLS before any site of the simulated internet, without I/O of its own.

So it serves an emulated device's virtual network and, by `site.serve`, real loopback sockets.
"""

import contextlib
import ssl
from typing import Protocol, cast

from host_tools.market.http1 import Action
from host_tools.market.site import Server, Site
from host_tools.market.site import serve as serve_plain

PIECE = 16384  # bytes: one record


class Peer(Protocol):
    def received(self, data: bytes) -> list[Action]: ...


class Behind(Protocol):
    """Anything with connections: a Site, or another server without I/O."""

    def connect(self) -> Peer: ...


class TlsSite:
    """A site behind TLS. context: of a server, with its certificate loaded."""

    def __init__(self, site: Behind, context: ssl.SSLContext) -> None:
        self.site = site
        self.context = context
        self.failed: list[str] = []  # handshakes that clients broke off: why, by their alert

    def connect(self) -> "TlsPeer":
        return TlsPeer(self)


class TlsPeer:
    """One connection."""

    tls = True

    def __init__(self, owner: TlsSite) -> None:
        self._owner = owner
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = owner.context.wrap_bio(self._in, self._out, server_side=True)
        self._peer: Peer | None = None

    def received(self, data: bytes) -> list[Action]:
        """Take bytes from the client; the actions to perform."""
        self._in.write(data)
        try:
            if self._peer is None:
                self._ssl.do_handshake()
                self._peer = self._owner.site.connect()
            return self._sent() + self._served(self._peer)
        except ssl.SSLWantReadError:
            return self._sent()
        except ssl.SSLError as error:
            self._owner.failed.append(str(error.reason or error))
            return [*self._sent(), ("close",)]

    def _served(self, peer: Peer) -> list[Action]:
        actions: list[Action] = []
        while True:
            try:
                clear = self._ssl.read(PIECE)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return actions + self._sent()
            for action in peer.received(clear) if clear else []:
                actions += self._wrapped(action)

    def _wrapped(self, action: Action) -> list[Action]:
        match action:
            case ("data", bytes(clear)):
                self._ssl.write(clear)
                return self._sent()
            case ("close",):
                with contextlib.suppress(ssl.SSLError):  # the client's farewell has yet to come
                    self._ssl.unwrap()
                return [*self._sent(), action]
        return [action]

    def _sent(self) -> list[Action]:
        data = self._out.read()
        return [("data", data)] if data else []


def serve(site: TlsSite, port: int = 0) -> Server:
    """Serve on 127.0.0.1, on a free port if 0; its clients know it as https://localhost:PORT.
    Raises OSError if the port is taken."""
    return serve_plain(cast(Site, site), port)
