"""The rules of the house, checked on every Python file. Each complaint names the fix.

Directions of imports: firmware/DESIGN.md. The self-test plants one fault of each kind.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.image import bundle

ROOT = Path(__file__).parents[1]
TREES = ("firmware", "host_tools", "tests")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
LINE_LENGTH_MAX = 100
LEFTOVER = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
MACHINE = "|".join(("work", "tmp", "root", "Users", "mnt", "opt"))
MACHINE_PATH = re.compile(rf"(?<![\w.])/(?:{MACHINE})/\w")

CORE = ("binascii", "errno", "hashlib", "json", "math", "micropython", "struct", "seesaw.core")
PROGRAM = ("asyncio", "hashlib", "micropython", "seesaw.core", "seesaw.update", "seesaw.net",
           "seesaw.beam", "seesaw.feed", "seesaw.judge", "seesaw.repository", "seesaw.data",
           "seesaw.look", "seesaw.nod", "seesaw.ontrial", "seesaw.packed", "seesaw.proof",
           "seesaw.unload", "seesaw.upgrade")
WIRING = ("asyncio", "gc", "json", "random", "seesaw")
# What a file of the firmware may import at all; the longest path that fits decides.
FIRMWARE = {
    "firmware/seesaw/core/": CORE,
    "firmware/seesaw/config.py": CORE,
    "firmware/seesaw/tuning.py": ("seesaw.config",),
    "firmware/seesaw/packed.py": ("binascii", "deflate", "hashlib", "io", "micropython"),
    "firmware/seesaw/crypto/": ("binascii", "hashlib", "micropython", "struct", "seesaw.crypto"),
    "firmware/seesaw/update/": ("binascii", "collections", "hashlib", "json", "micropython",
                                "struct", "seesaw.core", "seesaw.crypto", "seesaw.unload",
                                "seesaw.update"),
    "firmware/seesaw/data/": ("hashlib", "json", "micropython", "seesaw.core", "seesaw.data",
                              "seesaw.net", "seesaw.unload", "seesaw.update"),
    "firmware/seesaw/net/": ("asyncio", "binascii", "errno", "hashlib", "io", "micropython",
                             "seesaw.core", "seesaw.net"),
    "firmware/seesaw/feed.py": ("micropython", "seesaw.core", "seesaw.net"),
    "firmware/seesaw/source.py": ("seesaw.core", "seesaw.net"),
    "firmware/seesaw/live.py": ("asyncio", "micropython", "seesaw.core", "seesaw.streaming"),
    "firmware/seesaw/streaming.py": ("asyncio", "micropython", "seesaw.core", "seesaw.net"),
    "firmware/seesaw/witnesses.py": ("io", "micropython", "seesaw.core", "seesaw.net"),
    "firmware/seesaw/door.py": ("asyncio", "micropython", "seesaw.api.making"),
    "firmware/seesaw/diag.py": ("binascii", "micropython"),
    "firmware/seesaw/facts.py": ("json", "seesaw.core", "seesaw.data", "seesaw.diag",
                                 "seesaw.lastwords", "seesaw.port.station", "seesaw.update"),
    "firmware/seesaw/factory.py": ("json",),
    "firmware/seesaw/lastwords.py": ("micropython",),
    "firmware/seesaw/line.py": ("asyncio", "micropython", "seesaw.port.serial", "seesaw.typed"),
    "firmware/seesaw/typed.py": ("asyncio", "gc", "micropython", "seesaw.console",
                                 "seesaw.improving", "seesaw.setup.improv", "seesaw.unload"),
    "firmware/seesaw/improving.py": ("asyncio", "micropython", "seesaw.port.access",
                                     "seesaw.port.lan", "seesaw.setup"),
    "firmware/seesaw/levels.py": ("seesaw.config",),
    "firmware/seesaw/console.py": ("asyncio", "json", "micropython", "seesaw.checkup",
                                   "seesaw.config", "seesaw.diag", "seesaw.facts",
                                   "seesaw.factory", "seesaw.levels", "seesaw.typed"),
    "firmware/seesaw/checkup.py": ("asyncio", "hashlib", "json", "micropython", "seesaw.config",
                                   "seesaw.diag", "seesaw.typed", "seesaw.update"),
    "firmware/seesaw/unload.py": ("micropython", "sys"),
    "firmware/seesaw/timekeeping.py": ("micropython", "seesaw.asking"),
    "firmware/seesaw/asking.py": ("seesaw.port", "seesaw.witnesses"),
    "firmware/seesaw/pushed.py": ("json", "seesaw.update"),
    "firmware/seesaw/": PROGRAM,
    "firmware/seesaw/port/": ("asyncio", "binascii", "esp32", "gc", "machine", "micropython",
                              "network", "os", "select", "socket", "ssl", "sys", "time", "tls",
                              "vfs", "seesaw.net.certificate", "seesaw.net.pem"),
    "firmware/seesaw/setup/": ("asyncio", "binascii", "hashlib", "json", "micropython",
                               "seesaw.config", "seesaw.net.form", "seesaw.net.serving",
                               "seesaw.setup"),
    "firmware/seesaw/api/": ("asyncio", "json", "micropython", "seesaw.api", "seesaw.config",
                             "seesaw.core", "seesaw.data.traded", "seesaw.net", "seesaw.nod",
                             "seesaw.tuning"),
    "firmware/seesaw/setup/making.py": WIRING,
    "firmware/seesaw/api/making.py": ("micropython", *WIRING),
    "firmware/seesaw/main.py": WIRING,
    "firmware/seesaw/wiring.py": WIRING,
    "firmware/seesaw/cable.py": WIRING,
    "firmware/launcher/": ("binascii", "esp32", "gc", "hashlib", "machine", "micropython", "os",
                           "struct", "sys", "time", "vfs", "seesaw.main.run"),
}  # fmt: skip
SHARED = ("seesaw.update.trailer",)  # formats with one owner
EVERYBODYS = ("host_tools.errors", "host_tools.plotting", "host_tools.progress",
              "host_tools.stopping")
# What a host file may import of this project.
HOST = {
    "host_tools/emulator/": ("host_tools.emulator",),
    "host_tools/image/": ("host_tools.image", "host_tools.emulator", "host_tools.errors", *SHARED),
    "host_tools/release/": ("host_tools.release", "host_tools.image", "host_tools.errors",
                            "seesaw"),
    "host_tools/release/commands.py": ("host_tools.release", "host_tools.image",
                                       "host_tools.errors", "host_tools.market.calendars",
                                       "seesaw"),
    "host_tools/release/datasets.py": ("host_tools.release", "host_tools.errors",
                                       "host_tools.market.json_lines", "host_tools.notice.rules",
                                       "seesaw"),
    "host_tools/market/": ("host_tools.market", "host_tools.errors", "seesaw.core.calendar_rules",
                           "seesaw.core.sessions"),
    "host_tools/market/recipes.py": ("host_tools.market", "host_tools.errors", "seesaw.core",
                                     "seesaw.data.feeds", "seesaw.net.http"),
    "host_tools/market/feed_sets.py": ("host_tools.image.settings",),
    "host_tools/market/outage.py": tuple(
        f"host_tools.{room}" for room in ("market", "emulator", "image", "release", "errors")
    ),
    "host_tools/board/": ("host_tools.board", "host_tools.image", "host_tools.release.development",
                          "host_tools.release.kept", *EVERYBODYS, *SHARED),
    "host_tools/fleet/": ("host_tools.fleet", "host_tools.release.query", "host_tools.image.files",
                          "host_tools.market.instruments", *EVERYBODYS,
                          "seesaw.core.version", "seesaw.core.rollout"),
    "host_tools/rollout/": ("host_tools.rollout", "host_tools.release", "host_tools.fleet",
                            "host_tools.image.files", "host_tools.market.calendars",
                            "host_tools.errors", "seesaw.core.sessions", "seesaw.core.version",
                            "seesaw.core.rollout"),
    "host_tools/incident/postmortem.py": ("host_tools.incident", "host_tools.fleet",
                                          "host_tools.release.place", "host_tools.errors"),
    "host_tools/incident/evidence.py": ("host_tools.incident", "host_tools.release",
                                        "host_tools.errors"),
    "host_tools/motion/": ("host_tools.motion", "host_tools.emulator", "host_tools.image.settings",
                           "host_tools.errors", "host_tools.plotting", "seesaw.beam", "seesaw.core",
                           "seesaw.tuning"),
    "host_tools/incident/": ("host_tools.incident", "host_tools.release.place",
                             "host_tools.errors"),
    "host_tools/notice/": ("host_tools.notice", "host_tools.market.instruments",
                           "host_tools.market.json_lines", "host_tools.release.place",
                           "host_tools.errors", "seesaw.core", "seesaw.data.notices"),
    "host_tools/prove/": tuple(
        f"host_tools.{room}"
        for room in ("prove", "emulator", "image", "release", "market", "errors")
    ),
    "host_tools/twin/": tuple(
        f"host_tools.{room}"
        for room in ("twin", "emulator", "image", "release", "market", "errors", "stopping")
    ) + SHARED,
    "host_tools/twin/fleet.py": tuple(
        f"host_tools.{room}"
        for room in ("twin", "emulator", "image", "release", "market", "errors")
    ) + ("seesaw.core.rollout.bucket",),
}  # fmt: skip
PROJECT = ("host_tools", "seesaw", "firmware", "tests")

Complaint = tuple[int, str]  # (line, what is wrong; what to do)


@dataclass
class File:
    path: str  # below the root
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_firmware(self) -> bool:
        return self.path.startswith("firmware/")

    def imports(self) -> Iterator[tuple[ast.stmt, str]]:
        """Every import, wherever it stands, by its full name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node, alias.name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield node, f"{'.' * node.level}{node.module or ''}.{alias.name}"


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def room(path: str, rooms: dict[str, tuple[str, ...]]) -> str:
    return max((start for start in rooms if path.startswith(start)), key=len, default="")


