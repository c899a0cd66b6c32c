"""The record of a runtime: this launcher, on this very binary, took back a release that crashes and
confirmed one that works. `seesaw release sign` wants it for a runtime that is new to a repository
(firmware/SPEC.md, "Runtime record").

What is recorded is read from the flash of the board, not from what was meant to be there.
"""

import ast
import importlib.metadata
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.board import deploy
from host_tools.board.deploy import Device
from host_tools.board.follow import Verdict
from host_tools.board.repl import Refused
from host_tools.board.visit import Visit, visit
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, esp_image, files

FORMAT = 1
TRIAL_S = 60
READ_S = 60.0  # of silence: reading and hashing a whole runtime
LAUNCHER = "main.py"  # alone on `vfs`
WORDS = "planted to be taken back"  # last words of the release that crashes
CRASHING = {
    "__init__.py": "",
    "main.py": f"def run(boot, program):\n    raise RuntimeError('{WORDS}')\n",
}
LOOK = """
import os, sys
from binascii import hexlify
from hashlib import sha256
from esp32 import Partition
from machine import unique_id
try:
    import vfs
except ImportError:
    vfs = os
def _flash(part, size):
    piece = bytearray(4096)
    for at in range(0, size, 4096):
        part.readblocks(at // 4096, piece)
        boot.wdt.feed()
        yield piece[:size - at]
def _file(file):
    while piece := file.read(1024):
        yield piece
def _hash(pieces):
    made = sha256()
    for piece in pieces:
        made.update(piece)
    return hexlify(made.digest()).decode()
_head = bytearray(16)
boot.slot.readblocks(0, _head)
_vfs = Partition.find(Partition.TYPE_DATA, label="vfs")[0]
vfs.mount(vfs.VfsLfs2(_vfs), "/launcher", readonly=True)
try:
    _names = os.listdir("/launcher")
    with open("/launcher/main.py", "rb") as _open:
        _launcher = _hash(_file(_open))
finally:
    vfs.umount("/launcher")
print((sys.platform, sys.version, getattr(sys.implementation, "_machine", ""),
       hexlify(unique_id()).decode(), _head[12] + 256 * _head[13],
       _hash(_flash(boot.slot, boot.trailer[0])), _launcher, _names,
       boot.slot.info()[4], boot.version))
"""

