"""What the incidents that are open make of the components, in Statuspage's words. Pure."""

from collections.abc import Iterable

from host_tools.incident.incident import Incident
from host_tools.incident.site_facts import Site

GOOD = "operational"
# By severity: the state of a component, the impact of the incident.
BY_SEVERITY = {
    "notice": ("degraded_performance", "minor"),
    "disrupted": ("partial_outage", "major"),
    "down": ("major_outage", "critical"),
}
ORDER = [GOOD, *(state for state, _ in BY_SEVERITY.values())]
STATE_WORDS = dict(zip(ORDER, ("works", "is impaired", "is partly out", "is out"), strict=True))
INDICATORS = {
    "none": "All of it works",
    "minor": "Something is impaired",
    "major": "Something is partly out",
    "critical": "Something is out",
}


def components(site: Site, found: Iterable[Incident]) -> dict[str, str]:
    """Each component and its state: the worst that an open incident makes of it."""
    states = dict.fromkeys(site.components, GOOD)
    for one in found:
        for name in one.affected if one.open else ():
            worse = BY_SEVERITY[one.severity][0]
            states[name] = max(states[name], worse, key=ORDER.index)
    return states


def indicator(found: Iterable[Incident]) -> str:
    """none, minor, major or critical: the worst of the open incidents."""
    impacts = [BY_SEVERITY[one.severity][1] for one in found if one.open]
    return max(["none", *impacts], key=list(INDICATORS).index)
