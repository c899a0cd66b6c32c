"""What the maker has to say to owners, as signed data: the set `notices` (SPEC, "Notices").

One short text; the device says it once a session, to whom it is meant for and until its time is
over. It decides nothing.
"""

import json

NAME = "notices"
SIZE_MAX = 512  # bytes of the set
TEXT_MAX = 160  # characters


def check(raw: bytes) -> str:
    """Its text. ValueError unless all of it is right."""
    return _read(raw)["text"]


def words(raw: bytes, now_s: int, instrument: str) -> str:
    """What to say now, "" for nothing. raw: as it is kept. now_s: since 1970, 0 when unknown: then
    its time is not over."""
    try:
        found = _read(raw)
    except ValueError:
        return ""
    mine = instrument in found.get("instruments", (instrument,))
    return found["text"] if mine and now_s < found["until"] else ""


def _read(raw: bytes) -> dict:
    try:
        found = json.loads(raw) if len(raw) <= SIZE_MAX else None
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not dict or type(found.get("until")) is not int:
        raise ValueError("no notice")
    text, names = found.get("text"), found.get("instruments", [])
    if type(text) is not str or not 0 < len(text) <= TEXT_MAX or type(names) is not list:
        raise ValueError("no notice")
    if any(not " " <= c <= "~" for c in text):
        raise ValueError("not printable ASCII")
    return found


def say(raw: bytes, app) -> None:
    """An event's line, if there is a notice for this owner."""
    said = words(raw, app.clock.epoch_s(), app.settings["instrument"])
    if said:
        app.tell("notice", said)
