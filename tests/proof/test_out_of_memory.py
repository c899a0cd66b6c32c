"""Out of memory at every line: a device meets a MemoryError and still comes to run the next fix.

A phase of an update's life is run once; at each of its lines the memory fails, once or until the
next chip reset. Then the memory is back and a good release is on offer: the device must come to
run it, confirmed, following the market, with the owner's settings.
"""

import functools
import sys
from collections.abc import Hashable
from dataclasses import dataclass

import pytest
import rig
from rig import LAUNCHER, SETTINGS, World, new_flash, release

from host_tools.emulator.companion import Companion
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.memory_fault import Explorer, Finding, MemoryFault, Phase
from host_tools.emulator.otadata import Entry, State, write_entry
from host_tools.emulator.partitions import PartitionTable
from host_tools.release.publish import Release

BOOTS_MAX = 12  # after the fault, to the fix
SECONDS_MAX = 7200  # of virtual time, likewise
PERSISTENT_STRIDE = 8  # places; each fault that lasts ends the same way, by the watchdog
LIVE = " state=LIVE "
COLD, HAND_OVER = "session cause", "session cause 5"
JUDGE = "def judge(self) -> None:"
BAD = {
    "0.2.8": ("app.py", JUDGE, JUDGE + "\n        return"),
    "0.2.9": ("app.py", JUDGE, JUDGE + "\n        raise KeyError(1)"),
}
# The launcher's lines until its watchdog is armed. What fails there waits for a power cycle.
ARMED = LAUNCHER.partition(b"\nmachine.WDT(")[0].count(b"\n") + 2
UNGUARDED = {f"main.py:{line}" for line in range(1, ARMED + 1)}
SELECTED = {"selected": "0.2.0", "stuck": "0.2.8", "crashes": "0.2.9"}


@dataclass(frozen=True)
class Part:
    """A phase, the flash that it begins with, what is on offer then, and the fix after it."""

    phase: Phase
    flash: str  # "new", "selected" (0.2.0 waits for its trial) or "bad" (likewise, it crashes)
    fix: str


PARTS = [
    Part(Phase("launcher", COLD, LIVE, ("main.py",)), "new", "0.2.0"),
    Part(Phase("start", COLD, LIVE, ("seesaw/",)), "new", "0.2.0"),
    Part(Phase("following", LIVE, HAND_OVER), "new", "0.2.0"),
    Part(Phase("look", HAND_OVER, "event=offer"), "new", "0.2.0"),
    Part(Phase("install", "event=offer", "event=installed"), "new", "0.2.0"),
    Part(Phase("set_boot", "event=installed", "boot ota_1"), "new", "0.2.0"),
    Part(Phase("trial", COLD, "event=proved"), "selected", "0.3.0"),
    Part(Phase("confirm", "event=proved", "event=confirmed"), "selected", "0.3.0"),
    Part(Phase("deadline", "event=proved", "boot ota_0", ("main.py",)), "stuck", "0.3.0"),
    Part(Phase("rollback", "boot ota_0", LIVE), "crashes", "0.3.0"),
    Part(Phase("leave", COLD, "event=confirmed"), "damaged", "0.3.0"),
    Part(Phase("heal", HAND_OVER, "event=confirmed"), "aborted", "0.3.0"),
]


@functools.cache
def made(version: str) -> Release:
    return release(version, BAD[version]) if version in BAD else release(version)


@functools.cache
def companion() -> Companion:
    """One for all runs: it compiles each module once."""
    found = Companion()
    for version in ("0.1.0", "0.2.0", "0.3.0", *BAD):
        found.add(made(version).bundle.companion)
    return found


def world(flash: Flash, offered: str) -> World:
    found = World(flash, [made("0.1.0")], offered=made(offered))
    found.device.companion = companion()
    return found


@functools.cache
def flash(name: str) -> Flash:
    """Of a new device; with a release selected that has not run yet; with rot in the bundle after
    an update; or with a boot record that names no slot."""
    found = new_flash(made("0.1.0"))
    table = PartitionTable.read(found)
    slot, record = table.first(label="ota_1"), table.otadata
    assert slot and record
    if name == "aborted":
        for index in (0, 1):
            write_entry(found, record, index, Entry.make(index + 1, State.ABORTED))
    elif name != "new":
        before = world(found, SELECTED.get(name, "0.2.0"))
        reset = "reset machine.reset()"
        done = "event=confirmed"
        outcome = before.run(
            SECONDS_MAX,
            until=lambda: reset in before.events if name in SELECTED else before.said(done),
        )
        assert outcome.reason == "until", outcome
    if name == "damaged":
        found.program(slot.offset + made("0.2.0").slot[1][0] + 600, bytes(16))
    return found


