"""The arguments of the commands about a board at the end of a cable."""

import argparse
from pathlib import Path

from host_tools.arguments import Command, count

LOG_LEVELS = ("error", "warning", "info", "debug")  # as image.settings has them, for a quick --help


def _cable(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", metavar="PORT",
        help="serial port of the board, or a pyserial URL (default: the only one plugged in)",
    )  # fmt: skip


def _deploy(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--version", metavar="V", help="default: one above the version that runs, with the time"
    )
    what.add_argument(
        "--release", metavar="FILE", help="in place of the tree: a release of 'release build'"
    )
    parser.add_argument(
        "--trial-s", metavar="N", type=count, default=60,
        help="seconds that it must prove itself, 10 to 600 (default: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--runtime", metavar="FILE", help="refuse unless the board runs this MicroPython .bin"
    )


def _config(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    parser.add_argument(
        "--config", metavar="FILE", type=Path,
        help="JSON settings of any kind, such as keys, providers, stream and ntp (SPEC.md, NVS);"
        " what else is given goes before them",
    )  # fmt: skip
    parser.add_argument("--ssid", metavar="S", help="name of the Wi-Fi network")
    parser.add_argument(
        "--password", metavar="P",
        help="of the Wi-Fi; - asks for it. Others can read a command line: better put it into"
        " SEESAW_PASSWORD of the environment",
    )  # fmt: skip
    parser.add_argument("--instrument", metavar="NAME", help="what to follow")
    parser.add_argument(
        "--rotation", metavar="NAMES", type=lambda text: [name for name in text.split(",") if name],
        help="further instruments that take turns with it, as dax,btc; '' for none",
    )  # fmt: skip
    parser.add_argument("--update-url", metavar="URL", help="where releases come from")
    parser.add_argument("--tz", metavar="ZONE", help="of the quiet hours, a POSIX string")
    parser.add_argument(
        "--log-level", metavar="LEVEL", choices=LOG_LEVELS,
        help="which events the serial line is told: error, warning, info or debug",
    )  # fmt: skip
    for name, unit in (
        ("poll-s", "seconds between two quotes"),
        ("check-s", "seconds between two looks for a release"),
        ("servo-pin", "GPIO of the servo"),
        ("center-us", "pulse of the level beam, microseconds"),
        ("us-per-degree", "microseconds a degree of the beam, negative to turn the other way"),
        ("low-us", "the lowest pulse that the servo may get, microseconds"),
        ("high-us", "the highest"),
        ("sensitivity", "percent: 200 tilts as far for half the move"),
        ("approach-us", "overshoot against backlash, negative to come from above, 0 for none"),
        ("power-pin", "GPIO that switches the servo's supply, -1 for none"),
        ("button-pin", "GPIO of the button, to ground; -1 for none"),
        ("quiet-from", "minute of the day from which the beam keeps still"),
        ("quiet-to", "minute of the day up to which it does"),
        ("turn-min", "minutes of each turn, 5 to 240"),
    ):
        parser.add_argument(f"--{name}", metavar="N", type=int, help=unit)


def _download(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    parser.add_argument(
        "--no-stub", action="store_true", help="by the chip's ROM alone: slower, for odd adapters"
    )


def _flash(parser: argparse.ArgumentParser) -> None:
    _download(parser)
    parser.add_argument("--image", required=True, metavar="FILE", help="a whole flash image")
    parser.add_argument(
        "--board", metavar="NAME", help="a folder of boards/ (default: the image's)"
    )
    parser.add_argument(
        "--erase-nvs", action="store_true",
        help="make it a new device: Wi-Fi, settings and keys go, the image's come",
    )  # fmt: skip
    _yes(parser)


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask before anything is erased")


def _backup(parser: argparse.ArgumentParser) -> None:
    _download(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="the .bin to write (default: build/backup-<MAC>.bin)"
    )


def _restore(parser: argparse.ArgumentParser) -> None:
    _download(parser)
    parser.add_argument("file", metavar="FILE", help="the .bin of a backup, its .json beside it")
    _yes(parser)


def _selftest(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    parser.add_argument(
        "--yes", action="store_true",
        help="ask nobody: what has to be seen is recorded as not looked at",
    )  # fmt: skip
    parser.add_argument(
        "--record", metavar="FILE", help="the JSON to write (default: build/selftest-<MAC>.json)"
    )
    parser.add_argument("--json", action="store_true", help="the record in place of the table")


def _diag(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    parser.add_argument("--json", action="store_true", help="for programs, in place of the paste")


def _diag_read(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a paste, or a log with one; - for the input")
    parser.add_argument("--json", action="store_true", help="for programs")


def _console(parser: argparse.ArgumentParser) -> None:
    _cable(parser)
    parser.add_argument("--capture", metavar="FILE", help="add all that it says to this file")
    parser.add_argument("--no-times", action="store_true", help="do not say when each line came")


def _none(parser: argparse.ArgumentParser) -> None:
    pass


COMMANDS = (
    Command("flash", "write a whole flash image to a board", _flash,
            "host_tools.board.flash:main"),
    Command("backup", "save the whole flash of a board to a file", _backup,
            "host_tools.board.backup:save"),
    Command("restore", "write a backup back to its board", _restore,
            "host_tools.board.backup:restore"),
    Command("selftest", "servo, LED, button, Wi-Fi, flash, clock: does all of it work?", _selftest,
            "host_tools.board.selftest:main"),
    Command("deploy", "install the working tree by cable, and follow its trial", _deploy,
            "host_tools.board.deploy:main"),
    Command("try", "run the working tree from here, installing nothing", _cable,
            "host_tools.board.tryout:main"),
    Command("config", "change settings by cable", _config, "host_tools.board.configure:main"),
    Command("console", "look at the serial line, and type commands; Ctrl-] leaves", _console,
            "host_tools.board.console:main"),
    Command("diag", "ask a seesaw how it is: one paste for support", _diag,
            "host_tools.board.diag:main"),
    Command("diag read", "say what a paste is about, and known trouble in it", _diag_read,
            "host_tools.board.diag:read"),
    Command("boards", "draw the wiring of every board anew, with parts and manifest", _none,
            "host_tools.image.papers:main"),
)  # fmt: skip
