"""The arguments of `seesaw incident ...`: telling what broke."""

import argparse
from datetime import datetime, timedelta

from host_tools.arguments import Command
from host_tools.incident import times

HOURS_MAX = 24 * 14


def moment(text: str) -> datetime:
    try:
        return times.moment(text)
    except ValueError:
        why = f"'{text}' is no moment with its zone, as 2026-11-24T14:30Z"
        raise argparse.ArgumentTypeError(why) from None


def later(text: str) -> datetime | timedelta:
    """A moment, or '+4h' from now."""
    hours = text.removeprefix("+").removesuffix("h")
    if text != f"+{hours}h":
        return moment(text)
    if not hours.isascii() or not hours.isdecimal() or not 0 < int(hours[:4]) <= HOURS_MAX:
        raise argparse.ArgumentTypeError(f"'{text}' is not +1h to +{HOURS_MAX}h")
    return timedelta(hours=int(hours))


def _now(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--now", type=moment, metavar="TIME", help="in place of the clock")


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--in", dest="folder", metavar="DIR", default="incidents",
        help="the incidents and their site.json (default: incidents)",
    )  # fmt: skip
    _now(parser)


def _next(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--next", type=later, required=True, metavar="TIME",
        help="when the next update is promised: +4h, or 2026-11-24T18:00Z",
    )  # fmt: skip


def _new(parser: argparse.ArgumentParser) -> None:
    def option(name: str, help: str, **more: object) -> None:
        parser.add_argument(name, help=help, required=True, **more)  # type: ignore[arg-type]

    parser.add_argument("title", metavar="TITLE", help="what an owner sees, in a few words")
    option("--severity", "how bad", choices=("notice", "disrupted", "down"))
    option("--affected", "a component, such as 'Price data'; may be repeated", action="append",
           metavar="NAME")  # fmt: skip
    option("--answers", "the person who answers for it", metavar="NAME")
    option("--address", "where that person is written to", metavar="MAIL")
    _next(parser)
    parser.add_argument("--began", type=moment, metavar="TIME", help="(default: now)")
    _folder(parser)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the incident's file")


def _update(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("words", metavar="WORDS", help="the update, in Markdown")
    parser.add_argument("--status", choices=("investigating", "identified", "monitoring"),
                        default="investigating", help="how far you are")  # fmt: skip
    _next(parser)
    _now(parser)


def _resolve(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("words", metavar="WORDS", help="the last update, in Markdown")
    _now(parser)


def _lint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    _folder(parser)


def _dry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what it would write")


def _build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="DIR", help="the site, for any static web host")
    _dry(parser)
    _folder(parser)


def _letter(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("owners", metavar="OWNERS", help="CSV with the columns name,address,device")
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--affected", metavar="IDS", help="a file: ids of devices, one a line")
    whose.add_argument("--all", action="store_true", help="everybody is affected")
    parser.add_argument("--out", metavar="DIR", default="letters",
                        help="where they are written (default: letters)")  # fmt: skip
    _dry(parser)
    _now(parser)


def _postmortem(parser: argparse.ArgumentParser) -> None:
    def option(name: str, metavar: str, help: str, **more: object) -> None:
        parser.add_argument(name, metavar=metavar, help=help, **more)  # type: ignore[arg-type]

    _file(parser)
    option("--logs", "LOG", "access logs of the host of the releases, as of fleet report",
           nargs="+")  # fmt: skip
    option("--report", "FILE", "in place of logs: a saved seesaw fleet report --release V --json")
    option("--release", "V", "the release that did it, if one did")
    option("--fix", "V", "the release that cured it, if one did")
    option("--instrument", "NAME", "whose prices were out, if any: the logs tell whom it reached")
    option("--repository", "DIR", "that of the releases: with what they were signed, or without")
    option("--evidence", "FILE", "evidence.json of a proof; may be repeated", action="append")
    parser.add_argument("--force", action="store_true",
                        help="write over what a person has changed in filled parts")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="what was found, for programs")
    _dry(parser)
    _now(parser)


COMMANDS = (
    Command("incident new", "write the file of a new incident, with places to fill in", _new,
            "host_tools.incident.commands:new"),
    Command("incident update", "say how far it is, and promise the next word", _update,
            "host_tools.incident.commands:update"),
    Command("incident resolve", "say that it is over", _resolve,
            "host_tools.incident.commands:resolve"),
    Command("incident lint", "is it told as it should be? Every broken rule, by line", _lint,
            "host_tools.incident.commands:lint"),
    Command("incident build", "write the status site: pages, summary.json, RSS", _build,
            "host_tools.incident.commands:build"),
    Command("incident postmortem", "after it is over: when, who, what was proven; a person writes"
            " the rest", _postmortem, "host_tools.incident.postmortem:postmortem"),
    Command("incident letter", "write the day's letters to owners, as text and .eml; sends nothing",
            _letter, "host_tools.incident.commands:letter"),
)  # fmt: skip
