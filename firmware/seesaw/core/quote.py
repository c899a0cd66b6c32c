"""From a provider's answer to a Quote, or to BadAnswer with the reason.

Nothing else is ever raised, whatever the bytes: feeds have answered 200 with a web page, with null
or zero prices, with another symbol, and with half a body. MicroPython's json takes unpaired
brackets, and CPython's takes NaN and nests until it overflows; so the brackets are checked here
first and every number after, and both interpreters judge alike.
"""

import json

BODY_MAX = 8192  # bytes
DEPTH_MAX = 12  # brackets within brackets
NUMBER_MAX = 24  # characters
PRICE_MIN = 1e-6
PRICE_MAX = 1e9
TIME_MIN_S = 946684800  # 2000-01-01
TIME_MAX_S = 4102444800  # 2100-01-01
OFFSET_MAX_MIN = 14 * 60
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class BadAnswer(Exception):
    """The answer holds no quote to follow; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Quote:
    """price and baseline in the instrument's unit, time_s since 1970 UTC, open: in session."""

    def __init__(self, price: float, baseline: float, time_s: int, open: bool) -> None:
        self.price = price
        self.baseline = baseline
        self.time_s = time_s
        self.open = open


def cnbc(body: bytes, symbol: str) -> Quote:
    """CNBC restQuote with output=json. The baseline is the close of the session before.

    Out of session CNBC may have rolled the previous close over to the last price already; the day's
    change then still tells the close before. A missing market status counts as in session: the age
    of the quote decides then.
    """
    entry = _cnbc_entry(_load(body), symbol)
    if entry.get("code", 0) not in (0, "0"):
        raise BadAnswer("the provider reports an error code")
    price = _price(entry.get("last"))
    baseline = _price(entry.get("previous_day_closing"))
    status = entry.get("curmktstatus")
    if status != "REG_MKT" and price == baseline:
        baseline = _before_change(price, entry.get("change"))
    in_session = status == "REG_MKT" or not isinstance(status, str)
    return Quote(price, baseline, iso_time_s(entry.get("last_time")), in_session)


def bitstamp(body: bytes, pair: str) -> Quote:
    """Bitstamp api/v2/ticker. The baseline is the price 24 hours ago; the market never closes."""
    answer = _load(body)
    echo = answer.get("pair", pair)
    if not isinstance(echo, str) or echo.replace("/", "").lower() != pair:
        raise BadAnswer("another symbol")
    price = _price(answer.get("last"))
    baseline = _price(answer.get("open_24"))
    return Quote(price, baseline, _epoch(answer.get("timestamp")), True)


def _cnbc_entry(answer: dict, symbol: str) -> dict:
    entries = _dict(answer.get("FormattedQuoteResult")).get("FormattedQuote")
    if isinstance(entries, dict):  # a single result may come without its list
        entries = [entries]
    if not isinstance(entries, list):
        raise BadAnswer("no quote in the answer")
    for entry in entries:
        if isinstance(entry, dict) and entry.get("symbol") == symbol:
            return entry
    raise BadAnswer("another symbol" if entries else "no quote in the answer")


def _before_change(price: float, change: object) -> float:
    try:
        change = number(change)
    except BadAnswer:  # "UNCH": the price is the close before
        return price
    return _price(price - change)


def _dict(value: object) -> dict:
    if not isinstance(value, dict):
        raise BadAnswer("no quote in the answer")
    return value


def _load(body: bytes) -> dict:
    if len(body) > BODY_MAX:
        raise BadAnswer("longer than 8 KiB")
    body = bytes(body)
    _check_brackets(body)
    try:
        return _dict(json.loads(body))
    except ValueError:
        raise BadAnswer("not JSON")


def _check_brackets(body: bytes) -> None:
    closers = bytearray(DEPTH_MAX)
    depth = i = 0
    if body.lstrip()[:1] != b"{":
        raise BadAnswer("not a JSON object")
    while i < len(body):
        c = body[i]
        if c == 0x22:
            i = _string_end(body, i + 1)
        elif c in b"{[":
            if depth == DEPTH_MAX:
                raise BadAnswer("nested too deep")
            closers[depth] = c + 2  # ASCII: { } and [ ] are two apart
            depth += 1
        elif c in b"}]":
            depth -= 1
            if depth < 0 or closers[depth] != c:
                raise BadAnswer("unpaired brackets")
        elif c < 0x20 and c not in b"\t\n\r":
            raise BadAnswer("not JSON")
        i += 1
    if depth:
        raise BadAnswer("cut short")


