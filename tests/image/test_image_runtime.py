"""Runtimes: synthetic ones that Espressif's own tool accepts, and builds taken apart or refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from esptool.bin_image import LoadFirmwareImage

from host_tools.emulator import app_image
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import esp_image, runtime


def esptool_accepts(image: bytes, chip: str = "esp32") -> bool:
    found = LoadFirmwareImage(chip, image)
    return (
        found.checksum == found.calculate_checksum()
        and found.stored_digest == found.calc_digest
        and found.data_length == len(image) - 32
    )


def other_board(tmp_path: Path, **changes: object) -> boards.Board:
    root = tmp_path / "boards"
    shutil.copytree(boards.BOARDS / "esp32_wrover", root / "other")
    facts = json.loads((root / "other" / "board.json").read_text()) | {"name": "other"} | changes
    (root / "other" / "board.json").write_text(json.dumps(facts))
    return boards.load("other", root)


def s3(tmp_path: Path) -> boards.Board:
    return other_board(tmp_path, chip="esp32s3", bootloader_offset=0, pwm_bits=13)


def with_version(board: boards.Board, version: str) -> bytes:
    return runtime.synthetic(board, version)[1]


def load(tmp_path: Path, board: boards.Board, data: bytes) -> runtime.Runtime:
    path = tmp_path / "runtime.bin"
    path.write_bytes(data)
    return runtime.load(path, board)


def refusal(tmp_path: Path, board: boards.Board, data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        load(tmp_path, board, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_esptool_accepts_the_synthetic_images(board: boards.Board, tmp_path: Path) -> None:
    assert all(esptool_accepts(image) for image in runtime.synthetic(board))
    assert all(esptool_accepts(image, "esp32s3") for image in runtime.synthetic(s3(tmp_path)))


def test_the_emulated_bootloader_accepts_them(board: boards.Board) -> None:
    app = runtime.synthetic(board)[1]
    found = app_image.verify(lambda at, n: app[at : at + n], board.slot_size, mode="load")
    assert found.size == len(app) == esp_image.parse(app).size
    assert found.idf_ver == esp_image.parse(app).idf == "v5.5.2"


def test_synthetic_images_are_small_and_always_the_same(board: boards.Board) -> None:
    assert runtime.synthetic(board) == runtime.synthetic(board)
    assert 6000 < len(runtime.synthetic(board)[1]) < 12000
    assert with_version(board, "v1.30.0 on 2027-01-01") != runtime.synthetic(board)[1]


def test_an_app_alone_has_no_bootloader(tmp_path: Path, board: boards.Board) -> None:
    app = runtime.synthetic(board)[1]
    found = load(tmp_path, board, app + b"\xff" * 100)
    assert found == runtime.Runtime(None, app, "v1.29.0 on 2026-08-24")


def test_a_combined_file_is_split_not_taken_whole(board: boards.Board, combined_file: Path) -> None:
    bootloader, app = runtime.synthetic(board)
    found = runtime.load(combined_file, board)
    assert (found.bootloader, found.app) == (bootloader, app)


def test_a_combined_file_for_an_s3_starts_at_zero(tmp_path: Path, combined: Callable) -> None:
    board = s3(tmp_path)
    parts = runtime.synthetic(board)
    found = load(tmp_path, board, combined(board, *parts))
    assert (found.bootloader, found.app) == parts


def test_the_bootloader_learns_the_boards_flash_size(
    tmp_path: Path, board: boards.Board, combined_file: Path
) -> None:
    large = other_board(tmp_path, flash_size=8 << 20)
    patched = runtime.load(combined_file, large).bootloader
    assert patched and esptool_accepts(patched)
    assert esp_image.parse(patched).flash_size == 8 << 20
    stock = runtime.synthetic(board)[0]
    assert [n for n in range(len(stock) - 32) if stock[n] != patched[n]] == [3]


def test_another_chip_is_refused(tmp_path: Path, board: boards.Board) -> None:
    app = runtime.synthetic(s3(tmp_path))[1]
    assert "it is for ESP32-S3, board 'esp32_wrover' has ESP32" in refusal(tmp_path, board, app)
    other = bytearray(runtime.synthetic(board)[1])
    other[12] = 5
    assert "it is for ESP32-C3" in refusal(tmp_path, board, bytes(other))


def test_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path: Path, board: boards.Board, combined_file: Path
) -> None:
    app = runtime.synthetic(board)[1]
    for size in (24, 27, 31, 200, 5000, len(app) - 33, len(app) - 1):
        assert "truncated" in refusal(tmp_path, board, app[:size])
    whole = combined_file.read_bytes()
    for size in (1000, 0xF000, 0xF010, 0xF100, len(whole) - 1):
        assert "truncated" in refusal(tmp_path, board, whole[:size])


def test_one_flipped_byte_is_refused(tmp_path: Path, board: boards.Board) -> None:
    app = runtime.synthetic(board)[1]
    for at in (40, 4000, len(app) - 40, len(app) - 1):
        damaged = bytearray(app)
        damaged[at] ^= 0x10
        assert "does not match" in refusal(tmp_path, board, bytes(damaged))


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("v1.20.0 on 2023-04-26", "has no rollback"),
        ("v1.18 on 2022-01-17", "cannot load .mpy version 6"),
        ("v1.9.4 on 2018-05-11", "cannot load .mpy version 6"),
        ("v2.0.0-preview.3.gabc on 2030-01-01", "may not load .mpy version 6"),
    ],
)
def test_a_micropython_that_cannot_do_it_is_refused(
    tmp_path: Path, board: boards.Board, version: str, why: str
) -> None:
    assert why in refusal(tmp_path, board, with_version(board, version))


@pytest.mark.parametrize(
    "version", ["v1.21.0 on 2023-10-05", "v1.23.0-preview.6.g3d0b on 2024-01-02"]
)
def test_later_ones_are_taken(tmp_path: Path, board: boards.Board, version: str) -> None:
    found = load(tmp_path, board, with_version(board, version))
    assert (found.version, found.warnings) == (version, ())


def test_without_a_version_it_is_taken_with_one_warning(
    tmp_path: Path, board: boards.Board
) -> None:
    found = load(tmp_path, board, with_version(board, "of my own"))
    assert found.version == "" and len(found.warnings) == 1


def test_an_image_without_its_hash_is_refused(tmp_path: Path, board: boards.Board) -> None:
    unhashed = bytearray(runtime.synthetic(board)[1][:-32])
    unhashed[23] = 0
    assert not esp_image.parse(bytes(unhashed)).hashed
    assert "no SHA-256" in refusal(tmp_path, board, bytes(unhashed))


@pytest.mark.parametrize("data", [b"", b"\xe9", b"<html>no</html>" * 99, bytes(70000)])
def test_garbage_is_refused(tmp_path: Path, board: boards.Board, data: bytes) -> None:
    assert "image header" in refusal(tmp_path, board, data)


def test_a_bootloader_alone_is_refused(tmp_path: Path, board: boards.Board) -> None:
    assert "neither an application nor" in refusal(tmp_path, board, runtime.synthetic(board)[0])


def test_an_app_larger_than_the_slot_is_refused(tmp_path: Path, board: boards.Board) -> None:
    chip = esp_image.CHIPS["esp32"]
    body = esp_image.app_desc("v5.5.2") + bytes(board.slot_size)
    app = esp_image.build(chip, board.flash_size, chip.iram, [(chip.drom + 0x20, body)])
    assert "more than the slot's 1769472" in refusal(tmp_path, board, app)
