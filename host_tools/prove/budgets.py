"""What a seesaw may use up in any run: flash, room in NVS, sockets, and the patience of servers.

All are generous to a healthy device, and each finds what has no end: a device in the field runs for
years, and a run here for hours at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from host_tools.emulator.flash import PAGE
from host_tools.emulator.nvs import Nvs, NvsError

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

IDLE_OPS, IDLE_OPS_HOUR = 200, 20  # on flash, where nothing is on offer
# Erases of a sector of slots or boot record in one run, by a device that looks for a release every
# 20 s; those in the field look every 6 h.
SLOT_ERASES, SLOT_ERASES_HOUR = 60, 6
KEYS = 24  # of the firmware in NVS, whatever they hold: SPEC.md, "NVS", has fewer
# Requests, by a device that polls every 5 s and looks every 20 s.
ASKED, PRICES_HOUR, UPDATES_HOUR = 300, 2000, 3000
OPEN = 6  # connections at once; lwIP has 10 sockets for all that the chip does
NAMESPACE = "seesaw"


def hours(live: LiveSeesaw) -> int:
    return live.device.clock.now_us // 3_600_000_000


def worn(live: LiveSeesaw) -> str:
    """Erases of slots and boot record: what is tried again and again must become rarer. And where
    there is nothing to do nothing is written."""
    written = live.flash.ops - live.ops
    if not live.conditions.offer and written > IDLE_OPS + IDLE_OPS_HOUR * hours(live):
        return f"wrote to flash {written} times though there was nothing to do"
    most = SLOT_ERASES + SLOT_ERASES_HOUR * hours(live)
    for page, count in live.flash.wear.items():
        erased = count - live.wear.get(page, 0)
        if erased > most and live.subject.place(page * PAGE).startswith("ota"):
            return f"the sector at {page * PAGE:#x} was erased {erased} times"
    return ""


def crowded(live: LiveSeesaw) -> str:
    """Keys in NVS: those that grow in number fill it one day, and then nothing is noted."""
    place = live.subject.kit.board.partition("nvs")
    try:
        found = Nvs(live.flash.copy(), place.offset, place.size).items()
    except NvsError:
        return ""
    count = sum(namespace == NAMESPACE for namespace, *_ in found)
    return f"keeps {count} keys in NVS" if count > KEYS else ""


def insistent(live: LiveSeesaw) -> str:
    """Requests: who asks without end is locked out, and a fleet of them is an attack."""
    seconds = live.device.clock.now_us // 1_000_000
    for name, site, an_hour in (
        ("prices", live.market.site, PRICES_HOUR), ("updates", live.updates, UPDATES_HOUR),
    ):  # fmt: skip
        if site.asked > ASKED + an_hour * seconds // 3600:
            return f"asked for {name} {site.asked} times"
    return ""


def clinging(live: LiveSeesaw) -> str:
    """Connections that are not closed: when the last socket is taken there is no more network."""
    count = live.device.net.most
    return f"had {count} connections open at once" if count > OPEN else ""


def spent(live: LiveSeesaw) -> str:
    """What it has used beyond its budget, "" for nothing."""
    return worn(live) or insistent(live) or crowded(live) or clinging(live)
