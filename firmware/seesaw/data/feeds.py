"""Where instruments get their prices, as signed data: the set `feeds`.

{"format": 1, "feeds": {"sp500": ["cnbc", "https://quote.cnbc.com", ".SPX", 1.13]}}: provider (which
form its answers have), base URL, its symbol, sigma in percent a day. An instrument that is not
named keeps what the release ships.
"""

import json

from seesaw.net.url import split

PROVIDERS = ("cnbc", "bitstamp")
SIZE_MAX = 16384  # bytes of a set
TEXT_MAX = 160  # characters of base and symbol together
SIGMA_MIN, SIGMA_MAX = 0.2, 20  # percent a day; the shipped ones are 0.9 to 5.4


def check(raw: bytes) -> dict:
    """Instrument -> [provider, base, symbol, sigma]. ValueError unless all of it is right: nobody
    means a set that is partly wrong."""
    try:
        found = json.loads(raw)
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not dict or found.get("format") != 1 or len(raw) > SIZE_MAX:
        raise ValueError("not format 1")
    feeds = found.get("feeds")
    if type(feeds) is not dict:
        raise ValueError("no feeds")
    for name in feeds:
        if not right(feeds[name]):
            raise ValueError("feed of " + name)
    return feeds


def right(feed: object) -> bool:
    """Is it four values, each within its bounds?"""
    if type(feed) is not list or len(feed) != 4:
        return False
    provider, base, symbol, sigma = feed
    if provider not in PROVIDERS or type(base) is not str or type(symbol) is not str:
        return False
    try:
        split(base + "/" + symbol)
    except ValueError:
        return False
    number = isinstance(sigma, (int, float)) and type(sigma) is not bool
    good = number and SIGMA_MIN <= sigma <= SIGMA_MAX
    return good and symbol != "" and len(base + symbol) <= TEXT_MAX
