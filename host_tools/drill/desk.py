"""The drill's desk: `seesaw` commands as a person types them, on real files in one folder."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.image import bundle
from host_tools.image.board import Board
from host_tools.release import build
from host_tools.release.publish import Release, make
from host_tools.stopping import INTERRUPTED

TRIAL_S = 60  # of the drill's releases; the firmware has a floor


class Unexpected(Exception):
    """The drill went another way than it must."""


@dataclass
class Desk:
    """folder: repo/, keys/, site/ (the static host of releases), incidents/, status/ (the status
    site), proofs/ and access.log. main: runs a command line. typed: every command, with its exit
    code."""

    folder: Path
    now_s: int
    main: Callable[[list[str]], int]
    typed: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        of = self.folder
        self.repo, self.keys, self.site = of / "repo", of / "keys", of / "site"
        self.incidents, self.letters, self.status = of / "incidents", of / "letters", of / "status"
        self.proofs, self.log = of / "proofs", of / "access.log"

    @property
    def moment(self) -> str:
        return datetime.fromtimestamp(self.now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def type(self, *words: object, expect: int = 0) -> str:
        """What the command printed. Unexpected when it ends with another exit code,
        KeyboardInterrupt when somebody ended it."""
        line = [str(word) for word in words]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self.main(line)
        self.typed.append((" ".join(line), code))
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code != expect:
            said = (err.getvalue() or out.getvalue()).strip()[-400:]
            raise Unexpected(f"seesaw {' '.join(line)}: exit code {code}, not {expect}: {said}")
        return out.getvalue()

    def release(self, verb: str, *words: object, expect: int = 0) -> str:
        keys = () if verb in ("publish", "status") else ("--keys", self.keys)
        return self.type("release", verb, self.repo, *words, *keys, "--now", self.now_s,
                         expect=expect)  # fmt: skip

    def rollout(self, verb: str, version: str, *words: object, expect: int = 0) -> str:
        keys = ("--keys", self.keys) if verb != "status" else ()
        return self.type("rollout", verb, self.repo, version, *words, *keys, "--out", self.site,
                         "--now", self.now_s, expect=expect)  # fmt: skip

    def publish(self) -> None:
        self.release("publish", self.site)

    def incident(self, verb: str, *words: object, expect: int = 0) -> str:
        return self.type("incident", verb, *words, "--now", self.moment, expect=expect)

    def report(self, *words: object) -> dict[str, Any]:
        """The fleet's report of all that the log has."""
        found: dict[str, Any] = json.loads(
            self.type("fleet", "report", self.log, "--json", *words)
        )
        return found

    # -- releases --------------------------------------------------------------------------

    def tree(
        self, name: str, changes: Iterable[tuple[str, str, str]] = (), added: str = ""
    ) -> Path:
        """A working tree of the firmware. changes: (file of seesaw/, old, new). added: at the end
        of seesaw/main.py."""
        tree = self.folder / "trees" / name
        unwanted = shutil.ignore_patterns("__pycache__")
        for room in ("seesaw", "launcher"):
            shutil.copytree(bundle.FIRMWARE / room, tree / room, ignore=unwanted)
        for file, old, new in changes:
            path = tree / "seesaw" / file
            text = path.read_text("utf-8")
            if old not in text:
                raise UserError(str(path), f"has no '{old}' any more", "mend the drill")
            path.write_text(text.replace(old, new), "utf-8")
        with (tree / "seesaw" / "main.py").open("a") as main:
            main.write(added)
        return tree

    def built(self, version: str, tree: Path, board: Board, app: bytes) -> tuple[Release, Path]:
        """A release of a tree for the devices of this repository, and its zip."""
        root = (self.repo / "metadata" / "1.root.json").read_bytes()
        made = make(board, version, app, source=tree, trial_s=TRIAL_S,
                            build_time=self.now_s, root=root)  # fmt: skip
        path = self.folder / "releases" / f"{version}.zip"
        path.parent.mkdir(exist_ok=True)
        launcher = (tree / "launcher" / "main.py").read_bytes()
        path.write_bytes(build.zipped(build.kept_files(made, launcher)))
        return made, path

    def prove(self, path: Path, scenario: str, expect: int) -> dict[str, Any]:
        """Its evidence, of one scenario and single cuts: a whole proof outlasts a drill."""
        report = self.proofs / path.stem
        self.type("prove", "--candidate", path, "--scenario", scenario, "--depth", 1, "--report",
                  report, expect=expect)  # fmt: skip
        found: dict[str, Any] = json.loads((report / "evidence.json").read_text())
        return found
