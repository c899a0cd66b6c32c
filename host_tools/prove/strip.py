"""The picture of a scenario: a cell for each flash operation, coloured by what came of its cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from host_tools.prove.runner import Step
from host_tools.prove.subject import OK

PER_ROW = 64  # cells: of 64 bytes each, a row is a sector
CELLS_MAX = 5120  # of one phase at a time; beyond it several operations share a cell
PHASES_MAX = 40  # pieces of a strip; beyond it they stand by phase, not by time
PITCH, CELL = 10, 8  # units of the picture


def strip(steps: Sequence[Step]) -> Iterator[str]:
    """HTML: for each phase in the order of time its name and an SVG of cells."""
    pieces = [list(found) for _, found in groupby(steps, key=lambda step: step.phase)]
    if len(pieces) > PHASES_MAX:
        by_phase: dict[str, list[Step]] = {}
        for step in steps:
            by_phase.setdefault(step.phase, []).append(step)
        pieces = list(by_phase.values())
    first = True
    yield '<div class="strip">'
    for piece in pieces:
        yield f"<b>{escape(piece[0].phase)} {len(piece)}</b>"
        yield _svg(piece, first)
        first = False
    yield "</div>"


def _svg(steps: Sequence[Step], first: bool) -> str:
    share = -(-len(steps) // CELLS_MAX)
    cells = [steps[at : at + share] for at in range(0, len(steps), share)]
    height = -(-len(cells) // PER_ROW) * PITCH
    label = f"{len(steps)} flash operations of {steps[0].phase}"
    parts = [
        f'<svg viewBox="0 0 {PER_ROW * PITCH} {height}" role="group" aria-label="{escape(label)}">'
    ]
    for nth, cell in enumerate(cells):
        parts.append(_cell(nth, cell, 0 if first and nth == 0 else -1))
    return "".join([*parts, "</svg>"])


def _cell(nth: int, steps: Sequence[Step], tab: int) -> str:
    worst = next((step for step in steps if step.worst != OK), None)
    shown = worst or steps[0]
    kind = "bad" if worst else "ok" if any(step.cut for step in steps) else "uncut"
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    outcome = shown.worst if kind != "uncut" else "not cut here"
    title = (
        f"{shown.phase}:{shown.number}{more}, {shown.kind} {shown.addr:#08x} ({shown.place}), "
        f"{shown.caller}: {outcome}"
    )
    x, y = nth % PER_ROW * PITCH, nth // PER_ROW * PITCH
    return (
        f'<rect class="cell {kind}" x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="1.5" '
        f'tabindex="{tab}" role="img">'
        f"<title>{escape(title)}</title></rect>"
    )
