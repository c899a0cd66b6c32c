"""Program: joins Wi-Fi, looks for a release, installs it; in a trial, proves it could again.

It is also the recovery: started alone in a fresh heap, it needs nothing of the app.
"""

import asyncio

from seesaw.core import version
from seesaw.net import http
from seesaw.update import otadata, trial, trust
from seesaw.update.install import (
    InstallError,
    Slot,
    holds,
    install,
    start_trial,
    wanted_trailer,
)
from seesaw.update.offer import OFFER_MAX, BadOffer
from seesaw.update.plan import plan

JOIN_S = 30
OFFER_S = 20  # deadline of fetching the offer
DOWNLOAD_S = 600  # of one part
PROVE_S = 600  # a trial that could not prove itself by then is unproven
RECOVER_S = 60  # likewise for a release that was confirmed before; then the app comes first
PROBE = 4096  # bytes of its own bundle that a trial fetches
WHOLE_S = 180  # deadline of all of it, where the server knows no ranges
FEED_S = 10


class Nothing(Exception):
    """There is nothing to install; the one argument says why."""


class Against:
    """A sink that compares with a slot instead of writing it."""

    def __init__(self, part: object, offset: int):
        self.part = part
        self.offset = offset
        self.count = 0  # bytes that came
        self.same = True

    def write(self, data: bytes) -> None:
        at = self.offset + self.count
        own = bytearray(len(data))
        if at + len(data) <= self.part.info()[3]:
            self.part.readblocks(at // 4096, own, at % 4096)
        self.same = self.same and own == data
        self.count += len(data)


class Updater:
    """boot: the launcher's. chip: port.board. radio, clock, record, opener: ports handed in."""

    def __init__(self, boot, settings, record, chip, radio, clock, board):
        self.boot = boot
        self.settings = settings
        self.record = record
        self.chip = chip
        self.radio = radio
        self.clock = clock
        self.board = board
        self.running = boot.subtype - 16

    def say(self, event: str, words: str = "") -> None:
        slot = self.boot.slot.info()[4]
        said = (event, slot, self.boot.version, words.replace("\n", " "))
        print("seesaw event=%s slot=%s version=%s words=%s" % said)

    async def run(self) -> None:
        """Never returns: it ends in a reset or hands over to the app."""
        guard = asyncio.create_task(self.feed())
        await self.join()
        if self.boot.trial:
            await self.prove()
            self.boot.hand_over("app", trial.PROVED)
        try:
            await self.look()
        except (http.HttpError, BadOffer, InstallError, version.BadVersion) as error:
            self.say("hindered", str(error))
        except Nothing as error:
            self.say("nothing", str(error))
        guard.cancel()
        self.boot.completed()
        self.boot.hand_over("app", trial.LOOKED)

    async def feed(self) -> None:
        while True:
            self.boot.wdt.feed()
            await asyncio.sleep(FEED_S)

    async def join(self) -> None:
        try:
            self.radio.start(self.settings["ssid"], self.settings["password"])
        except OSError:
            pass  # already joining
        start = self.clock.up_s()
        while not self.radio.joined() and self.clock.up_s() - start < JOIN_S:
            await asyncio.sleep(0.5)

    async def get(self, url: str, deadline_s: int, max_body: int, **more) -> http.Response:
        """Raises HttpError, also for a status that is not the one asked for."""
        base = self.settings["update_url"]
        if not base:
            raise Nothing("no update server is set")
        url = base + "/" + url
        answer = await http.fetch(
            url, opener=self.chip.opener, max_body=max_body, deadline_s=deadline_s, **more
        )
        if answer.status != (206 if "range_bytes" in more else 200):
            raise http.HttpError("status", "%d for %s" % (answer.status, url))
        return answer

    async def offer(self):
        answer = await self.get("release.json", OFFER_S, OFFER_MAX)
        return trust.check(answer.body)

    async def download(self, part, sink, deadline_s: int = DOWNLOAD_S) -> None:
        await self.get(part.url, deadline_s, part.size, sink=sink)

    async def look(self) -> None:
        """One look for a release, to its end: usually Nothing, else a reset into the trial."""
        action = plan(otadata.read(self.chip.otadata()), self.running)
        if action == "reset":
            self.boot.reset("boot record names the other slot")
        if action == "heal":
            self.say("heal")
            self.boot.slot.set_boot()
            self.boot.reset("boot record healed")
        offer = await self.offer()
        self.judge(offer)
        if self.record.skip(offer.bundle.sha256):
            raise Nothing("backing off: " + self.record.last)
        self.say("offer", offer.version + ("" if trust.VERIFIED else " (not signed)"))
        slot = Slot(self.boot.other, self.boot.wdt.feed)
        if holds(slot, wanted_trailer(offer, slot.size)):
            self.say("present", offer.version)
        else:
            same = offer.runtime.sha256 == self.boot.trailer[1]
            try:
                await install(offer, slot, self.boot.slot, same, self.download)
            except InstallError as error:
                self.record.hindered(offer.bundle.sha256, str(error))
                raise
            self.say("installed", "%s, %d sectors" % (offer.version, slot.written))
        start_trial(self.boot, self.record, offer, True)

    def judge(self, offer) -> None:
        """Raises Nothing unless the offer is newer, ours, and not refused before."""
        if offer.board != self.board:
            raise Nothing("an offer for board " + offer.board)
        if not version.newer(offer.version, self.boot.version):
            raise Nothing("up to date")
        if self.record.is_rejected(offer.bundle.sha256):
            raise Nothing(offer.version + " was tried and rejected")

    async def prove(self) -> None:
        """The next update works from here: an offer is fetched and read, and a part of a bundle
        comes over the network; of this very release, as it stands in this slot.

        A release that was confirmed before owes less: it gets a minute, then the beam comes first.
        """
        self.say("prove")
        mine = trial.trial_of(self.boot, self.record)
        if mine and not mine.get("server", True) and not self.settings["update_url"]:
            self.say("proved", "no update server is set, as before")
            return
        start = self.clock.up_s()
        words = ""
        while self.clock.up_s() - start < (PROVE_S if mine else RECOVER_S):
            try:
                await self.probe()
                self.say("proved")
                return
            except (http.HttpError, BadOffer, Nothing) as error:
                words = str(error)
                self.say("unproven", words)
            await asyncio.sleep(FEED_S)
        if mine:
            self.boot.reset(trial.UNPROVEN + ": " + words)

    async def probe(self) -> None:
        """Raises HttpError, BadOffer, Nothing."""
        offer = await self.offer()
        count = min(PROBE, offer.bundle.size)
        sink = Against(self.boot.slot, self.boot.trailer[2])
        try:
            await self.get(
                offer.bundle.url, OFFER_S, count, range_bytes=(0, count - 1), sink=sink
            )
        except http.HttpError as error:
            if error.kind != "status":
                raise
            count = offer.bundle.size  # a server without ranges: all of it, then
            await self.download(offer.bundle, sink, WHOLE_S)
        if sink.count != count:
            raise Nothing("%d of %d bytes came" % (sink.count, count))
        if offer.bundle.sha256 == self.boot.bundle and not sink.same:
            raise Nothing("the server has other bytes of this release")
