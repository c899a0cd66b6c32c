"""What the names in Conditions mean for a seesaw, and what its scenarios wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.prove.hardware import HARDWARE
from host_tools.prove.networks import NETWORKS
from host_tools.prove.owners import OWNERS
from host_tools.prove.servers import SERVERS
from host_tools.prove.subject import Conditions

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Look = Callable[["LiveSeesaw"], bool]

# What scenarios wait for, beside an update that is confirmed.
UNTIL: dict[str, Look] = {
    "rejected": lambda live: live.said("words=rejected") and live.healthy(),
    "refused": lambda live: live.said("event=nothing") and live.healthy(),
    "hindered": lambda live: live.said("event=hindered") and live.healthy(),
    "interrupted": lambda live: live.said("words=interrupted") and live.healthy(),
    # What is on offer runs for good, though the world's own fault has met the device.
    "overcome": lambda live: live.struck > 0 and live.updated(live.conditions.offer)
    and live.healthy(),
    "set-up": lambda live: live.struck > 0 and live.healthy(),
    "selected": lambda live: live.happened("reset machine.reset()"),
    "confirmed": lambda live: live.said("event=confirmed") and live.healthy(),
}


def prepare(live: LiveSeesaw, conditions: Conditions) -> None:
    """Make the world so. Raises KeyError for a name that no table has."""
    live.flash.bad = frozenset()
    for name, value in conditions.hardware:
        if name in HARDWARE:
            HARDWARE[name](live, str(value))
    NETWORKS[conditions.network](live)
    SERVERS[conditions.server](live)
    OWNERS[conditions.owner](live)


def reached(live: LiveSeesaw, until: str) -> bool:
    """One of UNTIL; 'struck:N': the world's own fault has met the device N times; 'says:WORDS':
    the serial console has said so. Raises KeyError for another word."""
    kind, _, what = until.partition(":")
    if kind == "struck":
        return live.struck >= int(what)
    if kind == "says":
        return live.said(what)
    return UNTIL[until](live)
