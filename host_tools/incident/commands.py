"""`seesaw incident new|update|resolve|lint|build|letter`: the thin shell around the pure files
(`postmortem` has its own)."""

import json
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from host_tools.errors import UserError
from host_tools.incident import (
    account,
    account_rules,
    authoring,
    draft,
    incident,
    owners,
    publishing,
    rules,
    site_facts,
    times,
)
from host_tools.incident.account import Account
from host_tools.incident.draft import Draft
from host_tools.incident.rules import Problem
from host_tools.release import place
from host_tools.release.place import Item

FORMAT = 1
OPTIONS = {"title": "TITLE", "phrase": "TITLE", "affected": "--affected", "person": "--answers",
           "address": "--address", "date": "--began"}  # of `new`, by the rule  # fmt: skip


def now_of(arguments: Namespace) -> datetime:
    return arguments.now or datetime.now(UTC).replace(microsecond=0)


def promised(arguments: Namespace, now: datetime) -> datetime:
    """--next: a moment, or hours from now."""
    after = arguments.next
    found = now + after if isinstance(after, timedelta) else after
    if found <= now:
        raise UserError("--next", f"{times.iso(found)} has passed", "promise a later one: +4h")
    return found


def new(arguments: Namespace) -> int:
    """Write the file of a new incident, with places to fill in."""
    now, folder = now_of(arguments), Path(arguments.folder)
    began = arguments.began or now
    path = folder / f"{authoring.name_of(arguments.title, began)}.md"
    if path.exists():
        fix = f'seesaw incident update {path} "..." --next +4h, or another title'
        raise UserError(str(path), "it is there already", fix)
    text = authoring.new(
        arguments.title, arguments.severity, arguments.affected, arguments.answers,
        arguments.address, began, promised(arguments, now), now,
    )  # fmt: skip
    refuse(draft.parse(path, text), folder, now)
    items = [(path.name, text.encode())]
    if not (folder / site_facts.FILE).exists():
        items.append((site_facts.FILE, json.dumps(site_facts.EMPTY, indent=1).encode() + b"\n"))
    place.put(folder, items)
    for name, _ in items:
        print(folder / name)
    print(f"fill in what says '{rules.BLANK}', then type: seesaw incident lint --in {folder}",
          file=sys.stderr)  # fmt: skip
    return 0


def refuse(found: Draft, folder: Path, now: datetime) -> None:
    """UserError for what `lint` would say of a new file, but for its open places."""
    known = (folder / site_facts.FILE).exists()
    site = site_facts.read(folder, placed=False) if known else site_facts.Site("", "", ())
    for one in rules.check(found, site, now):
        if one.kind in OPTIONS:
            raise UserError(OPTIONS[one.kind], one.rule, one.fix)


def update(arguments: Namespace) -> int:
    """Add an update, and the promise of the next one."""
    now, found = now_of(arguments), draft.read(Path(arguments.file))
    after = promised(arguments, now)
    text = authoring.updated(found, arguments.words, arguments.status, now, after)
    return _rewrite(found, text, f"next update promised for {times.words(after)}")


def resolve(arguments: Namespace) -> int:
    """Add the last update; the incident is over."""
    found = draft.read(Path(arguments.file))
    text = authoring.resolved(found, arguments.words, now_of(arguments))
    return _rewrite(found, text, "resolved")


def _rewrite(found: Draft, text: str, words: str) -> int:
    draft.parse(found.path, text)
    place.put(found.path.parent, [(found.path.name, text.encode())])
    print(f"{found.path}: {words}")
    return 0


