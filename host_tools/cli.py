"""The command line `seesaw`: parsing only. Every command is one row of COMMANDS."""

import argparse
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from host_tools import (
    arguments_of_board,
    arguments_of_drill,
    arguments_of_fleet,
    arguments_of_help,
    arguments_of_incident,
    arguments_of_market,
    arguments_of_motion,
    arguments_of_notice,
    arguments_of_proof,
    arguments_of_recipes,
    arguments_of_release,
    arguments_of_rollout,
    arguments_of_twin,
    bench_groups,
)
from host_tools.arguments import Command
from host_tools.errors import UserError
from host_tools.stopping import INTERRUPTED

USAGE_ERROR, BROKEN_PIPE = 2, 141  # exit codes
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
EXIT_CODES = f"""exit codes:
  0    all went well
  1    it ran, and what it looked at is not well
  {USAGE_ERROR}    something to put right: one line says what, why, and what to type
  {INTERRUPTED}  Ctrl-C; 0 where it is the usual end
  {BROKEN_PIPE}  whoever read the output has gone

Data goes to standard output, messages to standard error; NAME --help tells more."""


def _image_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--board", required=True, metavar="NAME", help="a folder of boards/")
    parser.add_argument(
        "--runtime", metavar="FILE", help="MicroPython .bin (default: a stand-in for the emulator)"
    )
    parser.add_argument("--config", metavar="FILE", help="JSON settings: Wi-Fi, instrument, ...")
    parser.add_argument("--version", metavar="V", help="such as 1.2.3 (default: the project's)")
    parser.add_argument(
        "--root", metavar="FILE", help="root.json that it trusts (default: the development key's)"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="the flash image to write")


def _image_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a whole flash image")
    parser.add_argument("--json", action="store_true", help="for programs")


def _conformance(parser: argparse.ArgumentParser) -> None:
    def flag(name: str, help: str) -> None:
        parser.add_argument(name, action="store_true", help=help)

    parser.add_argument("names", metavar="NAME", nargs="*", help="scripts (default: all)")
    parser.add_argument(
        "--port", metavar="PORT", help="a board's serial port, or a pyserial URL such as socket://"
    )
    parser.add_argument(
        "--engine", choices=("cpython", "micropython", "both"), default="both",
        help="without a port (default: both)",
    )  # fmt: skip
    parser.add_argument(
        "--board", metavar="NAME", default="esp32_wrover",
        help="of the engines, a folder of boards/ (default: esp32_wrover)",
    )  # fmt: skip
    flag("--yes", "do not ask before a board's flash is written")
    flag("--record", "write what the board prints as what is expected")
    parser.add_argument("--restore", metavar="FILE", help="write back what an earlier run saved")
    parser.add_argument(
        "--runtime-record", metavar="FILE",
        help="on a seesaw: show trial and rollback on its runtime, and record it for release sign",
    )  # fmt: skip
    flag("--json", "for programs")


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--quick", action="store_true", help="hardly any repeats: noisy times")
    parser.add_argument(
        "--only", action="append", choices=bench_groups.GROUPS,
        help="these rows alone; may be repeated",
    )
    parser.add_argument("--strict", action="store_true", help="end with code 1 on a miss")


COMMANDS: tuple[Command, ...] = (
    *arguments_of_proof.COMMANDS,
    *arguments_of_motion.COMMANDS,
    *arguments_of_notice.COMMANDS,
    *arguments_of_release.COMMANDS,
    *arguments_of_rollout.COMMANDS,
    *arguments_of_fleet.COMMANDS,
    *arguments_of_recipes.COMMANDS,
    *arguments_of_incident.COMMANDS,
    *arguments_of_drill.COMMANDS,
    *arguments_of_twin.COMMANDS,
    *arguments_of_market.COMMANDS,
    *arguments_of_board.COMMANDS,
    Command(
        "conformance",
        "the same scripts on both engines, or on a board, against what is recorded",
        _conformance,
        "host_tools.conform:main",
    ),
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
    Command(
        "bench",
        "speed and memory against their limits, as ratios taken in one run",
        _bench,
        "host_tools.bench:main",
    ),
    *arguments_of_help.COMMANDS,
)
GROUPS = {
    "fleet": "all devices together",
    "image": "flash images",
    "incident": "telling what broke: files, status page, letters",
    "motion": "the beam's motion",
    "notice": "a word to owners, shown by their devices",
    "recipe": "recipes of data providers",
    "release": "releases",
    "rollout": "a release to some devices before others",
}


