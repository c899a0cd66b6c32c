"""The papers of a board, made from its data: a wiring picture, a list of parts, a manifest.

`seesaw boards` writes them beside board.json; a test keeps them in step.
"""

import csv
import io
from argparse import Namespace
from pathlib import Path

from host_tools.emulator.chips import CHIPS
from host_tools.image import board as boards
from host_tools.image import files, wiring
from host_tools.image.board import Board

MANIFEST = '''\
# Freezes launcher and application into a runtime of your own. In ports/esp32 of MicroPython:
#     make {options} FROZEN_MANIFEST=<this file>
# A slot's bundle still comes first: what is frozen is there when a bundle lacks it.
include("$(PORT_DIR)/boards/manifest.py")
freeze("../../firmware/launcher", "main.py", opt=3)
package("seesaw", base_path="../../firmware", opt=3)
'''


def main(args: Namespace) -> int:
    """Write the papers of every board."""
    for name in boards.names():
        folder = boards.BOARDS / name
        made = papers(boards.load(name))
        files.replace({folder / file: text.encode() for file, text in made.items()})
        print(f"{Path('boards', name)}: {', '.join(made)}")
    return 0


def papers(board: Board) -> dict[str, str]:
    """File name -> text."""
    return {
        "wiring.svg": wiring.svg(board),
        "parts.csv": parts(board),
        "manifest.py": MANIFEST.format(options=_make_options(board)),
    }


def parts(board: Board) -> str:
    """What to buy. Currents: of small and large servos that stall."""
    chip = CHIPS[board.chip]
    rows = [
        ("part", "value", "count", "note"),
        ("board", board.title, 1, f"runs {board.runtime}"),
        ("servo", "digital, metal gear, dead band of 2 us or less", 1,
         "a small one draws 0.8 A when it stalls, a large one up to 2.5 A"),
        ("supply", "5 V, 2 A or more", 1, "a rail of the servo's own; 3 A for a large servo"),
        ("capacitor", "470 to 1000 uF, 10 V or more, electrolytic", 1,
         "across the rail, at the servo; the stripe is minus"),
    ]  # fmt: skip
    if board.led_pin not in chip.strapping:
        rows += [
            ("LED", "3 mm, any colour but blue or white", 1, f"at GPIO {board.led_pin}"),
            ("resistor", "330 ohm", 1, "in series with the LED"),
        ]
    if board.button_pin not in chip.strapping:
        rows.append(("button", "closes when pressed", 1, f"GPIO {board.button_pin} to ground"))
    rows.append(("wire", "0.5 mm2 or more", 4, "5 V and ground, to the board and to the servo"))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _make_options(board: Board) -> str:
    """Of MicroPython's make: 'ESP32_GENERIC-OTA' is the variant OTA of ESP32_GENERIC."""
    build, _, variant = board.runtime.split()[0].partition("-")
    return f"BOARD={build}" + (f" BOARD_VARIANT={variant}" if variant else "")
