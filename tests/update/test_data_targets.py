"""Signed data reaches a device, is tried, and kept or given up; whatever happens, prices come."""

import hashlib
import json
from collections.abc import Callable

import pytest
from rig import BOARD, SETTINGS, World, new_flash, release
from seesaw.data.part import part, whose
from test_data import data_of, erased, noise, rotten

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.market import feed_sets
from host_tools.release import development, publish
from host_tools.release.publish import Release

OLD = release("0.1.0")
PLACE = BOARD.partition("nvs")
WHOSE = whose({**SETTINGS, "keys": {}})
PART = part(feed_sets.shipped(), "sp500")


def feeds(base: str = "", symbol: str = ".SPX", sigma: float = 1.13, about: str = "",
          without: str = "") -> str:  # fmt: skip
    """What ships, but for the S&P 500 at its first provider, the one that answers in these worlds.
    without: an instrument that is not named."""
    found = feed_sets.renamed(feed_sets.shipped(), "sp500", "cnbc", symbol)
    found = feed_sets.with_sigma(found, "sp500", sigma)
    if base:
        found = feed_sets.moved(found, "cnbc", base)
    found["instruments"].pop(without, None)
    return feed_sets.text({**found, "about": about} if about else found)


GOOD, BETTER, GONE = feeds(), feeds(sigma=1.5), feeds(symbol=".GONE")
MOVED = feeds(base="http://moved:80")


def offering(text: str, number: int = 1, made: Release = OLD) -> Release:
    """The release that runs, and a set of data. number: the later, the higher."""
    return publish.reissued(made, development.edition(made.version) + number, data={"feeds": text})


def name(use: str, text: str) -> str:
    return f"{use}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def data_in_use(world: World) -> str:
    """As the last state line has it."""
    line = next(line for line in reversed(world.lines) if " data=" in line)
    return line.partition(" data=")[2].partition(" ")[0]


def until(world: World, use: str, seconds: int = 900) -> None:
    world.run(seconds, until=lambda: bool(world.lines) and f" data={use} " in world.lines[-1])
    assert data_in_use(world) == use, "\n".join(world.lines[-5:])


def keeping(text: str = GOOD) -> Flash:
    """The flash of a device that has a good set."""
    world = World(new_flash(OLD), [OLD], offered=offering(text))
    until(world, name("good", text))
    return world.flash


def later(flash: Flash, text: str, number: int = 2) -> World:
    """It is switched on again, with that set on offer."""
    return World(flash, [OLD], offered=offering(text, number))


def requests(world: World) -> list[str]:
    return [path for _, _, path, _ in world.updates.log]


# -- the way of a set ----------------------------------------------------------------------------


def test_a_moved_provider_is_cured_by_data_alone() -> None:
    """The firmware knows an address where nobody is. No price came before."""
    made = release("0.1.0", ("data/feeds.json", "quote.cnbc.com", "gone.example"))
    world = World(new_flash(made, providers={}), [made], offered=made)
    world.device.net.hosts["moved", 80] = world.market.site
    world.run(200)
    assert not world.said("state=LIVE")
    world.offered = offering(MOVED, 1, made)
    until(world, name("good", MOVED))

    assert world.follows()
    assert world.running()[1] == "0.1.0"


def test_a_set_is_tried_then_kept_and_then_nothing_more_is_asked_or_written() -> None:
    world = World(new_flash(OLD), [OLD], offered=offering(BETTER))
    until(world, name("trial", BETTER))
    until(world, name("good", BETTER))
    assert world.follows() and world.moved()
    before, asked = world.flash.ops, len(requests(world))
    world.run(300)

    assert world.flash.ops == before
    assert set(requests(world)[asked:]) == {"/metadata/timestamp.json"}
    digest = hashlib.sha256(BETTER.encode()).hexdigest()
    assert requests(world).count(f"/targets/data/{digest}.feeds") == 1


def test_what_no_price_comes_with_is_given_up_and_the_good_one_is_back() -> None:
    world = later(keeping(), GONE)
    until(world, name("trial", GONE))
    world.run(1500, until=lambda: world.said("given up: "))

    assert world.said(f"words={name('trial', GONE)} silent, now {name('good', GOOD)}")
    assert world.said("given up: " + name("trial", GONE)[6:])
    world.run(60)
    assert data_in_use(world) == name("good", GOOD) and world.follows()
    mark = len(world.lines)
    world.run(2000)
    assert not [line for line in world.lines[mark:] if "data=trial" in line]


def test_without_a_good_one_what_the_release_ships_is_back() -> None:
    world = World(new_flash(OLD), [OLD], offered=offering(GONE))
    world.run(1500, until=lambda: world.said("given up: "))
    world.run(60)

    assert data_in_use(world) == "shipped" and world.follows()


def test_a_new_set_takes_the_place_of_a_bad_one() -> None:
    world = later(keeping(), GONE)
    world.run(1500, until=lambda: world.said("given up: "))
    world.offered = offering(BETTER, 3)
    until(world, name("good", BETTER))

    assert world.follows()


