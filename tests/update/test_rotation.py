"""Several instruments that take turns, on a whole device: what is shown, what outlives a turn."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rig import BOARD, World, new_flash, release
from seesaw.core.turn import names
from test_data_targets import feeds, name, offering, until
from test_update import changed

from host_tools.emulator.nvs import Nvs
from host_tools.market import feed_sets
from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import find
from host_tools.market.server import Market
from host_tools.market.truth import deadband_us, wanted_us
from host_tools.release import kept

OLD, NEW = release("0.1.0"), release("0.2.0")
PLACE = BOARD.partition("nvs")
TURN_S = 300
THREE = ["btc", "dax"]  # with the S&P 500
TUESDAY = 1_796_136_000  # 2026-12-01 14:40 UTC: New York and Frankfurt are open
SATURDAY = 1_796_472_000  # 2026-12-05 12:00 UTC
PRICES = {"sp500": (5000, 10_000), "dax": (15_000, 40_000), "btc": (40_000, 150_000)}
LINE = re.compile(r"seesaw state=(\S+) instrument=(\S+) price=(\S+) change=(\S+?)%? "
                  r".*?pulse=(\d+) data=(\S+)")  # fmt: skip


def world_of(
    *rotation: object, at: int = TUESDAY, offered: Any = None, **settings: object
) -> World:
    """turn_min is the shortest. at: what its clock shows as it is switched on."""
    of = {"turn_min": 5, "check_s": 86400, "poll_s": 20, **settings}
    made = World(new_flash(OLD, rotation=list(rotation), **of), [OLD, NEW], offered=offered)
    return dated(made, at)


def dated(world: World, at: int) -> World:
    clock = SimClock(at, 1, lambda: world.device.clock.now_us / 1e6)
    world.device.around.wall = clock.now
    world.market = Market("sp500", clock=clock)
    hosts = world.device.net.hosts
    hosts.update(world.market.addresses())
    hosts["cnbc", 80] = hosts["bitstamp", 80] = world.market.site
    return world


def states(world: World) -> list[tuple[str, str]]:
    """(instrument, state) of the app's lines, those in a row that are the same once."""
    rows = [(match[2], match[1]) for line in world.lines if (match := LINE.match(line))]
    return [row for at, row in enumerate(rows) if at == 0 or rows[at - 1] != row]


def shown(world: World) -> list[str]:
    rows = [one for one, _ in states(world)]
    return [one for at, one in enumerate(rows) if at == 0 or rows[at - 1] != one]


def blob(world: World, key: str) -> bytes:
    return Nvs(world.flash, PLACE.offset, PLACE.size).get_blob("seesaw", key, 4096)


# -- turns ---------------------------------------------------------------------------------------


def test_each_is_shown_in_its_turn_and_the_beam_says_what_that_one_says() -> None:
    world = world_of(*THREE)
    world.run(3600)
    found = shown(world)
    assert set(found) == {"sp500", *THREE} and len(found) >= 11
    order = found[1:4]
    assert found[1:] == [order[at % 3] for at in range(len(found) - 1)]
    assert {state for _, state in states(world)} <= {"LIVE", "NO_DATA"}
    for line in world.lines:
        match = LINE.match(line)
        if match and match[1] == "LIVE":
            low, high = PRICES[match[2]]
            assert low < float(match[3]) < high
            wanted = wanted_us(1 + float(match[4]) / 100, 1, find(match[2]).sigma, 1500, 40)
            assert abs(int(match[5]) - wanted) <= deadband_us(40) + 3  # a change is in hundredths
    assert world.events == ["boot ota_0 cause 1"] and not world.said("Traceback")


def test_a_turn_begins_where_the_beam_stands_and_the_place_outlives_a_power_cut() -> None:
    """The rig's judge sees each pulse: outside the limits the run fails."""
    world = world_of(*THREE)
    world.run(1450)
    assert len(shown(world)) >= 5
    last = [ns for _, _, ns in world.device.board.pwm.pulses if ns][-1]
    noted = Nvs(world.flash, PLACE.offset, PLACE.size).get_i32("seesaw", "pulse")
    assert abs(last - noted) < 60_000  # a turn's first rest; the same instrument goes on a little

    again = dated(World(world.flash, [OLD]), TUESDAY + 1450)
    again.run(40)
    pulses = [ns for _, _, ns in again.device.board.pwm.pulses if ns]
    assert abs(pulses[0] - noted) < 3000
    assert shown(again) == shown(world)[-1:]  # the clock has it, and nothing is kept for it


