"""What a repository says of one release: the `custom` object of its bundle's target, and its rules.

rollout, barrier and deadend have the meaning that Fedora CoreOS gives these names in its update
metadata. All is in whole numbers and text, as canonical JSON knows no fractions.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from seesaw.core import version as versions
from tuf.api.metadata import TargetFile

from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.release import packing, roles

ANY = "*"
PLAIN = re.compile(r"[0-9]+(\.[0-9]+){1,3}")  # a bound of a range: no pre-release, which has a '-'
REASON_MAX = 100  # characters: a device prints it
RANGES_MAX = 16  # of `from`, and of `through`
MINUTES_MAX = 60 * 24 * 365
EPOCH_MAX = 1 << 32  # seconds since 1970
SECTOR = 4096  # bytes
DATA_FORMAT = 1  # of a set of data
KINDS = {"version": str, "boards": list, "runtime": dict, "from": list, "through": list,
         "size": int, "trial_s": int, "built": int, "rollout": dict, "proof": dict}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may install a release, and when.

    ranges: versions that it may be installed from: '*', '1.2.3' or '1.0.0-1.9.9', both ends
    included. through: versions that a device must have reached before. start_epoch: seconds since
    1970, from which start_percentage of the devices take it; all of them duration_minutes later.
    barrier: why older devices must stop here before they go on. deadend: why there is no way on.
    """

    ranges: tuple[str, ...] = (ANY,)
    through: tuple[str, ...] = ()
    start_epoch: int = 0
    start_percentage: int = 100
    duration_minutes: int = 0
    barrier: str | None = None
    deadend: str | None = None

    def check(self, version: str) -> None:
        """UserError for rules that a device could not follow."""
        if not 0 < len(self.ranges) <= RANGES_MAX or len(self.through) > RANGES_MAX:
            why = f"{len(self.ranges)} ranges and {len(self.through)} versions"
            raise UserError("--from, --through", why, f"name {RANGES_MAX} of each at most")
        for text in self.ranges:
            bounds(text)
        for text in self.through:
            check_version(text)
            if not versions.newer(version, text):
                raise UserError(f"--through {text}", f"it is no older than {version}", "leave it")
        if not 0 <= self.start_percentage <= 100:
            raise UserError("--start-percentage", f"{self.start_percentage} is not 0 to 100", "%")
        if not (0 <= self.duration_minutes <= MINUTES_MAX and 0 <= self.start_epoch < EPOCH_MAX):
            raise UserError("rollout", "no such time", "a year of minutes, seconds since 1970")
        for name, reason in (("--barrier", self.barrier), ("--deadend", self.deadend)):
            if reason is not None:
                check_reason(name, reason)


def check_reason(option: str, reason: str) -> None:
    """UserError for words that a device could not print."""
    if not 0 < len(reason) <= REASON_MAX or not all(" " <= c <= "~" for c in reason):
        why = "a reason is 1 to 100 characters of plain ASCII"
        raise UserError(option, why, "say it in fewer or plainer words")


def check_version(version: str) -> None:
    """UserError for what cannot be the version of a published release.

    No '+': some web hosts take it for a space in a path.
    """
    if not _is_version(version):
        raise UserError(f"version '{version}'", "not of the form 1.2.3", "1.2.3 or 1.2.3-rc1")


def _is_version(text: str) -> bool:
    form = bundles.VERSION_FORM.fullmatch(text)
    return bool(form) and "+" not in text and len(text) <= versions.LENGTH_MAX


def bounds(text: str) -> tuple[str, str]:
    """The ends of a range, ('', '') for all. UserError when it is none."""
    if text == ANY:
        return "", ""
    first, dash, last = text.partition("-")
    if not (dash and PLAIN.fullmatch(last)):
        first = last = text
    if not (_is_version(first) and _is_version(last)):
        fix = "write 1.2.3, 1.0.0-1.9.9 (both ends included) or '*' (any version)"
        raise UserError(f"--from {text}", "it is no version and no range of them", fix)
    if versions.newer(first, last):
        raise UserError(f"--from {text}", "it ends before it begins", f"use {last}-{first}")
    return first, last


def admits(ranges: Iterable[str], version: str) -> bool:
    """May a device of this version install? Raises ValueError, UserError."""
    for text in ranges:
        first, last = bounds(text)
        if not first or not (versions.newer(first, version) or versions.newer(version, last)):
            return True
    return False


