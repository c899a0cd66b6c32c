"""What happens to releases: they are added, recalled, halted and resumed. Decisions alone: each
function gives the change that is to be signed, or says why not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seesaw.core import version as versions

from host_tools.errors import Already, UserError
from host_tools.release import change as changes
from host_tools.release import listing, packing, roles
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.listing import Listed, Rules
from host_tools.release.proof import Shown, Subject
from host_tools.release.state import State

PUBLISH = "nothing is to be signed; if it is not published yet: 'seesaw release publish'"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release to be signed: bytes of its bundle and runtime, and what its offer states."""

    subject: Subject
    bundle: bytes
    runtime: bytes
    trial_s: int
    built: int


def add(
    state: State, candidate: Candidate, shown: Shown, rules: Rules, drop: Sequence[str],
    before: Sequence[Listed], bases: Sequence[bytes] = (),
) -> Change:  # fmt: skip
    """List a release, or the same one again under other rules. before: all ever listed. bases:
    bundles that it is to have differences from, as origins() chooses them.

    UserError when its version is taken, halted or recalled, or its rules cannot be followed.
    """
    board, version = candidate.subject.board, candidate.subject.version
    listing.check_version(version)
    rules.check(version)
    change = Change(files=dict(shown.files))
    if board in state.boards:
        _check_free(state, candidate.subject, before)
        role = change.edit(state, board)
    else:
        roles.check_name(board)
        changes.delegate(change, state, state.root.signed, board)
        role = change.targets[board]
    _check_through(rules, version, before)
    kept = _check_rollout(state, board, version, rules)
    path = roles.runtime_target(board, version)
    runtime = changes.add_target(role, path, candidate.runtime, None)
    custom = listing.custom(
        board, version, runtime, candidate.bundle, trial_s=candidate.trial_s,
        built=candidate.built, rules=rules, proof=shown.proof, bases=bases,
    )  # fmt: skip
    custom |= {"rollout": kept} if kept else {}
    path = roles.bundle_target(board, version)
    bundle = changes.add_target(role, path, candidate.bundle, custom)
    for target, data in ((runtime, candidate.runtime), (bundle, candidate.bundle)):
        change.files[roles.target_path(target.path, target.hashes["sha256"])] = data
    change.files |= packing.files(bundle.path, bundle.hashes["sha256"], candidate.bundle, bases)
    for old in drop:
        if old == version:
            raise UserError(f"--drop {old}", "it is the one to be signed", "name an older one")
        _withdraw(state, change, board, old)
    return change


def origins(version: str, rules: Rules, before: Iterable[Listed]) -> list[Listed]:
    """The newest releases that devices may come from to this one."""
    found = {
        one.sha256: one for one in before
        if versions.newer(version, one.version) and listing.admits(rules.ranges, one.version)
    }  # fmt: skip
    order = sorted(found.values(), key=lambda one: (versions.key(one.version), one.version))
    return order[-packing.BASES_MAX :]


def _check_free(state: State, subject: Subject, before: Iterable[Listed]) -> None:
    version = subject.version
    for row in state.recalls(subject.board):
        if row["sha256"] == subject.bundle or _same(row["version"], version):
            why = f"{row['version']} of {subject.board} was recalled, and that is for ever"
            raise UserError(f"release {version}", why, "build it with a higher version")
    if any(_same(one, version) for one in state.halted):
        why = "it is halted: nobody would install it"
        raise UserError(f"release {version}", why, f"'seesaw release resume {version}' first")
    for one in before:
        if _same(one.version, version) and one.sha256 != subject.bundle:
            why = f"{one.version} of {subject.board} is another bundle, {one.sha256[:12]}"
            raise UserError(f"release {version}", why, "build it with a higher version")


def _check_rollout(
    state: State, board: str, version: str, rules: Rules
) -> dict[str, Any] | None:  # fmt: skip
    """The rollout that a release keeps when it is signed again. UserError for rules that would go
    past the plan by which it is rolled out, on this board or another."""
    planned = {one.board: one for one in state.all_releases()
               if one.version == version and one.plan}  # fmt: skip
    asked = (rules.start_percentage, rules.duration_minutes)
    if board in planned and asked in ((100, 0), (0, 0)):
        return dict(planned[board].custom["rollout"])
    if planned and asked != (0, 0):
        why = "it is being rolled out by a plan, which this would go past"
        fix = "say --start-percentage 0: the next 'seesaw rollout widen' takes it along"
        raise UserError(f"release {version}", why, fix)
    return None


