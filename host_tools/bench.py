"""`seesaw bench`: speed and memory as figures against limits, all taken in one run.

Speed is stated in starts of Python, so that it says the same on a slow machine as on a fast one.
Noise only ever adds time; so a time is the least of many, and what is compared is taken in turn.
"""

import argparse
import importlib
import json
import platform
import textwrap
from dataclasses import asdict, dataclass

from host_tools.bench_groups import GROUPS, QUICK

KB = 1024  # bytes
NOTE_WIDTH = 100  # characters
COLUMNS = ("what", "figure", "limit", "ratio", "ok")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in `unit`. figure: None where it could not be measured. limit: what it may be at
    most, in the same unit; None for a figure that is only reported. times: how many starts of
    Python the limit is, 0 for another kind of limit."""

    what: str
    figure: float | None
    unit: str
    limit: float | None = None
    times: int = 0
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """figure / limit: above 1 is a miss. None without either, or for a limit of 0."""
        return self.figure / self.limit if self.limit and self.figure is not None else None

    @property
    def ok(self) -> bool | None:
        """Does the limit hold? None without a limit or a figure."""
        if self.limit is None or self.figure is None:
            return None
        return self.figure <= self.limit


def main(arguments: argparse.Namespace) -> int:
    """Measure and print. 0, or 1 with --strict unless every limit was measured and holds.

    UserError when the firmware does not do what is to be measured.
    """
    rows: list[Row] = []
    for name in arguments.only or (QUICK if arguments.quick else GROUPS):
        # Late: the rows import this module.
        module = importlib.import_module(f"host_tools.bench_{name}")
        timed = [module.QUICK if arguments.quick else module.FULL] if name == "time" else []
        rows += module.measure(*timed)
    print(as_json(rows) if arguments.json else as_text(rows))
    held = all(row.ok for row in rows if row.limit is not None)
    return 0 if held or not arguments.strict else 1


def as_json(rows: list[Row]) -> str:
    """The rows for programs: {"python": "3.11.7", "rows": [{"what": ...}]}."""
    found = [asdict(row) | {"ratio": row.ratio, "ok": row.ok} for row in rows]
    return json.dumps({"python": platform.python_version(), "rows": found}, indent=2)


def as_text(rows: list[Row]) -> str:
    """The table of COLUMNS, then the notes of its rows."""
    cells = [COLUMNS, *((row.what, *_cells(row)) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    table = [_line(line, widths) for line in cells]
    notes = [f"{row.what.strip()}: {row.note}." for row in rows if row.note]
    notes.insert(0, "ratio is figure / limit; above 1 is a miss. 1 KB is 1024 bytes.")
    wrapped = [textwrap.fill(note, NOTE_WIDTH, subsequent_indent="  ") for note in notes]
    return "\n".join([*table, "", *wrapped])


def _cells(row: Row) -> tuple[str, str, str, str]:
    figure = "-" if row.figure is None else _number(row.figure, row.unit)
    limit = "-" if row.limit is None else _number(row.limit / (row.times or 1), row.unit)
    if row.times:
        limit = f"{row.times} x {limit}"
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    unknown = "-" if row.limit is None else "not measured"
    return figure, limit, ratio, {True: "ok", False: "MISS", None: unknown}[row.ok]


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    digits = 4 if 0 < value < 0.1 else digits
    return f"{value:.{digits}f} {unit}".rstrip()


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:-1], widths[1:-1], strict=True)]
    return "  ".join([first, *rest, cells[-1]])
