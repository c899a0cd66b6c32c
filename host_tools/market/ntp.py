"""An NTP server of the simulated internet: right, or wrong in one of the ways that servers are.

`Ntp` answers datagrams without I/O, for an emulated device's network; `serve` puts it on a real
loopback socket.
"""

import socket
import struct
import threading
from collections.abc import Callable

SINCE_1900 = 2_208_988_800  # seconds, to 1970
SIZE = 48  # bytes
FAULTS = ("silent", "kiss-rate", "kiss-deny", "wrong-origin", "unsynchronised", "far", "no-time",
          "short", "client", "stratum-16", "stray-first")  # fmt: skip
HOST = "127.0.0.1"
TURN_S = 0.1  # how often the thread looks whether it shall end

Action = tuple[str, object]


class Ntp:
    """clock: seconds since 1970. `off` is added to it; `fault` is one of FAULTS, "" for none."""

    def __init__(self, clock: Callable[[], float], fault: str = "", off: int = 0) -> None:
        self.clock = clock
        self.fault = fault
        self.off = off
        self.asked = 0

    def __call__(self, request: bytes) -> list[Action]:
        """The actions on a datagram: ("data", bytes), or none."""
        self.asked += 1
        if self.fault == "silent" or len(request) < SIZE:
            return []
        origin = bytes(8) if self.fault == "wrong-origin" else request[40:48]
        answers: list[Action] = [("data", self._answer(origin))]
        if self.fault == "stray-first":
            answers.insert(0, ("data", self._answer(bytes(8))))
        return answers

    def _answer(self, origin: bytes) -> bytes:
        leap, mode, stratum, reference, dispersion = 0, 4, 2, b"\x7f\x00\x00\x01", 655
        if self.fault.startswith("kiss-"):
            leap, stratum, reference = 3, 0, self.fault[5:].upper().encode()
        elif self.fault == "unsynchronised":
            leap = 3
        elif self.fault == "stratum-16":
            stratum = 16
        elif self.fault == "client":
            mode = 3
        elif self.fault == "far":
            dispersion = 17 << 16
        now = self.clock() + self.off + SINCE_1900
        stamp = struct.pack(">II", int(now) % (1 << 32), int(now % 1 * (1 << 32)))
        sent = bytes(8) if self.fault == "no-time" else stamp
        head = struct.pack(">BBbbII4s", leap << 6 | 4 << 3 | mode, stratum, 6, -20, 655, dispersion,
                           reference)  # fmt: skip
        answer = head + stamp + origin + stamp + sent
        return answer[:40] if self.fault == "short" else answer


class NtpServer:
    """An Ntp on a loopback socket, with a thread of its own."""

    def __init__(self, ntp: Ntp, port: int = 0) -> None:
        self._ntp = ntp
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, port))
        self._socket.settimeout(TURN_S)
        self.port: int = self._socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                request, source = self._socket.recvfrom(512)
            except OSError:  # nothing in this turn
                continue
            for _, data in self._ntp(request):
                assert isinstance(data, bytes)
                self._socket.sendto(data, source)

    def __enter__(self) -> "NtpServer":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


def serve(ntp: Ntp, port: int = 0) -> NtpServer:
    """Serve on 127.0.0.1, on a free port if 0. Raises OSError if the port is taken."""
    return NtpServer(ntp, port)
