"""Quotes of one instrument from a WebSocket stream: opened, watched, renewed, closed.

How a follower uses it. It owns the network, so there are never two TLS connections at a time: while
`run` runs it does not poll, and before it polls `run` has returned or was cancelled, and closed.

    if stream.due():
        words = await stream.run(on_quote)   # minutes to hours, or a few seconds if it fails
    ... then feed.poll(), and so on every poll_s until stream.due() again

on_quote(quote) puts the quote through the gate and answers True (accepted), False (refused), or
None: end the stream, something else needs the network (a second provider about a jump, an update).
It is called once a second at most, with the newest. Between two calls that accept lie at most
`quiet_s` and SLACK_S, and so between the last of them and the end of `run`: for who watches over
the follower.
"""

import asyncio

from seesaw.core import stream_state
from seesaw.core.httpdate import retry_after_s
from seesaw.core.stream import BadAnswer, Refusal
from seesaw.net import websocket
from seesaw.net.http import HttpError

SLACK_S = 30  # opening, and closing
_BARRED = (400, 401, 403, 404, 410, 418, 429, 451)


class Stream:
    """`state` and `why` (words of the last end) are for whoever shows them."""

    tick_s = 1  # between two looks at what has come, so between two quotes
    silence_s = 60  # without any message: the connection is dead
    deadline_s = 15  # for opening

    def __init__(self, opener: object, messages: object, clock: object, random: object) -> None:
        """messages: a core.stream.Messages. clock: up_s() and epoch_s(). random: a function that
        returns a float in [0, 1). opener: see net.websocket."""
        self.opener = opener
        self.messages = messages
        self.clock = clock
        self.random = random
        self.plan = stream_state.Plan()
        self.why = ""
        self.accepted = 0
        self.wrong = 0  # messages that looked like a quote and were none
        self._latest = None
        self._end = None  # what ended the reading
        self._stop = False

    @property
    def state(self) -> str:
        return self.plan.state

    @property
    def quiet_s(self) -> int:
        return self.messages.quiet_s

    def due(self) -> bool:
        """May the stream be opened now?"""
        return self.plan.due(self.clock.up_s())

    async def run(self, on_quote: object) -> str:
        """One connection from its opening to its end: why it ended, in words; empty when it was
        renewed or left. A cancel closes it and counts as renewed."""
        begun_s = self.clock.up_s()
        self.plan.begun(begun_s)
        how, self.why, floor_s = stream_state.RENEWED, "", 0
        accepted = self.accepted
        try:
            await self._connection(on_quote)
        except Refusal as error:
            how, self.why = stream_state.BARRED, "the stream: " + error.reason
        except HttpError as error:
            self.why = "the stream: " + str(error)
            good = self.accepted > accepted
            good = good and self.clock.up_s() - begun_s >= stream_state.STEADY_S
            how = stream_state.STEADY if good else stream_state.FAILED
            if error.kind == "status":
                floor_s = retry_after_s(error.retry_after)
                how = stream_state.BARRED if error.status in _BARRED else stream_state.FAILED
        finally:
            self.plan.ended(how, self.clock.up_s(), self.random, floor_s)
        return self.why

    async def _connection(self, on_quote: object) -> None:
        self._latest = self._end = None
        self._stop = False
        reading = asyncio.create_task(self._read())
        try:
            await self._deliver(on_quote)
        finally:
            # wait_for may lose a cancel that comes together with its result: hence both.
            self._stop = True
            reading.cancel()
            try:
                await reading
            except asyncio.CancelledError:
                pass

    async def _read(self) -> None:
        # A task of its own: so only its end cuts a read short, and `run` only ever sleeps.
        try:
            socket = await websocket.connect(
                self.messages.url,
                opener=self.opener,
                random=self.random,
                deadline_s=self.deadline_s,
            )
            try:
                if self.messages.subscribe:
                    await socket.send(self.messages.subscribe)
                while not self._stop:
                    self._take(await socket.message(self.silence_s))
            finally:
                await socket.close()
        except MemoryError:
            self._end = HttpError("memory")
        except Exception as error:
            self._end = error

    def _take(self, raw: bytes) -> None:
        try:
            self._latest = self.messages.read(raw, self.clock.epoch_s()) or self._latest
        except Refusal:
            raise
        except BadAnswer:
            self.wrong += 1

    async def _deliver(self, on_quote: object) -> None:
        accepted_s = self.clock.up_s()
        renew_s = accepted_s + stream_state.renew_after_s(self.random)
        while True:
            await asyncio.sleep(self.tick_s)
            quote, self._latest = self._latest, None
            now_s = self.clock.up_s()
            if quote:
                verdict = on_quote(quote)
                if verdict is None:
                    return
                if verdict:
                    self.accepted += 1
                    accepted_s = now_s
            if self._end:
                raise self._end
            if now_s - accepted_s > self.messages.quiet_s:
                raise HttpError("silent", "no quote")
            if now_s >= renew_s:
                return
