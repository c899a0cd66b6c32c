"""What somebody in the owner's network may have the device do. Each gives (status, words)."""

import asyncio

from micropython import const

from seesaw.api import changes
from seesaw.core.market_state import LOST_S

_DAY_S = const(86400)  # no look for a release is further off
_SOON_S = const(10)  # after a start: what has it start again is no faster than this
_BLINK_MS = const(250)
_BLINKS = const(12)  # half of them light


class Orders:
    """load(): the blob of settings. keep(blob): stores one; raises OSError."""

    def __init__(self, app, load, keep):
        self._app = app
        self._load = load
        self._keep = keep
        self._left = 0  # blinks
        self._storing = False

    def _soon(self) -> bool:
        app = self._app
        return self._storing or app.clock.up_s() < _SOON_S or app.call.again or app.call.long

    async def change(self, wanted) -> tuple:
        """Settings; the app begins anew with them."""
        if type(wanted) is not dict:
            return 400, "not a JSON object"
        if self._soon():
            return 429, "it is about to start again, or has just started"
        blob, wrong = changes.changed(self._load(), wanted)
        if wrong:
            return 400, wrong
        if not blob:
            return 200, "nothing is to be changed"
        app = self._app
        now = app.settings
        self._storing = True
        try:
            await app.beam.park()  # a write to flash would delay its frames
            self._keep(blob)
            same = wanted.get("instrument", now["instrument"]) == now["instrument"]
            self._again(same and wanted.get("rotation", now["rotation"]) == now["rotation"])
        except OSError:
            return 507, "the settings find no room, and stay as they were"
        finally:  # also when it takes too long for one request
            self._storing = False
            if not app.call.again:
                app.beam.resume()
        return 200, "stored; it starts again within seconds"

    def _again(self, same: bool) -> None:
        """Have the app start again; with the same instrument, a provider that asked for a pause
        is left alone all the same. What another one shows is not this one's: level without."""
        app = self._app
        feed = app.feed
        waits = feed.choice.waits(app.clock.up_s())
        app.call.again = (feed.silent_s, waits) if same else (LOST_S, ())

    def act(self, name) -> tuple:
        app = self._app
        if name == "identify":
            nods = app.beam.still and self._nod()
            if app.led:
                left, self._left = self._left, _BLINKS
                if not left:
                    asyncio.create_task(self._blink())
                return 202, "its beam nods, and its light blinks" if nods else "its light blinks"
            return (202, "its beam nods") if nods else (409, "it has no light, and its beam may not"
                                                        " move now")  # fmt: skip
        if name not in ("update", "restart", "setup"):
            return 400, "unknown: give identify, update, restart or setup"
        if self._soon():
            return 429, "it is about to start again, or has just started"
        if name == "update":
            if not app.settings["update_url"]:
                return 409, "no server for updates is set"
            app.since_s = _DAY_S
            return 202, "it looks for an update within seconds"
        if name == "setup":
            app.call.long = True
            return 202, "set-up opens within seconds; join the network of its label"
        self._again(True)
        return 202, "it starts again within seconds"

    def _nod(self) -> bool:
        from seesaw.nod import may, nod

        nods = may(self._app, self._app.clock.epoch_s())
        if nods:
            asyncio.create_task(nod(self._app))
        return nods

    async def _blink(self) -> None:
        while self._left:
            self._left -= 1
            self._app.led(self._left % 2)
            await asyncio.sleep_ms(_BLINK_MS)
