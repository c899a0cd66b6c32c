"""`seesaw prove`: can this release brick a device? Parsing, progress and exit codes."""

import argparse
import os
import sys
import time
from pathlib import Path

from host_tools.image import bundle as bundles
from host_tools.prove import kits, runner
from host_tools.prove.runner import Plan, Result
from host_tools.prove.scenarios import SCENARIOS


def main(arguments: argparse.Namespace) -> int:
    """0: clean. 1: a state was found that does not come back. 2: nothing was shown."""
    source = Path(arguments.firmware) if arguments.firmware else bundles.FIRMWARE
    subject = kits.seesaw(source)
    plan = Plan(depth=arguments.depth)
    began = time.perf_counter()

    def told(done: int, tasks: int, result: Result) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{tasks} {result.scenario:30}", end="", file=sys.stderr)

    names = arguments.scenario or [one.name for one in SCENARIOS]
    chosen = [one for one in SCENARIOS if one.name in names]
    results = list(runner.explore(subject, chosen, plan, os.cpu_count() or 1, told))
    for result in results:
        c = result.counts
        print(f"{result.scenario:24} ops {sum(result.phases.values()):5} cut {c.operations:6} "
              f"runs {c.runs:6} classes {c.classes:6} settled {c.settled:7} counted {c.counted:6} "
              f"failures {len(result.failures):4} {result.missing}")  # fmt: skip
        for failure in result.failures[:5]:
            print("   ", failure.id, failure.verdict.name, failure.verdict.words, failure.caller)
    seconds = time.perf_counter() - began
    runs = sum(r.counts.runs for r in results)
    print(f"{seconds:.1f} s, {runs} runs, {runs / seconds:.0f} runs/s")
    if any(result.failures for result in results):
        return 1
    return 2 if any(result.missing for result in results) or not results else 0
