"""A provider asked over real loopback sockets by its recipe."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from answers import SHIPPED, capture, fields
from seesaw.core.quote import BadAnswer
from seesaw.net.http import HttpError
from seesaw.source import Source

from host_tools.market.http1 import Reply, Request
from host_tools.market.site import Site, serve

DATE_S = 1_788_378_300


async def opener(host: str, port: int, tls: bool) -> Any:
    return await asyncio.open_connection(host, port)


def asked(
    provider: str, symbol: str, handler: Callable[[Request], Reply], **more: Any
) -> tuple[Source, Any, Site]:
    """The source, its quote or what it raised, and the site with its log."""
    site = Site(handler, lambda: DATE_S)
    with serve(site) as server:
        rules = SHIPPED["providers"][provider]
        source = Source([provider, symbol], rules, opener, base=server.url, **more)
        try:
            return source, asyncio.run(source.ask()), site
        except (BadAnswer, HttpError) as error:
            return source, error, site


def says(name: str, **more: Any) -> Callable[[Request], Reply]:
    return lambda request: Reply(body=capture(name), **more)


@pytest.mark.parametrize("fault", [None, "chunked"])
def test_a_quote(fault: str | None) -> None:
    source, found, site = asked("cnbc", ".SPX", says("cnbc.json", fault=fault))

    assert fields(found) == (7764.64, 7719.34, 1_782_963_360, True)
    assert (source.name, source.delay_s, source.poll_s, source.proxy) == ("cnbc", 0, 0, False)
    assert len(site.log) == 1


def test_the_date_of_the_answer_is_the_time_where_there_is_no_other() -> None:
    source, found, _ = asked("kraken", "XBTUSD", says("kraken.json"))

    assert source.date_s == DATE_S
    assert fields(found) == (108123.5, 107000.0, DATE_S, True)


def test_a_refusal_keeps_what_it_asked_for() -> None:
    source, found, _ = asked("cnbc", ".SPX", says("yahoo-429.txt", status=429,
                                                  headers={"Retry-After": "120"}))  # fmt: skip
    assert str(found) == "status 429"
    assert source.retry_s == 120


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (says("cnbc-denied.html"), "not JSON"),
        (says("cnbc-unknown.json"), "good: code is not 0"),
        (says("gzip.bin"), "not JSON"),
        (says("cnbc.json", headers={"Content-Encoding": "gzip"}), "encoding"),
        (says("cnbc.json", status=302, headers={"Location": "http://evil.example/"}), "status 302"),
        (says("cnbc.json", fault="reset"), "closed"),
        (says("cnbc.json", fault="truncate"), "truncated"),
    ],
)
def test_what_is_no_quote(reply: Callable[[Request], Reply], why: str) -> None:
    _, found, site = asked("cnbc", ".SPX", reply)

    assert why in str(found)
    assert len(site.log) <= 1


def test_a_key_stays_at_home_when_the_base_is_another() -> None:
    _, found, site = asked("eodhd", "GSPC.INDX", says("eodhd.json"), key="secret")

    assert str(found) == "a key for another host"
    assert len(site.log) == 0
