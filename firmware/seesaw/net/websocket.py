"""A WebSocket client over a stream that is handed in (RFC 6455), all of it limited.

Everything ends: opening has a deadline, and so has the wait for a message, whatever frames come
meanwhile. The memory is bounded: a message longer than MESSAGE_MAX is read past without being held.
No extension and no subprotocol is asked for, so none is taken. Text is not checked to be UTF-8:
whoever reads the message does that.

Pings are answered and none are sent. A message that does not come in time ends the stream, be the
server dead or only quiet: the feed is of no use then either way.

All that goes wrong is an HttpError. Its kinds besides those of http.py: 'status' an answer other
than 101 (`status` and `retry_after` tell more), 'handshake' a 101 that is none, 'protocol' frames
against the RFC, 'silent' no message in time, 'ended' the server said goodbye.
"""

import asyncio
from binascii import b2a_base64
from hashlib import sha1

from micropython import const

from seesaw.net import http
from seesaw.net.http import HttpError
from seesaw.net.url import split

MESSAGE_MAX = const(2048)  # bytes of a message, all fragments together
SEND_MAX = const(1024)  # bytes of a text that is sent
_SKIP_PIECE = const(512)  # bytes a read of what is passed over
_GOODBYE_S = const(1)  # for the server's answer to our close
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = const(1), const(8), const(9), const(10)
_KNOWN = (0, 1, 2, 8, 9, 10)
_NORMAL, _GOING_AWAY, _PROTOCOL_ERROR = const(1000), const(1001), const(1002)
_WANTED = (
    "upgrade",
    "connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "retry-after",
)


async def connect(url: str, *, opener: object, random: object, deadline_s: float) -> "WebSocket":
    """An open WebSocket to a ws:// or wss:// url; HttpError if there is none within deadline_s.

    opener: an async function (host, port, tls) -> (reader, writer). random: a function that returns
    a float in [0, 1), for the key and the masks (RFC 6455, 4.1 and 5.3).
    """
    if not url.startswith("ws"):
        raise HttpError("url", "neither ws nor wss")
    try:
        tls, host, port, path = split("http" + url[2:])
    except ValueError as error:
        raise HttpError("url", str(error))
    name = host if port == (443 if tls else 80) else "%s:%d" % (host, port)
    opening = _open(opener, (host, port, tls), name, path, random)
    try:
        return await asyncio.wait_for(opening, deadline_s)
    except asyncio.TimeoutError:
        raise HttpError("timeout")


async def _open(
    opener: object, address: tuple, name: str, path: str, random: object
) -> "WebSocket":
    key = b2a_base64(_noise(random, 16)).strip()
    wire = await http.connect(opener, address)
    good = False
    try:
        await wire.send(
            b"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (seesaw)\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: %s\r\n\r\n" % (path.encode(), name.encode(), key)
        )
        status, headers = await http.head(wire, _WANTED, True)
        if status != 101:
            error = HttpError("status", str(status))
            error.status = status
            error.retry_after = headers.get("retry-after", "")
            raise error
        _check(headers, key)
        good = True
    finally:
        if not good:
            await http.close(wire)
    return WebSocket(wire, random)


def _check(headers: dict, key: bytes) -> None:
    # RFC 6455, 4.1: what makes an answer ours. An old answer kept by a proxy has another accept.
    tokens = [token.strip() for token in headers.get("connection", "").lower().split(",")]
    if headers.get("upgrade", "").lower() != "websocket" or "upgrade" not in tokens:
        raise HttpError("handshake", "no upgrade")
    wanted = b2a_base64(sha1(key + _GUID).digest()).strip().decode()
    if headers.get("sec-websocket-accept") != wanted:
        raise HttpError("handshake", "another key's answer")
    if headers.get("sec-websocket-extensions") or headers.get("sec-websocket-protocol"):
        raise HttpError("handshake", "an extension that was not asked for")


def _noise(random: object, n: int) -> bytes:
    # 32-bit floats carry 24 bits: a byte each is safe.
    return bytes([int(random() * 256) & 255 for _ in range(n)])


