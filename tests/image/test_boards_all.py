"""Every board there is: its data, its flash image, and its life from a cold boot to an update."""

import json
import shutil
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from esptool.bin_image import LoadFirmwareImage
from rig import LAUNCHER, World, load_board, new_flash, release
from seesaw import tuning

from host_tools import cli
from host_tools.emulator import app_image, bootloader
from host_tools.emulator.chips import CHIPS
from host_tools.emulator.flash import Flash
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import esp_image, flash_image, inspect, runtime, settings
from host_tools.image.board import Board

NAMES = boards.names()
PINS = ("servo_pin", "led_pin", "button_pin")
every_board = pytest.mark.parametrize("board", [load_board(name) for name in NAMES], ids=NAMES)
every_pair = pytest.mark.parametrize(
    ("own", "other"),
    [
        pytest.param(load_board(own), load_board(other), id=f"{own}-{other}")
        for own, other in permutations(NAMES, 2)
        if load_board(own).chip != load_board(other).chip
    ],
)


def whole(board: Board, loader: bytes | None = None, app: bytes | None = None) -> Flash:
    """The flash of a new board, without a release: both images are synthetic unless given."""
    made = runtime.synthetic(board)
    slot = [(0, app or made[1])]
    return Flash.from_bytes(flash_image.compose(board, loader or made[0], slot, LAUNCHER))


def app_of(board: Board, size: int) -> bytes:
    """An app image of exactly `size` bytes, a multiple of 16."""
    chip = CHIPS[board.chip]
    body = esp_image.app_desc("v5.5.2") + b"MicroPython v1.29.0 on 2026-08-24\0\0\0"
    body = body.ljust(size - esp_image.HEADER.size - esp_image.SEGMENT.size - 48, b"\x5a")
    address = chip.drom + esp_image.APP_DESC_OFFSET
    app = esp_image.build(chip, board.flash_size, chip.iram, [(address, body)])
    assert len(app) == size
    return app


def load(folder: Path, board: Board, data: bytes) -> runtime.Runtime:
    path = folder / "runtime.bin"
    path.write_bytes(data)
    return runtime.load(path, board)


# -- its data -----------------------------------------------------------------------------------


def test_the_sizes_of_flash_and_the_chips_are_all_there() -> None:
    found = [load_board(name) for name in NAMES]
    assert {board.flash_size >> 20 for board in found} == {4, 8, 16}
    assert {board.chip for board in found} == set(CHIPS)


@every_board
def test_its_papers_say_what_its_data_say(board: Board) -> None:
    readme = (boards.BOARDS / "README.md").read_text()
    rows = [line for line in readme.splitlines() if line.startswith(f"| [`{board.name}`]")]
    assert len(rows) == 1, "a row of boards/README.md"
    build = board.runtime.split()[0]
    for fact in (CHIPS[board.chip].title, f"{board.flash_size >> 20} MiB", f"`{build}`"):
        assert fact in rows[0]
    papers = (boards.BOARDS / board.name / "board.md").read_text()
    assert f"`{build}`" in papers
    assert f"{board.slot_size:,} bytes" in papers.replace("\n", " ")
    if "same wires" not in papers:
        assert all(f"| GPIO {getattr(board, pin)} |" in papers for pin in PINS)


@every_board
def test_a_strapping_pin_in_use_is_answered_for(board: Board) -> None:
    chip = CHIPS[board.chip]
    papers = (boards.BOARDS / board.name / "board.md").read_text()
    assert board.servo_pin not in chip.strapping
    for pin in {getattr(board, name) for name in PINS} & chip.strapping:
        assert f"GPIO {pin} is pulled" in papers


@every_board
def test_its_table_leaves_no_gap_and_fills_the_flash(board: Board) -> None:
    at = 0x9000
    for partition in board.partitions:
        assert partition.offset == at
        at = partition.end
    assert at == board.flash_size
    assert board.slot_size >= 0x1B0000, "official builds need that much"


@every_board
def test_its_servo_pin_can_be_set(board: Board) -> None:
    wanted = {"servo_pin": board.servo_pin}
    assert settings.check(wanted, "here") == wanted
    assert tuning.parse(settings.to_blob(wanted))["servo_pin"] == board.servo_pin


