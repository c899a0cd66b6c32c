"""A forged answer by NTP sets the chip's clock years ahead: no update is the worse for it."""

from datetime import UTC, datetime

import pytest
from rig import World, new_flash, release

from host_tools.emulator.board import EPOCH_2000
from host_tools.market.ntp import Ntp

OLD, NEW = release("0.1.0"), release("0.2.0")
FAR_S = 73 * 365 * 86_400  # to 2099


def lied_to(off_s: int, **settings: object) -> World:
    """A device with a clock that was never set; all that answers by NTP is off_s seconds off."""
    flash = new_flash(OLD, ntp="first:123 second:123", **settings)
    world = World(flash, [OLD, NEW])
    world.device.board.options.clock_set = False
    for host in ("first", "second"):
        world.device.net.datagrams[host, 123] = Ntp(world.market.clock.now, off=off_s)
    return world


def year(world: World) -> int:
    return datetime.fromtimestamp(world.device.board.epoch() + EPOCH_2000, UTC).year


def test_a_forged_2099_costs_an_update_nothing() -> None:
    world = lied_to(FAR_S)
    world.run(60, until=lambda: year(world) == 2099)
    assert year(world) == 2099
    world.offered = NEW
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert not world.said("Expired")


def test_a_time_before_the_release_was_built_is_refused() -> None:
    world = lied_to(-10 * 365 * 86_400)
    world.run(60)

    assert year(world) == 2026  # by the provider's Date
    assert world.said("ntp 0 of 1")


@pytest.mark.parametrize("off_s", [0, FAR_S])
def test_the_clock_outlives_soft_resets_and_no_loss_of_power(off_s: int) -> None:
    world = lied_to(off_s)
    world.run(120, until=lambda: world.said("event=nothing") and world.follows())
    assert year(world) == (2099 if off_s else 2026)
    again = World(world.flash, [OLD, NEW])
    again.device.board.options.clock_set = False
    again.run(1)

    assert year(again) == 2000
