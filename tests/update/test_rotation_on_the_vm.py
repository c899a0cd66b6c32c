"""Instruments that take turns on MicroPython's own virtual machine, in real time: its days are a
quarter of an hour each, and an app is healthy after two seconds."""

import json
import re
import time

from rig import BOARD, new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.nvs import Nvs
from host_tools.market.clock import SimClock
from host_tools.market.server import Market
from host_tools.market.site import serve

RUN_S = 60  # of real time, at most
RATE = 100  # of the wall clock: a turn of five minutes takes three seconds
TUESDAY = 1_796_136_000  # 2026-12-01 14:40 UTC: New York and Frankfurt are open
QUICK = release("0.1.0", ("app.py", "_HEALTHY_S = const(240)", "_HEALTHY_S = const(2)"),
                ("app.py", "_WATCH_MS = const(5000)", "_WATCH_MS = const(500)"))  # fmt: skip
# Whatever it is, as another release or a hand on the cable may have written it.
ROTATION = ["btc", 1, None, ["dax"], "dax", "nosuch", {"dax": 1}, "btc"]
LINE = re.compile(r"seesaw state=(\S+) instrument=(\S+) ")


def settings(flash: Flash, **more: object) -> Flash:
    place = BOARD.partition("nvs")
    nvs = Nvs(flash, place.offset, place.size)
    found = json.loads(nvs.get_blob("seesaw", "config", 2048))
    nvs.set_blob("seesaw", "config", json.dumps({**found, **more}).encode())
    return flash


def test_each_has_its_turn_on_the_real_vm() -> None:
    began = time.monotonic()
    clock = SimClock(TUESDAY, RATE, lambda: time.monotonic() - began)
    market = Market("sp500", clock=clock)
    heard: list[str] = []
    events: list[str] = []
    with serve(market.site) as prices:
        bases = dict.fromkeys(market.providers, prices.url)
        flash = new_flash(QUICK, check_s=86400, poll_s=1, update_url="", providers=bases)
        settings(flash, turn_min=5, rotation=ROTATION)
        around = Surroundings(serial=heard.append, events=events.append, wall=clock.now)
        device = MicroPythonDevice(flash, around, Options())

        def over() -> bool:
            seen = [match[2] for match in LINE.finditer("".join(heard)) if match[1] == "LIVE"]
            turns = [one for at, one in enumerate(seen) if not at or seen[at - 1] != one]
            return len(turns) >= 4

        device.run(RUN_S, until=over)
    said = "".join(heard)
    seen = [match[2] for match in LINE.finditer(said) if match[1] == "LIVE"]
    assert set(seen) == {"sp500", "btc", "dax"}, said[-3000:]
    assert "Traceback" not in said and len(events) == 1, said[-3000:]
