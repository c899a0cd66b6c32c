"""The arguments of the commands about releases: prove, replay, zoo, mutants, release keep."""

import argparse
from typing import Any

from host_tools.arguments import Command, count


def prove(parser: argparse.ArgumentParser) -> None:
    proved(parser)
    parser.add_argument(
        "--scenario", metavar="NAME", action="append", help="only this one; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="say which scenarios there are")
    parser.add_argument(
        "--full", action="store_true", help="all scenarios, and a second cut at every operation"
    )
    parser.add_argument(
        "--depth", metavar="N", type=count, default=2, help="cuts in a row (default: 2)"
    )
    parser.add_argument(
        "--limit", metavar="MINUTES", type=count, default=60, help="give up after (default: 60)"
    )
    parser.add_argument("--jobs", metavar="N", type=count, help="processes (default: all cores)")
    parser.add_argument("--report", metavar="DIR", help="write a page and its evidence.json there")
    parser.add_argument("--json", metavar="FILE", help="write the figures for programs")


def proved(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--firmware", metavar="DIR", help="a working tree of the firmware (default: this project's)"
    )
    parser.add_argument(
        "--candidate", metavar="BUNDLE",
        help="a release as 'seesaw release keep' saves it, folder or zip (default: the tree)",
    )  # fmt: skip
    parser.add_argument(
        "--from", metavar="BUNDLE", dest="older",
        help="the kept release that it is installed over; its launcher stays (default: the tree's)",
    )  # fmt: skip
    parser.add_argument(
        "--board", metavar="NAME", default="esp32_wrover",
        help="a folder of boards/ (default: esp32_wrover)",
    )  # fmt: skip
    parser.add_argument("--seed", metavar="N", type=count, default=0, help="of worlds drawn")


def release_keep(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, help: str, **more: Any) -> None:
        parser.add_argument(name, metavar=metavar, help=help, **more)

    option("--version", "V", "such as 1.2.3", required=True)
    option("--board", "NAME", "a folder of boards/ (default: esp32_wrover)", default="esp32_wrover")
    option("--runtime", "FILE", "MicroPython .bin (default: a stand-in for the emulator)")
    option("--firmware", "DIR", "a working tree of the firmware (default: this project's)")
    option("--root", "FILE", "whom its devices trust (default: the development key)")
    option("--trial-s", "N", "seconds that it must prove itself (default: 600)", type=count,
           default=600)  # fmt: skip
    option("--out", "DIR", "where to (default: tests/releases/V)")


def replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as prove prints it")
    proved(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def zoo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", metavar="NAME", help="rows (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def mutants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--only", metavar="N", type=count, default=200, help="draw so many")
    parser.add_argument("--seed", metavar="TEXT", default="", help="of the draw")
    parser.add_argument("--renew", action="store_true", help="write the list of fates anew")


COMMANDS = (
    Command("prove", "show that a release cannot brick a device, or show how it does", prove,
            "host_tools.prove.command:prove"),
    Command("replay", "run one counterexample of `prove` again, step by step", replay,
            "host_tools.prove.command:again"),
    Command("zoo", "plant the ways updates have bricked devices, and catch each", zoo,
            "host_tools.prove.zoo:main"),
    Command("mutants", "small faults made by rule: which of them does the proof find?", mutants,
            "host_tools.prove.mutants:main"),
    Command("release keep", "keep the working tree as a release, for the matrix of later proofs",
            release_keep, "host_tools.release.kept:keep"),
)  # fmt: skip
