"""Improv Wi-Fi on the serial line of a program that runs (firmware/SPEC.md, "Set-up"): who it is,
where its page is, and another network for it. Loaded for a packet."""

import asyncio

from micropython import const

from seesaw.port import lan
from seesaw.port.access import Access
from seesaw.setup import credentials, improv
from seesaw.setup.scan import listed

_LOOK_MS = const(250)
_LOOKS = const(60)  # 15 s for one try, as in set-up


class Improving:
    """program: the one that runs. name: of it. write(bytes): to the line."""

    def __init__(self, program: object, name: str, write: object) -> None:
        self.program = program
        self.name = name
        self.write = write
        self.busy = False  # a network is tried

    def answer(self, number: int, data: bytes) -> bytes:
        """To a command. The updater knows neither SCAN nor WIFI: its look needs the network."""
        if number == improv.STATE:
            return improv.told(self.state(), self.url())
        if number == improv.INFO:
            return improv.about(self.program.boot, lan.name())
        if number == improv.SCAN and self.name == "app":
            return self.scanned()
        if number == improv.WIFI and self.name == "app":
            return self.submitted(improv.wifi(data))
        return improv.error(improv.UNKNOWN if number else improv.INVALID)

    def state(self) -> int:
        if self.busy:
            return improv.PROVISIONING
        return improv.PROVISIONED if self.program.radio.joined() else improv.READY

    def scanned(self) -> bytes:
        """Blocks for some seconds, with the beam at rest."""
        return improv.networks(listed(Access().scan(), ""))

    def submitted(self, given: "tuple | None") -> bytes:
        """given: (name, password), bytes."""
        if given is None:
            return improv.error(improv.INVALID)
        if self.busy or credentials.wrong(*given):
            return improv.error(improv.NOT_JOINED)
        self.busy = True
        asyncio.create_task(self.tried(*given))
        return improv.error(0) + improv.state(improv.PROVISIONING)

    async def tried(self, ssid: bytes, password: bytes) -> None:
        """Stored are only such as have worked; after others it goes back to those it had."""
        app = self.program
        of = app.settings
        before = of["ssid"], of["password"]
        try:
            words = await self.joined(ssid, password)
        except Exception as error:  # NVS has no room, or the heap
            words = "%s: not kept" % type(error).__name__
        self.busy = False
        if words:
            of["ssid"], of["password"] = before
            access = Access()
            access.begin(*before)
            access.close()
            self.write(improv.error(improv.NOT_JOINED) + improv.state(self.state()))
        else:
            made = improv.state(improv.PROVISIONED)
            self.write(made + improv.result(improv.WIFI, (self.url().encode(),)))
        app.tell("wifi", words or "joined, and kept")

    async def joined(self, ssid: bytes, password: bytes) -> str:
        """Join and keep; why not, in words. The follower, which joins what the settings say, may
        come round meanwhile."""
        app = self.program
        of = app.settings
        of["ssid"] = credentials.as_text(ssid) or ssid
        of["password"] = credentials.as_text(password)
        access = Access()
        access.begin(of["ssid"], of["password"])
        for _ in range(_LOOKS):
            await asyncio.sleep_ms(_LOOK_MS)
            if access.joined():
                break
        else:
            return "not joined: " + app.radio.trouble()
        access.close()  # of our own network there was none: from now on it reconnects for ever
        await app.beam.park()  # a write to flash would delay its frames
        try:
            credentials.keep(app.chip.Store(), ssid, password)
        finally:
            app.beam.resume()
        return ""

    def url(self) -> str:
        """Of the page; the updater has none."""
        return "http://%s/" % lan.address() if self.name == "app" else ""
