"""The data partition: whatever is wrong with it costs what it remembers, and no update."""

from collections.abc import Callable
from typing import Any

import pytest
from rig import BOARD, World, new_flash, release

from host_tools.emulator.flash import PAGE, PROGRAM_MAX, Flash
from host_tools.emulator.lfs_vfs import VfsLfs2
from host_tools.image import filesystem
from host_tools.release import publish

OLD, NEW, FIX = release("0.1.0"), release("0.2.0"), release("0.3.0")
KNOWN = [OLD, NEW, FIX]
PLACE = BOARD.partition("data")
FILES = {"timestamp.json", "snapshot.json", "targets.json", BOARD.name + ".json"}


def data_of(flash: Flash) -> dict[str, bytes]:
    """Every file of the data partition."""
    return filesystem.read(flash.to_bytes()[PLACE.offset : PLACE.offset + PLACE.size], PAGE)


def write(flash: Flash, image: bytes) -> None:
    for at in range(0, len(image), PAGE):
        flash.erase(PLACE.offset + at, PAGE)
        for piece in range(at, at + PAGE, PROGRAM_MAX):
            flash.program(PLACE.offset + piece, image[piece : piece + PROGRAM_MAX])


def updated(flash: Flash) -> World:
    world = World(flash, KNOWN, offered=NEW)
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0"), world.lines[-5:]
    return world


def test_what_was_verified_is_kept_as_it_came() -> None:
    found = data_of(updated(new_flash(OLD)).flash)

    assert set(found) == FILES
    assert found["timestamp.json"] == NEW.site["metadata/timestamp.json"]
    assert found[BOARD.name + ".json"] in NEW.site.values()


def erased(flash: Flash) -> None:
    flash.erase(PLACE.offset, PAGE)
    flash.erase(PLACE.offset + PAGE, PAGE)


def rotten(flash: Flash) -> None:
    write(flash, bytes(2 * PAGE))


def noise(flash: Flash) -> None:
    write(flash, bytes((n * 167 + n // 7) % 256 for n in range(4 * PAGE)))


@pytest.mark.parametrize("spoil", [erased, rotten, noise])
def test_what_is_no_file_system_is_made_one(spoil: Callable[[Flash], None]) -> None:
    flash = new_flash(OLD)
    spoil(flash)

    assert set(data_of(updated(flash).flash)) == FILES


def test_somebody_elses_files_are_left_alone_and_need_no_room() -> None:
    flash = new_flash(OLD)
    room = PLACE.size - 5 * PAGE
    write(flash, filesystem.build({"diary": bytes(room)}, PAGE, PLACE.size // PAGE))
    found = data_of(updated(flash).flash)

    assert found["diary"] == bytes(room)


@pytest.mark.parametrize("sectors", [range(2), range(2, PLACE.size // PAGE),
                                     range(PLACE.size // PAGE)])  # fmt: skip
def test_a_flash_that_takes_no_change_costs_no_update(sectors: range) -> None:
    flash = new_flash(OLD)
    flash.bad = frozenset(PLACE.offset // PAGE + sector for sector in sectors)
    updated(flash)


def test_rubbish_for_files_heals() -> None:
    flash = new_flash(OLD)
    files = dict.fromkeys([*FILES, "root.json", "settled"], b"\xff\x00" * 40_000)
    write(flash, filesystem.build(files, PAGE, PLACE.size // PAGE))
    found = data_of(updated(flash).flash)

    assert found["timestamp.json"] == NEW.site["metadata/timestamp.json"]


def test_a_file_system_that_never_returns_is_formatted_by_the_next_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As rotten bytes may do to the driver. The watchdog ends it, once."""
    world = World(new_flash(OLD), KNOWN, offered=NEW)
    made = VfsLfs2.__init__
    hung: list[int] = []

    def never(self: VfsLfs2, device: Any, **more: Any) -> None:
        ours = hasattr(device, "info") and device.info()[4] == "data"
        if ours and not more.get("_format") and not world.flash.wear.get(PLACE.offset // PAGE):
            hung.append(1)
            world.device.board.spend(world.device.board.session, 120_000_000)
        made(self, device, **more)

    def format(device: Any) -> None:
        VfsLfs2(device, _format=True)

    monkeypatch.setattr(VfsLfs2, "__init__", never)
    monkeypatch.setattr(VfsLfs2, "mkfs", format)
    world.run(1200, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0"), world.events
    assert len(hung) == 1
    assert [event for event in world.events if "cause 3" in event]  # the watchdog


def test_nothing_is_written_when_nothing_is_new() -> None:
    world = World(new_flash(OLD), KNOWN, offered=OLD)
    world.run(120)
    before = world.flash.ops
    again = World(world.flash, KNOWN, offered=OLD)
    again.run(120)

    assert again.flash.ops == before
    paths = {path for _, _, path, _ in again.updates.log}
    assert paths == {"/metadata/timestamp.json"}


def test_a_look_that_finds_the_same_is_one_small_request() -> None:
    world = World(new_flash(OLD), KNOWN, offered=OLD)
    world.run(120)
    looks = [path for _, _, path, _ in world.updates.log]

    assert looks[:6] == [
        "/metadata/2.root.json", "/metadata/timestamp.json",
        *(f"/metadata/{name}" for name in sorted(
            (path.removeprefix("metadata/") for path in OLD.site
             if path.startswith("metadata/") and "root" not in path and "timestamp" not in path),
            key=lambda name: ("data" in name, "snapshot" not in name, "targets" not in name))),
    ]  # fmt: skip
    assert set(looks[6:]) == {"/metadata/timestamp.json"} and len(looks) > 7
    assert world.said("event=nothing slot=ota_0 version=0.1.0 words=up to date")


def test_what_is_settled_for_one_release_is_not_for_another() -> None:
    """It fell back from 0.2.0 to 0.1.0, and the metadata is the one that 0.2.0 had settled."""
    newest = publish.reissued(NEW, 10**12)
    world = World(new_flash(NEW), KNOWN, offered=newest)
    world.run(120)
    assert "settled" in data_of(world.flash)
    back = World(new_flash(OLD), KNOWN, offered=newest)
    image = world.flash.to_bytes()[PLACE.offset : PLACE.offset + PLACE.size]
    write(back.flash, image)
    back.run(900, until=lambda: back.confirmed("0.2.0"))

    assert back.confirmed("0.2.0")
