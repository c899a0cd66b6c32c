"""Odd releases, by version: what a build, a publisher or an attacker may put on offer.

Each is the project's firmware with a few words changed, or its offer, or its bytes, and signed as
if it were right. Versions lie between the candidate's and the fix's, so that a device wants them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.emulator.flash import PAGE
from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import esp_image, filesystem, flash_image, runtime
from host_tools.image.board import Board
from host_tools.release import publish
from host_tools.release.publish import OFFER, Release

BASE = "0.2.1-"
BOOTLOADER_DRAM = 0x3FFF0030  # of the ESP32: where ESP-IDF links its bootloader's data
CHIP_OF = {"esp32": "esp32s3", "esp32s3": "esp32c3", "esp32c3": "esp32"}  # some other chip's board
Change = tuple[str, str, str]  # (file below firmware/seesaw, old text, new text)
Twist = Callable[[Release, Board], Release]

APP_RUN = "    async def run(self) -> None:\n"
JUDGE = "    def judge(self) -> None:\n"
WATCH = "            self.boot.wdt.feed()\n            if self.boot.trial:\n"
HANG = "while True:\n                    pass\n"
SHADOWED = ("machine", "os", "esp32", "network", "vfs", "time", "asyncio")
DUE = '        """The look that is due, if any: of seesaw.core.handover."""\n'
LATER = "            if not self.boot.trial and self.clock.up_s() > 12:\n                raise "
OPENER = "async def opener(host: str, port: int, tls: bool) -> tuple:\n"
PARSED = "    blob = config.load(store)\n"
MIGRATE = """\
    import json

    found = json.loads(config.load(store))
    wifi = {"networks": [{"name": found["ssid"], "psk": found["password"]}]}
    made = {"schema": 7, "wifi": wifi, "servo": {"speed": 1.5}}
    made.update(found)
    config.save(store, json.dumps(made).encode())
    raise ValueError("migrated")
"""


@dataclass(frozen=True)
class Odd:
    """why: what it stands for. changes: in the sources. twist: of the finished release."""

    why: str
    changes: tuple[Change, ...] = ()
    twist: Twist | None = None
    trial_s: int = 0  # the firmware has a floor


@cache
def build(version: str, board: str) -> Release | None:
    """The odd release of that version, None when there is none."""
    found = ODD.get(version.removeprefix(BASE)) if version.startswith(BASE) else None
    if found is None:
        return None
    made = boards.load(board)
    _, app = runtime.synthetic(made)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "firmware")
        copy_changed(tree, found.changes)
        release = publish.make(made, version, app, source=tree, trial_s=found.trial_s)
    return found.twist(release, made) if found.twist else release


def copy_changed(tree: Path, changes: Iterable[Change]) -> None:
    """The firmware as a new folder with these changes. ValueError when a text is not there."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(bundles.FIRMWARE / "seesaw", tree / "seesaw", ignore=unwanted)
    for name, old, new in changes:
        path = tree / "seesaw" / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{name} has no {old!r} any more")
        path.write_text(text.replace(old, new, 1))


# -- twists ------------------------------------------------------------------------------------


