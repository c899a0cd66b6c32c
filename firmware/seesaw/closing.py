"""The closes of the last two sessions, for recipes whose provider tells none ("stored" in SPEC,
"Recipes"). The app loads this only for an instrument that has such a recipe.

What a session ended with is the baseline from the next opening on; until then it is that of the
session before. All is told by the calendar, nothing by what this app has seen: it begins anew with
each look for updates.
"""

from micropython import const

from seesaw.core import gate

# In NVS: "INSTRUMENT PRICE FROM PRICE FROM", the newest first; a line for each that takes turns.
KEY = "closes"
SIZE = const(288)  # bytes, some five lines
_DAY_S = const(86400)
_SESSION_S = const(72000)  # longer than any session, shorter than from one opening to the next
_SETTLE_S = const(1800)  # after a session: until then some providers are behind


class Closing:
    """feed: whose sources get the close. store: of port.board."""

    def __init__(self, feed, store):
        self._feed = feed
        self._store = store
        self._closes = parse(self._lines()[0], feed.instrument)
        for source in feed.sources:
            source.stored = self.at

    def _lines(self) -> tuple:
        """(of this instrument, those of others)."""
        mine, others = b"", []
        for line in self._store.get(KEY, SIZE).split(b"\n"):
            if line.split(b" ")[0] == self._feed.instrument.encode():
                mine = line
            elif line:
                others.append(line)
        return mine, others

    def at(self, now_s: int) -> float:
        """The baseline at this moment, seconds since 1970, 0 when unknown; 0.0 for none."""
        return stored(self._closes, now_s)

    def after(self, now_s: int, fresh: bool) -> None:
        """A poll has ended. fresh: it brought a quote."""
        feed = self._feed
        opens_s = feed.until_s
        if not fresh or feed.word != "closed" or not opens_s:
            return
        known = self._closes[0][1] if self._closes else 0
        if known == opens_s or self._proxy():
            return
        state = feed.sessions.state
        # Who has stood still since before the session passes the gate again after it.
        at_s = min(gate.latest_s(feed.last.time_s), now_s)
        if state(now_s - _SETTLE_S) == ("closed", opens_s) == self._closed(at_s):
            # The one before counts on until then, if it was that of the session that has ended.
            follows = known <= now_s and state(min(now_s, known + _SESSION_S))[1] == opens_s
            older = self._closes[:1] if follows else []
            self._closes = [(feed.last.price, opens_s)] + older
            self._keep()

    def _closed(self, at_s: int) -> tuple:
        """The state of the calendar once the session of this moment is over."""
        found = "open", at_s
        while found[0] in ("open", "lunch"):
            found = self._feed.sessions.state(found[1])
        return found

    def _proxy(self) -> bool:
        # Its prices are not the instrument's.
        return any(one.proxy for one in self._feed.sources if one.name == self._feed.provider)

    def _keep(self) -> None:
        words = [self._feed.instrument]
        for price, from_s in self._closes:
            words.append("%.9g %d" % (price, from_s))
        made = " ".join(words).encode()
        for line in self._lines()[1]:
            if len(made) + 1 + len(line) <= SIZE:
                made += b"\n" + line
        try:
            self._store.put(KEY, made)
        except OSError:
            pass  # NVS is full: it counts until the next look


def parse(raw: bytes, instrument: str) -> list:
    """[(price, from_s)], the newest first; none of another instrument, or of what is none."""
    try:
        words = raw.decode().split()
        if words[0] == instrument:
            pairs = [(float(words[at]), int(words[at + 1])) for at in range(1, len(words), 2)]
            return [pair for pair in pairs[:2] if pair[0] > 0]
    except (ValueError, IndexError):
        pass
    return []


def stored(closes: list, now_s: int) -> float:
    """The baseline at this moment, 0.0 for none."""
    end_s = closes[0][1] + _DAY_S if closes else 0
    for price, from_s in closes:
        if from_s <= now_s < end_s:
            return price
        end_s = from_s
    return 0.0
