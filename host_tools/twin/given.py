"""What the user names, found or refused: VM, image, runtime, instrument, recorded days."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import NoMicroPython, find_micropython
from host_tools.emulator.partitions import TYPE_DATA, PartitionTable, PartitionTableError
from host_tools.emulator.storage import SUBTYPE_NVS
from host_tools.errors import UserError
from host_tools.image import files, inspect, runtime
from host_tools.image.board import Board
from host_tools.market import history
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.replay import Replay, ReplayClock

NVS_LEAST = 3 * 4096  # bytes
VM_SECONDS = 20  # for a MicroPython VM to say hello


def find_vm() -> str:
    """The MicroPython VM, after it has run a line. UserError when there is none that runs."""
    fix = "put `micropython` on PATH or its path in SEESAW_MICROPYTHON"
    try:
        path = find_micropython()
    except NoMicroPython as error:
        raise UserError("MicroPython", "no VM beside this Python or on PATH", fix) from error
    try:
        done = subprocess.run(
            [path, "-c", "import vfs; print(vfs.VfsLfs2 and 'hello')"],
            capture_output=True, timeout=VM_SECONDS, check=False, start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(path, f"it does not run ({error})", fix) from error
    if done.stdout.strip() != b"hello":
        raise UserError(path, "it is no MicroPython VM with LittleFS", fix)
    return path


def load_flash(path: Path) -> Flash:
    """A flash with the bytes of an image file. UserError when it is none."""
    data = files.read(path)
    inspect.examine(data, str(path))  # a whole flash, or UserError
    flash = Flash.from_bytes(data)
    try:
        table = PartitionTable.read(flash)
    except PartitionTableError:
        return flash  # the bootloader says so, for ever
    nvs = table.first(TYPE_DATA, SUBTYPE_NVS)
    if table.otadata is None or (nvs and nvs.size < NVS_LEAST):
        lacks = "no boot record (otadata)" if table.otadata is None else "too small an nvs"
        raise UserError(str(path), f"is no seesaw: its table has {lacks}", "build it for a board")
    return flash


def find_instrument(name: str) -> Instrument:
    """The simulated market's instrument of that name. UserError for another, with the names."""
    if name not in INSTRUMENTS:
        fix = "choose from " + ", ".join(INSTRUMENTS)
        raise UserError(f"instrument '{name}'", "there is none", fix)
    return INSTRUMENTS[name]


def replayed(name: str, folder: Path, tick: Callable[[], float]) -> Replay:
    """The recorded days of a folder, in the board's own time: seconds by `tick`. UserError when it
    has none of this instrument."""
    try:
        days = history.load(folder)
        if name not in days:
            raise ValueError(f"no recorded prices of {name}")
        clock = ReplayClock(find_instrument(name), days[name], monotonic=tick)
        return Replay(name, days, clock)
    except ValueError as error:
        fix = "choose another --instrument, or add its CSV"
        raise UserError(str(folder), str(error), fix) from error


def load_runtime(path: Path | None, board: Board) -> tuple[bytes, bytes]:
    """(bootloader, app) of a combined MicroPython build, or of the stand-in for the emulator."""
    if path is None:
        return runtime.synthetic(board)
    found = runtime.load(path, board)
    return found.bootloader or runtime.synthetic(board)[0], found.app


def next_version(version: str) -> str:
    """A version above this one: its last number raised. '0.1.0' gives '0.1.1'."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    assert numbers, version
    head, _, last = numbers[0].rpartition(".")
    return f"{head}.{int(last) + 1}"