def _check_through(rules: Rules, version: str, before: Iterable[Listed]) -> None:
    known = {one.version for one in before}
    for stop in rules.through:
        if stop not in known:
            why = "no release of that version was ever signed: no device could pass through it"
            raise UserError(f"--through {stop}", why, "name one that was")


def _same(one: str, other: str) -> bool:
    """'1.0' is '1.0.0'."""
    return versions.key(one) == versions.key(other)


def _withdraw(state: State, change: Change, board: str, version: str) -> None:
    """Take a release off the list. What was published of it stays."""
    role = change.edit(state, board) if board in state.boards else None
    path = roles.bundle_target(board, version)
    if role is None or path not in role.targets:
        raise UserError(f"release {version}", f"{board} lists none", "see 'seesaw release status'")
    del role.targets[path]
    role.targets.pop(roles.runtime_target(board, version), None)


# -- taking back --------------------------------------------------------------------------------


def recall(state: State, board: str, version: str, before: Iterable[Listed]) -> Change:
    """Have devices leave a release: listed for ever, by its bundle's hash. UserError."""
    state.role(board)
    known = {one.sha256: one.version for one in before if one.version == version}
    if not known:
        why = f"no release of that version was ever signed for {board}"
        raise UserError(f"release {version}", why, "see 'seesaw release status'")
    rows = state.recalls(board)
    new = sorted(set(known) - {row["sha256"] for row in rows})
    if not new:
        raise Already(f"release {version}", f"{board} has recalled it", PUBLISH)
    if len(rows) + len(new) > roles.LISTED_MAX:
        why = f"{board} has recalled {len(rows)} releases, which is the limit"
        raise UserError(f"release {version}", why, "release a fix instead")
    change = Change()
    role = change.edit(state, board)
    rows += [{"version": version, "sha256": sha256} for sha256 in new]
    role.unrecognized_fields[roles.RECALLS] = rows
    if roles.bundle_target(board, version) in role.targets:
        _withdraw(state, change, board, version)
    return change


def halt(state: State, version: str, before: Iterable[Listed]) -> Change:
    """Have nobody start to install a version any more, on any board. UserError."""
    listing.check_version(version)
    if version in state.halted:
        raise Already(f"release {version}", "it is halted", PUBLISH)
    if all(one.version != version for one in before):
        why = "no release of that version was ever signed"
        raise UserError(f"release {version}", why, "see 'seesaw release status'")
    if len(state.halted) >= roles.LISTED_MAX:
        why = f"{len(state.halted)} versions are halted, which is the limit"
        raise UserError(f"release {version}", why, "recall some, or drop and resume them")
    return Change(halted=sorted([*state.halted, version], key=versions.key))


def resume(state: State, version: str) -> Change:
    """Take a halt back. UserError when there is none, or when the share has grown meanwhile."""
    if version not in state.halted:
        known = ", ".join(state.halted) or "nothing is"
        raise UserError(f"release {version}", "it is not halted", f"halted: {known}")
    if any(one.version == version and one.plan for one in state.all_releases()):
        why = "it is being rolled out, and its share went on growing"
        raise UserError(f"release {version}", why, "use 'seesaw rollout resume'")
    return Change(halted=[one for one in state.halted if one != version])


# -- the fleet ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of devices of one version: the versions that they install one after the other,
    once rollouts are over. stuck: they never get to the newest that is on offer. recalled: they
    boot their other slot, if that holds a whole release that is not recalled."""

    board: str
    version: str
    stops: list[str]
    stuck: bool
    recalled: bool


def courses(
    board: str, fielded: Iterable[str], releases: Sequence[Listed], halted: Sequence[str],
    recalled: Sequence[str] = (),
) -> list[Course]:  # fmt: skip
    """A course for each version, the oldest first. halted, recalled: versions."""
    refused = [*halted, *recalled]
    on_offer = [one.version for one in releases if one.version not in refused]
    found = []
    for version in sorted(set(fielded), key=versions.key):
        stops: list[str] = []
        while one := listing.offered(stops[-1] if stops else version, releases, refused):
            stops.append(one.version)
        last = stops[-1] if stops else version
        stuck = any(versions.newer(one, last) for one in on_offer)
        found.append(Course(board, version, stops, stuck, version in recalled))
    return found


def fleet(state: State, read: states.Reader, more: dict[str, set[str]]) -> list[Course]:
    """The courses of every version ever signed, and of `more`, versions by board."""
    found = []
    for board in state.boards:
        recalled = [row["version"] for row in state.recalls(board)]
        fielded = {one.version for one in states.history(read, state, board)}
        fielded |= more.get(board, set())
        found += courses(board, fielded, state.releases(board), state.halted, recalled)
    return found