def test_every_pin_of_every_chip_is_within_the_limits() -> None:
    highest = max(pin for chip in CHIPS.values() for pin in chip.outputs)
    assert settings.NUMBERS["servo_pin"][:2] == (0, highest) == (0, tuning.PIN_MAX)


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("esp32", {"bootloader_offset": 0}, "'bootloader_offset' is 0; an ESP32 has 4096"),
        ("esp32s3", {"bootloader_offset": 4096}, "an ESP32-S3 has 0"),
        ("esp32c3", {"pwm_bits": 16}, "an ESP32-C3 has 13"),
        ("esp32", {"servo_pin": 6}, "'servo_pin' is 6: it belongs to the flash"),
        ("esp32", {"servo_pin": 34}, "no such output pin"),
        ("esp32", {"servo_pin": 12}, "chooses how the chip starts"),
        ("esp32", {"led_pin": 28}, "'led_pin' is 28: an ESP32 has no such output pin"),
        ("esp32", {"psram": True, "button_pin": 16}, "it belongs to the PSRAM"),
        ("esp32s3", {"led_pin": 20}, "it belongs to the serial port"),
        ("esp32c3", {"button_pin": 22}, "an ESP32-C3 has no such pin"),
    ],
)
def test_a_board_that_its_chip_cannot_be_is_refused(
    tmp_path: Path, name: str, change: dict[str, Any], why: str
) -> None:
    shutil.copytree(boards.BOARDS / name, tmp_path / name)
    path = tmp_path / name / "board.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError) as caught:
        boards.load(name, tmp_path)
    assert why in str(caught.value)


def test_an_input_only_pin_does_for_a_button(tmp_path: Path) -> None:
    shutil.copytree(boards.BOARDS / "esp32", tmp_path / "esp32")
    path = tmp_path / "esp32" / "board.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"button_pin": 34}))
    assert boards.load("esp32", tmp_path).button_pin == 34


# -- its flash image ----------------------------------------------------------------------------


@every_board
def test_its_synthetic_images_pass_both_readers(board: Board) -> None:
    for image in runtime.synthetic(board):
        found = LoadFirmwareImage(board.chip, image)
        assert found.checksum == found.calculate_checksum()
        assert found.stored_digest == found.calc_digest
        assert (found.chip_id, found.flash_size_freq >> 4) == (
            CHIPS[board.chip].id, esp_image.FLASH_SIZES[board.flash_size],
        )  # fmt: skip
    slot = board.partition("ota_0")
    info = app_image.verify_on_flash(
        whole(board), slot.offset, slot.size, chip=board.chip, mode="load"
    )
    assert info.size == len(runtime.synthetic(board)[1])


@every_board
def test_its_data_and_code_lie_on_their_pages_and_share_none(board: Board) -> None:
    chip, app = CHIPS[board.chip], runtime.synthetic(board)[1]
    mapped = [(at, size) for at, size in esp_image.parse(app).segments if at in chip.mapped[0]]
    code = [(at, size) for at, size in esp_image.parse(app).segments if at in chip.mapped[1]]
    assert len(mapped) == len(code) == 1
    assert (mapped[0][0] - chip.drom) >> 16 != (code[0][0] - chip.irom) >> 16
    moved = bytearray(app)
    at = moved.index(code[0][0].to_bytes(4, "little"))
    moved[at : at + 4] = (code[0][0] + 4).to_bytes(4, "little")
    with pytest.raises(app_image.BadImage, match="is mapped at"):
        app_image.verify(lambda at, n: bytes(moved[at : at + n]), board.slot_size, chip_id=chip.id)
    with pytest.raises(esp_image.BadImage, match="not on its flash page"):
        esp_image.parse(bytes(moved))


