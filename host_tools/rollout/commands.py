"""`seesaw rollout ...`: what each command does, the thin shell around the decisions."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.fleet.commands import AHEAD_S
from host_tools.fleet.logs import checks
from host_tools.fleet.tally import Tally
from host_tools.image import files as disk
from host_tools.market import calendars
from host_tools.release import change as changes
from host_tools.release import keys, place, publication, roles, trust_calendar
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.commands import Desk, look, say, work
from host_tools.release.publication import Plan as Written
from host_tools.rollout import course as courses
from host_tools.rollout import heard, session, steps, words
from host_tools.rollout import plan as plans
from host_tools.rollout.course import Course
from host_tools.rollout.heard import Asked, Verdict

MET = 1  # exit code: the abort rule is met


@contextmanager
def opened(arguments: Namespace) -> Iterator[Desk]:
    """To change it; for a dry run without a trace, not even a lock."""
    if not arguments.dry_run:
        with work(arguments) as desk:
            yield desk
        return
    desk = look(arguments)
    desk.ring = keys.load(Path(arguments.keys))
    yield desk


def carry_out(
    arguments: Namespace, desk: Desk, change: Change, lines: list[str], **facts: Any
) -> int:  # fmt: skip
    """Sign a change, check it against devices and against what is published, then write both, or
    only tell."""
    files = changes.commit(desk.state, change, desk.keys, desk.now_s)
    made = {desk.folder: publication.to_write(desk.folder, files, desk.now_s)}
    if arguments.out:
        out = Path(arguments.out)
        made[out] = publication.to_publish(desk.folder, files, out, desk.now_s)[1]
    touched = words.touched(made)
    if not arguments.dry_run:
        _write(desk.folder, made)
        desk.state = states.load(desk.read, str(desk.folder))
    told = words.carried_out(lines, touched, desk.folder, arguments)
    facts |= {"version": arguments.version, "dry_run": arguments.dry_run, "files": touched}
    say(arguments, told, facts, desk.state.all_releases(), desk.ring)
    return 0


def _write(folder: Path, made: dict[Path, Written]) -> None:
    """The repository first: what is published can always be signed on."""
    for where, one in made.items():
        try:
            if one.items:
                place.put(where, one.items)
        except UserError as error:
            if where == folder:
                raise
            why = f"signed in {folder}, but not published: {error}"
            fix = f"mend it, then: seesaw release publish {folder} {where}"
            raise UserError(str(where), why, fix) from error


def _hours(arguments: Namespace, desk: Desk, *moments_s: int) -> None:
    """UserError inside the US session, by the newest calendar that is at hand."""
    if not arguments.force:
        table = calendars.read() | trust_calendar.calendars(desk.state, desk.read)
        for moment_s in moments_s:
            session.check(moment_s, table)


def _start_s(arguments: Namespace, desk: Desk) -> int:
    return desk.now_s if arguments.start_epoch is None else int(arguments.start_epoch)


# -- commands -----------------------------------------------------------------------------------


def start(arguments: Namespace) -> int:
    path = Path(arguments.plan)
    plan = plans.parse(disk.read(path), str(path), arguments.version)
    with opened(arguments) as desk:
        start_s = _start_s(arguments, desk)
        change = steps.start(desk.state, plan, start_s, desk.now_s)
        _hours(arguments, desk, desk.now_s, start_s)
        lines = [f"{plan.version} begins with {plan.rings[0].words}", words.rule(plan.rings[0])]
        return carry_out(arguments, desk, change, lines, ring=words.ring(plan, 0))


def widen(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        course = courses.load(desk.state, desk.read, arguments.version)
        start_s = _start_s(arguments, desk)
        change = steps.widen(desk.state, course, start_s, desk.now_s)
        _hours(arguments, desk, desk.now_s, start_s)
        number = course.number + 1
        after = course.plan.rings[number]
        lines = [f"{course.version} goes on to {after.words}", words.rule(after)]
        return carry_out(arguments, desk, change, lines, ring=words.ring(course.plan, number))


def resume(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        course = courses.load(desk.state, desk.read, arguments.version)
        change, signed = steps.resume(desk.state, course, desk.now_s)
        _hours(arguments, desk, desk.now_s)
        lines = [f"{course.version} goes on in '{course.ring.name}', {words.resumed(signed)}",
                 "devices that have failed it so far count no more for its rule"]  # fmt: skip
        ring = words.ring(course.plan, course.number)
        return carry_out(arguments, desk, change, lines, ring=ring)


def pause(arguments: Namespace) -> int:
    return _stop(arguments, states.PAUSE)


def halt(arguments: Namespace) -> int:
    return _stop(arguments, states.HALT)


def _stop(arguments: Namespace, kind: str) -> int:
    with opened(arguments) as desk:
        version = arguments.version
        change = steps.stop(
            desk.state, version, desk.every(), kind, desk.now_s, arguments.why
        )  # fmt: skip
        lines = [f"{version} is {steps.stopped(change.stops[version])}: no device starts to install"
                 " it"]  # fmt: skip
        return carry_out(arguments, desk, change, lines, stop=kind)


def recall(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        change, boards = steps.recall(desk.state, arguments.version, desk.every())
        lines = [f"{board} {arguments.version} is recalled: devices that run it will boot the other"
                 " slot" for board in boards]  # fmt: skip
        return carry_out(arguments, desk, change, lines, recalled=boards)


def status(arguments: Namespace) -> int:
    desk = look(arguments)
    names = [arguments.version] if arguments.version else courses.versions(desk.state)
    found = [courses.load(desk.state, desk.read, name) for name in names]
    lines = words.status_lines(found, desk.now_s)
    facts = {"rollouts": [words.status_facts(one, desk.now_s) for one in found]}
    say(arguments, lines, facts, desk.state.all_releases())
    return 0


# -- watching -----------------------------------------------------------------------------------


def watch(arguments: Namespace) -> int:
    """Read the logs, judge, and pause the rollout when its rule is met and nothing stops it yet."""
    desk = look(arguments)
    course = courses.load(desk.state, desk.read, arguments.version)
    verdict, tally = judge(desk, course, [Path(name) for name in arguments.logs])
    lines, facts = words.verdict(course, verdict, tally)
    if not verdict.why or course.stop or not arguments.keys:
        if verdict.why and not course.stop:
            lines.append("nothing was paused: that takes --keys")
        say(arguments, lines, facts, list(course.listed))
        return MET if verdict.why else 0
    with opened(arguments) as desk:
        change = steps.stop(
            desk.state, course.version, desk.every(), states.PAUSE, desk.now_s, verdict.why
        )  # fmt: skip
        lines.append(f"{course.version} is paused: somebody should look, then resume or halt it")
        carry_out(arguments, desk, change, lines, **facts | {"stop": states.PAUSE})
    return MET


def judge(desk: Desk, course: Course, logs: list[Path]) -> tuple[Verdict, Tally]:
    """UserError when no device's check is in the logs: then they are others, or cut off."""
    tally = Tally()
    asked = Asked(
        course.version, frozenset(one.sha256[:8] for one in course.listed), course.signed["since"],
        heard.renamed(_issued(desk)), desk.now_s,
    )  # fmt: skip
    found = checks(logs, tally.counts, desk.now_s + AHEAD_S)
    verdict = heard.read(found, asked, course.ring.abort, tally)
    if not tally.devices:
        why = f"no device's check since the start in {tally.counts.lines} lines"
        raise UserError("the logs", why, "name access logs of the host of the releases")
    return verdict, tally


def _issued(desk: Desk) -> list[int]:
    """When the statements were signed that the folder has kept; at least the newest."""
    found = [desk.state.issued_s]
    newest = desk.state.timestamp.signed.version
    for version in range(newest - 1, max(newest - states.HISTORY_MAX, 0), -1):
        path = states.timestamp_path(version)
        data = desk.read(path)
        if data is None:
            break
        fields = states.parse(data, path, roles.TIMESTAMP).signed.unrecognized_fields
        issued = fields.get(roles.ISSUED)
        found.append(issued if type(issued) is int else found[-1])
    return found
