"""The part of a set of feeds that one instrument's app needs (firmware/SPEC.md, "Recipes")."""

from hashlib import sha256

from micropython import const

FORMAT = const(2)
SIZE_MAX = const(16384)  # bytes of a set
FEEDS_MAX = const(5)  # of an instrument that the app gets
FIELDS = ("title", "exchange", "sigma", "band", "feeds")  # of an instrument


def part(
    found: dict, instrument: str, bases: object = (), keys: object = (), stream: bool = False
) -> dict:
    """Of a set, or of so much of it; {} when it has no such instrument.

    bases, keys: the providers for which the owner has set a base URL, a key. A feed that needs one
    is left out without. stream: does the owner want one? It is that of the first feed which has
    one; no other is in the part.
    """
    entry = found["instruments"].get(instrument)
    if entry is None:
        return {}
    feeds, providers = [], {}
    for feed in entry["feeds"]:
        name = feed[0]
        recipe = found["providers"][name]
        waits = (recipe["url"][:6] == "{base}" and name not in bases) or (
            "key" in recipe and name not in keys
        )
        if not waits and len(feeds) < FEEDS_MAX:
            feeds.append(feed)
            left = ("about",) if stream else ("about", "stream")
            providers[name] = {field: recipe[field] for field in recipe if field not in left}
            stream = stream and "stream" not in recipe
    made = {field: entry[field] for field in FIELDS}
    made["feeds"] = feeds
    made["providers"] = providers
    return made


def whose(settings: dict) -> str:
    """What a part depends on, of the owner's settings: 16 hex digits, however many there are."""
    names = [settings["instrument"]] + sorted(settings["providers"]) + sorted(settings["keys"])
    if settings.get("stream"):
        names.append("+stream")  # as no provider is called
    if settings.get("rotation"):
        names.append(str(settings["rotation"]))
    return sha256("\n".join(names).encode()).digest()[:8].hex()
