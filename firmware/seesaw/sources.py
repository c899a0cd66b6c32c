"""Where the feed asks: the providers as sources (seesaw.feed), from what this release ships."""

from seesaw.core import httpdate, quote
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


class Source:
    """One provider's symbol. name: cnbc or bitstamp. base: its URL. opener: of http.fetch."""

    delay_s = poll_s = 0
    proxy = False

    def __init__(self, name: str, base: str, symbol: str, opener: object):
        self.name = name
        self.symbol = symbol
        self.url = base + (CNBC if name == "cnbc" else BITSTAMP) % symbol
        self.parse = quote.cnbc if name == "cnbc" else quote.bitstamp
        self.opener = opener
        self.retry_s = self.date_s = 0

    async def ask(self, now_s: int) -> quote.Quote:
        """The quote now. Raises BadAnswer and HttpError."""
        self.retry_s = self.date_s = 0
        answer = await http.fetch(
            self.url, opener=self.opener, max_body=quote.BODY_MAX, deadline_s=DEADLINE_S
        )
        self.retry_s = httpdate.retry_after_s(answer.headers.get("retry-after", ""))
        self.date_s = date_s(answer.headers.get("date", ""))
        if answer.status != 200:
            raise quote.BadAnswer("status %d" % answer.status)
        return self.parse(answer.body, self.symbol)


def shipped(instrument: str, bases: dict, opener: object, feed: "list | None" = None) -> tuple:
    """(instrument, part, sources) for Feed. bases: the owner's, by provider. feed: [provider, base,
    symbol, sigma] of signed data (seesaw.data.feeds), in place of what this release ships."""
    instrument = instrument if instrument in INSTRUMENTS else FALLBACK
    _, name, symbol, sigma = INSTRUMENTS[instrument]
    base = BASES[name]
    if feed:
        name, base, symbol, sigma = feed
    part = {"sigma": sigma, "exchange": "24/7" if instrument in CRYPTO else ""}
    return instrument, part, [Source(name, bases.get(name, base), symbol, opener)]
