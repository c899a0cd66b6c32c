"""The trust calendar: what of a repository ends, and when."""

from dataclasses import dataclass
from datetime import UTC, datetime

from host_tools.errors import UserError
from host_tools.release import roles
from host_tools.release.keys import KeyRing
from host_tools.release.state import State


@dataclass(frozen=True, slots=True)
class Row:
    """what: 'role timestamp', 'key online-hsm'. renewal: what it takes to go on."""

    what: str
    end: datetime
    days: int
    renewal: str


def rows(state: State, ring: KeyRing | None, now_s: int) -> list[Row]:
    """Everything that ends, the nearest first. ring: for the names of keys, and keys that end."""
    found = [_role(name, end, keyids, ring, now_s) for name, end, keyids in _roles(state)]
    found += _keys(ring, now_s) if ring else []
    return sorted(found, key=lambda row: (row.end, row.what))


def ending(found: list[Row], horizon_days: int) -> list[Row]:
    """Those that end inside the horizon."""
    return [row for row in found if row.days < horizon_days]


def _roles(state: State) -> list[tuple[str, datetime, list[str]]]:
    root = state.root.signed
    signed = {
        roles.ROOT: root.expires,
        roles.TIMESTAMP: state.timestamp.signed.expires,
        roles.SNAPSHOT: state.snapshot.signed.expires,
    }
    found = [(name, end, root.roles[name].keyids) for name, end in signed.items()]
    top = state.targets[roles.TARGETS].signed
    for name, role in state.targets.items():
        owner = root if name == roles.TARGETS else top
        found.append((name, role.signed.expires, owner.get_delegated_role(name).keyids))
    return found


def _role(name: str, end: datetime, keyids: list[str], ring: KeyRing | None, now_s: int) -> Row:
    named = [ring.named(keyid) if ring else keyid[:8] for keyid in keyids]
    return Row(f"role {name}", end, roles.days_left(end, now_s), f"keys {', '.join(named)}")


def _keys(ring: KeyRing, now_s: int) -> list[Row]:
    found = []
    for entry in ring.entries.values():
        if entry.until:
            try:
                end = datetime.strptime(entry.until, "%Y-%m-%d").replace(tzinfo=UTC)
            except ValueError as error:
                why = f"its end is '{entry.until}'"
                raise UserError(f"key {entry.name}", why, "write it as 2030-12-31") from error
            days = roles.days_left(end, now_s)
            found.append(Row(f"key {entry.name}", end, days, "rotate the roles that it signs for"))
    return found
