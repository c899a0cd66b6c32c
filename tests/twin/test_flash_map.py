"""What the flash map says, against the image builder and against devices that install."""

from pathlib import Path

import pytest

from host_tools.emulator.flash import PAGE, Flash
from host_tools.image import board as boards
from host_tools.image import bundle, files, flash_image, runtime
from host_tools.release import publish
from host_tools.twin import flash_map
from host_tools.twin.flash_map import Region
from host_tools.twin.scene import LAUNCHER, NETWORK, Scene, Wanted
from host_tools.twin.view import View

KINDS = {"bootloader", "table", "nvs", "otadata", "phy_init", "runtime", "bundle", "trailer",
         "vfs", "data", "free"}  # fmt: skip


def look(name: str) -> tuple[Flash, list[Region], publish.Release]:
    board = boards.load(name)
    bootloader, app = runtime.synthetic(board)
    made = publish.make(board, "1.2.3", app)
    wanted = {**NETWORK, "instrument": "sp500", "servo_pin": board.servo_pin}
    data = flash_image.compose(board, bootloader, made.slot, files.read(LAUNCHER), wanted)
    flash = Flash.from_bytes(data)
    return flash, flash_map.look(flash, board.bootloader_offset), made


@pytest.mark.parametrize("name", ["esp32_wrover", "esp32s3", "esp32c3"])
def test_every_sector_has_one_place(name: str) -> None:
    flash, regions, made = look(name)
    assert regions[0].offset == 0 and all(one.size > 0 for one in regions)
    ends = [one.offset + one.size for one in regions]
    assert ends == [*(one.offset for one in regions[1:]), flash.size]
    assert all(one.offset % PAGE == 0 for one in regions)
    assert {one.kind for one in regions} == KINDS
    for one in regions:
        if one.kind == "free" and one.slot:
            assert flash.read(one.offset, one.size) == b"\xff" * one.size


def test_a_release_lies_where_its_bytes_are() -> None:
    flash, regions, made = look("esp32_wrover")
    held = {one.kind: one for one in regions if one.slot == "ota_0"}
    image = made.bundle.image
    assert flash.read(held["bundle"].offset, len(image)) == image
    assert held["bundle"].words == "application 1.2.3"
    assert not [one for one in regions if one.slot == "ota_1" and one.kind != "free"]


def test_a_slot_whose_first_sector_is_erased_holds_what_was_written() -> None:
    flash, _, _ = look("esp32_wrover")
    slot = next(p for p in boards.load("esp32_wrover").partitions if p.label == "ota_0")
    flash.erase(slot.offset)
    regions = [one for one in flash_map.look(flash, 0x1000) if one.slot == "ota_0"]
    assert [one.kind for one in regions] == ["free", "written", "free", "written"]
    assert regions[0] == Region(slot.offset, PAGE, "free", "free", "ota_0")
    assert regions[-1].size == PAGE and sum(one.size for one in regions) == slot.size


def test_an_install_shows_on_the_page(tmp_path: Path) -> None:
    view = View()
    seen: list[set[str]] = []

    def told() -> dict:
        return view.state()["flash"]

    with Scene(Wanted(build=tmp_path, speed=60, check_s=20), view.hear) as scene:
        view.attach(scene)
        assert told()["runs"] == "" and told()["size"] == scene.device.flash.size

        def turn() -> bool:
            scene.watch_rest()
            seen.append({r["kind"] for r in told()["regions"] if r["slot"] == "ota_1"})
            return bool(scene.boots and scene.boots[-1].slot == "ota_1")

        scene.run(120, 5, turn)
    assert told()["runs"] == "ota_1" and {"free"} in seen and {"written", "free"} in seen
    assert scene.offered
    versions = scene.release.version, scene.offered[1]
    bundles = [r["words"] for r in told()["regions"] if r["kind"] == "bundle"]
    assert bundles == [f"application {version}" for version in versions]


def test_partitions_of_every_board_have_words() -> None:
    for folder in sorted((bundle.FIRMWARE.parent / "boards").glob("*/board.json")):
        for part in boards.load(folder.parent.name).partitions:
            assert part.label in flash_map.WORDS or part.label.startswith("ota_")
