"""The arguments of `seesaw release ...`: a repository of signed releases."""

import argparse
import re
from datetime import UTC, datetime
from typing import Any

from host_tools.arguments import Command, count

YEAR_DAYS = 365.25
HORIZON = re.compile(r"([0-9]{1,5})([yd])")
ID_FORM = re.compile(r"(?:[0-9A-Fa-f]{2}:?){5}[0-9A-Fa-f]{2}")
ROOT_FORM = re.compile(r"([a-z0-9][a-z0-9-]{0,23})=([0-9A-Fa-f:]{64,95})")
SECONDS_MAX = 1 << 32  # since 1970
HORIZON_DEFAULT = "5y"


def horizon(text: str) -> int:
    """'5y' or '90d' in days."""
    found = HORIZON.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 5y or 90d")
    return int(int(found[1]) * (YEAR_DAYS if found[2] == "y" else 1))


def moment(text: str) -> int:
    """Seconds since 1970, or a date, or a date and time in UTC; as seconds since 1970."""
    if text.isascii() and text.isdecimal() and int(text) < SECONDS_MAX:
        return int(text)
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            seconds = int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
        if 0 <= seconds < SECONDS_MAX:
            return seconds
    raise argparse.ArgumentTypeError(
        f"'{text}' is no date such as 2027-01-31 or 2027-01-31T12:00:00Z"
    )


class Words:
    """What the commands have in common."""

    def __init__(self, parser: argparse.ArgumentParser):
        self.parser = parser

    def option(self, name: str, metavar: str, help: str, **more: Any) -> None:
        self.parser.add_argument(name, metavar=metavar, help=help, **more)

    def folder(self) -> None:
        self.parser.add_argument("dir", metavar="DIR", help="the repository's folder")

    def keys(self, *, required: bool = True) -> None:
        self.option("--keys", "DIR", "the folder with keys.json", required=required)

    def dry(self) -> None:
        self.parser.add_argument(
            "--dry-run", action="store_true",
            help="show every file that would change; write nothing",
        )  # fmt: skip

    def ends(self) -> None:
        self.option("--now", "TIME", "the time it is taken to be, such as 2027-01-31 (default: the"
                    " clock's)", type=moment)  # fmt: skip
        self.parser.add_argument("--json", action="store_true", help="one JSON object")


def _kinds(parser: argparse.ArgumentParser, default: str | None) -> None:
    group = parser.add_mutually_exclusive_group()
    for name, words in (
        ("ed25519", "keys of this kind (default): small metadata"),
        ("ecdsa", "of P-256, as most services can hold"),
        ("rsa", "of 3072 bits: large metadata, verified fastest"),
    ):
        text = words if default else words.replace(" (default)", "")
        group.add_argument(
            f"--{name}", dest="kind", action="store_const", const=name, default=default, help=text
        )


