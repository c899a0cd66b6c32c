"""The serial loader of every board, as the real esptool meets it, and what the newer ROMs add."""

import struct

import esptool
import pytest
from esptool import FatalError, cmds
from rig import load_board
from test_rom_loader import (
    BEGIN,
    BLOCK,
    INFLATE_BEGIN,
    PATTERN,
    SIZE,
    replies,
    request,
    status,
    words,
)
from test_rom_loader import esptool as command_line

from host_tools.emulator.chips import CHIPS
from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.rom_loader import INVALID, RomLoader
from host_tools.emulator.rom_pty import RomPort
from host_tools.image import board as boards
from host_tools.image import runtime
from host_tools.image.board import Board

SECURITY_INFO = 0x14
NAMES = boards.names()
SAID = {
    "esp32": "ESP32-D0WD-V3 (revision v3.0)",
    "esp32s3": "ESP32-S3 (QFN56) (revision v0.2)",
    "esp32c3": "ESP32-C3 (QFN32) (revision v0.4)",
}
every_board = pytest.mark.parametrize("board", [load_board(name) for name in NAMES], ids=NAMES)
newer = pytest.mark.parametrize("chip", sorted(set(CHIPS) - {"esp32"}))


def port_of(board: Board) -> RomPort:
    return RomPort(RomLoader(Flash(board.flash_size), board.chip))


def run(port: RomPort, *arguments: str) -> None:
    """The same command line within this process. Raises FatalError or SystemExit as it fails."""
    esptool.main(["--port", port.path, "--before", "no-reset", "--no-stub", *arguments])


@every_board
def test_esptool_knows_each_board(board: Board):
    with port_of(board) as port:
        code, said = command_line(port, "--after", "no-reset", "flash-id")
    assert code == 0, said
    size = f"size: {board.flash_size >> 20}MB"
    for fact in (SAID[board.chip], "40MHz", "24:aa:5e:00:00:01", size):
        assert fact in said
    assert "Unknown" not in said and "quite different" not in said
    assert ("Embedded PSRAM 8MB" in said) == (board.chip == "esp32s3" and board.psram)
    assert not port.loader.finished and port.loader.flash.ops == 0


@every_board
def test_esptool_writes_verifies_and_reads_each_board(board: Board, tmp_path, capsys):
    """Its bootloader, and the last sectors of its flash: no address is too high."""
    first, _ = runtime.synthetic(board)
    high = board.flash_size - len(PATTERN)
    (tmp_path / "a").write_bytes(first)
    (tmp_path / "b").write_bytes(PATTERN)
    where = [hex(board.bootloader_offset), str(tmp_path / "a"), hex(high), str(tmp_path / "b")]
    chip = ["--chip", board.chip, "--after", "no-reset"]
    with port_of(board) as port:
        run(port, *chip, "write-flash", *where)
        run(port, *chip, "verify-flash", *where)
        said = capsys.readouterr().out
        out = str(tmp_path / "out")
        run(port, "--after", "soft-reset", "read-flash", hex(high), "300", out)
        flash = port.loader.flash
    assert said.count("Hash of data verified") == said.count("Verification successful") == 2
    assert flash.read(board.bootloader_offset, len(first)) == first
    assert flash.read(high, len(PATTERN)) == PATTERN
    assert (tmp_path / "out").read_bytes() == PATTERN[:300]
    assert port.loader.finished
    assert flash.wear.keys() <= {0, 1, *(page + high // PAGE for page in range(3))}


@every_board
def test_its_revision_is_the_one_that_boots(board: Board):
    with port_of(board) as port, cmds.detect_chip(port.path, connect_mode="no-reset") as rom:
        assert rom.get_chip_revision() == CHIPS[board.chip].revision
        assert CHIPS[board.chip].id == rom.IMAGE_CHIP_ID
        assert not rom.get_flash_encryption_enabled() and not rom.get_secure_boot_enabled()


@newer
def test_esptool_takes_it_for_no_other_chip(chip: str):
    for other in set(CHIPS) - {chip}:
        with RomPort(RomLoader(Flash(SIZE), chip)) as port:
            said = f"This chip is {CHIPS[chip].title}, not {CHIPS[other].title}"
            with pytest.raises(FatalError, match=said):
                run(port, "--chip", other, "--after", "no-reset", "flash-id")


@newer
def test_esptool_gets_no_stub_onto_it(chip: str):
    with RomPort(RomLoader(Flash(4 << 20), chip)) as port:
        rom = cmds.detect_chip(port.path, connect_mode="no-reset")
        with rom, pytest.raises(FatalError, match="Failed to enter RAM download mode"):
            cmds.run_stub(rom)


@newer
def test_the_chip_is_named_by_its_security(chip: str):
    loader = RomLoader(Flash(SIZE), chip)
    [(_, value, data)] = replies(loader.received(request(SECURITY_INFO)))
    assert value == 0 and len(data) == 20 + 4
    assert struct.unpack("<IB7sII", data[:20]) == (0, 0, bytes(7), CHIPS[chip].id, 0)
    assert status(loader, request(SECURITY_INFO, b"\0")) == INVALID


@newer
@pytest.mark.parametrize("command", [BEGIN, INFLATE_BEGIN])
def test_a_write_states_that_it_is_not_encrypted(chip: str, command: int):
    loader = RomLoader(Flash(SIZE), chip)
    assert status(loader, request(command, words(PAGE, 4, BLOCK, 0))) == INVALID
    assert status(loader, request(command, words(PAGE, 4, BLOCK, 0, 1))) == INVALID
    assert loader.flash.ops == 0
    assert status(loader, request(command, words(PAGE, 4, BLOCK, 0, 0))) == 0
    assert loader.flash.wear == {0: 1}
    old = RomLoader(Flash(SIZE))
    assert status(old, request(command, words(PAGE, 4, BLOCK, 0, 0))) == INVALID


def test_a_long_write_erases_by_blocks_where_it_can():
    loader = RomLoader(Flash(SIZE * 2))
    assert status(loader, request(BEGIN, words(SIZE + PAGE, 68, BLOCK, SIZE - PAGE))) == 0
    assert loader.flash.ops == 2, "one sector and one block of 64 KiB"
    assert loader.flash.wear == dict.fromkeys(range(15, 32), 1)


def test_a_worn_out_sector_is_a_write_error():
    with RomPort(RomLoader(Flash(SIZE))) as port:
        port.loader.flash.bad = frozenset({0})
        rom = cmds.detect_chip(port.path, connect_mode="no-reset")
        with rom, pytest.raises(FatalError, match="write error"):
            rom.flash_begin(BLOCK, 0)
            rom.flash_block(PATTERN[:BLOCK], 0)
