"""What phones say to a board that is an access point, on virtual time: connections and datagrams.

A test holds the phone's end. Nothing gets through while the access point is off.
"""

from collections import deque
from collections.abc import Callable

from host_tools.emulator.clock import NEVER, VirtualClock
from host_tools.emulator.os_error import ERRNO, MicroOSError

RESET = ERRNO["ECONNRESET"]
LATENCY_US = 3_000
Accept = Callable[["Call"], None]


class Call:
    """A phone's connection to the board. `heard` is what the board has said, `ended` whether it has
    closed."""

    def __init__(self, clock: VirtualClock, up: Callable[[], bool]) -> None:
        self.clock = clock
        self.up = up
        self.inbox: deque[tuple[int, bytes]] = deque()
        self.heard = b""
        self.ended = False
        self.gone = False
        self.wake: Callable[[], None] = lambda: None  # the task that reads

    # -- the phone's side

    def say(self, data: bytes) -> None:
        self.inbox.append((self.clock.now_us + LATENCY_US, data))
        self.wake()

    def hang_up(self) -> None:
        """No more to say; the board may still answer."""
        self.say(b"")

    def vanish(self) -> None:
        """Out of range, or reset: what the board says from now on fails."""
        self.gone = True
        self.hang_up()

    # -- the board's side, as a Stream wants it

    def send(self, data: bytes) -> None:
        if self.ended:
            raise MicroOSError(ERRNO["EBADF"])
        if self.gone or not self.up():
            raise MicroOSError(RESET)
        self.heard += data

    def next_us(self) -> int | None:
        if self.ended:
            raise MicroOSError(ERRNO["EBADF"])
        return self.inbox[0][0] if self.inbox and self.up() else None

    def receive(self) -> bytes:
        _, data = self.inbox[0]
        if data:
            self.inbox.popleft()
        elif self.gone:
            raise MicroOSError(RESET)
        return data

    def close(self) -> None:
        self.ended = True


class Box:
    """The board's socket of datagrams on one port; answers come back by `answers`."""

    def __init__(self, clock: VirtualClock, up: Callable[[], bool]) -> None:
        self.clock = clock
        self.up = up
        self.inbox: list[tuple[int, bytes, tuple[str, int]]] = []
        self.answers: list[tuple[tuple[str, int], bytes]] = []

    def next_us(self) -> int:
        return self.inbox[0][0] if self.inbox and self.up() else NEVER

    def receive(self) -> tuple[bytes, tuple[str, int]]:
        _, data, source = self.inbox.pop(0)
        return data, source

    def send(self, data: bytes, host: str, port: int) -> None:
        if not self.up():
            raise MicroOSError(ERRNO["EHOSTUNREACH"])
        self.answers.append(((host, port), data))


class AccessPoint:
    """up: is it on?"""

    def __init__(self, clock: VirtualClock, up: Callable[[], bool]) -> None:
        self.clock = clock
        self.up = up
        self.doors: dict[int, Accept] = {}
        self.boxes: dict[int, Box] = {}
        self.calls: list[Call] = []

    def reset(self) -> None:
        """A session of the board is over: its sockets are gone."""
        self.doors.clear()
        self.boxes.clear()
        for call in self.calls:
            call.close()
        self.calls.clear()

    def dial(self, port: int) -> Call:
        """A phone connects. Raises ConnectionRefusedError when nobody listens."""
        if not self.up() or port not in self.doors:
            raise ConnectionRefusedError(port)
        call = Call(self.clock, self.up)
        self.calls = [one for one in self.calls if not one.ended] + [call]
        self.doors[port](call)
        return call

    def send(self, port: int, data: bytes, source: tuple[str, int]) -> None:
        """A phone's datagram; lost when nobody listens."""
        if self.up() and port in self.boxes:
            box = self.boxes[port]
            box.inbox.append((self.clock.now_us + LATENCY_US, data, source))

    def listen(self, port: int, accept: Accept) -> None:
        """Raises OSError when somebody does already."""
        if port in self.doors:
            raise MicroOSError(ERRNO["EADDRINUSE"])
        self.doors[port] = accept

    def bind(self, port: int) -> Box:
        if port in self.boxes:
            raise MicroOSError(ERRNO["EADDRINUSE"])
        self.boxes[port] = Box(self.clock, self.up)
        return self.boxes[port]
