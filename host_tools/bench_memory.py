"""The rows of `seesaw bench` about memory: heap on the real MicroPython VM, and sizes of files.

The VM is the Unix port, 64-bit: words are twice the chip's, so the same objects take up to twice
the heap that they take on an ESP32.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from host_tools.bench import KB, Row
from host_tools.bench_time import APP, BOARD, BOOTLOADER, INSTRUMENT, LAUNCHER, SETTINGS
from host_tools.emulator.board import Surroundings
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import (
    MicroPythonDevice,
    NoMicroPython,
    find_micropython,
)
from host_tools.errors import UserError
from host_tools.image import bundle, flash_image
from host_tools.market.server import Market
from host_tools.market.site import Site, serve, static
from host_tools.release import publish

DELAY = "a quote to the first changed pulse"
HEAP_LIMIT_KB = 120  # of each program
UPDATE_LIMIT_KB = 18  # of .mpy in seesaw/update/
VM_SECONDS = 60  # of real time, for the VM to say what is asked
FRAMES = (10, 50)  # of a move: between these two, nothing may be allocated
# When a program has started: its line on the serial that says so.
STARTED = {  # line after which it is weighed, and what that means
    "app": ("state=LIVE", "after its first quote"),
    "updater": ("event=offer", "with an offer in hand"),
    "setup": ("event=setup", "as its portal opens"),
}
# Of .mpy that it loads; a chip pays about 1.9 bytes of heap a byte.
MODULES_LIMIT_KB = {"app": 40, "updater": 36, "setup": 32}

# Added to the end of the firmware's own seesaw/main.py in a copy of the tree. It starts the
# program that is measured and lets its `say`, which prints that line, print the heap as well:
# inside the VM, with everything the program holds at that moment still held. The few objects of
# this hook are counted too.
HOOK = """

_run = run


def run(boot, program):
    import gc
    import sys

    if "{program}" == "updater":
        from seesaw.updater import Updater as kind
    elif "{program}" == "setup":
        from seesaw.setup.program import Setup as kind
    else:
        from seesaw.app import App as kind
    say = kind.say

    def say_and_weigh(self, *words):
        say(self, *words)
        gc.collect()
        loaded = [name for name in sys.modules if name.startswith("seesaw")]
        print("heap=%d loaded=%s" % (gc.mem_alloc(), ",".join(loaded)))

    kind.say = say_and_weigh
    _run(boot, "{program}")
"""
# The same without a firmware: what the emulated chip's own modules take.
BARE = b"import gc\n\ngc.collect()\nprint('bare')\nprint('heap=%d' % gc.mem_alloc())\n"

# Moves of the firmware's own Beam, under asyncio with another task waiting, as in the app. First
# with frames of 20 ms: the time from a quote to the first step, at its worst of so many. Then the
# servo weighs the heap at each frame, into room made before; the collector is off, so that
# garbage counts. A last move goes through the same frames with the heap locked, where any
# allocation raises. Their frames are 1 ms to save time. (What a 31-bit small int cannot hold is
# allocated on the chip and not here: tests of seesaw.core.profile see to that.)
MOVE = """
import asyncio
import gc
import sys
import time
from array import array

import micropython

sys.path[:] = [sys.path[0], ".frozen"]
from seesaw import beam as module
from seesaw import tuning

FIRST, LAST = {frames}
heap = array("q", bytes(8 * (LAST + 1)))
settings = tuning.parse(b"")
settings["approach_us"] = 0


class Boot:
    pulse_ns = 1500000

    def keep(self, ns):
        pass


class Place:
    def get(self):
        return 0

    def put(self, ns):
        pass


class Clock:
    def up_s(self):
        return 0

    def epoch_s(self):
        return 0


class Servo:
    frame = 0
    lock = False
    first_ns = changed_us = 0

    def pulse(self, ns):
        if not self.first_ns:
            self.first_ns = ns
        elif ns != self.first_ns and not self.changed_us:
            self.changed_us = time.ticks_us()
        if self.frame <= LAST:
            heap[self.frame] = gc.mem_alloc()
        self.frame += 1
        if self.lock and self.frame == FIRST:
            micropython.heap_lock()
        if self.lock and self.frame == LAST:
            micropython.heap_unlock()

    def power(self):
        return False

    def release(self):
        pass


async def wait():
    await asyncio.sleep(5)


async def delay_us(servo, beam, price):
    servo.first_ns = servo.changed_us = 0
    start_us = time.ticks_us()
    beam.show(price, 100.0, 1.0)
    while not servo.changed_us:
        await asyncio.sleep_ms(1)
    while not beam.still:
        await asyncio.sleep_ms(1)
    return time.ticks_diff(servo.changed_us, start_us)


