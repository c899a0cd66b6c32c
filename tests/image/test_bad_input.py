"""Bad flash files, tables and boards, typed at the command line: one clear line each, and code 2.

The emulated bootloader does what the real one does with the same bytes: it resets for ever, or
it does not mind. The tools refuse either way.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.emulator import bootloader
from host_tools.emulator.flash import Flash
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import flash_image, inspect, runtime, table
from host_tools.image.board import Board
from host_tools.image.table import Partition

OVER = "in the board's partitions.csv, and build it again"
Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The one line of the command that ran last."""

    def line() -> str:
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("seesaw: ") and captured.err.count("\n") == 1
        return captured.err

    return line


def whole(board: Board, launcher: bytes, parts: tuple[Partition, ...] | None = None) -> bytes:
    """The flash of a new board without a release; `parts` are put in the place of its table."""
    loader, app = runtime.synthetic(board)
    data = flash_image.compose(board, loader, [(0, app)], launcher)
    return data if parts is None else with_table(data, table.to_bytes(parts))


def with_table(data: bytes, binary: bytes) -> bytes:
    at = table.TABLE_OFFSET
    return data[:at] + binary + data[at + len(binary) :]


def refused(path: Path, said: Said, *words: str) -> None:
    """By everything that takes a flash file."""
    commands = [
        ["image", "inspect", str(path)],
        ["image", "inspect", str(path), "--json"],
        ["emulate", "--flash", str(path), "--for", "1", "--build", str(path.parent)],
    ]
    for command in commands:
        assert cli.main(command) == 2, command
        line = said()
        for word in (path.name, *words):
            assert word in line, command


# -- flash files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (0, "no bootloader in it"),
        (0x1000, "no bootloader in it"),
        (0x2000, "truncated: 8192 bytes of a flash of 4194304"),
        (2 << 20, "truncated: 2097152 bytes of a flash of 4194304"),
        ((4 << 20) - 1, "truncated"),
        ((4 << 20) + 1, "no flash has 4194305 bytes"),
        (5 << 20, "no flash has 5242880 bytes"),
    ],
)
def test_a_flash_file_of_the_wrong_size(
    board: Board, launcher: bytes, tmp_path: Path, said: Said, size: int, why: str
) -> None:
    path = tmp_path / "flash.bin"
    path.write_bytes(whole(board, launcher)[:size].ljust(size, b"\xff"))
    refused(path, said, why, "seesaw image build")
    if size and size % 4096 == 0 and size < board.flash_size:
        with pytest.raises(bootloader.BootFailure):
            bootloader.boot(Flash.from_bytes(path.read_bytes()))


def test_a_larger_chip_than_its_image_was_made_for_is_no_fault(
    board: Board, launcher: bytes
) -> None:
    data = whole(board, launcher).ljust(8 << 20, b"\xff")
    facts = inspect.examine(data, "it")
    assert (facts["size"], facts["boot"]["slot"]) == (8 << 20, "ota_0")


@pytest.mark.parametrize(
    ("binary", "why"),
    [
        (b"\xff" * 64, "the partition table is empty"),
        (b"\0" * 64, "entry 0 has magic 0000, not aa50"),
        (b"\xaa\x50\x01\x02\x00\x91", "the MD5 of the table does not match"),
        (b"\xaa\x50\x01\x02\x00\x90\x00\x00\x00\x00\x80\x00", "entry 0 (nvs)"),
    ],
)
def test_a_table_that_the_bootloader_rejects(
    board: Board, launcher: bytes, tmp_path: Path, said: Said, binary: bytes, why: str
) -> None:
    data = with_table(whole(board, launcher), binary)
    path = tmp_path / "flash.bin"
    path.write_bytes(data)
    refused(path, said, why)
    with pytest.raises(bootloader.BootFailure) as caught:
        bootloader.boot(Flash.from_bytes(data))
    assert caught.value.log[-1].endswith("; reset")


@pytest.mark.parametrize(
    ("label", "change", "why", "slot"),
    [
        ("ota_1", (0x1B0000, 0x1C0000), "'ota_1' overlaps 'ota_0'; type 0x1c0000 as", "ota_0"),
        ("ota_1", (0x1C1000, 0x1AF000), "is not on a multiple of 0x10000; type 0x1d0000", "ota_0"),
        ("data", (0x380800, 0x70000), "is not on a multiple of 0x1000; type 0x381000", "ota_0"),
        ("data", (0x380000, 0x7F800), "not whole 4 KiB sectors; type 0x80000 as its", "ota_0"),
        ("nvs", (0x8000, 0x4000), "outside 0x9000 to 0x400000; type 0x9000 as its", "ota_0"),
        ("data", (0x380000, 0x81000), "exceeds the chip's 0x400000", None),
    ],
)
def test_a_table_that_the_bootloader_may_take_and_the_tools_refuse(
    board: Board, launcher: bytes, tmp_path: Path, said: Said, label: str, change: tuple[int, int],
    why: str, slot: str | None,
) -> None:  # fmt: skip
    parts = tuple(
        Partition(p.label, p.type, p.subtype, *(change if p.label == label else (p.offset, p.size)))
        for p in board.partitions
    )
    data = whole(board, launcher, parts)
    path = tmp_path / "flash.bin"
    path.write_bytes(data)
    index = [p.label for p in parts].index(label)
    refused(path, said, why, f"entry {index}", *([OVER] if slot else []))
    if slot:
        assert bootloader.boot(Flash.from_bytes(data)).slot.label == slot
    else:
        with pytest.raises(bootloader.BootFailure, match="partition table rejected"):
            bootloader.boot(Flash.from_bytes(data))


