"""The command `seesaw deploy`: the working tree, or a release, by cable, followed to its verdict.

The device does what it does with an update from the network: the other slot, read back and
verified, then a trial that confirms itself or goes back.
"""

import ast
import base64
import hashlib
import importlib.metadata
import json
import re
import sys
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from host_tools.board import port as ports
from host_tools.board.follow import Verdict, follow
from host_tools.board.repl import Lost, Refused
from host_tools.board.visit import MPY, Visit, visit
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle, runtime
from host_tools.image.bundle import Bundle
from host_tools.progress import Progress
from host_tools.release import development, kept
from host_tools.release.kept import Release

FORMAT = 1  # of an offer
SECTOR = 4096
PIECE = 3072  # bytes of the bundle in one message: 4096 of base64
TRIAL_S = 60

BEGIN = """
from seesaw.cable import Cable
cable = Cable(boot)
print(cable.info())
"""
# Whom the device trusts, nothing for a release from before trust; in pieces, as memory is short.
ROOT = """
from binascii import hexlify
try:
    with open("/bundle/root.json", "rb") as _file:
        while _piece := _file.read(256):
            print(hexlify(_piece).decode(), end="")
except OSError:
    pass
"""
# Every sector tells: the runtime alone takes half a minute.
TAKE = """
def _feed():
    boot.wdt.feed()
    print(end=".")
cable.feed = _feed
cable.begin({offer!r})
cable.slot.feed = boot.wdt.feed
from binascii import a2b_base64
def _write(text):
    cable.write(a2b_base64(text))
"""


@dataclass(frozen=True, slots=True)
class Device:
    """What runs at the port. runtime: hex SHA-256; action: what its boot record allows."""

    board: str
    version: str
    slot: str
    runtime: str
    runtime_size: int
    action: str


def main(arguments: Namespace) -> int:
    """Deploy to `arguments.port`: 0 once the update is confirmed, 1 when the device went back.

    UserError when the tree does not compile, the device refuses, or the cable gets lost. The
    working tree brings the development key along; a release trusts whom it was built to trust.
    """
    tree = importlib.metadata.version("seesaw")
    released = kept.load(Path(arguments.release))[0] if arguments.release else None
    if not released:
        bundle.build(arguments.version or tree)  # does it compile? before anything is interrupted
    arguments.port = ports.choose(arguments.port)
    with visit(arguments.port, "no update by cable") as there:
        device = ask(there)
        check(f"the seesaw at {arguments.port}", device, there.mpy, arguments.runtime)
        if released:
            offer = _offer_of_release(released, device, arguments)
            verdict = put(there, device, released.bundle, offer)
        else:
            version = arguments.version or newer_version(there, tree, device.version)
            packed = bundle.build(version, root=_enrolled(there))
            verdict = put(there, device, packed, offer_of(device, packed, arguments.trial_s))
    print(f"{arguments.port}: {verdict.words}", file=sys.stdout if verdict.good else sys.stderr)
    return 0 if verdict.good else 1


def put(there: Visit, device: Device, packed: Bundle, offer: bytes) -> Verdict:
    """Install a bundle and follow its trial. UserError when the device refuses, or the cable gets
    lost; afterwards the visit is over."""
    version = packed.version
    print(f"{there.repl.port}: {device.version} in {device.slot}, now {version}", flush=True)
    try:
        _install(there, offer, packed.image)
        return follow(there.repl, device.slot, version)
    except Refused as error:
        there.left = False
        fix = "it runs what it ran before; correct this and deploy again"
        raise UserError(f"the device at {there.repl.port}", str(error), fix) from error


def ask(there: Visit) -> Device:
    """UserError when its release takes no update by cable."""
    try:
        return Device(*ast.literal_eval(there.repl.run(BEGIN).strip()))
    except (Refused, ValueError, SyntaxError, TypeError) as error:
        why = f"its release takes no update by cable ({error})"
        fix = "update it over the network, or write it anew with seesaw flash"
        raise UserError(f"the seesaw at {there.repl.port}", why, fix) from error


def root_of(there: Visit) -> bytes | None:
    """The root that the device carries, None for a release from before trust. UserError when it
    cannot be read: to guess whom the device trusts would change that."""
    try:
        return bytes.fromhex(there.repl.run(ROOT).strip()) or None
    except (Refused, ValueError) as error:
        what = f"the root of the seesaw at {there.repl.port}"
        raise UserError(what, f"it cannot be read ({error})", "reset it and try again") from error


