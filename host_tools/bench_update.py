"""The rows of `seesaw bench` about an update's thrift: heap, bytes from the network, erases, looks.

Heap is measured on the real MicroPython VM, all else on the CPython engine, where it is exact.
"""

import shutil
import tempfile
from pathlib import Path

from host_tools import bench_memory
from host_tools.bench import KB, Row
from host_tools.bench_time import (
    APP,
    BOARD,
    BOOTLOADER,
    CHECK_S,
    LAUNCHER,
    RUN_S,
    SETTINGS,
    Marked,
    World,
)
from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.micropython_engine import (
    MicroPythonDevice,
    NoMicroPython,
    find_micropython,
)
from host_tools.emulator.partitions import PartitionTable
from host_tools.errors import UserError
from host_tools.image import bundle, flash_image
from host_tools.market.site import Action, Peer, Site, serve, static
from host_tools.release import publish

HEAP_LIMIT_KB = 192
HEAPS_KB = (128, 384)  # too small, and large enough
HEAP_STEP_KB = 8  # how exactly the least heap is known
VM_SECONDS = 20  # of real time, for the VM to install
LIVE_LIMIT_KB = 48
DOWNLOAD_LIMIT_KB = 120
ERASES_LIMIT = 1.05
INSTALLED = "event=installed"
UPDATER = '\n\n_run = run\n\n\ndef run(boot, program):\n    _run(boot, "updater")\n'
# Added to the end of seesaw/crypto/keys.py: each check of a signature shows on the serial line.
COUNT = """

_verify = Key.verify


def _counted(self, *args):
    print("one signature")
    return _verify(self, *args)


Key.verify = _counted
"""
EVERY = 5  # every fifth module of the application is another in the bench's update
MORE = """


def added(values, least, most):
    kept = [value for value in values if least <= value <= most]
    if not kept:
        raise ValueError("%s values, none from %s to %s" % (len(values), least, most))
    return sum(kept) / len(kept), min(kept), max(kept)
"""
LOOKS_S = 60  # of virtual time: enough for some looks, CHECK_S apart


class Counted(Site):
    """A site of these files. sent: bytes that it has sent, heads and bodies."""

    def __init__(self, files: dict[str, bytes], world: World) -> None:
        super().__init__(static(files), world.updates.clock)
        self.sent = 0

    def connect(self) -> Peer:
        return CountedPeer(self)


class CountedPeer(Peer):
    def __init__(self, site: Counted) -> None:
        super().__init__(site)
        self._counted = site

    def received(self, data: bytes) -> list[Action]:
        found = super().received(data)
        for action in found:
            match action:
                case ("data", bytes(sent)):
                    self._counted.sent += len(sent)
        return found


def measure() -> list[Row]:
    """All rows of an update's thrift. UserError when the firmware does not do what is measured."""
    world = World()
    return [*heaps(), *updates(world), *steady()]


def heaps() -> list[Row]:
    """Without a MicroPython VM the figures are None."""
    names = ("the least heap for an update", "  live heap of the updater on the board")
    try:
        find_micropython()
    except NoMicroPython as error:
        limits = (HEAP_LIMIT_KB, LIVE_LIMIT_KB)
        pairs = zip(names, limits, strict=True)
        return [Row(name, None, "KB", limit, note=str(error)) for name, limit in pairs]
    bare_kb = bench_memory.bare()
    live_kb, _ = bench_memory.live("updater", bare_kb)
    return [
        Row(names[0], least_heap_kb(), "KB", HEAP_LIMIT_KB,
            note="all of the 64-bit VM's heap in which a whole refresh and an install come to"
            f" '{INSTALLED}', to {HEAP_STEP_KB} KB; the emulated chip's own modules, {bare_kb:.1f}"
            " KB, and the launcher are in it, TLS is not"),
        Row(names[1], live_kb / 2, "KB", LIVE_LIMIT_KB,
            note="an estimate: half of what is live on the 64-bit VM with an offer in hand, less"
            " the emulated chip's own modules, as words are half as long there; the launcher is"
            " in it. Bytes are as long there as here, so it is rather more"),
    ]  # fmt: skip


def least_heap_kb(source: Path = bundle.FIRMWARE) -> int:
    """By halving. UserError when the largest heap is not enough either."""
    low, high = HEAPS_KB
    if not installs(source, high):
        raise UserError("the VM", f"does not install in a heap of {high} KB", "mend it")
    while high - low > HEAP_STEP_KB:
        middle = (low + high) // 2
        if installs(source, middle):
            high = middle
        else:
            low = middle
    return high


def installs(source: Path, heap_kb: int) -> bool:
    """Does the updater, started alone in such a heap, fetch all metadata and install a release?"""
    with tempfile.TemporaryDirectory() as folder:
        hooked = _hooked(source, Path(folder), "main.py", UPDATER)
        made = publish.make(BOARD, "0.1.0", APP, source=hooked)
    offered = publish.over(publish.make(BOARD, "0.2.0", APP), made)
    heard: list[str] = []

    def over() -> bool:
        return any(words in "".join(heard) for words in (INSTALLED, "MemoryError"))

    with serve(Site(static(offered.site), lambda: 0)) as server:
        settings = {**SETTINGS, "update_url": server.url}
        data = flash_image.compose(BOARD, BOOTLOADER, made.slot, LAUNCHER, settings)
        around = Surroundings(serial=heard.append)
        device = MicroPythonDevice(Flash.from_bytes(data), around, Options(heap_kib=heap_kb))
        try:
            device.run(VM_SECONDS, until=over)
        except NoMicroPython:  # the heap does not hold the chip's own modules
            return False
    return INSTALLED in "".join(heard)


