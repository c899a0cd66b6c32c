"""The plan of a rollout: rings, one after the other, and the rule that pauses it.

A person writes it before the rollout starts (host_tools/README.md, "A staged rollout"). The desk
keeps it with numbers in place of the devices' ids, under its own SHA-256, which is signed with the
release: so it cannot be changed meanwhile. A number hides no id from who tries all that there are.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from host_tools.errors import UserError
from host_tools.fleet.rule import Rule
from host_tools.release import listing

FORMAT = 1
SIZE_MAX = 65_536  # bytes
RINGS_MAX = 16
EARLY_MAX = 64  # devices that a release names; firmware/SPEC.md, "Release repository"
NAME = re.compile(r"[!-~]([ -~]{0,22}[!-~])?", re.ASCII)
ID = re.compile(r"[0-9a-f]{12}", re.ASCII)  # of an ESP32: its MAC address, as `seesaw backup` says
RING_KEYS = {"name", "devices", "start_percentage", "duration_minutes", "abort"}
EXAMPLE = "see host_tools/README.md, 'A staged rollout'"


@dataclass(frozen=True, slots=True)
class Ring:
    """devices: numbers of those that it names, () for a share of all. start_percentage and
    duration_minutes mean what Fedora CoreOS means by them."""

    name: str
    devices: tuple[int, ...]
    start_percentage: int
    duration_minutes: int
    abort: Rule

    @property
    def words(self) -> str:
        if self.devices:
            return f"{self.name}: {len(self.devices)} devices"
        growing = f", all in {self.duration_minutes} min" if self.duration_minutes else ""
        return f"{self.name}: {self.start_percentage} %{growing}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Of the rollout of one version."""

    version: str
    rings: tuple[Ring, ...]

    def early(self, number: int) -> list[int]:
        """The devices that the rings up to this one name; firmware/SPEC.md, "Choice"."""
        return sorted(one for ring in self.rings[: number + 1] for one in ring.devices)


# -- reading ------------------------------------------------------------------------------------


def parse(data: bytes, where: str, version: str) -> Plan:
    """What a person wrote, or what kept() made of it. UserError says what is wrong."""
    try:
        if len(data) > SIZE_MAX:
            raise ValueError(f"longer than {SIZE_MAX} bytes")
        return _plan(json.loads(data, object_pairs_hook=_once), version)
    except (ValueError, RecursionError) as error:
        raise UserError(where, f"no plan of {version}: {error}", EXAMPLE) from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _plan(found: Any, version: str) -> Plan:
    _keys("it", found, {"format", "version", "rings", "abort"}, {"format", "rings", "abort"})
    if found["format"] != FORMAT or type(found["format"]) is not int:
        raise ValueError(f"format is not {FORMAT}")
    if found.get("version", version) != version:
        raise ValueError(f"it is for {found['version']!r}")
    rule = _rule("abort", found["abort"], Rule())
    rows = found["rings"]
    if not isinstance(rows, list) or not 0 < len(rows) <= RINGS_MAX:
        raise ValueError(f"rings is no list of 1 to {RINGS_MAX}")
    plan = Plan(version, tuple(_ring(row, version, rule) for row in rows))
    _check_devices(plan.rings)
    _check_shares(plan.rings)
    return plan


def _keys(what: str, found: Any, allowed: set[str], needed: set[str]) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"{what} is no object")
    for word, names in (("lacks", needed - found.keys()), ("has", found.keys() - allowed)):
        if names:
            raise ValueError(f"{what} {word} {', '.join(sorted(names))}")


def _rule(what: str, found: Any, default: Rule) -> Rule:
    values = asdict(default)
    _keys(what, found, set(values), set())
    values |= found
    for name in ("abort_percent", "silent_percent", "few_percent"):
        if type(values[name]) not in (int, float) or not 0 < values[name] <= 100:
            raise ValueError(f"{what}: {name} is not above 0 and up to 100")
    for name, most in (("abort_min", 10**9), ("few_min", 10**9), ("silent_hours", 24 * 365)):
        _whole(what, name, values[name], 1, most)
    return Rule(**values)


