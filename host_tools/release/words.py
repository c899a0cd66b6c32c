"""What the tool says of a repository: lines for people, and the same as JSON. Pure.

A drill, a release that went out without a proof, is in the answer of every command.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from host_tools.release import datasets, roles
from host_tools.release.listing import ANY, Listed
from host_tools.release.releasing import Course
from host_tools.release.state import PAUSE, State
from host_tools.release.trust_calendar import Row

COLUMN_GAP = 2


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; the last one is not padded."""
    found = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return [
        (" " * COLUMN_GAP).join(
            cell if n == len(row) - 1 else cell.ljust(widths[n]) for n, cell in enumerate(row)
        ).rstrip()
        for row in found
    ]  # fmt: skip


def dry(files: Sequence[dict[str, str]]) -> list[str]:
    """What a dry run says of the files, as publication.touched() has them."""
    rows = [f"{row['change']:<8} {row['path']}" for row in files]
    return [*rows, f"a dry run: {len(files)} files would be written, and none was"]


def drills(releases: Iterable[Listed]) -> list[dict[str, str]]:
    """The releases that went out without a proof."""
    return [
        {"board": one.board, "version": one.version, "reason": one.drill}
        for one in releases
        if one.drill
    ]


def drill_lines(releases: Iterable[Listed]) -> list[str]:
    return [
        f"DRILL: {row['board']} {row['version']} was not proven: {row['reason']}"
        for row in drills(releases)
    ]


# -- releases -----------------------------------------------------------------------------------


def release_facts(one: Listed, halted: Sequence[str]) -> dict[str, Any]:
    return {**one.custom, "sha256": one.sha256, "halted": one.version in halted}


def release_row(one: Listed, halted: Sequence[str]) -> list[str]:
    ranges = one.custom["from"]
    start = "any version" if ANY in ranges else " ".join(ranges)
    stops = one.custom["through"]
    words = [f"from {start}", *([f"through {' '.join(stops)}"] if stops else [])]
    for name in ("barrier", "deadend"):
        if one.custom[name] is not None:
            words.append(f"{name}: {one.custom[name]}")
    state = "HALTED" if one.version in halted else "on offer"
    return [one.board, one.version, state, one.rollout, ", ".join(words), one.proof]


def release_lines(boards: dict[str, list[Listed]], halted: Sequence[str]) -> list[str]:
    """The table of releases; a board without one is named."""
    found = [release_row(one, halted) for some in boards.values() for one in some]
    head = [["board", "version", "state", "rollout", "who", "proof"]]
    empty = [board for board, some in boards.items() if not some]
    lines = table([*head, *found]) if found else []
    return lines + ([f"no release yet: {', '.join(empty)}"] if empty else [])


def recall_lines(recalls: dict[str, list[dict[str, str]]]) -> list[str]:
    return [
        f"recalled: {board} {row['version']} ({row['sha256'][:12]})"
        for board, rows in recalls.items()
        for row in rows
    ]


def course_facts(one: Course) -> dict[str, Any]:
    facts = {"board": one.board, "version": one.version, "stops": one.stops, "stuck": one.stuck}
    return facts | {"recalled": one.recalled}


def course_lines(courses: Iterable[Course]) -> list[str]:
    """What becomes of devices in the field."""
    rows = []
    for one in courses:
        words = " -> ".join(one.stops) or ("-" if one.recalled else "stays")
        notes = ["STUCK: no way to the newest"] if one.stuck else []
        notes += ["recalled: boots its other slot"] if one.recalled else []
        rows.append([one.board, one.version, words, ", ".join(notes)])
    return table([["board", "runs", "installs", ""], *rows]) if rows else []


def stuck_lines(courses: Iterable[Course]) -> list[str]:
    return [
        f"warning: devices of {one.board} with {one.version} find no way to the newest release"
        for one in courses
        if one.stuck
    ]


# -- the repository -----------------------------------------------------------------------------


def calendar_facts(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [
        {"what": row.what, "end": row.end.isoformat(), "days": row.days, "renewal": row.renewal}
        for row in rows
    ]


def calendar_lines(rows: Iterable[Row], horizon_days: int) -> list[str]:
    found = [["what", "ends", "days left", "", "to go on"]]
    for row in rows:
        mark = "EXPIRED" if row.days < 0 else "inside" if row.days < horizon_days else ""
        found.append([row.what, roles.day(row.end), str(row.days), mark, row.renewal])
    return table(found)


def ending_line(ending: Sequence[Row], every: int, horizon_days: int) -> str:
    """Calendars end by nature within a year or two, so nothing is said of these."""
    if not ending:
        return f"nothing that is signed, and no root that ships, ends within {horizon_days} days"
    renew = any(row.what.startswith("role ") for row in ending)
    fix = ": 'seesaw release renew'" if renew else ""
    return f"{len(ending)} of {every} end within {horizon_days} days{fix}"


def status_facts(
    state: State, courses: Sequence[Course], calendar: Sequence[Row]
) -> dict[str, Any]:
    releases = {board: state.releases(board) for board in state.boards}
    return {
        "root": state.root.signed.version,
        "timestamp": state.timestamp.signed.version,
        "snapshot": state.snapshot.signed.version,
        "issued": state.issued_s,
        "halted": state.halted,
        "stops": {name: asdict(stop) for name, stop in state.stops.items()},
        "recalled": {board: state.recalls(board) for board in state.boards},
        "releases": {
            board: [release_facts(one, state.halted) for one in some]
            for board, some in releases.items()
        },
        "data": datasets.facts(datasets.of(state)),
        "fleet": [course_facts(one) for one in courses],
        "ends": calendar_facts(calendar),
    }


def status_lines(
    where: str, state: State, courses: Sequence[Course], calendar: Sequence[Row]
) -> list[str]:
    """A repository in words."""
    root = state.root.signed
    shares = [
        f"{name} {root.roles[name].threshold} of {len(root.roles[name].keyids)}"
        for name in roles.TOP_LEVEL
    ]
    issued = roles.day(roles.moment(state.issued_s))
    nearest = calendar[0]
    lines = [
        f"{where}: a release repository for {len(state.boards)} boards",
        f"  root {root.version}; keys that must sign: {', '.join(shares)}",
        f"  newest statement: timestamp {state.timestamp.signed.version}, signed {issued}",
        f"  ends first: {nearest.what}, {roles.day(nearest.end)}, in {nearest.days} days",
    ]
    boards = {board: state.releases(board) for board in state.boards}
    lines += ["", *release_lines(boards, state.halted)]
    if state.halted:
        paused = [name for name, stop in state.stops.items() if stop.kind == PAUSE]
        names = [name + " (a pause)" * (name in paused) for name in state.halted]
        lines.append(f"halted: {', '.join(names)}")
    lines += recall_lines({board: state.recalls(board) for board in state.boards})
    lines += datasets.lines(datasets.of(state))
    moving = course_lines(courses)
    return [*lines, *([""] if moving else []), *moving]
