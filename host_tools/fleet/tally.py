"""What many checks say together: one small record for each pseudonym, and counts.

A pseudonym lasts a month of signed time (firmware/SPEC.md, "Check query"), so a device counts anew
in the next one, under another name. Forged checks can fill any count: each has a limit, and says
how much lay beyond it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from seesaw.core.version import newer

from host_tools.fleet.lines import Check
from host_tools.fleet.logs import Counts
from host_tools.release.query import Failure, Said

MONTH_S = 2_629_746  # of a pseudonym; seesaw/repository.py
DAY_S = 86_400
NAMES_MAX = 1_000_000  # pseudonyms that are followed, some 450 bytes each
SPAN_MAX = 400  # days under one pseudonym
VERSIONS_MAX = 500
KINDS_MAX = 2_000  # releases and reasons
FAILURES_MAX = 8  # of one pseudonym
DARK = ("STALE", "NO_DATA")  # the market is not shown, and that is the feeds' trouble
NEVER = 1 << 62  # later than any


class Device:
    """What one pseudonym said. days: a bit for each day on which it was heard, the first is
    `day`. failures: each kind once. back: (from, to) when it last
    came to run an older version. dark: the last instruments that it could not show."""

    __slots__ = ("back", "dark", "day", "days", "failures", "first_s", "last_s", "said", "versions")

    def __init__(self, at_s: int, said: Said) -> None:
        self.first_s = self.last_s = at_s
        self.day, self.days = at_s // DAY_S, 0
        self.said = said
        self.versions: tuple[str, ...] = (said.version,)
        self.failures: tuple[Failure, ...] = ()
        self.back: tuple[str, str] | None = None
        self.dark: tuple[str, ...] = ()


@dataclass
class Tally:
    """counts: of the lines. by_day: (day since 1970, version) -> pseudonyms. seen, failed: version
    -> when a device first said that it runs it, or that it failed here; seconds since 1970. beyond:
    checks of pseudonyms, versions or failures above a limit."""

    counts: Counts = field(default_factory=Counts)
    devices: dict[str, Device] = field(default_factory=dict)
    by_day: Counter[tuple[int, str]] = field(default_factory=Counter)
    seen: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    kinds: Counter[Failure] = field(default_factory=Counter)
    versions: set[str] = field(default_factory=set)
    beyond: int = 0

    @property
    def span_s(self) -> tuple[int, int]:
        """When the first device was heard, and the last: seconds since 1970."""
        found = self.devices.values()
        return (min((one.first_s for one in found), default=0),
                max((one.last_s for one in found), default=0))  # fmt: skip

    def add(self, checks: Iterable[Check]) -> "Tally":
        """Count these."""
        devices = self.devices
        for at_s, said in checks:
            if said is None:
                self.counts.unsaid += 1
                continue
            self.counts.checks += 1
            device = devices.get(said.pseudonym) or self._begin(at_s, said)
            if device is None:
                self.beyond += 1
                continue
            if at_s < self.seen.get(said.version, NEVER):
                self._first(self.seen, said.version, at_s)
            failure = said.failure
            if failure and at_s < self.failed.get(failure.version, NEVER):
                self._first(self.failed, failure.version, at_s)
            if said is not device.said:
                self._changed(device, at_s, said)
            day = at_s // DAY_S - device.day
            if day < 0 or not device.days >> day & 1:
                self._day(device, day)
            if at_s > device.last_s:
                device.last_s = at_s
            elif at_s < device.first_s:
                device.first_s = at_s
        return self

    def _begin(self, at_s: int, said: Said) -> Device | None:
        if len(self.devices) >= NAMES_MAX or not self._known(said.version):
            return None
        device = self.devices[said.pseudonym] = Device(at_s, said)
        self._failed(device, said.failure)
        _shown(device, said)
        return device

    def _known(self, version: str) -> bool:
        if version not in self.versions and len(self.versions) < VERSIONS_MAX:
            self.versions.add(version)
        return version in self.versions

    def _first(self, times: dict[str, int], version: str, at_s: int) -> None:
        if version in times or len(times) < VERSIONS_MAX:
            times[version] = at_s

    def _changed(self, device: Device, at_s: int, said: Said) -> None:
        if not self._known(said.version):
            self.beyond += 1
            return
        if said.version not in device.versions:
            device.versions = (*device.versions[-FAILURES_MAX + 1 :], said.version)
        self._failed(device, said.failure)
        _shown(device, said)
        if at_s < device.last_s:  # files need not come in order
            return
        if _newer(device.said.version, said.version):
            device.back = (device.said.version, said.version)
        device.said = said

    def _failed(self, device: Device, failure: Failure | None) -> None:
        if failure is None:
            return
        kind = Failure(failure.version, failure.bundle, failure.stage, failure.cause, 0)
        if kind in device.failures:
            return
        full = kind not in self.kinds and len(self.kinds) >= KINDS_MAX
        if full or len(device.failures) >= FAILURES_MAX:
            self.beyond += 1
            return
        self.kinds[kind] += 1
        device.failures = (*device.failures, kind)

    def _day(self, device: Device, day: int) -> None:
        """Heard for the first time on this day: after its first one, or before it."""
        if abs(day) > SPAN_MAX:
            self.beyond += 1
            return
        if day < 0:
            device.days, device.day, day = device.days << -day, device.day + day, 0
        device.days |= 1 << day
        self.by_day[device.day + day, device.said.version] += 1


def _shown(device: Device, said: Said) -> None:
    market = said.market
    if market and market.state in DARK and market.instrument not in device.dark:
        device.dark = (*device.dark[-FAILURES_MAX + 1 :], market.instrument)


def _newer(one: str, other: str) -> bool:
    try:
        return newer(one, other)
    except ValueError:  # what stands in a query need not be a version
        return False
