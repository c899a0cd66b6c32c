"""Proving somebody else's updater: a MicroPython project of two files that updates itself.

Two ways, over the same 60 lines of a device: IN_PLACE fetches one file after the other over those
that run, then resets. TWO_FOLDERS fetches the whole release into the folder that does not run,
checks it, and moves one small pointer. Run it:

    python -m host_tools.prove.examples.naive [in-place | two-folders]
"""

import hashlib
import json
import sys
from collections.abc import Hashable

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import Flash, Op
from host_tools.image import board as boards
from host_tools.image import filesystem, flash_image, runtime
from host_tools.market.site import Site, static
from host_tools.prove import runner
from host_tools.prove.runner import Plan
from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.subject import Conditions

BOARD = boards.load("esp32_wrover")
PLACE = BOARD.partition("vfs")
FILES = {  # of one release: app.py needs the lib.py of its own version
    "app.py": "import lib\nVERSION = '{0}'\n\ndef show():\n    print('shows', lib.reading_{1}())\n",
    "lib.py": "VERSION = '{0}'\nTABLE = "
    + str(list(range(100)))
    + "\n\ndef reading_{1}():\n    return VERSION\n",
}
MAIN = """
import asyncio, hashlib, json, machine, network, os, sys

async def get(name):
    reader, writer = await asyncio.open_connection("updates", 80)
    writer.write(("GET /%s HTTP/1.1\\r\\nHost: updates\\r\\n\\r\\n" % name).encode())
    await writer.drain()
    head, _, body = (await reader.read(-1)).partition(b"\\r\\n\\r\\n")
    writer.close()
    if not head.startswith(b"HTTP/1.1 200 "):
        raise OSError(5, "no " + name)
    return body

def store(path, data):
    with open(path, "wb") as file:
        file.write(data)
UPDATE
async def main():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("home", "password")
    turn = 0
    while True:
        app.show()
        await asyncio.sleep(5)
        turn += 1
        if turn % 4 == 0:
            try:
                offer = json.loads(await get("release.json"))
                if offer["version"] != app.VERSION:
                    await update(offer)
                    machine.reset()
            except (OSError, ValueError) as error:
                print("hindered", error)

asyncio.run(main())
"""
IN_PLACE = """
import app

async def update(offer):
    for name in offer["files"]:
        store(name, await get(name))
"""
TWO_FOLDERS = """
def current():
    try:
        with open("current") as file:
            return file.read()
    except OSError:
        return "a"

sys.path.insert(0, current())
import app

async def update(offer):
    folder = "b" if current() == "a" else "a"
    try:
        os.mkdir(folder)
    except OSError:
        pass
    for name in offer["files"]:
        data = await get(name)
        if hashlib.sha256(data).digest().hex() != offer["files"][name]:
            raise OSError(5, "damaged " + name)
        store(folder + "/" + name, data)
    store("next", folder.encode())
    os.rename("next", "current")
"""
UPDATES = {"in-place": (IN_PLACE, ""), "two-folders": (TWO_FOLDERS, "a/")}
SCENARIO = Scenario("update", "one release is installed over another", offering("candidate"),
                    until="updated", phases=("vfs",))  # fmt: skip


class Naive:
    """A Subject; way: a key of UPDATES."""

    old, candidate, fix = "1", "2", "3"

    def __init__(self, way: str) -> None:
        self.name = f"naive, {way}"
        update, self.folder = UPDATES[way]
        self.main = MAIN.replace("UPDATE", update)
        self.bootloader, self.app = runtime.synthetic(BOARD)
        self.companion = Companion()  # keeps what it compiled

    def files(self, version: str) -> dict[str, bytes]:
        return {name: text.format(version, version).encode() for name, text in FILES.items()}

    def served(self, version: str) -> dict[str, bytes]:
        """The update server's files, by path."""
        found = self.files(version)
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
        offer = {"version": version, "files": hashes}
        return {**found, "release.json": json.dumps(offer).encode()}

    def factory(self, version: str) -> Flash:
        found = {self.folder + name: data for name, data in self.files(version).items()}
        found["main.py"] = self.main.encode()
        whole = bytearray(flash_image.compose(BOARD, self.bootloader, [(0, self.app)], b""))
        vfs = filesystem.build(found, 4096, PLACE.size // 4096)
        whole[PLACE.offset : PLACE.offset + len(vfs)] = vfs
        return Flash.from_bytes(bytes(whole))

    def start(self, flash: Flash, conditions: Conditions) -> "LiveNaive":
        return LiveNaive(self, flash, conditions)

    def place(self, addr: int) -> str:
        return "vfs" if PLACE.offset <= addr < PLACE.offset + PLACE.size else "elsewhere"

    def phase(self, op: Op, boots: int) -> str:
        return self.place(op.addr)


class LiveNaive:
    """A Live: one device in one world."""

    def __init__(self, subject: Naive, flash: Flash, conditions: Conditions) -> None:
        self.lines: list[str] = []
        around = Surroundings(serial=lambda text: self.lines.extend(text.splitlines()),
                              events=lambda line: self.lines.append(f"({line})"))  # fmt: skip
        self.device = CPythonDevice(flash, subject.companion, around, Options(chip=BOARD.chip))
        self.device.board.random.seed(conditions.seed)
        self._subject = subject
        self.offer(conditions.offer)

    def offer(self, version: str) -> None:
        served = self._subject.served(version) if version else {}
        self.device.net.hosts["updates", 80] = Site(static(served), lambda: 0)

    def session(self) -> Hashable:
        board = self.device.board
        return board.flash.digest(), board.cause

    def updated(self, version: str) -> bool:
        return self.lines[-1:] == [f"shows {version}"]

    def healthy(self) -> bool:
        return bool(self.lines) and self.lines[-1].startswith("shows ")

    def reached(self, until: str) -> bool:
        raise KeyError(until)  # this subject's scenarios wait for nothing of their own

    def spoilt(self) -> bool:
        return False

    def trouble(self) -> tuple[str, str] | None:
        return None


def main(way: str = "in-place", depth: int = 2) -> int:
    """Prove it, and print the shortest counterexample."""
    plan = Plan(depth=depth, nest=None)
    (result,) = runner.explore(Naive(way), [SCENARIO], plan, processes=2)
    found = sorted(result.failures, key=lambda one: (one.id.count(";"), len(one.id), one.id))
    print(f"{way}: {result.counts.runs} runs, {result.counts.settled} states, {len(found)} fail"
          + (f"; nothing was shown: {result.missing}" if result.missing else ""))  # fmt: skip
    if found:
        print(f"  {found[0].id}\n  {found[0].verdict.name}: {found[0].verdict.words}")
    return 1 if found else 2 if result.missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else "in-place"))
