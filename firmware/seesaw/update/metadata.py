"""What the files of the four roles look like (The Update Framework 1.0.34, sections 4.2 to 4.6).

`read` gives a file's parts once all of its shape is right, before anything is believed of it.
Fields that are not named here are kept and ignored. `feed` gives a value's canonical bytes, which
are signed: OLPC's canonical JSON has no blanks, sorted keys, no floats, and of all letters only the
quote and the backslash are escaped. It is handed on in pieces and never built as a whole.
"""

import json

from seesaw.update.errors import BadMetadata

ROLES = ("root", "timestamp", "snapshot", "targets")
# Bytes of a file; those of delegated roles are "targets" too.
LENGTH_MAX = {"root": 16384, "timestamp": 4096, "snapshot": 16384, "targets": 32768}
ISSUED = "x-seesaw-issued"  # of timestamp's signed part: when it was signed
DATE = "%04d-%02d-%02dT%02d:%02d:%02dZ"  # section 4.2, "date-time"

# A shape is a type, the least value of an int, [shape] for a list, or {name: shape} for an object;
# there "*" stands for every name, and a name that ends in "?" may be missing.
_KEYS = {"*": {"keytype": str, "scheme": str, "keyval": {"public?": str}}}
_FILE = {"version": 1, "length?": 0, "hashes?": {"*": str}}
_SHAPES = {
    "root": {
        "consistent_snapshot?": bool,
        "keys": _KEYS,
        "roles": dict.fromkeys(ROLES, {"keyids": [str], "threshold": 1}),
    },
    "timestamp": {"meta": {"snapshot.json": _FILE}, ISSUED + "?": 0},
    "snapshot": {"meta": {"*": _FILE}},
    "targets": {
        "targets": {"*": {"length": 0, "hashes": {"*": str}, "custom?": dict}},
        "delegations?": {
            "keys": _KEYS,
            "roles": [
                {
                    "name": str,
                    "keyids": [str],
                    "threshold": 1,
                    "terminating": bool,
                    "paths?": [str],
                    "path_hash_prefixes?": [str],
                }
            ],
        },
    },
}
_ENVELOPE = {
    "signed": {"_type": str, "spec_version": str, "version": 1, "expires": str},
    "signatures": [{"keyid": str, "sig": str}],
}
DEPTH_MAX = 12  # brackets within brackets


def read(raw: bytes, kind: str) -> tuple:
    """(signed, signatures) of a file of this kind: the signed part, and keyid -> sig in hex.

    kind: one of ROLES; delegated roles are "targets". BadMetadata unless all of it is well formed.
    """
    if len(raw) > LENGTH_MAX[kind]:
        raise BadMetadata(kind + ": too long")
    try:
        value = parse(raw)
    except Exception:  # whatever json makes of it, and when memory is too small
        raise BadMetadata(kind + ": not JSON")
    _check(value, _ENVELOPE, kind)
    signed = value["signed"]
    _check(signed, _SHAPES[kind], kind)
    if signed["_type"] != kind or signed["spec_version"][:2] != "1.":
        raise BadMetadata(kind + ": of another role")
    if expiry_s(signed) < (kind == "timestamp" and signed.get(ISSUED, 0)):
        raise BadMetadata(ISSUED)
    signatures = {item["keyid"]: item["sig"] for item in value["signatures"]}
    names = [""] + list(ROLES)  # whose place in the store no delegated role may take
    if kind == "targets":
        names += [role["name"] for role in signed.get("delegations", {"roles": ()})["roles"]]
    if len(signatures) != len(value["signatures"]) or len(set(names)) != len(names):
        raise BadMetadata(kind + ": a name twice")
    return signed, signatures


def _check(value: object, shape: object, where: str) -> None:
    kind = shape if type(shape) is type else type(shape)
    if type(value) is not kind or (kind is int and value < shape):
        raise BadMetadata(where + ": not as specified")
    if type(shape) is list:
        for item in value:
            _check(item, shape[0], where)
    elif type(shape) is dict:
        for name, inner in shape.items():
            key = name.rstrip("?")
            if name == "*":
                for item in value.values():
                    _check(item, inner, where)
            elif key in value:
                _check(value[key], inner, where + " " + key)
            elif key == name:
                raise BadMetadata(where + ": no " + key)


def expiry_s(signed: dict) -> int:
    """Of a role's `expires`, seconds since 1970. BadMetadata when it is not of DATE or no date."""
    text = signed["expires"]
    try:
        fields = text[:-1].replace("T", "-").replace(":", "-").split("-")
        fields = year, month, day, hour, minute, second = [int(field) for field in fields]
        good = 0 < month < 13 and 0 < day < 32 and hour < 24 and minute < 60 and second < 60
        good = good and year < 10000
    except ValueError:
        good = False
    if not good or DATE % tuple(fields) != text:
        raise BadMetadata("expires " + text[:24])
    # Years begin in March, so that the leap day is a year's last.
    year -= month < 3
    days = 365 * year + year // 4 - year // 100 + year // 400 - 719469
    days += (153 * ((month + 9) % 12) + 2) // 5 + day
    return days * 86400 + hour * 3600 + minute * 60 + second


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
    # 64 bits of magnitude: the time for a longer one grows with its square.
    if kind is str:
        _text(value, update)
    elif value is None or kind is bool or kind is int and value >> 64 in (0, -1):
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
