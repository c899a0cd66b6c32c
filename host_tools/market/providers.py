"""All the simulated providers of one market, and how a request finds the one that it is for."""

from collections.abc import Mapping

from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request
from host_tools.market.prices import Prices
from host_tools.market.site import Handler, route
from host_tools.market.wire.cboe import Cboe
from host_tools.market.wire.chinese import Eastmoney, Tencent
from host_tools.market.wire.cnbc import Cnbc
from host_tools.market.wire.exchanges import Binance, Bitstamp, Coinbase, Kraken
from host_tools.market.wire.others import CoinGecko, Relay
from host_tools.market.wire.provider import DATA_FAULTS, DAY, NOTHING, Provider, Script
from host_tools.market.wire.yahoo import Yahoo

__all__ = ["ALL", "DATA_FAULTS", "DAY", "HOSTS", "NOTHING", "Bitstamp", "Cnbc", "Provider",
           "Script", "covering", "make", "routed"]

ALL: dict[str, type[Provider]] = {
    kind.NAME: kind
    for kind in (Cnbc, Cboe, Eastmoney, Tencent, Bitstamp, Coinbase, Kraken, Binance, CoinGecko,
                 Yahoo, Relay)
}  # fmt: skip
HOSTS: dict[str, str] = {kind.HOST: name for name, kind in ALL.items()}
"""Host name -> provider."""


def make(prices: Prices, clock: SimClock) -> dict[str, Provider]:
    """One of each, by name, all with the same truth."""
    return {name: kind(prices, clock) for name, kind in ALL.items()}


def covering(instrument: str) -> list[str]:
    """The providers that know an instrument, the one that devices ask by default first."""
    return [name for name, kind in ALL.items() if kind.covers(instrument)]


def routed(providers: Mapping[str, Handler]) -> Handler:
    """A handler for all of them: by the name of the host where it is a provider's, else by path."""
    by_path = route({ALL[name].PATH: found for name, found in providers.items()})

    def handler(request: Request) -> Reply:
        host = request.headers.get("host", "").partition(":")[0]
        name = HOSTS.get(host, "")
        return providers[name](request) if name in providers else by_path(request)

    return handler
