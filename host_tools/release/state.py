"""One consistent set of a repository's metadata, read from its folder and verified.

What is signed anew is what was read. So all of it must carry the signatures of its role before
anything is built on it: a file that somebody changed in the folder never gets a good signature.
Expiry does not matter here, as it is what a new signature mends.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tuf.api.exceptions import LengthOrHashMismatchError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from host_tools.errors import UserError
from host_tools.release import client, listing, roles
from host_tools.release.client import RESTORE, Reader
from host_tools.release.listing import Listed

PAUSE, HALT = "pause", "halt"
HISTORY_MAX = 256  # versions of one role that are looked back on
TIMESTAMPS = "timestamps"  # every timestamp that was signed: for publishing, never published
EVIDENCE = "evidence"  # of what was proven, and of runtimes; never published

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a version is halted. kind: HALT, a person's; PAUSE, the abort rule's or a person's, for
    somebody to look at. Devices see no difference. since: seconds since 1970. why: for people."""

    kind: str
    since: int
    why: str = ""

    @classmethod
    def of(cls, row: Any) -> "Stop":
        """As it is signed; a halt without a date for what is no such row."""
        row = row if isinstance(row, dict) else {}
        since, why = row.get("since"), row.get("why")
        return cls(
            PAUSE if row.get("kind") == PAUSE else HALT,
            since if type(since) is int and 0 <= since < listing.EPOCH_MAX else 0,
            why if isinstance(why, str) else "",
        )


@dataclass(frozen=True)
class State:
    """roots: every root's bytes by version. targets: 'targets' first, then the delegated roles."""

    roots: dict[int, bytes]
    root: Metadata[Root]
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: dict[str, Metadata[Targets]] = field(default_factory=dict)

    @property
    def boards(self) -> list[str]:
        return [name for name in self.targets if name not in (roles.TARGETS, roles.DATA)]

    @property
    def halted(self) -> list[str]:
        return texts(self.timestamp.signed.unrecognized_fields.get(roles.HALT))

    @property
    def stops(self) -> dict[str, Stop]:
        """Who stopped the halted versions, as far as that is said."""
        found = self.timestamp.signed.unrecognized_fields.get(roles.STOPS)
        rows = found.items() if isinstance(found, dict) else ()
        return {name: Stop.of(row) for name, row in rows if name in self.halted}

    @property
    def issued_s(self) -> int:
        """When the newest statement was signed, seconds since 1970."""
        found = self.timestamp.signed.unrecognized_fields.get(roles.ISSUED)
        return found if type(found) is int else 0

    def role(self, board: str) -> Targets:
        """UserError when no such board has a role."""
        if board not in self.boards:
            known = ", ".join(self.boards) or "none yet"
            raise UserError(f"board '{board}'", "it has no role here", f"choose from {known}")
        return self.targets[board].signed

    def releases(self, board: str) -> list[Listed]:
        """Of a board, the oldest first."""
        return listing.listed(board, self.role(board).targets)

    def all_releases(self) -> list[Listed]:
        return [one for board in self.boards for one in self.releases(board)]

    def recalls(self, board: str) -> list[dict[str, str]]:
        return recalled(self.role(board))


def texts(found: Any) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def recalled(role: Targets) -> list[dict[str, str]]:
    """The recalls of a board's role: {"version", "sha256"} each."""
    found = role.unrecognized_fields.get(roles.RECALLS)
    rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and {"version", "sha256"} <= row.keys()]


def timestamp_path(version: int) -> str:
    """Where the folder keeps the timestamp of that version."""
    return f"{TIMESTAMPS}/{version}.timestamp.json"


# -- reading ------------------------------------------------------------------------------------


