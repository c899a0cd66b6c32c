"""Where on this machine the device's internet is: a question to a real name server, and ports."""

import random
import socket
import struct
from typing import Protocol

from host_tools.emulator.net import NO_NAME
from host_tools.emulator.os_error import MicroOSError

WAIT_S = 1.0  # for the answer of a server on loopback
MESSAGE_MAX = 512
A_IN = struct.pack(">HH", 1, 1)


class Around(Protocol):
    name_server: tuple[str, int] | None
    ports: dict[int, int]
    doors: dict[int, int]


class Resolver:
    """Calls of the firmware. Without a name server, names and ports are this machine's own."""

    OPS = ("listen", "route")

    def __init__(self, around: Around) -> None:
        self.around = around

    def listen(self, port: int) -> list:
        """[address, port] to listen at in place of this port of the board. The same for streams and
        datagrams, and over resets, so that who has found it finds it again."""
        if port not in self.around.doors:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.around.doors[port] = probe.getsockname()[1]
        return ["127.0.0.1", self.around.doors[port]]

    def route(self, host: str, port: int) -> list:
        """[address, port] to connect to. Raises OSError for a name that nobody knows."""
        server = self.around.name_server
        if server is None or _is_address(host):
            return [host, port]
        return [look_up(host, server), self.around.ports.get(port, port)]


def look_up(host: str, server: tuple[str, int]) -> str:
    """The first IPv4 address of a name. Raises OSError when there is none, or no answer."""
    number = random.randrange(1 << 16)
    labels = b"".join(bytes((len(label),)) + label.encode() for label in host.split("."))
    query = struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + A_IN
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(WAIT_S)
        try:
            asking.sendto(query, server)
            reply = asking.recv(MESSAGE_MAX)
        except OSError:
            raise MicroOSError(*NO_NAME) from None
    head = struct.unpack_from(">HHHH", reply.ljust(12, b"\0"))
    record = reply[len(query) :]  # its name is two bytes that point into the question
    if head[0] != number or head[1] & 15 or not head[3] or record[2:6] != A_IN:
        raise MicroOSError(*NO_NAME)
    return socket.inet_ntoa(record[12:16])


def _is_address(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return host.count(".") == 3
