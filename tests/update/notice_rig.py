"""Notices as a maker signs them, and what a device makes of them, for tests."""

import json
from datetime import UTC, datetime
from itertools import count, pairwise

from rig import ALONE, World, release
from test_hostile import nvs

from host_tools.release import development, publish

OLD = release("0.1.0", ALONE)
NUMBERS = count(development.edition(OLD.version) + 1)  # of metadata; it only ever rises
TEXT = "Prices of CNBC are late today. Nothing is wrong with your seesaw."
NOD_US = 80  # of two degrees, as new_flash() has them
NEAR_US, FAR_US = 2, 40  # it is come to from one side alone
LEVEL_US = 1500
JUMP_US = 30  # no two frames of a move are so far apart


def line_of(text: str = TEXT) -> str:
    return "seesaw event=notice slot=ota_0 version=0.1.0 words=" + text


def offering(world: World, **data: str) -> None:
    """The server has these sets now, in metadata that is newer than before."""
    world.offered = publish.reissued(OLD, next(NUMBERS), data=data)


def at(world: World, seconds: float) -> str:
    """The moment that is so far from now."""
    return iso(int(world.market.clock.now() + seconds))


def iso(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def notice(world: World, seconds: float, **more: object) -> dict[str, object]:
    """One that ends so long from now."""
    return {"id": "late", "title": TEXT, "severity": "notice", "end": at(world, seconds)} | more


def text(*notices: object) -> str:
    return json.dumps(notices, separators=(",", ":"))


def keep(world: World, raw: bytes) -> None:
    """As if the updater had brought it."""
    nvs(world.flash).set_blob("seesaw", "notices", raw)


def nods(world: World) -> int:
    """How often the beam went some two degrees towards level and straight back, as no market has
    it do."""
    legs = [0.0]
    before = 0.0
    for _, _, ns in world.device.board.pwm.pulses:
        us = ns / 1000
        if not us or us == before:
            continue
        step, before = us - before, us
        if abs(step) > JUMP_US:  # a cold boot: it begins where it was noted last
            legs.append(0)
        elif step * legs[-1] < 0:
            legs.append(step)
        else:
            legs[-1] += step
    side = 1 if before < LEVEL_US else -1
    pairs = [(out * side, back * -side) for out, back in pairwise(legs)]
    return sum(NOD_US - NEAR_US < min(pair) <= max(pair) < NOD_US + FAR_US for pair in pairs)