class WebSocket:
    """An open stream. After an error it is good for close() alone, which is owed in any case."""

    def __init__(self, wire: object, random: object) -> None:
        self._wire = wire
        self._random = random
        self._code = _NORMAL  # what our close will say; 0 when it was said

    async def send(self, text: str) -> None:
        """Send a text of at most SEND_MAX bytes."""
        await self._send(_TEXT, text.encode())

    async def message(self, silence_s: float) -> bytes:
        """The next message of at most MESSAGE_MAX bytes, text or binary; HttpError if none comes
        within silence_s seconds. One at a time."""
        try:
            return await asyncio.wait_for(self._message(), silence_s)
        except asyncio.TimeoutError:
            self._code = _GOING_AWAY if self._code else 0
            raise HttpError("silent")

    async def close(self) -> None:
        """Say goodbye if that is still owed, and release the stream; never raises HttpError."""
        try:
            if self._code:
                await asyncio.wait_for(self._goodbye(), _GOODBYE_S)
        except (asyncio.TimeoutError, HttpError):
            pass  # it is gone, or does not answer
        finally:
            await http.close(self._wire)

    async def _goodbye(self) -> None:
        code, self._code = self._code, 0
        await self._send(_CLOSE, code.to_bytes(2, "big"))
        while code == _NORMAL:  # until the server's close, which is an HttpError
            await self._message()

    async def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | min(size, 126)))
        if size > 125:
            head += size.to_bytes(2, "big")
        mask = _noise(self._random, 4)
        masked = bytearray(payload)
        for i in range(size):
            masked[i] ^= mask[i & 3]
        await self._wire.send(head + mask + masked)

    async def _message(self) -> bytes:
        begun = False
        kept = b""
        size = 0
        while True:
            final, opcode, length = await self._head()
            if opcode >= _CLOSE:
                await self._control(opcode, await self._exactly(length))
                continue
            if begun == (opcode != 0):
                raise self._wrong("a fragment out of place")
            begun = True
            size += length
            if size <= MESSAGE_MAX:
                kept += await self._exactly(length)
            else:
                kept = b""
                await self._skip(length)
            if final:
                if size <= MESSAGE_MAX:
                    return kept
                begun = False  # too long: passed over
                size = 0

    async def _head(self) -> tuple:
        """(final, opcode, length) of the next frame (RFC 6455, 5.2)."""
        first, second = await self._exactly(2)
        opcode, length, final = first & 15, second & 127, first >= 0x80
        if first & 0x70 or opcode not in _KNOWN:
            raise self._wrong("an unknown kind of frame")
        if second >= 0x80:
            raise self._wrong("a masked frame")
        if opcode >= _CLOSE and (length > 125 or not final):
            raise self._wrong("a long control frame")
        if length > 125:
            least = 126 if length == 126 else 65536
            length = int.from_bytes(await self._exactly(2 if length == 126 else 8), "big")
            if not least <= length < 1 << 63:
                raise self._wrong("a length")
        return final, opcode, length

    async def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            await self._send(_PONG, payload)
        elif opcode == _CLOSE:
            if len(payload) == 1:
                raise self._wrong("half a code")
            if self._code:
                self._code = 0
                await self._send(_CLOSE, payload[:2])
            code = int.from_bytes(payload[:2], "big")
            raise HttpError("ended", "%d %s" % (code, _printable(payload[2:])))

    async def _exactly(self, n: int) -> bytes:
        kept = b""
        while len(kept) < n:
            kept += await self._read(n - len(kept))
        return kept

    async def _skip(self, n: int) -> None:
        while n:
            n -= len(await self._read(min(n, _SKIP_PIECE)))

    async def _read(self, n: int) -> bytes:
        piece = await self._wire.read(n)
        if not piece:
            self._code = 0  # there is nobody to say goodbye to
            raise HttpError("closed")
        return piece

    def _wrong(self, words: str) -> HttpError:
        self._code = _PROTOCOL_ERROR if self._code else 0
        return HttpError("protocol", words)


def _printable(raw: bytes) -> str:
    return "".join([chr(c) if 0x20 <= c < 0x7F else "?" for c in raw])