@pytest.mark.parametrize(("at", "starts"), [(0x1000 + 50, False), (0x1000 + 3, True)])
def test_inspect_and_its_verdict_agree_about_the_bootloader(
    board: Board, launcher: bytes, at: int, starts: bool
) -> None:
    """Code is under the checksum. The stated size (here still 4 MiB) is under the hash alone."""
    data = bytearray(whole(board, launcher))
    data[at] ^= 0x0F
    said = inspect.text(inspect.examine(bytes(data), "it"))
    assert ("would boot ota_0" in said) is starts
    assert ("bytes, it starts, but the SHA-256" in said) is starts
    assert ("bad: checksum" in said and "would not boot: the bootloader does" in said) is not starts


# -- boards -------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of a board of one's own, esp32_wrover."""
    root = tmp_path / "boards"
    shutil.copytree(boards.BOARDS / "esp32_wrover", root / "esp32_wrover")
    monkeypatch.setattr(boards, "BOARDS", root)
    return root / "esp32_wrover" / "partitions.csv"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "line", "why", "fix"),
    [
        ("0x1C0000", "0x1B0000", 6, "'ota_1' overlaps 'ota_0'", "0x1c0000 as its Offset"),
        ("0x1C0000", "0x1C1000", 6, "not on a multiple of 0x10000", "0x1d0000 as its Offset"),
        ("0x80000,", "0x90000,", 8, "outside 0x9000 to 0x400000", "0x80000 as its Size"),
        ("0x380000", "0x480000", 8, "outside 0x9000 to 0x400000", "an Offset below 0x400000"),
        ("0x9000, ", "0x8000, ", 2, "outside 0x9000 to 0x400000", "0x9000 as its Offset"),
        ("0x4000,", "0x4100,", 2, "not whole 4 KiB sectors", "0x5000 as its Size"),
        ("0x4000,", "0,", 2, "not whole 4 KiB sectors", "0x1000 as its Size"),
        ("0xf000, ", "0xc000, ", 4, "overlaps 'nvs'", "0xd000 as its Offset"),
        ("0xf000,   0x1000", "0xf000,   0x2000", 5, "overlaps 'phy_init'", "0x20000 as its Offset"),
        ("0x9000,   0x4000", "0x9000,   4000q", 2, "'4000q' is not known as Size", "0x9000 or 16K"),
        ("0x9000,   0x4000", "-4096,   0x4000", 2, "'-4096' is not known as Offset", "16K"),
        ("0x4000", "0x100000000", 2, "is not known as Size", "16K"),
        ("data, nvs", "date, nvs", 2, "'date' is not known as Type", "one of app, data"),
        ("data, nvs", "300, nvs", 2, "'300' is not known as Type", "one of app, data"),
        ("data, nvs", "data, nsv", 2, "'nsv' is not known as SubType", "one of ota, phy, nvs"),
        ("data, nvs", "64, 255", 2, "'255' is not known as SubType", "a number up to 0xfe"),
        ("0x4000,", "0x4000, lock", 2, "'lock' is not known as Flags", "encrypted, readonly"),
        ("0x4000,", "0x4000, , ,", 2, "not 5 or 6 fields", "Name, Type, SubType, Offset"),
        ("phy_init", "nvs", 4, "'nvs' stands there twice", "another Name"),
        ("phy_init", "a_name_too_long_", 4, "1 to 15 bytes", "shorter Name"),
        ("data, phy", "data, ota", 4, "'phy_init' is a second boot record", "delete the line"),
        ("data, nvs,", "data, fat,", 2, "'nvs' is of another type", "data, nvs as its Type"),
        ("0x1C0000, 0x1B0000", "0x1C0000, 0x1A0000", 6, "differ in size", "the same Size"),
    ],
)
def test_a_bad_line_of_a_table_is_named_with_what_to_type(
    mine: Path, tmp_path: Path, said: Said, old: str, new: str, line: int, why: str, fix: str
) -> None:
    change(mine, old, new)
    out = tmp_path / "flash.bin"
    for command in (
        ["image", "build", "--board", "esp32_wrover", "--out", str(out)],
        ["run", "--headless", "--for", "1", "--build", str(tmp_path)],
        ["emulate", "--for", "1", "--build", str(tmp_path)],
    ):
        assert cli.main(command) == 2, command
        found = said()
        assert f"{mine.name}:{line}: " in found and why in found and fix in found
    assert not out.exists()


def test_too_many_partitions_and_none(mine: Path) -> None:
    rows = [f"p{n}, data, fat, {0x9000 + n * 4096:#x}, 4K\n" for n in range(95)]
    mine.write_text("".join(rows))
    with pytest.raises(UserError, match=r"partitions.csv:95: more than 94 partitions"):
        table.load(mine, 4 << 20)
    mine.write_text("".join(rows[:94]))
    assert len(table.load(mine, 4 << 20)) == 94
    for text in ("", "# nothing\n,,,\n"):
        mine.write_text(text)
        with pytest.raises(UserError, match="no partitions; copy the lines"):
            table.load(mine, 4 << 20)
