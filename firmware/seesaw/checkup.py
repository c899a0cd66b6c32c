"""The self-test of a device that runs: what it can see of itself. `seesaw selftest` sees more."""

import asyncio
import hashlib

from micropython import const

from seesaw import config
from seesaw.diag import plain
from seesaw.typed import still

_MEMORY_MIN = const(20000)  # bytes: as in a trial
_PIECE = const(4096)
_DEGREES = const(3)
_MOVE_MS = const(10000)
QUIET = "not moved: these are quiet hours"


async def checkup(app, store) -> None:
    """One line a part: "ok" or "FAIL", and why."""
    for name, check in (("settings", settings), ("record", record), ("bundle", bundle),
                        ("memory", memory), ("wifi", wifi), ("clock", clock), ("price", price),
                        ("beam", beam)):  # fmt: skip
        await still(app)
        try:
            trouble = await check(app, store)
        except Exception as error:
            trouble = "%s: %s" % (type(error).__name__, error)
        word = "ok" if not trouble else "-" if trouble == QUIET else "FAIL"
        print("%-9s %-5s%s" % (name, word, plain(trouble, 80)))


async def settings(app, store) -> str:
    import json

    found = json.loads(config.load(store) or b"{}")
    return "" if isinstance(found, dict) else "they are no object"


async def record(app, store) -> str:
    from seesaw.update import otadata

    words = otadata.plan(app.chip.otadata(), app.boot.subtype - 16)
    return "" if words == "install" else "the boot record says " + words


async def bundle(app, store) -> str:
    """All of it, sector by sector."""
    boot = app.boot
    _, _, offset, size, wanted, _, _ = boot.trailer
    hasher, piece = hashlib.sha256(), bytearray(_PIECE)
    for at in range(0, size, _PIECE):
        await still(app)
        boot.slot.readblocks((offset + at) // _PIECE, piece)
        hasher.update(memoryview(piece)[: min(_PIECE, size - at)])
        await asyncio.sleep_ms(0)
    return "" if hasher.digest() == wanted else "its hash is another"


async def memory(app, store) -> str:
    free = app.chip.memory_free()
    return "" if free >= _MEMORY_MIN else "%d bytes are free" % free


async def wifi(app, store) -> str:
    return "" if app.radio.joined() else app.radio.trouble()


async def clock(app, store) -> str:
    return "" if app.clock.epoch_s() else "it was never set"


async def price(app, store) -> str:
    return "" if app.feed.accepted else "there was none"


async def beam(app, store) -> str:
    """Three degrees away, to the side that has room, and back."""
    made = app.beam
    if made.is_quiet():
        return QUIET
    at_ns = made.target_ns
    step_ns = _DEGREES * 1000 * abs(app.settings["us_per_degree"])
    made.aim(at_ns + step_ns if at_ns + step_ns <= made.high_ns else at_ns - step_ns)
    trouble = await arrived(made)
    made.aim(at_ns)
    return trouble or await arrived(made)


async def arrived(made) -> str:
    for _ in range(_MOVE_MS // 50):
        await asyncio.sleep_ms(50)
        if made.still and not made.wanted.is_set():
            return ""
    return "it is still moving"
