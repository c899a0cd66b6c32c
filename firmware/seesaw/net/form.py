"""A page's forms, application/x-www-form-urlencoded: bytes in, bytes out, whatever they are; and
text as a page has it."""

from micropython import const

_FIELDS_MAX = const(32)
_HEX = b"0123456789abcdef"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def fields(body: bytes) -> dict:
    """Name (text) -> value (bytes); of two that share a name the last counts, but of boxes to tick,
    whose names end with "[]": theirs are joined by blanks."""
    found = {}
    for pair in body.split(b"&", _FIELDS_MAX)[:_FIELDS_MAX]:
        at = pair.find(b"=")
        if at > 0:
            name = "".join([chr(c) for c in decoded(pair[:at])])
            value = decoded(pair[at + 1 :])
            if name.endswith("[]") and name in found:
                value = found[name] + b" " + value
            found[name] = value
    return found


def decoded(text: bytes) -> bytes:
    """A blank for each +, a byte for each %XX; a % without two digits stays as it is."""
    made = bytearray()
    at = 0
    while at < len(text):
        c = text[at]
        at += 1
        if c == 0x2B:
            c = 0x20
        elif c == 0x25:
            high, low = _digit(text, at), _digit(text, at + 1)
            if high >= 0 and low >= 0:
                c = high << 4 | low
                at += 2
        made.append(c)
    return bytes(made)


def _digit(text: bytes, at: int) -> int:
    return _HEX.find(text[at : at + 1].lower()) if at < len(text) else -1


def escaped(text: str) -> str:
    """For a page, also within an attribute."""
    made = ""
    for c in text:
        made += _ESCAPES.get(c, c) if c >= " " else "\ufffd"
    return made
