"""A new key for a role, and new lifetimes: what to say anew, pure but for the making of a key.

A new root is signed by the old root's threshold and by its own (TUF section 6.1). What the rotated
role says is signed anew, with old and new keys where the old are at hand, so that there is no
moment in which a device finds a root and a file that do not go together (publication.py).
"""

from dataclasses import dataclass

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Key, Root, Targets

from host_tools.errors import UserError
from host_tools.release import keys, roles
from host_tools.release.change import Change
from host_tools.release.keys import Entry, KeyRing
from host_tools.release.state import State


@dataclass(frozen=True, slots=True)
class Rotation:
    """entry, signer: the new key; old: the name of the one that it replaces; also: roles for which
    the old key still signs."""

    change: Change
    entry: Entry
    signer: CryptoSigner | None
    old: str
    rotated: list[str]
    also: list[str]


def rotate(
    state: State, role: str, ring: KeyRing, *, replaced: str = "", uri: str = "",
    public: Key | None = None, kind: str = "", everywhere: bool = False,
) -> Rotation:  # fmt: skip
    """Replace one key of a role by a new one. replaced: its name, '' for the oldest.

    uri, public: of a new key that is no file; without them one is made, of the old one's kind. The
    ring gets the new key, nothing is written. UserError for roles and keys that are not there.
    """
    users = _users(state)
    if role not in users:
        known = ", ".join(users)
        raise UserError(f"role '{role}'", "there is none", f"choose from {known}")
    old = _replaced(ring, role, users[role], replaced)
    chosen = [role, *(one for one in users if everywhere and one != role and old in users[one])]
    entry, signer = _new(ring, role, old, uri, public, kind, state)
    change = Change()
    for one in chosen:
        _replace(change, state, one, old, entry.key)
    also = [one for one, keyids in users.items() if old in keyids and one not in chosen]
    return Rotation(change, entry, signer, ring.named(old), chosen, also)


def _users(state: State) -> dict[str, list[str]]:
    """Every role, with the ids of its keys, in the order in which they were added."""
    found = {name: state.root.signed.roles[name].keyids for name in roles.TOP_LEVEL}
    delegations = state.targets[roles.TARGETS].signed.delegations
    for name, role in (delegations.roles or {}).items() if delegations else ():
        found[name] = role.keyids
    return found


def _replaced(ring: KeyRing, role: str, keyids: list[str], name: str) -> str:
    if not name:
        return keyids[0]
    for keyid in keyids:
        if name in (ring.named(keyid), keyid):
            return keyid
    known = ", ".join(ring.named(keyid) for keyid in keyids)
    raise UserError(f"key '{name}'", f"{role} has none of that name", f"choose from {known}")


def _new(
    ring: KeyRing, role: str, old: str, uri: str, public: Key | None, kind: str, state: State
) -> tuple[Entry, CryptoSigner | None]:
    before = ring.of(old)
    stem = before.name.rpartition("-")[0] if before else role
    place = before.place if before else role
    name = ring.free_name(stem or role)
    if public is None:
        kind = kind or keys.kind_of(_key(state, old))
        entry, signer = keys.make(kind, name, place)
        ring.add(entry, signer)
        return entry, signer
    entry = Entry(name, place, uri, public)
    ring.entries[name] = entry
    return entry, None


def _key(state: State, keyid: str) -> Key:
    delegations = state.targets[roles.TARGETS].signed.delegations
    return {**(delegations.keys if delegations else {}), **state.root.signed.keys}[keyid]


def _replace(change: Change, state: State, role: str, old: str, key: Key) -> None:
    """Note in `change` all that must be signed anew."""
    delegator: Root | Targets
    if role in roles.TOP_LEVEL:
        delegator = change.edit_root(state)
    else:
        delegator = change.edit(state, roles.TARGETS)
    delegator.revoke_key(old, role)
    delegator.add_key(key, role)
    touch(change, state, role)


def touch(change: Change, state: State, role: str) -> None:
    """Sign a role's metadata anew, as it is. The timestamp always is."""
    if role == roles.ROOT:
        change.edit_root(state)
    elif role == roles.SNAPSHOT:
        change.snapshot = True
    elif role != roles.TIMESTAMP:
        change.edit(state, role)


def renew(state: State, names: list[str]) -> Change:
    """New lifetimes for these roles. UserError for one that is not there."""
    known = [*roles.TOP_LEVEL, *(name for name in state.targets if name != roles.TARGETS)]
    change = Change()
    for name in names:
        if name not in known:
            raise UserError(f"role '{name}'", "there is none", f"choose from {', '.join(known)}")
        touch(change, state, name)
    return change