async def main():
    servo = Servo()
    made = module.Beam(settings, servo, Boot(), Clock(), Place(), None)
    waiting = asyncio.create_task(wait())
    moving = asyncio.create_task(made.move())
    await asyncio.sleep_ms(1)
    module.HOLD_MS = 0
    delays = []
    for price in {prices}:
        delays.append(str(await delay_us(servo, made, price)))
    print("delays=" + ",".join(delays))
    moving.cancel()
    module.FRAME_MS = 1
    made.aim(1500000)
    await made.go()
    gc.collect()
    gc.disable()
    servo.frame = 0
    made.aim(1900000)
    await made.go()
    gc.enable()
    grown = heap[LAST] - heap[FIRST]
    print("frames=%d grown=%d" % (servo.frame, grown))
    servo.frame = 0
    servo.lock = True
    made.aim(1500000)
    try:
        await made.go()
        print("locked=ok")
    except MemoryError:
        micropython.heap_unlock()
        print("locked=refused")


asyncio.run(main())
"""
# What certificates take outside of the Python heap, by the pages that the process has written.
ROOTS = """
import gc
import sys

sys.path[:] = [sys.path[0], ".frozen"]
from seesaw.port.secure import Secure


def written_kb():
    gc.collect()
    with open("/proc/self/smaps_rollup") as file:
        for line in file:
            if line.startswith("Private_Dirty"):
                return int(line.split()[1])


secure = Secure(None, b"", None, sys.path[0] + "/roots.pem")
secure._context({one})
held = []
for names in ({one}, ()):
    before = written_kb()
    held.append([secure._context(names) for _ in range({times})])
    print((written_kb() - before) / {times})
"""
ONE_ROOT = ("isrg-x1",)
ROOTS_TIMES = 20  # a page is 4 KB
PRICES = (101.0, 99.0, 100.3, 100.0, 102.0, 101.0, 99.5)
DELAY_LIMIT_MS = 25  # one frame of the servo and 5 ms


def measure() -> list[Row]:
    """All rows about memory. Without a MicroPython VM their figures are None.

    UserError when the firmware does not do what is measured.
    """
    try:
        find_micropython()
    except NoMicroPython as error:
        why = str(error)
        rows = [Row(f"heap of the {name}", None, "KB", HEAP_LIMIT_KB, note=why) for name in STARTED]
        rows.append(Row(DELAY, None, "ms", DELAY_LIMIT_MS, note=why))
        return [*rows, Row("heap per frame of a move", None, "B", 0, note=why), *sizes()]
    return [*heaps(), *frame_heap(), *roots(), *sizes()]


def heaps() -> list[Row]:
    """What each program holds once it has started."""
    bare_kb = bare()
    rows = []
    for program, (_, when) in STARTED.items():
        alone_kb, mpy_kb = live(program, bare_kb)
        kb = bare_kb + alone_kb
        note = f"gc.mem_alloc() {when} and a gc.collect(), on the 64-bit VM;"
        note += f" {bare_kb:.1f} KB of it are the emulated chip's own modules"
        rows.append(Row(f"heap of the {program}", kb, "KB", HEAP_LIMIT_KB, note=note))
        note = ".mpy files that are loaded then"
        limit_kb = MODULES_LIMIT_KB[program]
        rows.append(Row(f"modules of the {program}", mpy_kb, "KB", limit_kb, note=note))
    return rows


def bare() -> float:
    """KB that the emulated chip's own modules take."""
    return _weigh(_flash(bundle.FIRMWARE, BARE), "bare")[0] / KB


def live(program: str, bare_kb: float, source: Path = bundle.FIRMWARE) -> tuple[float, float]:
    """KB that a program holds once it has started, beyond bare(); KB of the modules that are loaded
    then. source: of the firmware."""
    with tempfile.TemporaryDirectory() as folder:
        hooked = _hooked(Path(folder), program, source)
        firmware = _flash(hooked, LAUNCHER)
        heap, loaded = _weigh(firmware, STARTED[program][0])
    ends = (".mpy", "/__init__.mpy")
    names = {name.replace(".", "/") + end for name in loaded for end in ends}
    modules = bundle.build("0.1.0").modules  # without HOOK
    return heap / KB - bare_kb, sum(len(modules[name]) for name in names & set(modules)) / KB


