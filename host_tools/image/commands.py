"""The commands `seesaw image build` and `seesaw image inspect`."""

import importlib.metadata
import json
import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, files, flash_image, runtime, settings
from host_tools.image.board import Board
from host_tools.image.runtime import Runtime

LAUNCHER = "launcher/main.py"


def build(arguments: Namespace) -> int:
    """Write a flash image and, beside it, the companion of its sources. UserError otherwise."""
    source = bundle.FIRMWARE
    board = boards.load(arguments.board)
    out = Path(arguments.out)
    config = {} if arguments.config is None else settings.load(Path(arguments.config))
    config = {"servo_pin": board.servo_pin, "button_pin": board.button_pin} | config
    if why := board.taken(config["servo_pin"]):
        what = f"'servo_pin' is {config['servo_pin']}: {why}"
        raise UserError(arguments.config, what, f"wire it to {board.servo_pin}, or choose another")
    used = _runtime(arguments.runtime, board)
    _keep(out, arguments.config, arguments.runtime, arguments.root)
    root = bundle.read_root(Path(arguments.root)) if arguments.root else None
    packed = bundle.build(arguments.version or importlib.metadata.version("seesaw"), source, root)
    slot = flash_image.slot_image(board, used.app, packed, build_time())
    launcher = files.read(source / LAUNCHER)
    assert used.bootloader is not None
    image = flash_image.compose(board, used.bootloader, slot, launcher, config)
    companion = bundle.companion_bytes(packed.companion)
    files.replace({out: image, bundle.companion_path(out): companion})
    for warning in used.warnings:
        print(f"seesaw: {warning}", file=sys.stderr)
    print(f"{out}: {board.title}, seesaw {packed.version} on MicroPython {used.version or '?'}")
    sizes = f"runtime {len(used.app)} bytes, bundle {len(packed.image)} bytes"
    print(f"{sizes}, of a slot of {board.slot_size}")
    if root is None:
        print(f"note: {bundle.DEVELOPMENT}")
    return 0


def _keep(out: Path, *given: str | None) -> None:
    """An image must not replace a file that it is made from. UserError."""
    if not out.name:
        raise UserError("--out", "no file is named", "name the flash image to write")
    for name in given:
        if name and out.exists() and out.samefile(name):
            raise UserError(name, "the image would replace it", "write to another file")


def inspect(arguments: Namespace) -> int:
    """Print what a flash image holds. UserError when it is none."""
    from host_tools.image import inspect as inspection

    facts = inspection.examine(files.read(Path(arguments.file)), arguments.file)
    print(json.dumps(facts, indent=2) if arguments.json else inspection.text(facts))
    return 0


def build_time() -> int:
    """Seconds since 1970 that a trailer states: SOURCE_DATE_EPOCH, else 0 ("not stated").

    Never the clock: the same sources give the same image.
    """
    stated = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not stated.isdecimal() or int(stated) >= 1 << 32:
        raise UserError("SOURCE_DATE_EPOCH", f"'{stated}' is no time", "give seconds since 1970")
    return int(stated)


def _runtime(path: str | None, board: Board) -> Runtime:
    if path is None:
        bootloader, app = runtime.synthetic(board)
        return Runtime(bootloader, app, runtime.find_version(app))
    found = runtime.load(Path(path), board)
    if found.bootloader is None:
        warning = (
            f"{path}: an application alone: the image gets a stand-in bootloader that only the"
            " emulator starts; to flash a board, give the combined .bin of the same build"
        )
        stand_in, _ = runtime.synthetic(board)
        return replace(found, bootloader=stand_in, warnings=(*found.warnings, warning))
    return found
