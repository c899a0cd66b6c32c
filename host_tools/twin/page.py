"""The page of an emulated seesaw: files, its state as JSON, changes as server-sent events, buttons.

For this machine alone: it listens on loopback, answers only under its own name (DNS rebinding), and
takes a button's POST only from its own page (Origin, as every browser sends it).
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
PORT = 8080
PORT_TRIES = 20  # ports from the wanted one on, then any
STREAMS_MAX = 8  # open event streams; each is a thread
CONNECTIONS_MAX = 32  # of every kind
TIMEOUT_S = 10  # for a client to ask, or to take what is sent
HEARTBEAT_S = 15.0  # of silence on a stream
BEAM_EVERY_S = 0.03  # at most; the servo's frame is 20 ms
BODY_MAX = 1024  # bytes of a POST's body, which nobody reads

FOLDER = Path(__file__).with_name("page")
DRAWING = "<!-- seesaw.svg -->"  # where a page takes the drawing in
FILES = {  # path -> (file of FOLDER, content type)
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/common.js": ("common.js", "text/javascript; charset=utf-8"),
    "/seesaw.js": ("seesaw.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
Actions = Mapping[str, Callable[[], None]]
Files = Mapping[str, tuple[str, str]]


class Shown(Protocol):
    """What a page shows: twin.view.View, or that of a fleet."""

    def state(self) -> dict[str, Any]:
        """Everything at once."""

    def wait(self, seen: dict[str, int], seconds: float) -> dict[str, Any] | None:
        """What changed since `seen`, which is brought up to date; None when the show is over."""

    def close(self) -> None:
        """Nobody waits any longer."""


class Page:
    """A page that is being served; a context manager. actions: name -> what its button does.

    Raises OSError when there is no port to listen on.
    """

    def __init__(
        self, view: Shown, actions: Actions, port: int = PORT, files: Files = FILES
    ) -> None:
        self._view = view
        self._server = _listen(view, actions, port, files)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *exception: object) -> None:
        """Ends every connection and waits for the threads."""
        self._view.close()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() waits for them

    def __init__(self, view: Shown, actions: Actions, port: int, files: Files) -> None:
        self.files = files
        self.view = view
        self.actions = actions
        self.streams = threading.BoundedSemaphore(STREAMS_MAX)
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)
            self._room.release()

    def hang_up(self) -> None:
        """End every connection that is still open."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def _listen(view: Shown, actions: Actions, port: int, files: Files) -> _Server:
    """On the wanted port, the next free one, or any."""
    wanted = range(port, min(port + PORT_TRIES, 65536)) if port else ()
    for candidate in wanted:
        with contextlib.suppress(OSError):
            return _Server(view, actions, candidate, files)
    return _Server(view, actions, 0, files)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = TIMEOUT_S
    disable_nagle_algorithm = True  # a beam's event is small and must not wait

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client went away, or takes nothing
            super().handle()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_for_us():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif path == "/state":
            body = json.dumps({**self.server.view.state(), "actions": list(self.server.actions)})
            self._send(HTTPStatus.OK, "application/json", body.encode())
        elif path == "/events":
            self._stream()
        elif path in self.server.files:
            name, kind = self.server.files[path]
            self._send(HTTPStatus.OK, kind, _file(name))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        action = self.server.actions.get(urlsplit(self.path).path.removeprefix("/actions/"))
        length = self.headers.get("Content-Length", "0")
        if not self._is_for_us() or self.headers.get("Origin") != f"http://{self._host}":
            self._refuse(HTTPStatus.FORBIDDEN)
        elif action is None:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not length.isdecimal() or int(length) > BODY_MAX:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self.rfile.read(int(length))
            action()
            self._send(HTTPStatus.ACCEPTED, "text/plain; charset=utf-8", b"asked for\n")

    @property
    def _host(self) -> str:
        return self.headers.get("Host", "")

    def _is_for_us(self) -> bool:
        port = self.server.server_address[1]
        return self._host in [f"{name}:{port}" for name in NAMES]

    def _stream(self) -> None:
        if not self.server.streams.acquire(blocking=False):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        try:
            self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
            self.wfile.write(b"retry: 1000\n\n")
            self._tell_changes()
        finally:
            self.server.streams.release()

    def _tell_changes(self) -> None:
        """A slow client misses the beams in between; it never makes anything pile up."""
        seen: dict[str, int] = {}
        while (changes := self.server.view.wait(seen, HEARTBEAT_S)) is not None:
            events = [f"event: {kind}\ndata: {json.dumps(d)}\n\n" for kind, d in changes.items()]
            self.wfile.write("".join(events or [": still here\n\n"]).encode())
            time.sleep(BEAM_EVERY_S)

    def _refuse(self, status: HTTPStatus) -> None:
        words = f"{status.value} {status.phrase}\n"
        self._send(status, "text/plain; charset=utf-8", words.encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._head(status, {"Content-Type": kind, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        return "seesaw"

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


def _file(name: str) -> bytes:
    """Read anew each time: whoever edits the page reloads it."""
    text = (FOLDER / name).read_bytes()
    if DRAWING.encode() in text:
        text = text.replace(DRAWING.encode(), (FOLDER / "seesaw.svg").read_bytes())
    return text
