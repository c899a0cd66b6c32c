"""`seesaw release ...`: what each command does, the thin shell around the decisions."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from seesaw.pushed import parse

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.market import calendars
from host_tools.release import (
    build,
    client,
    development,
    inspection,
    kept,
    keys,
    listing,
    place,
    proof,
    publication,
    publish,
    releasing,
    roles,
    trust_calendar,
    words,
)
from host_tools.release import change as changes
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.client import Reader
from host_tools.release.keys import KeyRing
from host_tools.release.listing import Listed
from host_tools.release.state import State

ENDS = 1  # exit code: something ends, or some device cannot follow


@dataclass
class Desk:
    """A repository that is worked on. read: its folder, as it is now."""

    folder: Path
    read: Reader
    state: State
    now_s: int
    ring: KeyRing | None = None

    @property
    def keys(self) -> KeyRing:
        assert self.ring is not None  # of a command with --keys
        return self.ring

    def history(self, board: str) -> list[Listed]:
        known = board in self.state.boards
        return list(states.history(self.read, self.state, board)) if known else []

    def every(self) -> list[Listed]:
        return [one for board in self.state.boards for one in self.history(board)]

    def bundles(self, listed: Sequence[Listed]) -> list[bytes]:
        """The bundles of these releases, those that are there as they were signed."""
        paths = (
            roles.target_path(roles.bundle_target(one.board, one.version), one.sha256)
            for one in listed
        )
        found = zip(listed, map(self.read, paths), strict=True)
        return [raw for one, raw in found if raw and sha256(raw).hexdigest() == one.sha256]

    def fleet(self) -> list[releasing.Course]:
        return releasing.fleet(self.state, self.read, {})


def now_of(arguments: Namespace) -> int:
    """Seconds since 1970: --now, or this machine's clock."""
    return int(time.time()) if arguments.now is None else int(arguments.now)


def look(arguments: Namespace) -> Desk:
    """Open a repository to look at it. UserError when it is none, or not as it was signed."""
    folder = Path(arguments.dir)
    if not folder.is_dir():
        raise UserError(str(folder), "there is no such folder", "'seesaw release init' makes one")
    read = client.reader(folder)
    return Desk(folder, read, states.load(read, str(folder)), now_of(arguments))


@contextmanager
def work(arguments: Namespace) -> Iterator[Desk]:
    """Open it to change it. UserError also for a clock that cannot be right."""
    if not Path(arguments.dir).is_dir():
        look(arguments)
    with place.locked(Path(arguments.dir)):
        desk = look(arguments)
        check_clock(desk.state, desk.now_s, stated=arguments.now is not None)
        desk.ring = keys.load(Path(arguments.keys))
        yield desk


@contextmanager
def opened(arguments: Namespace) -> Iterator[Desk]:
    """As work(); for a dry run without a trace, not even a lock."""
    if not arguments.dry_run:
        with work(arguments) as desk:
            yield desk
        return
    desk = look(arguments)
    desk.ring = keys.load(Path(arguments.keys))
    yield desk


def check_clock(state: State, now_s: int, *, stated: bool) -> None:
    """What is signed with a wrong date is believed for ever by devices that have no clock.

    stated: somebody has said what time it is. UserError.
    """
    issued = state.issued_s
    here, there = (roles.day(roles.moment(one)) for one in (now_s, issued))
    if now_s < issued:
        was, then = (f"{roles.moment(one):%Y-%m-%dT%H:%M:%SZ}" for one in (now_s, issued))
        why = f"it says {was}, and the newest statement was signed later, {then}"
        raise UserError("the clock", why, "set it right, or say --now")
    if not stated and now_s - issued > roles.CLOCK_AHEAD_DAYS_MAX * 86400:
        why = f"it says {here}; the newest statement was signed on {there}, over a year before"
        raise UserError("the clock", why, f"if that is right, say so: --now {here}")


def sign_and_write(desk: Desk, change: Change) -> list[str]:
    """Sign a change, check it, write it; desk is then as the repository is. What to tell."""
    files = changes.commit(desk.state, change, desk.keys, desk.now_s)
    seamless = publication.write(desk.folder, files, desk.now_s)
    desk.state = states.load(desk.read, str(desk.folder))
    return [] if seamless else [publication.SEAM]


