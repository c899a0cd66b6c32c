"""The launcher on the CPython engine: what it starts, when it gives up, what it says."""

import ast
import itertools
from typing import Any

import pytest
from rig import LAUNCHER, World, new_flash, release

from host_tools.emulator.partitions import PartitionTable
from host_tools.emulator.storage import Storage

FOLLOW = "async def follow(self) -> None:"
CRASH_IN_APP = ("app.py", FOLLOW, FOLLOW + "\n        raise RuntimeError('planted')")
HANG_IN_APP = ("app.py", "self.beat(self.settings[\"poll_s\"])\n",
               "self.beat(self.settings[\"poll_s\"])\n            while True:\n"
               "                pass\n")  # fmt: skip
CRASH_IN_UPDATER = ("updater.py", "guard = asyncio.create_task(self.feed())",
                    "raise RuntimeError('planted')")  # fmt: skip
NEVER_CONFIRMS = ("ontrial.py", "    if verdict == \"wait\":", "    if True:")
NEVER_UPDATES = ("app.py", "elif self.said and self.due(drawn):", "elif False:")
EXITS = ("app.py", FOLLOW, FOLLOW + "\n        raise SystemExit")


def decide() -> Any:
    """The launcher's decide() and RULES, without running the launcher."""
    names = {"WORRY", "GIVE_UP", "RULES"}
    tree = ast.parse(LAUNCHER)
    tree.body = [
        node for node in tree.body
        if (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in names)
        or (isinstance(node, ast.FunctionDef) and node.name == "decide")
    ]  # fmt: skip
    space: dict[str, Any] = {}
    exec(compile(tree, "main.py", "exec"), space)
    return space["decide"]


def test_rules_as_a_table() -> None:
    choose = decide()
    flags = (False, True)
    for bundle, other, trial, note in itertools.product(flags, repeat=4):
        for unhealthy, deaf in itertools.product((0, 1, 2, 3, 4, 9), (0, 4, 5, 9)):
            action = choose(trial, bundle, unhealthy, deaf, other, note)
            if trial:
                good = bundle and not unhealthy
                assert action == ("reset" if not good else "note" if note else "updater")
            elif not bundle:
                assert action == ("other" if other else "pause")
            elif deaf >= 5 and other:
                assert action == "other"
            elif note:
                assert action == "note"
            else:
                assert action == ("updater" if unhealthy in (3, 9) else "app")


def test_a_release_that_crashes_in_its_trial_is_rolled_back_and_passed_over() -> None:
    good, bad, fix = release("0.1.0"), release("0.2.0", CRASH_IN_APP), release("0.3.0")
    world = World(new_flash(good), [good, bad, fix], offered=bad)
    world.run(300, until=lambda: world.said("is passed over"))

    assert world.said("event=proved slot=ota_1 version=0.2.0")
    assert world.running() == ("ota_0", "0.1.0")
    assert world.said("words=rejected 0.2.0: RuntimeError: planted")
    assert world.said("0.2.0 is passed over: ")
    assert sum("boot ota_1" in event for event in world.events) == 1

    again = World(world.flash, [good, bad, fix], offered=fix)
    again.run(900, until=lambda: again.confirmed("0.3.0"))
    assert again.confirmed("0.3.0") and again.moved()


def test_a_release_that_hangs_in_its_trial_meets_the_watchdog() -> None:
    good, bad = release("0.1.0"), release("0.2.0", HANG_IN_APP)
    world = World(new_flash(good), [good, bad], offered=bad)
    world.run(900, until=lambda: world.said("is passed over"))

    assert "reset watchdog" in world.events
    assert world.said("words=rejected 0.2.0: watchdog or panic")
    assert world.running() == ("ota_0", "0.1.0")


def test_a_trial_that_never_ends_meets_the_deadline() -> None:
    good, bad = release("0.1.0"), release("0.2.0", NEVER_CONFIRMS)
    world = World(new_flash(good), [good, bad], offered=bad)
    world.run(2100, until=lambda: world.said("is passed over"))

    assert world.said("words=rejected 0.2.0: deadline missed")
    assert world.running() == ("ota_0", "0.1.0")


