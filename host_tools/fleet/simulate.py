"""A bad release on a rollout plan: whom it reaches before the abort rule stops it.

Devices know nothing of each other; only the stop joins them. So each one's fate is reckoned as if
nothing stopped the release, and then cut at the moment when the rule is met. Who may take it, and
when, is the device's own code: its bucket(), its share().
"""

import bisect
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from seesaw.core.rollout import bucket, share

from host_tools.fleet import rule as rules
from host_tools.fleet.habits import CHECK_S, DATA_S, DAY_S, HOUR_S, NEVER, Flags, Fleet, Ints, drawn

BUCKETS = 10_000
TRIAL_S = 900  # an ordinary one, with the download; then the app's first look says how it went
VERSION = "2.0.0"
LOAD_SAMPLE = 200_000  # devices


@dataclass(frozen=True, slots=True)
class Plan:
    """A rollout and the rule that stops it. start_hour: UTC, of the first day, a Monday.

    The rule: at least abort_min devices have said how it went, and abort_percent of these failed;
    or few_min, and few_percent. It is looked at every watch_minutes, in a log that is delay_minutes
    old.
    """

    start_percentage: int = 1
    duration_minutes: int = 10_080
    start_hour: int = 22
    abort_percent: float = rules.ABORT_PERCENT
    abort_min: int = rules.ABORT_MIN
    watch_minutes: int = 60
    delay_minutes: int = 60
    few_percent: float = rules.FEW_PERCENT
    few_min: int = rules.FEW_MIN

    @property
    def rule(self) -> rules.Rule:
        return rules.Rule(self.abort_percent, self.abort_min,
                          few_percent=self.few_percent, few_min=self.few_min)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Whom the release fails: so many of the devices of one hardware batch. noise_percent: how many
    fail any release, a good one too."""

    batch_percent: float = 10
    failing_percent: float = 2
    noise_percent: float = 0.01


@dataclass(frozen=True, slots=True)
class Run:
    """Times in seconds of the fleet. installs: without a stop, or NEVER. reports: when it is said
    how that went. bad: whom it fails. stop_s: or NEVER. load: checks a minute."""

    plan: Plan
    installs: Ints
    reports: Ints
    bad: Flags
    planted: Flags
    stop_s: int
    met_s: int
    load: NDArray[np.float64]


def opens(start_percentage: int, duration_minutes: int) -> Ints:
    """For each bucket the seconds after the start from which share() lets it in, or NEVER."""
    def part(elapsed_s: int) -> int:
        return share(start_percentage, duration_minutes, elapsed_s)

    end_s = duration_minutes * 60
    found = [bisect.bisect_right(range(end_s + 1), place, key=part) for place in range(BUCKETS)]
    return np.array([at if at <= end_s else NEVER for at in found], np.int64)


def buckets(count: int, version: str) -> Ints:
    """The device's own, of ids like those that are burnt into a chip."""
    ids = (number.to_bytes(6, "big") for number in range(0x240AC4 << 24, (0x240AC4 << 24) + count))
    return np.fromiter((bucket(one, version, []) for one in ids), np.int64, count)


def simulate(
    devices: int, days: int, plan: Plan, fault: Fault, seed: int,
    told: Callable[[int], None] = lambda percent: None,
) -> Run:  # fmt: skip
    """told: hears how far it is."""
    fleet, who = Fleet(devices, seed), np.arange(devices)
    told(10)
    start_s = plan.start_hour * HOUR_S
    opened = opens(plan.start_percentage, plan.duration_minutes)[buckets(devices, VERSION)]
    told(35)
    begins = np.where(opened < NEVER, start_s + opened, NEVER)
    installs = _within(fleet.first(who, begins, CHECK_S), days)
    told(60)
    reports = fleet.first(who, np.where(installs < NEVER, installs + TRIAL_S, NEVER), DATA_S)
    reports = _within(reports, days)
    told(85)
    batch = drawn(seed, 11, who) < fault.batch_percent / 100
    planted = batch & (drawn(seed, 12, who) < fault.failing_percent / 100)
    bad = planted | (drawn(seed, 13, who) < fault.noise_percent / 100)
    met_s, stop_s = stop(plan, reports, bad)
    load = fleet.load(days, LOAD_SAMPLE)
    told(100)
    return Run(plan, installs, reports, bad, planted, stop_s, met_s, load)


def _within(at_s: Ints, days: int) -> Ints:
    return np.where(at_s < days * DAY_S, at_s, NEVER)


def stop(plan: Plan, reports: Ints, bad: Flags) -> tuple[int, int]:
    """(when the rule was met, when that stopped the release), or NEVER twice."""
    order = np.argsort(reports, kind="stable")
    order = order[: np.searchsorted(reports[order], NEVER)]
    heard = np.arange(1, len(order) + 1)
    met = plan.rule.failing(heard, np.cumsum(bad[order]))
    if not met.any():
        return int(NEVER), int(NEVER)
    met_s = int(reports[order[int(np.argmax(met))]])
    every_s = plan.watch_minutes * 60
    return met_s, -(-(met_s + plan.delay_minutes * 60) // every_s) * every_s


def figures(run: Run, fault: Fault) -> dict[str, Any]:
    """What the run shows, for words and for JSON. Hours are since the start of the rollout."""
    start_s = run.plan.start_hour * HOUR_S
    reached = run.installs < min(run.stop_s, NEVER)
    stopped = bool(run.stop_s < NEVER)
    heard = run.reports < min(run.met_s + 1, NEVER)
    downloads = np.bincount(run.installs[reached] // 60) if reached.any() else np.zeros(1)
    return {
        "format": 1,
        "devices": len(run.installs),
        "plan": asdict(run.plan),
        "fault": asdict(fault),
        "would_fail": int(run.planted.sum()),
        "stopped": stopped,
        "met_after_h": round((run.met_s - start_s) / HOUR_S, 1) if stopped else None,
        "stopped_after_h": round((run.stop_s - start_s) / HOUR_S, 1) if stopped else None,
        "heard_when_met": int(heard.sum()),
        "failed_when_met": int((heard & run.bad).sum()),
        "reached": int(reached.sum()),
        "failed": int((reached & run.bad).sum()),
        "failed_by_the_fault": int((reached & run.planted).sum()),
        "checks_per_minute": {"mean": round(float(run.load.mean())),
                              "peak": round(float(run.load.max()))},
        "installs_per_minute": {"peak": int(downloads.max())},
        "load_sample": min(LOAD_SAMPLE, len(run.installs)),
    }  # fmt: skip
