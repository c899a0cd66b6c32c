"""Servers that misbehave, by name: '' + FAULT is the update site, 'bundle-' + FAULT its downloads
alone, 'prices-' + FAULT the provider of prices. `live.struck` counts the answers so given.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from host_tools.market.http1 import HTML, Reply, Request, error
from host_tools.market.site import Site, static
from host_tools.release.publish import OFFER

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Change = Callable[["LiveSeesaw"], None]
Spoil = Callable[["LiveSeesaw", Request, Reply], Reply]  # the right answer -> what is sent
WHERE = ("", "bundle-", "prices-")
LATER_S = 2 * 86_400
OUTAGE_S = 900


def _fault(name: str) -> Spoil:
    """One of http1.FAULTS."""
    return lambda live, request, right: replace(right, fault=name)


def _length(by: int) -> Spoil:
    def spoil(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
        return replace(right, headers={"Content-Length": str(max(0, len(right.body) + by))})

    return spoil


def _redirect(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    return Reply(302, {"Location": "http://elsewhere" + request.path})


def _whole(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """A server that knows no ranges."""
    request.headers.pop("range", None)
    return right


def _stale(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """A cache on the way, or an attacker, serves the release from before again."""
    older = live.subject.kit.releases[live.subject.old]
    return static(older.files)(request)


def _replayed(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """The bytes of the release before under this one's names."""
    files = live.subject.kit.releases[live.subject.old].files
    kind = request.path[1:].partition("-")[0]
    found = next((data for name, data in files.items() if name.startswith(kind)), None)
    return right if request.path == "/" + OFFER or found is None else Reply(body=found)


def _garbage(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """JSON, and nothing in it is what it should be."""
    found = {"format": 1, "version": [], "board": {}, "bundle": "\ud800", "x": [[[]]] * 9}
    return Reply(body=json.dumps(found).encode())


FAULTS: dict[str, Spoil] = {
    "404-page": lambda live, request, right: Reply(body=HTML),
    "gone": lambda live, request, right: error(404),
    "overloaded": lambda live, request, right: Reply(503, {"Retry-After": "120"}),
    "truncated": _fault("truncate"),
    "too-long": _length(+7),
    "too-short": _length(-7),
    "empty": lambda live, request, right: Reply(),
    "chunked": _fault("chunked"),
    "redirect": _redirect,
    "no-range": _whole,
    "stale": _stale,
    "replayed": _replayed,
    "huge": _fault("endless"),
    "slow": _fault("slow"),
    "hang": _fault("hang"),
    "reset": _fault("reset"),
    "garbage": _garbage,
}


def _spoilt(site: Site, prefix: str, spoil: Spoil) -> Change:
    def change(live: LiveSeesaw) -> None:
        right = site.handler

        def handler(request: Request) -> Reply:
            answer = right(request)
            if not request.path.startswith(prefix):
                return answer
            live.struck += 1
            return spoil(live, request, answer)

        site.handler = handler

    return change


def _server(where: str, spoil: Spoil) -> Change:
    def change(live: LiveSeesaw) -> None:
        site = live.market.site if where == "prices-" else live.updates
        _spoilt(site, "/bundle" if where == "bundle-" else "/", spoil)(live)

    return change


def _later(live: LiveSeesaw) -> None:
    """For two days it has the release that runs; then the new one."""
    clock, new = live.device.clock, live.offered
    live.offered = live.subject.release(live.subject.candidate)

    def publish() -> None:
        live.offered = new

    clock.set_alarm("publish", clock.now_us + LATER_S * 1_000_000, publish)


def _prices_end(live: LiveSeesaw) -> None:
    """As the first trial begins the provider sends web pages, for a while."""
    clock = live.device.clock

    def hear(line: str) -> None:
        if "event=prove " in line and not live.struck:
            live.struck += 1
            live.market.break_provider("html")
            clock.set_alarm("prices", clock.now_us + OUTAGE_S * 1_000_000, live.market.mend)

    live.watchers.append(hear)


SERVERS: dict[str, Change] = {
    "good": lambda live: None,
    "prices-end": _prices_end,
    "later": _later,
    **{where + name: _server(where, spoil) for where in WHERE for name, spoil in FAULTS.items()},
}
