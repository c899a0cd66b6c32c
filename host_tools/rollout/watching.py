"""`seesaw rollout watch`: the logs are read and judged. Alone of these commands it needs polars."""

import sys
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.fleet.logs import AHEAD_S, checks
from host_tools.fleet.tally import Tally
from host_tools.release import roles
from host_tools.release import state as states
from host_tools.release.commands import Desk, look, opened, say
from host_tools.release.words import dry
from host_tools.rollout import course as courses
from host_tools.rollout import heard, steps, words
from host_tools.rollout.commands import carry_out, catch_up
from host_tools.rollout.course import Course
from host_tools.rollout.heard import Asked, Verdict

MET = 1  # exit code: the abort rule is met


def watch(arguments: Namespace) -> int:
    """Read the logs, judge, and pause the rollout when its rule is met and nothing stops it yet."""
    desk = look(arguments)
    course = courses.load(desk.state, desk.read, arguments.version)
    late = _publish_late(arguments, course)
    verdict, tally = judge(desk, course, [Path(name) for name in arguments.logs])
    lines, facts = told(course, verdict, tally)
    if late:
        facts |= {"files": late, "dry_run": arguments.dry_run}
        lines += dry(late) if arguments.dry_run else []
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


def _publish_late(arguments: Namespace, course: Course) -> list[dict[str, str]]:
    """Publish a stop that the folder of the host does not have, as when publishing failed an hour
    ago; said at once, as the logs may be bad. The files of it."""
    if not (course.stop and arguments.keys and arguments.out):
        return []
    if courses.is_out(course.version, Path(arguments.out)):
        return []
    with opened(arguments) as desk:
        files = catch_up(arguments, desk)
    what = "that would be published" if arguments.dry_run else "published now"
    why = f"it is {courses.stopped(course.stop)}; {arguments.out} did not say so: {what}"
    print(f"seesaw: release {course.version}: {why}", file=sys.stderr)
    return files


def judge(desk: Desk, course: Course, logs: list[Path]) -> tuple[Verdict, Tally]:
    """UserError when no device's check is in the logs: then they are others, or cut off."""
    tally = Tally()
    asked = Asked(
        course.version, frozenset(one.sha256[:8] for one in course.listed), course.signed["since"],
        heard.renamed(_issued(desk)), desk.now_s,
    )  # fmt: skip
    with closing(checks(logs, tally.counts, desk.now_s + AHEAD_S)) as found:
        verdict = heard.read(found, asked, course.ring.abort, tally)
    if tally.devices.is_empty():
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


def told(
    course: Course, found: Verdict, tally: Tally
) -> tuple[list[str], dict[str, Any]]:  # fmt: skip
    """Of the logs, for people and for programs."""
    read, since = tally.counts, words.moment(course.signed["since"])
    lines = [
        f"read: {read.lines:,} lines, {read.checks:,} checks since {since}; {read.unsaid:,} of no"
        f" device, {read.torn:,} torn or mixed, {tally.beyond:,} beyond a limit",
        f"{course.version}: {found.heard:,} heard, of which {found.failed:,} failed and"
        f" {found.rolled_back:,} went back; {found.on_trial:,} on trial; {found.silent:,} of"
        f" {found.took:,} silent, and {found.quiet:,} of {found.every:,} on any version;"
        f" {found.known:,} known before",
        found.why or f"the rule is not met: {words.rule(course.ring)}",
    ]
    if course.stop:
        lines.append(f"it is {courses.stopped(course.stop)}")
    facts = {
        "version": course.version, "met": bool(found.why), "why": found.why,
        "heard": found.heard, **asdict(found), "read": asdict(read) | {"beyond": tally.beyond},
        "stop": course.stop.kind if course.stop else None,
    }  # fmt: skip
    facts["abort"] = facts.pop("rule")
    return lines, facts
