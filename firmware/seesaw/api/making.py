"""The wiring of the page and its API."""

import asyncio

from micropython import const

from seesaw import config
from seesaw.port import lan

_LOOK_MS = const(20)
_LOOKS = const(100)
_ROOMS = (  # in this order: each needs those before it alone
    "net.form", "net.request", "net.serving", "api.answers", "api.changes", "api.events",
    "api.orders", "api.page", "api.site",
)  # fmt: skip


async def serving(app, store):
    """What serves a connection."""
    await _load(app, _ROOMS)
    from seesaw.api.site import Site
    from seesaw.net.serving import Serving

    def load() -> bytes:
        return config.load(store)

    def keep(blob: bytes) -> None:
        config.save(store, blob)

    async def diag() -> str:
        await _load(app, ("diag", "facts"))
        from seesaw.facts import Facts

        return Facts(app, "app", store).paste()

    return Serving(Site(app, lan.name(), lan.address, load, keep, diag))


async def _load(app, rooms: tuple) -> None:
    """To load a module takes longer than a frame of the beam: each waits until it is at rest, for
    so long as somebody waits for a page."""
    for name in rooms:
        for _ in range(_LOOKS):
            if app.beam.still:
                break
            await asyncio.sleep_ms(_LOOK_MS)
        __import__("seesaw." + name)
        await asyncio.sleep_ms(0)
