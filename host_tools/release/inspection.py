"""`seesaw release verify`: a repository, by URL or folder, as devices of every fielded version see
it. Each root ever published, and the root that each kept release carries, is a device of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.release import client, datasets, kept, listing, releasing, roles, words
from host_tools.release import state as states
from host_tools.release.client import Seen, Source
from host_tools.release.publish import OFFER, Release
from host_tools.release.state import State


@dataclass(frozen=True, slots=True)
class Device:
    """name: 'root 2', 'release 1.2.0 for esp32'. trouble: why it cannot follow, '' when it can."""

    name: str
    root: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Field:
    """Kept releases: versions by board, and the roots that they carry, by name."""

    versions: dict[str, set[str]] = field(default_factory=dict)
    roots: dict[str, bytes] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)  # those that carry none


@dataclass(frozen=True, slots=True)
class Report:
    source: Source
    devices: list[Device]
    seen: Seen | None
    state: State | None
    fleet: list[releasing.Course]
    without: list[str]
    trouble: str  # of files that no device has fetched

    @property
    def good(self) -> bool:
        return self.seen is not None and not self.trouble and all(
            not device.trouble for device in self.devices
        )  # fmt: skip


def fielded(folder: Path | None) -> Field:
    """What the kept releases say, each in a folder of its own; None for none. UserError as
    kept.load(), and where there is no release, as nobody would have been looked at."""
    found = Field()
    paths = sorted(folder.glob(f"*/{OFFER}")) if folder else []
    if folder and not paths:
        why = f"it holds no release: no */{OFFER}"
        raise UserError(f"--kept {folder}", why, "name their folder, or say --no-kept")
    for path in paths:
        release, _ = kept.load(path)
        name = f"release {release.version} for {release.board}"
        found.versions.setdefault(release.board, set()).add(release.version)
        root = carried(release)
        if root is None:
            found.without.append(name)
        else:
            found.roots[name] = root
    return found


def carried(release: Release) -> bytes | None:
    """The root that a release's bundle holds, None for one from before trust."""
    return release.bundle.files.get(bundles.ROOT)


def inspect(source: Source, known: Field, now_s: int) -> Report:
    """UserError when there is no repository, or it cannot be reached."""
    published = client.roots(source)
    devices, seen = [], None
    every = {f"root {version}": data for version, data in published.items()} | known.roots
    for name, root in every.items():
        try:
            seen = client.look(source, root, now_s)
            devices.append(Device(name, seen.root.version, ""))
        except UserError as error:
            devices.append(Device(name, 0, f"{error.why}; {error.fix}"))
    trouble, state, fleet = "", None, []
    try:
        state = states.load(source.read, source.where)
        fleet = releasing.fleet(state, source.read, known.versions)
        if not any(device.trouble for device in devices):
            client.look(source, published[max(published)], now_s, whole=True)
    except UserError as error:
        trouble = f"{error.what}: {error.why}; {error.fix}"
    return Report(source, devices, seen, state, fleet, known.without, trouble)


# -- saying it ----------------------------------------------------------------------------------


def facts(report: Report, now_s: int) -> dict[str, Any]:
    state = report.state
    return {
        "good": report.good,
        "devices": [
            {"name": one.name, "root": one.root or None, "trouble": one.trouble}
            for one in report.devices
        ],
        "without_root": report.without,
        "trouble": report.trouble,
        "releases": {
            board: [words.release_facts(one, state.halted) for one in state.releases(board)]
            for board in (state.boards if state else [])
            if state
        },
        "halted": state.halted if state else [],
        "recalled": {board: state.recalls(board) for board in state.boards} if state else {},
        "data": datasets.facts(datasets.of(state)) if state else [],
        "fleet": [words.course_facts(one) for one in report.fleet],
        "expiry": {name: end.isoformat() for name, end in _ends(report.seen)},
    }


def lines(report: Report, now_s: int) -> list[str]:
    found = words.table(
        [["device with", "comes to trust"], *([one.name, _followed(one)] for one in report.devices)]
    )
    if report.without:
        found.append(f"from before trust, no root to start from: {', '.join(report.without)}")
    if report.trouble:
        found.append(f"TROUBLE: {report.trouble}")
    state = report.state
    if state:
        boards = {board: state.releases(board) for board in state.boards}
        found += ["", *words.release_lines(boards, state.halted)]
        found += [f"halted: {', '.join(state.halted)}"] if state.halted else []
        found += words.recall_lines({board: state.recalls(board) for board in state.boards})
        found += datasets.lines(datasets.of(state))
        found += ["", *words.course_lines(report.fleet)] if report.fleet else []
    ends = [
        [name, roles.day(end), f"{roles.days_left(end, now_s)} days left"]
        for name, end in _ends(report.seen)
    ]
    return [*found, "", *words.table([["role", "expires", ""], *ends])] if ends else found


def _followed(one: Device) -> str:
    return f"REFUSES: {one.trouble}" if one.trouble else f"root {one.root}"


def _ends(seen: Seen | None) -> list[tuple[str, Any]]:
    if seen is None:
        return []
    top = {
        roles.ROOT: seen.root.expires,
        roles.TIMESTAMP: seen.timestamp.expires,
        roles.SNAPSHOT: seen.snapshot.expires,
    }
    return [*top.items(), *((name, role.expires) for name, role in seen.roles.items())]


def releases_of(report: Report) -> Sequence[listing.Listed]:
    return report.state.all_releases() if report.state else []
