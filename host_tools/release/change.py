"""A change to a repository: which roles say something new, signed by whom, and the files of it.

Nothing here touches the disk. New files are checked by whoever writes them (publication.py).
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from host_tools.errors import UserError
from host_tools.release import development, roles
from host_tools.release import state as states
from host_tools.release.keys import KeyRing
from host_tools.release.state import State, Stop


@dataclass
class Change:
    """What is to be said anew; None and absence stand for what stays.

    root and targets are edited copies of the signed parts, versions not raised yet. snapshot: sign
    a new one even if no role changed. stops: of halted versions, those that are said anew. files:
    other files of the repository, by path.
    """

    root: Root | None = None
    targets: dict[str, Targets] = field(default_factory=dict)
    snapshot: bool = False
    halted: list[str] | None = None
    stops: dict[str, Stop] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def edit(self, state: State, role: str) -> Targets:
        """The signed part of a targets role, to be changed in place."""
        if role not in self.targets:
            self.targets[role] = copy.deepcopy(state.targets[role].signed)
        return self.targets[role]

    def edit_root(self, state: State) -> Root:
        if self.root is None:
            self.root = copy.deepcopy(state.root.signed)
        return self.root


def add_target(role: Targets, path: str, data: bytes, custom: dict[str, Any] | None) -> TargetFile:
    target = TargetFile.from_data(path, data, ["sha256"])
    if custom is not None:
        target.unrecognized_fields["custom"] = custom
    role.targets[path] = target
    return target


def commit(state: State, change: Change, ring: KeyRing, now_s: int) -> dict[str, bytes]:
    """Sign a change: path below the repository -> bytes, all of it new but timestamp.json.

    UserError when a threshold of keys is not at hand, or a file would be too long for a device.
    """
    root_before = state.root.signed
    root = change.root or root_before
    top = (change.targets.get(roles.TARGETS) or state.targets[roles.TARGETS].signed).delegations
    refuse_development(root, *([top] if top else []))
    files = dict(change.files)
    if change.root is not None:
        wanted = [root_before.roles[roles.ROOT], root.roles[roles.ROOT]]
        _raise(root, root_before.version, ring, roles.ROOT, now_s)
        _put(files, _sign(root, roles.ROOT, wanted, [], ring), root.version)
    metas = _targets(state, change, root, ring, now_s, files)
    snapshot = copy.deepcopy(state.snapshot.signed)
    if metas or change.snapshot:
        snapshot.meta.update(metas)
        _raise(snapshot, snapshot.version, ring, roles.SNAPSHOT, now_s)
        needed, also = _both(root, root_before, roles.SNAPSHOT)
        data = _sign(snapshot, roles.SNAPSHOT, needed, also, ring)
        _put(files, data, snapshot.version)
        meta = MetaFile.from_data(snapshot.version, data.to_bytes(), ["sha256"])
    else:
        meta = state.timestamp.signed.snapshot_meta
    _timestamp(state, change, root, meta, ring, now_s, files)
    return files


def refuse_development(*delegators: Root | Delegations) -> None:
    """UserError when one of them trusts the development key: then everybody could sign for it."""
    for one in delegators:
        if any(development.is_development(key) for key in one.keys.values()):
            why = "it would trust the development key, which everybody has"
            raise UserError("the repository", why, "use a key of your own")


def _targets(
    state: State, change: Change, root: Root, ring: KeyRing, now_s: int, files: dict[str, bytes]
) -> dict[str, MetaFile]:
    """Sign the targets roles that changed; what the snapshot says of them."""
    top = change.targets.get(roles.TARGETS) or state.targets[roles.TARGETS].signed
    metas = {}
    for name, role in change.targets.items():
        before = state.targets.get(name)
        _raise(role, before.signed.version if before else 0, ring, roles.TARGETS, now_s)
        if name == roles.TARGETS:
            needed, also = _both(root, state.root.signed, name)
        else:
            needed, also = [top.get_delegated_role(name)], []
        found = _sign(role, name, needed, also, ring)
        _put(files, found, role.version, name)
        metas[f"{name}.json"] = MetaFile.from_data(role.version, found.to_bytes(), ["sha256"])
    return metas


def _timestamp(
    state: State, change: Change, root: Root, meta: MetaFile, ring: KeyRing, now_s: int,
    files: dict[str, bytes],
) -> None:  # fmt: skip
    timestamp = copy.deepcopy(state.timestamp.signed)
    timestamp.snapshot_meta = meta
    timestamp.unrecognized_fields[roles.ISSUED] = now_s
    halted = state.halted if change.halted is None else change.halted
    timestamp.unrecognized_fields[roles.HALT] = halted
    timestamp.unrecognized_fields[roles.STOPS] = _stops(state, change, halted, now_s)
    _raise(timestamp, timestamp.version, ring, roles.TIMESTAMP, now_s)
    needed, also = _both(root, state.root.signed, roles.TIMESTAMP)
    found = _sign(timestamp, roles.TIMESTAMP, needed, also, ring)
    _put(files, found, None)
    files[states.timestamp_path(timestamp.version)] = found.to_bytes()


def _stops(
    state: State, change: Change, halted: Iterable[str], now_s: int
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Of halted versions; one that nobody says more of is a person's halt of now."""
    new = {name: states.Stop(states.HALT, now_s) for name in halted if name not in state.halted}
    found = {name: stop for name, stop in (state.stops | new | change.stops).items()
             if name in halted}  # fmt: skip
    newest = sorted(found.items(), key=lambda one: one[1].since)[-roles.STOPS_MAX :]
    return {name: asdict(stop) for name, stop in newest}


