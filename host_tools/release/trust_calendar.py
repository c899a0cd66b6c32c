"""The trust calendar: what of a repository ends, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.x509 import (
    Certificate,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from seesaw.data import calendars as calendar_sets

from host_tools.errors import UserError
from host_tools.release import roles, tls_roots
from host_tools.release.client import RESTORE, Reader
from host_tools.release.keys import KeyRing
from host_tools.release.state import State, digest

TLS_ROOTS = "data/roots"  # the target: certificates, PEM, or one of them in DER
CALENDARS = "data/calendars"
SHIP = "release with another: see 'seesaw release roots'"


@dataclass(frozen=True, slots=True)
class Row:
    """what: 'role timestamp', 'key online-hsm', 'certificate CN=...'. renewal: what it takes to go
    on."""

    what: str
    end: datetime
    days: int
    renewal: str


def rows(
    state: State, ring: KeyRing | None, now_s: int, read: Reader | None = None
) -> list[Row]:
    """Everything that ends, the nearest first. ring: for the names of keys, and keys that end.
    read: the repository's files, for the certificates among them. UserError when one is damaged."""
    found = [_role(name, end, keyids, ring, now_s) for name, end, keyids in _roles(state)]
    found += _keys(ring, now_s) if ring else []
    found += _tls_roots(state, read, now_s) if read else []
    return ordered(found)


def ordered(found: Iterable[Row]) -> list[Row]:
    """The nearest first."""
    return sorted(found, key=lambda row: (row.end, row.what))


def shipped(now_s: int) -> list[Row]:
    """The roots of TLS that a release ships: past their end, feeds are lost. UserError as
    tls_roots.check_kept()."""
    return [
        Row(f"shipped root {one.name}", one.end, roles.days_left(one.end, now_s), SHIP)
        for one in tls_roots.check_kept()
    ]


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


def calendars(state: State, read: Reader) -> dict[str, Any]:
    """The signed calendars, exchange -> part; none without a set. UserError for a damaged one."""
    path, raw = _target(state, CALENDARS, read)
    try:
        return calendar_sets.check(raw) if raw else {}
    except ValueError as error:
        raise UserError(path, f"no calendars ({error})", f"sign another {CALENDARS}") from error


def _target(state: State, name: str, read: Reader) -> tuple[str, bytes]:
    """Its file and what that holds, nothing without such a target. UserError for another file."""
    role = state.targets.get(roles.DATA)
    target = role.signed.targets.get(name) if role else None
    if target is None:
        return "", b""
    path = roles.target_path(name, target.hashes["sha256"])
    raw = read(path)
    if raw is None or digest(raw) != target.hashes["sha256"]:
        raise UserError(path, "it is missing, or not the file that was signed", RESTORE)
    return path, raw


def _tls_roots(state: State, read: Reader, now_s: int) -> list[Row]:
    path, raw = _target(state, TLS_ROOTS, read)
    if not path:
        return []
    return [
        Row(
            f"certificate {one.subject.rfc4514_string()}", one.not_valid_after_utc,
            roles.days_left(one.not_valid_after_utc, now_s), f"sign a newer {TLS_ROOTS}",
        )
        for one in _certificates(raw, path)
    ]  # fmt: skip


def _certificates(raw: bytes, path: str) -> list[Certificate]:
    try:
        if b"-----BEGIN" in raw:
            return load_pem_x509_certificates(raw)
        return [load_der_x509_certificate(raw)]
    except ValueError as error:
        raise UserError(path, f"no certificates ({error})", "sign PEM or DER") from error
