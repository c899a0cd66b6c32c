"""Publishing: which files go where, in which order, so that a device that looks in between sees
one consistent set.

Files named by version or hash are never replaced, and nobody looks for one before another file
names it. Two kinds of files take effect at once: a new root, and timestamp.json. Each *state*, a
pair of newest root and timestamp, must be one that a device can follow; a publication is a way
from one state to another over such states alone. After a rotation of the timestamp's key, for one,
the timestamp that both roots accept comes first, then the root, then the newest timestamp.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.release import client, place, roles
from host_tools.release import state as states
from host_tools.release.client import Reader
from host_tools.release.place import Item
from host_tools.release.state import State

# What is published; anything else that lies in these folders stays at home.
PUBLISHED = re.compile(
    r"metadata/([0-9]+\.[a-z0-9_]+|timestamp)\.json|targets/([\w.-]+/)+[0-9a-f]{64}\.[\w.-]+"
)
TRIED_MAX = 400  # states that are tried on the way
SEAM = (
    "note: no order of files avoids a moment in which devices find a root and a timestamp that do"
    " not go together; those that look just then try again at their next look"
)
TIMESTAMP_PATH = roles.metadata_path(roles.TIMESTAMP, None)

Step = tuple[int, int]  # newest root's version, timestamp's version


@dataclass(frozen=True)
class Plan:
    """items: in order. seamless: no device that looks in between is turned away."""

    items: list[Item]
    seamless: bool


# -- the way ------------------------------------------------------------------------------------


def way(start: Step, goal: Step, valid: Callable[[Step], bool]) -> list[Step] | None:
    """States from start (not in it) to goal (in it), each of them valid; None when there is no way.

    Pure. A step is one more root, or any later timestamp. valid is not asked of start and goal.
    """
    known: dict[Step, bool] = {goal: True}
    dead: set[Step] = set()

    def ok(step: Step) -> bool:
        if step not in known:
            known[step] = len(known) < TRIED_MAX and valid(step)
        return known[step]

    def on(here: Step) -> list[Step] | None:
        if here == goal:
            return []
        dead.add(here)
        later = [(here[0], stamp) for stamp in range(goal[1], here[1], -1)]
        for step in [(here[0] + 1, here[1])] * (here[0] < goal[0]) + later:
            if step not in dead and ok(step):
                rest = on(step)
                if rest is not None:
                    return [step, *rest]
        return None

    return on(start)


def direct(start: Step, goal: Step) -> list[Step]:
    """The way when there is none that is seamless: all roots, then the timestamp."""
    return [*((root, start[1]) for root in range(start[0] + 1, goal[0] + 1)), goal]


def plan(old: Reader, new: Reader, names: list[str], now_s: int) -> Plan:
    """Order the files `names` of a repository for a folder that holds what `old` reads.

    new: reads all of the repository as it will be. UserError as step_of().
    """
    goal = step_of(new)
    assert goal is not None  # the caller has verified it
    start = step_of(old)
    ways = [goal] if start is None else way(start, goal, lambda step: _valid(new, step, now_s))
    steps = ways if ways is not None else direct(start or goal, goal)
    last = {roles.metadata_path(roles.ROOT, root) for root in range(1, goal[0] + 1)}
    first = [name for name in names if name not in last and name != TIMESTAMP_PATH]
    first.sort(key=lambda name: (name.startswith("metadata/"), name))
    early = sorted(last & set(names), key=len) if start is None else []
    items = [(name, _bytes(new, name)) for name in (*first, *early)]
    before = start or goal
    for step in steps:
        if step[0] != before[0]:
            name = roles.metadata_path(roles.ROOT, step[0])
            items.append((name, _bytes(new, name)))
        if step[1] != before[1] or start is None:
            items.append((TIMESTAMP_PATH, _stamp(new, step[1])))
        before = step
    return Plan(items, ways is not None)


def step_of(read: Reader) -> Step | None:
    """The state of a folder, None when nothing is published there. UserError for no metadata."""
    newest = 0
    while newest < roles.ROOT_STEPS_MAX and read(roles.metadata_path(roles.ROOT, newest + 1)):
        newest += 1
    data = read(TIMESTAMP_PATH)
    if data is None or not newest:
        return None
    return newest, states.parse(data, TIMESTAMP_PATH, roles.TIMESTAMP).signed.version


def _valid(new: Reader, step: Step, now_s: int) -> bool:
    """Can a device whose newest root is that one follow that timestamp?"""
    root, stamp = step
    found = new(roles.metadata_path(roles.ROOT, root))
    hidden = {roles.metadata_path(roles.ROOT, root + 1): None}
    try:
        read = client.overlay(new, {**hidden, TIMESTAMP_PATH: _stamp(new, stamp)})
        client.look(client.of(read, "on the way"), found or b"", now_s)
    except UserError:
        return False
    return True


def _stamp(new: Reader, version: int) -> bytes:
    return _bytes(new, states.timestamp_path(version))


def _bytes(new: Reader, name: str) -> bytes:
    data = new(name)
    if data is None:
        raise UserError(name, "it is missing", client.RESTORE)
    return data


# -- writing ------------------------------------------------------------------------------------


def check(read: Reader, where: str, now_s: int, *, whole: bool = False) -> client.Seen:
    """Can a device with any root ever published follow? What it sees then. UserError otherwise.

    A device that starts from root 1 walks through every other, and each from there on: so one look
    is asked for all of them. whole: fetch every file on offer too.
    """
    source = client.of(read, where)
    first = client.roots(source)[1]
    return client.look(source, first, now_s, whole=whole)


def write(folder: Path, files: dict[str, bytes], now_s: int) -> bool:
    """Put the files of a change (change.commit) into a repository's folder, the order as above.

    Checked before anything is written. False when devices that look in that moment are turned
    away once. UserError when a device could not follow, or the folder cannot be written.
    """
    made = to_write(folder, files, now_s)
    place.put(folder, made.items)
    return made.seamless


def to_write(folder: Path, files: dict[str, bytes], now_s: int) -> Plan:
    """What write() would. UserError when a device could not follow."""
    old = client.reader(folder)
    new = client.overlay(old, dict(files))
    check(new, str(folder), now_s)
    published = [name for name in files if PUBLISHED.fullmatch(name)]
    kept = [(name, files[name]) for name in files if name not in published]
    made = plan(old, new, published, now_s)
    return Plan([*kept, *made.items], made.seamless)


def touched(made: dict[Path, Plan]) -> list[dict[str, str]]:
    """Every file that these plans write, in order. made: by folder."""
    rows: list[dict[str, str]] = []
    for folder, one in made.items():
        for name, _ in one.items:
            path = folder / name
            known = any(row["path"] == str(path) for row in rows)
            change = "changed" if known or path.exists() else "new"
            rows.append({"path": str(path), "change": change})
    return rows


def publish(folder: Path, out: Path, now_s: int) -> tuple[State, int, bool]:
    """Bring `out` up to date with a repository. (what it is, files written, seamless).

    UserError, with `out` as it was, when a device could not follow, when `out` holds another or a
    newer repository, or cannot be written.
    """
    state, made = to_publish(folder, {}, out, now_s)
    if made.items:
        place.put(out, made.items)
    return state, len(made.items), made.seamless


def to_publish(
    folder: Path, files: dict[str, bytes], out: Path, now_s: int
) -> tuple[State, Plan]:  # fmt: skip
    """What publish() would write into `out` once the repository has these files too. UserError as
    publish()."""
    read = client.overlay(client.reader(folder), dict(files))
    state = states.load(read, str(folder))
    check(read, str(folder), now_s, whole=True)
    if out.exists() and not out.is_dir():
        raise UserError(str(out), "it is no folder", "name a folder to publish to")
    there = client.reader(out)
    _same_line(read, there, out)
    every = sorted({*_names(folder), *filter(PUBLISHED.fullmatch, files)})
    names = [name for name in every if there(name) != read(name)]
    made = plan(there, read, names, now_s)
    changed = [name for name in names if name != TIMESTAMP_PATH and there(name) is not None]
    metadata = [name for name in changed if name.startswith("metadata/")]
    if metadata:
        why = f"another repository is published there: its {metadata[0]} is not ours"
        raise UserError(str(out), why, "name another folder")
    return state, made if names else Plan([], made.seamless)


def _same_line(read: Reader, there: Reader, out: Path) -> None:
    """What is published must be an earlier state of the same repository."""
    ours, theirs = step_of(read), step_of(there)
    if theirs is None or ours is None:
        return
    if theirs[0] > ours[0] or theirs[1] > ours[1]:
        why = f"root {theirs[0]}, timestamp {theirs[1]} are there; ours are older"
        fix = "devices refuse to go back: work on the newest copy of the repository"
        raise UserError(str(out), why, fix)
    mine, found = read(states.timestamp_path(theirs[1])), there(TIMESTAMP_PATH)
    if mine != found:
        why = f"timestamp {theirs[1]} there was not made by this copy of the repository"
        raise UserError(str(out), why, "work on the copy that was published last")


def _names(folder: Path) -> list[str]:
    """All that is published of a repository, as paths below it."""
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in found if PUBLISHED.fullmatch(name))
