"""The arguments of `seesaw recipe ...`: sets of feeds and their recipes."""

import argparse

from host_tools.arguments import Command


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="a set of feeds (default: the shipped one)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def pair(text: str) -> tuple[str, str]:
    """'PROVIDER=VALUE' as its two parts."""
    name, mark, value = text.partition("=")
    if not name or not mark or not value:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form PROVIDER=VALUE")
    return name, value


def _test(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, help: str, **more: object) -> None:
        parser.add_argument(name, metavar=metavar, help=help, **more)  # type: ignore[arg-type]

    _file(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--against", metavar="CAPTURE", help="a file with the body of an answer")
    source.add_argument(
        "--live", action="store_true", help="ask the providers, one request for each"
    )
    option("--instrument", "NAME", "of one instrument (default: all)")
    option("--provider", "NAME", "of one provider (default: all)")
    option("--date", "HTTP-DATE", "the Date header that came with the capture", default="")
    option("--stored", "PRICE", "the last session's close, as a device would know it", type=float,
           default=0.0)  # fmt: skip
    option("--key", "PROVIDER=KEY", "the owner's key; may be repeated", type=pair, action="append",
           default=[])  # fmt: skip
    option("--base", "PROVIDER=URL", "in place of scheme and host; may be repeated", type=pair,
           action="append", default=[])  # fmt: skip


COMMANDS = (
    Command("recipe test", "show what recipes ask, what they find, and which rule refused what",
            _test, "host_tools.market.recipe_commands:test"),
    Command("recipe lint", "check a set of feeds: every rule that it breaks, by line", _file,
            "host_tools.market.recipe_commands:lint"),
)  # fmt: skip
