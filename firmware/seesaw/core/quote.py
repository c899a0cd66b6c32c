"""A Quote, and what numbers and times in an answer must be; BadAnswer with the reason for all else.

Nothing else is ever raised, whatever the text: feeds have answered with words, null or zero for a
price, a decimal comma, milliseconds for seconds, and times without a zone.
"""

from micropython import const

_NUMBER_MAX = const(24)  # characters
PRICE_MIN = 1e-6
PRICE_MAX = 1e9
TIME_MIN_S = 946684800  # 2000-01-01
TIME_MAX_S = 4102444800  # 2100-01-01
_OFFSET_MAX_MIN = const(840)
_MONTH_DAYS = b"\x1f\x1d\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"


class BadAnswer(Exception):
    """The answer holds no quote to follow; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Quote:
    """price and baseline in the instrument's unit, time_s since 1970 UTC, open: in session, None
    when the provider does not say."""

    def __init__(self, price: float, baseline: float, time_s: int, open: "bool | None") -> None:
        self.price = price
        self.baseline = baseline
        self.time_s = time_s
        self.open = open


def number(value: object) -> float:
    """A JSON number, or text such as "7,764.64" or "-0.19". BadAnswer for everything else."""
    if isinstance(value, str):
        value = _text_number(value)
    if value is True or value is False or not isinstance(value, (int, float)):
        raise BadAnswer("not a number")
    # Compared before it becomes a float, which a long int would overflow. NaN fails it as well.
    if not -PRICE_MAX <= value <= PRICE_MAX:
        raise BadAnswer("an absurd number")
    return float(value)


def positive(price: float) -> float:
    if price < PRICE_MIN:
        raise BadAnswer("a price that is not positive")
    return price


def _text_number(text: str) -> float:
    signed = text[:1] in ("+", "-")
    whole, point, fraction = text[signed:].partition(".")
    groups = whole.split(",")
    # "12,34" is a decimal comma and would read a hundredfold: a comma must split thousands.
    if len(text) > _NUMBER_MAX or not groups[0] or any(len(group) != 3 for group in groups[1:]):
        raise BadAnswer("not a number")
    whole = "".join(groups)
    digits(whole)
    if point:
        digits(fraction)
        whole += "." + fraction
    found = float(whole)
    return -found if text[0] == "-" else found


def digits(text: str) -> int:
    """Of 1 to 24 of 0..9, and nothing else. BadAnswer otherwise."""
    # Not str.isdigit, which takes the digits of every script on CPython.
    if not 0 < len(text) <= _NUMBER_MAX or not all("0" <= c <= "9" for c in text):
        raise BadAnswer("not a number")
    return int(text)


def plausible(time_s: int) -> int:
    """The time, or BadAnswer when it is none of this century."""
    # Milliseconds taken for seconds, and clocks that never were set, end here.
    if not TIME_MIN_S <= time_s < TIME_MAX_S:
        raise BadAnswer("an absurd time")
    return time_s


def iso_time_s(text: object) -> int:
    """Seconds since 1970 from "2026-07-02T04:36:00.000+0100", "...Z" or "2026-07-02".

    A date alone is its midnight, UTC. BadAnswer for everything else; so for a time without a zone.
    """
    if not isinstance(text, str) or not 10 <= len(text) <= 40:
        raise BadAnswer("no time")
    offset_s = 0
    marks, found = text[4] + text[7], text[:4] + text[5:7] + text[8:10]
    if len(text) > 10:
        if len(text) < 20:
            raise BadAnswer("not an ISO time")
        marks += text[10] + text[13] + text[16]
        found += text[11:13] + text[14:16] + text[17:19]
        zone = text[19:]
        if zone[0] == ".":
            zone = zone[1:].lstrip("0123456789")
        offset_s = _offset_s(zone)
    if marks not in ("--", "--T::"):
        raise BadAnswer("not an ISO time")
    return plausible(_seconds(found) - offset_s)


def local_time_s(text: str) -> tuple:
    """(seconds since 1970 as if it were UTC, is it a date alone?) of "2026-09-02T15:44:00",
    "2026/09/02 15:44", "20260902154400" or "2026-09-02". BadAnswer for everything else."""
    found = ""
    for c in text.partition(".")[0]:
        if c not in "-/: T":
            found += c
    if len(found) not in (8, 12, 14):
        raise BadAnswer("not a local time")
    return plausible(_seconds(found)), len(found) == 8


def _seconds(found: str) -> int:
    """Since 1970, of YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss."""
    digits(found)
    year, month, day, hour, minute, second = [
        int(found[i : i + 2] or "0") for i in (2, 4, 6, 8, 10, 12)
    ]
    year += 100 * int(found[:2])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1] - (month == 2 and not leap):
        raise BadAnswer("not a date")
    if hour > 23 or minute > 59 or second > 60:
        raise BadAnswer("not a time of day")
    return (first_of(year, month) + day - 1) * 86400 + hour * 3600 + minute * 60 + second


def _offset_s(zone: str) -> int:
    if zone == "Z":
        return 0
    offset = zone[1:].replace(":", "")
    if len(offset) != 4 or zone[0] not in "+-":
        raise BadAnswer("not an ISO time")
    minutes = digits(offset[:2]) * 60 + digits(offset[2:])
    if minutes > _OFFSET_MAX_MIN:
        raise BadAnswer("not an ISO time")
    return -60 * minutes if zone[0] == "-" else 60 * minutes


def first_of(year: int, month: int) -> int:
    """Days from 1970 to the first of a month, in the Gregorian calendar."""
    # Counted from March, so that 29 February comes last. Not time.mktime: MicroPython counts from
    # 2000 on the ESP32 and from 1970 elsewhere.
    if month <= 2:
        year -= 1
        month += 12
    leaps = year // 4 - year // 100 + year // 400
    return 365 * year + leaps + (153 * (month - 3) + 2) // 5 - 719468
