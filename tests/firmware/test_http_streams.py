"""The HTTP client on streams made by hand: what no loopback server can show; and the URLs."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.net.http import HttpError, fetch
from seesaw.net.url import split


def failure(opener: Any, url: str = "https://h", deadline_s: float = 5) -> str:
    with pytest.raises(HttpError) as caught:
        asyncio.run(fetch(url, opener=opener, max_body=10, deadline_s=deadline_s))
    return caught.value.kind


async def never_opens(host: str, port: int, tls: bool) -> tuple[Any, Any]:
    await asyncio.Event().wait()
    raise AssertionError("never reached")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("unreachable", OSError(113, "no route")),
        ("unreachable", OSError(-2)),
        ("timeout", TimeoutError()),
        ("tls", ValueError("certificate verify failed")),
    ],
)
def test_what_opening_can_raise(kind: str, error: Exception) -> None:
    async def opener(host: str, port: int, tls: bool) -> tuple[Any, Any]:
        assert (host, port, tls) == ("h", 443, True)
        raise error

    assert failure(opener) == kind


def test_an_opener_that_hangs_meets_the_deadline() -> None:
    begin_s = time.monotonic()

    assert failure(never_opens, deadline_s=0.2) == "timeout"
    assert 0.1 < time.monotonic() - begin_s < 2


class Stream:
    """One object for reading and writing, as on MicroPython, with a fixed answer or an error.

    close() does nothing there; what went wrong while connecting shows at the first write or read.
    """

    def __init__(self, answer: bytes | Exception, on_write: Exception | None = None) -> None:
        self.answer = answer
        self.on_write = on_write
        self.closed = False

    async def opener(self, host: str, port: int, tls: bool) -> tuple[Any, Any]:
        return self, self

    def write(self, data: bytes) -> None:
        if self.on_write:
            raise self.on_write

    async def drain(self) -> None:
        pass

    async def read(self, n: int) -> bytes:
        if isinstance(self.answer, Exception):
            raise self.answer
        piece, self.answer = self.answer[:n], self.answer[n:]
        return piece

    def close(self) -> None:
        pass

    async def wait_closed(self) -> None:
        self.closed = True
        raise OSError(104, "reset while closing")


@pytest.mark.parametrize(
    ("kind", "stream"),
    [
        ("refused", Stream(b"", on_write=OSError(111, "refused"))),
        ("refused", Stream(OSError(111, "refused"))),
        ("closed", Stream(OSError(104, "reset"))),
        ("closed", Stream(EOFError())),
        ("tls", Stream(ValueError("certificate verify failed"))),
    ],
)
def test_what_shows_only_later(kind: str, stream: Stream) -> None:
    assert failure(stream.opener) == kind
    assert stream.closed


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]),
)
def test_arbitrary_bytes_end_in_a_response_or_an_http_error(raw: bytes, start: bytes) -> None:
    stream = Stream(start + raw)
    try:
        fetched = fetch("http://h", opener=stream.opener, max_body=100, deadline_s=5)
        assert len(asyncio.run(fetched).body) <= 100
    except HttpError as error:
        assert error.kind in ("closed", "truncated", "malformed", "encoding", "too_long")
    assert stream.closed


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://h", (False, "h", 80, "/")),
        ("https://quote.cnbc.com/a?b=.SPX|.DJI", (True, "quote.cnbc.com", 443, "/a?b=.SPX|.DJI")),
        ("http://10.0.2.2:8080/x:y", (False, "10.0.2.2", 8080, "/x:y")),
        ("http://h?q", (False, "h", 80, "/?q")),
    ],
)
def test_urls(url: str, parts: tuple[bool, str, int, str]) -> None:
    assert split(url) == parts


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h/x",
        "ftp://h/",
        "HTTP//h",
        "http:///x",
        "http://h:/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:+80/",
        "http://u@h/",
        "http://[::1]/",
        "http://h/#f",
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h/é",
        "http://h/" + "x" * 512,
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        split(url)
    assert failure(never_opens, url) == "url"
