"""Signed calendars reach the app, are tried, kept, given up, taken back; else the shipped ones."""

import hashlib
import json
from copy import deepcopy
from typing import Any

import pytest
from rig import BOARD, World, new_flash, release
from seesaw.data import calendars as firmware
from seesaw.data import standing

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.market import calendars, feed_sets
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.server import DEFAULT_DATE
from host_tools.release import development, publish
from host_tools.release.publish import Release

OLD = release("0.1.0")
PLACE = BOARD.partition("nvs")
SHIPS = calendars.read()
TODAY = calendars.day_number(DEFAULT_DATE)  # of these worlds, in which New York trades


def table(exchange: str = "XNYS", **fields: object) -> dict[str, Any]:
    made = deepcopy(SHIPS)
    made[exchange] |= fields
    return made


def shut(exchange: str = "XNYS", also: int = 0) -> str:
    """What ships, but that the exchange mourns somebody today. also: and so many days after it."""
    part = SHIPS[exchange]
    days = {*part["closed"], *(TODAY + n - part["first"] for n in range(also + 1))}
    return calendars.text(table(exchange, closed=sorted(days)))


SHUT, LONGER = shut(), shut(also=1)
OPEN = calendars.text(table(last=SHIPS["XNYS"]["last"] - 1))  # trades today, and differs


def name(use: str, text: str) -> str:
    return f"calendars {use}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def offering(number: int = 1, made: Release = OLD, **data: str) -> Release:
    """The release that runs, and sets of data. number: the later, the higher."""
    return publish.reissued(made, development.edition(made.version) + number, data=data)


def blob_of(flash: Flash) -> bytes:
    return Nvs(flash, PLACE.offset, PLACE.size).get_blob("seesaw", "calendars")


def state(world: World) -> str:
    line = next((line for line in reversed(world.lines) if " state=" in line), "")
    return line.partition(" state=")[2].partition(" ")[0]


def until(world: World, words: str, seconds: int = 900) -> None:
    world.run(seconds, until=lambda: world.said(words))
    assert world.said(words), "\n".join(world.lines[-5:])


def shows(world: World, wanted: str, seconds: int = 60) -> None:
    count = len(world.lines)
    world.run(seconds, until=lambda: len(world.lines) > count and state(world) == wanted)
    assert state(world) == wanted, "\n".join(world.lines[-5:])


def keeping(text: str = SHUT) -> Flash:
    """The flash of a device that has a good set."""
    world = World(new_flash(OLD), [OLD], offered=offering(calendars=text))
    until(world, name("good", text))
    return world.flash


def test_a_calendar_is_tried_then_kept_and_then_nothing_more_is_asked_or_written() -> None:
    world = World(new_flash(OLD), [OLD], offered=offering(calendars=SHUT))
    shows(world, "LIVE")
    until(world, name("trial", SHUT))
    shows(world, "CLOSED")
    until(world, name("good", SHUT))
    shows(world, "CLOSED")
    world.run(60)
    before, asked = world.flash.ops, len(world.updates.log)
    world.run(300)

    assert world.flash.ops == before
    paths = [path for _, _, path, _ in world.updates.log]
    assert set(paths[asked:]) == {"/metadata/timestamp.json"}
    assert sum(path.endswith(".calendars") for path in paths) == 1
    assert world.moved() and len(blob_of(world.flash)) <= 1000


def test_both_parts_are_in_nvs_while_another_is_tried() -> None:
    world = World(keeping(), [OLD], offered=offering(2, calendars=LONGER))
    until(world, name("trial", LONGER))
    found = json.loads(blob_of(world.flash))

    assert found[0] == "XNYS"
    assert found[4:] == [json.loads(text)["calendars"]["XNYS"] for text in (LONGER, SHUT)]
    assert len(blob_of(world.flash)) <= 1000
    until(world, name("good", LONGER))


def test_with_a_set_of_feeds_each_is_kept_for_itself() -> None:
    text = feed_sets.text(feed_sets.with_sigma(feed_sets.shipped(), "sp500", 1.5))
    world = World(new_flash(OLD), [OLD], offered=offering(calendars=SHUT, feeds=text))
    until(world, name("good", SHUT))
    until(world, "priced, now good:")

    shows(world, "CLOSED")
    assert " data=good:" in next(line for line in reversed(world.lines) if " state=" in line)


