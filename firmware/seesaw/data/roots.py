"""Roots of TLS that signed data adds to those of the release: the set `roots` (SPEC, "Roots").

It only ever adds. So it can break no connection that would have come about without it, and needs
no trial. What it adds may sign for prices alone: trust in updates rests on no TLS.
"""

from hashlib import sha256

from seesaw.data.search import find
from seesaw.net.pem import MORE_MAX, certificates

NAME = "roots"
_NONE = b"# none"  # what is kept when the set was taken back


async def bring(client, site, store, running: str) -> str:
    """Keep the set on offer, after the client's refresh(). Words, "" for nothing new.

    running: the version of the release that runs. Raises TufError, HttpError, and OSError when NVS
    has no room.
    """
    from seesaw.data.sets import download, fit

    path = "data/" + NAME
    kept = store.get(NAME, MORE_MAX)
    target = await find(client, path)
    if not target:
        if len(kept) > len(_NONE):
            store.put(NAME, _NONE)
            return NAME + " taken back"
        return ""
    if target["hashes"].get("sha256") == sha256(kept).digest().hex():
        return ""
    try:
        fit(target, running)
        if target["length"] > MORE_MAX:
            raise ValueError("too long")
        raw = await download(client, site, path, target)
        names = check(raw)
    except ValueError as error:
        return "%s refused: %s" % (NAME, error)
    store.put(NAME, raw)
    return "%s added: %d" % (NAME, names)


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
