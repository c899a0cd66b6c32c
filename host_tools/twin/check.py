"""Every recorded day, shown by the beam: `seesaw run --market FOLDER --check`.

All days of every instrument on the CPython engine, in virtual time; the last week of each on the
real MicroPython VM, all instruments at once. See host_tools.twin.course for how a day is judged.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TextIO

from host_tools.emulator import vm_child
from host_tools.market import history
from host_tools.market.history import Histories
from host_tools.release import publish
from host_tools.release.publish import Release
from host_tools.twin.course import APP, BOARD, TOLERANCE_DEG, Course, Result, Shown
from host_tools.twin.given import find_vm

WEEK = 5  # trading days of each instrument on the VM


def check(
    folder: Path, *, as_json: bool, out: TextIO, stop: Callable[[], bool] = lambda: False
) -> int:
    """Check a folder of histories: on `out` one line per miss, instrument and engine; a summary.

    0 when every day was checked and none missed, else 1. `stop`, asked often, ends it early, with
    KeyboardInterrupt.
    UserError for a folder that holds no history (HistoryError) or without a MicroPython VM.
    """
    began_s = time.monotonic()
    histories = history.load(folder)
    find_vm()
    report = _Report(as_json, out)
    results: list[Result] = []
    _progress(0, 2 * len(histories))
    for result in _results(firmware(), histories, stop):
        results.append(result)
        report.result(result)
        _progress(len(results), 2 * len(histories))
    if stop():
        raise KeyboardInterrupt
    summary = _summary(results, len(histories), time.monotonic() - began_s)
    report.summary(summary)
    return 0 if summary["ok"] else 1


def firmware() -> Release:
    """The release under check: the firmware as it stands."""
    return publish.make(BOARD, "0.0.0", APP)


def _results(
    release: Release, histories: Histories, stop: Callable[[], bool]
) -> Iterator[Result]:
    for name, days in histories.items():
        yield Course(name, days, stop).on_cpython(release)
    vm_child.rom()  # made once, before threads ask for it
    weeks = [Course(name, days[-WEEK - 1 :], stop) for name, days in histories.items()]
    with ThreadPoolExecutor(len(weeks)) as pool:
        running = [pool.submit(week.on_micropython, release) for week in weeks]
        yield from (done.result() for done in as_completed(running))


def _summary(results: list[Result], instruments: int, seconds: float) -> dict[str, Any]:
    days = sum(result.days for result in results)
    checked = sum(len(result.shown) for result in results)
    misses = sum(len(result.misses) for result in results)
    return {
        "type": "summary",
        "ok": days == checked and not misses,
        "instruments": instruments,
        "days": days,
        "checked": checked,
        "misses": misses,
        "worst_deg": round(max(result.worst_deg for result in results), 3),
        "tolerance_deg": TOLERANCE_DEG,
        "seconds": round(seconds, 1),
    }


class _Report:
    """Writes lines for people, or JSON objects."""

    def __init__(self, as_json: bool, out: TextIO) -> None:
        self._as_json = as_json
        self._out = out

    def result(self, result: Result) -> None:
        for shown in result.misses:
            self._say(_miss_record(result, shown), _miss_line(result, shown))
        record = {
            "type": "instrument",
            "instrument": result.instrument,
            "engine": result.engine,
            "days": result.days,
            "checked": len(result.shown),
            "misses": len(result.misses),
            "worst_deg": round(result.worst_deg, 3),
            "ended": result.ended,
        }
        ended = f"; ended: {result.ended}" if result.ended else ""
        self._say(record, (
            f"{result.instrument:<10} {result.engine:<12} {len(result.shown):>4} of"
            f" {result.days:>4} days, {len(result.misses)} missed,"
            f" worst {result.worst_deg:.2f} degrees{ended}"
        ))  # fmt: skip

    def summary(self, summary: dict[str, Any]) -> None:
        verdict = "ok  " if summary["ok"] else "FAIL"
        self._say(summary, (
            f"{verdict}  {summary['checked']} of {summary['days']} days checked,"
            f" instruments: {summary['instruments']}, {summary['misses']} missed by more than"
            f" {TOLERANCE_DEG} degrees, worst {summary['worst_deg']:.2f}; {summary['seconds']} s"
        ))  # fmt: skip

    def _say(self, record: dict[str, Any], line: str) -> None:
        print(json.dumps(record) if self._as_json else line, file=self._out, flush=True)


def _miss_record(result: Result, shown: Shown) -> dict[str, Any]:
    return {
        "type": "miss",
        "instrument": result.instrument,
        "engine": result.engine,
        "date": shown.date,
        "change_percent": round(shown.change_percent, 4),
        "wanted_deg": round(shown.wanted_deg, 3),
        "beam_deg": round(shown.beam_deg, 3),
        "settled": shown.settled,
        "why": shown.why,
    }


def _miss_line(result: Result, shown: Shown) -> str:
    why = f" ({shown.why})" if shown.why else ""
    return (
        f"MISS  {result.instrument} {shown.date} {result.engine}: {shown.change_percent:+.2f}% asks"
        f" for {shown.wanted_deg:+.2f} degrees, the beam shows {shown.beam_deg:+.2f}{why}"
    )


def _progress(done: int, of: int) -> None:
    """A line for whoever waits, overwritten by the next, on standard error."""
    if sys.stderr.isatty():
        end = "\r" if done < of else "\n"
        print(f"checking: {done} of {of} runs ", end=end, file=sys.stderr, flush=True)