@pytest.mark.parametrize("text", [
    "", "null", "[" * 9000, "{}", '{"format": 1}', SHUT[:-3], SHUT.replace("570,960", "960,570", 1),
    calendars.text(table(tz="EST5EDT,J60,J300")), calendars.text(table("XNSE", hours=[])),
    calendars.text(table("XTKS", special=[[n, 540, 900] for n in range(60)])),
    SHUT.replace('"XLON"', '"LONDON-XLON"'), SHUT + " " * firmware.SIZE_MAX,
])  # fmt: skip
def test_a_set_that_is_none_is_refused_whole_once_and_nothing_changes(text: str) -> None:
    world = World(keeping(), [OLD], offered=offering(2, calendars=text))
    until(world, " refused: ", 200)
    world.run(100)

    shows(world, "CLOSED")
    assert json.loads(blob_of(world.flash))[2][:8] == name("", SHUT)[-8:]
    assert sum(path.endswith(".calendars") for _, _, path, _ in world.updates.log) <= 1
    assert not world.said("Traceback")


GATHER = "            await asyncio.gather(self.follow(), self.beam.move(), self.watch())\n"
ON = f"            if self.feed.sessions.last == {SHIPS['XNYS']['last'] - 1}:\n"
RAISE = "                raise KeyError('day')\n"
CRASHES = release("0.1.0", ("app.py", GATHER, ON + RAISE + GATHER))


def test_what_the_app_crashes_with_is_given_up_and_the_good_one_is_back() -> None:
    world = World(new_flash(CRASHES), [CRASHES], offered=offering(1, CRASHES, calendars=SHUT))
    until(world, name("good", SHUT))
    world = World(world.flash, [CRASHES], offered=offering(2, CRASHES, calendars=OPEN))
    until(world, name("good", SHUT) + ", given up: " + name("", OPEN)[-8:])
    world.run(120)

    assert sum("KeyError" in line for line in world.lines) == 3
    assert sum(path.endswith(".calendars") for _, _, path, _ in world.updates.log) == 1
    shows(world, "CLOSED")


def test_a_good_one_that_a_newer_release_crashes_with_gives_way_to_what_that_ships() -> None:
    flash = keeping(OPEN)
    image = new_flash(CRASHES).to_bytes()
    slot = BOARD.partition("ota_0")
    for at in range(slot.offset, slot.offset + slot.size, 4096):  # as by cable
        sector = image[at : at + 4096]
        if flash.to_bytes()[at : at + 4096] != sector:
            flash.erase(at, 4096)
            for piece in range(0, 4096, 64):
                flash.program(at + piece, sector[piece : piece + 64])
    world = World(flash, [CRASHES], offered=offering(1, CRASHES, calendars=OPEN))
    until(world, "calendars shipped, given up: " + name("", OPEN)[-8:])

    shows(world, "LIVE")
    assert sum("KeyError" in line for line in world.lines) == 3


def test_a_crash_is_laid_at_one_door() -> None:
    """With feeds and a calendar both new it is the calendar's first; the feeds are tried on."""
    text = feed_sets.text(feed_sets.with_sigma(feed_sets.shipped(), "sp500", 1.5))
    offered = offering(1, CRASHES, calendars=OPEN, feeds=text)
    world = World(new_flash(CRASHES), [CRASHES], offered=offered)
    until(world, "calendars shipped, given up: " + name("", OPEN)[-8:])
    until(world, "priced, now good:")

    assert not world.said("crashed, now")


def test_power_cuts_condemn_nothing() -> None:
    flash = new_flash(OLD)
    for _ in range(4):
        world = World(flash, [OLD], offered=offering(calendars=SHUT))
        shows(world, "CLOSED")
        flash = world.flash
    world = World(flash, [OLD], offered=offering(calendars=SHUT))
    until(world, name("good", SHUT))

    assert not world.said("given up")


def test_one_that_is_not_listed_any_more_is_taken_back() -> None:
    world = World(keeping(), [OLD], offered=offering(2))
    shows(world, "CLOSED")
    until(world, "calendars shipped")

    shows(world, "LIVE")


def test_an_exchange_that_is_not_named_keeps_what_the_release_ships() -> None:
    others = {one: part for one, part in json.loads(SHUT)["calendars"].items() if one != "XNYS"}
    world = World(new_flash(OLD), [OLD], offered=offering(calendars=calendars.text(others)))
    until(world, "calendars good:")

    shows(world, "LIVE")


