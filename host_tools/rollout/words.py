"""Rollouts in words, and as plain values for JSON. No I/O."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from host_tools.release import roles
from host_tools.release.state import Stop
from host_tools.release.words import dry, table
from host_tools.rollout import course as courses
from host_tools.rollout.course import Course
from host_tools.rollout.plan import Plan, Ring


def ring(plan: Plan, number: int) -> dict[str, Any]:
    found = plan.rings[number]
    return {"name": found.name, "number": number + 1, "of": len(plan.rings),
            "devices": len(found.devices), "start_percentage": found.start_percentage,
            "duration_minutes": found.duration_minutes}  # fmt: skip


def rule(found: Ring) -> str:
    it = found.abort
    return (f"it pauses at {it.abort_percent:g} % failed or rolled back, or {it.silent_percent:g} %"
            f" silent for {it.silent_hours} h, of {it.abort_min:,} or more; at {it.few_percent:g} %"
            f" of {it.few_min:,} or more")  # fmt: skip


def resumed(signed: dict[str, Any]) -> str:
    """From which share on. signed: `rollout` of `custom`."""
    if not signed["start_percentage"] and not signed["duration_minutes"]:
        return "for the devices that are named"
    growing = f", all in {signed['duration_minutes']} min" if signed["duration_minutes"] else ""
    return f"from {signed['start_percentage']} % on{growing}"


# -- files --------------------------------------------------------------------------------------


def carried_out(
    lines: list[str], files: Sequence[dict[str, str]], folder: Path, arguments: Namespace
) -> list[str]:  # fmt: skip
    if arguments.dry_run:
        return [*lines, *dry(files)]
    if arguments.out:
        return [*lines, f"{arguments.out}: published"]
    return [*lines, f"devices will see it after: seesaw release publish {folder} OUT"]


# -- where it stands ----------------------------------------------------------------------------


def standing(course: Course, now_s: int) -> str:
    if course.stop:
        return courses.stopped(course.stop)
    if now_s < course.signed["start_epoch"] and not course.ring.devices:
        return f"begins {moment(course.signed['start_epoch'])}"
    return "for all" if course.share(now_s) == courses.ALL else "under way"


def moment(seconds: int) -> str:
    return f"{roles.moment(seconds):%Y-%m-%d %H:%M} UTC"


def after(course: Course) -> str:
    if course.stop:
        return "resume, or recall"
    return f"widen to {course.after.words}" if course.after else "-"


def status_lines(
    found: Sequence[Course], others: Mapping[str, Stop], now_s: int
) -> list[str]:  # fmt: skip
    """others: what is stopped and not rolled out by a plan."""
    return [*_courses(found, now_s), *(
        f"{version} is {courses.stopped(stop)}; no plan rolls it out: 'seesaw release resume'"
        for version, stop in others.items()
    )]  # fmt: skip


def _courses(found: Sequence[Course], now_s: int) -> list[str]:
    if not found:
        return ["no rollout has started: 'seesaw rollout start'"]
    rows = [["version", "boards", "ring", "named", "share", "stands", "next"]]
    for one in found:
        place = f"{one.number + 1} of {len(one.plan.rings)}, {one.ring.name}"
        rows.append([
            one.version, " ".join(one.boards), place, str(len(one.plan.early(one.number))),
            f"{one.share(now_s) / 100:g} %", standing(one, now_s), after(one),
        ])  # fmt: skip
    return [*table(rows), *(f"{one.version}: {rule(one.ring)}" for one in found)]


def status_facts(one: Course, now_s: int) -> dict[str, Any]:
    return {
        "version": one.version,
        "boards": one.boards,
        "ring": ring(one.plan, one.number),
        "named": len(one.plan.early(one.number)),
        "share_percent": one.share(now_s) / 100,
        "start_epoch": one.signed["start_epoch"],
        "counted_since": one.signed["since"],
        "stop": asdict(one.stop) if one.stop else None,
        "stands": standing(one, now_s),
        "abort": asdict(one.ring.abort),
        "plan": one.signed["plan"],
        "next": ring(one.plan, one.number + 1) if one.after else None,
    }


