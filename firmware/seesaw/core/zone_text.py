"""The text of a time zone: that of POSIX.1-2017, 8.3 (TZ), with the hours of a change from -167 to
167 as RFC 9636 (3.3.1) has them.

Rules by day of the year (Jn, n) are refused: no zone of the time zone database has one today.
"""

from micropython import const

_TZ_MAX = const(64)  # characters


def parsed(tz: str) -> tuple:
    """(seconds east of UTC in winter, in summer, when summer begins, when it ends); each of the
    last two (month, week, weekday, seconds after midnight), None without. ValueError for another
    form."""
    if type(tz) is not str or not 0 < len(tz) <= _TZ_MAX:
        raise ValueError("no time zone")
    names, comma, rules = tz.partition(",")
    standard_s, at = _offset(names, _name(names, 0))
    if at == len(names) and not comma:
        return standard_s, standard_s, None, None
    at = _name(names, at)
    summer_s = standard_s + 3600
    if at != len(names):
        summer_s, at = _offset(names, at)
    begin, comma, end = rules.partition(",")
    if at != len(names) or not comma:
        raise ValueError("no time zone")
    return standard_s, summer_s, _rule(begin), _rule(end)


def _name(text: str, at: int) -> int:
    """Where a zone's name ends."""
    begun = at
    if text[at : at + 1] == "<":
        end = text.find(">", at)
        if end - at < 4:
            raise ValueError("no time zone")
        return end + 1
    while at < len(text) and ("a" <= text[at] <= "z" or "A" <= text[at] <= "Z"):
        at += 1
    if at - begun < 3:
        raise ValueError("no time zone")
    return at


def _offset(text: str, at: int) -> tuple:
    """(seconds east of UTC, where it ends); POSIX counts west."""
    end = at
    while end < len(text) and text[end] in "+-0123456789:":
        end += 1
    seconds = _time_s(text[at:end])
    if not -25 * 3600 < seconds < 25 * 3600:
        raise ValueError("no time zone")
    return -seconds, end


def _time_s(text: str) -> int:
    """Of "5", "-5:30", "+167:00:00"."""
    sign = -1 if text[:1] == "-" else 1
    parts = text[1 if text[:1] in ("+", "-") else 0 :].split(":")
    seconds = _digits(parts[0], 167) * 3600
    if len(parts) > 3:
        raise ValueError("no time zone")
    for i in range(1, len(parts)):
        seconds += _digits(parts[i], 59) * (60 if i == 1 else 1)
    return sign * seconds


def _rule(text: str) -> tuple:
    """(month, week, weekday, seconds after midnight) of "M3.2.0" or "M10.5.0/3"."""
    day, slash, time = text.partition("/")
    parts = day[1:].split(".")
    if day[:1] != "M" or len(parts) != 3:
        raise ValueError("no time zone")
    month, week, weekday = _digits(parts[0], 12), _digits(parts[1], 5), _digits(parts[2], 6)
    if not month or not week:
        raise ValueError("no time zone")
    return month, week, weekday, _time_s(time) if slash else 7200


def _digits(text: str, most: int) -> int:
    # Not str.isdigit, which takes the digits of every script on CPython.
    if not 0 < len(text) <= 3 or any(not "0" <= c <= "9" for c in text) or int(text) > most:
        raise ValueError("no time zone")
    return int(text)
