"""A name server on loopback (RFC 1035: one question, A records), and an internet behind it.

It knows the names that it is told, and gives each the same address: the sites that serve there tell
their guests apart by the header Host.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Collection

from host_tools.market.listener import HOST
from host_tools.market.site import Server, Site

FAULTS = ("silent", "nxdomain", "servfail", "hijack")
HEADER = struct.Struct(">HHHHHH")  # id, flags, questions, answers, authorities, additional
RESPONSE, RECURSION = 0x8180, 0x0100  # flags of an answer; the one of a question that it repeats
SERVFAIL, NXDOMAIN, NOTIMP = 2, 3, 4
A, IN = 1, 1
TTL_S = 60
MESSAGE_MAX = 512  # bytes over UDP
NAME_MAX, LABEL_MAX = 255, 63
POINTER = b"\xc0\x0c"  # to the name in the question
HTTP, HTTPS = 80, 443


def question(message: bytes) -> tuple[str, int, int, int] | None:
    """(name in lower case, type, class, where it ends) of a query; None for what is none."""
    if len(message) < HEADER.size or HEADER.unpack_from(message)[2] != 1 or message[2] & 0x80:
        return None
    at, labels = HEADER.size, []
    while at < len(message) and message[at]:
        size = message[at]
        if size > LABEL_MAX or at + 1 + size > len(message) or at > NAME_MAX:
            return None
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    if at + 5 > len(message):
        return None
    kind, space = struct.unpack_from(">HH", message, at + 1)
    return ".".join(labels), kind, space, at + 5


def answer(message: bytes, find: Callable[[str], str | None], fault: str | None = None
           ) -> bytes | None:  # fmt: skip
    """What a name server says to a message; None for silence.

    find: name -> IPv4 address, None for none. fault: one of FAULTS; 'hijack' takes every name for
    one that it knows, as a captive portal does.
    """
    asked = question(message)
    if asked is None or fault == "silent":
        return None
    name, kind, space, end = asked
    found = find(name)
    if fault == "hijack":
        found = HOST
    code = 0 if found else NXDOMAIN
    if fault in ("nxdomain", "servfail"):
        code, found = NXDOMAIN if fault == "nxdomain" else SERVFAIL, None
    if space != IN:
        code, found = NOTIMP, None
    record = b""
    if found and kind == A:
        record = POINTER + struct.pack(">HHIH", A, IN, TTL_S, 4) + socket.inet_aton(found)
    number, flags, *_ = HEADER.unpack_from(message)
    head = HEADER.pack(number, RESPONSE | flags & RECURSION | code, 1, bool(record), 0, 0)
    return head + message[HEADER.size : end] + record


class NameServer:
    """One daemon thread on a UDP port of loopback. `fault` breaks it, None mends it."""

    def __init__(self, names: Collection[str]) -> None:
        """names: host names; may change while it serves."""
        self.names = names
        self.fault: str | None = None
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _find(self, name: str) -> str | None:
        self.asked.append(name)
        return HOST if name in self.names else None

    def _serve(self) -> None:
        while True:
            message, client = self._socket.recvfrom(MESSAGE_MAX)
            if self._stop:
                return
            if reply := answer(message, self._find, self.fault):
                with contextlib.suppress(OSError):
                    self._socket.sendto(reply, client)

    def close(self) -> None:
        self._stop = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()


class Internet:
    """A site on loopback under names of its own: for a device that resolves real host names.

    `ports`: port of the device's internet -> port of this machine. tls: a second server, with the
    certificates, for https.
    """

    def __init__(self, site: Site, names: Collection[str], tls: Server | None = None) -> None:
        self.server = Server(site)
        self.names = NameServer(names)
        self.ports = {HTTP: self.server.port}
        if tls:
            self.ports[HTTPS] = tls.port

    def __enter__(self) -> "Internet":
        return self

    def __exit__(self, *exception: object) -> None:
        self.names.close()
        self.server.close()