@pytest.mark.parametrize("blob", [
    b"", b"null", b"[]", b"\xff" * 900, b'["XNYS","","%s","",{},{}]' % (b"a" * 16),
    b'["XNYS","","%s","",{},{"tz":1}]' % (b"a" * 16), b"[" * 2000,
    b'["XNYS","%s","","",{"tz":"EST5","first":0,"last":0,"hours":7,"closed":0,"special":[]},{}]'
    % (b"a" * 16),
])  # fmt: skip
def test_rubbish_in_nvs_is_what_the_release_ships(blob: bytes) -> None:
    flash = new_flash(OLD)
    Nvs.start(flash, PLACE.offset, PLACE.size).set_blob("seesaw", "calendars", blob)
    world = World(flash, [OLD])
    shows(world, "LIVE")

    assert not world.said("Traceback")


def test_another_instrument_gets_the_calendar_of_its_own_exchange() -> None:
    flash = keeping(shut("XLON"))
    store = Nvs.start(flash, PLACE.offset, PLACE.size)
    config = json.loads(store.get_blob("seesaw", "config")) | {"instrument": "ftse100"}
    store.set_blob("seesaw", "config", json.dumps(config).encode())
    world = World(flash, [OLD], offered=offering(calendars=shut("XLON")))
    start = SimClock(start_of(find("sp500"), DEFAULT_DATE), 1,
                     lambda: world.device.clock.now_us / 1e6)  # fmt: skip
    world.device.around.wall = lambda: start.now() - 4 * 3600  # London's own hours
    until(world, name("trial", shut("XLON")))
    found = json.loads(blob_of(world.flash))

    assert (found[0], found[4]) == ("XLON", json.loads(shut("XLON"))["calendars"]["XLON"])


def test_a_round_the_clock_instrument_has_none() -> None:
    world = World(new_flash(OLD, instrument="btc"), [OLD], offered=offering(calendars=SHUT))
    until(world, "calendars good:")

    assert json.loads(blob_of(world.flash))[4:] == [{}, {}]
    assert world.said("state=LIVE") and not world.said("state=CLOSED")


# -- the decisions alone -------------------------------------------------------------------------

BUNDLE, OLDER, NEWER = "b" * 16, "1" * 16, "2" * 16


def kept(trial: str, good: str, bad: str = "") -> list:
    return ["XNYS", trial, good, bad, {"n": 2} if trial else {}, {"n": 1} if good else {}]


@pytest.mark.parametrize(("before", "what", "wanted"), [
    (kept(NEWER, OLDER), "priced", ["XNYS", "", NEWER, "", {}, {"n": 2}]),
    (kept(NEWER, OLDER), "crashed", kept("", OLDER, NEWER + BUNDLE)),
    (kept(NEWER, OLDER), "silent", kept(NEWER, OLDER)),
    (kept("", OLDER), "priced", kept("", OLDER)),
    (kept("", OLDER), "crashed", kept("", "", OLDER + BUNDLE)),
    (kept("", ""), "crashed", kept("", "")),
])  # fmt: skip
def test_what_the_app_saw_decides(before: list, what: str, wanted: list) -> None:
    assert firmware.after(before, what, BUNDLE) == wanted


@pytest.mark.parametrize(("before", "sha", "wanted"), [
    (kept(NEWER, OLDER), OLDER, kept("", OLDER)),
    (kept(NEWER, OLDER), NEWER, kept(NEWER, OLDER)),
    (kept("", OLDER, NEWER + BUNDLE), NEWER, kept("", OLDER, NEWER + BUNDLE)),
    (kept("", OLDER, NEWER + "c" * 16), NEWER,
     ["XNYS", NEWER, OLDER, NEWER + "c" * 16, {}, {"n": 1}]),
    (kept(NEWER, OLDER), "", list(standing.CALENDAR)),
])  # fmt: skip
def test_what_is_on_offer_decides(before: list, sha: str, wanted: list) -> None:
    assert firmware.offered(before, sha, "XNYS", BUNDLE) == wanted


def test_of_another_exchange_nothing_is_kept_but_what_was_given_up() -> None:
    made = firmware.offered(kept("", OLDER, NEWER + BUNDLE), OLDER, "XLON", BUNDLE)

    assert made == ["XLON", OLDER, "", NEWER + BUNDLE, {}, {}]
