"""HTTP/1.1 as a small server needs it: bytes to a request, a reply to the actions that send it.

Nothing here reads, writes or waits. Every reply closes the connection. A reply can be made to fail
in the ways that servers on the internet do.
"""

import re
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.client import responses
from urllib.parse import parse_qsl, unquote, urlsplit

HEAD_LIMIT = 8 * 1024  # bytes of a request's head, else 431
BODY_LIMIT = 64 * 1024  # bytes of a request's body, else 413
SLOW_LIMIT = 4 * 1024  # bytes that a slow reply sends singly; the rest follows at once
CHUNK = 16  # bytes per chunk of a chunked reply
ENDLESS_BLOCK = b" " * 4096
ENDLESS_BLOCKS = 1024  # 4 MiB, beyond any device's memory; then silence
FAULTS = ("hang", "reset", "truncate", "slow", "chunked", "html", "endless")
HTML = b"<!doctype html><html><body><h1>Just a moment...</h1></body></html>\n"

Action = tuple[str, bytes] | tuple[str, float] | tuple[str]
"""('data', bytes), ('wait', seconds), ('close',) or ('reset',)."""


@dataclass(frozen=True)
class Request:
    """A parsed request. Header names are in lower case; the path is decoded, without query."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a handler answers. `fault` is None or one of FAULTS:

    'hang' never answers, 'reset' breaks the connection, 'truncate' closes after half of the body,
    'slow' sends one byte at a time, 'chunked' sends small chunks instead of a length, 'html' sends
    a page with status 200 instead, 'endless' sends blanks until well past any limit, then nothing.
    `raw`, unless empty, is all that is sent, whatever the rest says.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str | None = None
    raw: bytes = b""


def error(status: int) -> Reply:
    """A short text reply for an error status."""
    text = f"{status} {responses[status]}\n"
    return Reply(status, {"Content-Type": "text/plain"}, text.encode())


def parse(buffer: bytearray) -> Request | int | None:
    """A request, the status that refuses it, or None while bytes are missing."""
    end = buffer.find(b"\r\n\r\n")
    if end + 4 > HEAD_LIMIT or (end < 0 and len(buffer) > HEAD_LIMIT):
        return 431
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = _headers(lines)
    target = re.fullmatch(r"([A-Z]+) (\S+) HTTP/1\.[01]", first)
    if headers is None or target is None:
        return 400
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,9}", length):
        return 400
    if int(length) > BODY_LIMIT:
        return 413
    body = bytes(buffer[end + 4 : end + 4 + int(length)])
    if len(body) < int(length):
        return None
    return _request(target[1], target[2], headers, body)


def _headers(lines: list[str]) -> dict[str, str] | None:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return None
        headers[name.lower()] = value.strip()
    return headers


def _request(method: str, target: str, headers: dict[str, str], body: bytes) -> Request | int:
    try:
        url = urlsplit(target)
    except ValueError:
        return 400
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    return Request(method, unquote(url.path), query, headers, body)


def settle(request: Request, reply: Reply) -> Reply:
    """The reply as it will be sent: replaced by a page, or cut to the range asked for.

    Raises ValueError for an unknown fault.
    """
    if reply.fault not in (None, *FAULTS):
        raise ValueError(f"unknown fault {reply.fault!r}; one of: {', '.join(FAULTS)}")
    if reply.fault == "html":
        return Reply(headers={"Content-Type": "text/html"}, body=HTML)
    return _ranged(reply, request.headers.get("range", "")) if reply.status == 200 else reply


def _ranged(reply: Reply, wanted: str) -> Reply:
    """The part that a Range header asks for; the whole where the header is absent or unclear."""
    match = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", wanted.strip())
    size = len(reply.body)
    if match is None or match[1] + match[2] == "":
        return reply
    if match[1]:
        start = int(match[1])
        stop = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return reply  # not a valid range: RFC 9110 14.1.1 says ignore it
    else:
        start, stop = max(size - int(match[2]), 0), size
    if start >= size:
        headers = {**reply.headers, "Content-Range": f"bytes */{size}"}
        return replace(reply, status=416, headers=headers, body=b"")
    headers = {**reply.headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return replace(reply, status=206, headers=headers, body=reply.body[start:stop])


def _head(reply: Reply, epoch: int, framing: dict[str, str]) -> bytes:
    headers = {"Date": formatdate(epoch, usegmt=True), "Connection": "close",
               "Content-Type": "application/octet-stream", **framing}
    headers.update({name.title(): value for name, value in reply.headers.items()})
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def actions(reply: Reply, epoch: int, slow_wait: float, head_only: bool) -> list[Action]:
    """What sends a settled reply, dated `epoch`; `slow_wait` seconds follow each slow byte."""
    if reply.raw:
        return [("data", reply.raw), ("close",)]
    fault, body, framing = reply.fault, reply.body, {"Content-Length": str(len(reply.body))}
    if fault == "hang":
        return []
    if fault == "reset":
        return [("reset",)]
    if fault == "chunked":
        body, framing = _chunked(body), {"Transfer-Encoding": "chunked"}
    elif fault == "endless":
        framing = {}
    elif fault == "truncate":
        body = body[: len(body) // 2]
    head = _head(reply, epoch, framing)
    if head_only:
        return [("data", head), ("close",)]
    if fault == "endless":
        return [("data", head), *[("data", ENDLESS_BLOCK)] * ENDLESS_BLOCKS]
    if fault == "slow":
        return _slowly(head + body, slow_wait)
    return [("data", head + body), ("close",)]


def _chunked(body: bytes) -> bytes:
    pieces = (body[at : at + CHUNK] for at in range(0, len(body), CHUNK))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _slowly(message: bytes, seconds: float) -> list[Action]:
    actions: list[Action] = []
    for byte in message[:SLOW_LIMIT]:
        actions += [("data", bytes([byte])), ("wait", seconds)]
    return [*actions, ("data", message[SLOW_LIMIT:]), ("close",)]