Consent = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is at the port, as its flash says. platform: sys.platform; chip_id: of the image that
    runs; runtime, launcher: SHA-256 in hex; names: of the files on `vfs`."""

    platform: str
    micropython: str
    machine: str
    uid: str
    chip_id: int
    runtime: str
    launcher: str
    names: list[str]
    slot: str
    version: str


class NotShown(Exception):
    """The board did something else; the argument says what."""


def record(port: str, path: Path, consent: Consent) -> int:
    """Rollback and trial on the board at `port`, then the record to `path`: 0. 1 when the board
    does something else; nothing is written then.

    consent: gets lines for a person, raises UserError when it is not to be. UserError when the
    board is no seesaw of this tree, or the cable gets lost.
    """
    if not path.parent.is_dir():
        raise UserError(str(path), "there is no such folder", "name a file in a folder that is")
    try:
        made = _shown(port, consent)
    except NotShown as error:
        print(f"{port}: {error}; nothing is recorded", file=sys.stderr)
        return 1
    files.replace({path: (json.dumps(made, indent=1) + "\n").encode()})
    print(f"{path}: launcher {made['launcher_sha256'][:12]} passed trial and rollback on runtime"
          f" {made['runtime_sha256'][:12]} ({made['chip']}, {made['platform']})")  # fmt: skip
    return 0


def _shown(port: str, consent: Consent) -> dict[str, Any]:
    """The record. Both releases go to the slot that rests, so that what runs there now stays
    intact whatever comes of it. Raises NotShown."""
    with visit(port, "no trial") as there:
        before, device = _look(there), deploy.ask(there)
        chip = _check(there, device, before)
        consent(_plan(port, before))
        crashed = _tried(there, device, crashing=True)
    _insist(not_rolled_back(crashed))
    with visit(port, "no trial") as there:
        confirmed = _tried(there, deploy.ask(there), crashing=False)
    _insist("" if confirmed.good else f"the working tree: {confirmed.words}")
    with visit(port, "runtime recorded") as there:
        _insist(not_the_same(before, _look(there)))
    return as_record(before, chip, device.board, crashed, confirmed)


def _insist(why: str) -> None:
    if why:
        raise NotShown(why)


def _look(there: Visit) -> Target:
    try:
        return Target(*ast.literal_eval(there.repl.run(LOOK, READ_S).strip()))
    except (Refused, ValueError, SyntaxError, TypeError) as error:
        why = f"its launcher cannot be read ({error})"
        fix = "write it anew with seesaw flash"
        raise UserError(f"the seesaw at {there.repl.port}", why, fix) from error


def _check(there: Visit, device: Device, target: Target) -> str:
    """The chip's name. UserError unless the flash holds what its trailer and this tree say."""
    what, fix = f"the seesaw at {there.repl.port}", "write it anew with seesaw flash"
    deploy.check(what, device, there.mpy)
    chip = boards.load(device.board).chip
    if esp_image.CHIPS[chip].id != target.chip_id:
        why = f"its runtime is for {esp_image.chip_title(target.chip_id)}, its board has {chip}"
        raise UserError(what, why, fix)
    if target.runtime != device.runtime:
        raise UserError(what, "its runtime is not the one that its trailer names", fix)
    if target.names != [LAUNCHER]:
        why = f"beside its launcher are {', '.join(sorted(target.names))}"
        raise UserError(what, why, fix)
    return chip


def _plan(port: str, target: Target) -> list[str]:
    return [
        f"{port}: {target.micropython} on {target.machine}, id {target.uid}",
        f"It runs {target.version} in {target.slot}. In the other slot it will install a release",
        "that crashes, which it must take back, then this working tree, which stays.",
    ]


def _tried(there: Visit, device: Device, *, crashing: bool) -> Verdict:
    """Install one of the two releases and follow its trial."""
    tree = importlib.metadata.version("seesaw")
    version = deploy.newer_version(there, tree, device.version)
    root = deploy.root_of(there)
    if not crashing:
        packed = bundle.build(version, root=root)
    else:
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, bundle.PACKAGE)
            package.mkdir()
            for name, text in CRASHING.items():
                (package / name).write_text(text)
            packed = bundle.build(version, Path(folder), root)
    return deploy.put(there, device, packed, deploy.offer_of(device, packed, TRIAL_S))


# -- what it means ------------------------------------------------------------------------------


def not_rolled_back(verdict: Verdict) -> str:
    """Why this is no rollback of the release that crashes, "" when it is one. Pure."""
    if verdict.good:
        return "a release that crashes was confirmed"
    if WORDS not in verdict.words:
        return f"the release that crashes was given up for something else: {verdict.words}"
    return ""


def not_the_same(before: Target, after: Target) -> str:
    """Why the confirmed trial was none of this runtime and launcher, "" when it was. Pure."""
    for name in ("uid", "runtime", "launcher", "platform"):
        if getattr(before, name) != getattr(after, name):
            return f"after the trial its {name} is {getattr(after, name)[:12]}"
    if before.slot == after.slot:
        return f"after the trial {before.slot} runs again"
    return ""


def as_record(
    target: Target, chip: str, board: str, crashed: Verdict, confirmed: Verdict
) -> dict[str, Any]:
    """As firmware/SPEC.md has it."""
    return {
        "format": FORMAT,
        "runtime_sha256": target.runtime,
        "launcher_sha256": target.launcher,
        "chip": chip,
        "platform": target.platform,
        "result": "passed",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "board": board,
        "target": f"{target.micropython} on {target.machine}",
        "id": target.uid,
        "rollback": crashed.words,
        "trial": confirmed.words,
    }
