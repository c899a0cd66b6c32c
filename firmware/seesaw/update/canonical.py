"""JSON of metadata: from bytes to a value, and the value's canonical bytes, which are signed.

Canonical JSON is OLPC's: no blanks, sorted keys, no floats, and of all letters only the quote and
the backslash are escaped. It is handed on in pieces and never built as a whole.
"""

import json

DEPTH_MAX = 12  # brackets within brackets
INT_BITS_MAX = 64  # of the magnitude; the time for a longer one grows with its square


def parse(raw: bytes) -> object:
    """The value of a JSON text, the same on every interpreter.

    Raises what json raises for other bytes: ValueError, RuntimeError when brackets nest too deep,
    TypeError, MemoryError. The value may need some 32 times the memory of the text, whose length
    the caller bounds.
    """
    if 0 in raw or raw[:1] == b"\xef":
        raise ValueError("not UTF-8")  # or a mark before it; CPython would take both
    if b"\\ud" in raw or b"\\uD" in raw:
        # Between escaped backslashes every other one begins an escape.
        raw = b"\\\\".join(map(_pairs, raw.split(b"\\\\")))
    return json.loads(raw)


def _pairs(raw: bytes) -> bytes:
    """Escaped surrogate pairs become UTF-8: MicroPython would read two letters."""
    pieces = raw.split(b"\\u")
    high = 0
    for i in range(1, len(pieces)):
        piece = pieces[i]
        code = int(piece[:4], 16)
        half = code >> 10  # 0x36 is the first half of a pair, 0x37 the second
        if (half == 0x37) != (high > 0) or (half == 0x36 and len(piece) > 4):
            raise ValueError("half a surrogate pair")
        if half == 0x37:
            piece = chr((high << 10) + code - 0x35FDC00).encode() + piece[4:]
        high = code if half == 0x36 else 0
        pieces[i] = piece if half == 0x37 else b"" if high else b"\\u" + piece
    if high:
        raise ValueError("half a surrogate pair")
    return b"".join(pieces)


def feed(value: object, update: object, depth: int = 0) -> None:
    """Call update(bytes) with the canonical form of a parsed value, piece by piece.

    The same bytes as securesystemslib.formats.encode_canonical, in UTF-8. Some values have none: a
    float, an int beyond 64 bits, brackets deeper than DEPTH_MAX and half a surrogate pair raise
    ValueError, a key that is no string AttributeError or TypeError.
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
        raise ValueError(kind.__name__)


def _text(text: str, update: object) -> None:
    raw = text.encode()
    update(b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