def test_a_crashing_app_brings_the_updater_which_brings_the_fix() -> None:
    bad, fix = release("0.1.0", CRASH_IN_APP), release("0.2.0")
    world = World(new_flash(bad), [bad, fix], offered=fix)
    world.run(3600, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert world.events.count("boot ota_0 cause 2") == 3


def test_an_app_that_only_exits_is_unhealthy_too() -> None:
    bad, fix = release("0.1.0", EXITS), release("0.2.0")
    world = World(new_flash(bad), [bad, fix], offered=fix)
    world.run(3600, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")


def test_a_damaged_bundle_sends_the_device_to_the_other_slot() -> None:
    old, new, fix = release("0.1.0"), release("0.2.0"), release("0.3.0")
    world = World(new_flash(old), [old, new, fix], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    _damage_bundle(world, "ota_1", new)

    after = World(world.flash, [old, new, fix])
    after.run(1800, until=lambda: after.running() == ("ota_0", "0.1.0") and after.moved())
    assert after.running()[0] == "ota_0" or after.said("version=0.1.0")
    assert _nvs(after, "left") == 1

    mended = World(after.flash, [old, new, fix], offered=fix)
    mended.run(7200, until=lambda: mended.confirmed("0.3.0"))
    assert mended.confirmed("0.3.0")


def test_both_bundles_damaged_is_said_and_resets_are_paced() -> None:
    old = release("0.1.0")
    world = World(new_flash(old), [old])
    _damage_bundle(world, "ota_0", old)
    outcome = world.run(600)

    assert world.said("seesaw: cannot run: both bundles are damaged")
    assert 5 <= outcome.boots <= 11  # one a minute
    assert world.device.flash.ops <= 4  # the bootloader's first entry; nothing wears out


def test_a_deaf_release_is_left_for_the_other_slot_and_not_fetched_again() -> None:
    old, deaf, fix = release("0.1.0"), release("0.2.0", CRASH_IN_UPDATER), release("0.3.0")
    flash = new_flash(old)
    _install_unproven(World(flash, [old]), deaf)
    world = World(flash, [old, deaf, fix], offered=deaf)
    world.run(1800, until=lambda: world.running() == ("ota_0", "0.1.0"))

    assert _nvs(world, "left") == 2
    after = World(world.flash, [old, deaf, fix], offered=deaf)
    after.run(1200)
    assert after.running() == ("ota_0", "0.1.0")
    assert after.said("0.2.0 is passed over: ")
    mended = World(after.flash, [old, deaf, fix], offered=fix)
    mended.run(3600, until=lambda: mended.confirmed("0.3.0"))
    assert mended.confirmed("0.3.0")


def test_26_hours_without_an_updater_count_against_the_release() -> None:
    bad = release("0.1.0", NEVER_UPDATES)
    world = World(new_flash(bad, poll_s=3600), [bad])
    world.run(27 * 3600)

    assert world.device.board.boots == 2


def test_ctrl_c_leaves_to_the_repl_for_fifteen_minutes() -> None:
    good = release("0.1.0")
    world = World(new_flash(good), [good])
    world.device.press_ctrl_c(10)
    outcome = world.run(1200, until=lambda: len(world.events) > 1)

    assert world.events == ["boot ota_0 cause 1", "reset watchdog"]
    assert 905 < outcome.elapsed_us / 1e6 < 915


def test_ctrl_c_is_off_during_a_trial() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    seen: list[int] = []

    def look() -> bool:
        if world.said("event=prove ") and world.device.board.alive:
            seen.append(world.device.board.interrupt_char)
        return world.said("event=confirmed")

    world.run(900, until=look)
    assert (seen[0], seen[-1]) == (-1, 3)


@pytest.mark.parametrize("stage", ["torn", "foreign slot", "power"])
def test_a_note_that_is_not_to_be_believed_is_a_cold_boot(stage: str) -> None:
    good = release("0.1.0")
    # The beam's place is in the record that is spoilt: it may jump.
    world = World(new_flash(good), [good], gentle=False)
    board = world.device.board
    seen: list[str] = []

    def spoil() -> bool:
        if board.cause == 5 and not seen and board.rtc_valid:
            seen.append("soft reset")
        return world.said("event=nothing") or world.said("event=hindered")

    if stage == "power":
        world.run(15)
        world.run(15)
        assert not world.said("event=")
        return
    start = board.start_session

    def tampered() -> int:
        if board.cause == 5 and len(board.rtc) > 20 and not seen:
            raw = bytearray(board.rtc)
            raw[4 if stage == "foreign slot" else 20] ^= 1
            board.rtc = bytes(raw)
            seen.append(stage)
        return start()

    board.start_session = tampered  # type: ignore[method-assign]
    world.run(25, until=spoil)
    assert seen == [stage]
    assert not world.said("event=nothing")  # the app started instead of the updater


def test_vfs_is_never_written() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    before = _partition(world, "vfs")
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert _partition(world, "vfs") == before
    assert not world.device.board.faults


def _damage_bundle(world: World, label: str, made: Any) -> None:
    slot = PartitionTable.read(world.flash).first(label=label)
    assert slot
    world.flash.program(slot.offset + made.slot[1][0] + 600, b"\x00" * 16)


def _install_unproven(world: World, made: Any) -> None:
    """Into ota_1 and marked valid, as if its trial had seen nothing wrong."""
    world.run(5)
    table = PartitionTable.read(world.flash)
    slot = table.first(label="ota_1")
    assert slot
    for offset, data in made.slot:
        for at in range(0, len(data), 4096):
            world.flash.erase(slot.offset + offset + at)
            world.flash.program(slot.offset + offset + at, data[at : at + 4096])
    from host_tools.emulator.otadata import Entry, State, write_entry

    assert table.otadata
    write_entry(world.flash, table.otadata, 1, Entry.make(2, State.VALID))


def _nvs(world: World, key: str) -> int:
    storage: Storage = world.device.board.storage
    return storage.nvs.get_i32("seesaw", key)


def _partition(world: World, label: str) -> bytes:
    found = PartitionTable.read(world.flash).first(label=label)
    assert found
    return world.flash.read(found.offset, found.size)
