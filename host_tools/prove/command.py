"""`seesaw prove` and `seesaw replay`: parsing is in cli.py; here choices, words and exit codes."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from host_tools.emulator import ctrl_c
from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.prove import evidence, ids, parts, replay, report, runner
from host_tools.prove.evidence import BRICK, CLEAN, Meta
from host_tools.prove.explore import Counts
from host_tools.prove.parts import Part, Wanted
from host_tools.prove.progress import Progress
from host_tools.prove.runner import Plan, Result

CODES = {CLEAN: 0, BRICK: 1}  # anything else is 2: nothing was shown
SHOWN_MAX = 10  # causes that are printed


def prove(arguments: argparse.Namespace) -> int:
    """0: clean. 1: a state was found that does not come back. 2: nothing was shown.
    KeyboardInterrupt, and no word of what was found, when somebody ended it."""
    if arguments.depth < 1:
        raise UserError("--depth 0", "nothing would be cut off", "--depth 1, or more")
    wanted = _wanted(arguments)
    with ctrl_c.heeded():
        chosen = parts.parts(wanted)
    if arguments.list:
        for one in (one for part in chosen for one in part.scenarios):
            print(f"{one.name:40} {one.budget:6} {one.why}")
        return 0
    began = time.monotonic()
    with ctrl_c.heeded():  # an interrupted proof must never say that all is well
        found = _explore(chosen, arguments, began + arguments.limit * 60)
    seconds = time.monotonic() - began
    results = [result for _, some in found for result in some]
    meta = parts.meta(found, seconds, wanted)
    if arguments.report:
        report.write(Path(arguments.report), results, meta)
    if arguments.json:
        _write_json(Path(arguments.json), results, meta, seconds)
    print("\n".join(_text(results, meta, seconds)))
    if arguments.report:
        print(f"Look at it: {Path(arguments.report) / 'index.html'}")
    return CODES.get(evidence.state_of(results), 2)


def _explore(
    chosen: Sequence[Part], arguments: argparse.Namespace, deadline_s: float
) -> list[tuple[Part, list[Result]]]:
    jobs = arguments.jobs or os.cpu_count() or 1
    with Progress(sys.stderr) as progress:
        return [
            (part, list(runner.explore(part.subject, part.scenarios, part.plan, jobs,
                                       progress.slice, deadline_s)))
            for part in chosen
        ]  # fmt: skip


def again(arguments: argparse.Namespace) -> int:
    """`seesaw replay ID`: 0 when that state comes back, 1 when it does not."""
    part = parts.part_of(_wanted(arguments), ids.parse(arguments.id).scenario)
    plan = Plan(depth=9, nest=None)
    return replay.show(part.subject, arguments.id, part.scenarios, plan, arguments.json)


def _wanted(arguments: argparse.Namespace) -> Wanted:
    """`replay` has fewer arguments than `prove`."""
    given = vars(arguments)
    return Wanted(
        Path(arguments.firmware) if arguments.firmware else bundles.FIRMWARE,
        Path(arguments.candidate) if arguments.candidate else None,
        Path(arguments.older) if arguments.older else None,
        arguments.board,
        bool(given.get("full") or given.get("list")),
        given.get("depth", 2),
        given.get("scenario") or (),
        arguments.seed,
    )


def _text(results: Sequence[Result], meta: Meta, seconds: float) -> list[str]:
    lines = [_row("scenario", "operations", "states", "counted", "runs", "classes", "verdict")]
    for one in results:
        c = one.counts
        lines.append(_row(one.scenario, sum(one.phases.values()), c.settled, c.counted, c.runs,
                          c.classes, _verdict(one)))  # fmt: skip
    total = totals(results)
    lines.append(_row("all", total.operations, total.settled, total.counted, total.runs,
                      total.classes, ""))  # fmt: skip
    if total.shared_all:
        lines.append(f"a second cut at {len(total.shared)} of {len(total.shared_all)} operations "
                     "where recoveries share them")  # fmt: skip
    lines.append(
        f"depth {total.depth}, {total.edges} edges, {seconds:.1f} s, "
        f"{total.runs / max(seconds, 0.1):.0f} full runs a second"
    )
    for cause in meta.causes[:SHOWN_MAX]:
        first = cause.first
        lines += ["", f"{first.verdict.name}: {first.verdict.words}",
                  f"  seesaw replay '{ids.stamped(first.id, meta.hashes['device'])}'",
                  f"  {first.caller or 'the run itself'}; {len(cause.ids)} like it"]  # fmt: skip
    if len(meta.causes) > SHOWN_MAX:
        lines.append(f"and {len(meta.causes) - SHOWN_MAX} more causes: see --report or --json")
    return [*lines, "", report.sentence(results, meta)]


def _row(name: str, *cells: object) -> str:
    return f"{name:28}" + "".join(f"{cell!s:>11}" for cell in cells[:-1]) + f"  {cells[-1]}"


def _verdict(one: Result) -> str:
    if one.failures:
        return f"{len(one.failures)} {one.failures[0].verdict.name}"
    return f"nothing shown: {one.missing}" if one.missing else "ok"


def totals(results: Sequence[Result]) -> Counts:
    found = Counts()
    for one in results:
        found.add(one.counts)
    return found


def _write_json(path: Path, results: Sequence[Result], meta: Meta, seconds: float) -> None:
    found: dict[str, Any] = evidence.evidence(list(results), meta)
    total = totals(results)
    found["totals"] = {
        "runs": total.runs, "classes": total.classes, "settled": total.settled,
        "counted": total.counted, "edges": total.edges, "depth": total.depth,
        "boots": total.boots, "seconds": round(seconds, 1),
    }  # fmt: skip
    try:
        path.write_text(json.dumps(found, indent=1))
    except OSError as error:
        raise UserError(str(path), f"cannot be written: {error.strerror}",
                        "name another file") from error  # fmt: skip
