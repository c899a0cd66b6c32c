"""What the files of the four roles look like (The Update Framework 1.0.34, sections 4.2 to 4.6).

`read` gives a file's parts once all of its shape is right, before anything is believed of it.
Fields that are not named here are kept and ignored.
"""

from seesaw.update.canonical import parse
from seesaw.update.clock import expiry_s, issued_s
from seesaw.update.errors import BadMetadata

ROLES = ("root", "timestamp", "snapshot", "targets")
LENGTH_MAX = {  # bytes of a file
    "root": 16384,
    "timestamp": 4096,
    "snapshot": 16384,
    "targets": 32768,  # delegated targets too
}
SPEC_MAJOR = "1."

# A shape is a type, the least value of an int, [shape] for a list, or {name: shape} for an object;
# there "*" stands for every name, and a name that ends in "?" may be missing.
KEYS = {"*": {"keytype": str, "scheme": str, "keyval": {"public?": str}}}
ROLE = {"keyids": [str], "threshold": 1}
FILE = {"version": 1, "length?": 0, "hashes?": {"*": str}}
DELEGATED = {
    "name": str, "keyids": [str], "threshold": 1, "terminating": bool, "paths?": [str],
    "path_hash_prefixes?": [str],
}  # fmt: skip
SHAPES = {
    "root": {
        "consistent_snapshot?": bool,
        "keys": KEYS,
        "roles": dict.fromkeys(ROLES, ROLE),
    },
    "timestamp": {"meta": {"snapshot.json": FILE}},
    "snapshot": {"meta": {"*": FILE}},
    "targets": {
        "targets": {"*": {"length": 0, "hashes": {"*": str}, "custom?": dict}},
        "delegations?": {"keys": KEYS, "roles": [DELEGATED]},
    },
}
COMMON = {"_type": str, "spec_version": str, "version": 1, "expires": str}
ENVELOPE = {"signed": COMMON, "signatures": [{"keyid": str, "sig": str}]}


def read(raw: bytes, kind: str) -> tuple:
    """(signed, signatures) of a file of this kind: the signed part, and keyid -> sig in hex.

    kind: one of ROLES; delegated roles are "targets". BadMetadata unless all of it is well formed.
    """
    if len(raw) > LENGTH_MAX[kind]:
        raise BadMetadata(kind + ": too long")
    value = parse(raw)
    _check(value, ENVELOPE, "it")
    signed = value["signed"]
    if signed["_type"] != kind:
        raise BadMetadata("%s: a file of another role" % kind)
    if not signed["spec_version"].startswith(SPEC_MAJOR):
        raise BadMetadata("%s: another specification" % kind)
    _check(signed, SHAPES[kind], kind)
    expiry_s(signed)
    if kind == "timestamp":
        issued_s(signed)
    elif kind == "targets":
        _names(signed.get("delegations", {"roles": ()})["roles"])
    signatures = {item["keyid"]: item["sig"] for item in value["signatures"]}
    if len(signatures) != len(value["signatures"]):
        raise BadMetadata("%s: a keyid signs twice" % kind)
    return signed, signatures


def _check(value: object, shape: object, where: str) -> None:
    kind = shape if type(shape) is type else type(shape)
    if type(value) is not kind or (kind is int and value < shape):
        raise BadMetadata("%s: not as specified" % where)
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
                raise BadMetadata("%s: no %s" % (where, key))


def _names(roles: list) -> None:
    """Names are unique, and none is a top-level role's: in the store it would take its place."""
    names = {role["name"] for role in roles}
    if len(names) != len(roles) or names & set(("",) + ROLES):
        raise BadMetadata("targets: the names of delegated roles")
