"""The acceptance gate: what a well-formed quote must also be before the beam follows it.

A provider that answers but fails the gate counts as failed. Every rule here turns away an answer
that a real feed has given: another instrument's price, pence for pounds, milliseconds for seconds,
a frozen or an older record. The numbers are in firmware/SPEC.md, "Deadlines and limits".
"""

from micropython import const

from seesaw.core.quote import Quote

DAY_S = const(86400)
_AHEAD_MAX_S = const(120)  # the clocks of device and provider may differ by this much
_ZONE_AHEAD_S = const(50400)  # 14 h: no time zone is further ahead of UTC
_LATE_S = const(600)  # in session, beyond the provider's own delay
_LAST_GOOD_S = const(2592000)  # 30 days: after this long the last good quote judges no other
_BEHIND_S = const(43200)  # 12 h: providers stamp one close hours apart, and two closes a day apart
_INFINITE = const(1e30)
_JUMP_FACTOR = const(4)
_CHANGE_MAX_INDEX = const(25)  # percent; exchanges halt an index before that
_CHANGE_MAX_CRYPTO = const(60)
_JUMP_SIGMAS = const(5)
_JUMP_MIN = const(5)  # percent
AGREE_POLLS = 0.4  # of a jump: between the polls of one provider, a minute apart


class Limits:
    """What the gate knows of an instrument. sigma: percent a day. band: lowest and highest price
    that can be, None for any."""

    def __init__(self, sigma: float, crypto: bool = False, band: "tuple | list | None" = None):
        self.change = _CHANGE_MAX_CRYPTO if crypto else _CHANGE_MAX_INDEX
        self.jump = max(_JUMP_SIGMAS * sigma, _JUMP_MIN)
        self.band = band


def _is_date(time_s: int) -> bool:
    # A provider that names only the day parses to midnight: good for that day, no finer.
    return time_s % DAY_S == 0


def latest_s(time_s: int) -> int:
    """The latest moment that this time may mean: of a date alone, its last second in UTC."""
    return time_s + (DAY_S - 1 if _is_date(time_s) else 0)


def _is_ahead(time_s: int, now_s: int) -> bool:
    zone_s = _ZONE_AHEAD_S if _is_date(time_s) else 0
    return now_s > 0 and time_s - zone_s > now_s + _AHEAD_MAX_S


def move(quote: Quote) -> float:
    """Percent from the baseline."""
    return (quote.price - quote.baseline) / quote.baseline * 100


def acceptance(
    quote: Quote, last: "Quote | None", now_s: int, limits: Limits, same: bool = True,
    proxy: bool = False, unit: bool = True,
) -> "str | None":  # fmt: skip
    """None if the quote may be believed, else the reason in a few words.

    last: the quote accepted before, of the same instrument. now_s: since 1970, 0 if unknown.
    same: it came from the same provider. proxy: the price is not the instrument's own. unit: both
    prices are in one unit, as those of an index and of a fund that follows it are not.
    """
    if not (0 < quote.price < _INFINITE and 0 < quote.baseline < _INFINITE):  # NaN is neither
        return "price or baseline is no price"
    if limits.band and not proxy and not limits.band[0] <= quote.price <= limits.band[1]:
        return "price is outside the band"
    if abs(move(quote)) > limits.change:
        return "change is above the cap"
    if _is_ahead(quote.time_s, now_s):
        return "time is in the future"
    if last is None or _is_ahead(last.time_s, now_s):
        # A future time, let in while the clock was unknown, must not shut out all that follows.
        return None
    return _against(quote, last, same, unit)


def _against(quote: Quote, last: Quote, same: bool, unit: bool) -> "str | None":
    if latest_s(quote.time_s) + (0 if same else _BEHIND_S) < last.time_s:
        return "time is before the last accepted"
    if not unit or quote.time_s - last.time_s > _LAST_GOOD_S:
        return None
    if quote.price > last.price * _JUMP_FACTOR or quote.price * _JUMP_FACTOR < last.price:
        return "price is not within a factor 4 of the last"
    return None


def late(quote: Quote, now_s: int, delay_s: int, opened_s: int = 0) -> bool:
    """Is the quote too old for a market in session? delay_s: what the provider is behind by.
    now_s: 0, unknown, makes nothing late.

    opened_s: when this session began, 0 if unknown: before its first trade there is no new price.
    A time that is a date alone is read as its midnight: nothing shows that it is fresher.
    """
    return now_s - max(quote.time_s, opened_s) > delay_s + _LATE_S


def still(quote: Quote, now_s: int, delay_s: int, for_s: int) -> bool:
    """Has the price not moved for so long, as far as its time tells?"""
    return now_s > 0 and now_s - latest_s(quote.time_s) >= delay_s + for_s


def apart(quote: Quote, last: Quote, unit: bool) -> float:
    """Percent between two quotes: of price, or between their moves when the units differ."""
    if unit:
        return abs(quote.price - last.price) / last.price * 100
    return abs(move(quote) - move(last))


def jump(quote: Quote, last: "Quote | None", limits: Limits, unit: bool = True) -> bool:
    """Is it so far from the last accepted that somebody else must say so too?"""
    if last is None or quote.time_s - last.time_s > _LAST_GOOD_S:
        return False
    return apart(quote, last, unit) > limits.jump


def agree(quote: Quote, other: Quote, most: float) -> bool:
    """Do two quotes bear each other out? most: percent that their prices may be apart."""
    return apart(quote, other, True) <= most
