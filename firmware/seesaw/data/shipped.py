"""What the release ships: its feeds, read a line at a time from a file of its bundle.

`feeds.txt` has a line for each provider and each instrument of the set (firmware/SPEC.md,
"Recipes"): its name, a blank, and what stands there as JSON. No more than an instrument's part is
ever in memory.
"""

import json

FEEDS = "/bundle/feeds.txt"
FALLBACK = "sp500"  # for an instrument that only some other release knows


def feeds(settings: dict, path: str = FEEDS) -> tuple:
    """(instrument, part) of the owner's instrument, or of FALLBACK when this release has no such
    one. settings: instrument, providers, keys, and stream, if there. Raises OSError and
    ValueError for a torn file."""
    from seesaw.data.part import part

    name = settings["instrument"]
    found = _read(path, name)
    if not found["instruments"]:
        name = FALLBACK
        found = _read(path, name)
    return name, part(
        found, name, settings["providers"], settings["keys"], settings.get("stream")
    )


def _read(path: str, instrument: str) -> dict:
    """So much of the set as concerns the instrument. In the file it is above its providers."""
    instruments, providers, wanted = {}, {}, []
    with open(path) as file:
        for line in file:
            name, _, text = line.partition(" ")
            if name == instrument:
                instruments[name] = json.loads(text)
                wanted = [feed[0] for feed in instruments[name]["feeds"]]
            elif name in wanted:
                providers[name] = json.loads(text)
    return {"instruments": instruments, "providers": providers}