def _string_end(body: bytes, i: int) -> int:
    begun = i
    while True:
        end = body.find(b'"', i)
        if end < 0:
            raise BadAnswer("cut short")
        escape = body.find(b"\\", i, end)
        if escape < 0:
            break
        i = escape + 2
    if end > begun and min(body[begun:end]) < 0x20:
        raise BadAnswer("not JSON")
    return end


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


def _price(value: object) -> float:
    return positive(number(value))


def _text_number(text: str) -> float:
    sign = -1.0 if text[:1] == "-" else 1.0
    whole, point, fraction = text[1 if text[:1] in ("+", "-") else 0 :].partition(".")
    groups = whole.split(",")
    # "12,34" is a decimal comma and would read a hundredfold: a comma must split thousands.
    for group in groups[1:]:
        if len(group) != 3:
            raise BadAnswer("not a number")
    whole = "".join(groups)
    if len(text) > NUMBER_MAX or not groups[0] or (point and not fraction):
        raise BadAnswer("not a number")
    digits(whole)
    if fraction:
        digits(fraction)
    return sign * float(whole + "." + (fraction or "0"))


def digits(text: str) -> int:
    """Of 1 to 24 of 0..9, and nothing else. BadAnswer otherwise."""
    # Not str.isdigit, which takes the digits of every script on CPython.
    if not 0 < len(text) <= NUMBER_MAX:
        raise BadAnswer("not a number")
    for c in text:
        if not "0" <= c <= "9":
            raise BadAnswer("not a number")
    return int(text)


def _epoch(value: object) -> int:
    if isinstance(value, str):
        value = digits(value)
    # No float: at 32 bits it would be minutes off.
    if value is True or value is False or not isinstance(value, int):
        raise BadAnswer("no time")
    return plausible(value)


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
    if text[4] != "-" or text[7] != "-":
        raise BadAnswer("not an ISO time")
    days = _days(digits(text[:4]), digits(text[5:7]), digits(text[8:10]))
    seconds = _time_of_day_s(text[10:]) if len(text) > 10 else 0
    return plausible(days * 86400 + seconds)


def local_time_s(text: str) -> tuple:
    """(seconds since 1970 as if it were UTC, is it a date alone?) of "2026-09-02T15:44:00",
    "2026/09/02 15:44", "20260902154400" or "2026-09-02". BadAnswer for everything else."""
    found = ""
    for c in text.partition(".")[0]:
        if "0" <= c <= "9":
            found += c
        elif c not in "-/: T":
            raise BadAnswer("not a local time")
    if len(found) not in (8, 12, 14):
        raise BadAnswer("not a local time")
    days = _days(digits(found[:4]), digits(found[4:6]), digits(found[6:8]))
    hour, minute, second = [digits(found[i : i + 2] or "0") for i in (8, 10, 12)]
    if hour > 23 or minute > 59 or second > 60:
        raise BadAnswer("not a local time")
    return plausible(days * 86400 + hour * 3600 + minute * 60 + second), len(found) == 8


def _time_of_day_s(text: str) -> int:
    # "T04:36:00", perhaps ".000", then the zone: seconds after midnight UTC, may be negative.
    if len(text) < 10 or text[0] != "T" or text[3] != ":" or text[6] != ":":
        raise BadAnswer("not an ISO time")
    hour, minute, second = digits(text[1:3]), digits(text[4:6]), digits(text[7:9])
    if hour > 23 or minute > 59 or second > 60:
        raise BadAnswer("not an ISO time")
    end = 9
    if text[9] == ".":
        end = 10
        while end < len(text) and "0" <= text[end] <= "9":
            end += 1
    return hour * 3600 + minute * 60 + second - _offset_s(text[end:])


def _offset_s(zone: str) -> int:
    if zone == "Z":
        return 0
    offset = zone[1:].replace(":", "")
    if len(offset) != 4 or zone[0] not in "+-":
        raise BadAnswer("not an ISO time")
    minutes = digits(offset[:2]) * 60 + digits(offset[2:])
    if minutes > OFFSET_MAX_MIN:
        raise BadAnswer("not an ISO time")
    return -60 * minutes if zone[0] == "-" else 60 * minutes


def _days(year: int, month: int, day: int) -> int:
    # Days since 1970 in the Gregorian calendar, counted from March so that 29 February comes last.
    # Not time.mktime: MicroPython counts from 2000 on the ESP32 and from 1970 elsewhere.
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= MONTH_DAYS[month - 1]:
        raise BadAnswer("not a date")
    if month == 2 and day == 29 and not leap:
        raise BadAnswer("not a date")
    if month <= 2:
        year -= 1
        month += 12
    era_days = 365 * year + year // 4 - year // 100 + year // 400
    return era_days + (153 * (month - 3) + 2) // 5 + day - 1 - 719468
