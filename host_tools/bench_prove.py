"""The rows of the proof: full runs a second, the whole quick proof, and its memory."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from host_tools.bench import KB, Row
from host_tools.errors import UserError
from host_tools.prove import kits
from host_tools.prove.explore import Explorer
from host_tools.prove.subject import Conditions

RUNS = 30
RUNS_LIMIT_S = 2  # of RUNS on one core: 30 a second on two
QUICK_LIMIT_S = 60
MEMORY_LIMIT_MB = 2048


def measure() -> list[Row]:
    return [full_runs(), *quick_proof()]


def full_runs() -> Row:
    """From a crash state, here a device whose update was cut off, to the fix confirmed."""
    subject = kits.seesaw()
    flash = subject.factory(subject.old)
    explorer = Explorer(subject, Conditions(offer=subject.fix))
    times = []
    for _ in range(RUNS + 1):
        began = time.process_time()
        live = subject.start(flash.copy(), explorer.recovery)
        if not explorer.end(live).ok:
            raise UserError("the proof", "a healthy device did not come to run the fix", "mend it")
        times.append(time.process_time() - began)
    note = f"each on the CPython engine, one core; {RUNS} of them, the first one warmed up"
    return Row(f"{RUNS} full runs of the proof", sum(times[1:]), "s", RUNS_LIMIT_S, note=note)


def quick_proof() -> list[Row]:
    """`seesaw prove` as it is by default, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "proof.json")
        began = time.monotonic()
        command = [sys.executable, "-m", "host_tools.cli", "prove", "--json", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - began
        if done.returncode:
            raise UserError("the proof", f"ended with {done.returncode}", "run make prove")
        found = json.loads(path.read_text())
    most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KB
    totals = found["totals"]
    words = f"{totals['runs']} runs, {totals['classes']} classes, {totals['settled']} states"
    return [
        Row("quick proof", seconds, "s", QUICK_LIMIT_S, note=words),
        Row("  its runs", totals["runs"] / seconds, "/s", note="on all cores, merging included"),
        Row("  memory of its largest process", most_mb, "MB", MEMORY_LIMIT_MB),
    ]
