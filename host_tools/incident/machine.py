"""The site for programs: summary.json as Statuspage v2, and RSS 2.0. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree

from host_tools.incident import standing, times
from host_tools.incident.incident import Incident
from host_tools.incident.site_facts import OWN, Site, key

FEED_MAX = 50  # items


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of the feed. guid: the same for ever, also where its title or words change."""

    at: datetime
    title: str
    link: str
    html: str
    guid: str


def address(site: Site, one: Incident) -> str:
    return f"{site.url}/incident/{one.name}.html"


def summary(site: Site, found: Sequence[Incident], changed: datetime) -> bytes:
    """Statuspage lists the incidents that are open; resolved ones are on the page and in the
    feed."""
    worst = standing.indicator(found)
    states = standing.components(site, found)
    said = {
        "page": {"id": "seesaw", "name": site.name, "url": site.url, "time_zone": "Etc/UTC",
                 "updated_at": times.iso(changed)},
        "components": [
            {"id": key(name), "name": name, "status": state, "position": number,
             "group": False, "description": None if name in OWN else "a third party"}
            for number, (name, state) in enumerate(states.items(), 1)
        ],
        "incidents": [_incident(site, one) for one in found if one.open],
        "scheduled_maintenances": [],
        "status": {"indicator": worst, "description": standing.INDICATORS[worst]},
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _incident(site: Site, one: Incident) -> dict[str, Any]:
    updates = [
        {"id": f"{one.name}-{number}", "incident_id": one.name, "status": update.status,
         "body": update.words, "created_at": times.iso(update.at),
         "updated_at": times.iso(update.at), "display_at": times.iso(update.at)}
        for number, update in enumerate(one.updates, 1)
    ]  # fmt: skip
    return {
        "id": one.name, "name": one.title, "status": one.updates[-1].status,
        "impact": standing.BY_SEVERITY[one.severity][1], "created_at": times.iso(one.began),
        "started_at": times.iso(one.began), "updated_at": times.iso(one.changed),
        "monitoring_at": None, "resolved_at": one.ended and times.iso(one.ended),
        "page_id": "seesaw", "shortlink": address(site, one),
        "incident_updates": updates[::-1],  # the newest first, as there
    }  # fmt: skip


def told(site: Site, one: Incident, html: dict[str, str]) -> list[Entry]:
    """Of an incident, one for each update. html: what it says, by Markdown."""
    link = address(site, one)
    return [
        Entry(update.at, f"{one.title}: {update.status}", link, html[update.words],
              f"{link}#{times.iso(update.at)}-{update.status}")
        for update in one.updates
    ]  # fmt: skip


def looked_back(site: Site, one: Incident, written: datetime, html: str) -> Entry:
    """Of its post-mortem. html: what it says in plain words."""
    link = f"{site.url}/postmortem/{one.name}.html"
    return Entry(written, f"{one.title}: post-mortem", link, html, link)


def feed(site: Site, entries: Iterable[Entry]) -> bytes:
    """The newest of these, each an item."""
    rss = ElementTree.Element("rss", version="2.0", attrib={"xmlns:atom": ATOM})
    channel = ElementTree.SubElement(rss, "channel")
    said = {"title": f"{site.name}: status", "link": f"{site.url}/", "language": "en",
            "description": "What is broken, and what is done about it"}  # fmt: skip
    _children(channel, said)
    own = {"href": f"{site.url}/feed.xml", "rel": "self", "type": "application/rss+xml"}
    ElementTree.SubElement(channel, "atom:link", own)
    for one in sorted(entries, key=lambda entry: entry.at, reverse=True)[:FEED_MAX]:
        item = ElementTree.SubElement(channel, "item")
        _children(item, {"title": one.title, "link": one.link, "description": one.html,
                         "pubDate": format_datetime(one.at)})  # fmt: skip
        ElementTree.SubElement(item, "guid", isPermaLink="false").text = one.guid
    ElementTree.indent(rss, " ")
    return ElementTree.tostring(rss, "utf-8", xml_declaration=True) + b"\n"


ATOM = "http://www.w3.org/2005/Atom"


def _children(parent: ElementTree.Element, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = text
