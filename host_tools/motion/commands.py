"""The command `seesaw motion plot`: how the beam would move, drawn, and in figures."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import UserError
from host_tools.image import settings
from host_tools.motion.course import Course, follow
from host_tools.motion.picture import draw
from host_tools.motion.servo import Servo

EVERY_S = 5.0  # between two quotes: time enough to move and rest
QUOTES_MAX = 60
SIGMAS = (0.15, 1.0, 1.03, 0.8, -0.6, -0.63, -3.0, 0.0)  # a row that shows every rule
LINE = re.compile(r"seesaw state=\S+ instrument=(\S+) .*?change=([+-]\d+\.\d+)%")
PERCENT_MAX = 100.0
LOG_MAX = 64 << 20  # bytes


def plot(arguments: argparse.Namespace) -> int:
    """Draw to --out, and say what one sees. UserError for a log without quotes, and the like."""
    instrument, percents = arguments.instrument, arguments.percent
    if arguments.from_log:
        instrument, percents = from_log(Path(arguments.from_log), instrument)
    title, sigma = _instrument(instrument or "sp500")
    percents = percents or [round(z * sigma, 2) for z in SIGMAS]
    if wild := [percent for percent in percents if not abs(percent) < PERCENT_MAX]:
        raise UserError("--percent", f"{wild[0]:g} is no day's move", "give it below 100")
    if len(percents) > QUOTES_MAX:
        raise UserError("--percent", f"more than {QUOTES_MAX} quotes", "leave some out")
    course = follow(percents, sigma, _settings(arguments.config), EVERY_S, Servo())
    facts = summary(course)
    words = (
        f"{title}: {facts['quotes']} quotes, {facts['moves']} moves, at most"
        f" {facts['speed_deg_s']:.0f} degrees a second"
    )
    detail = (
        f"One sigma is {sigma:g} %. At rest the beam is within {facts['rest_off_deg']:.2f} degrees"
        f" of the command, the servo's deadband and play included; without pulses it rests."
    )
    draw(course, words, detail, Path(arguments.out))
    facts |= {"instrument": instrument or "sp500", "out": arguments.out}
    print(json.dumps(facts) if arguments.json else f"{arguments.out}: {words}.\n{detail}")
    return 0


def summary(course: Course) -> dict[str, Any]:
    """Figures of a course. A move is what lies between two silences, if it goes anywhere."""
    at, speed, change = course.rates()
    silent = np.isnan(course.commanded)
    ends = np.flatnonzero(silent[1:] & ~silent[:-1])
    off = course.commanded[ends] - course.beam[ends]
    degrees = np.array([degrees for _, degrees in course.frames])
    return {
        "quotes": len(course.quotes),
        "moves": int(ends.size),
        "frames": len(course.frames),
        "range_deg": [round(float(f(degrees)), 3) for f in (np.min, np.max)] if at.size else [],
        "speed_deg_s": round(float(np.max(np.abs(speed), initial=0.0)), 2),
        "acceleration_deg_s2": round(float(np.max(np.abs(change), initial=0.0)), 2),
        "rest_off_deg": round(float(np.max(np.abs(off), initial=0.0)), 3),
        "rest_spread_deg": round(float(np.ptp(off)) if ends.size else 0.0, 3),
    }


def from_log(path: Path, instrument: str | None) -> tuple[str, list[float]]:
    """(instrument, percents) of a serial log: each price that differs from the one before, the
    last QUOTES_MAX of them. Of one instrument: the one that is named, or the last in the log."""
    try:
        with path.open("rb") as file:
            text = file.read(LOG_MAX).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(str(path), error.strerror or "cannot be read", "name a log") from error
    found = LINE.findall(text)
    name = instrument or (found[-1][0] if found else "")
    changes = [float(change) for of, change in found if of == name]
    news = [b for a, b in zip([None, *changes], changes, strict=False) if a != b]
    if not news:
        what = f"no quote of {name}" if name else "no line of a seesaw with a quote"
        raise UserError(str(path), what, "record one with: seesaw console --port PORT > FILE")
    return name, news[-QUOTES_MAX:]


def _instrument(name: str) -> tuple[str, float]:
    """(title, sigma in percent)."""
    known = json.loads(settings.FEEDS.read_bytes())["instruments"]
    if name not in known:
        names = ", ".join(known)
        raise UserError(f"instrument '{name}'", "it is unknown", f"name one of {names}")
    return known[name]["title"], known[name]["sigma"]


def _settings(path: str | None) -> dict[str, Any]:
    """The settings of the beam as the firmware takes them from a JSON file."""
    from seesaw import tuning

    return tuning.parse(settings.to_blob(settings.load(Path(path)) if path else {}))
