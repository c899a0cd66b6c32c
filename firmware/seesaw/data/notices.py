"""What the maker has to say to owners, as signed data: the set `notices` (SPEC, "Notices").

A list in the shape of Home Assistant's alerts.json. Each device finds by itself which of them are
meant for it, and shows one at most. They decide nothing.
"""

import json

NAME = "notices"
SIZE_MAX = 1024  # bytes of the set
MOST = 8  # notices
SEVERITIES = ("notice", "disrupted", "down")  # the incidents', the worst last
ID_MAX, TITLE_MAX, URL_MAX = 64, 140, 100  # characters


def check(raw: bytes) -> str:
    """Their ids. ValueError unless all of it is right."""
    return " ".join([one["id"] for one in read(raw)]) or "none"


def read(raw: bytes) -> list:
    """All of the set. ValueError unless all of it is right."""
    try:
        found = json.loads(raw) if len(raw) <= SIZE_MAX else None
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not list or len(found) > MOST:
        raise ValueError("no list of notices")
    for one in found:
        wrong = trouble(one)
        if wrong:
            raise ValueError("notice: " + wrong)
    return found


def trouble(one: object) -> str:
    """The key that is wrong in a notice, "" for none."""
    if type(one) is not dict:
        return "no object"
    for key, most in (("id", ID_MAX), ("title", TITLE_MAX)):
        if not _plain(one.get(key), most):
            return key
    if one.get("severity") not in SEVERITIES:
        return "severity"
    url = one.get("alert_url", "https://")
    if not _plain(url, URL_MAX) or url[:8] != "https://" or " " in url:
        return "alert_url"
    names, ranges = one.get("instruments", [""]), one.get("firmware", [{}])
    if type(names) is not list or not names or any(type(name) is not str for name in names):
        return "instruments"
    if type(ranges) is not list or not ranges or any(type(part) is not dict for part in ranges):
        return "firmware"
    try:
        _fits(one, "1", 0)
    except Exception:  # of a version or a moment that is none
        return "firmware, start or end"
    return ""


def pick(found: list, version: str, instrument: str, now_s: int):
    """The one to show now, None for none: of those that are meant for this device the worst, of
    equals the first. found: of read(). now_s: since 1970, 0 when unknown: then none, as one whose
    time is over must not be shown."""
    best = None
    for one in found:
        mine = instrument in one.get("instruments", (instrument,))
        if mine and _fits(one, version, now_s) and (best is None or level(one) > level(best)):
            best = one
    return best


def level(one: dict) -> int:
    return SEVERITIES.index(one["severity"])


def words(one: dict) -> str:
    """What an owner reads."""
    url = one.get("alert_url")
    return one["title"] + " " + url if url else one["title"]


def _plain(text: object, most: int) -> bool:
    return type(text) is str and 0 < len(text) <= most and all(" " <= c <= "~" for c in text)


def _fits(one: dict, version: str, now_s: int) -> bool:
    """Is it for this version, at this time? All of it is read, whatever the answer."""
    from seesaw.core.quote import iso_time_s
    from seesaw.core.version import key

    begin_s = iso_time_s(one["start"]) if "start" in one else 1
    end_s = iso_time_s(one["end"])
    affected, runs = False, key(version)
    for part in one.get("firmware", ({},)):
        since, cured = part.get("affected_from_version"), part.get("resolved_in_version")
        after = since is None or key(since) <= runs
        before = cured is None or runs < key(cured)
        affected = affected or (after and before)
    return affected and begin_s <= now_s < end_s
