"""Draws a course: command and beam, and the limits that they keep. Needs matplotlib, no screen."""

from pathlib import Path
from typing import Any

import numpy as np

from host_tools import plotting
from host_tools.errors import UserError
from host_tools.motion.course import Course
from host_tools.motion.servo import Array

SIZE_INCHES, DPI = (12.0, 8.0), 150
INK, FAINT, COMMAND, BEAM, LIMIT = "#22303c", "#8795a1", "#2f6db3", "#d9772b", "#c0392b"
STYLE: Any = {
    "font.family": "sans-serif", "font.size": 10, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": "#c5ced6", "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e8ecef", "axes.axisbelow": True,
    "legend.frameon": False,
}  # fmt: skip
SPEED_MAX, ACCELERATION_MAX = 25, 40  # degrees a second (squared), of the firmware's profile
DEADBAND_DEG = 0.3
QUOTES_NAMED = 16  # more would lie one over the other


def draw(course: Course, title: str, subtitle: str, out: Path) -> None:
    """Write the PNG. UserError without matplotlib, or when the file cannot be written."""
    pyplot = plotting.pyplot("motion")
    with pyplot.rc_context(STYLE):
        figure, panels = pyplot.subplots(
            3, 1, sharex=True, figsize=SIZE_INCHES, height_ratios=(3.2, 1, 1), layout="constrained"
        )
        figure.suptitle(title, x=0.01, ha="left", fontsize=15, fontweight="bold")
        _angle(panels[0], course, subtitle)
        at, speed, change = course.rates()
        _rate(panels[1], at, speed, SPEED_MAX, "speed\n(degrees/s)")
        _rate(panels[2], at, change, ACCELERATION_MAX, "acceleration\n(degrees/s²)")
        panels[2].set_xlabel("time (s)")
        try:
            figure.savefig(out, dpi=DPI)
        except (OSError, ValueError) as error:
            raise UserError(str(out), f"cannot be written: {error}", "name a .png file") from error
        finally:
            pyplot.close(figure)


def _angle(panel: Any, course: Course, subtitle: str) -> None:
    at = np.arange(course.beam.size) / 1000
    ends = sorted(
        (course.settings[key] - course.settings["center_us"]) / course.settings["us_per_degree"]
        for key in ("low_us", "high_us")
    )
    top = max(ends[1], 12) + 1.5
    bottom = min(ends[0], -12) - 1.5
    panel.axhspan(ends[1], top, color=LIMIT, alpha=0.10, lw=0, label="outside the calibrated range")
    panel.axhspan(bottom, ends[0], color=LIMIT, alpha=0.10, lw=0)
    panel.axhline(0, color=FAINT, lw=0.8)
    _deadbands(panel, course, at[-1])
    panel.plot(at, course.beam, color=BEAM, lw=2.4, label="beam (model of a small servo)")
    panel.plot(at, course.commanded, color=COMMAND, lw=1.3, label="command (pulses)")
    before = 0.0
    for second, percent, degrees in course.quotes:
        panel.plot(second, degrees, "o", ms=5, color=INK, zorder=5)
        if len(course.quotes) <= QUOTES_NAMED:
            above = degrees >= before  # on the side that the beam does not come from
            panel.annotate(f"{percent:+.2f} %", (second, degrees), (3, 9 if above else -9),
                           textcoords="offset points", ha="right", fontsize=9,
                           va="bottom" if above else "top")  # fmt: skip
        before = degrees
    panel.plot([], [], "o", ms=5, color=INK, label="a quote asks for")
    panel.set_ylim(bottom, top)
    panel.set_xlim(0, at[-1])
    panel.set_ylabel("angle of the beam (degrees)")
    panel.set_title(subtitle, loc="left", fontsize=10.5, color="#52616b")
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=5, fontsize=9)


def _deadbands(panel: Any, course: Course, end_s: float) -> None:
    """Around each rest: quotes in there move nothing."""
    starts = [second for second, _, _ in course.quotes] + [end_s]
    for first, (begin, until) in enumerate(zip(starts, starts[1:], strict=False)):
        targets = [degrees for at, degrees in course.frames if at < until]
        if targets:
            low, high = targets[-1] - DEADBAND_DEG, targets[-1] + DEADBAND_DEG
            panel.fill_between([begin, until], low, high, color=COMMAND, alpha=0.22, lw=0,
                               label=None if first else f"deadband, ±{DEADBAND_DEG}°")  # fmt: skip


def _rate(panel: Any, at: Array, values: Array, most: float, label: str) -> None:
    edge = 1.35 * most
    for side in (1, -1):
        panel.axhspan(side * most, side * edge, color=LIMIT, alpha=0.10, lw=0)
        panel.axhline(side * most, color=LIMIT, lw=0.8)
    gaps = np.flatnonzero(np.diff(at) > 0.2) + 1
    panel.plot(np.insert(at, gaps, np.nan), np.insert(values, gaps, np.nan), color=COMMAND, lw=1.3)
    panel.set_ylim(-edge, edge)
    panel.set_yticks([-most, 0, most])
    panel.set_ylabel(label)