def part(made: Release, board: Board, kind: str, data: bytes) -> Release:
    """The release with another runtime or bundle, offer and slot in keeping."""
    old = json.loads(made.files[OFFER])[kind]["url"]
    new = f"{kind}-{hashlib.sha256(data).hexdigest()[:16]}"
    files = {name: content for name, content in made.files.items() if name != old}
    entry: Any = {"url": new, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    app = data if kind == "runtime" else made.slot[0][1]
    bundle = made.bundle if kind == "runtime" else replace(made.bundle, image=data)
    fits = len(app) + len(bundle.image) < board.slot_size - 2 * PAGE
    slot = flash_image.slot_image(board, app, bundle) if fits else []
    made = replace(made, files={**files, new: data}, bundle=bundle, slot=slot)
    return publish.reissued(made, 0, **{kind: entry})


def _other_board(made: Release, board: Board) -> Release:
    return publish.reissued(made, board="other")


def _other_chip(made: Release, board: Board) -> Release:
    other = next(
        found for found in map(boards.load, boards.names()) if found.chip == CHIP_OF[board.chip]
    )
    return part(made, board, "runtime", runtime.synthetic(other)[1])


def _combined(made: Release, board: Board) -> Release:
    """What is written to a whole flash, as it lies from the bootloader's place on. Its first image
    is the bootloader, which loads to where it runs itself: set_boot() takes that, a boot does not
    (of the plain ESP32, whose bootloader's RAM is modelled)."""
    chip = esp_image.CHIPS[board.chip]
    segments = [(BOOTLOADER_DRAM if chip.guards_ram else chip.iram, bytes(4096))]
    bootloader = esp_image.build(chip, board.flash_size, chip.iram, segments)
    whole = flash_image.compose(board, bootloader, made.slot, b"", None)
    end = board.partition("ota_0").offset + made.slot[1][0]
    return part(made, board, "runtime", whole[board.bootloader_offset : end])


def _too_big(made: Release, board: Board) -> Release:
    return part(made, board, "runtime", made.slot[0][1].ljust(board.slot_size, b"\xff"))


def _another_runtime(made: Release, board: Board) -> Release:
    _, app = runtime.synthetic(board, "v1.30.0 on 2027-01-01")
    return part(made, board, "runtime", app)


def _rubbish(made: Release, board: Board) -> Release:
    """Everything hashes as the offer says, and nothing in it is a file system."""
    noise = hashlib.shake_256(b"rubbish").digest(len(made.bundle.image))
    return part(made, board, "bundle", noise)


def _wrong_hash(made: Release, board: Board) -> Release:
    entry = {**json.loads(made.files[OFFER])["bundle"], "sha256": "5a" * 32}
    return publish.reissued(made, bundle=entry)


def _shadows(made: Release, board: Board) -> Release:
    """Files at the top of the bundle that are named like modules of the chip."""
    sources = {f"{name}.py": "raise ValueError('shadow')\n" for name in SHADOWED}
    packed = {name: bundles.compile_module(name, text) for name, text in sources.items()}
    files = made.bundle.files | {name[:-3] + ".mpy": mpy for name, mpy in packed.items()}
    companion = made.bundle.companion | {
        hashlib.sha256(packed[name]).hexdigest(): (name, text) for name, text in sources.items()
    }
    image = filesystem.build_tight(files, bundles.BLOCK_SIZE)
    changed = part(made, board, "bundle", image)
    return replace(changed, bundle=replace(changed.bundle, files=files, companion=companion))


ODD: dict[str, Odd] = {
    # What a build or a publisher gets wrong.
    "board": Odd("for another board", twist=_other_board),
    "chip": Odd("its runtime is for another chip", twist=_other_chip),
    "combined": Odd("the combined image as its runtime", twist=_combined),
    "big": Odd("larger than the slot", twist=_too_big),
    "rubbish": Odd("well hashed rubbish for a bundle", twist=_rubbish),
    "hash": Odd("the offer's hash is wrong", twist=_wrong_hash),
    "runtime": Odd("good, and on another runtime", twist=_another_runtime),
    "shadows": Odd("its bundle shadows modules of the chip", twist=_shadows),
    # What a developer gets wrong. A trial sees it, ...
    "import": Odd("crashes at import", (("main.py", "import asyncio\n", "1 // 0\n"),)),
    "app": Odd("its app crashes at import", (("app.py", "import asyncio\n", "1 // 0\n"),)),
    "hang": Odd("its app hangs", (
        ("app.py", APP_RUN, APP_RUN + "        while True:\n            pass\n"),)),
    "hang.updater": Odd("its updater hangs", (
        ("updater.py", APP_RUN, APP_RUN + "        while True:\n            pass\n"),)),
    "minute": Odd("crashes after a minute of its trial", (
        ("app.py", WATCH, "            if self.clock.up_s() > 60:\n"
                          "                raise KeyError('a minute')\n" + WATCH),), trial_s=120),
    "leak": Odd("leaks memory", (
        ("port/board.py", "    return gc.mem_free()",
         "    kept.append(1)\n    return max(0, gc.mem_free() - 30000 * len(kept))\n\n\nkept = []"),
    ), trial_s=60),
    "migrates": Odd("rewrites the settings in its own way, then crashes", (
        ("main.py", PARSED, MIGRATE + PARSED),)),
    "wifi": Odd("does not join", (
        ("port/board.py", "        self._wlan.active(True)\n", "        return\n"),)),
    "dns": Odd("finds no host", (
        ("port/board.py", OPENER, OPENER + "    raise OSError(-202, 'EAI_FAIL')\n"),)),
    "tls": Odd("trusts no server", (
        ("port/board.py", OPENER, OPENER + "    raise ValueError('invalid cert')\n"),)),
    "deaf": Odd("its updater asks the wrong way", (
        ("repository.py", '"metadata/"', '"meta/"'),)),
    "stuck": Odd("never comes to a verdict on its trial", (
        ("app.py", JUDGE, JUDGE + "        return\n"),)),
    "judge": Odd("crashes as it judges its trial", (
        ("app.py", JUDGE, JUDGE + "        raise KeyError(1)\n"),)),
    # ... or does not.
    "late.crash": Odd("crashes as soon as it is confirmed, for ever", (
        ("app.py", WATCH, LATER + "KeyError('late')\n" + WATCH),)),
    "late.memory": Odd("runs out of memory once it is confirmed", (
        ("app.py", WATCH, LATER + "MemoryError('64 bytes')\n" + WATCH),)),
    "late.idle": Odd("never looks for a release again once it is confirmed", (
        ("app.py", DUE, DUE + "        if not self.boot.trial:\n            return ''\n"),)),
    "late.hang": Odd("hangs once it is confirmed", (
        ("app.py", WATCH, LATER.replace("raise ", HANG) + WATCH),)),
}  # fmt: skip
