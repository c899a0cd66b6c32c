"""The feed: one instrument from its provider, through the acceptance gate.

Whatever a provider answers, nothing but an accepted quote moves the beam; all else changes the
feed's state alone.
"""

from seesaw.core import gate, httpdate, quote
from seesaw.core.instruments import CRYPTO, INSTRUMENTS
from seesaw.net import http

DEADLINE_S = 15
FALLBACK = "sp500"  # for an instrument that only some other release knows
BASES = {"cnbc": "https://quote.cnbc.com", "bitstamp": "https://www.bitstamp.net"}
CNBC = (
    "/quote-html-webservice/restQuote/symbolType/symbol?symbols=%s&requestMethod=itv&noform=1"
    "&partnerId=2&fund=1&exthrs=0&output=json&events=0"
)
BITSTAMP = "/api/v2/ticker/%s/"


def date_s(text: str) -> int:
    """Seconds since 1970 of an HTTP Date; 0 for what is none."""
    try:
        return quote.iso_time_s(httpdate.iso(text))
    except quote.BadAnswer:
        return 0


class Feed:
    """`state`: NO_DATA before the first quote, LIVE, STALE or CLOSED. `why`: words on trouble."""

    def __init__(self, instrument: str, bases: dict, opener: object, feed: "list | None" = None):
        """bases: the owner's, by provider. feed: [provider, base, symbol, sigma] of signed
        data (seesaw.data.feeds), in place of what this release ships."""
        self.instrument = instrument if instrument in INSTRUMENTS else FALLBACK
        _, self.provider, self.symbol, self.sigma = INSTRUMENTS[self.instrument]
        base = BASES[self.provider]
        if feed:
            self.provider, base, self.symbol, self.sigma = feed
        base = bases.get(self.provider, base)
        path = CNBC if self.provider == "cnbc" else BITSTAMP
        self.url = base + path % self.symbol
        self.parse = quote.cnbc if self.provider == "cnbc" else quote.bitstamp
        self.opener = opener
        self.last = None
        self.state = "NO_DATA"
        self.why = ""
        self.accepted = 0
        self.fresh = 0  # of these, those that were not stale
        self.retry_s = 0  # what the provider's last refusal asked for

    async def poll(self, now_s: int) -> bool:
        """Ask once; True when a quote was accepted. now_s: since 1970, 0 when unknown."""
        self.retry_s = 0
        try:
            found, now_s = await self._ask(now_s)
        except (http.HttpError, quote.BadAnswer) as error:
            return self._refuse(str(error))
        reason = gate.acceptance(found, self.last, now_s, self.instrument in CRYPTO)
        if reason:
            return self._refuse(reason)
        self.last = found
        self.accepted += 1
        self.state = gate.state(found, now_s)
        self.fresh += self.state != "STALE"
        self.why = ""
        return True

    async def _ask(self, now_s: int) -> tuple:
        answer = await http.fetch(
            self.url, opener=self.opener, max_body=quote.BODY_MAX, deadline_s=DEADLINE_S
        )
        self.retry_s = httpdate.retry_after_s(answer.headers.get("retry-after", ""))
        if answer.status != 200:
            raise quote.BadAnswer("status %d" % answer.status)
        # An unset clock takes the server's date for this one answer, and forgets it.
        now_s = now_s or date_s(answer.headers.get("date", ""))
        return self.parse(answer.body, self.symbol), now_s

    def _refuse(self, why: str) -> bool:
        self.state = "STALE" if self.last else "NO_DATA"
        self.why = why
        return False