def _both(root: Root, before: Root, role: str) -> tuple[list[Role], list[Role]]:
    """Whose keys must sign, and whose should: what both roots accept can be published first."""
    return [root.roles[role]], [before.roles[role]]


def _raise(signed: Signed, version: int, ring: KeyRing, lifetime: str, now_s: int) -> None:
    signed.version = version + 1
    signed.expires = roles.expiry(now_s, ring.days[lifetime])


def _put(
    files: dict[str, bytes], found: Metadata[Any], version: int | None, role: str = ""
) -> None:
    name = role or found.signed.type
    data = found.to_bytes()
    if len(data) > roles.length_max(name):
        why = f"{len(data)} bytes, a device takes {roles.length_max(name)}"
        fix = "drop old releases: 'seesaw release sign ... --drop VERSION'"
        raise UserError(f"{name}.json", why, fix)
    files[roles.metadata_path(name, version)] = data


# -- signatures ---------------------------------------------------------------------------------


def _sign(
    signed: Any, name: str, needed: Sequence[Role], also: Sequence[Role], ring: KeyRing
) -> Metadata[Any]:
    found: Metadata[Any] = Metadata(signed)
    for keyid in choose(name, needed, also, ring):
        signer = ring.signer(keyid)
        try:
            found.sign(signer, append=True)
        except UnsignedMetadataError as error:
            raise UserError(f"key {ring.named(keyid)}", str(error), "see keys.json") from error
    return found


def choose(name: str, needed: Sequence[Role], also: Sequence[Role], ring: KeyRing) -> list[str]:
    """The fewest keys at hand that meet the threshold of every role in `needed`, and, when they are
    there, of those in `also`. UserError when a threshold in `needed` cannot be met."""
    every = [*needed, *also]
    keyids = list(dict.fromkeys(keyid for role in every for keyid in role.keyids))
    here = [keyid for keyid in keyids if not ring.missing(keyid)]
    here.sort(key=lambda keyid: -sum(keyid in role.keyids for role in every))
    chosen: list[str] = []
    for keyid in here:
        if any(keyid in role.keyids and _short(role, chosen) for role in every):
            chosen.append(keyid)
    for role in needed:
        if _short(role, chosen):
            raise _lost(name, role, ring)
    return chosen


def _short(role: Role, chosen: Iterable[str]) -> int:
    """How many signatures are missing."""
    return max(role.threshold - sum(keyid in role.keyids for keyid in chosen), 0)


def _lost(name: str, role: Role, ring: KeyRing) -> UserError:
    absent = [why for keyid in role.keyids if (why := ring.missing(keyid))]
    here = len(role.keyids) - len(absent)
    why = f"{role.threshold} of its {len(role.keyids)} keys must sign, {here} are here"
    return UserError(
        f"role {name}", f"{why}: {', '.join(absent)}", f"bring them to {ring.folder} and try again"
    )


# -- birth --------------------------------------------------------------------------------------


def delegate(change: Change, state: State, root: Root, name: str) -> None:
    """Give a board, or `data`, a role of its own, with the keys that targets has.

    One terminating delegation a role: what speaks of a board's releases speaks of nothing else.
    """
    keyids = list(root.roles[roles.TARGETS].keyids)
    role = DelegatedRole(name, keyids, 1, terminating=True, paths=roles.patterns(name))
    top = change.edit(state, roles.TARGETS)
    if top.delegations is None:
        top.delegations = Delegations({}, {})
    assert top.delegations.roles is not None  # this tool never makes succinct ones
    top.delegations.roles[name] = role
    top.delegations.keys.update({keyid: root.keys[keyid] for keyid in keyids})
    change.targets[name] = Targets(
        unrecognized_fields={} if name == roles.DATA else {roles.RECALLS: []}
    )


def first(
    keys: dict[str, list[Key]], thresholds: dict[str, int], boards: Sequence[str], ring: KeyRing,
    now_s: int,
) -> dict[str, bytes]:  # fmt: skip
    """The files of a new repository. keys: public ones, by top-level role."""
    root = Root(consistent_snapshot=True)
    for role, found in keys.items():
        for key in found:
            root.add_key(key, role)
        root.roles[role].threshold = thresholds[role]
    nothing = _nothing(root)
    change = Change(root=root, halted=[])
    for name in (*boards, roles.DATA):
        delegate(change, nothing, root, name)
    return commit(nothing, change, ring, now_s)


def _nothing(root: Root) -> State:
    """What is before version 1, for commit() to raise."""
    before = (Root(roles=root.roles), Timestamp(), Snapshot(meta={}), Targets())
    for signed in before:
        signed.version = 0
    made, timestamp, snapshot, targets = before
    return State(
        {}, Metadata(made), Metadata(timestamp), Metadata(snapshot),
        {roles.TARGETS: Metadata(targets)},
    )  # fmt: skip