def firmware_imports(file: File) -> Iterator[Complaint]:
    start = room(file.path, FIRMWARE)
    if not file.is_firmware:
        return
    if not start:
        yield 1, "is in no room of the firmware; move it, or give it one in tests/test_tidy.py"
        return
    for node, name in file.imports():
        if not within(name, FIRMWARE[start]):
            known = ", ".join(FIRMWARE[start])
            yield node.lineno, f"imports {name}; {start} knows only {known}: hand it in instead"
        elif "launcher" in start and within(name, ("seesaw",)) and node in file.tree.body:
            yield node.lineno, "imports the slot at its start; do it in main(), after the check"


def host_imports(file: File) -> Iterator[Complaint]:
    start = room(file.path, HOST)
    for node, name in file.imports():
        if name.startswith("."):
            yield node.lineno, "imports relatively; write the whole name"
        elif within(name, ("host_tools.cli",)) and not file.path.startswith("tests/"):
            yield node.lineno, "imports the command line; move what both need out of it"
        elif start and within(name, PROJECT) and not within(name, HOST[start]):
            known = ", ".join(HOST[start])
            yield node.lineno, f"imports {name}; {start} knows only {known}: turn it round"


def where_it_runs(file: File) -> Iterator[Complaint]:
    if not file.is_firmware:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("implementation", "platform"):
            yield node.lineno, f"asks for {node.attr}; the firmware does not know where it runs"


