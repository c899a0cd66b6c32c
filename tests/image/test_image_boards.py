"""Board folders and partition tables: what is accepted, and the one line that says what is not."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from host_tools.emulator.partitions import parse_table
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import table


def test_every_board_loads_and_is_documented() -> None:
    assert "esp32_wrover" in boards.names()
    for name in boards.names():
        assert boards.load(name).name == name
        assert (boards.BOARDS / name / "board.md").is_file()


def test_an_unknown_board_is_told_the_known_ones() -> None:
    with pytest.raises(
        UserError, match=r"board 'esp33': there is none; choose from .*esp32_wrover"
    ):
        boards.load("esp33")


def test_the_layout_is_the_published_one(board: boards.Board) -> None:
    places = {p.label: (p.offset, p.size, p.type, p.subtype) for p in board.partitions}
    assert places == {
        "nvs": (0x9000, 0x4000, 1, 2),
        "otadata": (0xD000, 0x2000, 1, 0),
        "phy_init": (0xF000, 0x1000, 1, 1),
        "ota_0": (0x10000, 0x1B0000, 0, 0x10),
        "ota_1": (0x1C0000, 0x1B0000, 0, 0x11),
        "vfs": (0x370000, 0x10000, 1, 0x81),
        "data": (0x380000, 0x80000, 1, 0x82),
    }


def test_the_emulated_bootloader_reads_the_same_table(board: boards.Board) -> None:
    binary = table.to_bytes(board.partitions)
    found = parse_table(binary, board.flash_size).entries
    assert [(p.label, p.type, p.subtype, p.offset, p.size) for p in found] == [
        (p.label, p.type, p.subtype, p.offset, p.size) for p in board.partitions
    ]


def test_the_md5_covers_the_entries(board: boards.Board) -> None:
    binary = table.to_bytes(board.partitions)
    at = 32 * len(board.partitions)
    assert binary[at : at + 16] == b"\xeb\xeb" + b"\xff" * 14
    assert binary[at + 16 : at + 32] == hashlib.md5(binary[:at]).digest()
    assert binary[at + 32 :] == b"\xff" * (4096 - at - 32)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x, app, ota_2, 0x11000, 0x10000,", "multiple of 0x10000"),
        ("x, data, nvs, 0x9800, 0x1000,", "multiple of 0x1000"),
        ("x, data, nvs, 0x9000, 0x1001,", "whole 4 KiB sectors"),
        ("x, data, nvs, 0x8000, 0x1000,", "outside 0x9000"),
        ("x, data, nvs, 0x1ff000, 0x2000,", "outside 0x9000 to 0x200000"),
        ("x, data, nvs, 0xa000, 0x1000,", "'x' overlaps 'first'"),
        ("first, data, nvs, 0x20000, 0x1000,", "stands there twice"),
        ("x, data, nvs, , 0x1000,", "not known"),
        ("x, data, nonsense, 0x20000, 0x1000,", "not known"),
        ("x, data, nvs, 0x20000, 0x1000, locked", "not known"),
        ("x, data, nvs", "not 5 or 6 fields"),
        ("a_label_of_16_by, data, nvs, 0x20000, 0x1000,", "1 to 15 bytes"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "partitions.csv"
    path.write_text(f"# comment\nfirst, data, nvs, 0x9000, 16K,\n{line}\n")
    with pytest.raises(UserError) as caught:
        table.load(path, 0x200000)
    assert why in str(caught.value) and "partitions.csv:3: " in str(caught.value)


def copy(tmp_path: Path, **changes: object) -> Path:
    root = tmp_path / "boards"
    shutil.copytree(boards.BOARDS / "esp32_wrover", root / "mine")
    facts = json.loads((root / "mine" / "board.json").read_text()) | {"name": "mine"} | changes
    (root / "mine" / "board.json").write_text(json.dumps(facts))
    return root


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"chip": "esp8266"}, "no support for chip 'esp8266'"),
        ({"flash_size": 5 << 20}, "no such flash size"),
        ({"flash_size": 2 << 20}, "outside 0x9000 to 0x200000"),
        ({"name": "yours"}, "its name is 'yours'"),
        ({"servo_pin": "18"}, "'servo_pin' is not of its type"),
        ({"extra": 1}, "missing or unknown"),
    ],
)
def test_a_bad_board_file_is_refused(tmp_path: Path, change: dict, why: str) -> None:
    with pytest.raises(UserError, match=why):
        boards.load("mine", copy(tmp_path, **change))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("vfs,   ", "files, ", "no partition 'vfs'"),
        ("0x1C0000, 0x1B0000", "0x1C0000, 0x1A0000", "differ in size"),
        ("0xd000,   0x2000", "0xd000,   0x1000", "otadata is not 0x2000"),
        ("data, nvs, ", "data, fat, ", "'nvs' is of another type"),
    ],
)
def test_a_table_that_the_update_could_not_use_is_refused(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    root = copy(tmp_path)
    path = root / "mine" / "partitions.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=why):
        boards.load("mine", root)
