"""Ways back: what a device does after crashes, damage and Ctrl-C, on the CPython engine."""

import binascii
import hashlib
import json
import struct

import pytest
from rig import SETTINGS, World, new_flash, release
from test_launcher import CRASH_IN_APP, CRASH_IN_UPDATER, FOLLOW, _damage_bundle, _install_unproven

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.emulator.otadata import Entry, State, write_entry
from host_tools.emulator.partitions import PartitionTable
from host_tools.market.site import Reply

DAY_S = 86400
UNHEALTHY, DEAF = 5, 20  # offsets in the RTC record
WATCH = "            if self.clock.up_s() > self.next_beat_s:"


def crash_after(seconds: int) -> tuple[str, str, str]:
    planted = f"            if self.clock.up_s() > {seconds}:\n                1 // 0\n"
    return "app.py", WATCH, planted + WATCH


def damaged(**settings: object) -> Flash:
    """0.2.0 confirmed in ota_1 with rot in its bundle, 0.1.0 whole in ota_0."""
    flash = new_flash(release("0.1.0"), **settings)
    world = World(flash, [release("0.1.0")])
    _install_unproven(world, release("0.2.0"))
    _damage_bundle(world, "ota_1", release("0.2.0"))
    return flash


def aborted(**settings: object) -> Flash:
    """Both entries of the boot record are ABORTED: it names no slot at all."""
    flash = new_flash(release("0.1.0"), **settings)
    table = PartitionTable.read(flash)
    assert table.otadata
    for index in (0, 1):
        write_entry(flash, table.otadata, index, Entry.make(index + 1, State.ABORTED))
    return flash


def nvs(flash: Flash) -> Nvs:
    part = PartitionTable.read(flash).first(label="nvs")
    assert part
    return Nvs.start(flash, part.offset, part.size)


def set_config(flash: Flash, **settings: object) -> None:
    nvs(flash).set_blob("seesaw", "config", json.dumps({**SETTINGS, **settings}).encode())


def fill(flash: Flash) -> None:
    """Somebody's keys, until NVS has no room for one more."""
    store = nvs(flash)
    with pytest.raises(NvsError):
        for number in range(10_000):
            store.set_i32("junk", f"k{number}", number)


# -- crashes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["\u00e9", "\u20ac", "\U0001f402", "\n"])
@pytest.mark.parametrize("before", ["", "x", "xx", "xxx"])
def test_last_words_can_be_read_back_whatever_they_are(letter: str, before: str) -> None:
    """They are kept in 96 bytes: a letter of several bytes must not be cut in two."""
    text = before + letter * 90
    plant = FOLLOW + f"\n        raise RuntimeError({text!r})"
    old, bad = release("0.1.0"), release("0.2.0", ("app.py", FOLLOW, plant))
    world = World(new_flash(old), [old, bad], offered=bad)
    world.run(300, until=lambda: world.said("event=settled") and world.follows())

    said = "words=rejected 0.2.0: RuntimeError: " + before + "?" * 50
    assert world.said(said)
    assert world.running() == ("ota_0", "0.1.0") and world.follows()


@pytest.mark.parametrize("seconds", [10, 100, 200, 300])
def test_a_release_that_crashes_now_and_then_still_takes_the_fix(seconds: int) -> None:
    bad, fix = release("0.1.0", crash_after(seconds)), release("0.2.0")
    world = World(new_flash(bad, check_s=DAY_S, poll_s=60), [bad, fix], offered=fix)
    world.run(3600, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0"), world.lines[-3:]


def test_a_device_that_is_on_for_ten_minutes_a_day_looks() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old, check_s=DAY_S), [old, new], offered=new)
    outcome = world.run(600, until=lambda: bool(world.updates.log))

    assert 180 <= outcome.elapsed_us / 1e6 < 200
    evening = World(world.flash, [old, new], offered=new)
    evening.run(600, until=lambda: evening.confirmed("0.2.0"))
    assert evening.confirmed("0.2.0")


def test_an_updater_that_always_crashes_does_not_stop_the_beam() -> None:
    bad = release("0.1.0", CRASH_IN_UPDATER)
    world = World(new_flash(bad), [bad])
    seen: list[float] = [0]

    def look() -> bool:
        if world.follows():
            seen.append(world.device.clock.now_us / 1e6)
        return False

    world.run(3600, look)
    gaps = [b - a for a, b in zip(seen, seen[1:], strict=False)]
    assert max(gaps) < 120 and seen[-1] > 3480, (max(gaps), seen[-1])
    assert world.lines.count("RuntimeError: planted") > 10  # and the updater has its turns


def test_the_turns_go_on_when_the_count_is_full() -> None:
    bad = release("0.1.0", CRASH_IN_UPDATER)
    world = World(new_flash(bad), [bad])
    board = world.device.board
    turned: list[int] = []

    def look() -> bool:
        if world.events[-1].startswith("reset") and not turned:
            raw = bytearray(board.rtc[:152])
            raw[UNHEALTHY] = 255
            board.rtc = bytes(raw) + struct.pack("<I", binascii.crc32(raw))
            turned.append(len(world.lines))
        return bool(turned) and any(" state=LIVE " in line for line in world.lines[turned[0] :])

    assert world.run(600, look).reason == "until"


