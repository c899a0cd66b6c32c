"""The arguments of the commands about the beam's motion."""

import argparse

from host_tools.arguments import Command


def _plot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--instrument", metavar="NAME", help="whose sigma and name (default: sp500)"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--percent", metavar="P", type=float, nargs="+",
        help="moves of the day, in percent (default: a row that shows every rule)",
    )  # fmt: skip
    which.add_argument(
        "--from-log", metavar="FILE", help="the quotes of a log of the serial console"
    )
    parser.add_argument("--config", metavar="FILE", help="JSON settings of the beam")
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="the PNG to write")
    parser.add_argument("--json", action="store_true", help="the figures for programs")


COMMANDS = (
    Command("motion plot", "draw how the beam moves: command, beam, limits", _plot,
            "host_tools.motion.commands:plot"),
)  # fmt: skip
