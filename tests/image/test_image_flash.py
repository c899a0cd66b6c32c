"""The whole flash: every part in its place, the emulated chip boots it, and it says what it is."""

import hashlib
from pathlib import Path

import pytest
from esptool.bin_image import LoadFirmwareImage
from seesaw.update import trailer

from host_tools.emulator import bootloader
from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.errors import UserError
from host_tools.image import bundle, filesystem, flash_image, inspect, runtime
from host_tools.image.board import Board

CONFIG = {"ssid": "home", "instrument": "dax"}


@pytest.fixture
def parts(board: Board, tree: Path) -> list[tuple[int, bytes]]:
    app = runtime.synthetic(board)[1]
    return flash_image.slot_image(board, app, bundle.build("1.2.3", tree), 1_800_000_000)


@pytest.fixture
def flash(launcher: bytes, board: Board, parts: list[tuple[int, bytes]]) -> bytes:
    first = runtime.synthetic(board)[0]
    return flash_image.compose(board, first, parts, launcher, CONFIG)


def area(board: Board, flash: bytes, label: str) -> bytes:
    place = board.partition(label)
    return flash[place.offset : place.end]


def damaged(flash: bytes, at: int) -> bytes:
    return flash[:at] + bytes([flash[at] ^ 1]) + flash[at + 1 :]


def test_a_slot_is_runtime_bundle_and_trailer(board: Board, parts: list[tuple[int, bytes]]) -> None:
    (first, app), (at, image), (last, packed) = parts
    found = trailer.unpack(packed)
    assert (first, last) == (0, board.slot_size - 4096)
    assert at % 4096 == 0 and len(app) <= at < len(app) + 4096
    assert (found.runtime_size, found.runtime_sha256) == (len(app), hashlib.sha256(app).digest())
    assert (found.bundle_offset, found.bundle_size) == (at, len(image))
    assert found.bundle_sha256 == hashlib.sha256(image).digest()
    assert (found.board, found.version) == ("esp32_wrover", "1.2.3")
    assert found.build_time == 1_800_000_000


def test_esptool_accepts_the_app_in_the_slot(board: Board, flash: bytes) -> None:
    found = LoadFirmwareImage("esp32", area(board, flash, "ota_0"))
    assert found.checksum == found.calculate_checksum()
    assert found.stored_digest == found.calc_digest


def test_every_part_is_in_its_place(
    board: Board, flash: bytes, parts: list[tuple[int, bytes]]
) -> None:
    assert len(flash) == 4 << 20
    assert flash[:0x1000] == b"\xff" * 0x1000
    assert flash[0x1000:].startswith(runtime.synthetic(board)[0])
    assert area(board, flash, "ota_0") == flash_image.slot_bytes(board, parts)
    for label in ("otadata", "phy_init", "ota_1"):
        assert set(area(board, flash, label)) == {0xFF}, label


def test_the_file_systems_hold_the_launcher_and_nothing(
    launcher: bytes, board: Board, flash: bytes
) -> None:
    assert filesystem.read(area(board, flash, "vfs"), 4096) == {"main.py": launcher}
    assert filesystem.read(area(board, flash, "data"), 4096) == {}


def test_the_settings_are_where_the_chip_finds_them(board: Board, flash: bytes) -> None:
    place = board.partition("nvs")
    nvs = Nvs.start(Flash.from_bytes(flash), place.offset, place.size)
    assert nvs.get_blob("seesaw", "config") == b'{"instrument":"dax","ssid":"home"}'


def test_without_settings_nvs_is_blank(
    launcher: bytes, board: Board, parts: list[tuple[int, bytes]]
) -> None:
    flash = flash_image.compose(board, runtime.synthetic(board)[0], parts, launcher)
    assert set(area(board, flash, "nvs")) == {0xFF}


def test_the_same_parts_give_the_same_flash(
    launcher: bytes, board: Board, flash: bytes, parts: list[tuple[int, bytes]]
) -> None:
    assert flash_image.compose(board, runtime.synthetic(board)[0], parts, launcher, CONFIG) == flash


def test_the_emulated_chip_boots_ota_0(flash: bytes) -> None:
    assert bootloader.boot(Flash.from_bytes(flash)).slot.label == "ota_0"


def test_a_release_larger_than_the_slot_is_refused(board: Board, tree: Path) -> None:
    built = bundle.build("1.2.3", tree)
    app = bytes(board.slot_size - len(built.image) - 4096)
    assert flash_image.slot_image(board, app[: len(app) // 4096 * 4096], built)
    with pytest.raises(UserError, match="release 1.2.3: runtime and bundle are"):
        flash_image.slot_image(board, app + b"\0", built)


def test_a_launcher_larger_than_vfs_is_refused(
    board: Board, parts: list[tuple[int, bytes]]
) -> None:
    first = runtime.synthetic(board)[0]
    with pytest.raises(UserError, match="partition 'vfs': main.py needs more than 16 blocks"):
        flash_image.compose(board, first, parts, bytes(65536))


def test_inspect_says_what_is_there(flash: bytes) -> None:
    facts = inspect.examine(flash, "f.bin")
    slot, empty = facts["slots"]
    assert slot["image"]["micropython"] == "v1.29.0 on 2026-08-24"
    assert (slot["release"]["version"], slot["release"]["board"]) == ("1.2.3", "esp32_wrover")
    assert slot["release"]["runtime_good"] and slot["release"]["bundle_good"]
    assert empty["image"] == {"good": False, "why": "erased"}
    assert [entry["text"] for entry in facts["otadata"]] == ["blank", "blank"]
    assert facts["boot"]["slot"] == "ota_0"
    said = inspect.text(facts)
    for words in ("ota_1       app", "release 1.2.3 for esp32_wrover", "would boot ota_0"):
        assert words in said


def test_inspect_names_the_otadata_states(flash: bytes) -> None:
    chip = Flash.from_bytes(flash)
    bootloader.boot(chip)
    first = inspect.examine(chip.to_bytes(), "f.bin")["otadata"][0]
    assert (first["state"], first["seq"], first["slot"]) == ("VALID", 1, "ota_0")
    assert first["text"] == "seq 1 VALID, selects ota_0"


def test_inspect_sees_damage(board: Board, flash: bytes, parts: list[tuple[int, bytes]]) -> None:
    start = board.partition("ota_0").offset
    facts = inspect.examine(damaged(flash, start + parts[1][0] + 700), "f.bin")
    assert facts["slots"][0]["release"]["bundle_good"] is False
    assert "HASH DOES NOT HOLD" in inspect.text(facts)
    assert facts["boot"]["slot"] == "ota_0", "the bootloader checks the runtime alone"
    facts = inspect.examine(damaged(flash, start + 4000), "f.bin")
    assert facts["slots"][0]["image"]["good"] is False
    assert facts["slots"][0]["release"]["runtime_good"] is False
    assert "would not boot: " in inspect.text(facts)


@pytest.mark.parametrize(
    ("size", "why"), [(0, "no bootloader"), (0x8000, "truncated"), ((4 << 20) - 1, "truncated")]
)
def test_inspect_refuses_a_truncated_flash(flash: bytes, size: int, why: str) -> None:
    with pytest.raises(UserError, match=why):
        inspect.examine(flash[:size], "f.bin")


def test_inspect_refuses_a_damaged_table(flash: bytes) -> None:
    with pytest.raises(UserError, match="MD5"):
        inspect.examine(damaged(flash, 0x8010), "f.bin")
