"""What happens to a rollout: it starts, widens, is paused, halted, resumed and recalled. Decisions
alone: each function gives the change that is to be signed, or says why not."""

from collections.abc import Iterable, Sequence
from typing import Any

from host_tools.errors import Already, UserError
from host_tools.release import releasing, roles
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.listing import Listed
from host_tools.release.state import State, Stop
from host_tools.rollout import course as courses
from host_tools.rollout import plan as plans
from host_tools.rollout.course import Course
from host_tools.rollout.plan import Plan

AHEAD_MAX_S = 7 * 86_400  # a device without a clock waits for a start so long (SPEC, "Choice")
WHY_MAX = 60  # characters: all stops together fit into a timestamp
PUBLISH = "nothing is to be signed; if it is not published yet: the same with --out"


def start(state: State, plan: Plan, start_s: int, now_s: int) -> Change:
    """Begin with the first ring. UserError when it is on offer already, or has begun; a rollout
    that a person has halted may begin again, with another plan."""
    version = plan.version
    listed = courses.listing_of(state, version)
    stop = courses.stop_of(state, version)
    again = stop is not None and stop.kind == states.HALT
    for one in listed:
        if one.plan and not again:
            raise UserError(f"release {version}", "its rollout has started", _again(stop))
        if not (one.plan or again or courses.held(one)):
            why = f"it is listed for {one.rollout} on {one.board}, so no ring would hold anybody"
            fix = "sign it again with --start-percentage 0, before it is published"
            raise UserError(f"release {version}", why, fix)
    check_start(start_s, now_s)
    data = plans.kept(plan)
    sha256 = states.digest(data)
    signed = _signed(plan, 0, start_s, now_s, sha256)
    change = _list(state, listed, signed)
    change.files[plans.path_of(sha256)] = data
    if stop:
        change.halted = [one for one in state.halted if one != version]
    return change


def _again(stop: Stop | None) -> str:
    if stop:
        return "it is paused: 'seesaw rollout resume', or halt it and start again"
    return "'seesaw rollout widen' goes on; for another plan halt it first"


def check_start(start_s: int, now_s: int) -> None:
    """UserError for a start that was, or that devices without a clock would not wait for."""
    if not now_s <= start_s <= now_s + AHEAD_MAX_S:
        why = "it has passed" if start_s < now_s else "it is more than a week ahead"
        raise UserError("--start-epoch", why, "name a moment within the next seven days")


def widen(state: State, course: Course, start_s: int, now_s: int) -> Change:
    """Go on to the next ring. UserError when it is stopped, or there is none."""
    if course.stop:
        why = f"it is {courses.stopped(course.stop)}"
        raise UserError(f"release {course.version}", why, "'seesaw rollout resume' first")
    if course.after is None:
        why = f"'{course.ring.name}' is its last ring"
        raise UserError(f"release {course.version}", why, "see 'seesaw rollout status'")
    check_start(start_s, now_s)
    number, old = course.number + 1, course.signed
    signed = _signed(course.plan, number, start_s, old["since"], old["plan"])
    return _list(state, course.listed, signed)


def resume(state: State, course: Course, now_s: int) -> tuple[Change, dict[str, Any]]:
    """Go on where it was stopped: (the change, `rollout` of it). UserError when it is not."""
    if course.stop is None:
        raise UserError(f"release {course.version}", "nothing stops it", "nothing is to be done")
    signed = courses.resumed(course.signed, course.stop, now_s)
    change = _list(state, course.listed, signed)
    change.halted = [one for one in state.halted if one != course.version]
    return change, signed


def stop(
    state: State, version: str, before: Iterable[Listed], kind: str, now_s: int, why: str
) -> Change:  # fmt: skip
    """Pause or halt: nobody starts to install it. A pause may become a halt. Already when it is
    stopped so, else UserError."""
    if len(why) > WHY_MAX or not all(" " <= c <= "~" for c in why):
        raise UserError("--why", f"more than {WHY_MAX} characters of plain ASCII", "say less")
    old = courses.stop_of(state, version)
    if old is None:
        change = releasing.halt(state, version, before)
    elif (old.kind, kind) == (states.PAUSE, states.HALT):
        change, now_s = Change(), old.since  # where the share stood
    else:
        raise Already(f"release {version}", f"it is {courses.stopped(old)}", PUBLISH)
    change.stops[version] = Stop(kind, now_s, why)
    return change


def recall(state: State, version: str, before: Iterable[Listed]) -> tuple[Change, list[str]]:
    """Recall it on every board that ever had it: (the change, these boards). Already when it was
    recalled on each, else UserError."""
    every = [one for one in before if one.version == version]
    change, gone = Change(), []
    for board in state.boards:
        mine = [one for one in every if one.board == board]
        known = {row["sha256"] for row in state.recalls(board)}
        if any(one.sha256 not in known for one in mine):
            change.targets |= releasing.recall(state, board, version, mine).targets
            gone.append(board)
    if gone:
        return change, gone
    if every:
        raise Already(f"release {version}", "it was recalled", PUBLISH)
    why = "no release of that version was ever signed"
    raise UserError(f"release {version}", why, "see 'seesaw release status'")


def _signed(plan: Plan, number: int, start_s: int, since_s: int, sha256: str) -> dict[str, Any]:
    """`rollout` of `custom` for a ring. since_s: from when on devices count for the rule."""
    ring = plan.rings[number]
    early = plan.early(number)
    return {
        "start_epoch": start_s,
        "start_percentage": ring.start_percentage,
        "duration_minutes": ring.duration_minutes,
        **({"early": early} if early else {}),
        "plan": sha256,
        "ring": number,
        "since": since_s,
    }


def _list(state: State, listed: Sequence[Listed], signed: dict[str, Any]) -> Change:
    """The same rollout on every board."""
    change = Change()
    for one in listed:
        path = roles.bundle_target(one.board, one.version)
        target = change.edit(state, one.board).targets[path]
        target.unrecognized_fields["custom"]["rollout"] = dict(signed)
    return change