def _init(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    parser.add_argument("dir", metavar="DIR", help="a new folder for the repository")
    words.option("--keys", "DIR", "a new folder for the keys, not in DIR", required=True)
    _kinds(parser, "ed25519")
    words.option("--board", "NAME", "with a role for this board (default: every one of boards/);"
                 " may be repeated", action="append")  # fmt: skip
    words.option("--timestamp-days", "N", "how long a timestamp is good (default: ten years, as all"
                 " is; SPEC says why)", type=count)  # fmt: skip
    parser.add_argument(
        "--passphrase", action="store_true",
        help="ask for a passphrase to lock the key files (or set SEESAW_KEY_PASSPHRASE)",
    )  # fmt: skip
    words.ends()


def _build(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.option("--version", "V", "such as 1.2.3", required=True)
    words.option("--board", "NAME", "a folder of boards/", required=True)
    words.option("--out", "FILE", "a zip when it ends in .zip, else a folder", required=True)
    words.option("--source", "DIR", "a working tree of the firmware (default: this project's)")
    words.option("--runtime", "FILE", "MicroPython .bin (default: a stand-in for the emulator)")
    words.option("--root", "FILE", "whom its devices trust: the newest N.root.json of the"
                 " repository (default: the development key, which everybody has)")  # fmt: skip
    words.option("--trial-s", "N", "seconds that it must prove itself (default: 600)", type=count,
                 default=600)  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _sign(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Once published it is for all devices at once, in the US session too, unless"
        " --start-percentage says less; 'seesaw rollout' goes ring by ring and keeps out of it."
    )
    words = Words(parser)
    words.folder()
    parser.add_argument("bundle", metavar="BUNDLE", help="a release as 'release build' writes it")
    words.keys()
    shown = parser.add_mutually_exclusive_group(required=True)
    shown.add_argument(
        "--evidence", metavar="FILE", help="evidence.json of 'seesaw prove --report DIR'"
    )
    shown.add_argument(
        "--without-proof", metavar="REASON", help="for drills: the reason is written into it"
    )
    words.option("--runtime-record", "FILE", "that the launcher passed trial and rollback on a"
                 " runtime which is new here")  # fmt: skip
    words.option("--from", "RANGE", "versions that may install it: 1.2.3, 1.0.0-1.9.9 or *"
                 " (default: *); may be repeated", action="append", dest="ranges")  # fmt: skip
    words.option("--through", "V", "a version that must be reached before; may be repeated",
                 action="append")  # fmt: skip
    words.option("--start-percentage", "N", "share of devices that take it at once (default: 100)",
                 type=count, default=100)  # fmt: skip
    words.option("--duration-minutes", "N", "until all take it (default: 0)", type=count, default=0)
    words.option("--start-epoch", "TIME", "when the rollout starts (default: now)", type=moment)
    words.option("--barrier", "REASON", "older devices stop here before they go on")
    words.option("--deadend", "REASON", "devices with it are not offered anything")
    words.option("--drop", "V", "take an older release off the list; may be repeated",
                 action="append")  # fmt: skip
    words.ends()


def _data(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument("name", metavar="NAME", help="feeds, calendars, notices or roots")
    parser.add_argument("file", metavar="FILE", help="the set: PEM of roots, else JSON")
    words.keys()
    words.option("--firmware", "V", "the oldest version that may use it (default: any)",
                 default="0")  # fmt: skip
    words.option("--early", "ID", "feeds: for this device alone; may be repeated (then sign it"
                 " again without, for all)", action="append", type=device)  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="say what it would write")
    words.ends()


def device(text: str) -> bytes:
    """The id of a device."""
    if not ID_FORM.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no id of 12 hex digits, as 240ac4a1b2c3")
    return bytes.fromhex(text.replace(":", ""))


def root(text: str) -> tuple[str, str]:
    """'NAME=SHA256' as (name, hex)."""
    found = ROOT_FORM.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form name=SHA256 in hex")
    return found[1], found[2].replace(":", "").lower()


def _roots(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--write", action="store_true", help="make the kept file anew from certifi")
    shown.add_argument(
        "--add", metavar="NAME=SHA256", action="append", type=root,
        help="make a set for 'release data DIR roots FILE' that adds this one; may be repeated",
    )  # fmt: skip
    words.option("--out", "FILE", "the set to write")
    words.option("--source", "FILE", "PEM that has it (default: certifi's)")
    words.option("--horizon", "TIME", "such as 5y or 90d (default: 5y)", type=horizon,
                 default=HORIZON_DEFAULT)  # fmt: skip
    words.ends()


def _publish(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument("out", metavar="OUT", help="the folder that a web host serves")
    words.dry()
    words.ends()


def _verify(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    parser.add_argument("where", metavar="URL|DIR", help="what is published, or a folder")
    words.option("--kept", "DIR", "releases in the field, each in its folder (default:"
                 " tests/releases)")  # fmt: skip
    parser.add_argument(
        "--no-kept", action="store_true", help="of a repository for drills: without these"
    )
    words.ends()


def _rotate(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument(
        "role", metavar="ROLE", help="root, targets, snapshot, timestamp, data or a board"
    )
    words.keys()
    words.option("--replace", "KEY", "the key to replace, by name (default: the oldest)")
    parser.add_argument(
        "--everywhere", action="store_true", help="in every role that this key signs for"
    )
    _kinds(parser, None)
    words.option("--key", "URI", "a new key that is elsewhere: a signer URI of securesystemslib")
    words.option("--public", "FILE", "its public part, PEM")
    parser.add_argument(
        "--passphrase", action="store_true", help="ask for a passphrase to lock the new key file"
    )
    words.ends()


def _renew(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument(
        "role", metavar="ROLE", nargs="*", help="roles (default: those that end in the horizon)"
    )
    words.keys()
    words.option("--horizon", "TIME", "such as 5y or 90d (default: 5y)", type=horizon,
                 default=HORIZON_DEFAULT)  # fmt: skip
    words.ends()


def _recall(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument("version", metavar="VERSION", help="of the release")
    words.option("--board", "B", "whose release", required=True)
    words.keys()
    words.dry()
    words.ends()


def _halt(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    parser.add_argument("version", metavar="VERSION", help="of every board's release")
    words.keys()
    words.dry()
    words.ends()


def _expiry(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "What counts: roles, keys (with --keys), certificates of data/roots, and the roots of TLS"
        " that a release ships. Calendars of exchanges end by nature within a year or two: one that"
        " has fewer than 60 days left is named, and the code stays as it is."
    )
    words = Words(parser)
    words.folder()
    words.option("--horizon", "TIME", "such as 5y or 90d (default: 5y)", type=horizon,
                 default=HORIZON_DEFAULT)  # fmt: skip
    words.keys(required=False)
    words.ends()


def _status(parser: argparse.ArgumentParser) -> None:
    words = Words(parser)
    words.folder()
    words.ends()


PLAIN, KEYS = "host_tools.release.commands:", "host_tools.release.commands_of_keys:"
COMMANDS = (
    Command("release init", "make keys and an empty repository, and say where each key lives",
            _init, f"{KEYS}init"),
    Command("release build", "build a release; the same commit gives the same bytes anywhere",
            _build, f"{PLAIN}build_release"),
    Command("release sign", "add a proven release to the repository", _sign, f"{PLAIN}sign"),
    Command("release data", "add a set of data, which devices try and keep without a new release",
            _data, "host_tools.release.commands_of_data:data"),
    Command("release roots", "check the roots of TLS that a release ships, or make a set of more",
            _roots, "host_tools.release.commands_of_roots:roots"),
    Command("release publish", "bring a static web host's folder up to date, atomically", _publish,
            f"{PLAIN}publish_out"),
    Command("release verify", "look at what is published as every device in the field would",
            _verify, f"{PLAIN}verify"),
    Command("release status", "say what is in a repository", _status, f"{PLAIN}status"),
    Command("release halt", "have no device start to install a version any more", _halt,
            f"{PLAIN}halt"),
    Command("release resume", "take a halt back", _halt, f"{PLAIN}resume"),
    Command("release recall", "have devices that run a release boot their other slot", _recall,
            f"{PLAIN}recall"),
    Command("release rotate", "replace a key of a role by a new one", _rotate, f"{KEYS}rotate"),
    Command("release renew", "sign roles anew before they expire", _renew, f"{KEYS}renew"),
    Command("release expiry", "the trust calendar: what ends when; code 1 if inside the horizon",
            _expiry, f"{PLAIN}expiry"),
)  # fmt: skip
