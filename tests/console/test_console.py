"""The serial console on a whole device, in virtual time: in the app, in SAFE, in set-up."""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rig import BOARD, SETTINGS, World, new_flash, release
from seesaw import diag, factory
from test_diag import inside

from host_tools.emulator.flash import PAGE
from host_tools.emulator.nvs import Nvs

OLD = release("0.1.0")
DAY_S = 86_400
OWNERS = {"ssid": "home", "password": "password", "check_s": DAY_S}
COMMANDS = ("help", "status", "wifi", "feed", "servo", "update", "log", "selftest", "diag",
            "maintenance", "factory-reset")  # fmt: skip
CRASH = ("wiring.py", "    settings.update(tuning", "    raise KeyError('password')\n"
         "    settings.update(tuning")  # fmt: skip
UNHEALTHY = 5  # of the RTC record
Script = Iterator[None]


class Person:
    """Somebody who types at a device and reads what it says."""

    def __init__(self, *known: object, typed_at_s: float = 8, **settings: object) -> None:
        releases = [*known] or [OLD]
        flash = new_flash(releases[0], **{"check_s": DAY_S, **settings})
        self.world = World(flash, releases)
        self.device = self.world.device
        self.typed_at_s = typed_at_s

    @property
    def now_s(self) -> float:
        return self.device.clock.now_us / 1e6

    def wait(self, seconds: float) -> Script:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            yield

    def type(self, line: str) -> Script:
        self.device.type(line.encode() + b"\n")
        yield from self.wait(3)

    def run(self, script: Script, seconds: float = 600, **cut: tuple[int, str]) -> str:
        """Everything that was said, when the script is over or the power was cut."""
        over = False

        def look() -> bool:
            nonlocal over
            if not over and self.now_s >= self.typed_at_s and next(script, "over") == "over":
                over = True
            return over

        self.outcome = self.world.run(seconds, until=look, **cut)
        assert over or self.outcome.reason == "cut", (self.outcome, self.world.lines[-8:])
        assert not self.device.board.faults
        return "\n".join(self.world.lines)

    def follows(self) -> bool:
        """Does the last line of the market say so?"""
        states = [line for line in self.world.lines if line.startswith("seesaw state=")]
        return " state=LIVE " in states[-1]

    def blobs(self) -> dict[str, bytes]:
        where = BOARD.partition("nvs")
        nvs = Nvs(self.world.flash.copy(), where.offset, where.size)
        found: dict = {key: value for ns, key, _, value in nvs.items() if ns == "seesaw"}
        return found


def lines(*typed: str) -> Callable[[Person], Script]:
    def script(person: Person) -> Script:
        for line in typed:
            yield from person.type(line)

    return script


def said(*typed: str, **settings: object) -> str:
    person = Person(**settings)
    text = person.run(lines(*typed)(person))
    assert person.world.events == ["boot ota_0 cause 1"] and "Traceback" not in text
    return text


def pastes(text: str) -> list[list[str]]:
    found = re.findall(r"^--- SEESAW DIAG.*?END.*?---$", text, re.MULTILINE | re.DOTALL)
    return [inside(paste + "\n") for paste in found]


def test_help_lists_all_there_is_and_an_unknown_word_says_it_too() -> None:
    text = said("help", "reboot", "status now", "help\r")

    for name in COMMANDS:
        assert len(re.findall(rf"^{name} +\w", text, re.MULTILINE)) == 2
    assert text.count("there is: " + " ".join(COMMANDS)) == 2


def test_each_command_shows_its_own() -> None:
    text = said("status", "wifi", "feed", "servo", "update", "log")

    for words in ("Working. Nothing to do.", "wifi.rssi: -55", "wifi.status: 1010 joined",
                  "feed.1.cnbc: well", "feed.provider: cnbc", "servo.center_us: 1500",
                  "boot.record: install, 1 VALID", "release.version: 0.1.0",
                  "log.event0: 1 s: LIVE"):  # fmt: skip
        assert words in text, words
    assert SETTINGS["password"] not in text.replace("wifi.password", "")


def test_a_paste_of_the_app_is_whole_and_without_secrets() -> None:
    secret = {"password": "very secret", "keys": {"eodhd": "K-1234567"}}
    flash_of = Person(**secret)
    flash_of.device.around.air["home"] = "very secret"
    (lines_,) = pastes(flash_of.run(lines("diag")(flash_of)))

    assert lines_[0] == "Working. Nothing to do."
    text = "\n".join(lines_)
    for words in ("very secret", "K-1234567", "home", "updates:80"):
        assert words not in text
    for words in ("set.keys: eodhd", "wifi.password: set", "update.server: set", "program: app",
                  "release.root: development", "boot.cause: power-on or brown-out"):  # fmt: skip
        assert words in text
    assert "lost." not in text


def test_what_is_broken_costs_a_part_of_the_paste_alone() -> None:
    person = Person()
    where = BOARD.partition("nvs")
    Nvs(person.world.flash, where.offset, where.size).set_blob("seesaw", "update", b"{junk")
    (found,) = pastes(person.run(lines("diag")(person)))

    assert [line for line in found if line.startswith("lost.")] == [
        line for line in found if line.startswith("lost.update: ValueError")
    ]
    assert "program: app" in found and "wifi.joined: yes" in found


