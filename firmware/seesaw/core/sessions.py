"""When an exchange trades: time zones by POSIX rules, and the calendar of one exchange.

Integers only: a float of 32 bits would be minutes off. The form of a calendar is in
firmware/SPEC.md, "Calendars"; the text of a zone is read in core/zone_text.py.
"""

from micropython import const

from seesaw.core.quote import first_of

_DAY_S = const(86400)
_SCAN_DAYS = const(20)  # ahead; markets close for 11 days at most


class Zone:
    """A time zone, such as "EST5EDT,M3.2.0,M11.1.0" or "<+03>-3". ValueError for another form."""

    def __init__(self, tz: str) -> None:
        from seesaw.core.zone_text import parsed  # when a program starts: the app lets go of it

        self.standard_s, self.summer_s, self._begin, self._end = parsed(tz)

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
