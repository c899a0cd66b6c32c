"""A console for which there is no memory says so, and the app goes on: on the real VM.

The heap is swept, as in tests/proof; where an edge lies says nothing of the chip.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from rig import new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market.server import Market
from host_tools.market.site import serve

HEAPS_KIB = range(344, 168, -16)
INFORMATION = b"IMPROV\x01\x03\x02\x03\x00"  # what Improv asks
RUN_S = 15  # of real time, at most
BOARDS = 4  # at a time
LIVE, REFUSED = " state=LIVE ", "console: MemoryError"


@pytest.mark.parametrize(
    ("asked_for", "answered", "heaps_kib"),
    [(b"diag\n", " END crc32=", HEAPS_KIB),
     (INFORMATION + bytes((sum(INFORMATION) & 255,)), "\x06seesaw", HEAPS_KIB[:8:2])],
)  # fmt: skip
def test_without_memory_for_it_the_console_says_so_and_the_app_goes_on(
    asked_for: bytes, answered: str, heaps_kib: range
) -> None:
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
                device.type(asked_for)
            told = max(text.find(REFUSED), text.find(answered))
            return told > 0 and text[told:].count(LIVE) >= 2 or len(events) > 1

        device.run(RUN_S, until=over)
        text = "".join(heard)
        kind = answered if answered in text else REFUSED if REFUSED in text else ""
        return kind, text, [line for line in events if line.startswith("reset")]

    with serve(market.site) as prices:
        bases = dict.fromkeys(market.providers, prices.url)
        flash = new_flash(release("0.1.0"), check_s=86400, poll_s=1, update_url="", providers=bases)
        with ThreadPoolExecutor(BOARDS) as pool:
            lives = list(pool.map(live, heaps_kib))
    kinds = [kind for kind, _, _ in lives]
    # Improv, half as large, has no edge of its own: down to the app's it is answered.
    wanted = {answered, REFUSED} if heaps_kib == HEAPS_KIB else {answered}
    assert kinds[0] == answered and wanted <= {*kinds}, kinds
    # Nearer to its own edge the app may fall, and is started again: what was loaded for nothing
    # leaves names behind that the VM keeps.
    for kind, text, resets in lives[: [*kinds, REFUSED].index(REFUSED) + 1]:
        assert kind in wanted, kinds
        assert not resets and text.rindex(LIVE) > text.index(kind), text[-2000:]
