"""Networks around a seesaw, by name: what lies between it and the servers.

Each network changes a device's world before the power comes. Where a connection meets its fault,
`live.struck` counts one: so a scenario can show that its network was as bad as it says.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from host_tools.market.http1 import Reply
from host_tools.market.site import Site

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Actions = list[tuple[Any, ...]]  # of a server's peer: host_tools/emulator/net.py
Change = Callable[["LiveSeesaw"], None]

LOSSY_OF = 3  # connections, of which one dies
LOST_S = 400  # below what a trial has to prove itself
FLAP_S = 60  # the network is there, then away
YEARS_S = 10 * 365 * 86_400
SLOW_DNS_S = 13.0  # just short of when lwIP gives up; the whole VM waits
PORTAL = b"<!doctype html><html><body><form>Please log in</form></body></html>\n"
RESET: Actions = [("reset",)]


class Peer:
    """One connection through such a network."""

    def __init__(self, peer: Any, bend: Callable[[Actions], Actions]) -> None:
        self.peer = peer
        self.bend = bend
        self.tls = getattr(peer, "tls", False)

    def received(self, data: bytes) -> Actions:
        answered = self.peer.received(data)
        return self.bend(answered) if answered else answered


class Bent:
    """A server as it is seen through a network: `bend` changes every answer of it."""

    def __init__(self, server: Any, bend: Callable[[Actions], Actions]) -> None:
        self.server = server
        self.bend = bend

    def connect(self) -> Peer:
        return Peer(self.server.connect(), self.bend)


def bent(live: LiveSeesaw, bend: Callable[[Actions], Actions]) -> None:
    """Every host is behind this."""
    hosts = live.device.net.hosts
    for key, server in list(hosts.items()):
        hosts[key] = Bent(server, bend)


def _absent(live: LiveSeesaw) -> None:
    live.device.around.air.clear()


def _lossy(live: LiveSeesaw) -> None:
    chance = Random(live.conditions.seed)

    def bend(answered: Actions) -> Actions:
        if chance.randrange(LOSSY_OF):
            return answered
        live.struck += 1
        return RESET

    bent(live, bend)


def _stalls(live: LiveSeesaw) -> None:
    """Connections open and nothing ever comes."""

    def bend(answered: Actions) -> Actions:
        live.struck += 1
        return []

    bent(live, bend)


def _reset_at(where: Callable[[int, int], int]) -> Change:
    """Connections break. where: (bytes of the head, bytes in all) -> bytes that still arrive."""

    def change(live: LiveSeesaw) -> None:
        def bend(answered: Actions) -> Actions:
            live.struck += 1
            whole = b"".join(action[1] for action in answered if action[0] == "data")
            head = whole.find(b"\r\n\r\n") + 4
            return [("data", whole[: where(head, len(whole))]), *RESET]

        bent(live, bend)

    return change


def _captive(live: LiveSeesaw) -> None:
    """Every name leads to the portal, which answers everything with its page and status 200."""

    def portal(request: object) -> Reply:
        live.struck += 1
        return Reply(headers={"Content-Type": "text/html"}, body=PORTAL)

    hosts = live.device.net.hosts
    for key in hosts:
        hosts[key] = Site(portal, live.market.clock.epoch)


def _dns_crossed(live: LiveSeesaw) -> None:
    """Names lead to somebody else's server."""

    def bend(answered: Actions) -> Actions:
        live.struck += 1
        return answered

    hosts = live.device.net.hosts
    prices = hosts["cnbc", 80]
    hosts["cnbc", 80] = hosts["bitstamp", 80] = hosts["updates", 80]
    hosts["updates", 80] = prices
    bent(live, bend)


def _dns(answer: float | str) -> Change:
    return lambda live: live.device.around.dns.update({"*": answer})


def _clock_unset(live: LiveSeesaw) -> None:
    live.device.board.options.clock_set = False


def _clock_off(seconds: int) -> Change:
    def change(live: LiveSeesaw) -> None:
        right, date = live.device.around.wall, live.updates.clock
        live.device.around.wall = lambda: right() + seconds
        # An update takes the earlier of the two: only together they are believed.
        live.updates.clock = lambda: date() + max(0, seconds)

    return change


def _flapping(live: LiveSeesaw) -> None:
    """The access point is away, then there, and so on."""
    air, clock = live.device.around.air, live.device.clock
    network = dict(air)

    def turn() -> None:
        if air:
            air.clear()
            live.struck += 1
        else:
            air.update(network)
        clock.set_alarm("air", clock.now_us + FLAP_S * 1_000_000, turn)

    turn()


def _lost_names(live: LiveSeesaw) -> None:
    """As the first trial begins no name is known any more, for minutes: all fails at once."""
    clock, hosts = live.device.clock, live.device.net.hosts
    known = dict(hosts)

    def hear(line: str) -> None:
        if "event=prove " in line and not live.struck:
            live.struck += 1
            hosts.clear()
            clock.set_alarm("names", clock.now_us + LOST_S * 1_000_000, lambda: hosts.update(known))

    live.watchers.append(hear)


def _lost_in_trial(live: LiveSeesaw) -> None:
    """The access point goes away as the other slot starts."""

    def hear(line: str) -> None:
        if line.startswith("boot ota_1"):
            live.device.around.air.clear()

    live.watchers.append(hear)


NETWORKS: dict[str, Change] = {
    "lost-in-trial": _lost_in_trial,
    "lost-names": _lost_names,
    "good": lambda live: None,
    "absent": _absent,
    "lossy": _lossy,
    "stalls": _stalls,
    "resets-head": _reset_at(lambda head, size: head // 2),
    "resets-body": _reset_at(lambda head, size: head + 1),
    "resets-mid": _reset_at(lambda head, size: (head + size) // 2),
    "resets-last": _reset_at(lambda head, size: size - 1),
    "captive": _captive,
    "dns-crossed": _dns_crossed,
    "dns-dead": _dns("dead"),
    "dns-slow": _dns(SLOW_DNS_S),
    "clock-unset": _clock_unset,
    "clock-ahead": _clock_off(YEARS_S),
    "clock-behind": _clock_off(-YEARS_S),
    "flapping": _flapping,
}
