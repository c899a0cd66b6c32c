"""Program: joins Wi-Fi, looks for a release, installs it; in a trial, proves it could again.

It is also the recovery: started alone in a fresh heap, it needs nothing of the app.
"""

import asyncio

from seesaw.net import http
from seesaw.repository import Repository
from seesaw.update import otadata, trial
from seesaw.update.client import Client, unchanged
from seesaw.update.errors import TufError
from seesaw.update.install import (
    InstallError,
    Slot,
    holds,
    install,
    start_trial,
    wanted_trailer,
)
from seesaw.update.metadata import ISSUED, read
from seesaw.update.offer import BadOffer, Nothing
from seesaw.update.plan import plan
from seesaw.update.releases import Releases
from seesaw.update.report import query
from seesaw.update.trailer import BadTrailer, unpack

JOIN_S = 30
LOOK_S = 600  # deadline of all metadata of a look; roots that came are kept for the next one
METADATA_S = 90  # likewise of one proof in a trial
PROVE_S = 540  # a trial that could not prove itself by then is unproven
RECOVER_S = 60  # likewise for a release that was confirmed before; then the app comes first
PROBE = 4096  # bytes of its own bundle that a trial fetches
WHOLE_S = 180  # deadline of all of it, where the server knows no ranges
FEED_S = 10
RECALLED = 3  # why a slot was left (SPEC, "NVS")
WORDS_MAX = 200  # characters of a line's words


