"""The arguments of the commands about all devices together."""

import argparse

from host_tools.arguments import Command, count


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "logs", metavar="LOG", nargs="+",
        help="access logs of the static host: common, combined, CloudFront, JSON lines; gzip too",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--html", metavar="FILE", help="also write a page with pictures")
    parser.add_argument("--release", metavar="V", help="also who is affected by this version")
    parser.add_argument(
        "--silent", metavar="HOURS", type=count, default=48,
        help="without a check until a device counts as silent (default: 48)",
    )  # fmt: skip


COMMANDS = (
    Command("fleet report", "what devices say with their checks, read from access logs", _report,
            "host_tools.fleet.commands:report"),
)  # fmt: skip
