"""The commands `seesaw fleet report` and `seesaw fleet simulate`."""

import argparse
import json
import sys
import time
from pathlib import Path

from host_tools.fleet.page import page
from host_tools.fleet.words import unnamed, words
from host_tools.image import files
from host_tools.progress import Progress

UNNAMED = 1  # exit code: nobody has said a word of the release, so nothing is known of it


def report(arguments: argparse.Namespace) -> int:
    """Read the logs and say what they say. UserError when no device's check is in them, or without
    polars."""
    from host_tools.fleet.summary import summary  # they need polars, and the simulation does not
    from host_tools.fleet.tally import tallied

    tally = tallied([Path(name) for name in arguments.logs], time.time())
    found = summary(
        tally, arguments.silent * 3600, arguments.release or "", arguments.instrument or ""
    )
    if arguments.html:
        write(Path(arguments.html), page(found))
    print(json.dumps(found, indent=2) if arguments.json else words(found))
    if not arguments.release or found["release"]["named"]:
        return 0
    print(f"seesaw: {unnamed(found)}", file=sys.stderr)
    return UNNAMED


def write(path: Path, text: str) -> None:
    """All of it, or what was there before. UserError when it cannot be written."""
    files.replace({path: text.encode()})


def simulate(arguments: argparse.Namespace) -> int:
    """Reckon, say, and draw. 0 when a bad release was stopped, or a good one was not; else 1."""
    from host_tools.fleet import outlook
    from host_tools.fleet import simulate as simulation

    plan = simulation.Plan(
        arguments.start_percentage, arguments.duration_minutes, arguments.start_hour,
        arguments.abort_percent, arguments.abort_min, arguments.watch_minutes,
        arguments.delay_minutes, arguments.few_percent, arguments.few_min,
    )  # fmt: skip
    fault = simulation.Fault(arguments.batch, arguments.failing, arguments.noise)
    progress = Progress("simulate", 100, "%")
    try:
        run = simulation.simulate(
            arguments.devices, arguments.days, plan, fault, arguments.seed, progress.at
        )
    finally:
        progress.end()
    found = simulation.figures(run, fault)
    if arguments.out:
        outlook.draw(run, found, Path(arguments.out))
    print(json.dumps(found, indent=2) if arguments.json else outlook.words(found))
    return 0 if found["stopped"] == (found["would_fail"] > 0) else 1
