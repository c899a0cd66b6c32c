"""The wiring of the page and its API."""

import asyncio

from seesaw import config
from seesaw.port import lan

_ROOMS = (  # in this order: each needs those before it alone
    "net.form", "net.request", "net.serving", "api.answers", "api.changes", "api.events",
    "api.orders", "api.page", "api.site",
)  # fmt: skip


async def serving(app, store):
    """What serves a connection. A module at a time: the beam's next frame comes in between."""
    for name in _ROOMS:
        __import__("seesaw." + name)
        await asyncio.sleep_ms(0)
    from seesaw.api.site import Site
    from seesaw.net.serving import Serving

    def load() -> bytes:
        return config.load(store)

    def keep(blob: bytes) -> None:
        config.save(store, blob)

    return Serving(Site(app, lan.name(), lan.address, load, keep))
