"""What a scenario is: a run of a device in a world, as plain data."""

from dataclasses import dataclass, replace

from host_tools.prove.subject import Conditions

HOUR, DAY = 3600, 86_400
NO_CUTS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Memory:
    """Out of memory at the lines that a phase executes, each in a run of its own.

    begin, end: parts of what the board is heard to say, or 'session cause C' (memory_fault.Phase).
    files: how the paths of its sources begin. lasting: until the next chip reset, not once.
    stride: only each stride-th line, where it is executed first. spare: lines at the start of the
    phase after which a device may wait for a power cycle.
    """

    begin: str
    end: str
    files: tuple[str, ...] = ("main.py", "seesaw/")
    lasting: bool = False
    stride: int = 1
    spare: int = 0


@dataclass(frozen=True)
class Scenario:
    """name: for ids. why: what it stands for. start: version at manufacture ('old', 'candidate').
    before: worlds it lived through until then, each until settled. world: of the run itself.
    until: 'updated', 'healthy', what the subject knows (worlds.reached), or 'time' for all of
    seconds. phases: those that must be seen, or the scenario has shown nothing. cuts: phases whose
    operations are cut; None for all. memory: instead of cuts.
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
    memory: Memory | None = None
    recovery_s: int = 0  # what a recovery gets, when that is not Limits.seconds

    def on(self, **hardware: str | int | bool) -> "Scenario":
        """The same on other hardware: what is named is added."""
        merged = {**dict(self.world.hardware), **hardware}
        world = replace(self.world, hardware=tuple(sorted(merged.items())))
        return replace(self, world=world)


def offering(version: str, network: str = "good", server: str = "good", owner: str = "nobody",
             **hardware: str | int | bool) -> Conditions:  # fmt: skip
    """The world in which that version is on offer; 'old', 'candidate' and 'fix' are versions."""
    return Conditions(version, network, server, owner, tuple(sorted(hardware.items())))
