"""Streams on real loopback sockets: a thread accepts, one per connection drives its peer."""

import contextlib
import socket
import time

from host_tools.market.clock import SimClock
from host_tools.market.listener import Listener
from host_tools.market.prices import Prices
from host_tools.market.stream_peer import StreamSite
from host_tools.market.streams import EXCHANGES

SEND_LIMIT = 5.0  # seconds a client may not take what is sent
RECEIVE_SIZE = 64 * 1024


def site(exchange: str, prices: Prices, clock: SimClock, every_s: float = 1.0) -> StreamSite:
    """The streams of 'binance', 'kraken' or 'coinbase'. Raises ValueError for another."""
    if exchange not in EXCHANGES:
        raise ValueError(f"unknown exchange {exchange!r}; one of: {', '.join(EXCHANGES)}")
    return StreamSite(lambda path: EXCHANGES[exchange](prices, clock, path), every_s)


class StreamServer(Listener):
    """Serves a site until closed."""

    SCHEME = "ws"

    def __init__(self, site: StreamSite, port: int = 0) -> None:
        self.site = site
        super().__init__(port)

    def drive(self, connection: socket.socket) -> None:
        peer = self.site.connect()
        due = time.monotonic() + self.site.every_s
        while not self.stop.is_set():
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
            if any(self.perform(connection, action) for action in actions) or data == b"":
                return
