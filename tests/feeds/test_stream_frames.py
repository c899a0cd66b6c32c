"""The WebSocket client on bytes made by hand: any bytes, any pieces; judged by `websockets` too."""

import asyncio
import base64
import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw.net.http import Wire
from seesaw.net.websocket import MESSAGE_MAX, HttpError, WebSocket, connect
from stream_rig import vm_answers
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

KINDS = ("protocol", "closed", "ended", "silent")
PIECE_MOST = 2048  # bytes that the client may ask for at once


class Pieces:
    """One object to read and write, as on MicroPython: pieces of given sizes, then its end."""

    def __init__(self, raw: bytes, sizes: list[int]) -> None:
        self.raw = raw
        self.sizes = sizes
        self.sent = b""
        self.reads = 0
        self.closed = False

    async def opener(self, host: str, port: int, tls: bool) -> tuple[Any, Any]:
        return self, self

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        pass

    async def read(self, n: int) -> bytes:
        assert 0 < n <= PIECE_MOST
        size = min(n, self.sizes[self.reads % len(self.sizes)])
        self.reads += 1
        piece, self.raw = self.raw[:size], self.raw[size:]
        return piece

    def close(self) -> None:
        pass

    async def wait_closed(self) -> None:
        self.closed = True
        raise OSError(104, "reset while closing")


def talk(raw: bytes, sizes: list[int]) -> tuple[list[bytes], str, bytes]:
    """(messages, the kind of what ended it, all that the client sent) for a server's bytes."""
    pieces = Pieces(raw, sizes)
    found: list[bytes] = []

    async def run() -> str:
        socket = WebSocket(Wire(pieces, pieces), random.Random(1).random)
        try:
            while True:
                found.append(await socket.message(60))
        except HttpError as error:
            return error.kind
        finally:
            await socket.close()

    kind = asyncio.run(run())
    assert pieces.closed
    return found, kind, pieces.sent


def frame(first: int, payload: bytes, form: int = 0, mask: bool = False) -> bytes:
    """A server's frame. form: 0 the shortest length, 1 two bytes, 2 eight bytes."""
    size = len(payload)
    form = max(form, (size > 125) + (size > 65535))
    shown = (size, 126, 127)[form]
    length = size.to_bytes((0, 2, 8)[form], "big") if form else b""
    return bytes((first, shown | 0x80 * mask)) + length + (b"\0\0\0\0" if mask else b"") + payload


payloads = st.binary(max_size=20) | st.sampled_from([100, 126, 700, 2048, 2049]).map(bytes)
right_firsts = st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A])
frames = st.builds(frame, right_firsts, payloads)
odd_frames = st.builds(frame, st.integers(0, 255), payloads, st.integers(0, 2), st.booleans())
sizes = st.lists(st.integers(1, 3000), min_size=1, max_size=5)
wholes = st.lists(frames, max_size=8).map(b"".join)
odd_wholes = st.lists(frames | odd_frames | st.binary(max_size=12), max_size=8).map(b"".join)


def oracle(raw: bytes) -> tuple[list[bytes], list[bytes]]:
    """The messages that `websockets` finds, long ones left out, and the pings that it answers."""
    client = ClientProtocol(parse_uri("ws://h/"), state=State.OPEN, max_size=None)
    client.receive_data(raw)
    messages, pings, parts = [], [], []
    for one in client.events_received():
        assert isinstance(one, Frame)
        if one.opcode is Opcode.PING:
            pings.append(bytes(one.data))
        elif one.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            parts.append(bytes(one.data))
            if one.fin:
                whole = b"".join(parts)
                parts = []
                if len(whole) <= MESSAGE_MAX:
                    messages.append(whole)
    return messages, pings


def pongs(sent: bytes) -> list[bytes]:
    """The payloads of the pongs in what a client sent; `websockets` checks its frames."""
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(sent)
    assert server.parser_exc is None or isinstance(server.parser_exc, EOFError)
    events = [one for one in server.events_received() if isinstance(one, Frame)]
    return [bytes(one.data) for one in events if one.opcode is Opcode.PONG]


@settings(deadline=None)
@given(wholes, sizes)
def test_right_frames_are_read_as_websockets_reads_them(raw: bytes, cut: list[int]) -> None:
    messages, kind, sent = talk(raw, cut)
    theirs, pings = oracle(raw)

    assert messages == theirs
    assert pongs(sent) == pings
    assert kind in ("closed", "protocol")


