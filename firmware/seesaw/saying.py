"""Says what the maker has to say: in words while it holds, and once with a nod of the beam.

A nod is small, slow, within the beam's range and never in quiet hours. Which notices had theirs is
kept in NVS before the beam moves, so nothing that happens in between repeats one.
"""

import asyncio
from hashlib import sha256

from micropython import const

from seesaw.core.quiet import quiet
from seesaw.data import notices

KEPT = "noticed"  # in NVS
_MARKS = const(8)  # notices whose nod is remembered
_MARK = const(4)  # bytes of each
_KEPT_MAX = const(36)  # bytes: the last nod's time, and these
_LOOK_S = const(10)
_DAY_S = const(86400)  # from one nod to the next, whatever is signed
_DEGREES = const(2)
_CALM_S = const(30)  # before quiet hours: the way there and back, with room
_BEGIN = const(100)  # frames until the beam moves
_FRAME_MS = const(20)


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


def may(app, now_s: int) -> bool:
    """Does the beam rest where the market has it, with no quiet hours near?"""
    beam, of = app.beam, app.settings
    local_s = now_s + beam.offset_s(now_s) + _CALM_S
    near = of["quiet_from"] != of["quiet_to"] and quiet(local_s, of["quiet_from"], of["quiet_to"])
    return app.said and beam.still and not (beam.wanted.is_set() or beam.is_quiet() or near)


async def nod(app) -> None:
    """Two degrees aside, towards level, and back, in one move: a hand-over waits for all of it."""
    beam = app.beam
    at_ns = beam.target_ns
    step_ns = _DEGREES * 1000 * abs(app.settings["us_per_degree"])
    beam.aim(at_ns - step_ns if at_ns > beam.center_ns else at_ns + step_ns, True)
    aside_ns = beam.target_ns
    for _ in range(_BEGIN):
        if not beam.motion.done:
            break
        await asyncio.sleep_ms(_FRAME_MS)
    if beam.target_ns == aside_ns:  # else the market, or a self-test, has moved it on
        beam.aim(at_ns, True)
