"""The feed: one instrument from several providers, through the acceptance gate.

Whatever a provider answers, nothing but an accepted quote moves the beam; all else changes the
feed's state alone. What is asked and when is decided in seesaw.core.choice, what is believed in
seesaw.core.gate, what is said in seesaw.core.market_state; here are the requests.

A source is a provider as this instrument uses it: an object with `name`, `delay_s`, `poll_s`
(seconds), `proxy`, `tolerance` (percent), and `async ask(now_s) -> Quote`, which raises BadAnswer
or HttpError and leaves `retry_s` (what Retry-After asked for) and `date_s` (the answer's Date, 0
for none).
"""

from micropython import const

from seesaw.core import gate, market_state
from seesaw.core.choice import Choice
from seesaw.core.health import EMPTY, FAILED, GOOD
from seesaw.core.quote import BadAnswer
from seesaw.net.http import HttpError

# How the reason of a BadAnswer ends that is no fault of the provider: there is no price just now.
_EMPTY_ENDS = const(("no value", "not a number", "not positive"))
_OLD = const(3)  # verdicts, beside those of seesaw.core.health
_JUMP = const(4)
_EVENTS = (GOOD, EMPTY, FAILED, EMPTY, GOOD)  # of the provider's health, for each verdict
_NOBODY = (None, None, 0)
_POLLS = const(2)  # that must agree with a jump that nobody else bears out
_CLOSED_S = const(300)  # between two polls of a market that the calendar says is shut
_WITNESS_S = const(900)  # for so long a still price counts


