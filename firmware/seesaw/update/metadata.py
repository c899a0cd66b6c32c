"""What the files of the four roles look like (The Update Framework 1.0.34, sections 4.2 to 4.6).

`read` gives a file's parts once all of its shape is right, before anything is believed of it.
Fields that are not named here are kept and ignored.
"""

from seesaw.update.canonical import parse
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
        raise BadMetadata(kind + ": a name is there twice")
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
