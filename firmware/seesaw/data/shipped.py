"""What the release ships: feeds and calendars, read a line at a time from files of its bundle.

`feeds.txt` has a line for each provider and each instrument of the set (firmware/SPEC.md,
"Recipes"): its name, a blank, and what stands there as JSON. No more than an instrument's part is
ever in memory.
"""

import json

from seesaw.core.sessions import Sessions, part_of
from seesaw.data.part import part

FEEDS = "/bundle/feeds.txt"
CALENDARS = "/bundle/calendars.json"
FALLBACK = "sp500"  # for an instrument that only some other release knows


def feeds(settings: dict, path: str = FEEDS) -> tuple:
    """(instrument, part) of the owner's instrument, or of FALLBACK when this release has no such
    one. settings: instrument, providers, keys, and stream, if there. Raises OSError and
    ValueError for a torn file."""
    name = settings["instrument"]
    entry = _lines(path, (name,)).get(name)
    if entry is None:
        name = FALLBACK
        entry = _lines(path, (name,))[name]
    providers = _lines(path, [feed[0] for feed in entry["feeds"]])
    found = {"instruments": {name: entry}, "providers": providers}
    return name, part(
        found, name, settings["providers"], settings["keys"], settings.get("stream")
    )


def sessions(exchange: str, path: str = CALENDARS) -> Sessions:
    """Of this exchange; without a table of it nothing is known of its hours."""
    try:
        with open(path) as file:
            return Sessions(part_of(file, exchange))
    except (OSError, ValueError):
        return Sessions(None)


def _lines(path: str, names: object) -> dict:
    found = {}
    with open(path) as file:
        for line in file:
            name, _, text = line.partition(" ")
            if name in names:
                found[name] = json.loads(text)
    return found