def frame_heap(source: Path = bundle.FIRMWARE) -> list[Row]:
    """How soon a move begins, what each of its frames leaves on the heap, and whether it asks for
    heap at all.

    UserError when the firmware in `source` does not make the move.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, compiled in bundle.build("0.1.0", source).modules.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(compiled)
        script = Path(folder, "move.py")
        filled = MOVE.replace("{frames}", repr(FRAMES)).replace("{prices}", repr(PRICES))
        script.write_text(filled)
        done = subprocess.run(
            [find_micropython(), str(script)],
            capture_output=True, text=True, timeout=VM_SECONDS, check=False,
        )  # fmt: skip
    line = r"delays=([\d,]+)\nframes=(\d+) grown=(-?\d+)\nlocked=(\w+)\n"
    found = re.match(line, done.stdout)
    if not found or int(found[2]) <= FRAMES[1]:
        raise UserError("a move on the VM", (done.stdout + done.stderr)[-300:], "mend it")
    where = f"Beam.go on the VM, frames {FRAMES[0]} to {FRAMES[1]}"
    each = int(found[3]) / (FRAMES[1] - FRAMES[0])
    delays = [int(us) / 1000 for us in found[1].split(",")]
    return [
        Row(DELAY, min(delays), "ms", DELAY_LIMIT_MS, note="from Beam.show on the VM to the first"
            " step of its move; before it comes one frame where the beam stands; least of"
            f" {len(delays)}, most {max(delays):.2f} ms"),
        Row("heap per frame of a move", each, "B", 0, note=f"{where}, collector off"),
        Row("  refused with the heap locked", int(found[4] != "ok"), "moves", 0),
    ]  # fmt: skip


def roots() -> list[Row]:
    """What the roots of TLS take: all that ship, and the one that a recipe may name."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(bundle.FIRMWARE / "seesaw", Path(folder, "seesaw"))
        shutil.copy(bundle.FIRMWARE / "seesaw" / "data" / bundle.TLS_ROOTS, folder)
        script = Path(folder, "weigh.py")
        filled = ROOTS.replace("{one}", repr(ONE_ROOT)).replace("{times}", str(ROOTS_TIMES))
        script.write_text(filled)
        done = subprocess.run(
            [find_micropython(), str(script)],
            capture_output=True, text=True, timeout=VM_SECONDS, check=False,
        )  # fmt: skip
    found = re.fullmatch(r"([\d.]+)\n([\d.]+)\n", done.stdout)
    if not found:
        raise UserError("roots of TLS", (done.stdout + done.stderr)[-300:], "mend it")
    note = "beside the Python heap, on the 64-bit VM, of each connection"
    return [
        Row("roots of TLS, all", float(found[2]), "KB", note=note),
        Row("  the one that a recipe names", float(found[1]), "KB", note=ONE_ROOT[0]),
    ]


def sizes() -> list[Row]:
    built = bundle.build("0.1.0")
    compiled = sum(len(mpy) for mpy in built.modules.values())
    update = sum(len(mpy) for name, mpy in built.modules.items() if "/update/" in name)
    return [
        Row("bundle", len(built.image) / KB, "KB", note="what an update downloads"),
        Row("  its .mpy files", compiled / KB, "KB", note=f"{len(built.modules)} modules"),
        Row("  update/ of these", update / KB, "KB", UPDATE_LIMIT_KB),
        Row("launcher", len(LAUNCHER) / KB, "KB", note="source, as it lies in vfs"),
    ]


def _hooked(folder: Path, program: str, source: Path) -> Path:
    """A copy of the firmware whose main.py ends in HOOK."""
    shutil.copytree(source / "seesaw", folder / "seesaw")
    with (folder / "seesaw" / "main.py").open("a") as file:
        file.write(HOOK.replace("{program}", program))
    return folder


def _flash(source: Path, launcher: bytes) -> tuple[publish.Release, bytes]:
    return publish.make(BOARD, "0.1.0", APP, source=source), launcher


def _weigh(firmware: tuple[publish.Release, bytes], line: str) -> tuple[int, list[str]]:
    """Run it on the VM until the heap is printed right after `line`: its bytes, what is loaded."""
    made, launcher = firmware
    offered = publish.make(BOARD, "0.2.0", APP)
    market = Market(INSTRUMENT)
    heard: list[str] = []

    def found() -> re.Match[str] | None:
        return re.search(rf"{line}[^\n]*\s+heap=(\d+)(?: loaded=(\S*))?[\r\n]", "".join(heard))

    with (
        serve(market.site) as prices,
        serve(Site(static(offered.site), market.clock.epoch)) as updates,
    ):
        settings = {**SETTINGS, "update_url": updates.url, "providers": {"cnbc": prices.url}}
        data = flash_image.compose(BOARD, BOOTLOADER, made.slot, launcher, settings)
        around = Surroundings(wall=market.clock.now, serial=heard.append)
        device = MicroPythonDevice(Flash.from_bytes(data), around)
        device.run(VM_SECONDS, until=lambda: found() is not None)
    answer = found()
    if answer is None:
        raise UserError("the VM", "did not tell its heap: " + "".join(heard)[-300:], "mend it")
    return int(answer[1]), (answer[2] or "").split(",")
