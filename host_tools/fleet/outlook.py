"""A simulated rollout in words, and as a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from host_tools.fleet import drawing
from host_tools.fleet.habits import DAY_S, HOUR_S, NEVER
from host_tools.fleet.simulate import Run

POINTS = 600  # of a curve


def words(found: dict[str, Any]) -> str:
    """A few lines for a terminal."""
    plan, load = found["plan"], found["checks_per_minute"]
    installs = found["installs_per_minute"]["peak"]
    lines = [
        f"{found['devices']:,} devices; {found['would_fail']:,} of them would fail this release",
        f"rollout: {plan['start_percentage']} % at once, all after {plan['duration_minutes']}"
        " minutes",
        f"rule: {plan['abort_percent']:g} % failed of at least {plan['abort_min']:,} that were"
        f" heard, or {plan['few_percent']:g} % of {plan['few_min']:,}; looked at every"
        f" {plan['watch_minutes']} minutes in a log {plan['delay_minutes']} minutes old",
    ]
    if found["stopped"]:
        lines.append(
            f"the rule is met after {found['met_after_h']} h: {found['failed_when_met']:,} of"
            f" {found['heard_when_met']:,} failed; the release is stopped after"
            f" {found['stopped_after_h']} h"
        )
    else:
        lines.append("the rule is never met: nothing stops the release")
    reached = 100 * found["reached"] / found["devices"]
    lines += [
        f"it reached {found['reached']:,} devices ({reached:.2f} %); {found['failed']:,} failed it,"
        f" {found['failed_by_the_fault']:,} of them by the planted fault, and went back",
        f"host: {load['mean']:,} checks a minute, {load['peak']:,} at the peak (from"
        f" {found['load_sample']:,} devices, scaled); installs {installs:,} a"
        " minute at the peak",
        "not in it: devices without a clock, and how people react",
    ]
    return "\n".join(lines)


def draw(run: Run, found: dict[str, Any], out: Path) -> None:
    """UserError without matplotlib, or when the file cannot be written."""
    days = len(run.load) * 60 / DAY_S
    begin_s = run.plan.start_hour * HOUR_S
    end_s = min(days * DAY_S, begin_s + run.plan.duration_minutes * 60 + DAY_S)
    at = np.linspace(0, end_s, POINTS)
    stopped = run.stop_s < NEVER
    with drawing.figure(3, (9, 8)) as (made, panels):
        free = np.searchsorted(np.sort(run.installs), at)
        held = np.searchsorted(np.sort(run.installs[run.installs < run.stop_s]), at)
        panels[0].plot(at / DAY_S, free, color=drawing.COLORS[0], ls=":", label="without the rule")
        panels[0].plot(at / DAY_S, held, color=drawing.COLORS[0], label="with it")
        panels[0].set_title(f"devices that took it: {found['reached']:,} in the end", loc="left")
        failed = np.sort(run.reports[run.bad])
        panels[1].plot(at / DAY_S, np.searchsorted(failed, at), color=drawing.COLORS[1], ls=":",
                       label="without the rule")  # fmt: skip
        kept = np.sort(run.reports[run.bad & (run.installs < run.stop_s)])
        panels[1].plot(at / DAY_S, np.searchsorted(kept, at), color=drawing.COLORS[1],
                       label="with it")  # fmt: skip
        panels[1].set_title(f"devices that said they failed: {found['failed']:,} in the end",
                            loc="left")  # fmt: skip
        for panel in panels[:2]:
            if stopped:
                panel.axvline(run.stop_s / DAY_S, color=drawing.COLORS[5], lw=1, label="stopped")
            panel.set_yscale("symlog")
            panel.set_ylim(bottom=0)
            panel.legend(fontsize=8, loc="lower right")
        minutes = np.arange(len(run.load)) / 1440
        panels[2].plot(minutes, run.load, color=drawing.COLORS[3], lw=0.4)
        panels[2].set_ylim(bottom=0)
        panels[2].set_title("checks a minute at the host", loc="left")
        panels[2].set_xlabel("days since Monday 00:00 UTC")
        drawing.save(made, out)
