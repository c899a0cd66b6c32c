"""Roots of TLS that signed data adds to those of the release: the set `roots` (SPEC, "Roots").

It only ever adds. So it can break no connection that would have come about without it, and needs
no trial. What it adds may sign for prices alone: trust in updates rests on no TLS.
"""

from seesaw.net.pem import MORE_MAX, certificates

NAME = "roots"
SIZE_MAX = MORE_MAX


def check(raw: bytes) -> int:
    """How many certificates are in it. ValueError unless there is one, and all of them are whole.

    Whether they are any good is for TLS to say, which takes each one alone.
    """
    found = 0
    for der in certificates(raw.split(b"\n"), ()):
        if len(der) < 64 or der[:2] != b"\x30\x82" or der[2] * 256 + der[3] + 4 != len(der):
            raise ValueError("no certificate")
        found += 1
    if not found or raw.count(b"-----BEGIN ") != found:
        raise ValueError("no certificate")
    return found
