"""What the release ships: feeds and calendars, read a line at a time from files of its bundle.

`feeds.txt` has a line for each provider and each instrument of the set (firmware/SPEC.md,
"Recipes"): its name, a blank, and what stands there as JSON. No more than an instrument's part is
ever in memory.
"""

import json

from seesaw.data.part import part

FEEDS = "/bundle/feeds.txt"
CALENDARS = "/bundle/calendars.json"
ALWAYS = "24/7"  # an exchange that never closes
FALLBACK = "sp500"  # for an instrument that only some other release knows


def feeds(settings: dict, path: str = FEEDS) -> tuple:
    """(instrument, part) of the owner's instrument, or of FALLBACK when this release has no such
    one. settings: instrument, providers, keys, and stream, if there. Raises OSError and
    ValueError for a torn file."""
    name = settings["instrument"]
    found = _read(path, name)
    if not found["instruments"]:
        name = FALLBACK
        found = _read(path, name)
    return name, part(
        found, name, settings["providers"], settings["keys"], settings.get("stream")
    )


def development() -> bool:
    """Does this release trust the development key, which everybody has?"""
    try:
        with open("/bundle/root.json", "rb") as file:
            return b'"x-seesaw-development"' in file.read()
    except OSError:
        return False


class Always:
    """The Sessions of ALWAYS."""

    zone = None

    def state(self, now_s: int) -> tuple:
        return "open", 0


def sessions(exchange: str, path: str = CALENDARS, signed: object = None) -> object:
    """Its core.sessions.Sessions; None without a calendar of it: nothing is known of its hours.
    signed: the part that signed data has, if any; what the release ships, when it is none."""
    if exchange == ALWAYS:
        return Always()
    from seesaw.core.sessions import Sessions, part_of

    if signed:
        try:
            return Sessions(signed)
        except Exception:  # of another release's making
            pass
    try:
        with open(path) as file:
            return Sessions(part_of(file, exchange))
    except Exception:  # the file is torn, in whatever way: prices are shown without it
        return None


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
