"""The boards: one folder each, `boards/<name>/board.json` and `partitions.csv`."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from seesaw.update import trailer

from host_tools.errors import UserError
from host_tools.image import esp_image, table
from host_tools.image.table import Partition

BOARDS = Path(__file__).parents[2] / "boards"
SECTOR = 4096
LABELS = ("nvs", "otadata", "ota_0", "ota_1", "vfs", "data")


@dataclass(frozen=True, slots=True)
class Board:
    """A board. Sizes and offsets in bytes; pins are GPIO numbers."""

    name: str
    title: str
    chip: str
    flash_size: int
    bootloader_offset: int
    servo_pin: int
    led_pin: int
    button_pin: int
    psram: bool
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


def names(root: Path = BOARDS) -> list[str]:
    """The known boards, sorted."""
    return sorted(path.parent.name for path in root.glob("*/board.json"))


def load(name: str, root: Path = BOARDS) -> Board:
    """The board called `name`. UserError when unknown or when its files contradict themselves."""
    if name not in names(root):
        raise UserError(f"board '{name}'", "there is none", "choose from " + ", ".join(names(root)))
    path = root / name / "board.json"
    facts = _facts(path)
    if facts["name"] != name or len(name) > trailer.BOARD_MAX:
        raise UserError(str(path), f"its name is '{facts['name']}'", "use the folder's, 16 at most")
    if facts["chip"] not in esp_image.CHIPS:
        known = ", ".join(esp_image.CHIPS)
        raise UserError(str(path), f"no support for chip '{facts['chip']}'", f"use one of {known}")
    if facts["flash_size"] not in esp_image.FLASH_SIZES:
        raise UserError(str(path), "no such flash size", "state 2, 4, 8 or 16 MiB in bytes")
    partitions = table.load(path.with_name("partitions.csv"), facts["flash_size"])
    board = Board(partitions=partitions, **facts)
    _check_layout(board, path.with_name("partitions.csv"))
    return board


def _facts(path: Path) -> dict:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(str(path), "cannot be read as JSON", "compare it with another") from error
    wanted = {f.name: f.type for f in fields(Board) if f.name != "partitions"}
    if not isinstance(facts, dict) or set(facts) != set(wanted):
        raise UserError(str(path), "a key is missing or unknown", "state " + ", ".join(wanted))
    for key, kind in wanted.items():
        if type(facts[key]) is not kind:
            raise UserError(str(path), f"'{key}' is not of its type", "compare it with another")
    return facts


def _check_layout(board: Board, path: Path) -> None:
    """What the boot and the update count on; UserError otherwise."""
    labels = {partition.label for partition in board.partitions}
    for label in LABELS:
        if label not in labels:
            raise UserError(str(path), f"no partition '{label}'", "add it; see boards/README.md")
    if board.partition("ota_0").size != board.partition("ota_1").size:
        raise UserError(str(path), "the two slots differ in size", "a release must fit both")
    if board.partition("otadata").size != 2 * SECTOR:
        raise UserError(str(path), "otadata is not 0x2000 bytes", "it holds two sectors")
    if any(p.type == 0 and p.label not in ("ota_0", "ota_1") for p in board.partitions):
        raise UserError(str(path), "an app partition besides the slots", "remove it")
    kinds = {"ota_0": (0, 0x10), "ota_1": (0, 0x11), "otadata": (1, 0), "nvs": (1, 2)}
    for label, kind in kinds.items():
        if (board.partition(label).type, board.partition(label).subtype) != kind:
            raise UserError(str(path), f"'{label}' is of another type", "compare it with another")
