"""When the exchanges trade, as signed data: a set of calendars (firmware/SPEC.md, "Calendars").

The file that ships has the same form. An exchange that is not named keeps what the release ships.
"""

import json

from seesaw.core import calendar_rules

SIZE_MAX = 8192  # bytes of a set; nine exchanges take 2 KB
EXCHANGES_MAX = 32
NAME_MAX = 8  # characters


def check(raw: bytes) -> dict:
    """Exchange -> its part, for Sessions. ValueError unless all of it is right."""
    try:
        found = json.loads(raw) if len(raw) <= SIZE_MAX else None
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not dict or type(found.get("format")) is not int or found["format"] != 1:
        raise ValueError("not format 1")
    parts = found.get("calendars")
    if type(parts) is not dict or len(parts) > EXCHANGES_MAX:
        raise ValueError("no calendars")
    for name in parts:
        if not 0 < len(name) <= NAME_MAX or type(parts[name]) is not dict:
            raise ValueError("no calendar")
        calendar_rules.check(parts[name])
    return parts
