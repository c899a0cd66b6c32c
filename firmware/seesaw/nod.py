"""A nod of the beam: small, slow, within its range and never in quiet hours."""

import asyncio

from micropython import const

from seesaw.core.quiet import quiet

_DEGREES = const(2)
_CALM_S = const(30)  # before quiet hours: the way there and back, with room
_BEGIN = const(100)  # frames until the beam moves
_FRAME_MS = const(20)


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
