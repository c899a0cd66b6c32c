"""The arguments of `seesaw notice ...`: a word to owners, shown by their devices."""

import argparse

from host_tools.arguments import Command
from host_tools.arguments_of_incident import later, moment


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--in", dest="file", metavar="FILE", default="alerts.json",
                        help="the notices (default: alerts.json)")  # fmt: skip
    parser.add_argument("--now", type=moment, metavar="TIME", help="in place of the clock")


def _dry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print the file, and write nothing")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", metavar="TITLE", help="what owners read: plain, 140 characters")
    parser.add_argument("--severity", required=True, choices=("notice", "disrupted", "down"),
                        help="as of the incident: of several the worst is shown")  # fmt: skip
    parser.add_argument("--end", type=later, required=True, metavar="TIME",
                        help="from then on nobody sees it: +24h, or 2026-11-25T18:00Z")  # fmt: skip
    parser.add_argument("--start", type=later, metavar="TIME", help="(default: at once)")
    parser.add_argument("--instrument", action="append", metavar="NAME",
                        help="for its owners alone, such as sp500; may be repeated")  # fmt: skip
    parser.add_argument("--affected-from", metavar="V", help="the first version it is for")
    parser.add_argument("--resolved-in", metavar="V", help="the first version that is well again")
    parser.add_argument("--url", metavar="URL", help="where more is said: https://...")
    parser.add_argument("--id", metavar="ID", help="(default: of the day and the title)")
    _dry(parser)
    _file(parser)


def _end(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="of the notice, as lint lists it")
    _dry(parser)
    _file(parser)


def _lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    _file(parser)


COMMANDS = (
    Command("notice new", "write a word to owners, which their devices show until it ends", _new,
            "host_tools.notice.commands:new"),
    Command("notice end", "take a notice out before its time", _end,
            "host_tools.notice.commands:end"),
    Command("notice lint", "check the notices: every broken rule, by line, and who sees what",
            _lint, "host_tools.notice.commands:lint"),
)  # fmt: skip
