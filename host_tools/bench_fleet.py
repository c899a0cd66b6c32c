"""The rows of `seesaw bench` about all devices: the fleet's report from a million lines of a log,
of few devices and of many, and a million devices over 30 virtual days; each a process of its own,
its start included."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from host_tools.bench import KB, Row
from host_tools.errors import UserError

LINES, DEVICES, NAMES, MANY = 1_000_000, 1_000_000, 50_000, 500_000
REPORT_LIMIT_S, SIMULATION_LIMIT_S, MEMORY_LIMIT_MB = 5, 20, 4096
DRILL_LIMIT_S = 120
DAY = "28/Nov/2026"
LINE = '10.0.%d.%d - - [%s:%02d:%02d:%02d +0000] "GET /metadata/timestamp.json?v=%s&s=0i' \
       '&p=%012x%s HTTP/1.1" 200 812 "-" "-"\n'  # fmt: skip


def measure() -> list[Row]:
    """UserError when one of the two does not end well."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        write_log(log, LINES, NAMES)
        report_s, report_mb = _run("fleet", "report", str(log))
        write_log(log, LINES, MANY)
        many_s, many_mb = _run("fleet", "report", str(log))
        drill_s, _ = _run("drill", "--out", str(Path(folder) / "drill"))
    simulation_s, simulation_mb = _run("fleet", "simulate", "--devices", str(DEVICES))
    return [
        Row("fleet report, a million lines", report_s, "s", REPORT_LIMIT_S,
            note=f"of {NAMES:,} pseudonyms in the combined form"),
        Row("  its memory", report_mb, "MB", note="the most that is resident"),
        Row("  of many pseudonyms", many_s, "s", REPORT_LIMIT_S, note=f"of {MANY:,}"),
        Row("  their memory", many_mb, "MB", note="the most that is resident"),
        Row("fleet simulate, a million devices", simulation_s, "s", SIMULATION_LIMIT_S,
            note="over 30 days, each device's bucket by its own code"),
        Row("  its memory", simulation_mb, "MB", MEMORY_LIMIT_MB, note="the most that is resident"),
        Row("the drill", drill_s, "s", DRILL_LIMIT_S,
            note="the founding week, two proofs of one scenario each among it"),
    ]  # fmt: skip


def write_log(path: Path, lines: int, names: int) -> None:
    """A day's log: half of the devices on a release that others fail, in no order of devices."""
    with path.open("w", encoding="ascii") as file:
        for number in range(lines):
            second = number * 86_400 // lines
            device = number * 7919 % names
            failed = "&f=1.1.0,a1b2c3d4,7,1,2" if device % 50 == 0 else ""
            version = "1.1.0" if device % 2 and number > lines // 2 else "1.0.0"
            clock = (second // 3600, second // 60 % 60, second % 60)
            place = (device >> 8 & 255, device & 255)
            file.write(LINE % (*place, DAY, *clock, version, device, failed))


def _run(*arguments: str) -> tuple[float, float]:
    """(seconds, MB) of a run of `seesaw`."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "host_tools.cli", *arguments, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise UserError(arguments[0], f"code {process.returncode}", "run it alone")
    unit = 1 if sys.platform == "darwin" else KB  # of ru_maxrss, in bytes
    return time.perf_counter() - begin, usage.ru_maxrss * unit / KB / KB
