"""What reads the serial line finds no memory for itself: it says so, and answers the next line."""

from rig import new_flash, release
from test_console import Person, lines

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market.server import Market
from host_tools.market.site import serve

RUN_S = 40  # of real time, at most
REFUSED = "console: MemoryError"
# The first time that the module is loaded, half of it is all that finds room.
ONCE = ("typed.py", "class Typed:\n", """import seesaw

if not hasattr(seesaw, "planted"):
    seesaw.planted = True
    raise MemoryError


class Typed:
""")  # fmt: skip
TAKEN = "        for one in self.split.take(piece, self.program.clock.up_s()):\n"
LATER = ("typed.py", TAKEN, """        import seesaw

        if not hasattr(seesaw, "planted"):
            seesaw.planted = True
            raise MemoryError
""" + TAKEN)  # fmt: skip
FULL = release("0.1.0", ONCE)


def test_the_next_line_is_answered() -> None:
    for planted in (ONCE, LATER):
        person = Person(release("0.1.0", planted), poll_s=5)
        text = person.run(lines("status", "status")(person))
        assert text.count(REFUSED) == 1 and text.count("> status") == 1, planted
        assert "feed.instrument: sp500" in text and person.follows()
        assert person.world.events == ["boot ota_0 cause 1"]


def test_the_next_line_is_answered_on_the_real_vm() -> None:
    """Where a module that fell while it was loaded stays behind in part."""
    market = Market("sp500")
    heard: list[str] = []
    events: list[str] = []
    typed = 0

    def over() -> bool:
        nonlocal typed
        text = "".join(heard)
        if " state=LIVE " in text and not typed:
            typed = 1
            device.type(b"status\n")
        if REFUSED in text and typed == 1:
            typed = 2
            device.type(b"status\n")
        return "feed.instrument: sp500" in text

    with serve(market.site) as prices:
        bases = dict.fromkeys(market.providers, prices.url)
        flash = new_flash(FULL, check_s=86400, poll_s=1, update_url="", providers=bases)
        around = Surroundings(serial=heard.append, events=events.append, wall=market.clock.now)
        device = MicroPythonDevice(flash, around, Options())
        device.run(RUN_S, until=over)
    text = "".join(heard)
    assert text.count(REFUSED) == 1 and "feed.instrument: sp500" in text, text[-2000:]
    assert len(events) == 1 and "Traceback" not in text