def errors(file: File) -> Iterator[Complaint]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "has a bare except; name what is caught"


def sizes(file: File) -> Iterator[Complaint]:
    lines = file.text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f"is longer than {FILE_LINES_MAX} lines; split it by what it knows"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_LENGTH_MAX:
            yield number, f"is longer than {LINE_LENGTH_MAX} columns; break the line"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            if size > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {size} lines; {FUNCTION_LINES_MAX} at most"


def leftovers(file: File) -> Iterator[Complaint]:
    for number, line in enumerate(file.text.splitlines(), 1):
        if found := LEFTOVER.search(line):
            yield number, f"says {found[0]}; do it, or write down where it stands"
        if found := MACHINE_PATH.search(line):
            yield number, f"names a path of one machine ({found[0]}...); find it, or take it in"


def compiles(file: File) -> Iterator[Complaint]:
    if file.is_firmware:
        try:
            bundle.compile_module(file.path.removeprefix("firmware/"), file.text)
        except UserError as error:
            yield 1, f"is no MicroPython: {error}"


RULES = (firmware_imports, host_imports, where_it_runs, errors, sizes, leftovers, compiles)


def check(root: Path) -> list[str]:
    """Every complaint about the trees below `root`, as 'path:line: what; what to do'."""
    found = []
    for path in sorted(path for tree in TREES for path in (root / tree).rglob("*.py")):
        file = File(path.relative_to(root).as_posix(), path.read_text("utf-8"))
        for rule in RULES:
            found += [f"{file.path}:{line}: {what}" for line, what in rule(file)]
    return found


def test_the_house_is_tidy() -> None:
    found = check(ROOT)

    assert not found, "\n" + "\n".join(found)


def test_the_checker_looks_at_every_tree() -> None:
    for tree in TREES:
        assert len(list((ROOT / tree).rglob("*.py"))) > 10, tree


