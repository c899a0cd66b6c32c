"""A notice on MicroPython's own virtual machine, in real time: said, nodded for, remembered."""

import time

from notice_rig import OLD, iso, text
from rig import new_flash
from test_hostile import nvs

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.nvs import NvsError
from host_tools.market.server import Market
from host_tools.market.site import serve

RUN_S = 60  # of real time, at most


def test_it_is_said_and_nodded_for_on_the_real_vm() -> None:
    market = Market("sp500")
    heard: list[str] = []
    end_s = int(market.clock.now()) + 3600
    one = {"id": "late", "title": "Late.", "severity": "down", "end": iso(end_s),
           "firmware": [{"resolved_in_version": "0.2"}]}  # fmt: skip
    with serve(market.site) as prices:
        flash = new_flash(OLD, update_url="", providers={"cnbc": prices.url}, check_s=86400)
        nvs(flash).set_blob("seesaw", "notices", text(one).encode())
        around = Surroundings(serial=heard.append, wall=market.clock.now)
        device = MicroPythonDevice(flash, around, Options())
        marked: list[float] = []

        def nodded() -> bool:
            if not marked:
                try:
                    nvs(flash).get_blob("seesaw", "noticed")
                    marked.append(time.monotonic())
                except NvsError:
                    return False
            return time.monotonic() > marked[0] + 4  # the nod comes after it

        device.run(RUN_S, until=nodded)
    said = "".join(heard)

    assert said.count("event=notice slot=ota_0 version=0.1.0 words=Late.") == 1, said
    assert marked and "Traceback" not in said and "exception" not in said, said
    assert len(nvs(flash).get_blob("seesaw", "noticed")) == 8
