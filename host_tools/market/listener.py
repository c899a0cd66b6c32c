"""A listening socket on loopback: one daemon thread accepts, one per connection drives its peer."""

import contextlib
import socket
import struct
import threading
from typing import Self

from host_tools.market.http1 import Action

HOST = "127.0.0.1"


class Listener:
    """Serves until closed; a context manager. Whoever inherits says with drive() what a connection
    is for. url: with the scheme."""

    SCHEME = "http"

    def __init__(self, port: int = 0) -> None:
        """port: 0 for a free one. Raises OSError if it is taken."""
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{self.SCHEME}://{HOST}:{self.port}"
        self.most_open = 0  # connections at one time
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def drive(self, connection: socket.socket) -> None:
        """To its end. OSError when the client went away, or does not read."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop listening, end every connection and wait for the threads."""
        if self.stop.is_set():
            return
        self.stop.set()
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.stop.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._drive, args=(connection,), daemon=True)
            with self._lock:
                self._open[connection] = thread
                self.most_open = max(self.most_open, len(self._open))
            thread.start()

    def _drive(self, connection: socket.socket) -> None:
        try:
            self.drive(connection)
        except OSError:
            pass
        finally:
            with self._lock:
                del self._open[connection]
            connection.close()

    def perform(self, connection: socket.socket, action: Action) -> bool:
        """Perform one action; whether it ended the connection."""
        match action:
            case ("data", bytes(data)):
                connection.sendall(data)
            case ("wait", float() | int() as seconds):
                self.stop.wait(seconds)
            case ("reset",):
                # lingering for no time makes close() send RST instead of FIN
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return True
            case ("close",):
                return self.end(connection)
            case _:
                raise ValueError(f"unknown action {action!r}")
        return False

    def end(self, connection: socket.socket) -> bool:
        """Send FIN; whether the connection is over, or the client's end is waited for."""
        connection.shutdown(socket.SHUT_WR)
        return False
