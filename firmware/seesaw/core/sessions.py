"""When an exchange trades: time zones by POSIX rules, and the calendar of one exchange.

Integers only: a float of 32 bits would be minutes off. The form of a calendar is in
firmware/SPEC.md, "Calendars"; a zone's text is that of POSIX.1-2017, 8.3 (TZ), with the hours of a
change from -167 to 167 as RFC 9636 (3.3.1) has them.
"""

import json

from micropython import const

from seesaw.core.quote import first_of

_DAY_S = const(86400)
_TZ_MAX = const(64)  # characters
_SCAN_DAYS = const(20)  # ahead; markets close for 11 days at most


class Zone:
    """A time zone, such as "EST5EDT,M3.2.0,M11.1.0" or "<+03>-3". ValueError for another form.

    Rules by day of the year (Jn, n) are refused: no zone of the time zone database has one today.
    """

    def __init__(self, tz: str) -> None:
        if type(tz) is not str or not 0 < len(tz) <= _TZ_MAX:
            raise ValueError("no time zone")
        names, comma, rules = tz.partition(",")
        self.standard_s, at = _offset(names, _name(names, 0))
        self.summer_s = self.standard_s
        self._begin = self._end = None
        if at == len(names) and not comma:
            return
        at = _name(names, at)
        self.summer_s += 3600
        if at != len(names):
            self.summer_s, at = _offset(names, at)
        begin, comma, end = rules.partition(",")
        if at != len(names) or not comma:
            raise ValueError("no time zone")
        self._begin, self._end = _rule(begin), _rule(end)

    def offset_s(self, utc_s: int) -> int:
        """Seconds east of UTC at a moment, seconds since 1970."""
        if self._begin is None:
            return self.standard_s
        year = year_of((utc_s + self.standard_s) // _DAY_S)
        begin = _change_s(self._begin, year) - self.standard_s
        end = _change_s(self._end, year) - self.summer_s
        summer = begin <= utc_s < end
        if end < begin:  # the south, over the end of the year
            summer = not end <= utc_s < begin
        return self.summer_s if summer else self.standard_s

    def utc_s(self, local_s: int) -> int:
        """The moment at which clocks show this, as seconds since 1970 without the offset.

        Of two the first, by summer time; of none, in the hour that is left out, one beside it.
        """
        moment = local_s - max(self.standard_s, self.summer_s)
        return local_s - self.offset_s(moment)


def year_of(day: int) -> int:
    """The Gregorian year of a day since 1970."""
    # Eras of 400 years from 1 March of year 0, so that the leap day comes last.
    day += 719468
    of_era = day % 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return year + 400 * (day // 146097) + (of_year >= 306)


def _change_s(rule: tuple, year: int) -> int:
    month, week, weekday, time_s = rule
    first = first_of(year, month)
    day = first + (weekday - first - 4) % 7 + 7 * (week - 1)  # 1970 began with a Thursday
    after = first_of(year + month // 12, month % 12 + 1)
    return (day if day < after else day - 7) * _DAY_S + time_s


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


class Sessions:
    """The calendar of one exchange. part: what the calendars hold for it, {"tz", "first", "last",
    "hours", "closed", "special"}, that passed calendar_rules.check(); anything else raises some
    exception."""

    def __init__(self, part: dict) -> None:
        self.first = part["first"]
        self.last = part["last"]
        self._hours = tuple(part["hours"])
        self._closed = part["closed"]
        self._special = {}
        for row in part["special"]:
            self._special[row[0]] = tuple(row[1:])
        self.zone = Zone(part["tz"])

    def spans(self, day: int) -> tuple:
        """When it trades on a local day since 1970, in minutes after midnight: (), (open, close) or
        (open, lunch, after lunch, close). Nothing is known outside first to last."""
        since = day - self.first
        if since in self._special:
            return self._special[since]
        if (day + 3) % 7 > 4 or since in self._closed:  # Monday is 0
            return ()
        return self._hours

    def state(self, now_s: int) -> tuple:
        """(word, until): "open", "lunch", "closed"; "", not known, before the first day and beyond
        the last.

        until: seconds since 1970, the next change; in a closure of more than 20 days a moment
        before it; 0 when there is none ahead.
        """
        local_s = now_s + self.zone.offset_s(now_s)
        day = local_s // _DAY_S
        if day < self.first:
            return "", self._utc_s(self.first, 0)
        if day > self.last:
            return "", 0
        minute = local_s % _DAY_S // 60
        spans = self.spans(day)
        for i in range(len(spans)):
            if minute < spans[i]:
                word = "open" if i % 2 else "lunch" if i else "closed"
                return word, self._utc_s(day, spans[i])
        return "closed", self._next_s(day + 1)

    def _next_s(self, day: int) -> int:
        """The next opening from this day on; or the end of what is known."""
        end = min(day + _SCAN_DAYS, self.last + 1)
        while day < end:
            spans = self.spans(day)
            if spans:
                return self._utc_s(day, spans[0])
            day += 1
        return self._utc_s(day, 0)

    def _utc_s(self, day: int, minute: int) -> int:
        return self.zone.utc_s(day * _DAY_S + minute * 60)


def part_of(lines, exchange: str) -> object:
    """What Sessions takes, out of the file of calendars: one exchange a line, and no more of it in
    memory than that line. ValueError when the line is torn; None when there is none.

    lines: of text, as an open file gives them.
    """
    start = '"%s": ' % exchange
    for line in lines:
        if line.startswith(start):
            return json.loads(line[len(start) :].rstrip().rstrip(","))
    return None