def lint(arguments: Namespace) -> int:
    """Print every broken rule by line. 0 when there is none, else 1."""
    folder = Path(arguments.folder)
    found = incident.drafts(folder)
    problems = judged(found, folder, now_of(arguments))
    accounts = account.of_folder(folder)
    problems += unfinished(accounts, found)
    if arguments.json:
        rows = [asdict(one) for one in problems]
        counts = {"incidents": len(found), "postmortems": len(accounts)}
        print(json.dumps({"format": FORMAT, **counts, "problems": rows}))
        return 1 if problems else 0
    for one in problems:
        print(one)
    if not problems:
        opened = sum(map(rules.is_open, found))
        print(f"{folder}: {len(found)} incidents, {opened} open, as they should be told")
    return 1 if problems else 0


def build(arguments: Namespace) -> int:
    """Bring the status site up to date. 1, with nothing written, for accounts that lint refuses;
    what is late alone is told, and does not keep the page from owners. A post-mortem that is not
    written to its end is left out, and said."""
    from host_tools.incident import site as sites  # jinja2, which nobody else needs

    folder, out, now = Path(arguments.folder), Path(arguments.out), now_of(arguments)
    found = incident.drafts(folder)
    if not heard(judged(found, folder, now)):
        print("nothing was written", file=sys.stderr)
        return 1
    accounts = account.of_folder(folder)
    problems = unfinished(accounts, found)
    for one in problems:
        print(f"not shown: {one}", file=sys.stderr)
    bad = {one.file for one in problems}
    whole = [one for one in accounts if str(one.path) not in bad]
    made = sites.files(site_facts.read(folder), incident.newest_first(found), now, whole)
    sites.check(out)
    count = put(out, made, sites.OURS, arguments.dry_run)
    print(f"{out}: {len(found)} incidents; {count}", file=sys.stderr)
    return 0


def letter(arguments: Namespace) -> int:
    """Write the day's letters, and note in the incident's file that they are. 1, with nothing
    written, for an account that lint refuses. It sends nothing."""
    from host_tools.incident import letters  # jinja2

    path, out, now = Path(arguments.file), Path(arguments.out), now_of(arguments)
    found = draft.read(path)
    problems = [*judged([found], path.parent, now), *rules.news(found, now)]
    if not heard([one for one in problems if one.kind != rules.LETTER], ()):
        print("nothing was written", file=sys.stderr)
        return 1
    affected = None if arguments.all else owners.ids(Path(arguments.affected))
    asked = owners.read(Path(arguments.owners))
    made = letters.files(
        site_facts.read(path.parent), incident.of(found), owners.sorted_out(asked, affected), now
    )
    count = put(out, made, letters.ours(path.stem, now), arguments.dry_run)
    day = now.date().isoformat()
    if day not in found.many("letters"):
        text = authoring.with_letter(found, day)
        put(path.parent, [(path.name, text.encode())], rules.NOTHING, arguments.dry_run)
    print(f"{letters.counted(made)}; {count}; nothing was sent", file=sys.stderr)
    return 0


def put(out: Path, made: Sequence[Item], ours: re.Pattern[str], dry: bool) -> str:
    """Write, or with dry only tell, the files that change. What to say of it."""
    write, remove = (publishing.changes if dry else publishing.publish)(out, made, ours)
    for verb, names in (("write", write), ("remove", remove)):
        for name in names:
            print(f"{verb} {out / name}")
    return f"{len(write) + len(remove)} files {'would be ' if dry else ''}touched"


def heard(problems: Sequence[Problem], late: Sequence[str] = rules.LATE) -> bool:
    """Tell the problems on standard error; True when none is worse than late."""
    for one in problems:
        print(f"{'late: ' if one.kind in late else ''}{one}", file=sys.stderr)
    return all(one.kind in late for one in problems)


def unfinished(accounts: Sequence[Account], found: Sequence[Draft]) -> list[Problem]:
    """What keeps post-mortems from being shown."""
    incidents = {one.path.stem: one for one in found}
    return [problem for one in accounts for problem in account_rules.check(one, incidents)]


def judged(found: Sequence[Draft], folder: Path, now: datetime) -> list[Problem]:
    site = site_facts.read(folder)
    return [problem for one in found for problem in rules.check(one, site, now)]
