"""A provider that misbehaves changes the feed's state and nothing else."""

import re

import pytest
from rig import World, new_flash, release

FAULTS = ["html", "null", "zero", "hang", "reset", "truncate", "slow", "endless", "wrong_symbol"]


def pulses(world: World) -> list[int]:
    return [ns for _, _, ns in world.device.board.pwm.pulses if ns]


@pytest.mark.parametrize("instrument", ["sp500", "btc"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_provider_moves_nothing(instrument: str, fault: str) -> None:
    """When it is the only one: nobody answers at the others' hosts."""
    old = release("0.1.0")
    world = World(new_flash(old, instrument=instrument, check_s=86400), [old])
    broken: list[int] = []

    def look() -> bool:
        if len(world.lines) == 3 and not broken:
            world.market.break_provider(fault)
            broken.append(len(pulses(world)))
        return len(world.lines) >= 6

    outcome = world.run(1800, until=look)
    assert outcome.reason == "until"
    assert not world.device.board.faults
    assert world.events == ["boot ota_0 cause 1"]
    after = [line for line in world.lines[3:] if "state=" in line]
    states = [re.search(r" state=(\S+) .* why=(.*)", line) for line in after[1:]]
    assert all(one and one[1] in ("STALE", "NO_DATA") and one[2] for one in states), after
    # A move that was under way is finished; nothing moves after it.
    assert len(set(pulses(world)[broken[0] + 100 :])) <= 1


def test_a_provider_that_is_mended_is_followed_again() -> None:
    old = release("0.1.0")
    world = World(new_flash(old, check_s=86400), [old])
    world.market.break_provider("html")

    def look() -> bool:
        if len(world.lines) == 4:
            world.market.mend()
        return world.follows() and world.moved()

    assert world.run(1800, until=look).reason == "until"
    assert "state=NO_DATA" in world.lines[0]


@pytest.mark.parametrize(
    ("air", "words"),
    [({}, "no such network"), ({"home": "changed"}, "wrong password")],
)
def test_without_wifi_the_device_says_why_and_comes_back(air: dict, words: str) -> None:
    old = release("0.1.0")
    world = World(new_flash(old, check_s=86400), [old])
    world.device.around.air.clear()
    world.device.around.air.update(air)

    def look() -> bool:
        if world.said("state=OFFLINE instrument=sp500 price=- change=- angle=+0.00 level=yes"):
            world.device.around.air["home"] = "password"
        return world.follows()

    assert world.run(900, until=look).reason == "until"
    assert world.said("why=" + words)


def test_an_unset_clock_takes_the_date_of_the_answer() -> None:
    from host_tools.emulator.board import Options

    old = release("0.1.0")
    world = World(new_flash(old, check_s=86400), [old], options=Options(clock_set=False))
    world.run(60, until=world.follows)
    assert world.follows()
    world = World(new_flash(old, check_s=86400), [old], options=Options(clock_set=False))
    world.market.break_provider("stale")
    for _ in range(2):  # the feed's time stands still while the server's clock goes on
        world.run(3000)
    assert "state=STALE" in world.lines[-1] or "state=CLOSED" in world.lines[-1]


def test_a_pin_that_cannot_drive_a_servo_costs_the_beam_alone() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old, servo_pin=34), [old, new], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.said("event=noservo slot=ota_0 version=0.1.0 words=GPIO 34")
    assert world.confirmed("0.2.0") and not world.moved()
