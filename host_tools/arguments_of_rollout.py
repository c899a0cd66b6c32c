"""The arguments of `seesaw rollout ...`: a release that comes to some devices before others."""

import argparse

from host_tools.arguments import Command
from host_tools.arguments_of_release import Words, moment


def _of(parser: argparse.ArgumentParser) -> Words:
    words = Words(parser)
    words.folder()
    parser.add_argument("version", metavar="VERSION", help="of the release, on every board")
    return words


def _ends(words: Words, *, keys: bool = True) -> None:
    words.keys(required=keys)
    words.option("--out", "DIR", "also bring the folder that a web host serves up to date")
    words.dry()
    words.ends()


def _hours(words: Words) -> None:
    words.option("--start-epoch", "TIME", "when the ring begins (default: now)", type=moment)
    _force(words)


def _force(words: Words) -> None:
    words.parser.add_argument("--force", action="store_true", help="inside the US session too")


def _start(parser: argparse.ArgumentParser) -> None:
    words = _of(parser)
    words.option("--plan", "FILE", "rings and abort rule, JSON (host_tools/README.md)",
                 required=True)  # fmt: skip
    _hours(words)
    _ends(words)


def _widen(parser: argparse.ArgumentParser) -> None:
    words = _of(parser)
    _hours(words)
    _ends(words)


def _resume(parser: argparse.ArgumentParser) -> None:
    words = _of(parser)
    _force(words)
    _ends(words)


def _stop(parser: argparse.ArgumentParser) -> None:
    words = _of(parser)
    words.option("--why", "TEXT", "for whoever looks next, 60 characters", default="")
    _ends(words)


def _recall(parser: argparse.ArgumentParser) -> None:
    _ends(_of(parser))


def _status(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument("version", metavar="VERSION", nargs="?", help="one alone (default: all)")
    words.ends()


def _watch(parser: argparse.ArgumentParser) -> None:
    words = _of(parser)
    parser.add_argument(
        "logs", metavar="LOG", nargs="+",
        help="access logs of the static host since the start, as for 'fleet report'",
    )  # fmt: skip
    _ends(words, keys=False)


ROOM = "host_tools.rollout.commands:"
COMMANDS = (
    Command("rollout start", "begin a rollout with the first ring of a plan", _start,
            f"{ROOM}start"),
    Command("rollout widen", "go on to the next ring", _widen, f"{ROOM}widen"),
    Command("rollout pause", "have no device start to install it, until somebody has looked", _stop,
            f"{ROOM}pause"),
    Command("rollout halt", "have no device start to install it, by your decision; asks nothing",
            _stop, f"{ROOM}halt"),
    Command("rollout resume", "go on where it was paused or halted", _resume, f"{ROOM}resume"),
    Command("rollout recall", "have devices that run it boot their other slot, on every board",
            _recall, f"{ROOM}recall"),
    Command("rollout status", "say where each rollout stands", _status, f"{ROOM}status"),
    Command("rollout watch", "pause it when the logs meet its abort rule; code 1 if they do",
            _watch, "host_tools.rollout.watching:watch"),
)  # fmt: skip
