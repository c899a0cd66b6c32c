"""An update by cable: the install that the updater does, with the bytes pushed from a laptop.

Used from the REPL after Ctrl-C: `cable = Cable(boot)`, then begin, write for every piece of the
bundle in order, finish. It is verified, tried and confirmed like any other update; whether it is
newer, or was rejected before, is for the person at the cable to say.

Also for the cable: settings, and an app that runs off the laptop without being installed.
"""

import asyncio
from random import random

from seesaw import config
from seesaw.port import board as chip
from seesaw.pushed import parse
from seesaw.update import otadata
from seesaw.update.errors import InstallError
from seesaw.update.install import (
    SECTOR,
    Sink,
    Slot,
    complete,
    copy_runtime,
    start_trial,
    wanted_trailer,
)
from seesaw.update.record import LOOKED, Record


class Cable:
    """boot: the launcher's. Raises InstallError or BadOffer with what is wrong."""

    def __init__(self, boot):
        self.boot = boot
        store = chip.Store()
        self.record = Record(store)
        self.settings = config.parse(config.load(store))
        self.offer = None

    def info(self) -> tuple:
        """(board, version, slot, runtime's SHA-256 in hex, runtime's size, what the boot record
        allows: see update/otadata.py)."""
        trailer = self.boot.trailer
        action = otadata.plan(chip.otadata(), self.boot.subtype - 16)
        return (trailer[5].rstrip(b"\x00").decode(), self.boot.version, self.boot.slot.info()[4],
                trailer[1].hex(), trailer[0], action)  # fmt: skip

    def begin(self, raw: bytes) -> None:
        """Take the offer and bring over the runtime, which must be the one that runs."""
        self.feed()
        board, _, _, runtime, _, action = self.info()
        if action != "install":
            raise InstallError("the boot record says " + action + ": reset the device first")
        offer = parse(raw)
        if offer.board != board:
            raise InstallError("this is a " + board + ", the bundle is for " + offer.board)
        if offer.runtime.sha256.hex() != runtime:
            raise InstallError("the bundle is for another runtime")
        room = bytearray(SECTOR), bytearray(SECTOR), bytearray(SECTOR)
        self.slot = Slot(self.boot.other, self.feed, room)
        self.made = wanted_trailer(offer, self.slot.size)
        self.slot.begin()
        copy_runtime(self.slot, self.boot.slot, self.made.bundle_offset)
        self.sink = Sink(self.slot, self.made.bundle_offset)
        self.left = offer.bundle.size
        self.offer = offer

    def feed(self) -> None:
        self.boot.wdt.feed()

    def write(self, data: bytes) -> int:
        """The next bytes of the bundle; how many are still to come."""
        if len(data) > self.left:
            raise InstallError("more bytes than the offer says")
        self.feed()
        self.sink.write(data)
        self.left -= len(data)
        return self.left

    def finish(self) -> None:
        """Verify, select the slot and reset into the trial; never returns."""
        if self.left:
            raise InstallError("%d bytes are missing" % self.left)
        self.sink.close()
        complete(self.slot, self.made)
        start_trial(self.boot, self.record, self.offer, bool(self.settings["update_url"]))


def set_config(changes: dict) -> None:
    """Change settings in place; the rest of the blob stays as it is."""
    import json

    store = chip.Store()
    try:
        settings = json.loads(config.load(store) or b"{}")
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        settings = {}
    settings.update(changes)
    config.save(store, json.dumps(settings).encode())


class Stopped:
    """A device whose program was stopped, as far as seesaw.facts asks."""

    def __init__(self, boot):
        self.boot = boot
        self.chip = chip
        self.settings = config.parse(config.load(chip.Store()))
        self.clock = chip.Clock()
        self.radio = chip.Radio()


def diag(boot) -> str:
    """A paste (SPEC, "Diagnostics")."""
    from seesaw.facts import Facts

    return Facts(Stopped(boot), "prompt", chip.Store()).paste()


class Guest:
    """In place of the launcher's `boot` for an app that is only tried: it keeps nothing, and
    neither updates nor confirms. The launcher's deadline goes on: an app that was forgotten on a
    table ends with it, in the device's own release."""

    def __init__(self, boot):
        self.slot = boot.slot
        self.trailer = boot.trailer
        self.wdt = boot.wdt
        self.pulse_ns = boot.pulse_ns
        self.version = "try"
        self.trial = False
        self.unhealthy = 0
        self.stage = LOOKED
        self.scratch = bytes(24)

    def healthy(self) -> None:
        pass

    def keep(self, pulse_ns: int) -> None:
        self.pulse_ns = pulse_ns

    def hand_over(self, program: str, stage: int = 0) -> None:
        pass


def try_out(boot) -> None:
    """Run the app that can be imported now; ends by Ctrl-C or an exception."""
    from seesaw.wiring import app

    asyncio.new_event_loop()  # the app that ran before has left its tasks
    store = chip.Store()
    settings = config.parse(config.load(store))
    made = app(Guest(boot), settings, None, chip.Radio(), chip.Clock(), random, store)
    asyncio.run(made.run())
