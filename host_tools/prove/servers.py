"""Servers that misbehave, by name: '' + FAULT is the update site, 'bundle-' + FAULT its bundles
alone, packed or not, 'packed-' + FAULT the packed ones, 'prices-' + FAULT the provider of prices.
`live.struck` counts the answers so given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from host_tools.market import calendars, feed_sets
from host_tools.market.http1 import HTML, Reply, Request, error
from host_tools.market.site import Site, static
from host_tools.release import development, publish
from host_tools.release.publish import OFFER, Release

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Change = Callable[["LiveSeesaw"], None]
Spoil = Callable[["LiveSeesaw", Request, Reply], Reply]  # the right answer -> what is sent
WHERE = ("", "bundle-", "packed-", "prices-")
KINDS = {"bundle-": ("bundle", "packed"), "packed-": ("packed",)}  # of files; all of them elsewhere
LATER_S = 2 * 86_400
OUTAGE_S = 900
_ATTACKERS: dict[str, dict[str, bytes]] = {}  # their sites, by board
FORGED = "9.9.9"  # version of what an attacker offers
AHEAD = 2_000_000_000  # version of his metadata


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
    return static(older.site)(request)


def _kind(path: str) -> str:
    """What a file of the update site is, whatever its release."""
    name = path.rpartition("/")[2]
    if path.startswith("/targets/"):
        return name.rpartition(".")[2]
    return name.partition(".")[2] if path.startswith("/metadata/") else name.partition("-")[0]


def _replayed(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """The files of the release before under this one's names."""
    site = live.subject.kit.releases[live.subject.old].site
    kind = _kind(request.path)
    found = next((data for name, data in site.items() if _kind("/" + name) == kind), None)
    newest = request.path in ("/" + OFFER, "/metadata/timestamp.json")
    return right if newest or found is None else Reply(body=found)


def attackers(release: Release) -> dict[str, bytes]:
    """A site that lists a release of an attacker, signed with a key of his own."""
    forged = publish.reissued(release, version=FORGED)
    return publish.site_of(forged.board, forged.files, by=development.Stranger())


