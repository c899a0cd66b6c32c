"""The whole simulated market: clock, prices and providers behind one site."""

import argparse
import threading
from datetime import date

from host_tools.market.clock import SimClock, real_clock, start_of
from host_tools.market.instruments import Instrument, find
from host_tools.market.prices import Prices, Quote
from host_tools.market.providers import HOSTS, Provider, covering, make, routed
from host_tools.market.site import Site, serve

DEFAULT_SEED = 1
DEFAULT_DATE = date(2026, 12, 1)  # a Tuesday with every exchange open
DEFAULT_RATE = 60.0  # one simulated minute, so one price step, per second


class Market:
    """A market seen from one instrument: its first simulated day has a visible move.

    Without a clock, simulated time starts ten minutes after the instrument's open on DEFAULT_DATE.
    prices: those of another market with this seed and first day; they remember what was reckoned.
    """

    def __init__(self, instrument: str, seed: int = DEFAULT_SEED,
                 clock: SimClock | None = None, prices: Prices | None = None) -> None:
        self.instrument: Instrument = find(instrument)
        self.clock = clock or SimClock(start_of(self.instrument, DEFAULT_DATE), DEFAULT_RATE)
        first = self.instrument.local_date(self.clock.start)
        self.prices = prices or Prices(seed, first)
        self.providers: dict[str, Provider] = make(self.prices, self.clock)
        self.handler = routed(self.providers)
        self.site = Site(self.handler, self.clock.epoch)

    def quote(self, instrument: str | None = None) -> Quote:
        """The truth now, of the market's own instrument by default."""
        wanted = self.instrument if instrument is None else find(instrument)
        return self.prices.price_at(wanted, self.clock.epoch())

    def break_provider(self, fault: str, name: str | None = None) -> None:
        """Break the provider of that name, or all. Raises ValueError if unknown."""
        for provider in self._named(name):
            provider.fault = fault

    def mend(self, name: str | None = None) -> None:
        """Mend one provider, or all."""
        for provider in self._named(name):
            provider.fault = None

    def addresses(self) -> dict[tuple[str, int], Site]:
        """Every provider's own host, at its ports for http and https, for a virtual network."""
        return {(host, port): self.site for host in HOSTS for port in (80, 443)}

    def path(self) -> str:
        """The path and query that ask the first provider for the market's own instrument."""
        first = covering(self.instrument.name)[0]
        return self.providers[first].paths(self.instrument.name)[0]

    def _named(self, name: str | None) -> list[Provider]:
        if name is None:
            return list(self.providers.values())
        if name not in self.providers:
            raise ValueError(f"unknown provider {name!r}; one of: {', '.join(self.providers)}")
        return [self.providers[name]]


def main(args: argparse.Namespace, stop: threading.Event | None = None) -> int:
    """Serve until Ctrl-C, or until `stop` is set.

    Reads `args.port` (0 for any free), `args.instrument` and `args.clock` ('sim' or 'real').
    Raises ValueError for an unknown instrument and OSError if the port is taken.
    """
    market = Market(args.instrument, clock=real_clock() if args.clock == "real" else None)
    stop = stop or threading.Event()
    with serve(market.site, args.port) as server:
        print(f"{market.instrument.title}: {server.url}{market.path()}  (Ctrl-C ends)", flush=True)
        try:
            while not stop.wait(1):  # short waits let Ctrl-C through on every system
                pass
        except KeyboardInterrupt:
            print()
    return 0
