"""The acceptance gate: what a well-formed quote must also be before the beam follows it.

A provider that answers but fails the gate counts as failed. Every rule here turns away an answer
that a real feed has given: another instrument's price, pence for pounds, milliseconds for seconds,
a frozen or an older record.
"""

from math import isfinite

from seesaw.core.quote import Quote

DAY_S = 86400
AHEAD_MAX_S = 120  # the clocks of device and provider may differ by this much
ZONE_AHEAD_S = 14 * 3600  # no time zone is further ahead of UTC
STALE_AFTER_S = 20 * 60
LAST_GOOD_S = 30 * DAY_S  # after this long the last good quote judges no other
JUMP_FACTOR = 4
CHANGE_MAX_INDEX = 25  # percent; exchanges halt an index before that
CHANGE_MAX_CRYPTO = 60


def _is_date(time_s: int) -> bool:
    # A provider that names only the day parses to midnight: good for that day, no finer.
    return time_s % DAY_S == 0


def _is_ahead(time_s: int, now_s: int) -> bool:
    zone_s = ZONE_AHEAD_S if _is_date(time_s) else 0
    return now_s > 0 and time_s - zone_s > now_s + AHEAD_MAX_S


def acceptance(
    quote: Quote, last: "Quote | None", now_s: int, crypto: bool = False
) -> "str | None":
    """None if the quote may be followed, else the reason in a few words.

    last: the quote accepted before, of the same instrument. now_s: since 1970, 0 if unknown.
    """
    if not (isfinite(quote.price) and isfinite(quote.baseline)):
        return "price or baseline is not finite"
    if quote.price <= 0 or quote.baseline <= 0:
        return "price or baseline is not positive"
    change_max = CHANGE_MAX_CRYPTO if crypto else CHANGE_MAX_INDEX
    if abs(quote.price - quote.baseline) / quote.baseline * 100 > change_max:
        return "change is above the cap"
    if _is_ahead(quote.time_s, now_s):
        return "time is in the future"
    if last is None or _is_ahead(last.time_s, now_s):
        # A future time, let in while the clock was unknown, must not shut out all that follows.
        return None
    return _against(quote, last)


def _against(quote: Quote, last: Quote) -> "str | None":
    latest_s = quote.time_s + (DAY_S - 1 if _is_date(quote.time_s) else 0)
    if latest_s < last.time_s:
        return "time is before the last accepted"
    if quote.time_s - last.time_s > LAST_GOOD_S:
        return None
    if quote.price > last.price * JUMP_FACTOR or quote.price * JUMP_FACTOR < last.price:
        return "price is not within a factor 4 of the last"
    return None


def state(quote: Quote, now_s: int) -> str:
    """'CLOSED' out of session, 'STALE' in session and older than 20 minutes, else 'LIVE'.

    now_s: since 1970; with 0, unknown, nothing is stale.
    """
    if not quote.open:
        return "CLOSED"
    if now_s - quote.time_s > STALE_AFTER_S:
        return "STALE"
    return "LIVE"
