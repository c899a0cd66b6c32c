"""A page for which there is no memory costs nobody but who asks: on the real VM.

The heap is swept, as in tests/console; where an edge lies says nothing of the chip.
"""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

from caller import request
from rig import new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.market.server import Market
from host_tools.market.site import serve

HEAPS_KIB = range(324, 200, -12)  # below, the app itself falls
RUN_S = 60  # of real time, at most
BOARDS = 4  # at a time
ASKS, POLLS = 3, 4
LIVE = " state=LIVE "


def test_where_there_is_no_memory_for_it_the_app_goes_on() -> None:
    market = Market("sp500")

    def live(heap_kib: int) -> tuple[bool, str, list[str]]:
        """(was the page there, all that was said, resets)."""
        heard: list[str] = []
        events: list[str] = []
        around = Surroundings(serial=heard.append, events=events.append, wall=market.clock.now)
        device = MicroPythonDevice(flash.copy(), around, Options(heap_kib=heap_kib))
        with contextlib.ExitStack() as opened:
            calls: list[socket.socket] = []
            got = [b""]
            ended = 0
            since = 0

            def over() -> bool:
                nonlocal ended, since
                text = "".join(heard)
                if len(events) > 1:
                    return True
                if ended == ASKS:
                    return text[since:].count(LIVE) > POLLS
                if LIVE in text and 80 in around.doors:
                    if len(calls) == ended:
                        where = "127.0.0.1", around.doors[80]
                        calls.append(opened.enter_context(socket.create_connection(where)))
                        calls[-1].sendall(request("GET", "/"))
                        calls[-1].setblocking(False)
                    data: bytes | None = None
                    with contextlib.suppress(BlockingIOError):
                        try:
                            data = calls[-1].recv(1 << 16)
                        except ConnectionError:
                            data = b""
                    got[0] += data or b""
                    if data == b"":
                        ended, since = ended + 1, len(text)
                return False

            device.run(RUN_S, until=over)
        page = got[0].count(b"</html>") == ASKS
        return page, "".join(heard), [line for line in events if line.startswith("reset")]

    with serve(market.site) as prices:
        bases = dict.fromkeys(market.providers, prices.url)
        flash = new_flash(release("0.1.0"), check_s=86400, poll_s=1, update_url="", providers=bases)
        with ThreadPoolExecutor(BOARDS) as pool:
            lives = list(pool.map(live, HEAPS_KIB))
    pages = [page for page, _, _ in lives]
    assert pages[0] and not pages[-1], pages
    for heap_kib, (page, text, resets) in zip(HEAPS_KIB, lives, strict=True):
        assert not resets and text.count(LIVE) > POLLS, (heap_kib, page, text[-1000:])
