"""The real VM with too small a heap: it works, or it fails without harm.

The heap is swept downward until the VM does not start, and finer at each edge, so that launcher,
app and updater each meet it. Sizes are of the 64-bit VM with the emulator's own modules in it:
where an edge lies says nothing of the chip, only that each phase has met one.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from rig import World, new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice, NoMicroPython
from host_tools.emulator.otadata import State, active, read_entries
from host_tools.emulator.partitions import PartitionTable
from host_tools.market.server import Market
from host_tools.market.site import Site, serve, static

COARSE_KIB = (512, 384, 320, 256, 192, 128, 64, 32)
FINER = 4  # parts that a step of the sweep is cut into where it changes the outcome
FINEST = 3  # times, so that a step is a KiB in the end
RUN_S = 60  # of real time, at most
QUIET_S = 10  # of it, behind a lack of memory: what comes then is a pause's end, or the watchdog
BOARDS = 8  # at a time: they mostly wait
STAGES = ("nothing", "launcher", "app", "updater", "trial")
# The updater of the release that runs. It and the app need about as much: with this the updater is
# the first to fail, then the app, whichever of them is the larger one today.
MORE = ("updater.py", "        self.client = None", """        self.more = bytearray(48 * 1024)
        self.client = None""")
MARKS = ("main.py", "state=LIVE", "event=offer", "event=prove")  # on the serial line, by stage


@dataclass
class Life:
    """What a board with this heap came to; flash as it left it."""

    heap_kib: int
    flash: Flash
    text: str = ""

    @property
    def stage(self) -> int:
        """Of STAGES, the last that it reached."""
        return max((at for at, mark in enumerate(MARKS, 1) if mark in self.text), default=0)


class Lab:
    """Boards on the real VM, with a market and an update server on this machine."""

    def __init__(self, prices: str, updates: str, market: Market) -> None:
        self.prices, self.updates, self.market = prices, updates, market
        self.old, self.new = release("0.1.0", MORE), release("0.2.0")
        self.start = new_flash(
            self.old, update_url=updates, providers={"cnbc": prices}, check_s=5, poll_s=1
        )
        self.known: dict[bytes, bool] = {}  # does a flash of this digest come back?

    def live(self, heap_kib: int, flash: Flash | None = None, goal: str = MARKS[-1]) -> Life:
        """Run until it says so, or until a reset or a long silence after memory was short."""
        life = Life(heap_kib, (flash or self.start).copy())
        heard: list[str] = []
        resets: list[str] = []
        said_s = time.monotonic()

        def hear(text: str) -> None:
            nonlocal said_s
            heard.append(text)
            said_s = time.monotonic()

        def over() -> bool:
            text = "".join(heard)
            quiet = "MemoryError" in text and time.monotonic() - said_s > QUIET_S
            return bool(resets) or quiet or goal in text

        def event(line: str) -> None:
            if line.startswith("reset") and "MemoryError" in "".join(heard):
                resets.append(line)

        around = Surroundings(serial=hear, events=event, wall=self.market.clock.now)
        device = MicroPythonDevice(life.flash, around, Options(heap_kib=heap_kib))
        with suppress(NoMicroPython):  # the heap does not hold the chip's own modules
            device.run(RUN_S, until=over)
        life.text = "".join(heard)
        return life

    def sweep(self) -> list[Life]:
        """Smallest heap first. An edge does not wait for the boards of another one."""
        with ThreadPoolExecutor(BOARDS) as pool, ThreadPoolExecutor() as edges:
            lives = sorted(pool.map(self.live, COARSE_KIB), key=lambda life: life.heap_kib)
            between = edges.map(lambda edge: self.finer(pool, *edge), [*pairwise(lives)])
            lives += [life for found in between for life in found]
        return sorted(lives, key=lambda life: life.heap_kib)

    def finer(self, pool: ThreadPoolExecutor, low: Life, high: Life, times: int = 0) -> list[Life]:
        """Lives between these two, if the outcome changes there; from the second time on, if stages
        lie between."""
        if times == FINEST or abs(high.stage - low.stage) <= (times > 0):
            return []
        step = (high.heap_kib - low.heap_kib) / FINER
        sizes = {low.heap_kib + int(step * part) for part in range(1, FINER)} - {low.heap_kib}
        found = list(pool.map(self.live, sorted(sizes)))
        for edge in pairwise([low, *found, high]):
            found += self.finer(pool, *edge, times + 1)
        return found

    def harm(self, life: Life) -> str:
        """What the lack of memory broke for good, "" for nothing."""
        table = PartitionTable.read(life.flash)
        slot = table.first(label="ota_0")
        assert slot and table.otadata
        before = self.start.read(slot.offset, slot.size)
        if life.flash.read(slot.offset, slot.size) != before:
            return "the running slot was written"
        entries = read_entries(life.flash, table.otadata)
        entry = entries[active(*entries)]
        if life.stage < STAGES.index("trial") and (entry.slot(2), entry.state) != (0, State.VALID):
            return f"the boot record says {entry}"
        return "" if self.recovers(life.flash) else "does not come to run the release on offer"

    def recovers(self, flash: Flash) -> bool:
        """With memory enough, on the CPython engine, whose time costs nothing."""
        if flash.digest() not in self.known:
            self.known[flash.digest()] = self.comes_back(flash)
        return self.known[flash.digest()]

    def comes_back(self, flash: Flash) -> bool:
        world = World(flash.copy(), [self.old, self.new], offered=self.new)
        hosts = world.device.net.hosts
        for url, site in ((self.prices, world.market.site), (self.updates, world.updates)):
            hosts["127.0.0.1", int(url.rpartition(":")[2])] = site
        outcome = world.run(
            until=lambda: world.confirmed("0.2.0") and world.moved() and world.follows()
        )
        return outcome.reason == "until"


def test_a_heap_too_small_harms_nothing() -> None:
    market = Market("sp500")
    offered = static(release("0.2.0").site)
    with serve(market.site) as prices, serve(Site(offered, market.clock.epoch)) as updates:
        lab = Lab(prices.url, updates.url, market)
        lives = lab.sweep()
        back = lab.live(COARSE_KIB[0], lives[len(lives) // 2].flash, MARKS[1])
    for life in lives:
        print(f"{life.heap_kib} KiB: came as far as the {STAGES[life.stage]}")
    trouble = {life.heap_kib: found for life in lives if (found := lab.harm(life))}

    assert not trouble
    assert back.stage >= STAGES.index("app")
    stages = [life.stage for life in lives]
    assert stages[0] == 0
    assert stages[-1] == len(MARKS)
    assert STAGES.index("launcher") in stages, "of the app"
    assert {STAGES.index("app"), STAGES.index("updater")} & set(stages)
    assert all("MemoryError" in life.text for life in lives if life.stage < len(MARKS))