class Feed:
    """state: of market_state. why: the trouble of the last poll, "" for none.

    last: the quote that is shown, None for none yet. provider: who it is of. pose: of
    market_state. accepted: quotes so far; fresh: those of them that were not late. silent_s: since
    the last one, hours of a shut market not counted.
    """

    def __init__(
        self, instrument: str, part: dict, sources: list, random: object, up_s: object,
        sessions: object = None, silent_s: int = 0,
    ):  # fmt: skip
        """part: "sigma" in percent, "exchange", and "band", [lowest, highest], if any. sources: at
        least one, by preference. random: gives a float in [0, 1). up_s: gives seconds since
        power-on. sessions: the exchange's calendar, with state(now_s) -> (word, until_s)."""
        self.instrument = instrument
        self.sigma = part["sigma"]
        crypto = part.get("exchange") == "24/7"
        self.limits = gate.Limits(self.sigma, crypto, part.get("band"))
        self.sources = sources
        grades = [2 if one.proxy else int(one.delay_s > 0) for one in sources]
        self.choice = Choice(grades, random)
        self.sessions = sessions
        self.random = random
        self.up_s = up_s
        self.last = None
        self.provider = sources[0].name
        self.state = "NO_DATA"
        self.why = ""
        self.pose = market_state.HOLD
        self.accepted = self.fresh = 0
        self.silent_s = silent_s
        self.closing = None  # of seesaw.closing, if a recipe asks for it
        self._shown = 0  # the source of `last`
        self._missed = False  # the last poll brought no price, not even an old one
        self._waiting = _NOBODY  # (source, quote, polls that agreed) of a jump
        self._still = [None] * len(sources)  # when each was found with a still price
        self.word, self.until_s = "", 0  # the calendar's
        self._opened_s = 0  # the epoch when the session was seen to open
        self._now_s = 0  # the epoch when the poll began
        self._ended_s = up_s()

    async def poll(self, now_s: int) -> bool:
        """Ask once or twice; True when a quote was accepted. now_s: since 1970, 0 when unknown."""
        self._begin(now_s)
        before, index = self.accepted, self.choice.first(self.up_s())
        if index is not None:
            self.why, self._missed = "", True
            quote, verdict = await self._ask(index)
            if verdict == GOOD:
                self._told(index, GOOD)
                self._show(index, quote)
                await self._probe()
            else:
                await self._ask_another(index, quote, verdict)
        self._end()
        if self.closing:
            self.closing.after(now_s, self.accepted > before)
        return self.accepted > before

    def offer(self, index: int, quote: object, now_s: int) -> "bool | None":
        """A quote of this source that came without a poll: whether it was accepted, None when it
        is a jump, which a poll must look into. now_s: as for poll."""
        self._begin(now_s)
        quote, verdict = self._judge(index, quote)
        if verdict == GOOD:
            self._show(index, quote)
        self._end()
        return None if verdict == _JUMP else verdict == GOOD

    def wait_s(self, poll_s: int) -> int:
        """Seconds until the next poll. poll_s: what the owner has set."""
        up_s = self.up_s()
        wait_s = max(poll_s, self.sources[self.choice.current].poll_s, self.choice.wait_s(up_s))
        if self.word in ("closed", "lunch"):
            opens_s = self.until_s - self._now_s + int(poll_s * self.random())
            wait_s = max(wait_s, min(_CLOSED_S, opens_s))
        return wait_s

    # -- one poll ------------------------------------------------------------------------------

    def _begin(self, now_s: int) -> None:
        self._now_s = now_s
        word, self.until_s = "", 0
        if self.sessions is not None and now_s:
            word, self.until_s = self.sessions.state(now_s)
        if word == "open" and self.word in ("closed", "lunch"):
            self._opened_s = now_s
        self.word = word

    def _now(self, source: object) -> int:
        # An unset clock takes the server's date for this one answer, and forgets it.
        return self._now_s or source.date_s

    async def _ask(self, index: int) -> tuple:
        """(quote or None, verdict): one of GOOD, EMPTY, FAILED, _OLD and _JUMP."""
        source = self.sources[index]
        try:
            quote = await source.ask(self._now_s)
        except BadAnswer as error:
            reason = error.reason
            self._complain(index, reason)
            return None, EMPTY if any(reason.endswith(end) for end in _EMPTY_ENDS) else FAILED
        except HttpError as error:
            self._complain(index, str(error))
            return None, FAILED
        return self._judge(index, quote)

    def _judge(self, index: int, quote: object) -> tuple:
        source = self.sources[index]
        now_s = self._now(source)
        same = index == self._shown
        # Are its prices in the unit of the last? A proxy is judged by its moves.
        unit = not (source.proxy or self.sources[self._shown].proxy)
        reason = gate.acceptance(quote, self.last, now_s, self.limits, same, source.proxy, unit)
        if reason:
            self._complain(index, reason)
            return None, FAILED
        still = gate.still(quote, now_s, source.delay_s, market_state.STILL_S)
        self._still[index] = self.up_s() if still else None
        if gate.jump(quote, self.last, self.limits, unit):
            self._complain(index, "a jump that nobody else has shown")
            return quote, _JUMP
        trades = self.word == "open" or (self.word == "" and quote.open is not False)
        if trades and gate.late(quote, now_s, source.delay_s, self._opened_s):
            self._missed = False  # it bears out that there is nothing newer
            return quote, _OLD
        return quote, GOOD

    async def _ask_another(self, index: int, quote: object, verdict: int) -> None:
        """A witness of the jump that this one told of, or a stand-in."""
        source = self.sources[index]
        jumped = verdict == _JUMP
        other = self.choice.other(self.up_s(), index, 1 if jumped else 2)  # a proxy is no witness
        second, word = None, EMPTY
        if other is not None:
            second, word = await self._ask(other)
            self._told(other, word)
        # One that is behind does not refute a jump.
        refuted = jumped and word == GOOD and self.sources[other].delay_s <= source.delay_s
        self._told(index, FAILED if refuted else verdict)
        if word == GOOD and (refuted or not jumped):
            self._show(other, second)
        elif jumped and word == _JUMP and gate.agree(
            quote, second, max(source.tolerance, self.sources[other].tolerance)
        ):
            self._show(index, quote)
        elif jumped:
            self._agreed(index, quote)
        elif word == _JUMP:
            self._agreed(other, second)
        else:
            for one, found, how in ((index, quote, verdict), (other, second, word)):
                # A late quote is the best there is, unless the one that is shown is newer.
                last = self.last
                if how == _OLD and (not last or one == self._shown or found.time_s > last.time_s):
                    self._accept(one, found)

    def _agreed(self, index: int, quote: object) -> None:
        """Another poll of a jump: enough of them that agree are believed."""
        at, before, polls = self._waiting
        near = gate.AGREE_POLLS * self.limits.jump
        agrees = at == index and gate.agree(quote, before, near)
        polls = polls + 1 if agrees else 0
        self._waiting = (index, quote, polls)
        if polls >= _POLLS:
            self._show(index, quote)

    async def _probe(self) -> None:
        """A quiet request, now and then: is a preferred provider well again?"""
        index = self.choice.probe(self.up_s())
        if index is None:
            return
        why = self.why
        _, verdict = await self._ask(index)
        self.why = why  # nobody misses it
        # Whoever is followed has just shown no jump.
        self._told(index, FAILED if verdict == _JUMP else verdict)
        self.choice.probed(index, verdict, self.up_s())

    def _told(self, index: int, verdict: int) -> None:
        retry_s = self.sources[index].retry_s
        self.choice.took(index, _EVENTS[verdict], self.up_s(), retry_s)

    def _complain(self, index: int, reason: str) -> None:
        self.why = reason if len(self.sources) == 1 else self.sources[index].name + ": " + reason

    # -- what is shown -------------------------------------------------------------------------

    def _show(self, index: int, quote: object) -> None:
        self.choice.follow(index, self.up_s())
        self._accept(index, quote)
        self.fresh += 1

    def _accept(self, index: int, quote: object) -> None:
        self.last, self._shown = quote, index
        self.provider = self.sources[index].name
        self._now_s = self._now(self.sources[index])
        self._waiting = _NOBODY
        self._missed = False
        self.accepted += 1
        self.why = ""

    def _end(self) -> None:
        up_s = self.up_s()
        if not self._missed:
            self.silent_s = 0
        elif self.word in ("", "open"):
            self.silent_s += up_s - self._ended_s
        self._ended_s = up_s
        source = self.sources[self._shown]
        recent = [at_s for at_s in self._still if at_s is not None and up_s - at_s < _WITNESS_S]
        flag = self.last.open if self.last else None
        market = market_state.session(self.word, flag, len(recent))
        what = self._what(source)
        self.state = market_state.state(what, market, source.delay_s, source.proxy)
        self.pose = market_state.pose(what)

    def _what(self, source: object) -> int:
        if self.silent_s >= market_state.LOST_S:
            return market_state.LOST
        if self.last is None:
            return market_state.NOTHING
        if self._missed:
            return market_state.MISSED
        if gate.late(self.last, self._now(source), source.delay_s, self._opened_s):
            return market_state.OLD
        before = gate.latest_s(self.last.time_s) < self._opened_s
        return market_state.BEFORE if before else market_state.FRESH