def _forged(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """All is consistent, and nothing of it was signed by the maker."""
    fix = live.subject.kit.releases[live.subject.fix]
    if fix.board not in _ATTACKERS:
        _ATTACKERS[fix.board] = attackers(fix)
    return static(_ATTACKERS[fix.board])(request)


def _forged_root(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """Likewise, with a root of the attacker's that follows on the maker's."""
    if request.path == "/metadata/2.root.json":
        return Reply(body=development.make_root(2, development.Stranger()))
    return _forged(live, request, right)


def _unsigned(live: LiveSeesaw, request: Request, right: Reply) -> Reply:
    """An offer without metadata, as releases from before trust believed it."""
    return error(404) if request.path.startswith("/metadata/") else right


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
    "forged": _forged,
    "forged-root": _forged_root,
    "unsigned": _unsigned,
    "replayed": _replayed,
    "huge": _fault("endless"),
    "slow": _fault("slow"),
    "hang": _fault("hang"),
    "reset": _fault("reset"),
    "garbage": _garbage,
}


def _spoilt(site: Site, kinds: tuple[str, ...], spoil: Spoil) -> Change:
    """kinds: of files that are spoilt, () for all."""

    def change(live: LiveSeesaw) -> None:
        right = site.handler

        def handler(request: Request) -> Reply:
            answer = right(request)
            if kinds and _kind(request.path) not in kinds:
                return answer
            live.struck += 1
            return spoil(live, request, answer)

        site.handler = handler

    return change


def _server(where: str, spoil: Spoil) -> Change:
    def change(live: LiveSeesaw) -> None:
        site = live.market.site if where == "prices-" else live.updates
        _spoilt(site, KINDS.get(where, ()), spoil)(live)

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


def _updates_end(live: LiveSeesaw) -> None:
    """As the first trial begins the update server is gone, for longer than a trial may take."""
    clock, hosts = live.device.clock, live.device.net.hosts
    place = ("updates", 80)
    server = hosts[place]

    def hear(line: str) -> None:
        if "event=prove " in line and not live.struck:
            live.struck += 1
            del hosts[place]
            back_us = clock.now_us + OUTAGE_S * 1_000_000
            clock.set_alarm("updates", back_us, lambda: hosts.update({place: server}))

    live.watchers.append(hear)


def _recalled(*more: str) -> Change:
    """The maker recalls the release that is on offer, by its bundle, and those of these names."""

    def change(live: LiveSeesaw) -> None:
        made = live.offered
        assert made, "a recall is of a release"
        names = (live.subject.release(getattr(live.subject, one)) for one in more)
        recalls = [
            {"version": one.version, "sha256": hashlib.sha256(one.bundle.image).hexdigest()}
            for one in (made, *filter(None, names))
        ]
        edition = development.edition(made.version) + 1
        live.offered = publish.reissued(made, edition, recalls=recalls)

    return change


def _run_ahead(live: LiveSeesaw) -> None:
    """Who stole the keys has signed what is on offer, with a number above all that will come."""
    assert live.offered, "it lists a release"
    live.offered = publish.reissued(live.offered, AHEAD)


def _signed_with(**fields: object) -> Change:
    """The maker has signed that of the release, before the recovery's metadata."""

    def change(live: LiveSeesaw) -> None:
        made = live.offered
        assert made, "it says something of a release"
        live.offered = publish.reissued(made, development.edition(made.version) - 1, **fields)

    return change


# -- sets of data, signed as if they were right -------------------------------------------------

SYMBOL, RENAMED, NOBODYS = ".SPX", ".SPX2", ".GONE"
PATIENCE_S = 2400  # without a price, in a world that has them; a healthy device finds them sooner


def _feeds(symbol: str, sigma: object = 1.13) -> str:
    """What ships, but for the symbol at the one provider that answers in these worlds."""
    found = feed_sets.renamed(feed_sets.shipped(), "sp500", "cnbc", symbol)
    return feed_sets.text(feed_sets.with_sigma(found, "sp500", sigma))


def _calendars(**more: object) -> str:
    """What ships, but that New York's ends a day before. more: fields of it, right or wrong."""
    found = calendars.read()
    found["XNYS"] |= {"last": found["XNYS"]["last"] - 1, **more}
    return calendars.text(found)


def _data(text: str, later: int = 0, name: str = "feeds") -> Change:
    """The maker has published that set beside the release. later: than other sets."""

    def change(live: LiveSeesaw) -> None:
        made = live.offered
        assert made, "a set is published beside a release"
        number = development.edition(made.version) + later
        live.offered = publish.reissued(made, number, data={name: text})
        _never_dark(live)

    return change


def _never_dark(live: LiveSeesaw) -> None:
    """Prices are there, for whoever asks as the release does or as the good set says."""
    clock = live.device.clock

    def dark() -> None:
        live.dark = live.dark or f"no price for {PATIENCE_S} s, and there are prices"

    def wait() -> None:
        clock.set_alarm("dark", clock.now_us + PATIENCE_S * 1_000_000, dark)

    live.watchers.append(lambda line: wait() if " state=LIVE " in line else None)
    wait()


def _renamed(live: LiveSeesaw) -> None:
    """The provider has another name for the index from now on, and the maker says so in data."""
    right = live.market.site.handler

    def handler(request: Request) -> Reply:
        asked = request.query.get("symbols")
        known = {RENAMED: SYMBOL, SYMBOL: NOBODYS}
        request.query["symbols"] = known.get(asked or "", NOBODYS)
        answer = right(request)
        return replace(answer, body=answer.body.replace(SYMBOL.encode(), RENAMED.encode()))

    live.market.site.handler = handler
    _data(_feeds(RENAMED))(live)


SERVERS: dict[str, Change] = {
    "good": lambda live: None,
    "data": _data(_feeds(SYMBOL)),
    "data-silent": _data(_feeds(NOBODYS), 1),
    "data-rubbish": _data(_feeds(SYMBOL, "wide")),
    "calendar": _data(_calendars(), name="calendars"),
    "calendar-rubbish": _data(_calendars(closed=7), name="calendars"),
    "renamed": _renamed,
    "prices-end": _prices_end,
    "updates-end": _updates_end,
    "later": _later,
    "recalled": _recalled(),
    "recalled-both": _recalled("old"),
    "run-ahead": _run_ahead,
    "halted": _signed_with(halted=["0.3.0"]),
    "not-yet": _signed_with(rules={"start_epoch": 4_000_000_000}),
    "not-from-here": _signed_with(rules={"ranges": ("9.0.0-9.9.9",)}),
    **{where + name: _server(where, spoil) for where in WHERE for name, spoil in FAULTS.items()},
}