class _Parser(argparse.ArgumentParser):
    """Answers a wrong command line with one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError("command line", message, f"see {self.prog} --help")

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse's own goes on when nobody gets it."""
        print(message, end="", file=file or sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The parser of all COMMANDS; the parsed arguments carry `handler`."""
    root = _Parser(
        prog="seesaw", description="A bull and a bear on a seesaw.", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    top = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction] = {}
    leaves: dict[str, argparse.ArgumentParser] = {}
    for command in COMMANDS:
        group, _, name = command.path.rpartition(" ")
        if group and group not in groups:
            own = leaves.get(group)  # `seesaw market` is a command, and has some
            branch = own or top.add_parser(group, help=GROUPS[group])
            groups[group] = branch.add_subparsers(metavar="COMMAND", required=own is None)
        leaf = (groups[group] if group else top).add_parser(
            name, help=command.help, description=command.help
        )
        leaves[command.path] = leaf
        command.arguments(leaf)
        leaf.set_defaults(handler=command.handler)
    leaves["completion"].set_defaults(root=root)
    leaves["drill"].set_defaults(main=main)  # it types commands
    return root


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    try:
        return parser().parse_args(arguments)
    except UserError:
        if any(word.startswith("--pass") for word in arguments):  # an error quotes what it minds
            fix = "put the password in quotes, or into SEESAW_PASSWORD"
            raise UserError("command line", "not understood", fix) from None
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a UserError is one line and code 2, as is a file
    that the system refuses, or standard output; Ctrl-C 130."""
    if sys.stderr is None:  # 2>&-
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as this process lives
    if sys.stdout is None:  # >&-
        return _told(UserError("standard output", "it is closed", "send it somewhere"))
    try:
        code = _run(arguments)
        sys.stdout.flush()  # what does not get out is an error, and no longer one at exit
        return code
    except BrokenPipeError:  # whoever reads has seen enough, as head does
        _forget(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:
        return _told(_refused(error))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        parsed = _parse(sys.argv[1:] if arguments is None else arguments)
        module, _, name = parsed.handler.partition(":")
        return int(getattr(importlib.import_module(module), name)(parsed))
    except UserError as error:
        return _told(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except RecursionError as error:
        if not _of_json(error):
            raise
        fix = "mend what was named as JSON"
        return _told(UserError("a file", "its JSON is nested too deeply", fix))
    except SystemExit:  # of --help
        sys.stdout.flush()
        raise


def _told(error: UserError) -> int:
    try:
        print(f"seesaw: {error}", file=sys.stderr, flush=True)
    except OSError:  # then the code alone says it
        _forget(sys.stderr)
    return USAGE_ERROR


def _refused(error: OSError) -> UserError:
    """What the system refused, in our words. Raises what is none of the user's business."""
    if error.filename is not None:
        fix = "see that it is there, that its name is one, and that it may be read and written"
        return UserError(str(error.filename), error.strerror or repr(error), fix)
    try:
        sys.stdout.flush()  # what it did not take is still there
    except OSError as lost:
        _forget(sys.stdout)
        why = (lost.strerror or repr(lost)).lower()
        return UserError("standard output", why, "send it where there is room")
    if error.errno in NO_ROOM:  # of a write, whose error does not know its file
        why = (error.strerror or repr(error)).lower()
        return UserError("standard output, or a file", why, "make room, or name another place")
    raise error


def _of_json(error: RecursionError) -> bool:
    """Did json run out of stack, and not a program that never ends?"""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return any(Path(frame.filename).parent.name == "json" for frame in frames)


def _forget(stream: TextIO) -> None:
    """What is left for it, and what comes, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
