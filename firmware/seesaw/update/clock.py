"""What time it is taken to be when metadata is judged; all in seconds since 1970, as integers.

A device has no clock that lasts. It knows a lower bound, and sometimes a session's clock that
somebody on the network told it.

The bound only ever comes from what is signed: the build time of the bundle that runs, and the field
"x-seesaw-issued" of the stored timestamp metadata, for as long as that verifies with the keys of
the trusted root. So it is kept in timestamp.json and nowhere else, and a stolen timestamp key that
signed a date far ahead loses its effect when root replaces the key.

The session's clock (NTP, HTTP Date) is never stored, and neither is a refusal that rests on it: one
forged answer costs one session.
"""

from seesaw.update.errors import BadMetadata, Expired

ISSUED = "x-seesaw-issued"  # of timestamp's signed part: when it was signed
FORM = "%04d-%02d-%02dT%02d:%02d:%02dZ"  # specification, 4.2, "date-time"


def now_s(bound_s: int, session_s: "int | None") -> "int | None":
    """The start time of an update: never before the bound. None when there is neither; then
    nothing has expired."""
    return max(bound_s, session_s or 0) or None


def issued_s(timestamp: dict) -> int:
    """The lower bound that a signed timestamp gives; 0 without one. BadMetadata for nonsense."""
    issued = timestamp.get(ISSUED, 0)
    if type(issued) is not int or not 0 <= issued <= expiry_s(timestamp):
        raise BadMetadata(ISSUED)
    return issued


def expiry_s(signed: dict) -> int:
    """Of a role's `expires`. BadMetadata when it is not of FORM or no date."""
    text = signed["expires"]
    try:
        fields = text[:-1].replace("T", "-").replace(":", "-").split("-")
        fields = year, month, day, hour, minute, second = [int(field) for field in fields]
        good = 0 < month < 13 and 0 < day < 32 and hour < 24 and minute < 60 and second < 60
    except ValueError:
        good = False
    if not good or FORM % tuple(fields) != text:
        raise BadMetadata("expires " + text[:24])
    # Years begin in March, so that the leap day is a year's last.
    year -= month < 3
    days = 365 * year + year // 4 - year // 100 + year // 400 - 719469
    days += (153 * ((month + 9) % 12) + 2) // 5 + day
    return days * 86400 + hour * 3600 + minute * 60 + second


def check(name: str, signed: dict, now_s: "int | None") -> None:
    """Raises Expired when the role is past its date at that time."""
    if now_s is not None and expiry_s(signed) <= now_s:
        raise Expired("%s: %s" % (name, signed["expires"]))
