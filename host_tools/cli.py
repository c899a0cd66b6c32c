"""The command line `seesaw`: parsing only. Every command is one row of COMMANDS."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from host_tools import (
    arguments_of_board,
    arguments_of_market,
    arguments_of_motion,
    arguments_of_proof,
    arguments_of_recipes,
    arguments_of_release,
    bench_groups,
)
from host_tools.arguments import Command, count
from host_tools.errors import UserError

USAGE_ERROR, INTERRUPTED, BROKEN_PIPE = 2, 130, 141  # exit codes
EXIT_CODES = f"""exit codes:
  0    all went well
  1    it ran, and what it looked at is not well
  {USAGE_ERROR}    something to put right: one line says what, why, and what to type
  {INTERRUPTED}  Ctrl-C
  {BROKEN_PIPE}  whoever read the output has gone

Data goes to standard output, messages to standard error; NAME --help tells more."""
SECONDS_MAX = 10**8  # three years
PORT_MAX = 65535


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


def _run(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, help: str, **more: Any) -> None:
        parser.add_argument(name, metavar=metavar, help=help, **more)

    option("--instrument", "NAME", "what to follow (default: sp500)")
    option("--market", "sim|live|FOLDER", default="sim",
           help="a simulated market (default), the real providers over the network, or the"
           " recorded days of a folder of CSV files, one every few seconds")  # fmt: skip
    parser.add_argument(
        "--check", action="store_true",
        help="with --market FOLDER: show every recorded day by the beam and judge it; code 1 on"
        " any miss",
    )  # fmt: skip
    parser.add_argument(
        "--clock", choices=("sim", "real"), default="sim",
        help="of the simulated market: from ten minutes after an open, 60 times as fast; or now",
    )  # fmt: skip
    option("--seed", "N", "of the simulated prices (default: 1)", type=count, default=1)
    option("--for", "SECONDS", "how long (default: until Ctrl-C)", type=_seconds, dest="seconds")
    option("--offer", "SECONDS", "offer a release that long after power-on", type=_seconds)
    parser.add_argument(
        "--headless", action="store_true",
        help="offer a release half-way and judge the run: code 0 only if all went well",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    option("--port", "N", "of the page (default: 8080, or the next free)", type=_port, default=8080)
    parser.add_argument("--no-page", action="store_true", help="serve no page to look at")
    option("--board", "NAME", "a folder of boards/ (default: esp32_wrover)", default="esp32_wrover")
    option("--runtime", "FILE", "MicroPython .bin (default: a stand-in for the emulator)")
    option("--config", "FILE", "JSON settings, on top of those of the simulation")
    option("--build", "DIR", "where flash.bin goes (default: build)", default="build")


def _market(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instrument", metavar="NAME", default="sp500", help="default: sp500")
    parser.add_argument(
        "--port", metavar="N", type=_port, default=8000, help="0 for any (default: 8000)"
    )
    parser.add_argument(
        "--clock", choices=("sim", "real"), default="sim", help="60 times real time, or now"
    )


def _screenshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="FILE", help="the PNG to write")
    parser.add_argument("--width", metavar="N", type=count, default=1280, help="default: 1280")
    parser.add_argument("--dark", action="store_true", help="as in dark mode")


def _emulate(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, help: str, **more: Any) -> None:
        parser.add_argument(name, metavar=metavar, help=help, **more)

    parser.add_argument(
        "--pty", action="store_true", help="offer the serial line as a pseudo-terminal (always on)"
    )
    option("--instrument", "NAME", "what to follow (default: the image's own, or sp500)")
    option("--board", "NAME", "a folder of boards/ (default: esp32_wrover)", default="esp32_wrover")
    option("--config", "FILE", "JSON settings, on top of those of the simulation")
    option("--flash", "FILE", "boot this flash image (default: build one)")
    option("--runtime", "FILE", "MicroPython .bin of the one to build (default: a stand-in)")
    option("--for", "SECONDS", "how long (default: until Ctrl-C)", type=_seconds, dest="seconds")
    option("--build", "DIR", "where a flash.bin that is built goes (default: build)",
           default="build")  # fmt: skip
    parser.add_argument(
        "--save", action="store_true", help="at the end write the flash back to its file"
    )


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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds") from None
    if not 0 < seconds < SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below {SECONDS_MAX}")
    return seconds


def _port(text: str) -> int:
    port = count(text)
    if port > PORT_MAX:
        raise argparse.ArgumentTypeError(f"{port} is above {PORT_MAX}")
    return port


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
    *arguments_of_release.COMMANDS,
    *arguments_of_recipes.COMMANDS,
    Command(
        "run",
        "the main job: an emulated seesaw follows a market",
        _run,
        "host_tools.twin.run:run",
    ),
    Command(
        "market",
        "serve the simulated market alone",
        _market,
        "host_tools.twin.run:market",
    ),
    *arguments_of_market.COMMANDS,
    Command(
        "emulate",
        "an emulated board on a serial port, for mpremote, esptool and the commands below",
        _emulate,
        "host_tools.twin.emulate:main",
    ),
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
        "screenshot",
        "take a picture of the page of `seesaw run` (needs Chromium)",
        _screenshot,
        "host_tools.twin.screenshot:main",
    ),
    Command(
        "bench",
        "speed and memory against their limits, as ratios taken in one run",
        _bench,
        "host_tools.bench:main",
    ),
)
GROUPS = {
    "image": "flash images",
    "motion": "the beam's motion",
    "recipe": "recipes of data providers",
    "release": "releases",
}


class _Parser(argparse.ArgumentParser):
    """Answers a wrong command line with one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UserError("command line", message, f"see {self.prog} --help")


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
    """Run one command and return its exit code; a UserError is one line and code 2, Ctrl-C 130."""
    try:
        parsed = _parse(sys.argv[1:] if arguments is None else arguments)
        module, _, name = parsed.handler.partition(":")
        return int(getattr(importlib.import_module(module), name)(parsed))
    except UserError as error:
        print(f"seesaw: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
