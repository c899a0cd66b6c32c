"""The portal's HTTP: a request in, a page out, whatever a phone sends."""

import asyncio

from micropython import const

from seesaw.setup import form, pages
from seesaw.setup.request import Refused, Request

_AT_ONCE = const(4)  # connections; the next one is closed at once, and phones ask again
_TALK_S = const(10)  # for request and answer together
_PIECE = const(256)  # bytes
_REST_MAX = const(16384)  # of what was refused: closing before it is read would reset the answer
_REST_S = const(1)
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
            411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
            431: "Request Header Fields Too Large"}  # fmt: skip
_NONE = ("/favicon.ico", "/wpad.dat")  # what no page is wanted for


class Portal:
    """owner: the program: page(), submitted(form), search(), visited(). address: ours."""

    def __init__(self, owner, address: str):
        self._owner = owner
        self._address = address
        self._busy = 0

    async def serve(self, reader, writer) -> None:
        """One connection. Whatever goes wrong costs it alone."""
        self._busy += 1
        try:
            if self._busy <= _AT_ONCE:
                await asyncio.wait_for(self._talk(reader, writer), _TALK_S)
        except (Exception, asyncio.TimeoutError):
            pass
        finally:
            self._busy -= 1
            try:
                writer.close()
                await writer.wait_closed()
            except OSError:
                pass

    async def _talk(self, reader, writer) -> None:
        request = Request()
        try:
            while not request.ready:
                piece = await reader.read(_PIECE)
                if not piece:
                    return
                request.take(piece)
            status, page = self.answer(request)
        except Refused as refused:
            status, page = refused.args[0], None
        writer.write(b"HTTP/1.1 %d %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                     b"Cache-Control: no-store\r\nConnection: close\r\n\r\n"
                     % (status, _REASONS[status].encode()))  # fmt: skip
        if page is None:
            page = (_REASONS[status],)
        if request.method != "HEAD":
            for piece in page:
                writer.write(piece.encode())
                await writer.drain()
        if status not in (200, 404):
            await asyncio.wait_for(self._rest(reader), _REST_S)

    async def _rest(self, reader) -> None:
        size = 0
        while size < _REST_MAX:
            piece = await reader.read(_PIECE)
            if not piece:
                break
            size += len(piece)

    def answer(self, request) -> tuple:
        """(status, pieces of the page, None for none)."""
        path = request.path
        if path in _NONE:
            return 404, None
        if request.host.split(":")[0] not in ("", self._address):
            return 200, pages.landing("http://" + self._address + "/")
        self._owner.visited()
        if request.method == "POST":
            if path == "/save":
                self._owner.submitted(form.fields(request.body))
            elif path == "/scan":
                self._owner.search()
            else:
                return 404, None
        elif path != "/":
            return 200, pages.landing("http://" + self._address + "/")
        return 200, self._owner.page()