# -- one release --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """One release of one board as its role lists it. sha256: of the bundle, hex."""

    board: str
    version: str
    sha256: str
    custom: dict[str, Any] = field(hash=False)

    @property
    def drill(self) -> str:
        """Why it went out without a proof, '' when it has one."""
        return str(self.custom["proof"].get("reason", ""))

    @property
    def proof(self) -> str:
        found = self.custom["proof"]
        return f"evidence {found['sha256'][:12]}" if "sha256" in found else f"DRILL: {self.drill}"

    @property
    def runtime(self) -> str:
        """The runtime's SHA-256, hex."""
        return str(self.custom["runtime"]["sha256"])

    @property
    def plan(self) -> str:
        """SHA-256 of the plan by which it is rolled out, hex; '' without one."""
        return str(self.custom["rollout"].get("plan", ""))

    @property
    def rollout(self) -> str:
        found = self.custom["rollout"]
        share, minutes = found["start_percentage"], found["duration_minutes"]
        day = roles.day(roles.moment(found["start_epoch"]))
        if share == 100 or not minutes:
            return f"{share} % from {day}"
        return f"{share} % from {day}, all in {minutes} min"


def custom(
    board: str, version: str, runtime: TargetFile, bundle: bytes, *,
    trial_s: int, built: int, rules: Rules, proof: dict[str, str], bases: Sequence[bytes] = (),
) -> dict[str, Any]:  # fmt: skip
    """The `custom` object of a bundle's target (firmware/SPEC.md, "Release repository"). bases:
    bundles that there are differences from."""
    size = -(-runtime.length // SECTOR) * SECTOR + len(bundle) + SECTOR
    return {
        "version": version,
        "boards": [board],
        "runtime": {
            "path": runtime.path,
            "sha256": runtime.hashes["sha256"],
            "length": runtime.length,
        },
        "from": list(rules.ranges),
        "through": list(rules.through),
        "size": size,
        "trial_s": trial_s,
        "built": built,
        "rollout": {
            "start_epoch": rules.start_epoch,
            "start_percentage": rules.start_percentage,
            "duration_minutes": rules.duration_minutes,
        },
        "barrier": rules.barrier,
        "deadend": rules.deadend,
        "proof": proof,
        **packing.custom(bundle, bases),
    }


def number_of(device: bytes, version: str) -> int:
    """By which a release names a device: what its bucket is made of."""
    return int.from_bytes(hashlib.sha256(device + b"\0" + version.encode()).digest()[:4], "big")


def custom_of_data(firmware: str, early: Sequence[int] = ()) -> dict[str, Any]:
    """The `custom` object of a set of data. firmware: the oldest version that may use it. early:
    numbers of the devices that it is for, () for all."""
    ring = {"early": sorted(early)} if early else {}
    return {"format": DATA_FORMAT, "firmware": firmware} | ring


def listed(board: str, targets: dict[str, TargetFile]) -> list[Listed]:
    """The releases among a role's targets, the oldest first. UserError for what is none."""
    found = []
    for path, target in targets.items():
        version = path.split("/")[1] if path.count("/") == 2 else ""
        if path != roles.bundle_target(board, version):
            continue
        found.append(Listed(board, version, _sha256(target), _complete(path, target.custom)))
    return sorted(found, key=lambda one: (versions.key(one.version), one.version))


def _sha256(target: TargetFile) -> str:
    if "sha256" not in target.hashes:
        raise UserError(target.path, "its target has no SHA-256", "sign it with this tool")
    return target.hashes["sha256"]


def _complete(path: str, found: Any) -> dict[str, Any]:
    if isinstance(found, dict) and all(type(found.get(key)) is kind for key, kind in KINDS.items()):
        whole = (
            found["version"] == path.split("/")[1]
            and {"barrier", "deadend"} <= found.keys()
            and {"path", "sha256", "length"} <= found["runtime"].keys()
            and {"start_epoch", "start_percentage", "duration_minutes"} <= found["rollout"].keys()
            and found["proof"].keys() & {"sha256", "reason"}
        )
        if whole:
            return found
    raise UserError(path, "its custom object is not that of a release", "sign it with this tool")


# -- the way on ---------------------------------------------------------------------------------


def offered(version: str, releases: Sequence[Listed], refused: Iterable[str]) -> Listed | None:
    """What a device of this version installs next, once rollouts are over; None for nothing.

    refused: halted and recalled versions. The newest that is newer, may be installed from here,
    and does not lie beyond a barrier or a version to be passed through that was not reached.
    """
    here = next((one for one in releases if one.version == version), None)
    if here and here.custom["deadend"] is not None:
        return None
    ahead = [one for one in releases if versions.newer(one.version, version)]
    barriers = [one for one in ahead if one.custom["barrier"] is not None]  # a halted one still is
    for one in reversed([one for one in ahead if one.version not in refused]):
        passed = not any(versions.newer(stop, version) for stop in one.custom["through"])
        before = not any(versions.newer(one.version, stop.version) for stop in barriers)
        if passed and before and admits(one.custom["from"], version):
            return one
    return None
