"""The command `seesaw flash`: write a whole flash image to a board, after a look at the board."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from esptool import FatalError, cmds
from esptool.util import flash_size_bytes

from host_tools.board import port as ports
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import files, runtime
from host_tools.image.board import Board

BAUD = 460_800  # as fast as every common USB adapter can


def main(args: Namespace) -> int:
    """Flash `args.image` to the `args.board` at `args.port`, with `args.no_stub` by the ROM alone.

    Nothing is written unless chip, flash size and image fit the board; UserError otherwise.
    """
    board = boards.load(args.board)
    args.port = ports.choose(args.port)
    emulated = ports.is_pty(args.port)
    image = _image(Path(args.image), board, emulated)
    ports.check(args.port)
    rom = _connect(args.port, emulated)
    with rom:
        try:
            _write(rom, args, board, image, emulated)
        except (FatalError, OSError) as error:
            fix = "run it again; until it succeeds, the board may not start"
            raise UserError(f"flashing at {args.port}", _first_line(error), fix) from error
    print(f"{args.port}: {board.title}: wrote and verified {args.image}")
    return 0


def _image(path: Path, board: Board, emulated: bool) -> bytes:
    """The image's bytes. UserError when it is not one for this board."""
    image = files.read(path)
    command = f"seesaw image build --board {board.name} --runtime FILE --out {path}"
    if len(image) != board.flash_size:
        why = f"{len(image)} bytes, but the flash of {board.name} has {board.flash_size}"
        raise UserError(str(path), why, f"build one: {command}")
    stand_in, _ = runtime.synthetic(board)
    if not emulated and image.startswith(stand_in, board.bootloader_offset):
        why = "its bootloader is a stand-in that only the emulator starts"
        raise UserError(str(path), why, f"give a combined MicroPython .bin: {command}")
    return image


def _connect(port: str, emulated: bool) -> Any:
    """The ROM loader of the chip at `port`, whatever chip it is. UserError when none answers."""
    try:
        return cmds.detect_chip(port, connect_mode="no-reset" if emulated else "default-reset")
    except FatalError as error:
        fix = "hold BOOT, tap RESET, release BOOT, and run it again"
        if emulated:
            fix = "start the emulated board, and run it again"
        raise UserError(f"the board at {port}", _first_line(error), fix) from error
    except OSError as error:
        raise ports.explain(port, error) from error


def _write(rom: Any, args: Namespace, board: Board, image: bytes, emulated: bool) -> None:
    """Look at the chip and the flash, write if they are the board's, start what is in flash."""
    chip = rom
    try:
        name = rom.CHIP_NAME.lower().replace("-", "")
        if name != board.chip:
            raise _other_board(args.port, f"it is an {name}, not an {board.chip}")
        if not (args.no_stub or emulated):
            chip = cmds.run_stub(rom)
        if not emulated:
            chip.change_baud(BAUD)
        cmds.attach_flash(chip)
        size = cmds.detect_flash_size(chip)
        if size is None or flash_size_bytes(size) != board.flash_size:
            here = f"{board.flash_size >> 20}MB"
            raise _other_board(args.port, f"its flash is of {size or 'unknown size'}, not {here}")
        # The ROM alone would take it uncompressed by default, at a quarter of the speed.
        quiet = not sys.stdout.isatty()  # where its progress would be a line a kilobyte
        cmds.write_flash(chip, [(0, image)], compress=True, no_progress=quiet)
    finally:
        # Only the ROM itself can leave download mode where there is no reset line.
        cmds.reset_chip(chip, "soft-reset" if emulated else "hard-reset")


def _other_board(port: str, why: str) -> UserError:
    known = ", ".join(boards.names())
    return UserError(f"the board at {port}", why, f"choose --board from {known}")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
