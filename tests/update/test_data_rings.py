"""A set of feeds that is for some devices first."""

import hashlib
from typing import Any

import pytest
from rig import World, new_flash
from test_data_targets import GOOD, OLD, data_in_use, name, offering, until

from host_tools.emulator.board import Options
from host_tools.release import development, listing

CALLED = hashlib.sha256(GOOD.encode()).hexdigest()[:16]
MINE = listing.number_of(Options().unique_id, CALLED)


def ringed(monkeypatch: pytest.MonkeyPatch, early: Any) -> World:
    """A device that is offered the set, with that `early`."""
    custom = {"format": 1, "firmware": "0", "early": early}
    with monkeypatch.context() as patch:
        patch.setattr(development.listing, "custom_of_data", lambda firmware: custom)
        return World(new_flash(OLD), [OLD], offered=offering(GOOD))


@pytest.mark.parametrize("early", [[MINE], [7, MINE], {"a": 1}, None, "7"])
def test_it_is_taken_by_whom_it_is_for_and_where_no_ring_is_named(
    monkeypatch: pytest.MonkeyPatch, early: Any
) -> None:
    world = ringed(monkeypatch, early)
    until(world, name("good", GOOD))
    assert world.follows()


@pytest.mark.parametrize("early", [[7], [], ["7", None, MINE + 1]])
def test_all_others_go_on_until_it_is_for_all(monkeypatch: pytest.MonkeyPatch, early: Any) -> None:
    world = ringed(monkeypatch, early)
    world.run(150)
    assert data_in_use(world) == "shipped" and world.follows()
    assert not world.said("refused") and not world.said("Traceback")

    world.offered = offering(GOOD, 2)
    until(world, name("good", GOOD))
