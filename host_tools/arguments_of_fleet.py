"""The arguments of the commands about all devices together."""

import argparse
from collections.abc import Callable

from host_tools.arguments import Command, count


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "logs", metavar="LOG", nargs="+",
        help="access logs of the static host: common, combined, CloudFront, JSON lines; gzip too",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--html", metavar="FILE", help="also write a page with pictures")
    parser.add_argument("--release", metavar="V",
                        help="also who is affected by this version; code 1 if no line names it")
    parser.add_argument("--instrument", metavar="NAME",
                        help="also whom an outage of its prices has reached")  # fmt: skip
    parser.add_argument(
        "--silent", metavar="HOURS", type=count, default=48,
        help="without a check until a device counts as silent (default: 48)",
    )  # fmt: skip


def percent(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no percentage") from None
    if not 0 <= found <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 100")
    return found


def _between(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        found = count(text)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"{text} is not {least} to {most}")
        return found

    return whole


def _simulate(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, kind: Callable, default: float, help: str) -> None:
        parser.add_argument(name, metavar=metavar, type=kind, default=default,
                            help=f"{help} (default: {default})")  # fmt: skip

    minutes = _between(1, 525_600)
    option("--devices", "N", _between(1, 2_000_000), 1_000_000, "how many")
    option("--days", "N", _between(1, 90), 30, "of virtual time")
    option("--start-percentage", "P", _between(0, 100), 1, "of devices, at the start")
    option("--duration-minutes", "N", _between(0, 525_600), 10_080, "until it is for all")
    option("--start-hour", "H", _between(0, 23), 22, "UTC, of the first day, a Monday")
    option("--abort-percent", "P", percent, 0.1, "of the devices heard that failed: it stops")
    option("--abort-min", "N", _between(1, 2_000_000), 5000, "but not before so many were heard")
    option("--few-percent", "P", percent, 5, "likewise, where fewer were heard")
    option("--few-min", "N", _between(1, 2_000_000), 40, "but not before so many were")
    option("--watch-minutes", "N", minutes, 60, "between two looks at the log")
    option("--delay-minutes", "N", _between(0, 525_600), 60, "that the log is late")
    option("--batch", "P", percent, 10, "of the devices are of the bad hardware batch")
    option("--failing", "P", percent, 2, "of the batch fail this release; 0: it is a good one")
    option("--noise", "P", percent, 0.01, "of all devices fail any release")
    option("--seed", "N", count, 1, "another fleet")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("-o", "--out", metavar="FILE", help="draw it: a .png or .svg")


COMMANDS = (
    Command("fleet report", "what devices say with their checks, read from access logs", _report,
            "host_tools.fleet.commands:report"),
    Command("fleet simulate", "whom a bad release reaches before the abort rule stops it",
            _simulate, "host_tools.fleet.commands:simulate"),
)  # fmt: skip