LONG = "def long():\n" + "    pass\n" * FUNCTION_LINES_MAX
FAULTS = [
    ("firmware/seesaw/core/tilt.py", "import time\n", "imports time"),
    ("firmware/seesaw/core/tilt.py", "from seesaw.net import http\n", "imports seesaw.net.http"),
    ("firmware/seesaw/core/tilt.py", "import typing\n", "imports typing"),
    ("firmware/seesaw/config.py", "from seesaw.port import board\n", "imports seesaw.port.board"),
    ("firmware/seesaw/update/otadata.py", "import asyncio\n", "imports asyncio"),
    ("firmware/seesaw/update/otadata.py", "from seesaw import config\n", "imports seesaw.config"),
    ("firmware/seesaw/net/http.py", "from seesaw.update import otadata\n", "seesaw.update.otadata"),
    ("firmware/seesaw/net/http.py", "def f():\n    import network\n", "imports network"),
    ("firmware/seesaw/feed.py", "import asyncio\n", "imports asyncio"),
    ("firmware/seesaw/app.py", "from seesaw.port.board import Servo\n", "imports seesaw.port"),
    ("firmware/seesaw/app.py", "from seesaw.updater import Updater\n", "imports seesaw.updater"),
    ("firmware/seesaw/app.py", "from machine import Pin\n", "imports machine.Pin"),
    ("firmware/seesaw/setup.py", "import esp32\n", "imports esp32"),
    ("firmware/seesaw/port/board.py", "from seesaw import app\n", "imports seesaw.app"),
    ("firmware/seesaw/main.py", "import host_tools.errors\n", "imports host_tools.errors"),
    ("firmware/seesaw/main.py", "import machine\n", "imports machine"),
    ("firmware/launcher/main.py", "from seesaw.main import run\n", "do it in main()"),
    ("firmware/launcher/main.py", "def main():\n    import seesaw.app\n", "imports seesaw.app"),
    ("firmware/other/main.py", "", "is in no room"),
    ("firmware/seesaw/app.py", "def f(sys):\n    return sys.implementation\n", "where it runs"),
    ("firmware/seesaw/app.py", "def f(a, /):\n    return a\n", "is no MicroPython"),
    ("firmware/seesaw/app.py", "match 1:\n    case 1:\n        pass\n", "is no MicroPython"),
    ("host_tools/emulator/x.py", "from seesaw.update import trailer\n", "imports seesaw.update"),
    ("host_tools/emulator/x.py", "import host_tools.image.board\n", "imports host_tools.image"),
    ("host_tools/emulator/modules/x.py", "from host_tools import market\n", "host_tools.market"),
    ("host_tools/image/x.py", "from host_tools.release import publish\n", "imports host_tools.rel"),
    ("host_tools/image/x.py", "from seesaw.update import otadata\n", "imports seesaw.update.ota"),
    ("host_tools/market/x.py", "from host_tools.emulator import flash\n", "imports host_tools.em"),
    ("host_tools/prove/x.py", "from seesaw.update import otadata\n", "imports seesaw.update.ota"),
    ("host_tools/release/x.py", "from host_tools.emulator import nvs\n", "imports host_tools.em"),
    ("host_tools/twin/x.py", "from host_tools import cli\n", "imports the command line"),
    ("host_tools/x.py", "import host_tools.cli\n", "imports the command line"),
    ("host_tools/x.py", "from . import errors\n", "imports relatively"),
    ("host_tools/x.py", "try:\n    pass\nexcept:\n    pass\n", "bare except"),
    ("tests/test_x.py", LONG, f"long has {FUNCTION_LINES_MAX + 1} lines"),
    ("host_tools/x.py", LONG.replace("def", "async def"), "long has"),
    ("tests/test_x.py", "#" * (LINE_LENGTH_MAX + 1) + "\n", "break the line"),
    ("firmware/seesaw/app.py", "\n" * (FILE_LINES_MAX + 1), "split it"),
    ("host_tools/x.py", "# TO" + "DO later\n", "says TO" + "DO"),
    ("host_tools/x.py", "# FIX" + "ME\n", "says FIX" + "ME"),
    ("tests/test_x.py", 'HERE = "/' + 'work/x"\n', "path of one machine"),
    ("firmware/seesaw/app.py", "# see /" + "tmp/notes\n", "path of one machine"),
]


@pytest.mark.parametrize(("path", "text", "complaint"), FAULTS)
def test_a_planted_fault_is_found(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    (found,) = check(tmp_path)

    assert found.startswith(path + ":")
    assert complaint in found
    assert "; " in found or "is no MicroPython" in found


def test_a_tidy_tree_has_no_complaints(tmp_path: Path) -> None:
    good = {
        "firmware/seesaw/core/tilt.py": "from math import exp\nfrom seesaw.core import gate\n",
        "firmware/seesaw/main.py": "from seesaw.port import board\n",
        "firmware/launcher/main.py": "import machine\ndef main():\n"
        "    from seesaw.main import run\n    run()\n",
        "host_tools/image/x.py": "from seesaw.update import trailer\nimport os\n",
        "tests/test_x.py": "from host_tools import cli\nimport seesaw.app\n",
    }
    for path, text in good.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert check(tmp_path) == []
