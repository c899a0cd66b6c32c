"""Program: the owner's set-up, on the device's own network and on the serial line.

What happens when is the table of states.py; this is its hands. It ends by handing over to the app,
or to the updater where there is nothing for the app to do.
"""

import asyncio

from micropython import const

from seesaw.net.serving import Serving
from seesaw.setup import credentials, dns, improv, pages, probe, scan, secret, states, words
from seesaw.setup.portal import Portal

_STEP_MS = const(250)
_SERIAL_MS = const(20)
_HEALTHY_S = const(240)
_TOLD_S = const(60)  # between two lines that say the state
_BLINKS = const(4)  # the sign of SETUP (seesaw.core.market_state)


class Setup:
    """boot: the launcher's. settings: config.parse()'s. keep(ssid, password): stores them; raises
    OSError. chip, access, doors, serial, clock: ports. key: the random bytes of our network's
    password."""

    def __init__(self, boot, settings, keep, chip, access, doors, serial, clock, key):
        self.boot = boot
        self.settings = settings
        self.keep = keep
        self.chip = chip
        self.access = self.radio = access
        self.doors = doors
        self.serial = serial
        self.clock = clock
        self.button = None  # the task that watches it
        self.typed = None  # takes what comes on the serial line: seesaw.typed
        self.long = False  # set-up is open already
        self.blinks = 0 if settings["ssid"] else _BLINKS  # in a home that has Wi-Fi nobody waits
        self.saved = settings["ssid"], settings["password"]
        self.reason = states.why(boot.stage, settings["ssid"])
        self.name = access.name()
        self.password = secret.password(chip.device_id(), key)
        self.state = states.OPEN
        self.since_s = self.visit_s = self.tried_s = clock.up_s()
        self.said = ""  # the last result, in plain words
        self.wanted = b"", b"", False  # (ssid, password, anyway) of the owner
        self.submitting = False  # these have just come
        self.networks = []
        self.searching = True
        self.by_serial = False  # the last credentials came by Improv

    async def run(self) -> None:
        """Ends only by an exception or a hand-over."""
        try:
            await self.typed.take(self.serial.read())  # at once: a client's packet has a Ctrl-C
            if self.reason == "lost":
                self.access.leave()  # or it would not scan
            self.look()
            home = self.access.open(self.name, self.password)
            self.say("setup", "%s: join %s, password %s, open http://%s"
                     % (self.reason, self.name, self.password, home))  # fmt: skip
            address = bytes([int(part) for part in home.split(".")])
            await self.doors.streams(Serving(Portal(self, home)).serve, 80)
            await asyncio.gather(
                self.doors.datagrams(lambda query: dns.answer(query, address), 53),
                self.listen(),
                self.button,
                self.tend(),
            )
        finally:
            self.serial.end()

    def say(self, event: str, words: str, key: str = "event") -> None:
        plain = "".join([c if " " <= c <= "~" else "?" for c in words])
        self.chip.say(self.boot, event, plain, key)

    # -- the state machine -------------------------------------------------------------------

    async def tend(self) -> None:
        healthy = False
        begun_s = told_s = self.clock.up_s()
        self.say("SETUP", self.reason, "state")
        while True:
            self.boot.wdt.feed()
            if self.clock.up_s() - told_s >= _TOLD_S:
                told_s = self.clock.up_s()
                self.say("SETUP", self.reason, "state")
            if not healthy and self.clock.up_s() - begun_s >= _HEALTHY_S:
                self.boot.healthy()
                healthy = True
            if self.searching and self.state == states.OPEN:
                self.look()
            event = self.event(self.clock.up_s() - begun_s)
            while event:
                event = await self.take(event)
            await asyncio.sleep_ms(_STEP_MS)

    def event(self, open_s: int) -> str:
        """What has happened by itself."""
        now_s = self.clock.up_s()
        if self.submitting:
            self.submitting = False
            return "submitted"
        spent_s, quiet_s = now_s - self.since_s, now_s - self.visit_s
        if self.state in (states.SAVED, states.NEW):
            if self.access.joined():
                return "joined"
            return "failed" if states.failed(self.access.status(), spent_s) else ""
        if self.state == states.DONE:
            return "shown" if spent_s >= states.SHOW_S else ""
        if self.reason == "lost" and self.access.joined():
            return "due"
        if states.due(self.reason, now_s - self.tried_s, self.access.phones(), quiet_s):
            return "due"
        return "over" if states.over(self.reason, open_s, quiet_s) else ""

    async def take(self, event: str) -> str:
        """Follow the table; gives the event that the doing has brought, if any."""
        if (self.state, event) not in states.TABLE:
            return ""
        before = self.state
        self.state, action = states.TABLE[before, event]
        self.since_s = self.clock.up_s()
        if event == "failed" and before == states.NEW:
            self.result(words.of_status(self.access.status()))
        if event == "joined" and before == states.SAVED:
            self.result(words.GOOD)
        if self.state == states.GONE:
            self.leave()
        return await self.act(action)

    async def act(self, action: str) -> str:
        if action == "try new":
            self.access.begin(self.wanted[0], credentials.as_text(self.wanted[1]) or "")
        elif action == "try saved":
            self.tried_s = self.clock.up_s()
            if not self.access.joined():
                self.access.begin(*self.saved)
        elif action == "leave":
            self.access.leave()
        elif action == "check":
            found = await probe.behind(self.chip.opener)
            if found == "login page" and not self.wanted[2]:
                self.result(words.LOGIN)
                return "login page"
            self.said = words.OFFLINE if found == "offline" else words.GOOD
            return "good"
        elif action == "save":
            try:
                self.keep(*self.wanted[:2])
            except OSError:
                self.said = words.FULL
            self.result(self.said)
        return ""

    def result(self, word: str) -> None:
        self.said = word
        self.say("wifi", words.WORDS[word])
        if self.by_serial:
            self.by_serial = False
            if self.state == states.DONE and word != words.FULL:
                self.serial.write(improv.state(improv.PROVISIONED)
                                  + improv.result(improv.WIFI, (self.url().encode(),)))  # fmt: skip
            else:
                self.serial.write(improv.error(improv.NOT_JOINED) + improv.state(improv.READY))

    def leave(self) -> None:
        """Never returns. What could not be joined is for the app to go on with."""
        self.access.close()
        stays = self.reason == "never" and self.said not in (words.GOOD, words.OFFLINE)
        self.boot.hand_over("updater" if stays else "app")

    # -- the owner's side: of the portal -----------------------------------------------------

    def visited(self) -> None:
        self.visit_s = self.clock.up_s()

    def search(self) -> None:
        self.searching = True

    def look(self) -> None:
        """A scan; it blocks for some seconds."""
        self.searching = False
        rows = self.access.scan()
        if rows:
            self.networks = scan.listed(rows, self.name)

    def submitted(self, form: dict) -> None:
        self.submit(*credentials.chosen(form), bool(form.get("anyway")))

    def submit(self, ssid: bytes, password: bytes, anyway: bool) -> bool:
        """Are they tried now?"""
        if self.busy() or self.state == states.DONE:
            return False
        self.said = credentials.wrong(ssid, password)
        if self.said:
            return False
        self.wanted = ssid, password, anyway
        self.submitting = True
        return True

    def busy(self) -> bool:
        """Are the owner's credentials being tried?"""
        return self.submitting or self.state in (states.NEW, states.CHECK)

    def page(self):
        if self.busy():
            name = credentials.readable(self.wanted[0])
            return pages.waiting("Trying %s. If your phone drops this network, join %s again."
                                 % (name, self.name))  # fmt: skip
        said = words.WORDS.get(self.said, self.said)
        if self.state == states.DONE:
            return pages.over(said)
        if self.searching:
            return pages.waiting("Searching.")
        ssid = self.wanted[0] or self.saved[0]
        if isinstance(ssid, str):
            ssid = ssid.encode()
        mac = ":".join(["%02x" % c for c in self.access.mac()])
        return pages.form(said, self.networks, ssid, mac, self.boot.version)

    # -- the owner's side: of the serial line ------------------------------------------------

    async def listen(self) -> None:
        """Never ends but by Ctrl-C."""
        while True:
            try:
                await self.typed.take(self.serial.read())
            except KeyboardInterrupt:
                self.serial.end()
                raise
            await asyncio.sleep_ms(_SERIAL_MS)

    def answer(self, command: int, data: bytes) -> bytes:
        """To a command of Improv."""
        self.visited()
        if command == improv.WIFI:
            given = improv.wifi(data)
            if given is None:
                return improv.error(improv.INVALID)
            if not self.submit(*given, True):
                return improv.error(improv.NOT_JOINED)
            self.by_serial = True
            return improv.error(0) + improv.state(improv.PROVISIONING)
        if command == improv.STATE:
            return improv.told(self.provisioned(), self.url())
        if command == improv.INFO:
            return improv.about(self.boot, self.name)
        if command == improv.SCAN:
            return improv.networks(self.networks)
        return improv.error(improv.UNKNOWN if command else improv.INVALID)

    def provisioned(self) -> int:
        if self.busy():
            return improv.PROVISIONING
        return improv.PROVISIONED if self.state == states.DONE else improv.READY

    def url(self) -> str:
        """Of the page that the app will have there, once it is joined."""
        return "http://%s/" % self.access.address()
