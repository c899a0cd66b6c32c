"""One question and one answer by UDP, in bounded time."""

import asyncio
import os
import socket

from micropython import const

_LOOK_MS = const(20)  # between two looks at the socket
_SIZE_MAX = const(512)  # bytes of an answer
_STRAYS_MAX = const(8)  # datagrams that are no answer, before it is given up


async def ask(host: str, port: int, request: bytes, mine: object, timeout_s: int) -> bytes:
    """Send a datagram; the first that comes back and for which mine(datagram) is true. b"" when
    none does in timeout_s seconds.

    Raises OSError without a network or such a name. Looking up the name blocks every task, as it
    does for TCP.
    """
    address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.sendto(request, address)
        strays = 0
        for _ in range(timeout_s * 1000 // _LOOK_MS):
            await asyncio.sleep_ms(_LOOK_MS)
            try:
                found = sock.recv(_SIZE_MAX)
            except OSError:  # EAGAIN; or the port is closed, which comes to the same
                continue
            if mine(found):
                return found
            strays += 1
            if strays > _STRAYS_MAX:
                break
        return b""
    finally:
        sock.close()


def nonce(size: int) -> bytes:
    """Bytes that nobody can foresee."""
    return os.urandom(size)
