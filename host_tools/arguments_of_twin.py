"""The arguments of the commands around an emulated seesaw."""

import argparse
from typing import Any

from host_tools.arguments import Command, count, port, seconds

PICTURES = ("page", "faults", "fleet")  # of twin.screenshot
SPEEDS = (1, 10, 60)  # as twin.pace has them; to import it would take --help too long


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
    option("--record", "FILE", "write what is shown of the market as JSON lines")
    option("--replay", "FILE", "such a record in place of the market")
    option("--seed", "N", "of the simulated prices (default: 1)", type=count, default=1)
    option("--for", "SECONDS", "how long (default: until Ctrl-C)", type=seconds, dest="seconds")
    option("--offer", "SECONDS", "offer a release that long after power-on", type=seconds)
    parser.add_argument(
        "--headless", action="store_true",
        help="offer a release half-way and judge the run: code 0 only if all went well",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    option("--port", "N", "of the page (default: 8080, or the next free)", type=port, default=8080)
    parser.add_argument("--no-page", action="store_true", help="serve no page to look at")
    option("--board", "NAME", "a folder of boards/ (default: esp32_wrover)", default="esp32_wrover")
    option("--runtime", "FILE", "MicroPython .bin (default: a stand-in for the emulator)")
    option("--config", "FILE", "JSON settings, on top of those of the simulation")
    option("--build", "DIR", "where flash.bin goes (default: build)", default="build")


def _twin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=int, choices=SPEEDS, default=1, help="times real time (default: 1)"
    )
    parser.add_argument(
        "--fleet", metavar="N", type=count,
        help="so many seesaws, and a staged rollout; with --headless by itself, judged by its end",
    )  # fmt: skip
    _run(parser)


def _market(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instrument", metavar="NAME", default="sp500", help="default: sp500")
    parser.add_argument(
        "--port", metavar="N", type=port, default=8000, help="0 for any (default: 8000)"
    )
    parser.add_argument(
        "--clock", choices=("sim", "real"), default="sim", help="60 times real time, or now"
    )


def _screenshot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="FILE", help="the PNG to write")
    parser.add_argument(
        "--of", choices=PICTURES, default="page", help="which (default: page)"
    )
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
    option("--for", "SECONDS", "how long (default: until Ctrl-C)", type=seconds, dest="seconds")
    option("--build", "DIR", "where a flash.bin that is built goes (default: build)",
           default="build")  # fmt: skip
    parser.add_argument(
        "--save", action="store_true", help="at the end write the flash back to its file"
    )


COMMANDS = (
    Command(
        "run",
        "the main job: an emulated seesaw follows a market",
        _run,
        "host_tools.twin.run:run",
    ),
    Command(
        "twin",
        "the same in virtual time, on CPython: 1, 10 or 60 times real time",
        _twin,
        "host_tools.twin.run:run",
    ),
    Command(
        "market",
        "serve the simulated market alone",
        _market,
        "host_tools.twin.run:market",
    ),
    Command(
        "emulate",
        "an emulated board on a serial port, for mpremote, esptool and the commands below",
        _emulate,
        "host_tools.twin.emulate:main",
    ),
    Command(
        "screenshot",
        "take a picture of a page: of one seesaw, of faults, of a fleet (needs Chromium)",
        _screenshot,
        "host_tools.twin.screenshot:main",
    ),
)
