"""More roots of TLS as signed data: they come, are kept in NVS, and are taken back."""

import pytest
from rig import ALONE, World, new_flash, release
from seesaw.data import roots
from seesaw.net.pem import MORE_MAX
from tls_rig import CA, STRANGER, context, pem, store

from host_tools.market.tls import TlsSite
from host_tools.release import development, publish

OLD = release("0.1.0", ALONE)
FEEDS = '{"format": 1, "feeds": {}}'


def offering(world: World, **data: str) -> None:
    """The server has these sets now, in metadata that is newer than before."""
    world.number = getattr(world, "number", development.edition(OLD.version)) + 1  # type: ignore
    world.offered = publish.reissued(OLD, world.number, data=data)  # type: ignore[attr-defined]


def world_of_tls() -> World:
    world = World(new_flash(OLD, providers={"cnbc": "https://prices"}), [OLD])
    world.device.net.hosts["prices", 443] = TlsSite(world.market.site, context("of another host"))
    return world


def kept(world: World) -> bytes:
    return store(world.flash).get_blob("seesaw", "roots")


def test_a_root_is_added_and_serves() -> None:
    """The provider's certificate is of a root that the release does not ship."""
    import trustme

    authority = trustme.CA()
    world = world_of_tls()
    authority.issue_cert("prices").configure_cert(made := context("valid"))
    world.device.net.hosts["prices", 443] = TlsSite(world.market.site, made)
    offering(world, roots=pem(authority).decode())
    world.run(900, until=world.follows)

    assert world.said("why=tls: certificate of an unknown root")
    assert world.said("event=data slot=ota_0 version=0.1.0 words=roots added: 1")
    assert world.follows()
    assert kept(world) == pem(authority)


def test_the_same_set_is_fetched_once() -> None:
    world = world_of_tls()
    offering(world, roots=pem(CA).decode())
    world.run(600)

    fetched = [path for _, _, path, _ in world.updates.log if path.endswith(".roots")]
    assert len(fetched) == 1, fetched
    assert world.said("words=up to date")


def test_a_set_is_replaced_and_taken_back() -> None:
    world = world_of_tls()
    offering(world, roots=pem(CA).decode())
    world.run(300, until=lambda: world.said("roots added: 1"))
    offering(world, roots=pem(CA, STRANGER).decode())
    world.run(300, until=lambda: world.said("roots added: 2"))
    assert kept(world) == pem(CA, STRANGER)
    offering(world, feeds=FEEDS)
    world.run(300, until=lambda: world.said("roots taken back"))

    assert world.said("roots taken back")
    assert b"BEGIN" not in kept(world)


HOST = ("data/feeds.json", "quote.cnbc.com", "quotes")


@pytest.mark.parametrize(("names", "base", "words"), [
    ('["test-0"]', "", " state=LIVE "),
    ('["isrg-x1"]', "", "why=tls: certificate of an unknown root"),
    ('["isrg-x1", "nobody"]', "", " state=LIVE "),  # all of them, then
    ('["isrg-x1"]', "https://quotes", " state=LIVE "),  # whose root it is, the owner need not know
])  # fmt: skip
def test_the_roots_that_a_recipe_names_are_loaded_alone(names: str, base: str, words: str) -> None:
    within = '"within": "FormattedQuoteResult'
    named = ("data/feeds.json", within, f'"roots": {names}, {within}')
    made = release("0.1.0", ALONE, HOST, named)
    providers = {"cnbc": base} if base else {}
    world = World(new_flash(made, providers=providers, update_url=""), [made])
    CA.issue_cert("quotes").configure_cert(server := context("valid"))
    world.device.net.hosts["quotes", 443] = TlsSite(world.market.site, server)
    store(world.flash).set_blob("seesaw", "roots", pem(CA))
    world.run(60, until=lambda: world.said(words))

    assert world.said(words), world.lines[-3:]
    assert world.said("state=LIVE") == ("LIVE" in words)


GOOD = pem(CA)
RUBBISH = [
    b"{}", b"# a b\n", GOOD[:-200], GOOD.replace(b"MII", b"AII"), GOOD + b"-----BEGIN EVIL-----\n",
    GOOD.replace(b"\nMII", b"\n!!!"), GOOD * 6,
]  # fmt: skip


@pytest.mark.parametrize("raw", RUBBISH)
def test_a_set_that_is_none_changes_nothing(raw: bytes) -> None:
    world = world_of_tls()
    store(world.flash).set_blob("seesaw", "roots", GOOD)
    offering(world, roots=raw.decode())
    world.run(300, until=lambda: world.said("roots refused"))

    assert world.said("words=roots refused: ") and not world.said("Traceback")
    assert kept(world) == GOOD


def test_what_a_set_is() -> None:
    assert roots.check(GOOD) == 1
    assert roots.check(pem(CA, STRANGER)) == 2
    assert len(pem(CA, STRANGER)) < MORE_MAX
    for raw in RUBBISH[:-1]:
        with pytest.raises(ValueError):
            roots.check(raw)