def _enrolled(there: Visit) -> bytes | None:
    """The root of a device that is developed on (development.enrolled), None for that of the
    development repository."""
    root = root_of(there)
    try:
        made = development.enrolled(root) if root else None
    except ValueError:
        made = None
    if made is None or made != root:
        print(f"note: the seesaw at {there.repl.port}: {bundle.DEVELOPMENT_DEPLOYED}")
    return made


def check(what: str, device: Device, mpy: int, runtime_file: str | None = None) -> None:
    """UserError unless the tree is for this board and for the runtime that it has, which must be
    that of the file, if one is named. what: the device, in words."""
    if device.board not in boards.names():
        known = ", ".join(boards.names())
        raise UserError(what, f"its board is '{device.board}'", f"this tree is for {known}")
    if device.action != "install":
        why = f"its boot record says '{device.action}'"
        raise UserError(what, why, "reset it first, wait a minute, and deploy again")
    fix = "give it a new runtime with make flash, or by an update over the network"
    if mpy != MPY:
        raise UserError(what, f"its MicroPython takes .mpy version {mpy}, not {MPY}", fix)
    if runtime_file:
        app = runtime.load(Path(runtime_file), boards.load(device.board)).app
        if hashlib.sha256(app).hexdigest() != device.runtime:
            raise UserError(what, f"its runtime is not that of {runtime_file}", fix)


def newer_version(there: Visit, tree: str, running: str) -> str:
    """A version of the working tree that the device takes for newer than the one it runs, and
    older than the next release: '0.1.1-251121.220812' (UTC) over '0.1.0'.

    The time makes every deploy another bundle, so that none was rejected before.
    """
    stamp = time.strftime("%y%m%d.%H%M%S", time.gmtime())
    numbers = re.match(r"\d+(\.\d+)*", running)
    number = numbers[0] if numbers else tree
    head, dot, last = number.rpartition(".")
    candidates = [f"{base}-{stamp}" for base in (tree, number, f"{head}{dot}{int(last) + 1}")]
    code = "from seesaw.core.version import newer\nprint([newer(v, boot.version) for v in %r])"
    newer = ast.literal_eval(there.repl.run(code % candidates).strip())
    return next(version for version, is_newer in zip(candidates, newer, strict=True) if is_newer)


def offer_of(device: Device, packed: Bundle, trial_s: int, build_time: int = 0) -> bytes:
    """The offer (firmware/SPEC.md) of a bundle, with the runtime that the device has."""
    image = packed.image
    return json.dumps({
        "format": FORMAT, "version": packed.version, "board": device.board,
        "build_time": build_time, "trial_s": trial_s,
        "runtime": {"url": "-", "size": device.runtime_size, "sha256": device.runtime},
        "bundle": {"url": "-", "size": len(image), "sha256": hashlib.sha256(image).hexdigest()},
    }).encode()  # fmt: skip


def _offer_of_release(released: Release, device: Device, arguments: Namespace) -> bytes:
    """Of a release as it was built. UserError when it is not for this device."""
    found = json.loads(released.files[kept.OFFER])
    what = f"release {released.version}"
    if released.board != device.board:
        why = f"it is for {released.board}, the seesaw at {arguments.port} is a {device.board}"
        raise UserError(what, why, "name one for its board")
    if found["runtime"]["sha256"] != device.runtime:
        why = f"the seesaw at {arguments.port} has another runtime"
        raise UserError(what, why, "update it over the network, or write it with make flash")
    return offer_of(device, released.bundle, arguments.trial_s, found["build_time"])


def _install(there: Visit, offer: bytes, image: bytes) -> None:
    """Up to the reset into the trial. Raises Refused; UserError when the cable gets lost."""
    copied = -(-json.loads(offer)["runtime"]["size"] // SECTOR) * SECTOR
    progress = Progress("update", copied + len(image))
    try:
        there.repl.run(TAKE.format(offer=offer), hear=lambda _: progress.add(SECTOR))
        progress.at(copied)
        for at in range(0, len(image), PIECE):
            piece = base64.b64encode(image[at : at + PIECE]).decode()
            there.repl.run(f"_write('{piece}')", hear=lambda _: None)
            progress.at(copied + min(at + PIECE, len(image)))
        there.repl.start("cable.finish()")
        there.left = True
    except Lost as error:
        why = f"the device {error} at {progress.percent} %"
        fix = "it boots what it ran before; plug it in and run deploy again"
        raise UserError(f"the update over {there.repl.port}", why, fix) from error
    finally:
        progress.end()
