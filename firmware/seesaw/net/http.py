"""One HTTP/1.1 GET over a stream that is handed in (RFC 9110, RFC 9112), all of it limited.

Every fetch ends: one deadline spans connecting, the request and the whole answer. Every fetch
closes: the stream is released on each way out. And the memory is bounded whatever the server sends:
lines, their number, pieces and the body all have a cap.

Only what both CPython's and MicroPython's asyncio have is used.
"""

import asyncio
from io import BytesIO

from micropython import const

from seesaw.net.url import split
from seesaw.net.wire import HttpError, Wire, close, connect, decimal, head, headers_of

_BODY_PIECE = const(4096)  # bytes a read, and a sink's write
WANTED = (
    "content-type",
    "content-length",
    "date",
    "content-range",
    "location",
    "retry-after",
    "transfer-encoding",
    "content-encoding",
)


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
    whose own errors pass through. It gets only what was asked for: a 200 without a range, or the
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
        "User-Agent: Mozilla/5.0 (seesaw)",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if range_bytes is not None:
        lines.append("Range: bytes=%d-%d" % range_bytes)
    for name in headers or {}:
        lines.append(name + ": " + headers[name])
    for line in lines:
        if min(line) < " " or max(line) > "~":
            raise HttpError("url", "a request header with a control character")
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
            _check_range(headers, range_bytes)
            cap = min(cap, range_bytes[1] - range_bytes[0] + 1)
        if sink is not None and status != (200 if range_bytes is None else 206):
            return Response(status, headers, b"")
        keep = BytesIO() if sink is None else sink
        await _body(wire, status, headers, cap, keep)
        return Response(status, headers, keep.getvalue() if sink is None else b"")
    finally:
        await close(wire)


def _check_range(headers: dict, range_bytes: tuple) -> None:
    # The server may send less than asked; it must begin where asked.
    if not headers.get("content-range", "").startswith("bytes %d-" % range_bytes[0]):
        raise HttpError("malformed", "another range")


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
        length = decimal(headers["content-length"].encode(), 9)
        if length > cap:
            raise HttpError("too_long", "%d bytes" % length)
        await _exactly(wire, length, sink)
    else:
        await _to_end(wire, cap, sink)


async def _exactly(wire: Wire, length: int, sink: object) -> None:
    while length:
        piece = await wire.read(min(length, _BODY_PIECE))
        if not piece:
            raise HttpError("truncated", "%d bytes short" % length)
        sink.write(piece)
        length -= len(piece)


async def _to_end(wire: Wire, cap: int, sink: object) -> None:
    while True:
        piece = await wire.read(min(cap + 1, _BODY_PIECE))
        if not piece:
            return
        if len(piece) > cap:
            raise HttpError("too_long")
        sink.write(piece)
        cap -= len(piece)


async def _chunks(wire: Wire, cap: int, sink: object) -> None:
    while True:
        length = _chunk_length(await wire.line())
        if length > cap:
            raise HttpError("too_long")
        if length == 0:
            await headers_of(wire, WANTED)  # the trailer
            return
        await _exactly(wire, length, sink)
        cap -= length
        if await wire.line():
            raise HttpError("malformed", "a chunk's end")


def _chunk_length(line: bytes) -> int:
    digits = line.partition(b";")[0].strip().lower()
    if not 0 < len(digits) <= 7 or not all(c in b"0123456789abcdef" for c in digits):
        raise HttpError("malformed", "a chunk's length")
    return int(digits, 16)