class Against:
    """A sink that compares with a slot instead of writing it."""

    def __init__(self, part: object, offset: int):
        self.part = part
        self.offset = offset
        self.rewind()

    def rewind(self) -> None:
        self.count = 0  # bytes that came
        self.same = True

    def write(self, data: bytes) -> None:
        at = self.offset + self.count
        own = bytearray(len(data))
        if at + len(data) <= self.part.info()[3]:
            self.part.readblocks(at // 4096, own, at % 4096)
        self.same = self.same and own == data
        self.count += len(data)


class Nowhere:
    """The store of a trial: nothing is remembered, so everything is fetched and verified."""

    def load(self, name: str) -> None:
        return None

    def save(self, name: str, raw: bytes) -> None:
        pass


class Updater:
    """boot: the launcher's. chip: port.board. files: port.files.Files. root: the root file that
    this release carries. radio, clock, record, store: ports handed in."""

    def __init__(self, boot, settings, record, chip, radio, clock, board, files, root, store):
        self.boot = boot
        self.settings = settings
        self.record = record
        self.chip = chip
        self.radio = radio
        self.clock = clock
        self.board = board
        self.files = files
        self.root = root
        self.store = store
        self.client = None  # once it is up to date
        self.done = False  # all that the metadata asks for, but data
        self.site = Repository(settings["update_url"], chip.opener, clock)

    def say(self, event: str, words: str = "") -> None:
        slot = self.boot.slot.info()[4]
        words = "".join(c if " " <= c <= "~" else " " for c in words[:WORDS_MAX])
        said = (event, slot, self.boot.version, words)
        print("seesaw event=%s slot=%s version=%s words=%s" % said)

    async def run(self) -> None:
        """Never returns: it ends in a reset or hands over to the app."""
        guard = asyncio.create_task(self.feed())
        await self.join()
        if self.boot.trial:
            await self.prove()
            self.boot.hand_over("app", trial.PROVED)
        self.weigh()
        try:
            await self.look()
        except (http.HttpError, BadOffer, InstallError) as error:
            self.say("hindered", str(error))
        except TufError as error:
            self.say("hindered", refusal(error))
        except Nothing as error:
            self.say("nothing", str(error))
        await self.bring()
        guard.cancel()
        self.boot.completed()
        self.boot.hand_over("app", trial.LOOKED)

    async def bring(self) -> None:
        """Data that is new. Whatever is wrong with it is no matter of the release's, and costs this
        look."""
        if self.client:
            try:
                self.told(await self.data().bring(self.client, self.site))
                if self.done:
                    self.client.settle(self.who())
            except Exception as error:
                self.say("hindered", "data: " + refusal(error))

    def weigh(self) -> None:
        """How did the app fare with the data that it has, if it has seen anything of note?"""
        try:
            if any(self.boot.scratch[2:6]):
                self.told(self.data().judge())
        except Exception as error:
            self.say("hindered", "data: " + refusal(error))

    def data(self):
        """Loaded when it is needed: an install needs the memory."""
        from seesaw.data.sets import Data

        return Data(self.boot, self.store, self.files, self.settings["instrument"])

    def told(self, words: str) -> None:
        if words:
            self.say("data", words)

    def who(self) -> bytes:
        """For whom all is done that metadata asks for: this release, with the data that it has."""
        return self.boot.bundle + self.store.get("feeds")

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

    def now_s(self) -> "int | None":
        """The time that an update takes as now (SPEC, "Trust"), but for what the store knows."""
        return max(self.built_s(), self.clock.epoch_s()) or None

    def built_s(self) -> int:
        return unpack(Slot(self.boot.slot, None).trailer()).build_time

    def bound_s(self) -> int:
        """The signed bound of time, as far as it is known before a look."""
        try:
            stored = read(self.files.load("timestamp.json") or b"", "timestamp")[0]
        except TufError:
            stored = {}
        return max(self.built_s(), stored.get(ISSUED, 0))

    async def releases(self, client: Client, seconds: int) -> Releases:
        """What is listed for this board, verified. Raises TufError, Nothing, BadOffer."""
        self.site.begin(seconds)
        try:
            await client.refresh()
            if not client.trusted.listed(self.board):
                raise Nothing("no release for board " + self.board)
            await client.role(self.board)
            return Releases(client.trusted, self.board)
        except (TufError, Nothing):
            raise
        except Exception as error:
            # Whatever a server sends, it must not stop the updater: that would be held against us.
            raise BadOffer("%s: %s" % (type(error).__name__, error))

    async def offer(self):
        """The newest release for this device. Raises Nothing, TufError, BadOffer."""
        now_s = self.now_s()
        fetch = self.site.metadata
        self.site.begin(LOOK_S)
        if await unchanged(self.files, fetch, now_s, self.who()):
            raise Nothing("up to date")
        client = Client(self.files, fetch, self.root, now_s, self.boot.wdt.feed)
        try:
            listed = await self.releases(client, LOOK_S)
        except Nothing:
            self.client, self.done = client, True
            raise
        self.client = client
        times = self.clock.epoch_s() or None, max(now_s or 0, listed.issued_s) or None
        running = self.board, self.boot.version, self.boot.bundle, self.chip.device_id()
        word, offer, words = listed.choose(running, times, self.record, True)
        if word == "recall":
            self.leave(listed, words)
            word, offer, words = listed.choose(running, times, self.record, False)
        if word == "nothing":
            if words == "up to date":  # all else may be another matter at the next look
                self.done = True
            raise Nothing(words)
        return offer

    def leave(self, listed: Releases, why: str) -> None:
        """A recall: boot the other slot, without a download. Returns when that holds no whole
        release, or a recalled one, or when it was tried of late."""
        slot = Slot(self.boot.other, self.boot.wdt.feed)
        try:
            made = unpack(slot.trailer())
        except BadTrailer:
            return
        bundle = made.bundle_sha256
        if listed.recalled(bundle) or not holds(slot, made) or self.record.skip(bundle):
            return
        self.record.hindered(bundle, why)  # should it not start: further off each time
        self.chip.left(RECALLED)
        try:
            self.boot.other.set_boot()
        except OSError as error:
            raise InstallError("set_boot: %s" % error)
        self.boot.reset(why)

    async def look(self) -> None:
        """One look for a release, to its end: usually Nothing, else a reset into the trial."""
        running = self.boot.subtype - 16
        action = plan(otadata.read(self.chip.otadata()), running)
        if action == "reset":
            self.boot.reset("boot record names the other slot")
        if action == "heal":
            self.say("heal")
            self.boot.slot.set_boot()
            self.boot.reset("boot record healed")
        device = self.chip.device_id()
        failure = self.record.failure
        self.site.query = query(
            self.boot.version, running, action, failure, device, self.bound_s()
        )
        offer = await self.offer()
        self.say("offer", offer.version)
        slot = Slot(self.boot.other, self.boot.wdt.feed)
        if holds(slot, wanted_trailer(offer, slot.size)):
            self.say("present", offer.version)
        else:
            same = offer.runtime.sha256 == self.boot.trailer[1]
            try:
                await install(offer, slot, self.boot.slot, same, self.site.download)
            except InstallError as error:
                self.record.hindered(offer.bundle.sha256, str(error), offer.version)
                raise
            self.say("installed", "%s, %d sectors" % (offer.version, slot.written))
        start_trial(self.boot, self.record, offer, True)

    async def prove(self) -> None:
        """The next update works from here: with nothing remembered all metadata is fetched and
        verified, and a part of a bundle comes over the network; of this very release, if it is
        listed, as it stands in this slot.

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
            except (http.HttpError, InstallError, BadOffer, Nothing) as error:
                words = str(error)
            except TufError as error:
                words = refusal(error)
            self.say("unproven", words)
            await asyncio.sleep(FEED_S)
        if mine:
            self.boot.reset(trial.UNPROVEN + ": " + words)

    async def probe(self) -> None:
        """Raises HttpError, InstallError, BadOffer, Nothing, TufError."""
        client = Client(
            Nowhere(), self.site.metadata, self.root, self.now_s(), self.boot.wdt.feed
        )  # fmt: skip
        listed = await self.releases(client, METADATA_S)
        part, mine = listed.sample(self.boot.version, self.boot.bundle)
        count = min(PROBE, part.size)
        sink = Against(self.boot.slot, self.boot.trailer[2])
        if not await self.site.piece(part, count, sink):
            count = part.size  # a server without ranges: all of it, then
            await self.site.download(part, sink, WHOLE_S)
        if sink.count != count:
            raise Nothing("%d of %d bytes came" % (sink.count, count))
        if mine and not sink.same:
            raise Nothing("the server has other bytes of this release")


def refusal(error: Exception) -> str:
    """Of an error, in words: its kind says what is wrong, its text with which file."""
    return "%s: %s" % (type(error).__name__, error)
