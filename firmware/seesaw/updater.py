"""Program: joins Wi-Fi, looks for a release, installs it; in a trial, proves it could again.

It is also the recovery: started alone in a fresh heap, it needs nothing of the app. Of its parts it
loads what the session needs: `proof`, or `look` and what that finds to do (`upgrade`, `data`). What
a step has needed is let go of before the next one: a chip without PSRAM has no heap for all of it.
"""

import asyncio

from micropython import const

from seesaw.core.httpdate import iso
from seesaw.net import http
from seesaw.repository import Repository
from seesaw.unload import unload
from seesaw.update.errors import BadOffer, InstallError, Nothing, TufError
from seesaw.update.metadata import expiry_s
from seesaw.update.record import LOOKED, PROVED

_JOIN_S = const(30)
_FEED_S = const(10)
_WORDS_MAX = const(200)  # characters of a line's words
_LOOK = ("look", "core.looks", "update.choose", "update.otadata")
_UPGRADE = ("upgrade", "packed", "update.install")
_DATA = ("data.sets", "data.turns", "data.standing", "data.faring", "data.part", "data.search",
         "data.calendars")  # fmt: skip
_RELEASE = ("update.record", "update.reasons", "update.offer", "update.trailer", "core.backoff")


class Updater:
    """boot: the launcher's. chip: port.board. files: port.files.Files. root: the root file that
    this release carries. room: of update.install.Slot. radio, clock, record, store: handed in."""

    def __init__(self, boot, settings, record, chip, radio, clock, board, files, root, store, room):
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
        self.room = room
        self.offer = None  # that a look has found
        self.client = None  # once it is up to date
        self.done = False  # all that the metadata asks for, but data
        self.site = Repository(settings["update_url"], chip.opener, clock)

    def say(self, event: str, words: str = "", what: str = "event") -> None:
        plain = ""
        for c in words[:_WORDS_MAX]:
            plain += c if " " <= c <= "~" else " "
        self.chip.say(self.boot, event, plain, what)

    async def run(self) -> None:
        """Never returns: it ends in a reset or hands over to the app."""
        self.say("UPDATING", "trial" if self.boot.trial else "look", "state")
        guard = asyncio.create_task(self.feed())
        await self.join()
        if self.boot.trial:
            from seesaw.proof import prove

            await prove(self)
            self.boot.hand_over("app", PROVED)
        self.weigh()
        self.say(*await self.release())
        await self.bring()
        guard.cancel()
        self.boot.completed()
        self.boot.hand_over("app", LOOKED)

    async def release(self) -> tuple:
        """Look for one, and install it: never returns when that went well, else as attempt()."""
        ended = await self.attempt(self.look())
        unload(*_LOOK)
        if self.offer:
            ended = await self.attempt(self.upgrade())
            unload(*_UPGRADE)
        self.record = self.offer = self.room = None
        unload(*_RELEASE)
        return ended

    async def look(self) -> None:  # with its end the names go that would hold what is let go of
        from seesaw.look import look

        await look(self)

    async def upgrade(self) -> None:
        from seesaw.upgrade import upgrade

        await upgrade(self, self.offer)

    async def attempt(self, task) -> tuple:
        """Await it: ("", ""), or the event that tells why it failed and its words."""
        try:
            await task
        except Nothing as error:
            return "nothing", str(error)
        except TufError as error:  # the kind says what is wrong, the text with what
            return "hindered", named(error)
        except (http.HttpError, BadOffer, InstallError) as error:
            return "hindered", str(error)
        return "", ""

    async def bring(self) -> None:
        """Data that is new. Whatever is wrong with it is no matter of the release's, and costs this
        look."""
        if self.client:
            try:
                self.tell(await self.data().bring(self.client, self.site))
                if self.done:
                    self.client.settle(self.who())
            except Exception as error:
                self.say("hindered", "data: " + named(error))

    def weigh(self) -> None:
        """How did the app fare with the data that it has, if it has seen anything of note?"""
        try:
            if any(self.boot.scratch[2:6]):
                self.tell(self.data().judge())
        except Exception as error:
            self.say("hindered", "data: " + named(error))
        unload(*_DATA)

    def data(self):
        """Loaded when it is needed: an install needs the memory."""
        from seesaw.data.sets import Data

        return Data(self.boot, self.store, self.files, self.settings, self.chip.device_id())

    def tell(self, words: str) -> None:
        if words:
            self.say("data", words)

    def who(self) -> bytes:
        """For whom all is done that metadata asks for: this release, with the data that it has."""
        owner = self.settings["instrument"].encode()
        return self.boot.bundle + self.store.get("feeds") + self.store.get("calendars") + owner

    async def feed(self) -> None:
        while True:
            self.boot.wdt.feed()
            await asyncio.sleep(_FEED_S)

    async def join(self) -> None:
        if not self.settings["ssid"]:
            return
        try:
            self.radio.start(self.settings["ssid"], self.settings["password"])
        except OSError:
            pass  # already joining
        start = self.clock.up_s()
        while not self.radio.joined() and self.clock.up_s() - start < _JOIN_S:
            await asyncio.sleep(0.5)

    def now_s(self) -> "int | None":
        """The time that an update takes as now (SPEC, "Trust"), but for what the store knows."""
        built = self.built_s()
        known = self.clock.epoch_s()
        try:
            date_s = expiry_s({"expires": iso(self.site.date)})
        except TufError:
            date_s = 0
        # Each of the two may be forged: of those that are possible the earlier one.
        if built < date_s and not built < known < date_s:
            known = date_s
        return max(built, known) or None

    def built_s(self) -> int:
        from seesaw.update.trailer import read, unpack

        return unpack(read(self.boot.slot)).build_time

    async def releases(self, client, seconds: int):
        """The update.choose.Releases for this board, verified. Raises TufError, Nothing,
        BadOffer."""
        self.site.begin(seconds)
        try:
            await client.refresh()
            if not client.trusted.listed(self.board):
                raise Nothing("no release for board " + self.board)
            await client.role(self.board)
            client.rest()
            from seesaw.update.choose import Releases

            return Releases(client.trusted, self.board)
        except (TufError, Nothing):
            raise
        except Exception as error:
            # Whatever a server sends, it must not stop the updater: that would be held against us.
            raise BadOffer(named(error))


def named(error: Exception) -> str:
    return "%s: %s" % (type(error).__name__, error)
