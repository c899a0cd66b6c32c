"""A WebSocket server without I/O, on the `websockets` package, and the ways in which it can fail.

A peer is one connection: bytes in, actions out, and a tick each second. Whoever owns the network
performs the actions; stream_server.py does on real loopback sockets.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from host_tools.market.http1 import Action
from host_tools.market.streams import Exchange

DAY_TICKS = 86_400  # of a connection: then Binance closes it
PING_TICKS = 20  # between two pings of the server
HUGE = 300_000  # bytes of a message that no device can hold
FLOOD = 50  # messages a tick
EMPTY_FRAGMENTS = 200  # a tick
LOG_LIMIT = 10_000
GOOD_FAULTS = ("fragments", "flood", "huge")  # odd, and right: quotes come all the same
OPENING_FAULTS = ("no_answer", "slow_handshake", "wrong_accept", "no_upgrade", "extension", "page",
                  "403", "429", "451", "503", "reset_opening")
FRAME_FAULTS = ("silence", "ping_only", "garbage", "masked", "opcode", "rsv", "long_ping",
                "short_length", "stray", "endless", "empty_fragments", "cut", "reset", "going_away",
                "half_code")
DATA_FAULTS = ("null", "zero", "wrong_symbol", "html", "nan", "nested", "not_utf8", "refused")
FAULTS = GOOD_FAULTS + OPENING_FAULTS + FRAME_FAULTS + DATA_FAULTS
# The raw frames of those that no server library would send, in place of a message.
RAW: dict[str, bytes] = {
    "masked": b"\x81\x82\x00\x00\x00\x00{}",
    "opcode": b"\x83\x02{}",
    "rsv": b"\xc1\x02{}",
    "long_ping": b"\x89\x7e\x00\x80" + b"p" * 128,
    "short_length": b"\x81\x7e\x00\x02{}",
    "stray": b"\x80\x02{}",
    "endless": b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff" + b" " * 500,
    "cut": b"\x81\x7e\x01\x00half",
    "half_code": b"\x88\x01\x03",
}  # fmt: skip
TEXTS: dict[str, bytes] = {
    "html": b"<!doctype html><html><body>Just a moment...</body></html>",
    "nan": b'{"e":"24hrMiniTicker","type":"ticker","channel":"ticker","c":NaN,"price":NaN}',
    "nested": b"[" * 2000,
    "not_utf8": b'{"e":"24hrMiniTicker","s":"\xff\xfe"}',
}


@dataclass
class StreamSite:
    """An exchange behind a fault. Set `fault` at any time; the rest before it serves.

    make: what a new connection to a path says. every_s: seconds of a tick. life_ticks: after so
    many the server closes, as after 24 hours.
    """

    make: Callable[[str], Exchange]
    every_s: float = 1.0
    life_ticks: int = DAY_TICKS
    slow_wait: float = 0.5  # seconds after each byte of a slow handshake
    ping_ticks: int = PING_TICKS
    _fault: str | None = None
    # (event, words): ("open", path), ("status", "403"), ("pong", ""), ("close", "1000"), ("wrong",
    # what the client did against the RFC)
    log: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=LOG_LIMIT))

    @property
    def fault(self) -> str | None:
        """The fault now, None if healthy. Setting an unknown one raises ValueError."""
        return self._fault

    @fault.setter
    def fault(self, fault: str | None) -> None:
        if fault not in (None, *FAULTS):
            raise ValueError(f"unknown fault {fault!r}; one of: {', '.join(FAULTS)}")
        self._fault = fault

    def connect(self) -> "StreamPeer":
        """A new connection."""
        return StreamPeer(self)

    def count(self, event: str) -> int:
        """How often an event is in the log."""
        return sum(name == event for name, _ in self.log)


class StreamPeer:
    """One connection."""

    def __init__(self, site: StreamSite) -> None:
        self._site = site
        self._protocol = ServerProtocol()
        self._exchange: Exchange | None = None
        self._ticks = 0

    @property
    def every_s(self) -> float:
        """Seconds between two ticks."""
        return self._site.every_s

    def received(self, data: bytes) -> list[Action]:
        """Take bytes from the client, empty at the end; the actions to perform."""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        actions: list[Action] = []
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                actions += self._opened(event)
            elif isinstance(event, Frame):
                self._heard(event)
        if self._protocol.parser_exc and not isinstance(self._protocol.parser_exc, EOFError):
            self._site.log.append(("wrong", str(self._protocol.parser_exc)))
        return actions + self._flushed()

    def tick(self) -> list[Action]:
        """A second has passed."""
        if self._exchange is None or self._protocol.state is not State.OPEN:
            return []
        self._ticks += 1
        self._exchange.fault = self._site.fault
        fault = self._site.fault
        if self._ticks >= self._site.life_ticks or fault == "going_away":
            self._protocol.send_close(1001, "going away")
        elif fault == "reset":
            return [("reset",)]
        elif fault in RAW:
            return [("data", RAW[fault]), *([("close",)] if fault == "cut" else [])]
        elif fault == "garbage":
            return [("data", random.Random(self._ticks).randbytes(64))]
        else:
            self._say(fault)
        return self._flushed()

    def _opened(self, request: Request) -> list[Action]:
        fault = self._site.fault
        response = self._response(request, fault)
        self._site.log.append(("open", request.path))
        if fault == "no_answer":
            return []
        if fault == "reset_opening":
            return [("reset",)]
        self._protocol.send_response(response)
        raw = b"".join(self._protocol.data_to_send())
        if fault == "slow_handshake":
            slow: list[Action] = []
            for byte in raw:
                slow += [("data", bytes((byte,))), ("wait", self._site.slow_wait)]
            return slow
        actions: list[Action] = [("data", raw)]
        if response.status_code != 101:
            self._site.log.append(("status", str(response.status_code)))
            return [*actions, ("close",)]
        self._exchange = self._site.make(request.path)
        self._exchange.fault = fault
        if fault not in FRAME_FAULTS:
            self._send(self._exchange.hello())
        return actions

    def _response(self, request: Request, fault: str | None) -> Response:
        if fault in ("403", "429", "451", "503"):
            response = self._protocol.reject(int(fault), "Unavailable\n")
            if fault == "429":
                response.headers["Retry-After"] = "1800"
            return response
        if fault == "page":
            return self._protocol.reject(200, "<html>Just a moment...</html>\n")
        response = self._protocol.accept(request)
        changed = {
            "wrong_accept": ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "no_upgrade": ("Upgrade", "h2c"),
            "extension": ("Sec-WebSocket-Extensions", "permessage-deflate"),
        }.get(fault or "")
        if changed:
            if changed[0] in response.headers:
                del response.headers[changed[0]]
            response.headers[changed[0]] = changed[1]
        return response

    def _heard(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self._site.log.append(("pong", frame.data.hex()))
        elif frame.opcode is Opcode.CLOSE:
            self._site.log.append(("close", str(int.from_bytes(frame.data[:2], "big"))))
        elif frame.opcode is Opcode.TEXT and self._exchange is not None:
            self._site.log.append(("heard", bytes(frame.data).decode()))
            answers = self._exchange.heard(bytes(frame.data).decode())
            if self._site.fault == "refused":
                answers = [REFUSALS[self._exchange.name]]
            if self._site.fault not in FRAME_FAULTS:
                self._send(answers)

    def _say(self, fault: str | None) -> None:
        """What a tick says, in the way of the fault."""
        assert self._exchange is not None
        said = self._exchange.tick()
        pings = fault == "ping_only" or self._ticks % self._site.ping_ticks == 0
        if pings and fault != "silence":
            self._protocol.send_ping(self._ticks.to_bytes(4, "big"))
        if fault in ("silence", "ping_only"):
            return
        if said is None:
            self._protocol.send_close(1008, "no subscription")
        elif fault == "refused":
            self._send([REFUSALS[self._exchange.name]])
        elif fault in TEXTS:
            self._protocol.send_text(TEXTS[fault])
        elif fault == "empty_fragments":
            for _ in range(EMPTY_FRAGMENTS):
                begun = self._protocol.expect_continuation_frame
                send = self._protocol.send_continuation if begun else self._protocol.send_text
                send(b"", fin=False)
        else:
            self._send(said, fault)

    def _send(self, texts: list[str], fault: str | None = None) -> None:
        if fault == "huge":
            self._protocol.send_text(b"{" + b" " * HUGE)
            self._protocol.send_text(b"{" * HUGE, fin=False)
            self._protocol.send_continuation(b"}" * HUGE, fin=True)
        for text in texts * (FLOOD if fault == "flood" else 1):
            if self._protocol.state is not State.OPEN:
                return
            raw = text.encode()
            if fault != "fragments":
                self._protocol.send_text(raw)
                continue
            third = len(raw) // 3
            self._protocol.send_text(raw[:third], fin=False)
            self._protocol.send_ping(b"between")
            self._protocol.send_continuation(raw[third : 2 * third], fin=False)
            self._protocol.send_continuation(b"", fin=False)
            self._protocol.send_continuation(raw[2 * third :], fin=True)

    def _flushed(self) -> list[Action]:
        return [("data", data) if data else ("close",) for data in self._protocol.data_to_send()]


REFUSALS = {
    "binance": '{"error":{"code":2,"msg":"Invalid request: unknown stream"}}',
    "kraken": '{"error":"Currency pair not supported","method":"subscribe","success":false}',
    "coinbase": '{"type":"error","message":"Failed to subscribe","reason":"not a valid product"}',
}
