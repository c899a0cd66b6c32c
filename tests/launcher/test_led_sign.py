"""What a device shows that has nothing to run, or whose app hangs: the launcher's own sign."""

from led_rig import Lit
from rig import World, new_flash, release
from test_launcher import FOLLOW, _damage_bundle, _install_unproven

from host_tools.emulator.partitions import PartitionTable

HANGS_ONCE = ("app.py", FOLLOW, FOLLOW + "\n        while self.boot.unhealthy < 1:\n"
              "            pass")  # fmt: skip


def seconds(lit: Lit, since_s: float) -> list[float]:
    """Between two changes of the LED; the last is that the power goes."""
    at = [us / 1e6 for us, _ in lit.changes[:-1] if us / 1e6 > since_s]
    return [later - before for before, later in zip(at, at[1:], strict=False)]


def test_with_both_bundles_damaged_the_led_changes_every_second() -> None:
    old = release("0.1.0")
    world = World(new_flash(old), [old])
    _damage_bundle(world, "ota_0", old)
    lit = Lit(world)
    world.run(50)

    assert world.said("seesaw: cannot run: both bundles are damaged")
    assert len(seconds(lit, 2)) > 40 and all(0.9 < pause < 1.1 for pause in seconds(lit, 2))
    assert not world.device.board.pwm.pulses


def test_another_slot_that_does_not_boot_is_said_and_blinks() -> None:
    """Its bundle is whole, its runtime is not: the chip refuses to select it."""
    old, new = release("0.1.0"), release("0.2.0")
    flash = new_flash(old)
    _install_unproven(World(flash, [old]), new)
    world = World(flash, [old, new])
    _damage_bundle(world, "ota_1", new)
    slot = PartitionTable.read(flash).first(label="ota_0")
    assert slot
    flash.program(slot.offset, b"\x00" * 16)
    lit = Lit(world)
    world.run(150)

    assert world.said("seesaw: cannot run: other slot refused: OSError(")
    assert len(seconds(lit, 2)) > 100 and not world.moved()


def test_an_app_that_hangs_is_ended_by_the_watchdog_and_the_next_one_follows() -> None:
    bad = release("0.1.0", HANGS_ONCE)
    world = World(new_flash(bad), [bad])
    outcome = world.run(300, until=world.follows)

    assert world.events == ["boot ota_0 cause 1", "reset watchdog", "boot ota_0 cause 3"]
    assert outcome.reason == "until" and 60 <= outcome.elapsed_us / 1e6 < 121