def test_a_turn_writes_nothing_but_the_place() -> None:
    world = world_of(*THREE)
    world.run(700)
    before, turns = world.flash.ops, len(shown(world))
    before_turns = blob(world, "config")
    world.run(3000)
    turns = len(shown(world)) - turns
    assert turns >= 9
    # A session writes one entry of NVS: header, entry and state, and now and then a page.
    assert world.flash.ops - before <= 8 * (turns + 2)
    assert blob(world, "config") == before_turns


def test_one_that_is_closed_is_passed_over_while_another_trades() -> None:
    world = world_of("btc", at=SATURDAY)
    world.run(2000)
    assert set(shown(world)) == {"btc"}
    assert sum("event=" in line for line in world.lines) < 3  # no turn, and no new start for it


def test_for_two_hours_after_its_close_it_still_has_its_turn() -> None:
    close = TUESDAY - 14 * 3600 - 2400 + 21 * 3600  # 21:00 UTC, 16:00 in New York
    world = world_of("btc", at=close + 1800)
    world.run(5400)
    assert ("sp500", "CLOSED") in states(world) and ("btc", "LIVE") in states(world)
    mark = len(world.lines)
    world.run(3600)
    late = [match[2] for line in world.lines[mark:] if (match := LINE.match(line))]
    assert "sp500" not in late[len(late) // 3 :]


def test_when_all_are_closed_each_has_its_turn() -> None:
    world = world_of("dax", at=SATURDAY)
    world.run(2000)
    found = shown(world)
    assert len(found) >= 6 and set(found) == {"sp500", "dax"}
    assert {state for _, state in states(world)} == {"CLOSED"}


def test_without_a_clock_it_is_the_first_ones_until_there_is_one() -> None:
    world = world_of(*THREE)
    world.device.around.wall = lambda: 0.0
    world.device.net.hosts.clear()
    world.run(1200)
    assert set(shown(world)) == {"sp500"}


@pytest.mark.parametrize("turn_min, least", [(5, 5), (0, 30), (-1, 30), (241, 30), (10**9, 30)])
def test_the_length_of_a_turn_is_bounded(turn_min: int, least: int) -> None:
    world = World(new_flash(OLD, turn_min=turn_min, rotation=["btc"], check_s=86400), [OLD])
    world.run(3600 if least == 30 else 1300)
    assert 2 <= len(shown(world)) <= 4 if least == 30 else len(shown(world)) >= 4


# -- what may stand in the settings ----------------------------------------------------------------


def stored(world: World, rotation: object) -> World:
    """Whatever it is, written as by another release."""
    nvs = Nvs(world.flash, PLACE.offset, PLACE.size)
    found = json.loads(nvs.get_blob("seesaw", "config", 2048))
    made = json.dumps({**found, "rotation": rotation}).encode()
    nvs.set_blob("seesaw", "config", made)
    nvs.set_blob("seesaw", "config_b", made)
    return dated(World(world.flash, [OLD]), TUESDAY)


@pytest.mark.parametrize("rotation, those", [
    ([], {"sp500"}),
    (["sp500"], {"sp500"}),
    (["nosuch", "cnbc", "", "title"], {"sp500"}),
    (["btc", "btc", "btc"], {"sp500", "btc"}),
    (["btc", 1, None, ["dax"], {"dax": 1}, 1e300, True], {"sp500", "btc"}),
    ("btc", {"sp500"}), ({"btc": "btc"}, {"sp500"}), (None, {"sp500"}), (5, {"sp500"}),
    ([f"x{at}" for at in range(80)] + ["btc"], {"sp500"}),
])  # fmt: skip
def test_whatever_the_settings_say_a_beam_moves(rotation: Any, those: set[str]) -> None:
    world = stored(world_of(), rotation)
    world.run(1000)
    assert set(shown(world)) == those, world.lines[-5:]
    assert ("sp500", "LIVE") in states(world) and not world.said("Traceback")
    if isinstance(rotation, list):
        assert those <= {*names({"instrument": "sp500", "rotation": rotation})}


def test_where_the_first_is_unknown_here_the_others_are_shown() -> None:
    world = world_of("btc", "dax")
    nvs = Nvs(world.flash, PLACE.offset, PLACE.size)
    found = json.loads(nvs.get_blob("seesaw", "config", 2048))
    nvs.set_blob("seesaw", "config", json.dumps({**found, "instrument": "nosuch"}).encode())
    world = dated(World(world.flash, [OLD]), TUESDAY)
    world.run(1000)
    assert set(shown(world)) == {"btc", "dax"}


# -- one that is broken ----------------------------------------------------------------------------


def broken(world: World, *instruments: str) -> None:
    """No provider has a price of these. In these worlds the first of each alone answers."""
    handler = world.market.site.handler
    marks = {"btc": "btc", "dax": "GDAXI", "sp500": "SPX"}

    def answer(request: Request) -> Reply:
        gone = any(marks[one] in f"{request.path}?{request.query}" for one in instruments)
        return Reply(404) if gone else handler(request)

    world.market.site.handler = answer


def test_one_that_is_broken_says_so_in_its_turn_and_condemns_none() -> None:
    world = world_of(*THREE, poll_s=60)
    broken(world, "dax")
    world.run(4000)
    found = states(world)
    assert {state for one, state in found if one == "dax"} == {"NO_DATA"}
    assert {("sp500", "LIVE"), ("btc", "LIVE")} <= {*found}
    lines = [line for line in world.lines if LINE.match(line)]
    later = [line for before, line in zip(lines, lines[1:], strict=False)
             if " instrument=dax " in before and " instrument=dax " in line]  # fmt: skip
    # What it would show else is another's move.
    assert len(later) > 5 and all(" level=yes " in line for line in later)
    assert shown(world).count("dax") >= 3
    assert not world.said("sign=SAFE") and not world.said("Traceback")


def test_all_broken_is_said_of_each() -> None:
    world = world_of(*THREE)
    broken(world, "sp500", *THREE)
    world.run(3000)
    assert {state for _, state in states(world)} == {"NO_DATA"}
    assert set(shown(world)) == {"sp500", *THREE}


# -- a trial, and data -----------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["sp500", "dax", "btc"])
def test_a_release_is_tried_with_what_had_prices_before_it(gone: str) -> None:
    """Whichever is broken, and whichever has its turn, the update comes and is confirmed."""
    world = world_of(*THREE, offered=changed(NEW, trial_s=20), check_s=400)
    broken(world, gone)
    world.run(2400, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0"), world.lines[-8:]
    assert not world.said("unproven:") and not world.said("interrupted")
    trial = [line for line in world.lines if "version=0.2.0" in line and " instrument=" in line]
    assert gone not in {match[2] for line in trial[:3] if (match := LINE.match(line))}
    world.run(1500)
    assert set(shown(world)) == {"sp500", *THREE} and world.running()[1] == "0.2.0"


def test_an_outage_in_the_trial_condemns_nobody() -> None:
    world = world_of(*THREE, offered=changed(NEW, trial_s=20), check_s=400)

    def look() -> bool:
        if world.said("event=prove "):
            world.market.break_provider("html")
        return world.said("event=settled")

    world.run(7200, look)
    assert world.said("words=interrupted 0.2.0: unproven"), world.lines[-5:]
    world.market.mend()
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def moved(**more: str) -> str:
    """A set in which each of these providers is at another host."""
    found = feed_sets.shipped()
    for provider, base in more.items():
        found = feed_sets.moved(found, provider, base)
    return feed_sets.text(found)


def test_data_cures_all_of_them_at_once_and_a_turn_keeps_it() -> None:
    made = release("0.1.0", ("data/feeds.json", "quote.cnbc.com", "gone.example"),
                   ("data/feeds.json", "www.bitstamp.net", "gone.example"))  # fmt: skip
    text = moved(cnbc="http://moved:80", bitstamp="http://moved:80")
    flash = new_flash(made, rotation=THREE, turn_min=5, check_s=86400, poll_s=20, providers={})
    world = dated(World(flash, [made], offered=offering(text, 1, made)), TUESDAY)
    world.device.net.hosts["moved", 80] = world.market.site
    good = name("good", text)
    until(world, good, 7200)
    mark = len(world.lines)
    world.run(2000)
    late = [match for line in world.lines[mark:] if (match := LINE.match(line))]
    assert {match[2] for match in late} == {"sp500", *THREE}
    assert {match[6] for match in late} == {good}
    assert {match[1] for match in late if match[1] != "NO_DATA"} == {"LIVE"}
    assert len(blob(world, "feeds")) <= 2200


def test_a_set_is_not_given_up_for_one_that_is_broken_anyway() -> None:
    text = feeds(sigma=1.5)
    world = world_of(*THREE, offered=offering(text), check_s=900)
    broken(world, "dax")
    world.run(3 * 3600)
    assert not world.said("given up") and not world.said(" silent,")
    assert world.said(f" data={name('good', text)} ")


def test_a_set_that_has_died_for_all_is_left_though_each_had_prices_before() -> None:
    text = feeds(sigma=1.5)
    world = world_of(*THREE, offered=offering(text), check_s=900)
    good = name("good", text)
    struck = 0.0

    def look() -> bool:  # in one run: the power stays
        nonlocal struck
        now_s = world.device.clock.now_us / 1e6
        if not struck and now_s > 3600 and world.said(f" data={good} ") and world.follows():
            struck = now_s
            broken(world, "sp500", *THREE)
        return world.said(" silent, now shipped")

    world.run(5 * 3600, look)
    assert struck and world.said(f"{good} silent, now shipped")
    # Not before each has had its turn without a price, and not long after.
    waited_s = world.device.clock.now_us / 1e6 - struck
    assert TURN_S < waited_s < 6 * TURN_S


def test_who_is_new_among_them_gets_his_part_of_the_set() -> None:
    text = feeds(sigma=1.5)
    offered = offering(text)
    world = world_of("btc", offered=offered, check_s=300)
    until(world, name("good", text), 7200)
    world = stored(world, ["dax"])
    world.offered = offered
    world.run(3600)
    told = [match[6] for line in world.lines if (match := LINE.match(line)) and match[2] == "dax"]
    assert told and told[-1] == name("good", text)


def test_a_set_without_a_price_for_any_is_given_up() -> None:
    text = moved(cnbc="http://nowhere:80", bitstamp="http://nowhere:80")
    world = world_of(*THREE, offered=offering(text), check_s=900, providers={})
    # What ships has other hosts for these, which answer.
    for host in ("quote.cnbc.com", "www.bitstamp.net"):
        world.device.net.hosts[host, 443] = world.market.site
    world.run(4 * 3600, until=lambda: world.said("given up"))
    assert world.said(" silent, now shipped")


# -- what a turn keeps ---------------------------------------------------------------------------


def test_who_asked_for_patience_is_left_alone_by_the_next_one_too() -> None:
    world = world_of("dax", "dow", poll_s=20)
    asked: list[float] = []
    handler = world.market.site.handler

    def answer(request: Request) -> Reply:
        if "quote-html-webservice" in request.path or "restQuote" in request.path:
            asked.append(world.device.clock.now_us / 1e6)
            return Reply(429, headers={"Retry-After": "1500"})
        return handler(request)

    world.market.site.handler = answer
    world.run(2400)
    assert len(shown(world)) >= 7
    gaps = [later - at for at, later in zip(asked, asked[1:], strict=False)]
    assert gaps and min(gaps) >= 1400, gaps


def test_an_hourly_look_for_data_comes_though_no_session_is_so_long() -> None:
    world = world_of(*THREE)
    world.run(3 * 3600)
    looks = [line for line in world.lines if "state=UPDATING" in line]
    assert 3 <= len(looks) <= 5  # one for a release after the start, and one an hour, more or less


def test_an_older_release_shows_the_first_and_leaves_the_rest_of_the_settings_alone() -> None:
    """The one that is kept, from before there were turns."""
    older, _ = kept.load(Path(__file__).parents[1] / "releases" / "0.1.0")
    world = World(new_flash(older, rotation=THREE, turn_min=5, instrument="dow"), [older])
    world.run(300, until=lambda: world.said("state=LIVE"))
    shown_by = [line for line in world.lines if " state=" in line]
    assert world.said("state=LIVE") and all("instrument=dow" in line for line in shown_by)
    found = json.loads(blob(world, "config"))
    assert (found["rotation"], found["turn_min"]) == (THREE, 5)
