"""The states that are not the market's, and the sign that the LED gives of each, on a whole device.

The LED's pin is watched between firmware and chip: all that the owner sees is there.
"""

import json

import pytest
from led_rig import Lit
from rig import BOARD, SETTINGS, World, new_flash, release

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.emulator.partitions import PartitionTable

DAY_S = 86400
CRASHES = (
    "app.py",
    "            if self.clock.up_s() > self.next_beat_s:",
    "            if 30 < self.clock.up_s() < 60 and self.boot.unhealthy < 3:\n"
    "                1 // 0\n"
    "            if self.clock.up_s() > self.next_beat_s:",
)


def nvs(flash: Flash) -> Nvs:
    part = PartitionTable.read(flash).first(label="nvs")
    assert part
    return Nvs.start(flash, part.offset, part.size)


def states(world: World) -> list[str]:
    return [line.split("state=")[1].split()[0] for line in world.lines if " state=" in line]


# -- SETUP, OFFLINE --------------------------------------------------------------------------


def test_a_device_without_wifi_settings_says_setup_and_what_to_do() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, ssid="", poll_s=60, check_s=DAY_S), [old])
    lit = Lit(world)
    world.run(400)

    told = "seesaw state=SETUP slot=ota_0 version=0.1.0 words=never"
    assert world.lines.count(told) > 5 and set(states(world)) == {"SETUP"}
    assert world.said("event=setup") and world.said("words=never: join seesaw-")
    assert not world.said("Traceback") and world.events == ["boot ota_0 cause 1"]
    assert not world.moved() and set(lit.groups(0, 400)) == {4}

    blob = json.dumps({**SETTINGS, "poll_s": 60}).encode()
    nvs(world.flash).set_blob("seesaw", "config", blob)
    later = World(world.flash, [old])
    later.run(120, until=later.follows)
    assert later.follows()


def test_a_network_that_is_gone_is_offline_and_no_setup() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, check_s=DAY_S), [old])
    lit = Lit(world)
    world.run(60)
    assert states(world)[-1] == "LIVE" and not lit.blinked()
    later = World(world.flash, [old])
    later.device.around.air.clear()
    lit = Lit(later)
    later.run(150)

    assert set(states(later)) == {"OFFLINE"} and later.said("sign=OFFLINE why=no such network")
    assert set(lit.groups(0, 150)) == {3}
    later.device.around.air["home"] = "password"
    later.run(150, until=later.follows)
    assert later.follows()


# -- the market's ------------------------------------------------------------------------------


def test_the_led_is_dark_while_all_is_well_and_tells_what_is_not() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, check_s=DAY_S), [old])
    lit = Lit(world)

    def look() -> bool:
        if world.device.clock.now_us > 60_000_000 and world.device.net.hosts:
            assert not lit.blinked() and set(states(world)) == {"LIVE"}
            world.device.net.hosts.clear()
        return False

    world.run(150, look)
    assert states(world)[-1] == "STALE" and world.said("sign=STALE why=")
    assert set(lit.groups(75, 150)) == {1}
    later = World(world.flash, [old])
    later.device.net.hosts.clear()
    lit = Lit(later)
    later.run(100)
    assert set(states(later)) == {"NO_DATA"} and set(lit.groups(0, 100)) == {2}


# -- UPDATING ----------------------------------------------------------------------------------


def test_the_line_is_never_silent_during_an_update_and_the_led_is_lit() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    lit = Lit(world)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    told = [line for line in world.lines if "state=UPDATING" in line]
    assert told[0] == "seesaw state=UPDATING slot=ota_0 version=0.1.0 words=look"
    assert told[-1] == "seesaw state=UPDATING slot=ota_1 version=0.2.0 words=trial"
    for before, line in zip(world.lines, world.lines[1:], strict=False):
        if "event=offer " in line or "event=prove " in line:
            assert "state=UPDATING" in before
    on_us = [at for at, level in lit.changes if level]
    assert len(on_us) == 2  # the look that installs, and the trial's first part
    assert lit.changes[-1][1] == 0  # and dark with the app


def test_a_look_lights_no_led_in_quiet_hours_a_trial_does() -> None:
    """The whole day is quiet but one minute of the past."""
    old, new = release("0.1.0"), release("0.2.0")
    quiet = {"quiet_from": 1, "quiet_to": 0}
    world = World(new_flash(old, **quiet), [old, new])
    lit = Lit(world)
    world.run(120)
    assert world.said("event=hindered") and not lit.blinked()
    world.offered = new
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")
    assert len([at for at, level in lit.changes if level]) == 1


# -- SAFE --------------------------------------------------------------------------------------


def test_a_crash_loop_is_told_as_safe_and_ends() -> None:
    """Three crashes, then it is well: SAFE from the third on, until it ran for four minutes.
    The market goes on being shown, and said."""
    bad = release("0.1.0", CRASHES)
    world = World(new_flash(bad, check_s=DAY_S), [bad])
    lit = Lit(world)
    world.run(480)
    signs = [line.split("sign=")[1].split()[0] for line in world.lines if " sign=" in line]
    first, last = signs.index("SAFE"), len(signs) - 1 - signs[::-1].index("SAFE")

    assert set(signs[:first]) == {"-"} == set(signs[last + 1 :]) and len(signs) > last + 1
    assert set(signs[first : last + 1]) == {"SAFE"}
    safe = [line for line in world.lines if " sign=SAFE " in line]
    assert len(safe) > 30 and all(" state=LIVE " in line for line in safe[1:])
    safe_s = [at / 1e6 for at, level in lit.changes if level][1]
    assert set(lit.groups(int(safe_s), 480)) == {5}
    assert lit.changes[-1][0] / 1e6 - safe_s == pytest.approx(240, abs=10)


# -- the LED -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["servo_pin", "power_pin"])
def test_a_led_on_the_servos_pin_is_left_alone(key: str) -> None:
    old = release("0.1.0")
    world = World(new_flash(old, ssid="elsewhere", poll_s=60, **{key: BOARD.led_pin}), [old])
    lit = Lit(world)
    world.run(400)

    assert world.said("state=OFFLINE") and world.said("state=UPDATING") and not lit.blinked()


def test_a_device_that_knows_no_led_goes_without() -> None:
    old = release("0.1.0")
    flash = new_flash(old)
    nvs(flash).erase_key("seesaw", "led")
    world = World(flash, [old])
    lit = Lit(world)
    world.device.around.air.clear()
    world.run(60)
    assert world.said("sign=OFFLINE") and not lit.blinked()
    world.device.around.air["home"] = "password"
    world.run(60, until=world.follows)
    assert world.follows()


def test_no_blink_in_quiet_hours() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, ssid="elsewhere", quiet_from=1, quiet_to=0), [old])
    lit = Lit(world)
    world.run(100)
    assert world.said("state=OFFLINE") and not lit.blinked()
