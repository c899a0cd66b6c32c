"""The arguments of `seesaw market ...`: what the seesaw knows of markets."""

import argparse
from datetime import date

from host_tools.arguments import Command, count
from host_tools.arguments_of_release import moment


def _day(text: str) -> date:
    try:
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"'{text}' is no date such as 2026-01-31")


def _calendar(parser: argparse.ArgumentParser) -> None:
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true",
                        help="write nothing: is the file up to date? Code 1 if not")  # fmt: skip
    action.add_argument("--show", metavar="EXCHANGE",
                        help="show what the file says of one, such as XNYS")  # fmt: skip
    parser.add_argument("--year", metavar="Y", type=count, help="with --show: of this year alone")
    parser.add_argument("--out", metavar="FILE", help="the file (default: the one that ships)")
    parser.add_argument("--from", metavar="DATE", type=_day, dest="first",
                        help="its first day (default: 2025-09-01, from which overrides"
                        " count)")  # fmt: skip
    parser.add_argument("--overrides", metavar="FILE",
                        help="who is right where the two libraries differ"
                        " (default: host_tools/market/calendar_overrides.csv)")  # fmt: skip
    parser.add_argument("--now", metavar="TIME", type=moment,
                        help="the time it is taken to be, such as 2027-01-31 (default: the"
                        " clock's)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _outage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instrument", metavar="NAME", default="sp500", help="default: sp500")
    parser.add_argument("--json", action="store_true", help="one JSON object")


COMMANDS = (
    Command("market outage", "the founding story once more: how long until the beam is right"
            " again? Code 1 if that is too long", _outage, "host_tools.market.outage:main"),
    Command("market calendar", "build the exchanges' calendars from two libraries, compared",
            _calendar, "host_tools.market.calendar_command:main"),
)  # fmt: skip
