"""The scenarios of the proof, as plain data. Each joins by a row; the harness does not change.

A scenario makes a run of a device in a world; every flash operation of the phases it names is cut
in every way, and each torn state must come back in a good world (explore.py). A scenario that
does not come to its phases has shown nothing, and says so.
"""

from dataclasses import dataclass, replace

from host_tools.prove.subject import Conditions

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Scenario:
    """name: for ids. why: what it stands for. start: version at manufacture ('old', 'candidate').
    before: worlds it lived through until then, each until settled. world: of the run itself.
    until: 'updated', 'refused', 'settings', or 'time' for all of seconds. phases: those that must
    be seen, or the scenario has shown nothing. cuts: phases whose operations are cut; None for all.
    """

    name: str
    why: str
    world: Conditions = Conditions()
    start: str = "old"
    until: str = "time"
    seconds: int = HOUR
    phases: tuple[str, ...] = ()
    cuts: tuple[str, ...] | None = None
    before: tuple["Scenario", ...] = ()
    budget: str = "quick"  # or "full": only there

    def on(self, **hardware: str | int | bool) -> "Scenario":
        """The same on other hardware."""
        world = replace(self.world, hardware=tuple(sorted(hardware.items())))
        return replace(self, world=world)


def offering(version: str, **more: str) -> Conditions:
    return Conditions(offer=version, **more)  # type: ignore[arg-type]


INSTALL = ("install", "set_boot", "record")
WHOLE = (*INSTALL, "boot", "confirm")
NO_CUTS: tuple[str, ...] = ()

FIRST_BOOT = Scenario(
    "first-boot", "a new device is switched on for the first time",
    until="healthy", phases=("boot",), start="candidate",
)  # fmt: skip
UPDATE = Scenario(
    "update", "the candidate is installed over the release before it, tried and confirmed",
    offering("candidate"), until="updated", phases=WHOLE,
)  # fmt: skip
NEXT = Scenario(
    "next", "the candidate installs the release after it: its own updater is at work",
    offering("fix"), start="candidate", until="updated", phases=WHOLE,
)  # fmt: skip
CORE = (FIRST_BOOT, UPDATE, NEXT)
SCENARIOS = CORE
