"""A console for which there is no memory says so, and the app goes on: on the real VM.

The heap is swept, as in tests/proof; where an edge lies says nothing of the chip.
"""

from concurrent.futures import ThreadPoolExecutor

from rig import new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market.server import Market
from host_tools.market.site import serve

HEAPS_KIB = range(344, 168, -16)
RUN_S = 15  # of real time, at most
BOARDS = 4  # at a time
LIVE, REFUSED, ANSWERED = " state=LIVE ", "console: MemoryError", " END crc32="


def test_without_memory_for_it_the_console_says_so_and_the_app_goes_on() -> None:
    market = Market("sp500")

    def live(heap_kib: int) -> tuple[str, str, list[str]]:
        """(what came of a question, all that was said, resets)."""
        heard: list[str] = []
        events: list[str] = []
        around = Surroundings(serial=heard.append, events=events.append, wall=market.clock.now)
        device = MicroPythonDevice(flash.copy(), around, Options(heap_kib=heap_kib))
        asked = False

        def over() -> bool:
            nonlocal asked
            text = "".join(heard)
            if LIVE in text and not asked:
                asked = True
                device.type(b"diag\n")
            told = max(text.find(REFUSED), text.find(ANSWERED))
            return told > 0 and text[told:].count(LIVE) >= 2 or len(events) > 1

        device.run(RUN_S, until=over)
        text = "".join(heard)
        kind = ANSWERED if ANSWERED in text else REFUSED if REFUSED in text else ""
        return kind, text, [line for line in events if line.startswith("reset")]

    with serve(market.site) as prices:
        bases = dict.fromkeys(market.providers, prices.url)
        flash = new_flash(release("0.1.0"), check_s=86400, poll_s=1, update_url="", providers=bases)
        with ThreadPoolExecutor(BOARDS) as pool:
            lives = list(pool.map(live, HEAPS_KIB))
    kinds = [kind for kind, _, _ in lives]
    assert kinds[0] == ANSWERED and REFUSED in kinds, kinds
    # Nearer to its own edge the app may fall, and is started again: what was loaded for nothing
    # leaves names behind that the VM keeps.
    for kind, text, resets in lives[: kinds.index(REFUSED) + 1]:
        assert not resets and text.rindex(LIVE) > text.index(kind), text[-2000:]
