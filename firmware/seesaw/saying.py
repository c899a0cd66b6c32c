"""Says what the maker has to say: in words while it holds, and once with a nod of the beam.

Which notices had theirs is kept in NVS before the beam moves, so nothing that happens in between
repeats one.
"""

import asyncio
from hashlib import sha256

from micropython import const

from seesaw.data import notices
from seesaw.nod import may, nod

KEPT = "noticed"  # in NVS
_MARKS = const(8)  # notices whose nod is remembered
_MARK = const(4)  # bytes of each
_KEPT_MAX = const(36)  # bytes: the last nod's time, and these
_LOOK_S = const(10)
_DAY_S = const(86400)  # from one nod to the next, whatever is signed


async def watch(app, store, raw: bytes) -> None:
    """The task. raw: the set as it is kept. Ends when that is none: of another release's making."""
    try:
        found = notices.read(raw)
    except ValueError:
        return
    refused = False
    while True:
        now_s = app.clock.epoch_s()
        one = notices.pick(found, app.boot.version, app.settings["instrument"], now_s)
        told = notices.words(one) if one else ""
        if told != app.notice:
            app.notice = told
            if told:
                app.tell("notice", told)
        if one and not refused and may(app, now_s):
            kept = marked(store.get(KEPT, _KEPT_MAX), one["id"], now_s)
            if kept:
                try:
                    store.put(KEPT, kept)
                    await nod(app)
                except OSError:  # what cannot be remembered would be done again and again
                    refused = True
        await asyncio.sleep(_LOOK_S)


def marked(kept: bytes, name: str, now_s: int) -> bytes:
    """What to keep when the beam nods for the notice of this id, b"" when it may not: for each one
    once, and once a day. kept: what was kept, whatever that is."""
    mark = sha256(name.encode()).digest()[:_MARK]
    marks = kept[_MARK : _MARK * (1 + _MARKS)]
    known = [marks[at : at + _MARK] for at in range(0, len(marks), _MARK)]
    lately = kept and abs(now_s - int.from_bytes(kept[:_MARK], "little")) < _DAY_S
    if lately or mark in known:
        return b""
    return now_s.to_bytes(_MARK, "little") + mark + marks[: _MARK * (_MARKS - 1)]
