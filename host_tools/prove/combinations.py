"""Worlds combined: network x server x release x owner x hardware, all of them or a seeded sample.

One generator for every use: a sample in which each single behaviour occurs, a longer one, and any
combination that somebody names, such as a test that draws them.
"""

from collections.abc import Iterator
from itertools import product
from random import Random

from host_tools.prove.hardware import HARDWARE as FAULTY
from host_tools.prove.hostile import HARDWARE, NETWORKS, OWNERS, RELEASES, SERVERS
from host_tools.prove.odd import BASE
from host_tools.prove.scenario import NO_CUTS, Scenario, offering

SECONDS = 900  # of virtual time: long enough for an install, a trial and what follows
Choice = tuple[str, str, str, str, str]  # one of each of AXES

AXES: tuple[tuple[str, ...], ...] = (
    ("good", *NETWORKS),
    ("good", *SERVERS),
    ("fix", *(BASE + name for name in RELEASES)),
    ("nobody", *OWNERS),
    ("", *HARDWARE),
)


def scenario(choice: Choice) -> Scenario:
    """The candidate in that world for a quarter of an hour. Raises KeyError for unknown names."""
    network, server, offer, owner, hardware = choice
    options = dict(HARDWARE[hardware][2]) if hardware else {}
    name = "combined:" + ",".join(choice)
    world = offering(offer, network, server, owner, **options)
    return Scenario(name, "several troubles at once", world, start="candidate", until="time",
                    seconds=SECONDS, cuts=NO_CUTS)  # fmt: skip


def everything() -> Iterator[Choice]:
    """Every combination; there are hundreds of thousands."""
    yield from product(*AXES)  # type: ignore[misc]


def sample(count: int, seed: int = 0) -> list[Choice]:
    """`count` of them, evenly: each behaviour of an axis comes before any comes again."""
    chance = Random(seed)
    columns = []
    for axis in AXES:
        column: list[str] = []
        while len(column) < count:
            column += chance.sample(axis, len(axis))
        columns.append(column[:count])
    return list(zip(*columns, strict=True))  # type: ignore[arg-type]


def lasting(choice: Choice) -> bool:
    """Is its hardware still as bad when the weather is good again?"""
    names = [name for name, _ in HARDWARE[choice[4]][2]] if choice[4] else []
    return any(name not in FAULTY or name == "bad_sectors" for name in names)
