"""`seesaw rollout ...`: what each command does, the thin shell around the decisions."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host_tools.errors import Already, UserError
from host_tools.image import files as disk
from host_tools.market import calendars
from host_tools.release import change as changes
from host_tools.release import place, publication, trust_calendar
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.commands import Desk, look, opened, say
from host_tools.release.publication import Plan as Written
from host_tools.rollout import course as courses
from host_tools.rollout import plan as plans
from host_tools.rollout import session, steps, words


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
    return _say(arguments, desk, lines, written(arguments, desk, made), facts)


def publish_late(arguments: Namespace, desk: Desk, done: Already, **facts: Any) -> int:
    """Publish what was signed before, as when publishing failed then. UserError where nothing is to
    be published, or nobody said where."""
    if not arguments.out:
        raise done
    files = catch_up(arguments, desk)
    if not files:
        raise Already(done.what, done.why, "it is published, too: nothing is to be done")
    lines = [f"{done.what}: {done.why}; that was signed already, so it is published alone"]
    return _say(arguments, desk, lines, files, facts)


def catch_up(arguments: Namespace, desk: Desk) -> list[dict[str, str]]:
    """Publish what is signed. The files of it, as publication.touched()."""
    out = Path(arguments.out)
    made = publication.to_publish(desk.folder, {}, out, desk.now_s)[1]
    return written(arguments, desk, {out: made})


def written(arguments: Namespace, desk: Desk, made: dict[Path, Written]) -> list[dict[str, str]]:
    """Write it, but for a dry run. The files of it, as publication.touched()."""
    touched = publication.touched(made)
    if not arguments.dry_run:
        _write(desk.folder, made)
        desk.state = states.load(desk.read, str(desk.folder))
    return touched


def _say(
    arguments: Namespace, desk: Desk, lines: list[str], files: list[dict[str, str]],
    facts: dict[str, Any],
) -> int:  # fmt: skip
    told = words.carried_out(lines, files, desk.folder, arguments)
    facts |= {"version": arguments.version, "dry_run": arguments.dry_run, "files": files}
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


def _published(arguments: Namespace, desk: Desk, ring: str) -> None:
    """UserError when what was signed before is not published there: who types a command again after
    publishing failed means the same ring, not the next one."""
    out = arguments.out and Path(arguments.out)
    if out and publication.to_publish(desk.folder, {}, out, desk.now_s)[1].items:
        why = f"what is signed is not published there, perhaps not even ring '{ring}'"
        raise UserError(str(out), why, f"first: seesaw release publish {desk.folder} {out}")


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
        _published(arguments, desk, course.ring.name)
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
        try:
            change = steps.stop(
                desk.state, version, desk.every(), kind, desk.now_s, arguments.why
            )  # fmt: skip
        except Already as done:
            old = courses.stop_of(desk.state, version)
            return publish_late(arguments, desk, done, stop=old and old.kind)
        stopped = courses.stopped(change.stops[version])
        lines = [f"{version} is {stopped}: no device starts to install it"]
        return carry_out(arguments, desk, change, lines, stop=kind)


def recall(arguments: Namespace) -> int:
    with opened(arguments) as desk:
        try:
            change, boards = steps.recall(desk.state, arguments.version, desk.every())
        except Already as done:
            boards = courses.recalled(desk.state, arguments.version)
            return publish_late(arguments, desk, done, recalled=boards)
        lines = [f"{board} {arguments.version} is recalled: devices that run it will boot the other"
                 " slot" for board in boards]  # fmt: skip
        return carry_out(arguments, desk, change, lines, recalled=boards)


def status(arguments: Namespace) -> int:
    desk = look(arguments)
    names = [arguments.version] if arguments.version else courses.versions(desk.state)
    found = [courses.load(desk.state, desk.read, name) for name in names]
    others = {} if arguments.version else courses.stops(desk.state, names)
    lines = words.status_lines(found, others, desk.now_s)
    facts = {
        "rollouts": [words.status_facts(one, desk.now_s) for one in found],
        "stops": {version: asdict(stop) for version, stop in others.items()},
    }
    say(arguments, lines, facts, desk.state.all_releases())
    return 0
