"""What to subscribe to, and what a message of a stream means: data of the recipe (SPEC, "Streams").

A stream of a recipe is a dict; a path is keys and [NUMBERS] between "/", as in "data/[0]/last":

  url        ws:// or wss://, may hold {symbol}, {lower} (the same in lower case) and {echo}
  subscribe  text that is sent once it is open, with the same three; null where the URL says it all
  is         [path, value]: only such messages are quotes
  error      [path, value, path of words]: such a message ends the stream; value null: any
  price      path
  baseline   path; or change: path of the change since then; or percent: path of that in percent
  time, as   path, and what stands there: "s" or "ms" since 1970, or "iso"; without a time in the
             message (Kraken's) both are missing, and the time is that of arrival
  echo       path of what must be the instrument's echo
  quiet_s    so long it may go on without an accepted quote, 60 if missing

stream_rules.py checks all that. Whatever else arrives (subscriptions, status, heartbeats) is passed
over. Messages are at most websocket.MESSAGE_MAX long, so the interpreter has room to read them with
its own JSON; what that is lenient about is judged by value after it.
"""

import json

from micropython import const

from seesaw.core.quote import (
    PRICE_MAX,
    PRICE_MIN,
    TIME_MAX_S,
    TIME_MIN_S,
    BadAnswer,
    Quote,
    iso_time_s,
    number,
)
from seesaw.core.steps import QUIET_S, steps_of

_WORDS_MAX = const(60)  # characters
_MISSING = ()  # equal to nothing that JSON has


class Refusal(BadAnswer):
    """The provider says that there will be nothing; `reason` has its words."""


def _at(value: object, steps: "list | None") -> object:
    """What stands at a path, _MISSING if nothing does."""
    for step in steps or ():
        if isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else _MISSING
        elif isinstance(value, dict):
            value = value.get(step, _MISSING)
        else:
            return _MISSING
    return value


class Messages:
    """The stream of one instrument: `url`, `subscribe` (empty for none), `quiet_s`; see `read`."""

    def __init__(self, stream: dict, symbol: str, echo: str = "") -> None:
        """stream: one that stream_rules.check passed. echo: the messages' name, symbol if empty."""
        echo = echo or symbol
        self.url, self.subscribe = stream["url"], stream.get("subscribe") or ""
        for mark, text in (("{symbol}", symbol), ("{lower}", symbol.lower()), ("{echo}", echo)):
            self.url = self.url.replace(mark, text)
            self.subscribe = self.subscribe.replace(mark, text)
        self.quiet_s = stream.get("quiet_s", QUIET_S)
        self._stream = stream
        self._name = echo
        self._paths = {}
        for name in ("price", "baseline", "change", "percent", "time", "echo"):
            if name in stream:
                self._paths[name] = steps_of(stream[name])

    def read(self, raw: bytes, now_s: int) -> "Quote | None":
        """The quote of a message, None if it is of another kind. now_s: since 1970, 0 if unknown.

        BadAnswer when a quote is wrong, Refusal when there will be none; nothing else.
        """
        try:
            message = json.loads(raw)
        except Exception:  # nesting, above all, has errors of its own on either interpreter
            raise BadAnswer("not JSON")
        self._check_error(message)
        if "is" in self._stream:
            path, value = self._stream["is"]
            if _at(message, steps_of(path)) != value:
                return None
        if "echo" in self._paths and self._found(message, "echo") != self._name:
            raise BadAnswer("another symbol")
        price = _price(self._found(message, "price"))
        return Quote(price, self._baseline(message, price), self._time_s(message, now_s), True)

    def _found(self, message: object, name: str) -> object:
        return _at(message, self._paths[name])

    def _check_error(self, message: object) -> None:
        if "error" not in self._stream:
            return
        path, value, words = self._stream["error"]
        found = _at(message, steps_of(path))
        if found is not _MISSING and found is not None and value in (None, found):
            raise Refusal(_words(_at(message, steps_of(words))))

    def _baseline(self, message: object, price: float) -> float:
        if "baseline" in self._paths:
            return _price(self._found(message, "baseline"))
        if "change" in self._paths:
            return _price(price - number(self._found(message, "change")))
        percent = number(self._found(message, "percent"))
        if percent <= -100:
            raise BadAnswer("an absurd number")
        return _price(price / (1 + percent / 100))

    def _time_s(self, message: object, now_s: int) -> int:
        if "time" not in self._paths:
            if not now_s:
                raise BadAnswer("no time, and the clock is not set")
            return now_s
        found = self._found(message, "time")
        form = self._stream["as"]
        if form == "iso":
            return iso_time_s(found)
        if isinstance(found, str) and 0 < len(found) < 16 and not found.strip("0123456789"):
            found = int(found)
        if type(found) is not int:  # True is none, and a float would be a minute off
            raise BadAnswer("no time")
        time_s = found // 1000 if form == "ms" else found
        if not TIME_MIN_S <= time_s < TIME_MAX_S:
            raise BadAnswer("an absurd time")
        return time_s


def _price(value: object) -> float:
    price = number(value)
    if not PRICE_MIN <= price <= PRICE_MAX:
        raise BadAnswer("a price that is not positive")
    return price


def _words(value: object) -> str:
    text = value if isinstance(value, str) else "an error"
    return "".join([c if " " <= c <= "~" else "?" for c in text[:_WORDS_MAX]])
