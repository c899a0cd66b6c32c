"""The boards: one folder each, `boards/<name>/board.json` and `partitions.csv`.

Everything that differs between two boards is in their folders, and all that differs between two
chips in `host_tools.emulator.chips`: no code names a board, and only that table names a chip.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from host_tools.emulator.chips import CHIPS
from host_tools.errors import UserError
from host_tools.image import esp_image, table
from host_tools.image.table import Partition

BOARDS = Path(__file__).parents[2] / "boards"
SECTOR = 4096
NAME_MAX = 16  # bytes: the trailer of a slot has no room for more
LABELS = ("nvs", "otadata", "ota_0", "ota_1", "vfs", "data")
KINDS = {  # (type, subtype), and as a CSV says it
    "ota_0": ((0, 0x10), "app, ota_0"),
    "ota_1": ((0, 0x11), "app, ota_1"),
    "otadata": ((1, 0), "data, ota"),
    "nvs": ((1, 2), "data, nvs"),
}


@dataclass(frozen=True, slots=True)
class Board:
    """A board. Sizes and offsets in bytes; pins are GPIO numbers.

    pwm_bits: of the servo's duty at 50 Hz. psram: whether the module has some. heap_kib: of the
    Python heap that `runtime` has before Wi-Fi, in KiB of 1024 bytes. runtime: the official
    MicroPython build for it, in words.
    """

    name: str
    title: str
    chip: str
    flash_size: int
    bootloader_offset: int
    servo_pin: int
    led_pin: int
    button_pin: int
    pwm_bits: int
    psram: bool
    heap_kib: int
    runtime: str
    partitions: tuple[Partition, ...]

    def partition(self, label: str) -> Partition:
        """The partition with this label; all of `LABELS` exist. KeyError for another."""
        for partition in self.partitions:
            if partition.label == label:
                return partition
        raise KeyError(label)

    @property
    def slot_size(self) -> int:
        return self.partition("ota_0").size

    def taken(self, pin: int, *, drives: bool = True) -> str:
        """Why this pin cannot be used for a thing of ours, '' when it can. drives: as an output."""
        chip = CHIPS[self.chip]
        if pin not in (chip.outputs if drives else chip.pins):
            return f"an {chip.title} has no such {'output ' * drives}pin"
        uses = {"flash": chip.flash, "serial port": chip.serial}
        if self.psram:
            uses["PSRAM"] = chip.psram
        return next((f"it belongs to the {use}" for use, pins in uses.items() if pin in pins), "")


def names(root: Path | None = None) -> list[str]:
    """The known boards, sorted. root: a folder in the place of `BOARDS`."""
    return sorted(path.parent.name for path in (root or BOARDS).glob("*/board.json"))


def load(name: str, root: Path | None = None) -> Board:
    """The board called `name`. UserError when unknown or when its files contradict themselves."""
    root = root or BOARDS
    if name not in names(root):
        raise UserError(f"board '{name}'", "there is none", "choose from " + ", ".join(names(root)))
    path = root / name / "board.json"
    facts = _facts(path)
    if facts["name"] != name or len(name.encode()) > NAME_MAX:
        raise UserError(str(path), f"its name is '{facts['name']}'", "use the folder's, 16 at most")
    if facts["chip"] not in CHIPS:
        known = ", ".join(CHIPS)
        raise UserError(str(path), f"no support for chip '{facts['chip']}'", f"use one of {known}")
    if facts["flash_size"] not in esp_image.FLASH_SIZES:
        raise UserError(str(path), "no such flash size", "state 2, 4, 8 or 16 MiB in bytes")
    partitions = table.load(path.with_name("partitions.csv"), facts["flash_size"])
    board = Board(partitions=partitions, **facts)
    _check_chip(board, path)
    _check_layout(board, path.with_name("partitions.csv"))
    return board


def _facts(path: Path) -> dict:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(str(path), "cannot be read as JSON", "compare it with another") from error
    wanted = {f.name: f.type for f in fields(Board) if f.name != "partitions"}
    if not isinstance(facts, dict) or set(facts) != set(wanted):
        raise UserError(str(path), "a key is missing or unknown", "state " + ", ".join(wanted))
    for key, kind in wanted.items():
        if type(facts[key]) is not kind:
            raise UserError(str(path), f"'{key}' is not of its type", "compare it with another")
    return facts


def _check_chip(board: Board, path: Path) -> None:
    """What board.json says, against what its chip is; UserError where they differ."""
    chip = CHIPS[board.chip]
    for key in ("bootloader_offset", "pwm_bits"):
        right = getattr(chip, key)
        if getattr(board, key) != right:
            why = f"'{key}' is {getattr(board, key)}"
            raise UserError(str(path), why, f"an {chip.title} has {right}")
    for key in ("servo_pin", "led_pin", "button_pin"):
        pin = getattr(board, key)
        why = board.taken(pin, drives=key != "button_pin")
        if not why and key == "servo_pin" and pin in chip.strapping:
            why = "its level at power-up chooses how the chip starts"
        if why:
            raise UserError(str(path), f"'{key}' is {pin}: {why}", "choose another pin")


def _check_layout(board: Board, path: Path) -> None:
    """What the boot and the update count on; UserError, with the line, otherwise."""
    labels = {partition.label for partition in board.partitions}
    for label in LABELS:
        if label not in labels:
            raise UserError(str(path), f"no partition '{label}'", "add it; see boards/README.md")
    for label, (kind, words) in KINDS.items():
        found = board.partition(label)
        if (found.type, found.subtype) != kind:
            why = f"'{label}' is of another type"
            raise _line(path, found).error(why, f"type {words} as its Type, SubType")
    for found in board.partitions:
        if found.type == 0 and found.label not in ("ota_0", "ota_1"):
            why = f"'{found.label}' is an app partition besides the slots"
            raise _line(path, found).error(why, "delete the line")
        if (found.type, found.subtype) == KINDS["otadata"][0] and found.label != "otadata":
            why = f"'{found.label}' is a second boot record"
            raise _line(path, found).error(why, "delete the line")
    _check_sizes(board, path)


def _check_sizes(board: Board, path: Path) -> None:
    otadata, ota_0, ota_1 = (board.partition(p) for p in ("otadata", "ota_0", "ota_1"))
    if otadata.size != 2 * SECTOR:
        fix = "type 0x2000 as its Size: two sectors"
        raise _line(path, otadata).error("otadata is not 0x2000 bytes", fix)
    if ota_1.size != ota_0.size:
        why = f"'ota_1' has {ota_1.size:#x} bytes, 'ota_0' {ota_0.size:#x}: they differ in size"
        raise _line(path, ota_1).error(why, "type the same Size for both: a release must fit both")


def _line(path: Path, partition: Partition) -> table.Line:
    return table.Line(path, partition.line)
