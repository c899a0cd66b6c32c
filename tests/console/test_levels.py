"""Log levels: what the console shows of the log, and what the serial line is told."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import BOARD, World, new_flash, release
from seesaw import levels
from test_console import CRASH, DAY_S, Person, Script, lines, said
from test_console_without_room import full
from test_improv_running import Client

from host_tools.emulator.nvs import Nvs
from host_tools.market.site import Reply

OLD, NEW = release("0.1.0"), release("0.2.0")
EVENT = re.compile(r"^seesaw event=(\w+)", re.MULTILINE)
WORDS = ("error", "warning", "info", "debug")


def events(text: str) -> set[str]:
    return set(EVENT.findall(text))


def a_day_of(level: str, **settings: object) -> str:
    """A device whose provider fails now and then, and whose update server has nothing new."""
    world = World(new_flash(OLD, log_level=level, check_s=60, **settings), [OLD], offered=OLD)
    world.run(400)
    return "\n".join(world.lines)


def test_each_level_is_told_what_it_asks_for_and_the_state_always() -> None:
    told = {level: a_day_of(level) for level in WORDS}

    assert events(told["error"]) == events(told["warning"]) == set()
    assert events(told["info"]) == {"nothing"}
    assert events(told["debug"]) == {"nothing", "poll"}
    assert "words=cnbc 0 failures, next in 0 s" in told["debug"]
    for text in told.values():
        assert text.count(" state=LIVE ") > 40 and text.count(" state=UPDATING ") > 2


def test_a_warning_is_told_at_that_level_and_not_as_an_error() -> None:
    found = {}
    for level in ("error", "warning"):
        world = World(new_flash(OLD, log_level=level, check_s=30), [OLD])
        world.updates.handler = lambda request: Reply(503)
        world.run(200)
        found[level] = events("\n".join(world.lines))
    assert found == {"error": set(), "warning": {"hindered"}}


@pytest.mark.parametrize("level", WORDS)
def test_at_any_level_an_update_is_told_as_ever(level: str) -> None:
    """From the trial on: by that `seesaw deploy`, the twin and the proof go."""
    world = World(new_flash(OLD, log_level=level), [OLD, NEW], offered=NEW)
    world.run(900, until=lambda: world.said("event=confirmed"))
    text = "\n".join(world.lines)

    assert world.confirmed("0.2.0") and {"prove", "proved", "confirmed"} <= events(text)
    assert " state=UPDATING slot=ota_1 version=0.2.0 words=trial" in text


@pytest.mark.parametrize("level", ["error", "debug"])
def test_at_any_level_a_failed_trial_is_told(level: str) -> None:
    bad = release("0.2.0", CRASH)
    world = World(new_flash(OLD, log_level=level), [OLD, bad], offered=bad)
    world.run(900, until=lambda: world.said("event=settled"))

    assert world.said("words=rejected 0.2.0: KeyError") and world.said("event=prove ")


def test_the_level_is_kept_over_a_reset_and_followed_at_once() -> None:
    person = Person(check_s=60)
    person.world.offered = OLD
    told = []

    def typed(line: str) -> Script:
        """Type it as the app follows once more after a look; keep what was told until then."""
        at = len(person.world.lines)
        while not any(" state=UPDATING " in one for one in person.world.lines[at:]):
            yield
        yield from person.wait(12)
        told.append("\n".join(person.world.lines[at:]))
        yield from person.type(line)

    def script() -> Script:
        for line in ("log level", "log level error", "log level", "log level debug",
                     "log level info", "log level"):  # fmt: skip
            yield from typed(line)

    text = person.run(script(), 900)
    found = re.findall(r"^level: (\w+)$", text, re.MULTILINE)
    assert found == ["info", "error", "error", "debug", "info", "info"]
    quiet, loud = events(told[2] + told[3]), events(told[4])
    assert quiet == set() and loud == {"nothing", "poll"} and events(told[5]) == {"nothing"}


@pytest.mark.parametrize("level", ["", "all", 5, None, ["info"], "Debug"])
def test_a_setting_that_is_no_level_is_info(level: object) -> None:
    person = Client(check_s=60)
    person.world.offered = OLD
    where = BOARD.partition("nvs")
    blob = json.dumps({**person.config(), "log_level": level}).encode()
    Nvs(person.world.flash, where.offset, where.size).set_blob("seesaw", "config", blob)
    text = person.run(person.wait(120))
    assert events(text) == {"nothing"} and "Traceback" not in text


def test_the_log_is_shown_from_a_level_on() -> None:
    person = Person(poll_s=5)

    def script() -> Script:
        person.world.market.site.handler = lambda request: Reply(503)
        while not person.world.said(" state=STALE "):
            yield
        for line in ("log", "log info", "log debug", "log warning", "log error"):
            yield from person.type(line)
        yield from person.type("")

    shown = [re.findall(r"^((?:log|boot)\.\w+): (?:\d+ s: (\w+))?", part, re.MULTILINE)
             for part in person.run(script()).split("> log")[1:]]  # fmt: skip
    stale = ("log.event1", "STALE")
    assert shown[0] == shown[1] == shown[2] == [("boot.cause", ""), ("log.event0", "LIVE"), stale]
    assert shown[3:] == [[stale], []]


@pytest.mark.parametrize("line", ["log all", "log level loud", "log level error now",
                                  "log warnings", "log levelerror", "log level  info"])  # fmt: skip
def test_another_word_changes_nothing(line: str) -> None:
    person = Person()
    before = person.blobs()["config"]
    text = person.run(lines(line)(person))

    assert f"there is no '{line}' in the app" in text and person.blobs()["config"] == before


def test_a_level_that_finds_no_room_is_said_and_the_beam_goes_on() -> None:
    person = Person(poll_s=5)
    before = person.blobs()["config"]

    def script() -> Script:
        person.device.board.calls["nvs_set_blob"] = full
        yield from person.type("log level error")
        yield from person.type("selftest")
        yield from person.wait(15)

    text = person.run(script())
    assert "the level stays as it was: NVS has no room" in text and "beam      ok" in text
    assert person.blobs()["config"] == before and person.follows()


def test_a_factory_reset_forgets_it() -> None:
    person = Client(log_level="error")

    def script() -> Script:
        yield from lines("factory-reset", "yes", "forget")(person)
        yield from person.wait(5)

    assert "words=never" in person.run(script()), "in set-up all is told"
    assert "log_level" not in person.config()


def test_help_has_it() -> None:
    assert "'log level debug'" in said("help", check_s=DAY_S)


@pytest.mark.parametrize(
    ("words", "level"),
    [("hindered data: OSError", 1), ("nothing up to date", 2), ("noservo GPIO 6", 0),
     ("poll cnbc 0 failures", 3), ("OFFLINE no such network", 1), ("LIVE ", 2), ("SETUP ", 1),
     ("stream coinbase", 2), ("stream the stream: closed", 1), ("data roots refused: why", 1),
     ("data good:1234 crashed, now shipped, given up: 12345678", 1), ("data a priced, now b", 2),
     ("wifi not joined: joining", 1), ("wifi joined, and kept", 2), ("", 2)],
)  # fmt: skip
def test_the_level_of_an_event(words: str, level: int) -> None:
    assert levels.of(words) == level


@given(st.text())
def test_any_words_have_a_level(words: str) -> None:
    assert levels.of(words) in range(4)
