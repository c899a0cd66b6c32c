"""Updates as a device lives them: what is installed, what is refused, and what a trial condemns."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rig import BOARD, World, new_flash, release
from securesystemslib.formats import encode_canonical

from host_tools.emulator.flash import PAGE, PROGRAM_MAX, Op
from host_tools.emulator.partitions import PartitionTable
from host_tools.image import runtime
from host_tools.release import development, publish
from host_tools.release.publish import OFFER, Release

changed = publish.reissued  # other words in a release's offer, signed as if they were right


def site_replaced(made: Release, end: str, data: bytes | None) -> Release:
    """The same release, served with other bytes under the paths that end so; None: with none.
    A bundle that is replaced is not there packed."""
    packed = end + ".packed"
    site = {k: data if k.endswith(end) else v for k, v in made.site.items()
            if not k.endswith(packed)}  # fmt: skip
    return replace(made, site={k: v for k, v in site.items() if v is not None})


def resigned(made: Release, role: str, edit: Callable[[dict[str, Any]], object]) -> Release:
    """One metadata file edited, and signed again by the right key."""
    path = next(k for k in made.site if k.startswith("metadata/") and k.endswith(role + ".json"))
    found = json.loads(made.site[path])
    edit(found["signed"])
    signature = development.signer().sign(encode_canonical(found["signed"]).encode())
    found["signatures"] = [{"keyid": signature.keyid, "sig": signature.signature}]
    return replace(made, site={**made.site, path: encode_canonical(found).encode()})


def ota_1_ops(world: World) -> list[Op]:
    """Flash operations in ota_1, collected from now on."""
    slot = PartitionTable.read(world.flash).first(label="ota_1")
    assert slot
    ops: list[Op] = []

    def note(op: Op) -> None:
        if slot.offset <= op.addr < slot.offset + slot.size:
            ops.append(op)

    world.flash.on_op = note
    return ops


def test_the_order_of_an_install() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    ops = ota_1_ops(world)
    world.run(900, until=lambda: world.said("event=confirmed"))
    slot = PartitionTable.read(world.flash).first(label="ota_1")
    assert slot

    assert (ops[0].kind, ops[0].addr) == ("erase", slot.offset)
    last = [op for op in ops[1:] if op.addr < slot.offset + PAGE]
    assert last == ops[-PAGE // PROGRAM_MAX :]
    assert {op.kind for op in last} == {"program"}


def test_the_same_runtime_is_copied_and_only_the_bundle_comes_over_the_network() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    paths = [path for _, _, path, _ in world.updates.log]
    assert any(path.endswith(".bundle") for path in paths)
    assert not any("runtime" in path for path in paths)


def test_another_runtime_is_downloaded() -> None:
    _, app = runtime.synthetic(BOARD, "v1.28.0 on 2026-04-01")
    old, new = release("0.1.0"), release("0.2.0", app=app)
    world = World(new_flash(old), [old, new], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert any("runtime" in path for _, _, path, _ in world.updates.log)


NEW = release("0.2.0")
BUNDLE, RUNTIME = (json.loads(NEW.files[OFFER])[kind] for kind in ("bundle", "runtime"))


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        # What was signed, and is nothing to install: a maker's mistakes.
        (release("0.1.0"), "up to date"),
        (release("0.0.9"), "up to date"),
        (changed(NEW, board="other"), "0.2.0 is for another board"),
        (changed(NEW, version=7), "7 is malformed: version or board"),
        (changed(NEW, version="new"), "up to date"),
        (changed(NEW, build_time=-1), "0.2.0 is malformed: times"),
        (changed(NEW, trial_s="x"), "0.2.0 is malformed: times"),
        (changed(NEW, bundle={**BUNDLE, "size": 9**9}), "larger than the slot"),
        (changed(NEW, bundle={**BUNDLE, "size": 5}), "not of whole blocks"),
        (changed(NEW, bundle={**BUNDLE, "size": 0}), "size or sha256"),
        (changed(NEW, bundle={**BUNDLE, "sha256": "zz"}), "size or sha256"),
        (changed(NEW, bundle={**BUNDLE, "sha256": "5a"}), "size or sha256"),
        (changed(NEW, runtime={**RUNTIME, "size": 0}), "size or sha256"),
        # What was not signed, or by somebody else, or for somebody else.
        (site_replaced(NEW, "timestamp.json", b"<html>captive portal</html>"),
         "BadMetadata: timestamp: not JSON"),
        (site_replaced(NEW, "timestamp.json", b"[" * 4000), "BadMetadata: timestamp: not JSON"),
        (site_replaced(NEW, "timestamp.json", b"x" * 100_000), "timestamp.json: too_long"),
        (site_replaced(NEW, "timestamp.json", None), "timestamp.json: status 404"),
        (site_replaced(NEW, "esp32_wrover.json", None), "esp32_wrover.json: status 404"),
        (site_replaced(NEW, "snapshot.json", release("0.3.0").site["metadata/timestamp.json"]),
         "Mismatch: snapshot"),
        (site_replaced(NEW, "timestamp.json", NEW.site["metadata/timestamp.json"].replace(
            b'"x-seesaw-halt":[]', b'"x-seesaw-halt":[""]')), "Unsigned: timestamp: 0 of 1 keys"),
        (resigned(NEW, "timestamp", lambda s: s.update(expires="2026-11-30T00:00:00Z")),
         "Expired: timestamp: 2026-11-30T00:00:00Z"),
        (resigned(NEW, "timestamp", lambda s: s.update({"x-seesaw-issued": 1 << 40})),
         "BadMetadata: x-seesaw-issued"),
        (resigned(NEW, "snapshot", lambda s: s.update(expires="2036-06-27T00:00:00Z")),
         "Mismatch: snapshot: other bytes"),
    ],
)  # fmt: skip
def test_an_offer_that_is_refused_changes_no_slot(offered: Release, words: str) -> None:
    old = release("0.1.0")
    world = World(new_flash(old), [old], offered=offered)
    ops = ota_1_ops(world)
    world.run(120)

    assert world.said(words), world.lines[-4:]
    assert not ops
    assert world.running() == ("ota_0", "0.1.0")
    assert world.follows()


@pytest.mark.parametrize("end", [".bundle", ".runtime"])
@pytest.mark.parametrize("spoil", ["flip", "short", "long", "html"])
def test_a_download_with_other_bytes_is_never_booted(end: str, spoil: str) -> None:
    _, app = runtime.synthetic(BOARD, "v1.28.0 on 2026-04-01")
    old, new = release("0.1.0"), release("0.2.0", app=app)
    whole = next(v for k, v in new.site.items() if k.endswith(end))
    data = {"flip": whole[:999] + b"\0\1" + whole[1001:], "short": whole[:-512],
            "long": whole + b"!", "html": b"<html>login</html>"}[spoil]  # fmt: skip
    world = World(new_flash(old), [old, new], offered=site_replaced(new, end, data))
    world.run(300)

    assert world.said("event=hindered")
    assert all("ota_1" not in event for event in world.events)
    assert world.follows() and world.running() == ("ota_0", "0.1.0")

    world.offered = new
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


@pytest.mark.parametrize("fault", ["hang", "reset", "truncate", "html", "endless", "slow"])
def test_a_server_that_misbehaves_hinders_and_harms_nothing(fault: str) -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    whole = world.updates.handler
    world.updates.handler = lambda request: replace(whole(request), fault=fault)
    world.run(400)

    assert world.running() == ("ota_0", "0.1.0")
    assert not world.device.board.faults
    assert world.events == ["boot ota_0 cause 1"] or fault in ("slow",)


def test_an_interrupted_trial_is_tried_again_without_a_download() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    flash = new_flash(old)
    for count in range(2):
        world = World(flash, [old, new], offered=new)
        world.run(900, until=lambda w=world: w.said("event=prove"))  # then the power goes
        assert world.said("event=prove"), count
    world = World(flash, [old, new], offered=new)
    world.run(1800, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert world.said("words=interrupted 0.2.0: power")
    assert world.said("event=present")
    assert not any("bundle" in path and status == 200 for _, _, path, status in world.updates.log)


def test_interrupted_trials_back_off_but_never_for_ever() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    flash = new_flash(old)
    looks: list[int] = []
    for _ in range(5):
        world = World(flash, [old, new], offered=new)
        world.run(7200, until=lambda w=world: w.said("event=prove"))
        assert world.said("event=prove")
        looks.append(sum("passed over" in line for line in world.lines))

    assert looks[:3] == [0, 0, 0]
    assert 0 < looks[3] < looks[4]


def test_an_outage_of_the_market_condemns_nobody() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)

    def look() -> bool:
        if world.said("event=prove "):
            world.market.break_provider("html")
        return world.said("words=interrupted")

    world.run(7200, until=look)
    assert world.said("words=interrupted 0.2.0: unproven: no quote")
    world.market.mend()
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_a_market_that_was_out_before_does_not_hold_an_update_back() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    world.market.break_provider("html")
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")


def test_a_network_that_fails_during_the_trial_condemns_nobody() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    air = world.device.around.air

    def look() -> bool:
        if world.said("event=prove "):
            air.clear()
        return world.said("words=interrupted")

    world.run(7200, until=look)
    assert world.said("words=interrupted 0.2.0: unproven"), world.lines[-5:]
    air["home"] = "password"
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_a_rotten_slot_under_a_valid_entry_is_healed() -> None:
    """The bootloader falls back to the old slot at every boot, and BOOT is not RUNNING for ever."""
    old, new, fix = release("0.1.0"), release("0.2.0"), release("0.3.0")
    world = World(new_flash(old), [old, new, fix], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    slot = PartitionTable.read(world.flash).first(label="ota_1")
    assert slot
    world.flash.program(slot.offset + 5000, b"\0\0\0\0")

    after = World(world.flash, [old, new, fix], offered=fix)
    after.run(7200, until=lambda: after.confirmed("0.3.0"))
    assert after.said("event=heal")
    assert after.confirmed("0.3.0")


@pytest.mark.parametrize("same_slot", ["rewrite_active", "rewrite_other"])
def test_two_aborted_entries_are_healed(same_slot: str) -> None:
    from host_tools.emulator.board import Options
    from host_tools.emulator.otadata import Entry, State, write_entry

    old, fix = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, fix], offered=fix, options=Options(same_slot=same_slot))
    table = PartitionTable.read(world.flash)
    assert table.otadata
    for index in (0, 1):
        write_entry(world.flash, table.otadata, index, Entry.make(index + 1, State.ABORTED))
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_settings_survive_an_update_and_a_rollback() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old, instrument="btc"), [old, new], offered=new)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.said("instrument=btc") and not world.said("instrument=sp500")