@every_board
def test_a_bootloader_that_knows_of_less_flash_resets_for_ever(board: Board) -> None:
    stock = runtime.synthetic(board)[0]
    for size in (size for size in esp_image.FLASH_SIZES if size < board.flash_size):
        small = whole(board, esp_image.with_flash_size(stock, size))
        with pytest.raises(bootloader.BootFailure, match="partition table rejected: .* exceeds"):
            bootloader.boot(small, chip=board.chip)
        assert small.ops == 0
    made = release("0.1.0", board=board)
    data = bytearray(new_flash(made).to_bytes())
    data[board.bootloader_offset + 3] = esp_image.FLASH_SIZES[board.flash_size // 2] << 4
    outcome = World(Flash.from_bytes(bytes(data)), [made]).run(10)
    assert (outcome.reason, outcome.boots) == ("boot failure", 1)


@every_board
def test_a_build_for_another_flash_size_is_patched(
    board: Board, tmp_path: Path, combined: Any
) -> None:
    stock, app = runtime.synthetic(board)
    for size in esp_image.FLASH_SIZES:
        official = esp_image.with_flash_size(stock, size)
        found = load(tmp_path, board, combined(board, official, app))
        assert (found.bootloader, found.app) == (stock, app)
        read = LoadFirmwareImage(board.chip, found.bootloader)
        assert read.stored_digest == read.calc_digest
    assert bootloader.boot(whole(board, found.bootloader), chip=board.chip).slot.label == "ota_0"


@every_board
def test_an_app_is_held_against_its_slot(board: Board, tmp_path: Path) -> None:
    fits = app_of(board, board.slot_size)
    assert load(tmp_path, board, fits).app == fits
    with pytest.raises(UserError, match=f"more than the slot's {board.slot_size}"):
        load(tmp_path, board, app_of(board, board.slot_size + 16))
    slot = board.partition("ota_0")
    full = whole(board, app=fits)
    assert bootloader.verdict(full, chip=board.chip).slot == bootloader.boot(
        full, chip=board.chip
    ).slot  # fmt: skip
    with pytest.raises(app_image.BadImage, match="in a partition of"):
        app_image.verify_on_flash(full, slot.offset, slot.size - 16, chip=board.chip)


@every_pair
def test_a_runtime_of_another_chip_is_refused(
    own: Board, other: Board, tmp_path: Path, combined: Any
) -> None:
    loader, app = runtime.synthetic(other)
    chips = CHIPS[other.chip].title, CHIPS[own.chip].title
    for data in (app, combined(other, loader, app)):
        with pytest.raises(UserError) as caught:
            load(tmp_path, own, data)
        assert f"it is for {chips[0]}, board '{own.name}' has {chips[1]}" in str(caught.value)
        assert own.runtime in caught.value.fix
    with pytest.raises(bootloader.BootFailure):
        bootloader.boot(whole(own, app=app), chip=own.chip)
    with pytest.raises(bootloader.BootFailure):
        bootloader.boot(whole(other), chip=own.chip)


@every_board
def test_it_is_built_and_inspected(board: Board, tmp_path: Path) -> None:
    out = tmp_path / "flash.bin"
    wrong = tmp_path / "settings.json"
    wrong.write_text('{"servo_pin": 45}' if board.chip != "esp32s3" else '{"servo_pin": 22}')
    build = ["image", "build", "--board", board.name, "--out", str(out)]
    assert cli.main([*build, "--config", str(wrong)]) != 0 and not out.exists()
    assert cli.main(build) == 0
    facts = inspect.examine(out.read_bytes(), "it")
    assert (facts["chip"], facts["size"]) == (board.chip, board.flash_size)
    assert facts["bootloader"]["flash_size"] == board.flash_size
    assert facts["bootloader"]["offset"] == board.bootloader_offset
    assert facts["slots"][0]["release"]["board"] == board.name
    assert facts["boot"]["slot"] == "ota_0"


# -- its life -----------------------------------------------------------------------------------


@every_board
def test_from_a_cold_boot_to_the_first_movement_and_one_update(board: Board) -> None:
    old, new = release("0.1.0", board=board), release("0.2.0", board=board)
    world = World(new_flash(old), [old, new])
    assert world.run(120, until=world.moved).reason == "until"
    assert world.running() == ("ota_0", "0.1.0")
    pulses = [p for p in world.device.board.pwm.pulses if p[2]]
    assert {pin for _, pin, _ in pulses} == {board.servo_pin}
    steps = 1 << board.pwm_bits
    assert all(ns == round(ns * steps / 20_000_000) * 20_000_000 // steps for _, _, ns in pulses)

    world.offered = new
    assert world.run(900, until=lambda: world.confirmed("0.2.0")).reason == "until"
    assert world.device.board.faults == []
    assert world.run(60, until=world.follows).reason == "until"
    assert world.running() == ("ota_1", "0.2.0")


@pytest.mark.parametrize(
    ("own", "other"),
    [*permutations([load_board(name) for name in NAMES], 2)],
    ids=lambda board: board.name,
)
def test_a_release_for_another_board_is_not_installed(own: Board, other: Board) -> None:
    old, foreign = release("0.1.0", board=own), release("0.2.0", board=other)
    world = World(new_flash(old), [old, foreign], offered=foreign)
    world.run(120, until=lambda: world.said(f"no release for board {own.name}"))
    assert world.said(f"no release for board {own.name}")
    assert "ota_1" not in [event.split()[1] for event in world.events if "boot" in event]
