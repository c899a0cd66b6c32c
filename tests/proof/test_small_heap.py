"""The real VM with too small a heap: it works, or it fails without harm.

The heap is swept downward until the VM does not start, and finer at each edge, so that launcher,
app and updater each meet it. Sizes are of the 64-bit VM with the emulator's own modules in it:
where an edge lies says nothing of the chip, only that each phase has met one.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

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
BOARDS = 8  # at a time: they mostly wait
STAGES = ("nothing", "launcher", "app", "updater", "trial")
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
        self.old, self.new = release("0.1.0"), release("0.2.0")
        self.start = new_flash(
            self.old, update_url=updates, providers={"cnbc": prices}, check_s=5, poll_s=1
        )

    def live(self, heap_kib: int, flash: Flash | None = None, goal: str = MARKS[-1]) -> Life:
        """Run until it says so, or until a reset after memory was short."""
        life = Life(heap_kib, (flash or self.start).copy())
        heard: list[str] = []
        resets: list[str] = []

        def over() -> bool:
            return bool(resets) or goal in "".join(heard)

        def event(line: str) -> None:
            if line.startswith("reset") and "MemoryError" in "".join(heard):
                resets.append(line)

        around = Surroundings(serial=heard.append, events=event, wall=self.market.clock.now)
        device = MicroPythonDevice(life.flash, around, Options(heap_kib=heap_kib))
        with suppress(NoMicroPython):  # the heap does not hold the chip's own modules
            device.run(RUN_S, until=over)
        life.text = "".join(heard)
        return life

    def sweep(self) -> list[Life]:
        """Smallest heap first."""
        with ThreadPoolExecutor(BOARDS) as pool:
            lives = sorted(pool.map(self.live, COARSE_KIB), key=lambda life: life.heap_kib)
            for skipped in range(FINEST):  # then only where stages lie between
                more = {
                    low.heap_kib + (high.heap_kib - low.heap_kib) * part // FINER
                    for low, high in zip(lives, lives[1:], strict=False)
                    if abs(high.stage - low.stage) > (skipped > 0)
                    for part in range(1, FINER)
                } - {life.heap_kib for life in lives}
                lives += pool.map(self.live, sorted(more))
                lives.sort(key=lambda life: life.heap_kib)
            return lives

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
    # The app and the updater need about as much: which of them is the first to fail may change.
    assert STAGES.index("launcher") in stages
    assert {STAGES.index("app"), STAGES.index("updater")} & set(stages)
    assert all("MemoryError" in life.text for life in lives if life.stage < len(MARKS))
