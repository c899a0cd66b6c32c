"""What the proof knows of a device: the small interface that any updater can be proved through.

host_tools/README.md has a worked example. The device itself is the emulated board; a subject says
how one is made, what surrounds it, and how one sees from outside that it is well.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from host_tools.emulator.device import Device
from host_tools.emulator.flash import Flash, Op

OK = "ok"
BRICK = "hard brick"  # nothing boots, or endless resets
DEAF = "deaf"  # runs, cannot be updated
DARK = "dark"  # runs the fix, no market
AMNESIA = "amnesia"  # the owner's settings are gone
JERK = "jerk"  # the servo outside its range or faster than its limits
WORN = "worn"  # erases or boots beyond their budget
WRONG = "wrong"  # an unverified byte ran, or what must not change did
VERDICTS = (OK, BRICK, DEAF, DARK, AMNESIA, JERK, WORN, WRONG)


@dataclass(frozen=True)
class Conditions:
    """The world of one power cycle, as plain data. What a name means, the subject says.

    offer: version that the update server offers, "" for none. network, server, owner: names of
    behaviours. hardware: options of the board, (name, value). seed: of the board's random numbers.
    wall_s: seconds between manufacture and this power-on.
    """

    offer: str = ""
    network: str = "good"
    server: str = "good"
    owner: str = "nobody"
    hardware: tuple[tuple[str, str | int | bool], ...] = ()
    seed: int = 0
    wall_s: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of VERDICTS and why, for people."""

    name: str = OK
    words: str = ""
    boots: int = 0
    elapsed_s: int = 0  # of virtual time

    @property
    def ok(self) -> bool:
        return self.name == OK


class Live(Protocol):
    """A device in its world, seen from outside. `lines` is what its serial console printed."""

    lines: list[str]

    @property
    def device(self) -> Device: ...

    def offer(self, version: str) -> None:
        """From now on the update server offers this version."""
        ...

    def session(self) -> Hashable:
        """All that the future depends on where a session of the VM begins."""
        ...

    def updated(self, version: str) -> bool:
        """Does it run this version for good, so that a power cycle would not undo it?"""
        ...

    def healthy(self) -> bool:
        """Does it do its job, in this power cycle? Asked many times: look, do not reckon."""
        ...

    def reached(self, until: str) -> bool:
        """Did that come to pass which a scenario of this subject's own waits for?"""
        ...

    def spoilt(self) -> bool:
        """Has trouble() an answer that nothing takes back? Asked many times, like healthy()."""
        ...

    def trouble(self) -> tuple[str, str] | None:
        """(one of VERDICTS, words) for what must not happen in any run; else None."""
        ...


class Subject(Protocol):
    """`old`, `candidate` and `fix` are versions, each newer than the one before."""

    name: str
    old: str
    candidate: str
    fix: str

    def factory(self, version: str) -> Flash:
        """The flash of a new device with this version; made once, then copied."""
        ...

    def start(self, flash: Flash, conditions: Conditions) -> Live:
        """A device with this very flash (not a copy) in a world; the power is still off."""
        ...

    def place(self, addr: int) -> str:
        """The name of the partition at an address of the flash."""
        ...

    def phase(self, op: Op, boots: int) -> str:
        """What the device is about with this flash operation: a word for ids and tables."""
        ...


@dataclass
class Limits:
    """What counts as coming back. All generous to a healthy device, each with its reason."""

    # Of virtual time. With a look for a release every 20 s, that is 360 of them; at the ordinary
    # pace of one in six hours a recovery gets a day (Scenario.recovery_s).
    seconds: int = 7200
    boots: int = 60  # a launcher that takes turns between programs needs up to 20
    erases: int = 200  # of one sector in one recovery; sectors bear 100,000
