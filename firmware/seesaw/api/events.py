"""Server-sent events: the status, whenever it is another one."""

import asyncio
import json

from micropython import const

from seesaw.api import answers

CLIENTS_MAX = const(2)
HEAD = "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
_LOOK_S = const(1)
_ALIVE_S = const(15)  # of silence, then a comment: else nobody notices that the other end has gone
_SENT_S = const(10)  # for one of them to be taken


class Events:
    def __init__(self, app):
        self._app = app
        self._clients = 0

    def full(self) -> bool:
        return self._clients >= CLIENTS_MAX

    async def send(self, writer) -> None:
        """Until the other end has gone, which is an exception."""
        if self.full():
            return
        self._clients += 1
        try:
            await self._follow(writer)
        finally:
            self._clients -= 1

    async def _follow(self, writer) -> None:
        text, before, silent_s = "retry: 3000\n\n", None, 0
        while True:
            now = answers.seen(self._app)
            if now != before:
                before = now
                text += "event: status\ndata: %s\n\n" % json.dumps(answers.status(self._app))
            elif silent_s >= _ALIVE_S:
                text = ": still here\n\n"
            silent_s += _LOOK_S
            if text:
                writer.write(text.encode())
                await asyncio.wait_for(writer.drain(), _SENT_S)
                text, silent_s = "", 0
            await asyncio.sleep(_LOOK_S)
