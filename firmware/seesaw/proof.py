"""The proof that a trial owes: the next update works from here.

With nothing remembered all metadata is fetched and verified, and a part of a bundle comes over the
network; of this very release, if it is listed, as it stands in this slot.
"""

import asyncio

from micropython import const

from seesaw.update.client import Client
from seesaw.update.errors import Nothing
from seesaw.update.record import UNPROVEN, trial_of

_METADATA_S = const(90)  # deadline of all metadata
_PROVE_S = const(540)  # a trial that could not prove itself by then is unproven
_RECOVER_S = const(60)  # likewise for a release that was confirmed before; then the app comes first
_PROBE = const(4096)  # bytes of its own bundle that a trial fetches
_WHOLE_S = const(180)  # deadline of all of it, where the server knows no ranges
_AGAIN_S = const(10)


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
        for start in range(0, len(data), 512):  # small: the heap is in pieces by now
            piece = data[start : start + 512]
            at = self.offset + self.count
            own = bytearray(len(piece))
            if at + len(piece) <= self.part.info()[3]:
                self.part.readblocks(at // 4096, own, at % 4096)
            self.same = self.same and own == piece
            self.count += len(piece)


class Nowhere:
    """The store of a trial: nothing is remembered, so everything is fetched and verified."""

    def load(self, name: str) -> None:
        return None

    def save(self, name: str, raw: bytes) -> None:
        pass


async def prove(updater) -> None:
    """Returns once it is proved, or when no more is owed; else ends in a reset.

    A release that was confirmed before owes less: it gets a minute, then the beam comes first.
    """
    updater.say("prove")
    boot = updater.boot
    mine = trial_of(boot, updater.record)
    if mine and not mine.get("server", True) and not updater.settings["update_url"]:
        updater.say("proved", "no update server, as before")
        return
    start = updater.clock.up_s()
    words = ""
    while updater.clock.up_s() - start < (_PROVE_S if mine else _RECOVER_S):
        failure, words = await updater.attempt(_probe(updater))
        if not failure:
            updater.say("proved")
            return
        updater.say("unproven", words)
        await asyncio.sleep(_AGAIN_S)
    if mine:
        boot.reset(UNPROVEN + ": " + words)


async def _probe(updater) -> None:
    """Raises HttpError, InstallError, BadOffer, Nothing, TufError."""
    boot, site = updater.boot, updater.site
    client = Client(Nowhere(), site.metadata, updater.root, updater.now_s, boot.wdt.feed)
    listed = await updater.releases(client, _METADATA_S)
    part, mine = listed.sample(boot.version, boot.bundle)
    client = listed = None  # it lies all over the heap, where buffers must find room
    count = min(_PROBE, part.size)
    sink = Against(boot.slot, boot.trailer[2])
    if not await site.piece(part, count, sink):
        count = part.size  # a server without ranges: all of it, then
        await site.download(part, sink, _WHOLE_S)
    if sink.count != count:
        raise Nothing("%d of %d bytes came" % (sink.count, count))
    if mine and not sink.same:
        raise Nothing("the server has other bytes of this release")