def load(read: Reader, where: str) -> State:
    """Read and verify, whatever has expired. UserError names the file and what is wrong."""
    found = client.roots(client.of(read, where))
    if read(roles.metadata_path(roles.ROOT, len(found) + 2)) is not None:
        path = roles.metadata_path(roles.ROOT, len(found) + 1)
        raise UserError(f"{where}, {path}", "it is missing", RESTORE)
    root = _chain(found, where)
    path = roles.metadata_path(roles.TIMESTAMP, None)
    timestamp: Metadata[Timestamp] = parse(read(path), f"{where}, {path}", roles.TIMESTAMP)
    _signed(root.signed, roles.TIMESTAMP, timestamp, f"{where}, {path}")
    meta = timestamp.signed.snapshot_meta
    snapshot = _member(read, where, roles.SNAPSHOT, meta, Snapshot)
    _signed(root.signed, roles.SNAPSHOT, snapshot, f"{where}, snapshot {meta.version}")
    return State(found, root, timestamp, snapshot, _targets(read, where, root, snapshot))


def _chain(found: dict[int, bytes], where: str) -> Metadata[Root]:
    """The newest root, each signed by the one before and by itself."""
    before: Metadata[Root] | None = None
    for version, data in found.items():
        name = f"{where}, {roles.metadata_path(roles.ROOT, version)}"
        root: Metadata[Root] = parse(data, name, roles.ROOT)
        if root.signed.version != version:
            raise UserError(name, f"it says that it is version {root.signed.version}", RESTORE)
        _signed((before or root).signed, roles.ROOT, root, name)
        _signed(root.signed, roles.ROOT, root, name)
        before = root
    assert before is not None  # client.roots() has found one
    return before


def _targets(
    read: Reader, where: str, root: Metadata[Root], snapshot: Metadata[Snapshot]
) -> dict[str, Metadata[Targets]]:
    metas = snapshot.signed.meta
    top = _member(read, where, roles.TARGETS, metas.get("targets.json"), Targets)
    _signed(root.signed, roles.TARGETS, top, f"{where}, targets {top.signed.version}")
    found = {roles.TARGETS: top}
    for name in (top.signed.delegations.roles or {}) if top.signed.delegations else {}:
        role = _member(read, where, name, metas.get(f"{name}.json"), Targets)
        _signed(top.signed, name, role, f"{where}, {name} {role.signed.version}")
        found[name] = role
    return found


def _member(
    read: Reader, where: str, role: str, meta: MetaFile | None, kind: type[T]
) -> Metadata[T]:
    """A file that another one names, with the length and hash that it states."""
    if meta is None:
        raise UserError(f"{where}, snapshot", f"it does not name {role}.json", RESTORE)
    path = roles.metadata_path(role, meta.version)
    data = read(path)
    found: Metadata[T] = parse(data, f"{where}, {path}", kind.type)
    try:
        meta.verify_length_and_hashes(data or b"")
    except LengthOrHashMismatchError as error:
        raise UserError(f"{where}, {path}", "not the file that was signed", RESTORE) from error
    if found.signed.version != meta.version:
        why = f"it says that it is version {found.signed.version}"
        raise UserError(f"{where}, {path}", why, RESTORE)
    return found


def parse(data: bytes | None, name: str, kind: str) -> Metadata[Any]:
    """UserError when the file is missing, too long, or no metadata of that kind."""
    if data is None:
        raise UserError(name, "it is missing", RESTORE)
    if len(data) > roles.length_max(kind):
        raise UserError(name, f"longer than {roles.length_max(kind)} bytes", RESTORE)
    try:
        found: Metadata[Any] = Metadata.from_bytes(data)
    except DeserializationError as error:
        raise UserError(name, f"no TUF metadata ({error.__cause__})", RESTORE) from error
    if found.signed.type != kind:
        raise UserError(name, f"it is {found.signed.type} metadata, not {kind}", RESTORE)
    return found


def _signed(delegator: Root | Targets, role: str, found: Metadata[Any], name: str) -> None:
    try:
        delegator.verify_delegate(role, found.signed_bytes, found.signatures)
    except UnsignedMetadataError as error:
        raise UserError(name, f"{error}, which is below the threshold", RESTORE) from error


# -- what was -----------------------------------------------------------------------------------


def history(read: Reader, state: State, board: str) -> Iterator[Listed]:
    """Every release that a board's role has ever listed, as far as its old files are there."""
    newest = state.role(board).version
    for version in range(newest, max(newest - HISTORY_MAX, 0), -1):
        path = roles.metadata_path(board, version)
        data = read(path)
        if data is not None:
            yield from listing.listed(board, parse(data, path, roles.TARGETS).signed.targets)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
