"""One HTTP/1.1 GET over a stream that is handed in (RFC 9110, RFC 9112), all of it limited.

Every fetch ends: one deadline spans connecting, the request and the whole answer. Every fetch
closes: the stream is released on each way out. And the memory is bounded whatever the server sends:
lines, their number, pieces and the body all have a cap.

Only what both CPython's and MicroPython's asyncio have is used. MicroPython's readline() has no
limit, so lines are cut out of bounded reads here. websocket.py shares the stream and the head.
"""

import asyncio
from errno import ECONNREFUSED
from io import BytesIO

from micropython import const

from seesaw.net.url import split

_LINE_MAX = const(1024)  # bytes kept of a line of the head
_LINE_SKIP_MAX = const(16384)  # bytes read of one; more matters in a header we want
_HEADERS_MAX = const(64)
_INTERIM_MAX = const(4)  # 1xx answers before the real one
_HEAD_PIECE = const(512)  # bytes a read
_BODY_PIECE = const(1024)  # bytes a read, and a sink's write
WANTED = (
    "content-length",
    "date",
    "content-range",
    "retry-after",
    "transfer-encoding",
    "content-encoding",
)


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


class Response:
    """status (200..599), the WANTED headers that came, lower-case, and the body unless sunk."""

    def __init__(self, status: int, headers: dict, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


async def fetch(
    url: str,
    *,
    opener: object,
    max_body: int,
    deadline_s: float,
    headers: "dict | None" = None,
    range_bytes: "tuple | None" = None,
    sink: object = None,
) -> Response:
    """GET url and return the whole Response; no redirect is followed. HttpError if that fails.

    opener: an async function (host, port, tls) -> (reader, writer). max_body: bytes.
    deadline_s: seconds for all of it. headers: further request headers, name -> value.
    range_bytes: (first, last), both counted; the status is then 206, or 200 from a server that
    knows no ranges.

    sink: an object with write(bytes), which gets the body in pieces of at most 4096 bytes and
    whose own errors pass through. When it returns True it has seen enough: the rest is not read,
    and so not known to be whole. It gets only what was asked for: a 200 without a range, or the
    206 of this range. Any other answer returns with its status and leaves the sink untouched.
    """
    try:
        tls, host, port, path = split(url)
    except ValueError as error:
        raise HttpError("url", str(error))
    request = _request(tls, host, port, path, headers, range_bytes)
    exchange = _exchange(opener, (host, port, tls), request, max_body, range_bytes, sink)
    try:
        return await asyncio.wait_for(exchange, deadline_s)
    except asyncio.TimeoutError:
        raise HttpError("timeout")


def _request(
    tls: bool, host: str, port: int, path: str, headers: "dict | None", range_bytes: "tuple | None"
) -> bytes:
    name = host if port == (443 if tls else 80) else "%s:%d" % (host, port)
    lines = [
        "GET " + path + " HTTP/1.1",
        "Host: " + name,
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if "user-agent" not in [name.lower() for name in headers or ()]:
        lines.append("User-Agent: Mozilla/5.0 (seesaw)")
    if range_bytes is not None:
        lines.append("Range: bytes=%d-%d" % range_bytes)
    for name in headers or {}:
        lines.append(name + ": " + headers[name])
    for line in lines:
        if min(line) < " " or max(line) > "~":
            raise HttpError("url", "a header that is not plain ASCII")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _exchange(
    opener: object,
    address: tuple,
    request: bytes,
    max_body: int,
    range_bytes: "tuple | None",
    sink: object,
) -> Response:
    wire = await connect(opener, address)
    try:
        await wire.send(request)
        status, headers = await head(wire, WANTED)
        cap = max_body
        if range_bytes is not None and status == 206:
            # The server may send less than asked; it must begin where asked.
            if not headers.get("content-range", "").startswith("bytes %d-" % range_bytes[0]):
                raise HttpError("malformed", "another range")
            cap = min(cap, range_bytes[1] - range_bytes[0] + 1)
        keep = sink or BytesIO()
        if not sink or status == (206 if range_bytes else 200):
            await _body(wire, status, headers, cap, keep)
        return Response(status, headers, b"" if sink else keep.getvalue())
    finally:
        await close(wire)


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
        headers = await _headers(wire, wanted)
        if status >= 200 or (switching and status == 101):
            return status, headers
        if status == 101:
            raise HttpError("malformed", "the status line")
    raise HttpError("malformed", "too many interim answers")


def _status(line: bytes) -> int:
    digits = line[9:12]
    right = line[:9] in (b"HTTP/1.0 ", b"HTTP/1.1 ") and line[12:13] in (b"", b" ")
    status = _number(digits, 3) if right else 0
    if not 100 <= status <= 599:
        raise HttpError("malformed", "the status line")
    return status


async def _headers(wire: Wire, wanted: tuple) -> dict:
    headers = {}
    for _ in range(_HEADERS_MAX + 1):
        line = await wire.line()
        if not line:
            return headers
        raw_name, _, value = line.partition(b":")
        # A blank before the colon, and a line folded onto the next, are forbidden (RFC 9112, 5.1,
        # 5.2); so is one without a colon.
        if raw_name in (b"", line) or b" " in raw_name or b"\t" in raw_name:
            raise HttpError("malformed", "a header")
        for name in wanted:
            if name.encode() == raw_name.lower():
                _keep_header(headers, name, line, value.strip())
    raise HttpError("malformed", "too many headers")


def _keep_header(headers: dict, name: str, line: bytes, value: bytes) -> None:
    if len(line) > _LINE_MAX or (value and (min(value) < 0x20 or max(value) >= 0x7F)):
        raise HttpError("malformed", name)
    text = value.decode()
    if name == "content-length" and headers.get(name, text) != text:
        raise HttpError("malformed", "two lengths")
    headers[name] = text


def _number(digits: bytes, most: int, base: int = 10) -> int:
    """Of at most so many digits, and nothing else. base: 10 or 16."""
    known = b"0123456789abcdef"[:base]
    if not 0 < len(digits) <= most or not all(c in known for c in digits):
        raise HttpError("malformed", "a number")
    return int(digits, base)


async def _body(wire: Wire, status: int, headers: dict, cap: int, sink: object) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpError("encoding", "content")
    if status in (204, 304):
        return
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked":
            raise HttpError("encoding", "transfer")
        await _chunks(wire, cap, sink)
    elif "content-length" in headers:
        length = _number(headers["content-length"].encode(), 9)
        if length > cap:
            raise HttpError("too_long", "%d bytes" % length)
        await _exactly(wire, length, sink)
    else:
        await _to_end(wire, cap, sink)


async def _exactly(wire: Wire, length: int, sink: object) -> "bool | None":
    # True when the sink has seen enough.
    while length:
        piece = await wire.read(min(length, _BODY_PIECE))
        if not piece:
            raise HttpError("truncated", "%d bytes short" % length)
        if sink.write(piece) is True:
            return True
        length -= len(piece)
    return None


async def _to_end(wire: Wire, cap: int, sink: object) -> None:
    while True:
        piece = await wire.read(min(cap + 1, _BODY_PIECE))
        if not piece:
            return
        if len(piece) > cap:
            raise HttpError("too_long")
        if sink.write(piece) is True:
            return
        cap -= len(piece)


async def _chunks(wire: Wire, cap: int, sink: object) -> None:
    while True:
        line = await wire.line()
        length = _number(line.partition(b";")[0].strip().lower(), 8, 16)
        if length > cap:
            raise HttpError("too_long")
        if length == 0:
            await _headers(wire, WANTED)  # the trailer
            return
        if await _exactly(wire, length, sink):
            return
        cap -= length
        if await wire.line():
            raise HttpError("malformed", "a chunk's end")