def test_the_self_test_finds_all_well_and_the_beam_comes_back() -> None:
    person = Person(typed_at_s=20, poll_s=300)
    before = 0

    def script() -> Script:
        nonlocal before
        before = len(person.device.board.pwm.pulses)
        yield from person.type("selftest")
        yield from person.wait(15)

    text = person.run(script())
    found = dict(re.findall(r"^(\w+) +(ok|FAIL|-) *", text, re.MULTILINE))
    assert found == dict.fromkeys(
        ("settings", "record", "bundle", "memory", "wifi", "clock", "price", "beam"), "ok"
    )
    pulses = [ns for _, _, ns in person.device.board.pwm.pulses[before:] if ns]
    assert abs(max(pulses) - pulses[-1] - 3 * 40_000) < 2000


def test_the_self_test_sees_what_is_wrong() -> None:
    person = Person(quiet_from=0, quiet_to=1439)
    person.device.around.air.clear()

    def script() -> Script:
        yield from person.type("selftest")
        yield from person.wait(15)

    text = person.run(script())
    assert re.search(r"^wifi +FAIL no such network$", text, re.MULTILINE)
    assert re.search(r"^price +FAIL there was none$", text, re.MULTILINE)


def test_nothing_is_read_while_the_beam_moves() -> None:
    """So a flood cannot hold up a frame."""
    person = Person(typed_at_s=0)
    moved: list[int] = []

    def script() -> Script:
        while not any(ns for _, _, ns in person.device.board.pwm.pulses):
            yield
        person.device.type(b"x" * 500)
        while person.device.board.pwm.pulses[-1][2]:
            moved.append(len(person.device.typed))
            yield
        yield from person.wait(5)

    person.run(script())
    assert len(moved) > 100 and moved[-20:] == [500] * 20
    assert not person.device.typed


def test_noise_is_harmless() -> None:
    """Bytes of every kind, lines without an end, a flood: it follows the market all the while."""
    chance = random.Random(8)
    person = Person()

    def script() -> Script:
        for _ in range(40):
            noise = chance.randbytes(chance.randrange(300)).translate(None, b"\n\r\x03")
            person.device.type(noise + b"diag\n")
            person.device.type(b"y" * chance.randrange(3000) + b"\r\n")
            person.device.type("st\u00e4tus\nfactory-reset\xe9\n".encode("latin-1"))
            yield from person.wait(chance.randrange(6))
        yield from person.wait(60)
        yield from person.type("")
        yield from person.type("status")

    text = person.run(script(), 900)
    assert "Working. Nothing to do." in text and "Traceback" not in text
    assert "This forgets" not in text
    assert person.world.events == ["boot ota_0 cause 1"] and person.follows()


def test_a_look_for_a_release_can_be_asked_for() -> None:
    person = Person()

    def script() -> Script:
        yield from person.type("update now")
        yield from person.wait(20)

    text = person.run(script())
    assert "state=UPDATING" in text and text.rindex("state=LIVE") > text.index("state=UPDATING")


def test_maintenance_stands_the_watchdog_off_and_counts_against_nobody() -> None:
    person = Person()

    def script() -> Script:
        person.device.type(b"maintenance\n")
        while len(person.world.events) < 3 or person.now_s < 930:
            yield

    text = person.run(script(), 1200)
    assert "at the prompt for 15 minutes" in text
    assert person.world.events == ["boot ota_0 cause 1", "reset watchdog", "boot ota_0 cause 3"]
    assert person.follows() and person.device.board.rtc[UNHEALTHY] == 0
    last_ns = [ns for at_us, _, ns in person.device.board.pwm.pulses if at_us < 900e6][-1]
    assert last_ns == 0, "the servo is let go"


# -- factory reset ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [["factory-reset"], ["factory-reset", "y"], ["factory-reset", "yes", "yes"],
     ["factory-reset", "yes", "", "no", "forget"], ["factory-reset", "status", "yes", "forget"],
     ["factory-reset now", "yes", "forget"], ["factory-reset yes forget"]],
)  # fmt: skip
def test_without_both_answers_nothing_is_forgotten(typed: list[str]) -> None:
    person = Person(**OWNERS)
    before = person.blobs()
    text = person.run(lines(*typed)(person))

    assert person.blobs()["config"] == before["config"] and "config_b" not in person.blobs()
    assert person.world.events == ["boot ota_0 cause 1"] and person.follows(), text


def test_an_answer_that_comes_late_counts_no_more() -> None:
    person = Person(**OWNERS)

    def script() -> Script:
        yield from person.type("factory-reset")
        yield from person.wait(70)
        yield from person.type("yes")
        yield from person.type("forget")

    text = person.run(script())
    assert "there is no 'yes'" in text and person.follows()


