"""Sets of data in a repository: what may be signed, and what is there (firmware/SPEC.md, "Data
targets"). A set is looked at with the firmware's own check, and more strictly than a device does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seesaw.core import version as versions
from seesaw.data import calendars, feeds, notices
from tuf.api.metadata import TargetFile

from host_tools.errors import UserError
from host_tools.market import json_lines
from host_tools.notice import rules
from host_tools.release import change as changes
from host_tools.release import listing, roles, tls_roots
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.release.state import State

NAME_LENGTH = 16  # hex digits of its SHA-256 by which a device calls a set
RING_MAX = 64  # devices: as in a rollout
NAMES = ("feeds", "roots", "calendars", "notices")  # that a device knows


@dataclass(frozen=True, slots=True)
class Set:
    """A set on offer. sha256: hex. size: bytes. firmware: the oldest version that may use it.
    early: numbers of the devices that it is for, () for all."""

    name: str
    sha256: str
    size: int
    firmware: str
    early: tuple[int, ...] = ()


def add(
    state: State, name: str, raw: bytes, firmware: str, now_s: int, ring: Sequence[bytes] = ()
) -> Change:  # fmt: skip
    """List a set in place of the one of that name. ring: ids of the devices that it is for, ()
    for all. UserError when a device could not use it, or it is on offer already."""
    if ring and name != "feeds":
        raise UserError("--early", f"'{name}' is for all at once", "only feeds are tried by a ring")
    if len(ring) > RING_MAX:
        raise UserError("--early", f"{len(ring)} devices", f"name {RING_MAX} at most")
    if name not in NAMES:
        raise UserError(f"data '{name}'", "no device knows it", f"choose from {', '.join(NAMES)}")
    if roles.DATA not in state.targets:
        raise UserError("role 'data'", "this repository has none", "'seesaw release init' makes it")
    try:
        versions.key(firmware)
    except ValueError as error:
        raise UserError(f"--firmware {firmware}", str(error), "a version such as 1.2.3") from error
    check(name, raw, now_s)
    raw = signed(name, raw)
    sha256 = states.digest(raw)
    early = tuple(sorted(listing.number_of(one, sha256[:NAME_LENGTH]) for one in ring))
    found = Set(name, sha256, len(raw), firmware, early)
    if found in of(state):
        raise UserError(f"data '{name}'", "this very set is on offer", "nothing is to be done")
    change = Change()
    role = change.edit(state, roles.DATA)
    path = roles.data_target(name)
    changes.add_target(role, path, raw, listing.custom_of_data(firmware, early))
    change.files[roles.target_path(path, found.sha256)] = raw
    return change


def signed(name: str, raw: bytes) -> bytes:
    """The bytes that are signed: notices without their blanks, of which NVS has no room for."""
    return rules.compact(json_lines.strict(raw)) if name == notices.NAME else raw


def check(name: str, raw: bytes, now_s: int) -> None:
    """UserError for a set that a device would refuse, or that nobody can have meant."""
    if name == "roots":
        tls_roots.check_more(raw, f"data '{name}'")
        return
    if name == notices.NAME:
        for one in rules.check(raw, datetime.fromtimestamp(now_s, UTC)):
            raise UserError(f"data '{name}', line {one.line}", one.rule, one.fix)
        return
    most = calendars.SIZE_MAX if name == calendars.NAME else feeds.SIZE_MAX
    if len(raw) > most:
        why = f"{len(raw)} bytes, a device takes {most}"
        raise UserError(f"data '{name}'", why, "say less in it")
    try:
        json_lines.strict(raw)
        if name == calendars.NAME:
            _check_exchanges(calendars.check(raw))
        else:
            feeds.check(raw)
    except (ValueError, RecursionError) as error:
        fix = "'seesaw recipe lint' says which rule, in which line"
        if name == calendars.NAME:
            fix = "'seesaw market calendar --out FILE' builds one"
        raise UserError(f"data '{name}'", str(error), fix) from error


def _check_exchanges(parts: dict[str, Any]) -> None:
    known = feeds.EXCHANGES[:-1]  # of the last there is no calendar
    if not parts or not set(parts) <= set(known):
        raise ValueError(f"exchanges: one or more of {', '.join(known)}")


def of(state: State) -> list[Set]:
    """The sets on offer, by name."""
    role = state.targets.get(roles.DATA)
    targets = role.signed.targets if role else {}
    return [_set(path, target) for path, target in sorted(targets.items())]


def _set(path: str, target: TargetFile) -> Set:
    custom = target.custom if isinstance(target.custom, dict) else {}
    return Set(
        path.removeprefix(roles.data_target("")), target.hashes.get("sha256", ""), target.length,
        str(custom.get("firmware", "?")), tuple(custom.get("early") or ()),
    )  # fmt: skip


def lines(found: list[Set]) -> list[str]:
    """For people."""
    return [
        f"data: {one.name} {one.sha256[:16]}, {one.size} bytes, for firmware from {one.firmware}"
        + (f", for {len(one.early)} devices alone" if one.early else "")
        for one in found
    ]


def facts(found: list[Set]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "sha256": one.sha256, "size": one.size, "firmware": one.firmware,
         "early": len(one.early)} for one in found
    ]
