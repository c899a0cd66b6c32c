"""JSON of metadata: from bytes to a value, and the value's canonical bytes, which are signed.

Canonical JSON is OLPC's: no blanks, sorted keys, no floats, and of all letters only the quote and
the backslash are escaped. It is handed on in pieces and never built as a whole.

The two interpreters' json differ; `parse` makes them agree. MicroPython's turns an escaped
surrogate pair into two letters, takes keys that are no strings, and nests until memory is out.
"""

import json

from seesaw.update.errors import BadMetadata

DEPTH_MAX = 12  # brackets within brackets
INT_BITS_MAX = 64  # of the magnitude; the time for a longer one grows with its square


def parse(raw: bytes) -> object:
    """The value of a JSON text. BadMetadata for anything else, and when memory is too small.

    The caller bounds the length.
    """
    if b"\\ud" in raw or b"\\uD" in raw:
        # What is left between escaped backslashes is free of them.
        raw = b"\\\\".join([_pairs(part) for part in raw.split(b"\\\\")])
    _depth(raw)
    try:
        return json.loads(raw)
    except Exception as error:  # whatever json makes of it
        raise BadMetadata("not JSON: " + type(error).__name__)


def _depth(raw: bytes) -> None:
    depth = at = 0
    while at < len(raw):
        c = raw[at]
        if c == 0x22:
            at = _end(raw, at + 1)
        elif c in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise BadMetadata("nested too deep")
        elif c in b"]}":
            depth -= 1
        at += 1


def _end(raw: bytes, at: int) -> int:
    """Of a string: the first quote with an even number of backslashes before it."""
    while True:
        end = slash = raw.find(b'"', at)
        if end < 0:
            raise BadMetadata("cut short")
        while raw[slash - 1] == 0x5C:
            slash -= 1
        if (end - slash) % 2 == 0:
            return end
        at = end + 1


def _pairs(raw: bytes) -> bytes:
    """Escaped surrogate pairs become UTF-8. BadMetadata for half a pair."""
    pieces = raw.split(b"\\u")
    high = 0
    for i in range(1, len(pieces)):
        piece = pieces[i]
        try:
            code = int(piece[:4], 16)
        except ValueError:
            raise BadMetadata("not JSON")
        kind = code >> 10  # 0x36 the first half, 0x37 the second
        if (kind == 0x37) != (high > 0) or (kind == 0x36 and len(piece) > 4):
            break
        if high:
            pieces[i] = chr((high << 10) + code - 0x35FDC00).encode() + piece[4:]
        else:
            pieces[i] = b"" if kind == 0x36 else b"\\u" + piece
        high = code if kind == 0x36 else 0
    else:
        if not high:
            return b"".join(pieces)
    raise BadMetadata("half a surrogate pair")


def feed(value: object, update: object, depth: int = 0) -> None:
    """Call update(bytes) with the canonical form of a parsed value, piece by piece.

    The same bytes as securesystemslib.formats.encode_canonical, in UTF-8. BadMetadata for a float,
    an int beyond 64 bits, a key that is no string, or brackets deeper than DEPTH_MAX.
    """
    kind = type(value)
    if kind is str:
        _text(value, update)
    elif value is None or kind is bool or kind is int and value >> INT_BITS_MAX in (0, -1):
        update(json.dumps(value).encode())
    elif kind in (list, dict) and depth < DEPTH_MAX:
        update(b"{" if kind is dict else b"[")
        comma = b""
        for item in sorted(value) if kind is dict else value:
            update(comma)
            comma = b","
            if kind is dict:
                _text(item, update)
                update(b":")
                item = value[item]
            feed(item, update, depth + 1)
        update(b"}" if kind is dict else b"]")
    else:
        raise BadMetadata("a %s" % kind.__name__)


def _text(text: str, update: object) -> None:
    try:
        raw = text.encode()
    except (AttributeError, UnicodeError):  # a key that is no string; half a surrogate pair
        raise BadMetadata("no text")
    update(b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
