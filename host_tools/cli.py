"""The command line `seesaw`: parsing only. Every command is one row of COMMANDS."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from host_tools.errors import UserError

USAGE_ERROR = 2  # exit code


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    path: its words, 'image build'. handler: 'module:function', imported only when the command is
    used; the function takes the parsed arguments and returns the exit code.
    """

    path: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    handler: str


def _image_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--board", required=True, metavar="NAME", help="a folder of boards/")
    parser.add_argument(
        "--runtime", metavar="FILE", help="MicroPython .bin (default: a stand-in for the emulator)"
    )
    parser.add_argument("--config", metavar="FILE", help="JSON settings: Wi-Fi, instrument, ...")
    parser.add_argument("--version", metavar="V", help="such as 1.2.3 (default: the project's)")
    parser.add_argument("--out", required=True, metavar="FILE", help="the flash image to write")


def _image_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a whole flash image")
    parser.add_argument("--json", action="store_true", help="for programs")


COMMANDS = (
    Command(
        "image build",
        "write a whole flash image",
        _image_build,
        "host_tools.image.commands:build",
    ),
    Command(
        "image inspect",
        "say what a flash image holds and what it would boot",
        _image_inspect,
        "host_tools.image.commands:inspect",
    ),
)
GROUPS = {"image": "flash images"}


class _Parser(argparse.ArgumentParser):
    """Answers a wrong command line with one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError("command line", message, f"see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The parser of all COMMANDS; the parsed arguments carry `handler`."""
    root = _Parser(prog="seesaw", description="A bull and a bear on a seesaw.")
    top = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction] = {}
    for command in COMMANDS:
        group, _, name = command.path.rpartition(" ")
        if group and group not in groups:
            branch = top.add_parser(group, help=GROUPS[group])
            groups[group] = branch.add_subparsers(metavar="COMMAND", required=True)
        leaf = (groups[group] if group else top).add_parser(
            name, help=command.help, description=command.help
        )
        command.arguments(leaf)
        leaf.set_defaults(handler=command.handler)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a UserError is one line and code 2."""
    try:
        parsed = parser().parse_args(arguments)
        module, _, name = parsed.handler.partition(":")
        return int(getattr(importlib.import_module(module), name)(parsed))
    except UserError as error:
        print(f"seesaw: {error}", file=sys.stderr)
        return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
