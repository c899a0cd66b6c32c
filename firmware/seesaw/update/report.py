"""What a device says of itself with each check: the query string in a static host's access log.

Its grammar is in firmware/SPEC.md, "Check query". Nothing of the owner's is in it, and the
pseudonym changes every month, so that nobody can follow a device for ever.
"""

import hashlib

MONTH_S = 2629746  # a twelfth of a Gregorian year
VERSION_MAX = 24  # characters
FAILURE_MAX = 44  # characters
PSEUDONYM_SIZE = 6  # bytes


def query(
    version: str, slot: int, action: str, failure: str, device: bytes, bound_s: "int | None"
) -> str:  # fmt: skip
    """The query string without its "?", at most 120 characters.

    version: that runs. slot: 0 or 1. action: of plan(). failure: of Record. device: the device's
    id. bound_s: the signed bound of time, seconds since 1970, or None.
    """
    who = hashlib.sha256(device + b"\x01%d" % ((bound_s or 0) // MONTH_S)).digest()
    said = "v=%s&s=%d%s&p=%s" % (
        _plain(version[:VERSION_MAX]), slot, action[0], who[:PSEUDONYM_SIZE].hex()
    )  # fmt: skip
    return said + "&f=" + _plain(failure[:FAILURE_MAX]) if failure else said


def _plain(text: str) -> str:
    """What a URL carries as it is; "_" for all else."""
    good = [c if "0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z" or c in ".-," else "_"
            for c in text]  # fmt: skip
    return "".join(good)
