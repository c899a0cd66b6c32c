"""Parts of a board's flash kept in a file on this machine, and written back from it.

Sectors that are blank are not kept, and only those that differ are written back.
"""

import ast
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from host_tools.board.repl import Repl
from host_tools.errors import UserError
from host_tools.progress import Progress

FORMAT = 1
SECTOR = 4096  # bytes
HALF = 2048  # bytes in one message
BLANK = "-"
MAP_S = 60.0  # of silence: reading and hashing a whole slot comes out in lines

# The watchdog of the program that ran, if any, and a way out when the cable is pulled.
BEGIN = """
import machine
machine.WDT(timeout=900000)
from binascii import a2b_base64, b2a_base64, hexlify
from hashlib import sha256
from esp32 import Partition
_sector = bytearray(4096)
def _map(label):
    part = Partition(label)
    for n in range(part.info()[3] // 4096):
        part.readblocks(n, _sector)
        blank = _sector == b"\\xff" * 4096
        print("-" if blank else hexlify(sha256(_sector).digest()[:12]).decode())
def _read(label, n):
    Partition(label).readblocks(n, _sector)
    print(b2a_base64(_sector).decode().strip())
def _put(label, n, at, text):
    Partition(label).writeblocks(n, a2b_base64(text), at)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Some partitions of one board. uid: its unique id in hex; parts: label -> sector number ->
    its 4096 bytes, of those that are not blank; sizes: label -> bytes."""

    uid: str
    sizes: dict[str, int] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        packed = {
            label: {str(n): base64.b64encode(data).decode() for n, data in sectors.items()}
            for label, sectors in self.parts.items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self) | {"parts": packed, "format": FORMAT}), "utf-8")

    @classmethod
    def read(cls, path: Path) -> "Kept":
        """UserError for a file that is none of ours."""
        try:
            found = json.loads(path.read_text("utf-8"))
            if found["format"] != FORMAT:
                raise ValueError
            parts = {
                label: {int(n): base64.b64decode(data) for n, data in sectors.items()}
                for label, sectors in found["parts"].items()
            }
            return cls(found["uid"], found["sizes"], parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError,
                RecursionError) as error:  # fmt: skip
            fix = "name the file that seesaw conformance spoke of"
            raise UserError(str(path), "it holds no saved flash", fix) from error


def keep(repl: Repl, uid: str, labels: list[str], stopped: Callable[[], bool]) -> Kept:
    """Read these partitions. Raises Lost, Refused; KeyboardInterrupt once `stopped`."""
    kept = Kept(uid)
    repl.run(BEGIN)
    maps = {label: _map(repl, label) for label in labels}
    used = sum(mark != BLANK for marks in maps.values() for mark in marks)
    progress = Progress("save", max(1, used) * SECTOR)
    try:
        for label, marks in maps.items():
            kept.sizes[label] = len(marks) * SECTOR
            kept.parts[label] = {}
            for n, mark in enumerate(marks):
                if mark != BLANK:
                    if stopped():
                        raise KeyboardInterrupt
                    kept.parts[label][n] = base64.b64decode(repl.run(f"_read({label!r}, {n})"))
                    progress.add(SECTOR)
    finally:
        progress.end()
    return kept


def put_back(repl: Repl, kept: Kept, labels: list[str]) -> None:
    """Write what differs, read it all again. Raises Lost, Refused; UserError when it stays so."""
    repl.run(BEGIN)
    todo = [(label, n) for label in labels for n in _wrong(repl, kept, label)]
    progress = Progress("restore", max(1, len(todo)) * SECTOR)
    try:
        for label, n in todo:
            repl.run(f"Partition({label!r}).ioctl(6, {n})")
            data = kept.parts[label].get(n, b"")
            for at in range(0, len(data), HALF):
                text = base64.b64encode(data[at : at + HALF]).decode()
                repl.run(f"_put({label!r}, {n}, {at}, '{text}')")
            progress.add(SECTOR)
    finally:
        progress.end()
    for label in {label for label, _ in todo}:
        if wrong := _wrong(repl, kept, label):
            why = f"{len(wrong)} sectors of it do not take what is written"
            raise UserError(f"partition '{label}'", why, "the flash may be worn")


def running(repl: Repl) -> str:
    """The label of the slot that runs. Raises Lost, Refused."""
    code = "from esp32 import Partition\nprint(repr(Partition(Partition.RUNNING).info()[4]))"
    return str(ast.literal_eval(repl.run(code).strip()))


def _map(repl: Repl, label: str) -> list[str]:
    """One mark a sector: BLANK, or the start of its hash."""
    return repl.run(f"_map({label!r})", MAP_S).split()


def _wrong(repl: Repl, kept: Kept, label: str) -> list[int]:
    found = _map(repl, label)
    if len(found) * SECTOR != kept.sizes[label]:
        why = f"it has {len(found) * SECTOR} bytes, the saved one {kept.sizes[label]}"
        raise UserError(f"partition '{label}'", why, "restore the board that was saved")
    sectors = kept.parts[label]
    wanted = [_mark(sectors[n]) if n in sectors else BLANK for n in range(len(found))]
    return [n for n, mark in enumerate(wanted) if mark != found[n]]


def _mark(data: bytes) -> str:
    return hashlib.sha256(data).digest()[:12].hex()
