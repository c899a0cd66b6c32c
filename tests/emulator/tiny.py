"""Devices with a firmware of a few lines: the text of main.py, and modules in a bundle."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Device, Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.image import board as boards
from host_tools.image import bundle, flash_image, runtime

BOARD = boards.load("esp32_wrover")
DATA = BOARD.partition("data").offset
OTA_1 = BOARD.partition("ota_1").offset
BOOTLOADER, APP = runtime.synthetic(BOARD)
BUNDLE_AT = -(-len(APP) // 4096) * 4096  # offset in the slot

MOUNT = f"""
import sys, vfs
from esp32 import Partition
class Slot:
    part = Partition(Partition.RUNNING)
    def readblocks(self, block, buf, off=0):
        at = {BUNDLE_AT} + block * 512 + off
        self.part.readblocks(at // 4096, buf, at % 4096)
    def ioctl(self, op, arg):
        return {{4: BLOCKS, 5: 512}}.get(op, 0)
vfs.mount(vfs.VfsLfs2(Slot()), "/bundle", readonly=True)
sys.path[:] = ["/bundle"]
"""


@cache
def _image(main: str) -> bytes:
    return flash_image.compose(BOARD, BOOTLOADER, [(0, APP)], main.encode())


def flash(main: str, packed: bytes = b"") -> Flash:
    """A new board with this main.py and, where BUNDLE_AT says, this bundle."""
    chip = Flash.from_bytes(_image(main))
    if packed:
        chip.program(BOARD.partition("ota_0").offset + BUNDLE_AT, packed)
    return chip


def mount(packed: bytes) -> str:
    """What a main.py begins with to import from this bundle in its slot."""
    return f"BLOCKS = {len(packed) // 512}\n{MOUNT}"


def pack(folder: Path, modules: dict[str, str]) -> bundle.Bundle:
    """A bundle of these sources, 'seesaw/core/tilt.py' -> text, written to `folder` first."""
    for path, text in {"seesaw/__init__.py": "", **modules}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return bundle.build("1.2.3", folder)


@dataclass
class Bench:
    """A device and what was heard of it. `text` is the serial, `events` the resets and boots."""

    device: Device
    heard: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.heard)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def run(
        self,
        seconds: float = 60,
        until: Callable[[], bool] | None = None,
        cut: tuple[int, str] | None = None,
    ) -> Outcome:
        """One run; "idle" ends it when the script is over and no alarm is set."""
        return self.device.run(seconds, until, cut)


def on_cpython(
    main: str | Flash, companion: dict | None = None, options: Options | None = None
) -> Bench:
    chip = main if isinstance(main, Flash) else flash(main)
    device = CPythonDevice(chip, Companion(companion), Surroundings(), options)
    return _listen(Bench(device))


def on_micropython(main: str | Flash, options: Options | None = None) -> Bench:
    chip = main if isinstance(main, Flash) else flash(main)
    return _listen(Bench(MicroPythonDevice(chip, Surroundings(), options)))


def _listen(bench: Bench) -> Bench:
    bench.device.around.serial = bench.heard.append
    bench.device.around.events = bench.events.append
    return bench


def output(main: str, seconds: float = 60) -> list[str]:
    """What a script prints on the CPython engine before END. Fails when END never comes."""
    bench = on_cpython(main + "\nprint('END')\n")
    outcome = bench.run(seconds)

    assert bench.lines[-1:] == ["END"], bench.text + str(outcome)
    return bench.lines[:-1]
