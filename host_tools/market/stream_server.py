"""Streams on real loopback sockets: a thread accepts, one per connection drives its peer."""

import contextlib
import socket
import struct
import threading
import time

from host_tools.market.clock import SimClock
from host_tools.market.http1 import Action
from host_tools.market.prices import Prices
from host_tools.market.stream_peer import StreamPeer, StreamSite
from host_tools.market.streams import EXCHANGES

HOST = "127.0.0.1"
SEND_LIMIT = 5.0  # seconds a client may not take what is sent
RECEIVE_SIZE = 64 * 1024


def site(exchange: str, prices: Prices, clock: SimClock, every_s: float = 1.0) -> StreamSite:
    """The streams of 'binance', 'kraken' or 'coinbase'. Raises ValueError for another."""
    if exchange not in EXCHANGES:
        raise ValueError(f"unknown exchange {exchange!r}; one of: {', '.join(EXCHANGES)}")
    return StreamSite(lambda path: EXCHANGES[exchange](prices, clock, path), every_s)


class StreamServer:
    """Serves a site until closed; a context manager."""

    def __init__(self, site: StreamSite, port: int = 0) -> None:
        self.site = site
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"ws://{HOST}:{self.port}"
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self.most_open = 0  # connections at one time
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening, end every connection and wait for the threads."""
        if self._stop.is_set():
            return
        self._stop.set()
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port), timeout=1).close()  # wakes accept()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            still_open = dict(self._open)
        for connection, thread in still_open.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def __enter__(self) -> "StreamServer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stop.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._drive, args=(connection,), daemon=True)
            with self._lock:
                self._open[connection] = thread
                self.most_open = max(self.most_open, len(self._open))
            thread.start()

    def _drive(self, connection: socket.socket) -> None:
        try:
            self._converse(connection, self.site.connect())
        except OSError:
            pass  # the client went away, or does not read
        finally:
            with self._lock:
                del self._open[connection]
            connection.close()

    def _converse(self, connection: socket.socket, peer: StreamPeer) -> None:
        due = time.monotonic() + self.site.every_s
        while not self._stop.is_set():
            left = due - time.monotonic()
            data: bytes | None = None
            if left > 0:
                connection.settimeout(left)
                with contextlib.suppress(TimeoutError):
                    data = connection.recv(RECEIVE_SIZE)
            if data is None:
                due += self.site.every_s
                actions = peer.tick()
            else:
                actions = peer.received(data)
            connection.settimeout(SEND_LIMIT)
            if any(self._perform(connection, action) for action in actions) or data == b"":
                return

    def _perform(self, connection: socket.socket, action: Action) -> bool:
        """Perform one action; whether it ended the connection."""
        match action:
            case ("data", bytes(data)):
                connection.sendall(data)
            case ("wait", float() | int() as seconds):
                self._stop.wait(seconds)
            case ("reset",):
                # lingering for no time makes close() send RST instead of FIN
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return True
            case ("close",):
                connection.shutdown(socket.SHUT_WR)
                return False  # the client's end is waited for
            case _:
                raise ValueError(f"unknown action {action!r}")
        return False