def _whole(what: str, name: str, value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what}: {name} is not {least} to {most}")
    return value


def _ring(found: Any, version: str, rule: Rule) -> Ring:
    _keys("a ring", found, RING_KEYS, {"name"})
    name = found["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError("a ring's name is not 1 to 24 characters of plain ASCII")
    what = f"ring '{name}'"
    own = _rule(f"{what}, abort", found.get("abort", {}), rule)
    if ("devices" in found) == ("start_percentage" in found):
        raise ValueError(f"{what}: it needs either devices or start_percentage")
    minutes = _whole(what, "duration_minutes", found.get("duration_minutes", 0), 0,
                     listing.MINUTES_MAX)  # fmt: skip
    if "devices" in found:
        if minutes:
            raise ValueError(f"{what}: devices that are named do not become more by themselves")
        return Ring(name, _devices(what, found["devices"], version), 0, 0, own)
    least = 0 if minutes else 1
    percent = _whole(what, "start_percentage", found["start_percentage"], least, 100)
    return Ring(name, (), percent, minutes, own)


def _devices(what: str, found: Any, version: str) -> tuple[int, ...]:
    if not isinstance(found, list) or not found:
        raise ValueError(f"{what}: devices is no list of ids")
    return tuple(_device(what, one, version) for one in found)


def _device(what: str, one: Any, version: str) -> int:
    """An id of 12 hex digits, or the number that the desk keeps in its place."""
    if type(one) is int and 0 <= one < 1 << 32:
        return one
    text = one.replace(":", "").lower() if isinstance(one, str) else ""
    if not ID.fullmatch(text):
        raise ValueError(f"{what}: {one!r} is no id of 12 hex digits, such as 240ac4a1b2c3")
    return listing.number_of(bytes.fromhex(text), version)


def _check_devices(rings: Sequence[Ring]) -> None:
    every = [one for ring in rings for one in ring.devices]
    if len({ring.name for ring in rings}) < len(rings):
        raise ValueError("two rings have the same name")
    if len(set(every)) < len(every):
        raise ValueError("a device is in it twice")
    if len(every) > EARLY_MAX:
        raise ValueError(f"it names {len(every)} devices, {EARLY_MAX} at most")


def _check_shares(rings: Sequence[Ring]) -> None:
    """A ring never takes back what the one before gave, and the last one is for all."""
    named = [bool(ring.devices) for ring in rings]
    if named != sorted(named, reverse=True):
        raise ValueError("rings of devices come before shares of all")
    for ring, after in zip(rings, rings[1:], strict=False):
        if ring.duration_minutes:
            raise ValueError(f"ring '{ring.name}' grows to all by itself, so it must be the last")
        if after.start_percentage < ring.start_percentage:
            raise ValueError(f"ring '{after.name}' is smaller than the one before")
    if not rings[-1].duration_minutes and rings[-1].start_percentage < 100:
        raise ValueError("its last ring never comes to all: give it duration_minutes, or 100 %")


# -- keeping ------------------------------------------------------------------------------------


def kept(plan: Plan) -> bytes:
    """The plan as the desk keeps it: with numbers in place of ids, and nothing left out."""
    rings = []
    for ring in plan.rings:
        share = {"start_percentage": ring.start_percentage,
                 "duration_minutes": ring.duration_minutes}  # fmt: skip
        who = {"devices": sorted(ring.devices)} if ring.devices else share
        rings.append({"name": ring.name, **who, "abort": asdict(ring.abort)})
    found = {"format": FORMAT, "version": plan.version, "rings": rings, "abort": {}}
    return json.dumps(found, indent=1, sort_keys=True).encode() + b"\n"


def path_of(sha256: str) -> str:
    """Where it lies in the repository's folder; it is never published."""
    return f"plans/{sha256}.json"
