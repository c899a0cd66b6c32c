"""The command `seesaw flash`: write a whole flash image to a board, after a look at the board."""

import sys
from argparse import Namespace
from pathlib import Path

from host_tools.board import chip as chips
from host_tools.board import consent, flashing, rewrite
from host_tools.board import port as ports
from host_tools.board.chip import Chip
from host_tools.board.flashing import Found
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import files, runtime
from host_tools.image.board import Board

AGAIN = "plug it in and run it again"


def main(args: Namespace) -> int:
    """Flash `args.image` to the `args.board` at `args.port`, with `args.no_stub` by the ROM alone.

    Nothing is written unless image, chip, flash size and board fit and somebody said yes;
    UserError otherwise. The owner's settings stay, unless `args.erase_nvs`.
    """
    image = files.read(Path(args.image))
    board = _board(args.image, image, args.board)
    args.port = ports.choose(args.port)
    _check_image(args, image, board)
    with chips.download_mode(args.port, no_stub=args.no_stub) as chip:
        _check_chip(args.port, chip, board)
        fix = AGAIN
        try:
            found = flashing.look(chip, image)
            _check_found(args, found, board)
            kept = {rewrite.KEEPS} if found.seesaws and not args.erase_nvs else set()
            plan = flashing.planned(chip, image, found, kept)
            lines = [f"{args.port}: {chip.title}; {found.title}", *flashing.words(plan, kept)]
            print("\n".join(lines), file=sys.stderr, flush=True)
            consent.ask(args.port, yes=args.yes)
            if not plan.always_boots:
                fix = f"{AGAIN}; until it succeeds, the board may not start"
            flashing.write(chip, image, plan, kept)
        except chips.TROUBLE as error:
            raise chips.trouble("flashing", args.port, error, fix) from error
    print(f"{args.port}: {board.title}: wrote and verified {args.image}")
    return 0


def _board(path: str, image: bytes, name: str | None) -> Board:
    """The board that was named, else the one that the image is for."""
    release = flashing.release_of(image)
    made_for = release[0] if release else None
    if not (name or made_for):
        raise UserError(path, "it names no board", "name it with --board NAME")
    if name and made_for and name != made_for:
        why = f"it is for {made_for}, not for {name}"
        raise UserError(path, why, f"build one for {name}, or leave out --board")
    return boards.load(name or made_for or "")


def _check_image(args: Namespace, image: bytes, board: Board) -> None:
    """UserError when it is not one for this board."""
    command = f"seesaw image build --board {board.name} --runtime FILE --out {args.image}"
    if len(image) != board.flash_size:
        why = f"{len(image)} bytes, but the flash of {board.name} has {board.flash_size}"
        raise UserError(args.image, why, f"build one: {command}")
    stand_in, _ = runtime.synthetic(board)
    if not ports.is_pty(args.port) and image.startswith(stand_in, board.bootloader_offset):
        why = "its bootloader is a stand-in that only the emulator starts"
        raise UserError(args.image, why, f"give a combined MicroPython .bin: {command}")


def _check_chip(port: str, chip: Chip, board: Board) -> None:
    if chip.name != board.chip:
        raise _other_board(port, f"it is an {chip.name}, not an {board.chip}")
    if chip.flash_size != board.flash_size:
        size = f"{chip.flash_size >> 20}MB" if chip.flash_size else "unknown size"
        raise _other_board(port, f"its flash is of {size}, not {board.flash_size >> 20}MB")


def _check_found(args: Namespace, found: Found, board: Board) -> None:
    """A seesaw of another board has other wires: it is made this one only as a new device."""
    others = sorted({name for name, _ in found.seesaws if name != board.name})
    if others and not args.erase_nvs:
        why = f"it was flashed as {others[0]}, the image is for {board.name}"
        fix = f"give an image for {others[0]}, or make it a new device with --erase-nvs"
        raise UserError(f"the board at {args.port}", why, fix)


def _other_board(port: str, why: str) -> UserError:
    known = ", ".join(boards.names())
    return UserError(f"the board at {port}", why, f"choose --board from {known}")