def say(
    arguments: Namespace, lines: list[str], facts: dict[str, Any], releases: list[Listed],
    ring: KeyRing | None = None,
) -> None:  # fmt: skip
    """Print, for people or programs. Every answer names the drills among the releases."""
    for warning in dict.fromkeys(ring.warnings if ring else []):
        print(f"seesaw: warning: {warning}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({**facts, "drills": words.drills(releases)}))
        return
    for line in [*lines, *words.drill_lines(releases)]:
        print(line)


def told(arguments: Namespace, desk: Desk, lines: list[str], **facts: Any) -> int:
    """The answer of a command that has changed a repository."""
    stamp = desk.state.timestamp.signed.version
    lines = [*lines, *words.stuck_lines(desk.fleet())]
    lines.append(f"devices will see it after: seesaw release publish {desk.folder} OUT")
    facts = {**facts, "root": desk.state.root.signed.version, "timestamp": stamp}
    say(arguments, lines, facts, desk.state.all_releases(), desk.ring)
    return 0


def carry_out(
    arguments: Namespace, desk: Desk, change: Change, line: str, **facts: Any
) -> int:  # fmt: skip
    """Sign a change and write it, or only tell which files that would write."""
    if not arguments.dry_run:
        seams = sign_and_write(desk, change)
        return told(arguments, desk, [line, *seams], **facts)
    files = changes.commit(desk.state, change, desk.keys, desk.now_s)
    made = {desk.folder: publication.to_write(desk.folder, files, desk.now_s)}
    touched = publication.touched(made)
    facts |= {"dry_run": True, "files": touched}
    say(arguments, [line, *words.dry(touched)], facts, desk.state.all_releases(), desk.ring)
    return 0


# -- commands -----------------------------------------------------------------------------------


def build_release(arguments: Namespace) -> int:
    source = Path(arguments.source) if arguments.source else None
    runtime = Path(arguments.runtime) if arguments.runtime else None
    root = Path(arguments.root) if arguments.root else None
    out = Path(arguments.out)
    made = build.build(
        arguments.version, arguments.board, out, source=source, runtime_file=runtime,
        trial_s=arguments.trial_s, root_file=root,
    )  # fmt: skip
    release, commit = made.release, made.commit
    facts = {
        "version": release.version, "board": release.board, "bundle": made.bundle,
        "runtime": made.runtime, "commit": commit.name, "built": commit.time,
        "clean": commit.clean, "notes": made.notes,
    }  # fmt: skip
    lines = [
        f"{out}: release {release.version} for {release.board}",
        f"  bundle  {made.bundle}",
        f"  runtime {made.runtime}",
        f"  commit  {commit.name or 'none known'}",
        *(f"  note: {note}" for note in made.notes),
    ]
    say(arguments, lines, facts, [])
    return 0


def sign(arguments: Namespace) -> int:
    release, launcher = kept.load(Path(arguments.bundle))
    candidate = candidate_of(release, launcher)
    subject = candidate.subject
    with work(arguments) as desk:
        check_root(desk, release)
        before = desk.history(subject.board)
        shown = (
            proof.of_drill(arguments.without_proof)
            if arguments.without_proof is not None
            else proof.of_evidence(Path(arguments.evidence), subject)
        )
        record = Path(arguments.runtime_record) if arguments.runtime_record else None
        kept_files = proof.of_runtime(record, subject, before)
        rules = rules_of(arguments, desk.now_s)
        origins = releasing.origins(subject.version, rules, before)
        change = releasing.add(
            desk.state, candidate, shown, rules, arguments.drop or [], before,
            desk.bundles(origins),
        )  # fmt: skip
        change.files.update(kept_files)
        lines = sign_and_write(desk, change)
        lines.insert(0, f"{subject.board} {subject.version} is signed; {shown.words}")
        if build.is_stand_in(candidate.runtime):
            lines.append(f"warning: {build.STAND_IN}")
        return told(
            arguments, desk, lines, board=subject.board, version=subject.version,
            bundle=subject.bundle, proof=shown.proof,
        )  # fmt: skip


def check_root(desk: Desk, release: publish.Release) -> None:
    """A release whose devices trust somebody else could never be replaced. UserError."""
    carried = inspection.carried(release)
    if carried in desk.state.roots.values():
        return
    newest = desk.folder / roles.metadata_path(roles.ROOT, max(desk.state.roots))
    why = "its devices would trust another repository"
    if carried is None:
        why = "its bundle has no root: its devices would trust nobody"
    elif development.MARK.encode() in carried:
        why = "its devices would trust the development key, which everybody has"
    raise UserError(f"release {release.version}", why, f"build it with --root {newest}")


def candidate_of(release: publish.Release, launcher: bytes) -> releasing.Candidate:
    """A kept release as it is signed."""
    offer = parse(release.files[publish.OFFER])
    runtime = release.files[offer.runtime.url]
    subject = proof.Subject(
        release.board, boards.load(release.board).chip, release.version,
        states.digest(release.bundle.image), states.digest(runtime), states.digest(launcher),
    )  # fmt: skip
    return releasing.Candidate(
        subject, release.bundle.image, runtime, offer.trial_s, offer.build_time
    )


def rules_of(arguments: Namespace, now_s: int) -> listing.Rules:
    start = now_s if arguments.start_epoch is None else arguments.start_epoch
    return listing.Rules(
        tuple(arguments.ranges or [listing.ANY]), tuple(arguments.through or []), start,
        arguments.start_percentage, arguments.duration_minutes, arguments.barrier,
        arguments.deadend,
    )  # fmt: skip


def publish_out(arguments: Namespace) -> int:
    desk = look(arguments)
    out = Path(arguments.out)
    if arguments.dry_run:
        state, made = publication.to_publish(desk.folder, {}, out, desk.now_s)
        rows = publication.touched({out: made})
        return _published(arguments, state, made.seamless, words.dry(rows), would_write=rows)
    with place.locked(desk.folder):
        state, count, seamless = publication.publish(desk.folder, out, desk.now_s)
    stamp = state.timestamp.signed.version
    line = f"{out}: {count} files written; root {state.root.signed.version}, timestamp {stamp}"
    return _published(arguments, state, seamless, [line], files=count)


def _published(
    arguments: Namespace, state: State, seamless: bool, lines: list[str], **facts: Any
) -> int:  # fmt: skip
    lines += [] if seamless else [publication.SEAM]
    facts |= {
        "dry_run": arguments.dry_run, "seamless": seamless, "root": state.root.signed.version,
        "timestamp": state.timestamp.signed.version,
    }  # fmt: skip
    say(arguments, lines, facts, state.all_releases())
    return 0


def verify(arguments: Namespace) -> int:
    now_s = now_of(arguments)
    folder = None if arguments.no_kept else Path(arguments.kept or kept.RELEASES)
    known = inspection.fielded(folder)
    report = inspection.inspect(client.at(arguments.where), known, now_s)
    lines, facts = inspection.lines(report, now_s), inspection.facts(report, now_s)
    say(arguments, lines, facts, list(inspection.releases_of(report)))
    return 0 if report.good else ENDS


def recall(arguments: Namespace) -> int:
    board, version = arguments.board, arguments.version
    with opened(arguments) as desk:
        change = releasing.recall(desk.state, board, version, desk.history(board))
        rows = states.recalled(change.targets[board])
        line = f"{board} {version} is recalled: devices that run it will boot the other slot"
        return carry_out(arguments, desk, change, line, board=board, recalled=rows)


def halt(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        change = releasing.halt(desk.state, arguments.version, desk.every())
        line = f"{arguments.version} is halted: no device starts to install it"
        return carry_out(arguments, desk, change, line, halted=change.halted)


def resume(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        change = releasing.resume(desk.state, arguments.version)
        line = f"{arguments.version} is on offer again"
        return carry_out(arguments, desk, change, line, halted=change.halted)


def expiry(arguments: Namespace) -> int:
    desk = look(arguments)
    ring = keys.load(Path(arguments.keys)) if arguments.keys else None
    rows = trust_calendar.rows(desk.state, ring, desk.now_s, desk.read)
    rows = trust_calendar.ordered([*rows, *trust_calendar.shipped(desk.now_s)])
    ending = trust_calendar.ending(rows, arguments.horizon)
    lines = words.calendar_lines(rows, arguments.horizon)
    lines.append(words.ending_line(ending, len(rows), arguments.horizon))
    today = datetime.fromtimestamp(desk.now_s, UTC).date()
    tables = {"that a release ships": calendars.read()}
    if signed := trust_calendar.calendars(desk.state, desk.read):
        tables["of data/calendars"] = signed
    lines += [f"calendars {whose} end: {calendars.horizons(one)}" for whose, one in tables.items()]
    newest = calendars.read() | signed
    short = calendars.horizon_warnings(newest, today)
    lines += [f"{one}: 'seesaw market calendar'" for one in short]
    facts = {
        "horizon_days": arguments.horizon, "ends": words.calendar_facts(rows), "calendars": short,
        "calendars_end": {name: str(calendars.date_of(newest[name]["last"])) for name in newest},
        "inside": [row.what for row in ending],
    }  # fmt: skip
    say(arguments, lines, facts, desk.state.all_releases())
    return ENDS if ending else 0


def status(arguments: Namespace) -> int:
    desk = look(arguments)
    courses = desk.fleet()
    calendar = trust_calendar.rows(desk.state, None, desk.now_s, desk.read)
    lines = words.status_lines(str(desk.folder), desk.state, courses, calendar)
    facts = words.status_facts(desk.state, courses, calendar)
    say(arguments, lines, facts, desk.state.all_releases())
    return 0
