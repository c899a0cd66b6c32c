"""`seesaw flash`: it writes to the right board, refuses every other, and says why."""

import dataclasses
from itertools import permutations
from pathlib import Path

import pytest
from flash_rig import BOARD, run

from host_tools.board import chip as chips
from host_tools.emulator import rom_registers
from host_tools.emulator.bootloader import boot
from host_tools.emulator.flash import PAGE, Flash, Op
from host_tools.emulator.rom_loader import RomLoader
from host_tools.emulator.rom_pty import RomPort
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import flash_image, runtime
from host_tools.image.board import Board

MIB = 1 << 20
ALL = [boards.load(name) for name in boards.names()]
every_board = pytest.mark.parametrize("board", ALL, ids=lambda board: board.name)


def write_image(path: Path, board: Board) -> bytes:
    """The flash of a new board of this kind, without a release, there and in a file."""
    bootloader, app = runtime.synthetic(board)
    whole = flash_image.compose(board, bootloader, [(0, app)], b"# nothing\n", {"ssid": "home"})
    path.write_bytes(whole)
    return whole


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flash of the board's size with the stand-in bootloader, and little else."""
    board = boards.load(BOARD)
    bootloader, _ = runtime.synthetic(board)
    flash = Flash(board.flash_size)
    flash.program(board.bootloader_offset, bootloader)
    flash.program(3 * MIB, bytes(range(256)) * 64)
    path = tmp_path_factory.mktemp("image") / "flash.bin"
    path.write_bytes(flash.to_bytes())
    return path


def test_an_emulated_board_gets_the_image_and_restarts(image, capsys):
    flash = Flash(4 * MIB)
    flash.program(0, bytes(MIB))
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, image) == 0
    assert flash.to_bytes() == image.read_bytes()
    assert port.loader.finished
    assert "wrote and verified" in capsys.readouterr().out


@every_board
def test_every_emulated_board_gets_its_image(board: Board, tmp_path: Path):
    whole = write_image(tmp_path / "flash.bin", board)
    flash = Flash(board.flash_size)
    flash.program(0, bytes(PAGE))
    with RomPort(RomLoader(flash, board.chip)) as port:
        assert run(port.path, tmp_path / "flash.bin", board=board.name) == 0
    assert flash.to_bytes() == whole and port.loader.finished
    assert boot(flash, chip=board.chip).slot.label == "ota_0"


def test_no_board_gets_the_image_of_another(tmp_path: Path):
    """Of another chip, or of another size of flash; the two without either are one to esptool."""
    for own, other in permutations(ALL, 2):
        if (own.chip, own.flash_size) == (other.chip, other.flash_size):
            continue
        write_image(tmp_path / "flash.bin", other)
        flash = Flash(own.flash_size)
        with RomPort(RomLoader(flash, own.chip)) as port, pytest.raises(UserError) as caught:
            run(port.path, tmp_path / "flash.bin", board=other.name)
        said = f"it is an {own.chip}" if own.chip != other.chip else f"{own.flash_size >> 20}MB"
        assert said in caught.value.why and own.name in caught.value.fix
        assert flash.ops == 0 and port.loader.finished


def test_a_real_board_is_reset_by_its_lines_and_written_fast(tmp_path: Path, monkeypatch):
    """As far as a pseudo-terminal can stand in for one: it has neither the lines nor a stub."""
    steps = []
    connect, reset = chips.cmds.detect_chip, chips.cmds.reset_chip
    monkeypatch.setattr(chips.ports, "is_pty", lambda port: False)
    monkeypatch.setattr(
        chips.cmds, "detect_chip", lambda port, connect_mode: (
            steps.append(connect_mode), connect(port, connect_mode="no-reset")
        )[1],
    )  # fmt: skip
    monkeypatch.setattr(
        chips.cmds, "reset_chip", lambda chip, how: (
            steps.extend([chip.get_baud(), how]), reset(chip, "no-reset")
        ),
    )  # fmt: skip
    whole = tmp_path / "flash.bin"
    whole.write_bytes(b"seesaw" + b"\xff" * (4 * MIB - 6))
    flash = Flash(4 * MIB)
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, whole, no_stub=True) == 0
    assert steps == ["default-reset", chips.BAUD, "hard-reset"]
    assert flash.to_bytes() == whole.read_bytes()