def test_the_good_set_published_again_ends_the_trial_of_another() -> None:
    world = later(keeping(), GONE)
    until(world, name("trial", GONE))
    world.offered = offering(GOOD, 3)
    until(world, name("good", GOOD), 120)

    assert world.follows()


def test_an_outage_of_the_market_condemns_nothing() -> None:
    world = later(keeping(), BETTER)
    world.market.break_provider("html")
    until(world, name("trial", BETTER))
    before = world.flash.ops
    world.run(4 * 3600)
    assert not world.said("given up")
    # Each turn is twice as long as the one before, and writes 2 KB at most.
    assert world.flash.ops - before < 400
    world.market.mend()
    world.run(2 * 9600, until=lambda: data_in_use(world) == name("good", BETTER))

    assert data_in_use(world) == name("good", BETTER) and world.follows()


def test_a_network_that_is_gone_is_not_the_sets_fault() -> None:
    world = later(keeping(), BETTER)
    until(world, name("trial", BETTER))
    world.device.around.air.clear()
    world.run(3600)

    assert world.said("state=OFFLINE")
    assert not world.said("silent")


GATHER = "            await asyncio.gather(self.follow(), self.beam.move(), self.watch())\n"
COUNTED = ("app.py", GATHER, "            if self.feed.sigma == 3:\n"
           "                raise KeyError('data')\n" + GATHER)  # fmt: skip
CRASH = feeds(sigma=3)


def test_what_the_app_crashes_with_is_given_up_after_three_starts() -> None:
    made = release("0.1.0", COUNTED)
    world = World(new_flash(made), [made], offered=offering(CRASH, 1, made))
    world.run(900, until=lambda: world.said("crashed, now"))

    assert world.said(f"words={name('trial', CRASH)} crashed, now shipped given up: ")
    assert sum("KeyError" in line for line in world.lines) == 3
    world.run(60)
    assert world.follows() and data_in_use(world) == "shipped"


def test_a_power_cut_condemns_nothing() -> None:
    """Three times the power goes during a trial, and the set is tried on."""
    flash = keeping()
    for _ in range(4):
        world = later(flash, BETTER)
        until(world, name("trial", BETTER))
        flash = world.flash
    world = later(flash, BETTER)
    until(world, name("good", BETTER))

    assert not world.said("given up")


# -- what is wrong with a set --------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "", "null", "[" * 5000, "{}", feeds(base="gopher://x"), feeds(sigma=0), feeds(symbol=""),
    feeds(about="x" * 17_000), '{"format": 1, "feeds": {}}', GOOD.replace("cdn.cboe.com", "x", 1),
    GOOD.replace('"price":"last"', '"price":"a/[9999]"'), GOOD[:-1], GOOD.replace("XNYS", "NYSE"),
])  # fmt: skip
def test_a_set_that_is_none_is_refused_once_and_nothing_changes(text: str) -> None:
    world = later(keeping(), text)
    world.run(200, until=lambda: world.said("given up: "))
    world.run(100)

    assert data_in_use(world) == name("good", GOOD) and world.follows()
    assert sum(path.endswith(".feeds") for path in requests(world)) <= 1
    assert world.lines[-1].startswith("seesaw ") and not world.said("Traceback")


def test_a_set_for_a_newer_firmware_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(development.listing, "custom_of_data",
                        lambda firmware: {"format": 1, "firmware": "0.2.0"})  # fmt: skip
    new = release("0.2.0")
    world = World(new_flash(OLD), [OLD, new], offered=offering(GOOD))
    world.run(120)
    assert world.said("refused: for another firmware")
    assert data_in_use(world) == "shipped" and world.follows()
    world.offered = offering(GOOD, 1, new)
    world.run(1500, until=lambda: f"data={name('good', GOOD)} " in world.lines[-1])

    assert world.running()[1] == "0.2.0" and data_in_use(world) == name("good", GOOD)


@pytest.mark.parametrize("spoilt", [b"", b"{}", GOOD.encode() + b" ", None])
def test_other_bytes_than_those_that_were_signed_are_never_used(spoilt: bytes | None) -> None:
    made = offering(GOOD)
    path = next(path for path in made.site if path.endswith(".feeds"))
    if spoilt is None:
        del made.site[path]
    else:
        made.site[path] = spoilt
    world = World(new_flash(OLD), [OLD], offered=made)
    world.run(100)

    assert world.said("event=hindered slot=ota_0 version=0.1.0 words=data: ")
    assert data_in_use(world) == "shipped" and world.follows()


def test_an_instrument_that_is_not_named_keeps_what_the_release_ships() -> None:
    world = World(new_flash(OLD), [OLD], offered=offering(feeds(without="sp500")))
    world.run(200)

    assert data_in_use(world) == "shipped" and world.follows()


# -- what the app gets ---------------------------------------------------------------------------


def blob_of(flash: Flash) -> bytes:
    return Nvs(flash, PLACE.offset, PLACE.size).get_blob("seesaw", "feeds")


