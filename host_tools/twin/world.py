"""What is around an emulated seesaw: a market and an update site, within its reach."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.emulator.serial_port import SerialPort
from host_tools.market.clock import SimClock, start_of
from host_tools.market.feed_log import Feed, FeedPrices
from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import Instrument
from host_tools.market.providers import DAY
from host_tools.market.replay import Replay
from host_tools.market.server import DEFAULT_DATE, DEFAULT_RATE, DEFAULT_SEED, Market
from host_tools.market.site import Site, serve, static
from host_tools.twin import given

UPDATES = "updates", 80  # on the virtual network
PRICE_STEP_S = 60  # of simulated time between two prices


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built. market: 'sim', 'live', or a folder of recorded days. clock, of the
    simulated market: 'sim' or 'real'. check_s: seconds between two looks for a release. config:
    settings on top of these. flash: boot this image, with its own settings but for addresses,
    rather than a new one. port: the board's serial line. speed: times real time, on the CPython
    engine, whose time is virtual; 0: the real VM, in real time. replay: a record
    in place of the market."""

    board: str = "esp32_wrover"
    instrument: str | None = None
    market: str = "sim"
    clock: str = "sim"
    seed: int = DEFAULT_SEED
    check_s: int = 10
    runtime: Path | None = None
    config: Path | None = None
    build: Path = Path("build")
    flash: Path | None = None
    port: SerialPort | None = None
    speed: int = 0
    replay: Feed | None = None


class World:
    """files: of the update site; they may change. tick: the board's own time, in seconds.

    A context manager: its servers close at the end. On a virtual network there are none, but
    `hosts`. UserError for what the user can put right.
    """

    def __init__(
        self, wanted: Wanted, instrument: Instrument, files: dict[str, bytes],
        tick: Callable[[], float],
    ) -> None:  # fmt: skip
        self.slow_updates = False
        self.market = _market(wanted, instrument, tick)
        self.recorded = bool(wanted.replay) or isinstance(self.market, Replay)
        self._updates = static(files)
        site = Site(self._update, lambda: int(self.wall()))
        self.hosts: dict[tuple[str, int], Site] = {UPDATES: site}
        names = list(self.market.providers) if self.market else []
        with contextlib.ExitStack() as opened:
            self.update_url = f"http://{UPDATES[0]}"
            self.providers = {name: f"http://{name}" for name in names}
            if not wanted.speed:
                self.update_url = opened.enter_context(serve(site)).url
            if self.market and wanted.speed:
                self.hosts |= {(name, 80): self.market.site for name in names}
                self.hosts |= self.market.addresses()
            elif self.market:
                url = opened.enter_context(serve(self.market.site)).url
                self.providers = dict.fromkeys(names, url)
            self._open = opened.pop_all()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def wall(self) -> float:
        """The time of day, seconds since 1970."""
        return self.market.clock.now() if self.market else time.time()

    def _update(self, request: Request) -> Reply:
        reply = self._updates(request)
        return replace(reply, fault="slow") if self.slow_updates else reply

    def truth(self, last_s: float, shown: Instrument) -> list[tuple[float, float]]:
        """(price, baseline) of that instrument at every price step of the last seconds, the newest
        last; empty without a simulated market. A cryptocurrency is measured from 24 hours ago."""
        if self.market is None:
            return []
        now = self.market.clock.epoch()
        first = max(now - int(last_s * self.market.clock.rate), int(self.market.clock.start))
        return [_truth_at(self.market, shown, at) for at in (*range(first, now, PRICE_STEP_S), now)]


def _truth_at(market: Market, shown: Instrument, epoch: int) -> tuple[float, float]:
    quote = market.prices.price_at(shown, epoch)
    if shown.kind == "crypto":
        return quote.price, market.prices.price_at(shown, epoch - DAY).price
    return quote.price, quote.price - quote.change


def _market(wanted: Wanted, instrument: Instrument, tick: Callable[[], float]) -> Market | None:
    if feed := wanted.replay:
        clock = SimClock(feed.epoch, feed.rate, tick)
        return Market(instrument.name, clock=clock, prices=FeedPrices(feed))
    if wanted.market == "live":
        return None
    if wanted.market != "sim":
        return given.replayed(instrument.name, Path(wanted.market), tick)
    start, rate = float(start_of(instrument, DEFAULT_DATE)), DEFAULT_RATE
    if wanted.speed:
        rate = 1.0  # it is the board's own time that is sped up
    if wanted.clock == "real":
        start, rate = time.time(), 1.0
    return Market(instrument.name, wanted.seed, SimClock(start, rate, tick))