def test_a_factory_reset_forgets_the_owner_at_whatever_operation_the_power_goes() -> None:
    """The settings before it or after it, never none of the maker's; and it boots."""
    seen = set()
    kept = {key: SETTINGS[key] for key in ("update_url", "servo_pin")}
    for op in range(1, 60):
        person = Person(**OWNERS, portal_left="x")
        other = {key: blob for key, blob in person.blobs().items() if "config" not in key}
        before = person.world.flash.ops

        def script(person: Person = person) -> Script:
            yield from lines("factory-reset", "yes", "forget")(person)
            yield from person.wait(5)

        text = person.run(script(), cut=(op, "before" if op % 2 else "after"))
        blob = diag_settings(person)
        assert blob in (kept, {**blob, **OWNERS, **kept}), blob
        seen.add("ssid" in blob)
        if person.outcome.reason != "cut":
            assert "words=never" in text and person.world.flash.ops > before
            after = {key: blob for key, blob in person.blobs().items() if "config" not in key}
            assert other.items() <= after.items(), "it forgets settings alone"
            break
        person.world.run(30, until=lambda person=person: person.world.said("slot=ota_0"))
        assert person.world.said("slot=ota_0 version=0.1.0")
    assert person.outcome.reason == "until" and seen == {True, False}


def diag_settings(person: Person) -> dict[str, object]:
    blobs = person.blobs()
    found: dict[str, object] = json.loads(blobs.get("config") or blobs["config_b"])
    return found


# -- where no app is well --------------------------------------------------------------------


def test_a_device_whose_app_always_crashes_gives_its_paste_all_the_same() -> None:
    bad = release("0.1.0", CRASH)
    person = Person(bad)

    def script() -> Script:
        person.world.updates.handler = lambda request: None
        while not pastes("\n".join(person.world.lines)):
            yield from person.type("diag")

    text = person.run(script(), 900)
    (found, *_) = pastes(text)
    assert "crashes again and again" in found[0]
    assert "program: updater" in found and "boot.safe: yes" in found
    assert [line for line in found if "KeyError: '***'" in line or "KeyError: ***" in line]
    assert not [line for line in found if "'password'" in line]


def test_last_words_outlive_a_power_cut_and_are_noted_once() -> None:
    drawn = "        drawn = self.random()\n"
    crash = "        if self.boot.unhealthy < 2:\n            raise ValueError('planted %d' % "
    bad = release("0.1.0", ("app.py", drawn, f"{drawn}{crash}self.boot.unhealthy)\n"))
    world = World(new_flash(bad, check_s=DAY_S), [bad])
    world.run(400, until=lambda: world.device.clock.now_us > 300e6)
    person = Person()
    where = BOARD.partition("nvs")
    for page in range(where.offset // PAGE, (where.offset + where.size) // PAGE):
        person.world.flash.pages[page] = world.flash.pages[page]

    text = person.run(lines("log")(person))
    assert text.count("log.crash") == 2, text
    for number in range(2):
        assert f"log.crash{number}: 0.1.0: ValueError: planted {1 - number}" in text


def test_in_a_trial_all_that_is_typed_is_dropped() -> None:
    new = release("0.2.0")
    world = World(new_flash(OLD), [OLD, new], offered=new)
    before = world.flash.ops

    def look() -> bool:
        trial = world.said("event=proved") and not world.said("event=confirmed")
        if trial:
            world.device.type(b"maintenance\nfactory-reset\nyes\nforget\n")
        return world.said("event=confirmed") and world.device.clock.now_us > 120e6

    world.run(900, until=look)
    assert world.confirmed("0.2.0") and world.flash.ops > before
    assert not [line for line in world.lines if line[:2] == "> " and "seesaw" not in line][4:]


def test_in_set_up_text_and_improv_share_the_line() -> None:
    person = Person(ssid="", password="")
    person.device.around.air.clear()
    state = b"IMPROV\x01\x03\x02\x02\x00"
    asked = state + bytes((sum(state) & 255,))

    wifi = b"\x04home\x0fx\nmaintenance\n!"
    packet = b"IMPROV\x01\x03" + bytes((len(wifi) + 2, 1, len(wifi))) + wifi

    def script() -> Script:
        yield from person.type("diag")
        person.device.type(asked + b"sta" + asked + b"tus\nI\nIMP\nIMPROVE\n")
        yield from person.wait(3)
        person.device.type(packet + bytes((sum(packet) & 255,)) + b"\n")
        while not person.world.said("event=wifi"):
            yield
        person.device.type(b"maintenance\n")
        while not person.world.said("at the prompt"):
            yield

    text = person.run(script())
    (found,) = pastes(text)
    assert "never set up" in found[0] and "program: setup" in found
    assert not [line for line in found if line.startswith("lost.")]
    assert person.device.written.count(b"IMPROV\x01\x01") >= 2
    assert "> status" in text and "> IMPROVE" in text
    assert text.count("> maintenance") == 1 and "at the prompt" in text


def test_the_specification_names_them() -> None:
    spec = (Path(__file__).parents[2] / "firmware" / "SPEC.md").read_text("utf-8")
    assert diag.BEGIN in spec and diag.END.partition("%")[0] in spec
    for name in COMMANDS:
        assert f"`{name}`" in spec, name
    for name in factory.MAKERS:
        assert f"`{name}`" in spec.partition("## Console")[2], name