def updates(world: World) -> list[Row]:
    """Two updates one after the other: the second one's slot holds a release already. A third one
    of a device that there is no difference for."""
    following, newest = _grown("0.2.0"), publish.make(BOARD, "0.3.0", APP, trial_s=0)
    flash = world.flash(world.old, check_s=CHECK_S)
    rows = []
    for made, slot in (
        (publish.over(following, world.old), "ota_1"),
        (publish.over(newest, world.old, following), "ota_0"),
        (publish.make(BOARD, "0.4.0", APP, trial_s=0), "ota_1"),
    ):
        world.companion.add(made.bundle.companion)
        device = world.device(flash)
        before = device.flash.copy()
        sent = _update(device, world, made)
        rows.append((sent, _erases(before, device.flash, slot)))
        flash = device.flash
    (sent, (erases, changed)), (_, (again, few)), (most, _) = rows
    return [
        Row("bytes that an update downloads", sent / KB, "KB", DOWNLOAD_LIMIT_KB,
            note="all that the update server sent, heads too, until the release was confirmed; the"
            f" same runtime, and every {EVERY}th module has a function more, so that most blocks of"
            " the bundle have moved"),
        Row("  by the bundle as a whole", most / KB, "KB", DOWNLOAD_LIMIT_KB,
            note="packed, where the release has no difference from the one that runs"),
        Row("erases for a sector that must change", erases / changed, "", ERASES_LIMIT,
            note=f"{erases} erases of the slot for {changed} sectors whose bytes differ, the first"
            " sector aside; into a blank slot"),
        Row("  into the slot of a release before", again / few, "", ERASES_LIMIT,
            note=f"{again} erases for {few} sectors, the functions gone again"),
    ]  # fmt: skip


def _grown(version: str) -> publish.Release:
    """The firmware with a function more in some of its modules."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(bundle.FIRMWARE / "seesaw", Path(folder, "seesaw"))
        for path in sorted(Path(folder, "seesaw").rglob("*.py"))[::EVERY]:
            with path.open("a") as file:
                file.write(MORE)
        return publish.make(BOARD, version, APP, source=Path(folder), trial_s=0)


def _update(device: Marked, world: World, made: publish.Release) -> int:
    """Run until the release is confirmed; the bytes that the server sent."""
    site = Counted(made.site, world)
    device.net.hosts["updates", 80] = site
    said: list[str] = []
    device.around.serial = said.append
    outcome = device.run(RUN_S, until=lambda: "event=confirmed" in "".join(said))
    if outcome.reason != "until":
        raise UserError("the emulated device", f"did not confirm an update: {outcome}", "mend it")
    return site.sent


def _erases(before: Flash, after: Flash, label: str) -> tuple[int, int]:
    """(erases, sectors whose bytes differ) of this slot, its first sector aside."""
    slot = PartitionTable.read(after).first(label=label)
    assert slot
    pages = range(slot.offset // PAGE + 1, (slot.offset + slot.size) // PAGE)
    erases = sum(after.wear.get(page, 0) - before.wear.get(page, 0) for page in pages)
    return erases, sum(before.pages[page] != after.pages[page] for page in pages)


def steady(source: Path = bundle.FIRMWARE) -> list[Row]:
    """What a look costs that finds nothing new: requests, and signatures that are checked.

    UserError when the firmware in `source` does not look twice.
    """
    with tempfile.TemporaryDirectory() as folder:
        hooked = _hooked(source, Path(folder), "crypto/keys.py", COUNT)
        made = publish.make(BOARD, "0.1.0", APP, source=hooked)
    world = World()
    world.companion.add(made.bundle.companion)
    device = world.device(world.flash(made, check_s=CHECK_S))
    site = Counted(made.site, world)
    device.net.hosts["updates", 80] = site
    said: list[str] = []
    device.around.serial = said.append
    done = lambda: "state=" in "".join(said).partition("event=nothing")[2]  # noqa: E731
    device.run(RUN_S, until=done)  # data is looked for after the release
    first = "".join(said).count("one signature")
    requests = len(site.log)
    said.clear()
    device.run(LOOKS_S)
    looks = "".join(said).count("event=nothing")
    if not first or not looks:
        raise UserError("the emulated device", "did not look for a release twice", "mend it")
    return [
        Row("requests of a look with nothing new", (len(site.log) - requests) / looks, "", 1,
            note=f"the mean of {looks} looks; the first one of all took {requests}"),
        Row("  signatures that it checks", "".join(said).count("one signature") / looks, "", 0,
            note=f"the first look of all checked {first}"),
    ]  # fmt: skip


def _hooked(source: Path, folder: Path, name: str, more: str) -> Path:
    """A copy of the firmware in which this file ends in more."""
    shutil.copytree(source / "seesaw", folder / "seesaw")
    with (folder / "seesaw" / name).open("a") as file:
        file.write(more)
    return folder
