"""The part of a set of feeds that one instrument's app needs (firmware/SPEC.md, "Recipes")."""

from micropython import const

FORMAT = const(2)
BLOB_MAX = const(2560)  # bytes of NVS `feeds`: a part, whose it is, and the state
FEEDS_MAX = 5  # of an instrument that the app gets
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
    """What a part depends on, of the owner's settings."""
    words = [settings["instrument"]] + sorted(settings["providers"]) + sorted(settings["keys"])
    if settings.get("stream"):
        words.append("+stream")  # as no provider is called
    return " ".join(words)
