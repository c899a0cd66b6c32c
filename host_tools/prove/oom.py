"""The phases of a device's life in which its memory fails, as plain data (memory.py)."""

from dataclasses import replace

from host_tools.prove.scenario import NO_CUTS, Conditions, Memory, Scenario, offering

LIVE = " state=LIVE "
COLD, HAND_OVER = "session cause", "session cause 5"
LAUNCHER, PROGRAMS = ("main.py",), ("seesaw/",)
ARMED = 3  # lines of the launcher until its watchdog is armed: what fails there waits for the plug
QUICK_STRIDE, LASTING_STRIDE, QUICK_LASTING = 64, 8, 160


def _selected(offer: str) -> Scenario:
    """A release was installed and selected; its trial has not begun."""
    return Scenario("selected", "", offering(offer), until="selected")


NEW = offering("candidate")
TRIAL = (_selected("candidate"),)
UPDATED = Scenario("update", "", offering("candidate"), until="updated")
NO_SLOT = offering("candidate", entry="0:1:ABORTED,1:2:ABORTED")
# name: (what it stands for, the phase, the worlds before it, the world)
PHASES: dict[str, tuple[str, Memory, tuple[Scenario, ...], Conditions]] = {
    "launcher": ("in the launcher", Memory(COLD, LIVE, LAUNCHER, spare=ARMED), (), NEW),
    "start": ("as the programs start", Memory(COLD, LIVE, PROGRAMS), (), NEW),
    "following": ("while it follows the market", Memory(LIVE, HAND_OVER), (), NEW),
    "look": ("while it looks for a release", Memory(HAND_OVER, "event=offer"), (), NEW),
    "install": ("in an install", Memory("event=offer", "event=installed"), (), NEW),
    "set-boot": ("as it selects a slot", Memory("event=installed", "boot ota_1"), (), NEW),
    "trial": ("in a trial", Memory(COLD, "event=proved", spare=ARMED), TRIAL, NEW),
    "confirm": ("until a trial is confirmed", Memory("event=proved", "event=confirmed"), TRIAL,
                NEW),
    "deadline": ("in the launcher of a trial that misses its deadline",
                 Memory("event=proved", "boot ota_0", LAUNCHER), (_selected("0.2.1-stuck"),), NEW),
    "rollback": ("after a trial that failed", Memory("boot ota_0", LIVE, spare=ARMED),
                 (_selected("0.2.1-judge"),), NEW),
    "leave": ("as a damaged slot is left", Memory(COLD, "event=confirmed", spare=ARMED),
              (UPDATED,), offering("candidate", rot="ota_1:bundle")),
    "data": ("as a set of data comes", Memory("event=nothing", " data=trial:"), (UPDATED,),
             offering("candidate", server="data-silent")),
    "heal": ("as the boot record is healed", Memory(HAND_OVER, "event=confirmed"), (), NO_SLOT),
}  # fmt: skip


def _scenarios() -> list[Scenario]:
    once, lasting = "no memory once", "no memory from some line on until a reset"
    found: list[Scenario] = []
    for name, (where, memory, before, world) in PHASES.items():
        one = Scenario("oom-" + name, f"{once}, {where}", world, before=before, cuts=NO_CUTS)
        more = replace(one, name=one.name + "-lasting", why=f"{lasting}, {where}")
        found += _both(one, memory, QUICK_STRIDE, 1)
        found += _both(more, replace(memory, lasting=True), QUICK_LASTING, LASTING_STRIDE)
    return found


def _both(one: Scenario, memory: Memory, quick: int, full: int) -> tuple[Scenario, Scenario]:
    """For the quick budget, and for the full one. quick, full: strides."""
    every = replace(one, name=one.name + "-all", budget="full")
    return (replace(one, memory=replace(memory, stride=quick)),
            replace(every, memory=replace(memory, stride=full)))  # fmt: skip


OUT_OF_MEMORY = tuple(_scenarios())
