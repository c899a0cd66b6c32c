"""The only wiring: builds the real objects and starts one program."""

import asyncio
import gc
from random import random

from seesaw import config
from seesaw.port import board as chip
from seesaw.update.record import Record, settle


def run(boot, program: str) -> None:
    """Called by the launcher. Ends in a hand-over, a reset or an exception."""
    # Bytes from one collection to the next: what stays is so kept together. Sectors need room in
    # one piece, and the launcher leaves a heap in which garbage lies everywhere.
    gc.threshold(8192)
    store = chip.Store()
    settings = config.parse(config.load(store))
    record = Record(store, random)
    if not boot.trial:
        try:
            words = settle(boot, record)
        except Exception as error:  # bookkeeping must not keep the recovery from starting
            words = "%s: %s" % (type(error).__name__, error)
        if words:
            print("seesaw event=settled slot=%s version=%s words=%s"
                  % (boot.slot.info()[4], boot.version, words))  # fmt: skip
    radio = chip.Radio()
    clock = chip.Clock()
    if program == "updater":
        from seesaw.port.files import Files, carried_root
        from seesaw.updater import Updater

        board = boot.trailer[5].rstrip(b"\x00").decode()
        made = Updater(
            boot, settings, record, chip, radio, clock, board, Files(boot), carried_root(), store
        )
    else:
        from seesaw import tuning
        from seesaw.app import App
        from seesaw.beam import Beam
        from seesaw.core.quiet import owners_clock
        from seesaw.data.usage import Usage
        from seesaw.port import servo

        settings.update(tuning.parse(config.load(store)))
        usage = Usage(boot, store.get("feeds"), settings["instrument"])
        motor = servo.servo(settings["servo_pin"], settings["power_pin"], boot)
        zone = owners_clock(settings["tz"])
        beam = Beam(settings, motor, boot, clock, servo.Place(), zone)
        made = App(boot, settings, record, chip, beam, radio, clock, random, usage)
    asyncio.run(made.run())