def test_without_no_stub_a_real_board_gets_the_stub(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(chips.ports, "is_pty", lambda port: False)
    monkeypatch.setattr(chips.cmds, "reset_chip", lambda chip, how: None)
    whole = tmp_path / "flash.bin"
    whole.write_bytes(b"\xff" * 4 * MIB)
    flash = Flash(4 * MIB)
    with RomPort(RomLoader(flash)) as port, pytest.raises(UserError) as caught:
        run(port.path, whole)
    assert "RAM download" in caught.value.why and flash.ops == 0, "this ROM takes no stub"


def test_another_chip_is_refused_untouched(image, monkeypatch):
    esp32 = rom_registers.CHIPS["esp32"]
    other = dataclasses.replace(esp32, registers={0x40001000: 0xFFF0C101})  # an ESP8266
    monkeypatch.setitem(rom_registers.CHIPS, "esp32", other)
    flash = Flash(4 * MIB)
    with RomPort(RomLoader(flash)) as port, pytest.raises(UserError) as caught:
        run(port.path, image)
    assert "esp8266" in caught.value.why and "esp32" in caught.value.why
    assert BOARD in caught.value.fix and flash.ops == 0


@pytest.mark.parametrize(("size", "said"), [(2 * MIB, "2MB"), (8 * MIB, "8MB")])
def test_another_flash_size_is_refused_untouched(image, size, said):
    flash = Flash(size)
    with RomPort(RomLoader(flash)) as port, pytest.raises(UserError) as caught:
        run(port.path, image)
    assert said in caught.value.why and "4MB" in caught.value.why
    assert flash.ops == 0 and port.loader.finished, "it is left in download mode"


def test_an_unknown_flash_is_refused(image):
    loader = RomLoader(Flash(4 * MIB), flash_id=0xFF40EF)
    with RomPort(loader) as port, pytest.raises(UserError, match="unknown size"):
        run(port.path, image)


def test_an_image_of_another_size_is_refused_before_the_port_is_opened(tmp_path: Path):
    short = tmp_path / "short.bin"
    short.write_bytes(b"\xff" * MIB)
    with pytest.raises(UserError) as caught:
        run("/dev/none", short)
    assert "1048576 bytes" in caught.value.why and "image build" in caught.value.fix


def test_a_stand_in_bootloader_never_goes_to_a_real_board(image):
    with pytest.raises(UserError, match="stand-in"):
        run("/dev/ttyUSB-none", image)


def test_an_absent_port_or_image_is_named(image, tmp_path: Path):
    with pytest.raises(UserError, match="there is none"):
        run("/dev/pts/999999", image)
    with pytest.raises(UserError, match="missing.bin"):
        run("/dev/pts/999999", tmp_path / "missing.bin")


def test_a_board_that_does_not_answer(image, monkeypatch):
    detect = chips.cmds.detect_chip
    monkeypatch.setattr(
        chips.cmds, "detect_chip", lambda *a, **k: detect(*a, **k, connect_attempts=1)
    )
    loader = RomLoader(Flash(4 * MIB))
    loader.finished = True  # so it says nothing
    with RomPort(loader) as port, pytest.raises(UserError) as caught:
        run(port.path, image)
    assert "Failed to connect" in caught.value.why and "start the emulated" in caught.value.fix


def test_a_write_that_fails_says_to_run_it_again(image):
    flash = Flash(4 * MIB)

    def spoil(op: Op) -> None:
        flash.pages[100] = bytes(PAGE)

    flash.after_op = spoil
    with RomPort(RomLoader(flash)) as port, pytest.raises(UserError) as caught:
        run(port.path, image)
    assert "write error" in caught.value.why and "run it again" in caught.value.fix


def test_an_image_without_a_release_needs_to_be_told_its_board(image):
    with pytest.raises(UserError, match="names no board"):
        run("/dev/none", image, board=None)
