"""A set of data on MicroPython's own virtual machine: the same way, in real time."""

from rig import new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market import feed_sets
from host_tools.market.server import Market
from host_tools.market.site import Site, serve, static
from host_tools.release import development, publish

RUN_S = 60  # of real time, at most
KEPT = "priced, now good:"


def test_a_set_is_tried_and_kept_on_the_real_vm() -> None:
    """Sigma is no whole number there, and goes through JSON twice."""
    old = release("0.1.0")
    market = Market("sp500")
    heard: list[str] = []
    with serve(market.site) as prices:
        found = feed_sets.moved(feed_sets.shipped(), "cnbc", prices.url)
        text = feed_sets.text(feed_sets.with_sigma(found, "sp500", 1.37))
        number = development.edition(old.version) + 1
        offered = publish.reissued(old, number, data={"feeds": text})
        with serve(Site(static(offered.site), market.clock.epoch)) as updates:
            flash = new_flash(old, update_url=updates.url, providers={}, check_s=5, poll_s=1)
            around = Surroundings(serial=heard.append, wall=market.clock.now)
            device = MicroPythonDevice(flash, around, Options())

            def kept() -> bool:
                return "LIVE" in "".join(heard).partition(KEPT)[2]

            device.run(RUN_S, until=kept)
    said = "".join(heard)

    assert " data=trial:" in said and KEPT in said, said
    assert " data=good:" in said.partition(KEPT)[2], said
    assert "Traceback" not in said, said
    assert "hindered" not in said, said
