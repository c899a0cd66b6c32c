"""What a calendar of an exchange must be (firmware/SPEC.md, "Calendars").

Checked where one is built, and where signed data brings one; so the app need not.
"""

import json

from seesaw.core.sessions import Zone

PART_MAX = 400  # bytes as JSON without blanks
DAYS_MAX = 4000  # from the first day of a calendar to its last
CLOSED_MAX = 256  # days
SPECIAL_MAX = 64  # days
SPANS_MAX = 2  # a day: before and after lunch


def check(part: object) -> None:
    """ValueError unless it is what Sessions takes, whatever it is."""
    if type(part) is not dict:
        raise ValueError("no calendar")
    first = _whole(part.get("first"), 0, 100000)
    days = _whole(part.get("last"), first, first + DAYS_MAX) - first
    _spans(part.get("hours"))
    _ascending(_list(part.get("closed"), CLOSED_MAX), days)
    special = _list(part.get("special"), SPECIAL_MAX)
    for row in special:
        if not _list(row, 1 + 2 * SPANS_MAX):
            raise ValueError("no calendar")
        _spans(row[1:])
    _ascending([row[0] for row in special], days)
    Zone(part.get("tz"))
    if len(json.dumps(part, separators=(",", ":"))) > PART_MAX:
        raise ValueError("a calendar above %d bytes" % PART_MAX)


def _whole(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("no calendar")
    return value


def _list(value: object, most: int) -> list:
    if type(value) is not list or not len(value) <= most:
        raise ValueError("no calendar")
    return value


def _ascending(numbers: list, most: int) -> None:
    before = -1
    for number in numbers:
        before = _whole(number, before + 1, most)


def _spans(value: object) -> None:
    """Minutes after midnight, in order."""
    _ascending(_list(value, 2 * SPANS_MAX), 1440)
    if len(value) not in (2, 4):
        raise ValueError("no calendar")
