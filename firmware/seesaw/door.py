"""The door of the device's page: what answers is loaded when somebody comes (api/making.py)."""

import asyncio

from micropython import const

_PORT = const(80)
_AGAIN_S = const(60)


async def listen(*parts) -> None:
    """The task; ends once it listens. A port that cannot be had costs the page alone."""
    made = []

    async def serve(reader, writer) -> None:
        try:
            if not made:
                from seesaw.api import making

                made.append(await making.serving(*parts))
        except Exception:  # no memory for it, say: the market is followed all the same
            writer.close()
            await writer.wait_closed()
        else:
            await made[0].serve(reader, writer)

    while True:
        try:
            return await asyncio.start_server(serve, "0.0.0.0", _PORT)
        except OSError:
            await asyncio.sleep(_AGAIN_S)
