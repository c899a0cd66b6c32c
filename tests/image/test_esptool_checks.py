"""Espressif's own tool reads every image of ours, and a second writer makes the same table."""

import hashlib
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from esptool import cmds
from rig import load_board, new_flash, release

from host_tools import cli
from host_tools.emulator.chips import CHIPS
from host_tools.image import board as boards
from host_tools.image import esp_image, runtime, table
from host_tools.image.board import Board

NAMES = boards.names()
MIB = 1 << 20
VALID = 2  # of one image: its checksum and its hash


every_board = pytest.mark.parametrize("board", [load_board(name) for name in NAMES], ids=NAMES)

# What lies at 0x8000 of an ESP32-WROVER: seven entries of 32 bytes and the MD5's; FF from there on.
WROVER_TABLE = bytes.fromhex("""
    aa50 0102 00900000 00400000 6e767300000000000000000000000000 00000000
    aa50 0100 00d00000 00200000 6f746164617461000000000000000000 00000000
    aa50 0101 00f00000 00100000 7068795f696e69740000000000000000 00000000
    aa50 0010 00000100 00001b00 6f74615f300000000000000000000000 00000000
    aa50 0011 00001c00 00001b00 6f74615f310000000000000000000000 00000000
    aa50 0181 00003700 00000100 76667300000000000000000000000000 00000000
    aa50 0182 00003800 00000800 64617461000000000000000000000000 00000000
    ebeb ffffffffffffffffffffffffffff d8986ded04dcac957e14db9c11969af3
""")
SUBTYPES = {"nvs": 2, "ota": 0, "phy": 1, "ota_0": 0x10, "ota_1": 0x11, "fat": 0x81, "spiffs": 0x82}


def encoded(csv: str) -> bytes:
    """A partition table as ESP-IDF's esp_flash_partitions.h lays it out, from its CSV."""
    out = b""
    for line in csv.splitlines():
        if line and not line.startswith("#"):
            label, kind, subtype, offset, size, _ = (field.strip() for field in line.split(","))
            out += bytes((0xAA, 0x50, kind == "data", SUBTYPES[subtype]))
            out += struct.pack("<II", int(offset, 16), int(size, 16))
            out += label.encode().ljust(20, b"\0")
    md5 = hashlib.md5(out, usedforsecurity=False).digest()
    return out + b"\xeb\xeb" + b"\xff" * 14 + md5


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[bytes], str]:
    """What `esptool image-info` says of these bytes, which it takes for any chip's."""

    def image_info(data: bytes) -> str:
        cmds.image_info(data)
        return capsys.readouterr().out

    return image_info


def slot_and_bootloader(flash: bytes, board: Board) -> tuple[bytes, bytes]:
    place = board.partition("ota_0")
    start = board.bootloader_offset
    return flash[place.offset : place.end], flash[start : table.TABLE_OFFSET]


@every_board
def test_esptool_finds_every_image_valid(board: Board, said: Callable[[bytes], str]) -> None:
    flash = new_flash(release("0.1.0", board=board)).to_bytes()
    slot, loader = slot_and_bootloader(flash, board)
    for data in (slot, loader, flash[board.bootloader_offset :], *runtime.synthetic(board)):
        found = said(data)
        assert found.count("(valid)") == VALID and "invalid" not in found
        assert f"Chip ID: {CHIPS[board.chip].id} ({CHIPS[board.chip].title})" in found
        assert f"Flash size: {board.flash_size // MIB}MB" in found
    assert re.search(r"ESP-IDF: +v5\.5\.2", said(slot))
    assert "Application Information" not in said(loader)


@every_board
def test_esptool_sees_a_wrong_bit(board: Board, said: Callable[[bytes], str]) -> None:
    for image in runtime.synthetic(board):
        damaged = bytearray(image)
        damaged[len(image) // 2] ^= 4
        found = said(bytes(damaged))
        assert "(valid)" not in found and found.count("invalid") == VALID


@every_board
def test_a_build_is_patched_to_the_flash_and_its_hash_mended(
    board: Board, said: Callable[[bytes], str], tree: Path, tmp_path: Path, combined: Callable
) -> None:
    """From an official build's 4 or 8 MiB to the board's, through the command."""
    stock, app = runtime.synthetic(board)
    for size in (4 * MIB, 8 * MIB):
        official = esp_image.with_flash_size(stock, size)
        path, out = tmp_path / "firmware.bin", tmp_path / "flash.bin"
        path.write_bytes(combined(board, official, app))
        arguments = ["--board", board.name, "--runtime", str(path), "--out", str(out)]
        assert cli.main(["image", "build", *arguments]) == 0
        slot, loader = slot_and_bootloader(out.read_bytes(), board)
        found = said(loader)
        assert f"Flash size: {board.flash_size // MIB}MB" in found
        assert found.count("(valid)") == VALID
        assert slot.startswith(app)
        changed = [at for at in range(len(stock) - 32) if official[at] != loader[at]]
        assert changed == ([] if size == board.flash_size else [3])


def test_the_table_of_an_esp32_wrover_is_the_recorded_one() -> None:
    board = load_board("esp32_wrover")
    flash = new_flash(release("0.1.0", board=board)).to_bytes()
    assert flash[table.TABLE_OFFSET : table.FIRST_OFFSET] == WROVER_TABLE.ljust(4096, b"\xff")


@every_board
def test_a_second_writer_makes_the_same_table(board: Board) -> None:
    again = encoded((boards.BOARDS / board.name / "partitions.csv").read_text())
    assert again == table.to_bytes(board.partitions).rstrip(b"\xff") and len(again) == 8 * 32
    if board.name == "esp32_wrover":
        assert again == WROVER_TABLE
