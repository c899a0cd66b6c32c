"""When the exchanges trade, as signed data: a set of calendars (firmware/SPEC.md, "Calendars").

The file that ships has the same form. An exchange that is not named keeps what the release ships.
Parts are short, so that of the set on trial and that of the good one are both in NVS, with the
state, and no file is needed; a part of another exchange comes over the network again.
"""

import json

from seesaw.data import standing
from seesaw.data.search import find
from seesaw.data.standing import BAD, GOOD, TRIAL

NAME = "calendars"
SIZE_MAX = 8192  # bytes of a set; nine exchanges take 2 KB
EXCHANGES_MAX = 32
NAME_MAX = 8  # characters


def check(raw: bytes) -> dict:
    """Exchange -> its part, for Sessions. ValueError unless all of it is right."""
    from seesaw.core import calendar_rules  # not small, and seldom needed

    try:
        found = json.loads(raw) if len(raw) <= SIZE_MAX else None
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not dict or type(found.get("format")) is not int or found["format"] != 1:
        raise ValueError("not format 1")
    parts = found.get("calendars")
    if type(parts) is not dict or len(parts) > EXCHANGES_MAX:
        raise ValueError("no calendars")
    for name in parts:
        if not 0 < len(name) <= NAME_MAX or type(parts[name]) is not dict:
            raise ValueError("no calendar")
        calendar_rules.check(parts[name])
    return parts


def offered(state: list, sha: str, exchange: str, bundle: str) -> list:
    """The state with this set on offer, "" for none: on trial unless it is known."""
    if not sha:
        return list(standing.CALENDAR)
    made = state[:]
    if made[0] != exchange:
        made = list(standing.CALENDAR)
        made[0], made[BAD] = exchange, state[BAD]
    if sha == made[GOOD]:  # perhaps another one was taken back
        _put(made, TRIAL)
    elif sha != made[TRIAL] and sha + bundle != made[BAD]:
        _put(made, TRIAL, sha)
    return made


def after(state: list, what: str, bundle: str) -> list:
    """The state after what the app saw: prices with the set on trial make it the good one; what
    the app crashes with is given up, and the good one, or what the release ships, used again."""
    made = state[:]
    if what == "priced" and made[TRIAL]:
        _put(made, GOOD, made[TRIAL], standing.hours(made))
        _put(made, TRIAL)
    used = TRIAL if state[TRIAL] else GOOD
    if what == "crashed" and state[used]:
        made[BAD] = made[used] + bundle
        _put(made, used)
    return made


def _put(state: list, place: int, sha: str = "", part: object = None) -> None:
    state[place] = sha
    state[place + standing.PART] = part or {}


def judge(store, what: str, bundle: str, alone: bool) -> tuple:
    """Decide on what the app saw: (words, what there is to say of the feeds). A crash is laid at
    one door: that of the calendar when it is on trial, or when the feeds are what the release
    ships (alone). Raises OSError: no room in NVS."""
    state = standing.read(store.get(NAME), standing.CALENDAR)
    crashed = what == "crashed"
    if crashed and not (state[TRIAL] or alone):
        return "", what
    return _keep(store, state, after(state, what, bundle)), "" if crashed else what


async def bring(client, site, store, running: str, exchange: str, bundle: str) -> str:
    """Put the set on offer on trial, after the client's refresh(). Words, "" for nothing new.

    running: the version of the release that runs. Raises TufError, HttpError, and OSError when NVS
    has no room.
    """
    from seesaw.data.sets import download, fit

    path = "data/" + NAME
    target = await find(client, path)
    sha = target["hashes"].get("sha256", "")[:16] if target else ""
    state = standing.read(store.get(NAME), standing.CALENDAR)
    made, refused = offered(state, sha, exchange, bundle), ""
    if made[TRIAL] and made[TRIAL] != (state[TRIAL] if state[0] == exchange else ""):
        try:
            fit(target, running)
            raw = await download(client, site, path, target)
            _put(made, TRIAL, sha, check(raw).get(exchange))
        except ValueError as error:
            refused = "%s %s refused: %s" % (NAME, sha[:8], error)
            made = state[:]
            made[BAD] = sha + bundle
    return _keep(store, state, made) + refused


def _keep(store, before: list, made: list) -> str:
    if made == before:
        return ""
    store.put(NAME, json.dumps(made, separators=(",", ":")).encode())
    words = _name(made)
    if words == _name(before):
        return ""
    if made[BAD] != before[BAD]:
        words += ", given up: " + made[BAD][:8]
    return "%s %s" % (NAME, words)


def _name(state: list) -> str:
    use = TRIAL if state[TRIAL] else GOOD if state[GOOD] else 0
    return standing.USES[use] + (use and ":" + state[use][:8] or "")
