"""What a program loads: a device without PSRAM pays about twice that in heap."""

import gc
import shutil
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rig import World, new_flash, release

from host_tools.bench_loads import KINDS, Loaded, noting, sizes
from host_tools.bench_memory import live
from host_tools.emulator.access_point import Call
from host_tools.emulator.importer import Importer
from host_tools.image.bundle import FIRMWARE
from host_tools.market import calendars, feed_sets
from host_tools.release import development, publish
from host_tools.release.publish import Release

KB = 1024
# Bytes of .mpy at once, but for seesaw.update and what a look and a trial load in all.
UPDATE_MAX, UPDATER_MAX, LOOK_MAX, TRIAL_MAX = 18 * KB, 36 * KB, 40_500, 34_600
DATA_MAX = 40_780  # while a set of feeds is checked: the aim is 36 KB too
OLD, NEW = release("0.1.0"), release("0.2.0")
SIZES = sizes(NEW.bundle.modules)


APP_MAX = 40 * KB  # at once; of a session that follows its first provider
# All that such a session loads, what it lets go of included: flash, and time at each start. An
# index needs the calendar of its exchange, round the clock is simpler.
ALL_MAX = {"sp500": 47_850, "btc": 45_820}
ONCE = (  # what only the making of the app needs
    "wiring", "tuning", "config", "unload", "core.zone_text", "data.hours", "data.maker",
    "data.part", "data.shipped", "data.standing", "data.starting",
)  # fmt: skip
CHOICE = {f"seesaw.{name}" for name in ("look", "core.looks", "update.choose", "update.otadata")}
PAGE_MAX = 13_650  # of what answers, when somebody asks
SETUP_MAX = 32 * KB
WITNESSES_MAX = 5 * KB  # when the clock must be set: once a day, and after each power cut


@pytest.fixture(scope="module")
def sessions() -> list[Loaded]:
    """Of a whole update."""
    with noting(SIZES) as found:
        world = World(new_flash(OLD), [OLD, NEW], offered=NEW)
        world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")
    return found


def test_the_updater_and_its_trust_are_small(sessions: list[Loaded]) -> None:
    look, trial = (found for found in sessions if "seesaw.updater" in found)
    most = {kind: (look.most_with(kind), trial.most_with(kind)) for kind in KINDS}

    assert look >= KINDS["rsa"] <= trial
    assert "seesaw.upgrade" in look and "seesaw.proof" in trial
    assert max(max(pair) for pair in most.values()) <= UPDATER_MAX, most
    assert look.all <= LOOK_MAX and trial.all <= TRIAL_MAX
    room = sum(size for name, size in SIZES.items() if name.startswith("seesaw.update."))
    assert room + SIZES["seesaw.update"] <= UPDATE_MAX


def test_data_needs_more_at_once() -> None:
    """A set that comes, is checked and kept; and judged by the session after."""
    with noting(SIZES) as found:
        made = publish.reissued(OLD, development.edition(OLD.version) + 1, data={
            "feeds": feed_sets.text(feed_sets.shipped()),
            "calendars": calendars.text(calendars.read())})  # fmt: skip
        world = World(new_flash(OLD, check_s=300), [OLD], offered=made)
        world.run(1800, until=lambda: world.said("now good"))
    assert world.said("now good")
    ran = [one for one in found if "seesaw.data.sets" in one]

    assert ran and {"seesaw.core.recipe_rules", "seesaw.core.calendar_rules"} <= ran[0]
    most = max(one.most_with(kind) for kind in KINDS for one in ran)
    assert most <= DATA_MAX, [sorted(one) for one in ran]


def test_the_app_pays_for_none_of_it(sessions: list[Loaded]) -> None:
    ran = [found for found in sessions if "seesaw.app" in found]

    assert ran
    for found in ran:
        names = ("crypto", "repository", "updater", "update.client", "update.install")
        assert not [name for name in found if name.startswith(tuple(f"seesaw.{n}" for n in names))]


@pytest.mark.parametrize("instrument", list(ALL_MAX))
def test_the_app_is_small(instrument: str) -> None:
    """TLS included, which every provider has."""
    with noting(SIZES) as found:
        world = World(new_flash(OLD, instrument=instrument, check_s=3600), [OLD])
        world.run(60, until=lambda: world.said("price="))
    assert world.said("price=")
    (app,) = found

    assert {"seesaw.app", "seesaw.source", "seesaw.core.scan", "seesaw.port.secure"} <= app
    assert app.most <= APP_MAX, sorted(app)
    assert app.all <= ALL_MAX[instrument], sorted(app, key=lambda name: -SIZES[name])
    assert ("seesaw.core.sessions" in app) == (instrument == "sp500")
    names = ("update.", "core.delimited", "witnesses", "net.certificate")
    assert not [name for name in app if name.startswith(tuple(f"seesaw.{n}" for n in names))]


Names = Callable[[], set[str]]


@contextmanager
def held() -> Iterator[Names]:
    """Gives those modules of which anything is held. A function keeps all of its module's names
    alive, a class its functions: so one of each is watched."""
    watched: list[tuple[str, weakref.ref[object]]] = []
    real = Importer._exec

    def noted(self: Importer, module: types.ModuleType, code: types.CodeType) -> types.ModuleType:
        done = real(self, module, code)
        for one in vars(module).values():
            if getattr(one, "__module__", None) == module.__name__:
                watched.append((module.__name__, weakref.ref(one)))
        return done

    def names() -> set[str]:
        gc.collect()
        return {name for name, one in watched if one() is not None}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Importer, "_exec", noted)
        yield names


