"""A desk that rolls releases out, for tests."""

import contextlib
import functools
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from log_rig import common
from release_rig import BOARD, Desk, contents, release, template

from host_tools import cli

OTHER = "esp32s3"
NEW = "0.3.0"
OWN = ("240ac4000001", "24:0A:C4:00:00:02")
TEST = ("240ac4000003",)
RULE = {"abort_percent": 10, "abort_min": 10, "silent_percent": 20, "silent_hours": 48,
        "few_percent": 100, "few_min": 10**6}  # fmt: skip
PLAN: dict[str, Any] = {
    "format": 1,
    "rings": [
        {"name": "own units", "devices": list(OWN)},
        {"name": "test owners", "devices": list(TEST)},
        {"name": "a tenth", "start_percentage": 10},
        {"name": "everyone", "start_percentage": 10, "duration_minutes": 10_080},
    ],
    "abort": RULE,
}
OFFLINE = ("safe-1", "safe-2", "safe-3", "desk", "spare")


class Staged(Desk):
    """With `seesaw rollout`."""

    def two_releases(self) -> None:
        for board in (BOARD, OTHER):
            assert self.drill(release("0.2.0", board)) == 0
            assert self.drill(release(NEW, board), "drill", "--start-percentage", "0") == 0
        assert self.publish() == 0

    def roll(self, verb: str, *words: object, version: str = NEW, keys: bool = True) -> int:
        """`seesaw rollout VERB`, a minute later than the last."""
        self.now_s += 60
        more = ["--keys", str(self.keys)] if keys and verb != "status" else []
        line = ["rollout", verb, str(self.repo), version, *map(str, words), *more]
        return cli.main([*line, "--now", str(self.now_s)])

    def plan(self, **changes: Any) -> Path:
        path = self.folder / "plan.json"
        path.write_text(json.dumps({**PLAN, **changes}))
        return path

    def start(self, *words: object, **changes: Any) -> int:
        return self.roll("start", "--plan", self.plan(**changes), *words)

    def signed(self, board: str = BOARD, version: str = NEW) -> dict[str, Any]:
        """`rollout` of a release, as its role says it."""
        found: dict[str, Any] = self.role(board).targets[f"{board}/{version}/bundle"].custom or {}
        return dict(found["rollout"])

    def bundle8(self, version: str = NEW, board: str = BOARD) -> str:
        return self.role(board).targets[f"{board}/{version}/bundle"].hashes["sha256"][:8]

    def all_files(self) -> dict[str, bytes]:
        return contents(self.folder)

    def only_online(self) -> None:
        for name in OFFLINE:
            shutil.rmtree(self.keys / name)

    def halted(self) -> list[str]:
        return list(self.timestamp()["x-seesaw-halt"])

    # -- logs ----------------------------------------------------------------------------------

    def log(self, lines: Sequence[str], name: str = "access.log") -> Path:
        path = self.folder.parent / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def said(self, number: int, what: str, at_s: int | None = None, slot: str = "0i") -> str:
        """A line: a device, by a number, says this version (and what comes behind it)."""
        version, _, more = what.partition("&")
        query = f"v={version}&s={slot}&p={number:012x}" + (f"&{more}" if more else "")
        return common(self.now_s if at_s is None else at_s, query)

    def good(self, count: int, first: int = 0, at_s: int | None = None) -> list[str]:
        return [self.said(first + n, NEW, at_s) for n in range(count)]

    def bad(
        self, count: int, first: int = 1000, at_s: int | None = None, stage: int = 7
    ) -> list[str]:
        failure = f"0.2.0&f={NEW},{self.bundle8()},{stage},1,1"
        return [self.said(first + n, failure, at_s) for n in range(count)]


@functools.cache
def _templates() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="seesaw-rollouts-")


@functools.cache
def _at_ring(number: int) -> Staged:
    """-1: an empty repository; 0: two releases; 1 and above: a ring of the plan."""
    if number < 0:
        return Staged(template())
    made = at_ring(number - 1, Path(_templates().name, str(number)))
    if number == 0:
        made.two_releases()
    else:
        assert (made.roll("widen") if number > 1 else made.start()) == 0
    return made


def at_ring(number: int, folder: Path) -> Staged:
    """A copy of a desk that has come so far: making one takes a moment."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = _at_ring(number)
    shutil.copytree(found.folder, folder / "desk")
    return Staged(folder / "desk", found.now_s)