KEYED = dict.fromkeys(feed_sets.shipped()["providers"], "k" * 32)
BASED = {**SETTINGS["providers"], **{f"own-{n}": "http://own.example" for n in range(14)}}
# The largest parts of what ships: of the instrument that most tests have, and of all.
LARGEST = max((len(json.dumps(part(feed_sets.shipped(), one, (), KEYED))), one)
              for one in feed_sets.shipped()["instruments"])[1]  # fmt: skip


@pytest.mark.parametrize(("instrument", "bases", "keys"), [
    ("sp500", SETTINGS["providers"], {}), (LARGEST, BASED, KEYED), ("sp500", BASED, KEYED),
])  # fmt: skip
def test_the_largest_part_goes_through_nvs_whole(
    instrument: str, bases: dict[str, str], keys: dict[str, str]
) -> None:
    own = {"instrument": instrument, "providers": bases, "keys": keys}
    world = World(new_flash(OLD, **own), [OLD], offered=offering(BETTER))
    world.run(400, until=lambda: world.said(f"data={name('trial', BETTER)} "))
    blob = blob_of(world.flash)
    of, form, found = json.loads(blob)[8]
    wanted = part(json.loads(BETTER), instrument, bases, keys)

    assert 1024 < len(blob) <= 2200
    assert (of, form) == (whose(own), 2)
    assert found.pop("sigma") == pytest.approx(wanted.pop("sigma"))  # a float of 32 bits
    assert found == wanted
    assert data_in_use(world) == name("trial", BETTER)


# -- what is lost --------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [erased, rotten, noise])
def test_a_lost_data_partition_changes_nothing_and_heals(spoil: Callable[[Flash], None]) -> None:
    flash = keeping()
    spoil(flash)
    world = later(flash, GOOD, 1)
    world.run(100)

    assert data_in_use(world) == name("good", GOOD) and world.follows()
    assert GOOD.encode() in data_of(world.flash).values()


def dead(flash: Flash) -> Flash:
    """Its data partition takes no change."""
    place = BOARD.partition("data")
    first = place.offset // 4096
    flash.bad = frozenset(range(first, first + place.size // 4096))
    return flash


def test_a_partition_that_takes_no_change_costs_no_set() -> None:
    world = World(dead(new_flash(OLD)), [OLD], offered=offering(BETTER))
    until(world, name("good", BETTER))

    assert world.follows()


def test_a_bad_set_is_given_up_there_too() -> None:
    world = World(dead(new_flash(OLD)), [OLD], offered=offering(GONE))
    world.run(1500, until=lambda: world.said("given up: "))
    world.run(900)

    assert data_in_use(world) == "shipped" and world.follows()


def test_what_was_silent_before_is_not_held_against_the_next_set() -> None:
    world = later(keeping(), GONE)
    until(world, name("trial", GONE))
    world.run(250)
    world.offered = offering(BETTER, 3)
    world.market.break_provider("html")
    until(world, name("trial", BETTER))
    world.run(200)

    assert data_in_use(world) == name("trial", BETTER)
    assert not world.said("silent")


def test_a_blob_that_is_longer_than_a_device_reads_heals() -> None:
    flash = keeping()
    world = later(flash, GOOD, 1)
    blob = blob_of(flash).decode().replace("S&P 500", "x" * 1500)
    assert len(blob) > 2560
    Nvs(flash, PLACE.offset, PLACE.size).set_blob("seesaw", "feeds", blob.encode())
    until(world, name("good", GOOD))

    assert world.follows()


def test_a_lost_blob_is_made_anew_though_nothing_new_was_published() -> None:
    flash = keeping()
    world = later(flash, GOOD, 1)
    nvs = Nvs(flash, PLACE.offset, PLACE.size)
    nvs.erase_key("seesaw", "feeds")
    until(world, name("good", GOOD))

    assert world.follows()


@pytest.mark.parametrize("blob", [b"", b"\xff" * 600, b"[" * 900, b"{}", json.dumps(
    ["", "n" * 16, "", "", 1, 0, 0, 0, [WHOSE, 2, {"feeds": 5}]]).encode(), json.dumps(
    ["", "n" * 16, "", "", 1, 0, 0, 0, [WHOSE, 2, {**PART, "sigma": "x"}]]).encode()])
def test_a_blob_of_rubbish_heals(blob: bytes) -> None:
    flash = keeping()
    world = later(flash, GOOD, 1)
    Nvs(flash, PLACE.offset, PLACE.size).set_blob("seesaw", "feeds", blob)
    until(world, name("good", GOOD))

    assert world.follows()


def test_the_owner_changes_the_instrument_and_the_set_goes_with_it() -> None:
    flash = keeping()
    nvs = Nvs(flash, PLACE.offset, PLACE.size)
    found = json.loads(nvs.get_blob("seesaw", "config", 2048))
    world = later(flash, GOOD, 1)
    nvs.set_blob("seesaw", "config", json.dumps({**found, "instrument": "dax"}).encode())
    until(world, name("good", GOOD), 120)

    assert "instrument=dax" in world.lines[-1]
    assert requests(world)[-1:] == ["/metadata/timestamp.json"]
