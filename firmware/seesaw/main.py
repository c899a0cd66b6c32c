"""The only wiring: builds the real objects and starts one program."""

import asyncio
import gc
from random import random

from seesaw.port import board as chip


def trial_left(blob: bytes) -> bool:
    """May the record in this blob have an open trial? A look that loads none of its code. In a text
    of the record's JSON the quotes would be escaped."""
    return len(blob) > 0 and blob.find(b'"trial": null') < 0


def recorded(boot, store):
    """The update record, settled after a boot that is no trial."""
    from seesaw.update.record import Record, settle

    record = Record(store, random)
    if not boot.trial:
        try:
            words = settle(boot, record)
        except Exception as error:  # bookkeeping must not keep the recovery from starting
            words = "%s: %s" % (type(error).__name__, error)
        if words:
            chip.say(boot, "settled", words)
    return record


def run(boot, program: str) -> None:
    """Called by the launcher. Ends in a hand-over, a reset or an exception."""
    # Sectors need room in one piece, and the launcher leaves garbage everywhere: they come first.
    updating = program == "updater"
    room = updating and (bytearray(4096), bytearray(4096), bytearray(4096))
    gc.threshold(8192)  # bytes from one collection to the next: what stays is so kept together
    store = chip.Store()
    from seesaw import config

    blob = config.load(store)
    settings = config.parse(blob)
    record = None
    if updating or boot.trial or trial_left(store.get("update")):
        record = recorded(boot, store)
    radio = chip.Radio()
    clock = chip.Clock()
    if updating:
        from seesaw.port.files import Files, carried_root
        from seesaw.updater import Updater

        if boot.trial or boot.scratch[11] & 2:  # seesaw.core.looks: the app would have it lit
            chip.led((), 1)
        board = boot.trailer[5].rstrip(b"\x00").decode()
        made = Updater(
            boot, settings, record, chip, radio, clock, board, Files(boot), carried_root(), store,
            room,
        )  # fmt: skip
        record = room = None  # of which the updater lets go
    elif program == "setup":
        from seesaw.setup.making import setup

        made = setup(boot, settings, chip, clock, store)
    else:
        if not (settings["ssid"] or boot.trial):
            boot.hand_over("setup")
        from seesaw.wiring import app

        made = app(boot, settings, record, radio, clock, random, store)
        del app, config  # what has a name here stays: see wiring.py
    if b'"log_level"' in blob and not boot.trial:  # a trial says all
        from seesaw.levels import begin

        begin(made, chip, blob)
    if program == "app" or updating and boot.unhealthy > 2:  # SAFE: perhaps no app runs
        from seesaw.line import run as listen

        asyncio.run(listen(made, program))
    asyncio.run(made.run())
