"""The rows of the device's own page, on the real MicroPython VM: how soon its first byte comes
while the beam moves, and whether a frame of the move is late for it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from host_tools.bench import KB, Row
from host_tools.bench_time import APP, BOARD, BOOTLOADER, LAUNCHER, SETTINGS
from host_tools.emulator.board import Surroundings
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import (
    MicroPythonDevice,
    NoMicroPython,
    find_micropython,
)
from host_tools.errors import UserError
from host_tools.image import bundle, flash_image
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import Instrument, find
from host_tools.market.prices import Prices, Quote
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.site import serve
from host_tools.release import publish

FIRST_BYTE, GAP = "first byte of the device's page", "  a frame of a move meanwhile"
FIRST_LIMIT_MS = 50
GAP_LIMIT_MS = 40  # from one frame of a move to the next: then one is a whole frame late
REST_MS = 200  # a longer gap is a rest
PAGE_LIMIT_KB = 24
MODULES_LIMIT_KB = 13
SWING, SWING_S = 0.012, 2  # of a price that goes up and down: the way and back in so many seconds
ROUNDS, ASKED = 4, 25  # requests in each
ASK = b"GET / HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n"
UP_S, RUN_S, PAUSE_S = 60, 150, 0.1


class Swinging(Prices):
    """Every price is a swing above the day's move, then below it: each poll moves the beam."""

    def price_at(self, instrument: Instrument, epoch: float) -> Quote:
        found = super().price_at(instrument, epoch)
        swing = SWING if epoch % SWING_S < SWING_S / 2 else -SWING
        return replace(found, price=found.previous_close * (1 + swing), time_epoch=int(epoch))


class Moving:
    """A device on the VM, in a thread of its own, whose beam is hardly ever at rest."""

    def __init__(self, **settings: object) -> None:
        clock = SimClock(start_of(find("sp500"), DEFAULT_DATE), 1)
        self.market = Market("sp500", clock=clock, prices=Swinging())
        self.heard = ""
        self.settings = {"instrument": "sp500", "poll_s": 1, "check_s": 86400, **settings}
        self._stop = threading.Event()

    def hear(self, text: str) -> None:
        self.heard += text

    @contextlib.contextmanager
    def running(self) -> Iterator["Moving"]:
        """UserError when it does not come so far that somebody can ask."""
        made = publish.make(BOARD, "0.1.0", APP)
        with serve(self.market.site) as prices:
            near = {"cnbc": prices.url}
            wanted = {**SETTINGS, "providers": near, **self.settings}
            self.flash = Flash.from_bytes(
                flash_image.compose(BOARD, BOOTLOADER, made.slot, LAUNCHER, wanted)
            )
            self.around = Surroundings(wall=self.market.clock.now, serial=self.hear)
            self.device = MicroPythonDevice(self.flash, self.around)
            thread = threading.Thread(target=self.device.run, args=(RUN_S, self._stop.is_set))
            thread.start()
            try:
                self._wait(thread)
                yield self
            finally:
                self._stop.set()
                thread.join()

    def _wait(self, thread: threading.Thread) -> None:
        end_s = time.monotonic() + UP_S
        while "state=LIVE" not in self.heard or 80 not in self.around.doors:
            if time.monotonic() > end_s or not thread.is_alive():
                raise UserError("the VM", "does not follow: " + self.heard[-300:], "mend it")
            time.sleep(0.05)

    def connect(self, seconds: float = 40) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.around.doors[80]), seconds)

    def ask(self, raw: bytes = ASK) -> tuple[float, bytes]:
        """Milliseconds to the first byte, from the begin of connecting; and all bytes."""
        begun_s = time.monotonic()
        with self.connect() as sock:
            sock.sendall(raw)
            found = sock.recv(1)
            ms = (time.monotonic() - begun_s) * 1000
            while piece := sock.recv(4096):
                found += piece
        return ms, found

    def frames(self) -> list[float]:
        """Milliseconds from each frame of a move to the next, so far."""
        pulses = [at_us for at_us, _, ns in list(self.device.board.pwm.pulses) if ns]
        gaps = [(b - a) / 1000 for a, b in zip(pulses, pulses[1:], strict=False)]
        return [gap for gap in gaps if gap < REST_MS]


def measure() -> list[Row]:
    """Without a MicroPython VM the figures are None. UserError when nothing answers there."""
    try:
        find_micropython()
    except NoMicroPython as error:
        why = str(error)
        rows = [Row(FIRST_BYTE, None, "ms", FIRST_LIMIT_MS, note=why),
                Row(GAP, None, "ms", GAP_LIMIT_MS, note=why)]  # fmt: skip
    else:
        rows = _asked()
    files = bundle.build("0.1.0").files
    page = len(files[bundle.PAGE]) / KB
    kb = sum(len(files[f"seesaw/net/{name}.mpy"]) for name in ("form", "request", "serving"))
    kb += sum(len(data) for name, data in files.items() if name.startswith("seesaw/api/"))
    note = ".mpy files that are loaded when somebody asks for the page"
    more = Row("modules of it and its API", kb / KB, "KB", MODULES_LIMIT_KB, note=note)
    return [*rows, Row("the device's page", page, "KB", PAGE_LIMIT_KB), more]


def _asked() -> list[Row]:
    with Moving().running() as moving:
        loading_ms, _ = moving.ask()
        rounds = [_round(moving) for _ in range(ROUNDS)]
    found = sorted(ms for times, _ in rounds for ms in times)
    longest, frames = min((max(gaps), len(gaps)) for _, gaps in rounds)
    note = (f"95 % of {len(found)} requests to the VM, from connecting on; median"
            f" {found[len(found) // 2]:.1f} ms. The first of all, which loads what answers, waits"
            f" for the beam to rest: {loading_ms:.0f} ms")  # fmt: skip
    moves = (f"the longest time between two frames, which are 20 ms apart, while it is asked for;"
             f" least of {ROUNDS} rounds, of {frames} frames and {ASKED} requests")  # fmt: skip
    return [Row(FIRST_BYTE, found[len(found) * 95 // 100], "ms", FIRST_LIMIT_MS, note=note),
            Row(GAP, longest, "ms", GAP_LIMIT_MS, note=moves)]  # fmt: skip


def _round(moving: Moving) -> tuple[list[float], list[float]]:
    """Milliseconds to each first byte, and those between frames meanwhile."""
    before, times = len(moving.frames()), []
    for _ in range(ASKED):
        ms, answer = moving.ask()
        if not (answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"</html>\n")):
            raise UserError("the VM", f"no page: {answer[-300:]!r}", "mend it")
        times.append(ms)
        time.sleep(PAUSE_S)
    return times, moving.frames()[before:]
