"""Worlds combined: network x server x release x owner x hardware.

One generator for every use: a sample in which each single behaviour occurs, a longer one, and any
combination that somebody names, such as a test that draws them.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

from host_tools.prove.hostile import HARDWARE, NETWORKS, OWNERS, RELEASES, SERVERS
from host_tools.prove.odd import BASE
from host_tools.prove.scenario import NO_CUTS, Scenario, offering

SECONDS = 600  # of virtual time: long enough for an install, a trial and what follows
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
    name = "_".join(("mix", *choice[:4], hardware or "sound"))
    world = offering(offer, network, server, owner, **options)
    return Scenario(name, "several troubles at once", world, start="candidate", until="time",
                    seconds=SECONDS, cuts=NO_CUTS)  # fmt: skip


def possible(choice: Choice) -> Choice:
    """The same, on good hardware where no firmware could do better: without rollback there is no
    trial, and a release that hears nobody stays for ever (esp-idf issue 7859); an nvs that takes no
    change keeps neither new settings nor what was learnt of a bad release."""
    _, _, offer, owner, hardware = choice
    unheard = offer.removeprefix(BASE) in ("wifi", "dns", "tls", "deaf")
    forgets = offer != "fix" or owner.startswith("sets-")
    hopeless = {"no-rollback": unheard, "dead-nvs": forgets}.get(hardware, False)
    return (*choice[:4], "") if hopeless else choice


def pairs(first: int, second: int) -> Iterator[Choice]:
    """Every combination of two of AXES, all else as it should be."""
    for one, other in product(AXES[first], AXES[second]):
        choice = [axis[0] for axis in AXES]
        choice[first], choice[second] = one, other
        yield possible(tuple(choice))  # type: ignore[arg-type]


def sample(count: int, seed: int = 0) -> list[Choice]:
    """`count` of them, evenly: each behaviour of an axis comes before any comes again."""
    chance = Random(seed)
    columns = []
    for axis in AXES:
        column: list[str] = []
        while len(column) < count:
            column += chance.sample(axis, len(axis))
        columns.append(column[:count])
    return [possible(choice) for choice in zip(*columns, strict=True)]



# With the full budget: two troubles at once exhaustively, where they meet, and a long sample.
QUICK, FULL = 20, 300
EVERY = (*pairs(0, 3), *pairs(2, 3), *pairs(3, 4), *sample(FULL, seed=1))


def scenarios(budget: str = "quick", seed: int = 0) -> tuple[Scenario, ...]:
    """Each once. seed: of those that the quick budget draws."""
    quick = sample(QUICK, seed)
    if budget == "quick":
        return tuple(scenario(choice) for choice in quick)
    return tuple(
        scenario(choice) if choice in quick else replace(scenario(choice), budget="full")
        for choice in dict.fromkeys((*quick, *EVERY))
    )