@pytest.mark.parametrize("size", [2048, 2049, 65535, 65536, 400000])
def test_a_long_message_is_read_past_and_the_next_one_comes(size: int) -> None:
    raw = frame(0x81, b"x" * size) + frame(0x01, b"y" * 2000) + frame(0x80, b"z" * 100)
    messages, kind, _ = talk(raw + frame(0x82, b"next"), [1500])

    assert messages == [b"x" * size] * (size <= MESSAGE_MAX) + [b"next"]
    assert kind == "closed"


@settings(deadline=None)
@given(odd_wholes | st.binary(max_size=200), sizes)
def test_any_bytes_in_any_pieces_end_alike(raw: bytes, cut: list[int]) -> None:
    messages, kind, sent = talk(raw, cut)

    assert (messages, kind, sent) == talk(raw, [PIECE_MOST])
    assert kind in KINDS
    assert all(len(message) <= MESSAGE_MAX for message in messages)
    pongs(sent)


WRONG = (1002).to_bytes(2, "big")


@pytest.mark.parametrize(
    ("raw", "kind", "goodbye"),
    [
        (frame(0x81, b"x", mask=True), "protocol", WRONG),
        (frame(0x83, b"x"), "protocol", WRONG),
        (frame(0x8B, b"x"), "protocol", WRONG),
        (frame(0xC1, b"x"), "protocol", WRONG),
        (frame(0x09, b"x"), "protocol", WRONG),
        (frame(0x89, b"x" * 126), "protocol", WRONG),
        (frame(0x80, b"x"), "protocol", WRONG),
        (frame(0x01, b"x") + frame(0x81, b"x"), "protocol", WRONG),
        (frame(0x81, b"x", 1), "protocol", WRONG),
        (frame(0x81, b"x" * 200, 2), "protocol", WRONG),
        (b"\x81\x7f" + b"\xff" * 8, "protocol", WRONG),
        (frame(0x88, b"x"), "protocol", WRONG),
        (frame(0x88, b"\x03\xe9bye"), "ended", b"\x03\xe9"),
        (frame(0x88, b""), "ended", b""),
        (b"", "closed", None),
        (b"\x81", "closed", None),
        (b"\x81\x05abc", "closed", None),
    ],
)
def test_how_it_ends_and_what_is_heard(raw: bytes, kind: str, goodbye: bytes | None) -> None:
    _, ended, sent = talk(raw, [1])
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(sent)
    closes = [one for one in server.events_received() if isinstance(one, Frame)]

    assert ended == kind
    assert [bytes(one.data[:2]) for one in closes] == ([goodbye] if goodbye is not None else [])


def opening(answer: bytes, url: str = "ws://h/x", **more: Any) -> str:
    """How an opening ends: "" or the kind of error. KEY in the answer stands for the accept."""

    class Server(Pieces):
        def write(self, data: bytes) -> None:
            super().write(data)
            key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
            if len(base64.b64decode(key)) == 16:
                text = key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                accept = base64.b64encode(hashlib.sha1(text).digest())
                self.raw = self.raw.replace(b"KEY", accept)

    server = Server(answer, [7])
    opener = more.pop("opener", server.opener)

    async def run() -> str:
        try:
            await connect(url, opener=opener, random=random.random, deadline_s=5, **more)
        except HttpError as error:
            assert server.closed or not server.sent
            return error.kind
        assert not server.closed
        return ""

    return asyncio.run(run())


START = b"HTTP/1.1 101 Switching Protocols\r\n"
UPGRADE, ACCEPT = b"Upgrade: WebSocket\r\n", b"Sec-WebSocket-Accept: KEY\r\n"
CONNECTION = b"Connection: keep-alive, upgrade\r\n"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (START + UPGRADE + CONNECTION + ACCEPT, ""),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" + START + UPGRADE + CONNECTION + ACCEPT, ""),
        (START + UPGRADE + CONNECTION, "handshake"),
        (START + UPGRADE + ACCEPT, "handshake"),
        (START + CONNECTION + ACCEPT, "handshake"),
        (START + UPGRADE + CONNECTION + b"Sec-WebSocket-Accept: KEYx\r\n", "handshake"),
        (START + UPGRADE + CONNECTION + ACCEPT + b"Sec-WebSocket-Protocol: x\r\n", "handshake"),
        (START + UPGRADE + CONNECTION + b"X: " + b"y" * 20000 + b"\r\n", "malformed"),
        (START + b"X: y\r\n" * 100, "malformed"),
        (START + b"Upgrade : websocket\r\n", "malformed"),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n", "status"),
        (b"HTTP/1.1 451 No\r\n", "status"),
        (b"<html>\r\n", "malformed"),
        (b"HTTP/1.1 999 No\r\n", "malformed"),
        (b"", "malformed"),
    ],
)
def test_openings(answer: bytes, kind: str) -> None:
    assert opening(answer + b"\r\n") == kind


