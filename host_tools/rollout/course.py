"""Where a rollout stands, by what is signed. What contradicts itself is said, and nothing is built
on it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesaw.core.rollout import share

from host_tools.errors import UserError
from host_tools.release import client, listing, roles
from host_tools.release import state as states
from host_tools.release.client import Reader
from host_tools.release.listing import Listed
from host_tools.release.state import State, Stop
from host_tools.rollout import plan as plans
from host_tools.rollout.plan import Plan, Ring

HEX = re.compile(r"[0-9a-f]{64}")
NUMBERS = ("ring", "start_percentage", "duration_minutes", "start_epoch", "since")
ALL = 10_000  # of share(): hundredths of a percent


@dataclass(frozen=True, slots=True)
class Course:
    """A version that is being rolled out. listed: on each board. signed: `rollout` of `custom`
    (firmware/SPEC.md, "Release repository"). number: of the ring. stop: who keeps it from going on,
    None while nobody does."""

    version: str
    listed: tuple[Listed, ...]
    plan: Plan
    signed: dict[str, Any]
    number: int
    stop: Stop | None

    @property
    def ring(self) -> Ring:
        return self.plan.rings[self.number]

    @property
    def after(self) -> Ring | None:
        rest = self.plan.rings[self.number + 1 :]
        return rest[0] if rest else None

    @property
    def boards(self) -> list[str]:
        return [one.board for one in self.listed]

    def share(self, now_s: int) -> int:
        """Of 10,000 devices, as a device with a right clock reckons it; without those named."""
        return share_of(self.signed, now_s)


def share_of(signed: dict[str, Any], now_s: int) -> int:
    since = now_s - signed["start_epoch"]
    return int(share(signed["start_percentage"], signed["duration_minutes"], since))


def stop_of(state: State, version: str) -> Stop | None:
    """A halt whose row was dropped, or of an older tool, is one without a date."""
    if version not in state.halted:
        return None
    return state.stops.get(version, Stop(states.HALT, 0))


def stopped(stop: Stop) -> str:
    """'paused since 2026-11-28 04:00 UTC: why'."""
    word = "paused" if stop.kind == states.PAUSE else "halted"
    since = f" since {roles.moment(stop.since):%Y-%m-%d %H:%M} UTC" if stop.since else ""
    return f"{word}{since}{': ' if stop.why else ''}{stop.why}"


def is_out(version: str, out: Path) -> bool:
    """Is it stopped by what is published there, too? Not by what is no metadata."""
    path = roles.metadata_path(roles.TIMESTAMP, None)
    data = client.reader(out)(path)
    if data is None:
        return False
    try:
        found = states.parse(data, path, roles.TIMESTAMP).signed.unrecognized_fields
    except UserError:
        return False
    return version in states.texts(found.get(roles.HALT))


def stops(state: State, but: Sequence[str]) -> dict[str, Stop]:
    """Of all versions that are stopped, but those."""
    found = {version: stop_of(state, version) for version in state.halted if version not in but}
    return {version: stop for version, stop in found.items() if stop}


def listing_of(state: State, version: str) -> list[Listed]:
    """A version on every board that lists it. UserError when none does."""
    found = [one for one in state.all_releases() if one.version == version]
    if found:
        return found
    if recalled(state, version):
        raise UserError(f"release {version}", "it was recalled, and that is for ever",
                        "build a fix with a higher version")  # fmt: skip
    raise UserError(f"release {version}", "no board lists it", "see 'seesaw release status'")


def recalled(state: State, version: str) -> list[str]:
    """The boards that have recalled it."""
    return [board for board in state.boards
            if any(row["version"] == version for row in state.recalls(board))]  # fmt: skip


def held(one: Listed) -> bool:
    """Is it listed so that no device takes it?"""
    signed = one.custom["rollout"]
    return not (signed["start_percentage"] or signed["duration_minutes"] or signed.get("early"))


def versions(state: State) -> list[str]:
    """Of all that are rolled out by a plan, the oldest first."""
    return list(dict.fromkeys(one.version for one in state.all_releases() if one.plan))


def load(state: State, read: Reader, version: str) -> Course:
    """UserError when it has not started, its plan is not the one that was signed, or what is
    signed for its boards or its ring contradicts itself."""
    listed = listing_of(state, version)
    begun = [one for one in listed if one.plan]
    if not begun:
        raise _not_begun(version, stop_of(state, version))
    signed = begun[0].custom["rollout"]
    for one in listed:
        if one.custom["rollout"] != signed and (one.plan or not held(one)):
            why = f"{one.board} is rolled out otherwise than {begun[0].board}"
            raise _contradicts(version, why)
    plan = _plan(read, version, signed["plan"])
    number = _check(plan, signed)
    return Course(version, tuple(listed), plan, signed, number, stop_of(state, version))


def _not_begun(version: str, stop: Stop | None) -> UserError:
    why, fix = "no rollout of it has started", "'seesaw rollout start' with a plan"
    if stop:
        why = f"it is {stopped(stop)}, and {why}"
        fix = f"'seesaw release resume' takes that back; {fix} begins"
    return UserError(f"release {version}", why, fix)


def _plan(read: Reader, version: str, sha256: Any) -> Plan:
    path = plans.path_of(str(sha256))
    data = read(path) if isinstance(sha256, str) and HEX.fullmatch(sha256) else None
    if data is None:
        raise UserError(path, "it is missing", client.RESTORE)
    if states.digest(data) != sha256:
        raise UserError(path, "not the plan that was signed", client.RESTORE)
    return plans.parse(data, path, version)


def _check(plan: Plan, signed: dict[str, Any]) -> int:
    """The number of the ring. What a resumed ring has is between its start and all."""
    numbers = [signed.get(name) for name in NUMBERS]
    if not all(type(one) is int for one in numbers):
        raise _contradicts(plan.version, "it lacks a number")
    number, percent, minutes = (int(signed[name]) for name in NUMBERS[:3])
    if not 0 <= number < len(plan.rings):
        raise _contradicts(plan.version, f"its plan has no ring {number}")
    if not all(0 <= signed[name] < listing.EPOCH_MAX for name in NUMBERS):
        raise _contradicts(plan.version, "a number is beyond all bounds")
    ring = plan.rings[number]
    if signed.get("early", []) != plan.early(number):
        raise _contradicts(plan.version, f"other devices are named than those of '{ring.name}'")
    same = (percent, minutes) == (ring.start_percentage, ring.duration_minutes)
    grown = 0 < minutes <= ring.duration_minutes or (ring.duration_minutes and percent == 100)
    grown = grown and ring.start_percentage <= percent <= 100 and minutes >= 0
    if not (same or grown):
        raise _contradicts(plan.version, f"its share is not that of '{ring.name}'")
    return number


def _contradicts(version: str, why: str) -> UserError:
    fix = "halt it, then start it again with its plan: 'seesaw rollout halt'"
    return UserError(f"the rollout of {version}", f"it contradicts itself: {why}", fix)


def resumed(signed: dict[str, Any], stop: Stop, now_s: int) -> dict[str, Any]:
    """`rollout` that goes on where a stop found it, at the same pace: time went on meanwhile, and
    no device may find that the share did. Without the stop's date: from the ring's start."""
    start, first, minutes = (
        signed[name] for name in ("start_epoch", "start_percentage", "duration_minutes")
    )
    percent = max(first, share_of(signed, stop.since) * 100 // ALL)
    left = -(-minutes * (100 - percent) // (100 - first)) if minutes and first < 100 else 0
    more = {"start_epoch": max(start, now_s), "since": now_s}
    return {**signed, **more, "start_percentage": percent, "duration_minutes": left}
