"""`seesaw notice new|end|lint`: the thin shell around rules.py and the file.

Nothing here signs: `seesaw release data DIR notices FILE` does, by the same rules.
"""

import json
import re
import sys
import unicodedata
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.notice import rules
from host_tools.notice.rules import Notices, Problem
from host_tools.release import place

FORMAT = 1
FILE_MAX = 64 << 10  # bytes: of a person's typing, before its blanks go
SLUG_MAX = 40  # characters


def now_of(arguments: Namespace) -> datetime:
    return arguments.now or datetime.now(UTC).replace(microsecond=0)


def new(arguments: Namespace) -> int:
    """Add a notice, take out what is over, and say what is to be typed next."""
    path, now = Path(arguments.file), now_of(arguments)
    before = read(path, now) if path.exists() else []
    one = made(arguments, now)
    if one["id"] in [other["id"] for other in before]:
        fix = f"seesaw notice end {one['id']}, or another --id"
        raise UserError(one["id"], f"it is in {path} already", fix)
    kept = [other for other in before if not rules.is_over(other, now)]
    for other in before:
        if other not in kept:
            print(f"taken out, as it is over: {other['id']}", file=sys.stderr)
    write(path, [one, *kept], now, arguments.dry_run)
    print(f"{one['id']}: {rules.meant(one)}", file=sys.stderr)
    return 0


def end(arguments: Namespace) -> int:
    """Take a notice out: devices stop to show it when the file is signed and published again."""
    path, now = Path(arguments.file), now_of(arguments)
    before = read(path, now)
    kept = [one for one in before if one["id"] != arguments.id]
    if kept == before:
        known = ", ".join(one["id"] for one in before) or "none"
        raise UserError(arguments.id, f"there is no such notice in {path}", f"there is: {known}")
    write(path, kept, now, arguments.dry_run, [rules.OVER])
    return 0


def lint(arguments: Namespace) -> int:
    """Print every broken rule by line; who is shown what, when there is none. 0, else 1."""
    path, now = Path(arguments.file), now_of(arguments)
    raw = raw_of(path)
    problems = rules.check(raw, now)
    worse = [one for one in problems if one.kind != rules.OVER]
    found: Notices = [] if worse else json.loads(raw)
    if arguments.json:
        rows = [asdict(one) for one in problems]
        print(json.dumps({"format": FORMAT, "notices": found, "problems": rows}))
        return 1 if problems else 0
    for one in problems:
        print(told(path, one))
    for each in found:
        print(f"{each['id']} ({each['severity']}): {rules.meant(each)}")
    if not problems:
        size = len(rules.compact(found))
        print(f"{path}: {len(found)} notices, {size} bytes, as a device takes them")
    return 1 if problems else 0


def made(arguments: Namespace, now: datetime) -> dict[str, Any]:
    """The notice that was typed."""
    one: dict[str, Any] = {
        "id": arguments.id or name_of(arguments.title, now), "title": arguments.title,
        "severity": arguments.severity, "created": iso(now),
    }  # fmt: skip
    if arguments.start:
        one["start"] = iso(later(arguments.start, now))
    one["end"] = iso(later(arguments.end, now))
    if arguments.instrument:
        one["instruments"] = arguments.instrument
    ends = {rules.FROM: arguments.affected_from, rules.UNTIL: arguments.resolved_in}
    if any(ends.values()):
        one["firmware"] = [{name: version for name, version in ends.items() if version}]
    if arguments.url:
        one["alert_url"] = arguments.url
    return one


def later(after: datetime | timedelta, now: datetime) -> datetime:
    return now + after if isinstance(after, timedelta) else after


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def name_of(title: str, now: datetime) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_MAX].strip("-")
    return f"{now:%Y-%m-%d}-{slug or 'notice'}"


def raw_of(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_MAX + 1)
    except OSError as error:
        fix = 'seesaw notice new "..." makes one'
        raise UserError(str(path), error.strerror or str(error), fix) from error
    if len(raw) > FILE_MAX:
        raise UserError(str(path), f"it is larger than {FILE_MAX >> 10} KiB", "name another file")
    return raw


def read(path: Path, now: datetime) -> Notices:
    """UserError for what breaks a rule, but that a notice is over."""
    raw = raw_of(path)
    for one in rules.check(raw, now):
        if one.kind != rules.OVER:
            raise UserError(f"{path}:{one.line}", one.rule, one.fix)
    found: Notices = json.loads(raw)
    return found


def told(path: Path, one: Problem) -> str:
    return str(UserError(f"{path}:{one.line}", one.rule, one.fix))


def write(
    path: Path, found: Notices, now: datetime, dry: bool, spared: Sequence[str] = ()
) -> None:
    """One notice a line. UserError, with nothing written, for what breaks another rule than
    these."""
    rows = ",\n".join(rules.compact(one).decode() for one in found)
    text = f"[\n{rows}\n]\n" if found else "[]\n"
    for one in rules.check(text.encode(), now):
        if one.kind not in spared:
            raise UserError("the notice", one.rule, one.fix)
    if dry:
        print(text, end="")
        print(f"{path}: nothing was written", file=sys.stderr)
        return
    place.put(path.parent, [(path.name, text.encode())])
    print(path)
    sign = f"seesaw release data DIR notices {path} --keys KEYS"
    print(f"owners see it after: {sign} (first with --dry-run), seesaw release publish DIR OUT",
          file=sys.stderr)  # fmt: skip
