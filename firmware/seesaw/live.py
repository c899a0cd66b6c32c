"""The app's stream: beside polling, for who has set `stream` (firmware/DESIGN.md, "Streams").

Loaded only then. While a stream is open the follower is here and polls nobody; its quotes go
through the feed's gate like those of a poll.
"""

import asyncio

from micropython import const

from seesaw.core.stream import Messages
from seesaw.streaming import SLACK_S, Stream

_LEAVE_MS = const(5000)  # for a stream to close, at most
_LOOK_MS = const(50)
_PARK_S = const(10)  # for whoever had it left to begin; comes there only when tried from a laptop


def live(app: object, opener: object) -> "Live | None":
    """The stream of the first source that has one; None when none has."""
    for index, source in enumerate(app.feed.sources):
        rules, symbol, echo, base = source.stream()
        if rules:
            messages = Messages(rules, symbol, echo)
            messages.url = based(messages.url, base)
            return Live(app, Stream(opener, messages, app.clock, app.random), index)
    return None


def based(url: str, base: str) -> str:
    """The URL with the owner's base in place of the provider's scheme and host: http is ws."""
    if not base.startswith("http"):
        return url
    scheme, _, rest = url.partition("://")
    return "ws" + base[4:] + rest[len(rest.partition("/")[0]) :]


class Live:
    """stream: a Stream. index: of the feed's source whose quotes it brings."""

    def __init__(self, app: object, stream: object, index: int) -> None:
        self.stream = stream
        self._app = app
        self._index = index
        self._task = None
        self._quotes = 0  # of this connection
        self._jumped = False
        self._said = ("", 0)  # the state that was told last, and when

    async def follow(self) -> bool:
        """One stream from its opening to its end, if it is time for one. True when the providers
        must be polled at once: a jump that another one has to bear out."""
        app = self._app
        if app.boot.trial or not self.stream.due() or not app.radio.joined():
            return False
        self._quotes, self._jumped = 0, False
        self._beat(self.stream.deadline_s)
        self._task = asyncio.create_task(self.stream.run(self._took))
        try:
            await self._task
        except asyncio.CancelledError:
            self._task = None
            app.beat(_PARK_S)
            await asyncio.sleep(_PARK_S)
        finally:
            self._task = None
        if self.stream.why:
            app.tell("stream", self.stream.why)
        return self._jumped

    async def leave(self) -> None:
        """Something else needs the network: returns once the stream is closed."""
        if self._task:
            self._task.cancel()
            for _ in range(_LEAVE_MS // _LOOK_MS):
                if not self._task:
                    break
                await asyncio.sleep_ms(_LOOK_MS)

    def _took(self, quote: object) -> "bool | None":
        app = self._app
        verdict = app.feed.offer(self._index, quote, app.clock.epoch_s())
        if verdict:
            self._quotes += 1
            if self._quotes == 1:
                app.tell("stream", app.feed.provider)
            self._beat(0)
            app.aim()
        self._say()
        self._jumped = verdict is None
        return verdict

    def _beat(self, more_s: int) -> None:
        self._app.beat(more_s + self.stream.quiet_s + SLACK_S)

    def _say(self) -> None:
        """As often as a poll would, and when the state is another."""
        app = self._app
        state, at_s = self._said
        up_s = app.clock.up_s()
        if app.feed.state != state or up_s - at_s >= app.settings["poll_s"]:
            self._said = (app.feed.state, up_s)
            app.say()
