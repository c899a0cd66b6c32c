"""A stream that is handed in, and the head of an HTTP/1.1 answer on it (RFC 9112), all limited.

Shared by http.py and websocket.py. MicroPython's readline() has no limit, so lines are cut out of
bounded reads here. Deadlines are the callers'.
"""

import asyncio
from errno import ECONNREFUSED

from micropython import const

_LINE_MAX = const(1024)  # bytes kept of a line of the head
_LINE_SKIP_MAX = const(16384)  # bytes read of one; more matters in a header we want
_HEADERS_MAX = const(64)
_INTERIM_MAX = const(4)  # 1xx answers before the real one
_HEAD_PIECE = const(512)  # bytes a read


class HttpError(Exception):
    """An exchange failed; `kind` says how.

    'url' a URL that cannot be fetched, 'unreachable' no address or no route, 'refused' nobody
    listens, 'tls' no trusted channel, 'timeout' the deadline passed, 'closed' the connection broke,
    'truncated' it ended early, 'malformed' not HTTP, 'encoding' a coding that was not asked for,
    'too_long' a body above the cap. Further kinds of a stream: see websocket.py.
    """

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(kind + (": " + text if text else ""))
        self.kind = kind


class Wire:
    """The stream with what was read ahead, its errors told in our terms."""

    def __init__(self, reader: object, writer: object) -> None:
        self.reader = reader
        self.writer = writer
        self.held = b""
        self.begun = False  # the server has sent something

    async def send(self, request: bytes) -> None:
        try:
            self.writer.write(request)
            await self.writer.drain()
        except (OSError, ValueError) as error:
            raise _lost(error)

    async def read(self, n: int) -> bytes:
        """1 to n bytes; empty at the end of the stream."""
        if not self.held:
            try:
                return await self.reader.read(n)
            except (OSError, EOFError, ValueError) as error:
                raise _lost(error)
        piece = self.held[:n]
        self.held = self.held[n:]
        return piece

    async def line(self) -> bytes:
        """A line without its end. One longer than _LINE_MAX comes _LINE_MAX + 1 long."""
        kept = b""
        seen = 0
        while True:
            piece = await self.read(_HEAD_PIECE)
            if not piece:
                raise HttpError("truncated" if self.begun else "closed")
            end = piece.find(b"\n")
            text = piece if end < 0 else piece[:end]
            kept += text[: _LINE_MAX + 1 - len(kept)]
            seen += len(piece)
            self.begun = True
            if end >= 0:
                self.held = piece[end + 1 :]  # at most _HEAD_PIECE: the next read takes all of it
                return kept[:-1] if kept[-1:] == b"\r" else kept
            if seen > _LINE_SKIP_MAX:
                raise HttpError("malformed", "an endless line")


async def connect(opener: object, address: tuple) -> Wire:
    """A Wire to address: (host, port, tls). HttpError when there is none."""
    try:
        reader, writer = await opener(*address)
    except asyncio.TimeoutError:
        raise HttpError("timeout")
    except (OSError, ValueError) as error:
        raise _lost(error, "unreachable")
    return Wire(reader, writer)


async def close(wire: Wire) -> None:
    """Release the stream; never raises."""
    # MicroPython's close() does nothing; its wait_closed() is what closes the socket.
    try:
        wire.writer.close()
        await wire.writer.wait_closed()
    except Exception:
        pass  # the connection had broken already


def _lost(error: Exception, kind: str = "closed") -> HttpError:
    # On MicroPython a connection refused shows at the first write or read only, and a certificate
    # that fails verification is a ValueError from there.
    if isinstance(error, ValueError):
        kind = "tls"
    elif isinstance(error, OSError) and error.errno == ECONNREFUSED:
        kind = "refused"
    return HttpError(kind, str(error))


async def head(wire: Wire, wanted: tuple, switching: bool = False) -> tuple:
    """(status, headers) of the answer, 200..599; 101 too where the request asked for it."""
    for _ in range(_INTERIM_MAX):
        status = _status(await wire.line())
        headers = await headers_of(wire, wanted)
        if status >= 200 or (switching and status == 101):
            return status, headers
        if status == 101:
            raise HttpError("malformed", "the status line")
    raise HttpError("malformed", "too many interim answers")


def _status(line: bytes) -> int:
    digits = line[9:12]
    if line[:7] != b"HTTP/1." or line[7:9] not in (b"0 ", b"1 ") or line[12:13] not in (b"", b" "):
        raise HttpError("malformed", "the status line")
    status = decimal(digits, 3)
    if len(digits) != 3 or not 100 <= status <= 599:
        raise HttpError("malformed", "the status line")
    return status


async def headers_of(wire: Wire, wanted: tuple) -> dict:
    """The wanted headers (names in lower case) up to the empty line; HttpError for wrong ones."""
    headers = {}
    for _ in range(_HEADERS_MAX + 1):
        line = await wire.line()
        if not line:
            return headers
        raw_name, value = _name_value(line)
        for name in wanted:
            if name.encode() == raw_name:
                _keep_header(headers, name, line, value)
    raise HttpError("malformed", "too many headers")


def _name_value(line: bytes) -> tuple:
    colon = line.find(b":")
    name = line[:colon]
    # A blank before the colon, and a line folded onto the next, are forbidden (RFC 9112, 5.1, 5.2).
    if colon < 1 or b" " in name or b"\t" in name:
        raise HttpError("malformed", "a header")
    return name.lower(), line[colon + 1 :].strip()


def _keep_header(headers: dict, name: str, line: bytes, value: bytes) -> None:
    if len(line) > _LINE_MAX or (value and (min(value) < 0x20 or max(value) >= 0x7F)):
        raise HttpError("malformed", name)
    text = value.decode()
    if name == "content-length" and headers.get(name, text) != text:
        raise HttpError("malformed", "two lengths")
    headers[name] = text


def decimal(digits: bytes, most: int) -> int:
    """A number of at most `most` digits."""
    if not 0 < len(digits) <= most or not all(0x30 <= c <= 0x39 for c in digits):
        raise HttpError("malformed", "a number")
    return int(digits)
