"""The HTTP client against a raw server on the loopback that misbehaves in every way we know."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from seesaw.net.http import HttpError, Response, fetch

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: Chunked\r\n\r\n"
DEADLINE_S = 0.2


class Server:
    """Answers every connection with one script, after reading the request's head."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.tasks: list[asyncio.Task[Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await self.script(writer)
        except (asyncio.CancelledError, ConnectionError):
            pass  # the client left, or the test is over
        finally:
            writer.close()


def says(*pieces: bytes) -> Script:
    """Send the pieces one by one, then close."""

    async def script(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return script


def says_then_hangs(raw: bytes) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await asyncio.Event().wait()

    return script


def says_then_resets(raw: bytes) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(0.01)  # so that the bytes arrive before the reset does
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return script


async def drips(writer: asyncio.StreamWriter) -> None:
    """A byte every 10 ms for ever: no single read is slow, the whole is."""
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


class Opener:
    """Opens real connections and remembers whether each was closed."""

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []

    async def __call__(self, host: str, port: int, tls: bool) -> tuple[Any, Any]:
        assert not tls
        reader, writer = await asyncio.open_connection(host, port)
        self.writers.append(writer)
        return reader, writer


class Sink:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self.pieces.append(bytes(piece))


def exchange(script: Script, **options: Any) -> tuple[Response, bytes]:
    """One fetch from a server with that script: the response and the request as it came."""

    async def run() -> tuple[Response, bytes]:
        server = Server(script)
        opener = Opener()
        async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            arguments = {"opener": opener, "max_body": 10_000, "deadline_s": 5, **options}
            try:
                response = await fetch(f"http://127.0.0.1:{port}/a?b=c", **arguments)
            finally:
                assert all(writer.transport.is_closing() for writer in opener.writers)
                for task in server.tasks:
                    task.cancel()
                await asyncio.gather(*server.tasks, return_exceptions=True)
            return response, server.requests[0]

    return asyncio.run(run())


def failure(script: Script, **options: Any) -> str:
    with pytest.raises(HttpError) as caught:
        exchange(script, **options)
    return caught.value.kind


def test_content_length() -> None:
    answer = says(OK, b"Content-Length: 5\r\nDATE:  now \r\nX-Other: 1\r\n\r\n", b"he", b"llo")
    response, request = exchange(answer, headers={"Referer": "r"})
    lines = request.decode().split("\r\n")

    assert (response.status, response.body) == (200, b"hello")
    assert response.headers == {"content-length": "5", "date": "now"}
    assert lines[0] == "GET /a?b=c HTTP/1.1"
    assert lines[1].startswith("Host: 127.0.0.1:")
    assert set(lines[2:]) == {
        "User-Agent: Mozilla/5.0 (seesaw)",
        "Accept-Encoding: identity",
        "Connection: close",
        "Referer: r",
        "",
    }


@pytest.mark.parametrize(
    "answer",
    [
        says(OK + b"\r\n", b"he", b"llo"),
        says(b"HTTP/1.0 200\n\nhello"),
        says(OK + b"Content-Length: 5\r\n\r\nhello and more that was not announced"),
        says(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", OK, b"content-length:5\r\n\r\nhello"),
        says(*(bytes([b]) for b in OK + b"Content-Length: 5\r\n\r\nhello")),
        says(OK + CHUNKED + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n"),
        says(OK + CHUNKED.lower() + b"00000005\r\nhello\r\n0\r\n\r\n"),
        says(OK + b"Set-Cookie: " + b"x" * 9000 + b"\r\nContent-Length: 5\r\n\r\nhello"),
        says(OK + b"A: b\r\n" * 64 + b"\r\nhello"),
        says(OK + b"Content-Encoding: identity\r\n\r\nhello"),
    ],
)
def test_the_same_body_in_many_shapes(answer: Script) -> None:
    assert exchange(answer)[0].body == b"hello"


@pytest.mark.parametrize("status", [204, 304, 301, 404, 429, 503])
def test_any_status_is_returned_as_it_is(status: int) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: /y\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"
    response, _ = exchange(says(head.encode()))

    assert response.status == status
    assert response.headers["retry-after"] == "9"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_is_not_waited_for(status: int) -> None:
    raw = b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status

    assert exchange(says_then_hangs(raw))[0].body == b""


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("closed", says(b"")),
        ("closed", says_then_resets(OK + b"Content-Length: 5\r\n\r\nhe")),
        ("timeout", says_then_hangs(b"")),
        ("timeout", says_then_hangs(OK + b"Content-")),
        ("timeout", says_then_hangs(OK + b"Content-Length: 5\r\n\r\nhe")),
        ("timeout", drips),
        ("truncated", says(b"HTTP/1.1 200")),
        ("truncated", says(OK + b"Content-Length: 5\r\n")),
        ("truncated", says(OK + b"Content-Length: 5\r\n\r\nhell")),
        ("truncated", says(OK + CHUNKED + b"5\r\nhell")),
        ("truncated", says(OK + CHUNKED + b"5\r\nhello\r\n")),
        ("truncated", says(OK + CHUNKED + b"5\r\nhello\r\n0\r\n")),
        ("too_long", says(OK + b"Content-Length: 10001\r\n\r\n")),
        ("too_long", says(OK + b"\r\n" + b"x" * 10_001)),
        ("too_long", says(OK + CHUNKED + b"2712\r\n")),
        (
            "too_long",
            says(OK + CHUNKED + b"A\r\n0123456789\r\n" * 1001),
        ),
        ("encoding", says(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b")),
        ("encoding", says(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n")),
        ("malformed", says(b"<html>\r\n\r\n")),
        ("malformed", says(b"HTTP/2 200 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 20 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 2000 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 +20 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 099 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1  200 OK\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 101 Switching\r\n\r\n")),
        ("malformed", says(b"HTTP/1.1 100 Go on\r\n\r\n" * 4)),
        ("malformed", says(OK + b"no colon\r\n\r\n")),
        ("malformed", says(OK + b": no name\r\n\r\n")),
        ("malformed", says(OK + b"Date : x\r\n\r\n")),
        ("malformed", says(OK + b"Date: x\r\n folded: y\r\n\r\n")),
        ("malformed", says(OK + b"Date: \xff\r\n\r\n")),
        ("malformed", says(OK + b"Date: " + b"x" * 1024 + b"\r\n\r\n")),
        ("malformed", says(OK + b"A: b\r\n" * 65 + b"\r\n")),
        ("malformed", says(b"x" * 20_000)),
        ("malformed", says(OK + b"Set-Cookie: " + b"x" * 20_000)),
        ("malformed", says(OK + b"Content-Length: -5\r\n\r\n")),
        ("malformed", says(OK + b"Content-Length: 5, 5\r\n\r\n")),
        ("malformed", says(OK + b"Content-Length: 1e3\r\n\r\n")),
        ("malformed", says(OK + b"Content-Length:\r\n\r\n")),
        ("malformed", says(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")),
        ("malformed", says(OK + CHUNKED + b"x\r\n")),
        ("malformed", says(OK + CHUNKED + b"-1\r\n")),
        ("malformed", says(OK + CHUNKED + b"\r\n")),
        ("malformed", says(OK + CHUNKED + b"2\r\nhello\r\n0\r\n\r\n")),
    ],
)
def test_failures_have_a_kind_and_close(kind: str, answer: Script) -> None:
    deadline_s = DEADLINE_S if kind == "timeout" else 5

    assert failure(answer, deadline_s=deadline_s) == kind


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(HttpError) as caught:
            asyncio.run(fetch(url, opener=Opener(), max_body=10, deadline_s=5))

    assert caught.value.kind == "refused"


BODY = bytes(range(256)) * 36


@pytest.mark.parametrize(
    "answer",
    [
        says(OK + b"\r\n" + BODY),
        says(OK + b"Content-Length: 9216\r\n\r\n" + BODY),
        says(OK + CHUNKED + b"2400\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ],
)
def test_a_sink_gets_the_body_in_pieces(answer: Script) -> None:
    sink = Sink()
    response, _ = exchange(answer, sink=sink)

    assert response.body == b""
    assert b"".join(sink.pieces) == BODY
    assert max(map(len, sink.pieces)) <= 4096


def test_a_sink_never_gets_more_than_the_cap() -> None:
    for head in (b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n2400\r\n"):
        sink = Sink()
        assert failure(says(OK + head + BODY), sink=sink, max_body=5000) == "too_long"
        assert sum(map(len, sink.pieces)) <= 5000


@pytest.mark.parametrize("status", [206, 404, 500])
def test_a_sink_gets_nothing_but_the_file(status: int) -> None:
    sink = Sink()
    response, _ = exchange(says(b"HTTP/1.1 %d X\r\n\r\noops" % status), sink=sink)

    assert (response.status, response.body, sink.pieces) == (status, b"", [])


class Enough(Sink):
    """Has seen enough after the first piece."""

    def write(self, piece: bytes) -> bool:
        super().write(piece)
        return True


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 9000\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n3E8\r\n"],
)
def test_a_sink_that_has_enough_ends_the_exchange(head: bytes) -> None:
    """Though the rest never comes, or is no chunk."""
    sink = Enough()
    response, _ = exchange(says(OK + head + b"{" * 40), sink=sink)

    assert (response.status, response.body) == (200, b"")
    assert len(sink.pieces) == 1


def test_a_user_agent_can_be_replaced() -> None:
    _, request = exchange(says(OK + b"\r\n"), headers={"user-agent": "other/1"})
    assert request.lower().count(b"user-agent:") == 1 and b"other/1" in request


def test_a_sinks_own_error_passes_through() -> None:
    class Full:
        def write(self, piece: bytes) -> None:
            raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        exchange(says(OK + b"\r\nhello"), sink=Full())


PART = b"HTTP/1.1 206 Part\r\nContent-Range: bytes %d-%d/99\r\n\r\n"


def test_a_range() -> None:
    sink = Sink()
    response, request = exchange(says(PART % (10, 14) + b"hello"), range_bytes=(10, 14), sink=sink)

    assert b"\r\nRange: bytes=10-14\r\n" in request
    assert response.status == 206
    assert response.headers["content-range"] == "bytes 10-14/99"
    assert sink.pieces == [b"hello"]


def test_a_server_without_ranges_does_not_reach_the_sink() -> None:
    sink = Sink()
    response, _ = exchange(says(OK + b"\r\nwhole file"), range_bytes=(10, 14), sink=sink)

    assert (response.status, sink.pieces) == (200, [])
    assert exchange(says(OK + b"\r\nwhole"), range_bytes=(10, 14))[0].body == b"whole"


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("malformed", PART % (0, 4) + b"hello"),
        ("malformed", PART % (100, 104) + b"hello"),
        ("malformed", b"HTTP/1.1 206 Part\r\n\r\nhello"),
        ("too_long", PART % (10, 14) + b"hello, too long"),
    ],
)
def test_another_range_than_asked(kind: str, raw: bytes) -> None:
    sink = Sink()

    assert failure(says(raw), range_bytes=(10, 14), sink=sink) == kind
    assert sink.pieces == []


def test_a_header_cannot_add_a_line() -> None:
    assert failure(says(OK), headers={"A": "b\r\nC: d"}) == "url"
