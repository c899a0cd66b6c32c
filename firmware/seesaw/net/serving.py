"""HTTP, the server's side: a request in, an answer out. One request a connection."""

import asyncio

from micropython import const

from seesaw.net.request import Refused, Request

AT_ONCE = const(4)  # connections; for one more another is closed that has said nothing, else it
_TALK_S = const(10)  # for request and answer together
_PIECE = const(256)  # bytes
_REST_MAX = const(16384)  # of what was refused: closing before it is read would reset the answer
_REST_S = const(1)
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
           431: "Request Header Fields Too Large"}  # fmt: skip


class Serving:
    """site: `async answer(request)` and `refused(status)`, each gives (status, header lines, body).
    The body is pieces of text; or a coroutine function, for an answer without an end, which gets
    the writer and may take its time."""

    def __init__(self, site):
        self._site = site
        self._busy = 0
        self._silent = []  # (reader, task): browsers open connections ahead of what they ask

    async def serve(self, reader, writer) -> None:
        """One connection. Whatever goes wrong costs it alone."""
        self._busy += 1
        room = self._busy <= AT_ONCE or self._closes()
        self._silent.append((reader, asyncio.current_task()))
        lasting = None
        try:
            if room:
                lasting = await asyncio.wait_for(self._talk(reader, writer), _TALK_S)
        except (Exception, asyncio.TimeoutError, asyncio.CancelledError):
            pass
        self._heard(reader)
        self._busy -= 1
        try:
            if lasting:
                await lasting(writer)
        except (Exception, asyncio.TimeoutError):
            pass
        try:
            writer.close()
            await writer.wait_closed()
        except OSError:
            pass

    def _closes(self) -> bool:
        """Is there one that has said nothing? The oldest is closed: its browser opens another."""
        if not self._silent:
            return False
        self._silent.pop(0)[1].cancel()
        return True

    def _heard(self, reader) -> None:
        self._silent = [one for one in self._silent if one[0] is not reader]

    async def _talk(self, reader, writer):
        """What goes on after it, if anything does."""
        request, more = Request(), False
        try:
            while not request.ready:
                piece = await reader.read(_PIECE)
                if not piece:
                    return None
                self._heard(reader)
                request.take(piece)
            status, head, body = await self._site.answer(request)
        except Refused as refused:
            status, head, body = self._site.refused(refused.args[0])
            more = True
        writer.write(("HTTP/1.1 %d %s\r\n%sConnection: close\r\n\r\n"
                      % (status, REASONS.get(status, ""), head)).encode())  # fmt: skip
        await writer.drain()
        if request.method == "HEAD":
            return None
        if callable(body):
            return body
        for piece in body:
            writer.write(piece.encode())
            await writer.drain()
        if more:
            await asyncio.wait_for(self._rest(reader), _REST_S)
        return None

    async def _rest(self, reader) -> None:
        size = 0
        while size < _REST_MAX:
            piece = await reader.read(_PIECE)
            if not piece:
                break
            size += len(piece)
