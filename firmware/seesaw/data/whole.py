"""A small set of data that is kept as it came, in NVS, and taken back when it is on offer no more.

For what can break nothing, and so needs no trial: `roots` and `notices` (SPEC, "Data targets").
"""

from hashlib import sha256

from seesaw.data.search import find

_NONE = b"# none"  # what is kept when the set was taken back


async def bring(client, site, store, running: str, one) -> str:
    """Keep this set on offer, after the client's refresh(). Words, "" for nothing new.

    running: the version of the release that runs. one: its module, with NAME, SIZE_MAX (bytes) and
    check(raw), which gives what is said of it or raises ValueError. Raises TufError, HttpError, and
    OSError when NVS has no room.
    """
    from seesaw.data.sets import download, fit

    name, most = one.NAME, one.SIZE_MAX
    path = "data/" + name
    kept = store.get(name, most)
    target = await find(client, path)
    if not target:
        if len(kept) > len(_NONE):
            store.put(name, _NONE)
            return name + " taken back"
        return ""
    if target["hashes"].get("sha256") == sha256(kept).digest().hex():
        return ""
    try:
        fit(target, running)
        if target["length"] > most:
            raise ValueError("too long")
        raw = await download(client, site, path, target)
        said = one.check(raw)
    except ValueError as error:
        return "%s refused: %s" % (name, error)
    store.put(name, raw)
    return "%s added: %s" % (name, said)
