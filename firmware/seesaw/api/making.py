"""The wiring of the page and its API."""

import asyncio
import json

from micropython import const

from seesaw import config
from seesaw.port import lan
from seesaw.unload import unload

_LOOK_MS = const(20)
_LOOKS = const(100)
_FREE = const(20000)  # bytes of heap, as a trial asks for
_ROOMS = (  # in this order: each needs those before it alone
    "net.form", "net.request", "net.serving", "api.answers", "api.changes", "api.events",
    "api.orders", "api.page", "api.site",
)  # fmt: skip


async def serving(app, store):
    """What serves a connection."""
    await _load(app, _ROOMS)
    from seesaw.api.site import Site
    from seesaw.net.serving import Serving

    app.outcome = _outcome(store)

    def load() -> bytes:
        return config.load(store)

    def keep(blob: bytes) -> None:
        config.save(store, blob)

    async def diag() -> str:
        await _load(app, ("diag", "facts"))
        from seesaw.facts import Facts

        return Facts(app, "app", store).paste()

    return Serving(Site(app, lan.name(), lan.address, load, keep, diag))


def _outcome(store) -> str:
    """How the last trial of a release ended, in the updater's words."""
    try:
        found = json.loads(store.get("update") or b"{}").get("last", "")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


async def _load(app, rooms: tuple) -> None:
    """To load a module takes longer than a frame of the beam: each waits until it is at rest, for
    so long as somebody waits for a page. What the app needs for itself is not touched: MemoryError,
    and all of it is let go of."""
    try:
        for name in rooms:
            for _ in range(_LOOKS):
                if app.beam.still:
                    break
                await asyncio.sleep_ms(_LOOK_MS)
            __import__("seesaw." + name)
            if app.chip.memory_free() < _FREE:
                raise MemoryError
            await asyncio.sleep_ms(0)
    except MemoryError:
        unload(*rooms)
        raise