@pytest.mark.parametrize(("more", "needed"), [
    ({}, set()),
    ({"instrument": "btc", "stream": True}, set()),
    ({"tz": "EST5EDT,M3.2.0,M11.1.0", "quiet_from": 60, "quiet_to": 120}, set()),
    ({"button_pin": 0, "servo_pin": 40}, set()),
    ({"rotation": ["btc", "dax"]}, {"seesaw.core.zone_text", "seesaw.data.hours"}),
    ({"log_level": "debug"}, {"seesaw.config"}),
])  # fmt: skip
def test_nothing_holds_what_only_the_making_needs(more: dict, needed: set[str]) -> None:
    """Gone from sys.modules is not enough: what is held keeps its memory."""
    with held() as names:
        world = World(new_flash(OLD, **{"check_s": 3600, **more}), [OLD])
        alive: set[str] = set()

        def follows() -> bool:
            if world.said("price="):
                alive.update(names())
            return world.said("price=")

        world.run(60, until=follows)
    once = {f"seesaw.{name}" for name in ONCE}

    assert {"seesaw.app", "seesaw.feed", "seesaw.core.recipe", "seesaw.data.usage"} <= alive
    assert once & alive == needed


def done_with(offered: Release, line: str) -> set[str]:
    """What is held when a look comes to this line."""
    alive: set[str] = set()
    with held() as names:
        world = World(new_flash(OLD, check_s=300), [OLD, NEW], offered=offered)

        def told() -> bool:
            if world.said(line):
                alive.update(names())
            return world.said(line)

        world.run(900, until=told)
    assert {"seesaw.updater", "seesaw.update.trusted"} <= alive
    return alive


def test_nothing_holds_what_a_look_has_done_with() -> None:
    """When an install begins: of the choice and of signatures."""
    alive = done_with(NEW, "event=offer")

    assert "seesaw.upgrade" in alive
    assert not alive & (CHOICE | {"seesaw.crypto.keys"}.union(*KINDS.values()))


def test_nothing_holds_what_data_needs_no_more() -> None:
    data = {"feeds": feed_sets.text(feed_sets.shipped())}
    made = publish.reissued(OLD, development.edition(OLD.version) + 1, data=data)
    alive = done_with(made, "event=data")
    done = {"update.record", "update.reasons", "update.trailer", "update.choose", "look",
            "data.feeds", "core.recipe_rules", "core.stream_rules"}  # fmt: skip

    assert "seesaw.data.sets" in alive
    assert not alive & {f"seesaw.{name}" for name in done}


@pytest.mark.parametrize(("program", "gone"), [
    ("app", sorted(ONCE)),
    ("updater", sorted(name.removeprefix("seesaw.") for name in CHOICE)),
])  # fmt: skip
def test_the_vm_gives_its_memory_back(program: str, gone: list[str], tmp_path: Path) -> None:
    """Each of them with 8 KB more, and the program holds not one of these once it has started."""
    shutil.copytree(FIRMWARE / "seesaw", tmp_path / "seesaw")
    for name in gone:
        with Path(tmp_path, "seesaw", name.replace(".", "/") + ".py").open("a") as file:
            file.write("\n_HELD = bytearray(8192)\n")

    assert abs(live(program, 0, tmp_path)[0] - live(program, 0)[0]) < 4


def loaded(ask: bool) -> Loaded:
    """By an app that follows the market; and has somebody asked for its page?"""
    with noting(SIZES) as found:
        world = World(new_flash(OLD, check_s=86400), [OLD])
        calls: list[Call] = []

        def answered() -> bool:
            if ask and world.follows() and not calls:
                calls.append(world.device.net.access.dial(80))
                calls[0].say(b"GET / HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n")
            return world.follows() and all(call.ended for call in calls)

        world.run(60, until=answered)
    assert all(b" 200 OK" in call.heard and b"</html>" in call.heard for call in calls)
    return found[-1]


def test_the_page_is_loaded_when_somebody_asks() -> None:
    more = loaded(True) - loaded(False)

    assert {name for name in SIZES if name.startswith("seesaw.api")} <= more
    assert sum(SIZES[name] for name in more) <= PAGE_MAX, more


def test_set_up_is_small() -> None:
    with noting(SIZES) as found:
        world = World(new_flash(OLD, ssid="", password=""), [OLD])
        world.run(60, until=lambda: world.said("event=setup"))
    setup = found[-1]

    assert {name for name in SIZES if name.startswith("seesaw.setup")} <= setup
    assert sum(SIZES[name] for name in setup) <= SETUP_MAX
    pages = {"seesaw.net", "seesaw.net.form", "seesaw.net.request", "seesaw.net.serving"}
    assert not [name for name in setup - pages if name.startswith(("seesaw.update", "seesaw.net"))]


def test_a_clock_that_is_not_set_costs_little_more() -> None:
    with noting(SIZES) as found:
        world = World(new_flash(OLD, check_s=3600), [OLD])
        world.device.around.wall = lambda: 0.0
        world.run(60, until=lambda: world.said("price="))
    (app,) = found
    more = ("seesaw.witnesses", "seesaw.net.ntp", "seesaw.net.certificate", "seesaw.port.udp",
            "seesaw.port.rtc", "seesaw.core.clock_policy")  # fmt: skip

    assert set(more) <= app
    assert sum(SIZES[name] for name in more) <= WITNESSES_MAX
