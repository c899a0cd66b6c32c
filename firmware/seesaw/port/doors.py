"""What phones reach on our access point: a server of streams, and one of datagrams."""

import asyncio
import socket

from micropython import const

_LOOK_MS = const(30)  # between two looks at the socket
_SIZE_MAX = const(512)  # bytes of a datagram
_AT_ONCE = const(8)  # datagrams answered in one look: others have their turn, too


async def streams(serve, port: int):
    """Each connection calls serve(reader, writer). Returns the server, to be closed."""
    return await asyncio.start_server(serve, "0.0.0.0", port)


async def datagrams(answer, port: int) -> None:
    """Answer datagrams for ever: answer(bytes) gives bytes or None. Raises OSError at the start."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind(socket.getaddrinfo("0.0.0.0", port, 0, socket.SOCK_DGRAM)[0][-1])
        sock.setblocking(False)
        while True:
            for _ in range(_AT_ONCE):
                if not _one(sock, answer):
                    break
            await asyncio.sleep_ms(_LOOK_MS)
    finally:
        sock.close()


def _one(sock, answer) -> bool:
    """Was there one?"""
    try:
        data, source = sock.recvfrom(_SIZE_MAX)
        found = answer(data)
        if found:
            sock.sendto(found, source)
        return True
    except OSError:  # nothing there; or the asker has gone
        return False