STARTS = [b"", START, START + UPGRADE + CONNECTION + ACCEPT]


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(STARTS))
def test_arbitrary_openings_end_in_an_http_error(raw: bytes, start: bytes) -> None:
    assert opening(start + raw) in ("", "handshake", "status", "malformed", "closed", "truncated")


@pytest.mark.parametrize("url", ["", "http://h/", "wsx://h/", "ws:/h", "ws://u@h/", "ws://h/ x"])
def test_urls_that_are_refused(url: str) -> None:
    assert opening(b"", url) == "url"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(113, "no route"), "unreachable"),
        (OSError(111, "refused"), "refused"),
        (ValueError("certificate verify failed"), "tls"),
        (TimeoutError(), "timeout"),
    ],
)
def test_what_an_opener_may_raise(error: Exception, kind: str) -> None:
    async def opener(*address: object) -> tuple[Any, Any]:
        assert address == ("h", 443, True)
        raise error

    assert opening(b"", "wss://h", opener=opener) == kind


def test_a_silent_server_is_given_up_and_told() -> None:
    class Silent(Pieces):
        async def read(self, n: int) -> bytes:
            if not self.raw:
                await asyncio.Event().wait()
            return await super().read(n)

    silent = Silent(frame(0x89, b"ping") + b"\x81\x05ab", [9])

    async def run() -> None:
        socket = WebSocket(Wire(silent, silent), random.random)
        with pytest.raises(HttpError, match="silent"):
            await socket.message(0.05)
        await socket.close()

    asyncio.run(run())
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(silent.sent)
    said = [one for one in server.events_received() if isinstance(one, Frame)]
    assert [one.opcode for one in said] == [Opcode.PONG, Opcode.CLOSE]
    assert said[1].data == (1001).to_bytes(2, "big")
    assert silent.closed


PROGRAM = """
import asyncio
from seesaw.net.websocket import HttpError, WebSocket
from seesaw.net.http import Wire

class Pieces:
    def __init__(self, raw, size):
        self.raw = raw
        self.at = 0
        self.size = size
        self.sent = b""
    def write(self, data):
        self.sent += bytes(data)
    async def drain(self):
        pass
    async def read(self, n):
        at = self.at
        self.at = min(at + min(n, self.size), len(self.raw))
        return self.raw[at : self.at]
    def close(self):
        pass
    async def wait_closed(self):
        pass

async def run(pieces, found):
    socket = WebSocket(Wire(pieces, pieces), lambda: 0.625)
    try:
        while True:
            found.append(await socket.message(60))
    except HttpError as error:
        return str(error)
    finally:
        await socket.close()

def answer(case):
    pieces = Pieces(case[1:], 1 + case[0] * 8 + 64 * (len(case) > 5000))
    found = []
    words = asyncio.run(run(pieces, found))
    return ("%s %d " % (words, len(found))).encode() + b"|".join(found) + pieces.sent
"""


def vm_cases() -> list[bytes]:
    """Right and broken conversations, by a seed of their own."""
    draw = random.Random(7)
    found = []
    for _ in range(200):
        raw = b""
        for _ in range(draw.randrange(8)):
            first = draw.choice([0x81, 0x82, 1, 0, 0x80, 0x89, 0x8A, 0x88, draw.randrange(256)])
            size = draw.choice([0, 2, 5, 125, 126, 300, 2048, 2049, 66000])
            raw += frame(first, draw.randbytes(size), draw.choice([0, 0, 0, 1, 2]))
        if draw.random() < 0.3:
            raw = raw[: draw.randrange(len(raw) + 1)] + draw.randbytes(draw.randrange(20))
        found.append(bytes((draw.randrange(256),)) + raw)
    return found


def test_the_vm_reads_alike() -> None:
    here: dict = {}
    exec(PROGRAM, here)
    asked = vm_cases()
    said = vm_answers(PROGRAM, asked)

    ends = set()
    for case, there in zip(asked, said, strict=True):
        assert here["answer"](case) == there
        ends.add(there.partition(b" ")[0])
    assert {b"protocol:", b"closed", b"ended:"} <= ends