# -- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["server out", "no server set"])
@pytest.mark.parametrize("broken", [damaged, aborted])
def test_without_an_update_server_the_beam_moves_and_the_slot_is_confirmed(
    broken: object, trouble: str
) -> None:
    old, new, fix = release("0.1.0"), release("0.2.0"), release("0.3.0")
    known = [old, new, fix]
    assert callable(broken)
    flash = broken(update_url="" if trouble == "no server set" else SETTINGS["update_url"])
    world = World(flash, known)
    del world.device.net.hosts["updates", 80]
    world.run(600, until=lambda: world.confirmed("0.1.0") and world.follows() and world.moved())
    assert world.confirmed("0.1.0") and world.follows() and world.moved()
    assert not world.device.board.faults

    set_config(flash)
    later = World(flash, known, offered=fix)
    later.run(600, until=lambda: later.confirmed("0.3.0"))
    assert later.confirmed("0.3.0")


def test_a_slot_that_is_taken_for_damage_waits_a_minute_before_it_is_tried_again() -> None:
    """Two bad releases must not wear out the boot record between them."""
    old, new = release("0.1.0", CRASH_IN_APP), release("0.2.0")
    flash = new_flash(old)
    world = World(flash, [old, new], offered=new)
    _install_unproven(world, new)
    _damage_bundle(world, "ota_1", new)
    world.run(3600)

    assert world.said("seesaw: cannot run: the other release failed its trial")
    assert 40 < world.events.count("boot ota_0 cause 2") < 65  # one an hour's minute


def test_a_bundle_that_is_damaged_during_its_trial_is_rolled_back() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    hit: list[bool] = []

    def look() -> bool:
        if world.said("event=installed") and not hit:
            _damage_bundle(world, "ota_1", new)
            hit.append(True)
        return world.said("event=settled") and world.follows()

    assert world.run(300, look).reason == "until"
    assert world.running() == ("ota_0", "0.1.0")
    assert world.said("words=rejected 0.2.0: trial failed")
    assert sum("boot ota_1" in event for event in world.events) == 1
    assert "left" not in [key for _, key, _, _ in nvs(world.flash).items()]


def test_a_damaged_slot_is_left_although_nvs_is_full() -> None:
    old, new, fix = release("0.1.0"), release("0.2.0"), release("0.3.0")
    flash = damaged()
    fill(flash)
    world = World(flash, [old, new, fix], offered=fix)
    world.run(300, until=lambda: world.confirmed("0.1.0") and world.follows() and world.moved())

    assert world.confirmed("0.1.0") and world.follows() and world.moved()
    assert not world.said("cannot run")


def test_a_release_that_was_refused_before_is_not_refused_twice() -> None:
    old, deaf = release("0.1.0"), release("0.2.0", CRASH_IN_UPDATER)
    flash = new_flash(old)
    _install_unproven(World(flash, [old]), deaf)
    keys = b"12345678" + hashlib.sha256(deaf.bundle.image).digest()[:8]
    nvs(flash).set_blob("seesaw", "rejected", keys)
    world = World(flash, [old, deaf], offered=deaf)
    world.run(1800, until=lambda: world.running() == ("ota_0", "0.1.0"))

    assert world.running() == ("ota_0", "0.1.0")
    assert nvs(flash).get_blob("seesaw", "rejected") == keys
    world.run(300)
    assert world.said("0.2.0 is passed over: ")
    assert nvs(flash).get_blob("seesaw", "rejected") == keys
    world.run(900)  # and it is passed over no longer than others: it crashes in its trial now
    assert world.said("words=rejected 0.2.0: RuntimeError: planted")


# -- a person at the console -----------------------------------------------------------------


def test_ctrl_c_in_the_pause_after_a_crash_stands_the_watchdog_off_too() -> None:
    bad = release("0.1.0", CRASH_IN_APP)
    world = World(new_flash(bad), [bad])
    world.device.press_ctrl_c(0.9)  # the pause is of one second
    outcome = world.run(1200, until=lambda: len(world.events) > 1)

    assert world.said("RuntimeError: planted")
    assert world.events == ["boot ota_0 cause 1", "reset watchdog"]
    assert 900 < outcome.elapsed_us / 1e6 < 905


@pytest.mark.parametrize("program", ["app", "updater"])
def test_a_session_at_the_console_counts_against_nobody(program: str) -> None:
    good = release("0.1.0")
    world = World(new_flash(good), [good])
    world.updates.handler = lambda request: Reply(fault="hang")
    world.device.press_ctrl_c(10 if program == "app" else 25)
    world.run(930 if program == "updater" else 915)

    assert world.events == ["boot ota_0 cause 1", "reset watchdog", "boot ota_0 cause 3"]
    assert len(world.updates.log) == (program == "updater")
    assert (world.device.board.rtc[UNHEALTHY], world.device.board.rtc[DEAF]) == (0, 0)


# -- the beam --------------------------------------------------------------------------------


def test_the_servo_is_let_go_although_quotes_keep_coming() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, poll_s=1, check_s=DAY_S), [old])
    world.run(50)

    pulses = [(at_us / 1e6, ns) for at_us, _, ns in world.device.board.pwm.pulses]
    first = next(at for at, ns in pulses if ns)
    released = next((at for at, ns in pulses if at > first and not ns), 50)
    assert first < 10 and released - first < 5
    assert len([line for line in world.lines if " state=LIVE " in line]) > 40


def test_after_a_hand_over_without_quotes_the_line_says_where_the_beam_is() -> None:
    old = release("0.1.0")
    world = World(new_flash(old), [old])

    def look() -> bool:
        if world.follows():
            world.market.break_provider("html")
        return " state=NO_DATA " in world.lines[-1] if world.lines else False

    assert world.run(120, look).reason == "until"
    said = dict(field.split("=") for field in world.lines[-1].split() if "=" in field)
    angle, pulse = float(said["angle"]), int(said["pulse"])
    assert (said["price"], said["level"]) == ("-", "no")
    assert abs(angle) > 1 and abs(1500 + 40 * angle - pulse) < 1
