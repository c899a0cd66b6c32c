"""What a scenario is: a run of a device in a world, as plain data."""

from dataclasses import dataclass, replace

from host_tools.prove.subject import Conditions

HOUR, DAY = 3600, 86_400
NO_CUTS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """name: for ids. why: what it stands for. start: version at manufacture ('old', 'candidate').
    before: worlds it lived through until then, each until settled. world: of the run itself.
    until: 'updated', 'healthy', what the subject knows (worlds.reached), or 'time' for all of
    seconds. phases: those that must be seen, or the scenario has shown nothing. cuts: phases whose
    operations are cut; None for all.
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
        """The same on other hardware: what is named is added."""
        merged = {**dict(self.world.hardware), **hardware}
        world = replace(self.world, hardware=tuple(sorted(merged.items())))
        return replace(self, world=world)


def offering(version: str, network: str = "good", server: str = "good", owner: str = "nobody",
             **hardware: str | int | bool) -> Conditions:  # fmt: skip
    """The world in which that version is on offer; 'old', 'candidate' and 'fix' are versions."""
    return Conditions(version, network, server, owner, tuple(sorted(hardware.items())))
