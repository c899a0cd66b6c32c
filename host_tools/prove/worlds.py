"""What the names in Conditions mean for a seesaw: networks, servers, owners, as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.prove.subject import Conditions

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Look = Callable[["LiveSeesaw"], bool]
Change = Callable[["LiveSeesaw"], None]


def _nothing(live: LiveSeesaw) -> None:
    """As it should be."""


def _no_wifi(live: LiveSeesaw) -> None:
    live.device.around.air.clear()


NETWORKS: dict[str, Change] = {"good": _nothing, "absent": _no_wifi}
SERVERS: dict[str, Change] = {"good": _nothing}
OWNERS: dict[str, Change] = {"nobody": _nothing}

# What scenarios wait for, beside an update that is confirmed.
UNTIL: dict[str, Look] = {
    "rejected": lambda live: live.said("words=rejected") and live.healthy(),
    "refused": lambda live: live.said("event=nothing") and live.healthy(),
}


def prepare(live: LiveSeesaw, conditions: Conditions) -> None:
    """Make the world so. Raises KeyError for a name that no table has."""
    NETWORKS[conditions.network](live)
    SERVERS[conditions.server](live)
    OWNERS[conditions.owner](live)
