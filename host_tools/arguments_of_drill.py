"""The arguments of `seesaw drill`."""

import argparse

from host_tools.arguments import Command


def _drill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", default="build/drill",
                        help="where all its files are left (default: build/drill)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object")


COMMANDS = (
    Command("drill", "rehearse the founding week: outage, incident, recipe, bad fix, fix", _drill,
            "host_tools.drill.command:drill"),
)  # fmt: skip
