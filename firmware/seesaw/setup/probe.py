"""Is there an internet behind a network, or a login page? One known page of plain HTTP tells: a
network that wants a login answers in its place."""

import asyncio

from micropython import const

HOST, PATH, KNOWN = "detectportal.firefox.com", "/success.txt", b"success"
_WAIT_S = const(6)
_SIZE_MAX = const(1024)


async def behind(opener) -> str:
    """"good", "login page", or "offline" when nothing answers. opener: of port.board."""
    try:
        raw = await asyncio.wait_for(_fetched(opener), _WAIT_S)
    except (OSError, ValueError, EOFError, asyncio.TimeoutError):
        raw = b""
    return verdict(raw)


def verdict(raw: bytes) -> str:
    """raw: the answer, as far as it came."""
    if not raw:
        return "offline"
    head, _, body = raw.partition(b"\r\n\r\n")
    good = head[:7] == b"HTTP/1." and head[8:12] == b" 200" and body.strip() == KNOWN
    return "good" if good else "login page"


async def _fetched(opener) -> bytes:
    reader, writer = await opener(HOST, 80, False)
    try:
        writer.write(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                     % (PATH.encode(), HOST.encode()))  # fmt: skip
        await writer.drain()
        raw = b""
        while len(raw) < _SIZE_MAX:
            piece = await reader.read(256)
            if not piece:
                break
            raw += piece
        return raw
    finally:
        writer.close()
        await writer.wait_closed()