class Case:
    """One run of a part: until the phase has passed, or from its fault on to the verdict."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.world = world(flash(part.flash).copy(), "0.2.0")
        self.boots = 0
        self.world.market.quote()  # works out the past once, for all children
        self.world.flash.digest()  # likewise

    def run(self, fault: MemoryFault) -> str:
        """What is wrong in the end, "" for nothing."""
        outcome = self.world.run(SECONDS_MAX, lambda: fault.passed or self.recovered(fault))
        if outcome.reason == "idle" and fault.fired in UNGUARDED:
            outcome = self.world.run(SECONDS_MAX, lambda: self.recovered(fault))
        if fault.passed:
            return ""
        return self.verdict(outcome)

    def verdict(self, outcome: Outcome) -> str:
        world = self.world
        if outcome.reason != "until":
            found = f"{outcome.reason}, {outcome.boots} boots: {world.lines[-3:]}"
            return f"does not come to run {self.part.fix}, confirmed and following: {found}"
        if outcome.boots - self.boots > BOOTS_MAX:
            return f"took {outcome.boots - self.boots} boots"
        if world.device.board.faults:
            return f"faults: {world.device.board.faults}"
        kept = world.device.board.storage.nvs.get_blob("seesaw", "config")
        return "" if SETTINGS["ssid"].encode() in kept else "the owner's settings are gone"

    def recovered(self, fault: MemoryFault) -> bool:
        world, fix = self.world, self.part.fix
        if not fault.fired:
            return False
        if not self.boots:
            self.boots = world.device.board.boots
            world.offered = made(fix)
        return world.confirmed(fix) and world.moved() and world.follows()

    def state(self) -> Hashable:
        """All that the future depends on where a session begins. Of the RTC record without nonce
        and CRC, and with 10 minutes as the grain of the launcher's deadline."""
        board = self.world.device.board
        rtc = board.rtc
        left = int.from_bytes(rtc[12:16], "little") // 600_000
        return (board.flash.digest(), board.cause, rtc[:10], left, rtc[16:-4],
                board.radio.connected)  # fmt: skip


def explore(
    part: Part, every: bool = False, persistent: bool = False, stride: int = 1
) -> list[Finding]:
    """Every fault of a part: at each place's first execution, or with `every` at each execution
    (76,000 faults in all parts)."""
    case = Case(part)
    fault = Explorer(
        case.world.device, part.phase, every=every, persistent=persistent, stride=stride,
        state=case.state,
    )  # fmt: skip
    findings = fault.explore(lambda: case.run(fault))
    counts = f"{fault.lines} lines, {len(fault.places)} places, {len(findings)} faults"
    print(f"{part.phase.name}: {counts}, one of {stride} tried")
    return findings


def troubles(findings: list[Finding]) -> str:
    return "\n".join(f"{f.id} at {f.place}: {f.trouble}" for f in findings if f.trouble)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.phase.name)
def test_memory_fails_once_at_every_line(part: Part) -> None:
    findings = explore(part)
    assert len(findings) > 30
    assert not troubles(findings)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.phase.name)
def test_memory_fails_at_a_line_and_from_there_on(part: Part) -> None:
    findings = explore(part, persistent=True, stride=PERSISTENT_STRIDE)
    assert findings
    assert not troubles(findings)


def test_a_fault_can_be_had_again_by_its_number() -> None:
    part = PARTS[3]
    found = explore(part, stride=100)[-1]
    before = sys.gettrace()
    case = Case(part)
    with MemoryFault(case.world.device, part.phase, at=int(found.id.partition(":")[2])) as fault:
        assert case.run(fault) == ""
    assert fault.fired == found.place
    assert sys.gettrace() is before


def test_a_launcher_without_its_first_watchdog_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is not empty: without that line a fault in the launcher waits at the REPL."""
    first = b"machine.WDT(timeout=WDT_MS)"
    weak = LAUNCHER.replace(first, b"pass", 1)
    assert weak != LAUNCHER
    monkeypatch.setattr(rig, "LAUNCHER", weak)
    monkeypatch.setattr(rig, "_flashes", {})
    flash.cache_clear()
    try:
        found = troubles(explore(PARTS[0], stride=10))
    finally:
        flash.cache_clear()
    assert "idle" in found
