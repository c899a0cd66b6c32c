"""A device that is developed on: it says so, and its maker's next release ends it."""

from dataclasses import replace

import maker_rig
import pytest
from rig import World, new_flash, release

from host_tools.release import development, publish
from host_tools.release.publish import Release

TREE = "0.1.1-261127.120000"  # as a deploy calls it


def developed() -> Release:
    """The working tree as `seesaw deploy` packs it for a device of the maker's."""
    return maker_rig.with_root(maker_rig.release(TREE), development.enrolled(maker_rig.root()))


def offering(world: World, site: dict[str, bytes]) -> World:
    world.offered = replace(world.known[0], site=site)
    return world


@pytest.mark.parametrize(
    ("made", "said"),
    [(developed, "development"), (lambda: maker_rig.release("0.1.0"), "maker"),
     (lambda: release("0.1.0"), "development")],
)  # fmt: skip
def test_whom_a_device_trusts_is_on_every_line(made, said: str) -> None:
    world = World(new_flash(made()), [made()])
    world.run(60, until=world.follows)
    assert f" root={said} sign=" in world.lines[-1]


def test_the_makers_next_release_ends_it() -> None:
    """Over the network, and for the device that runs it nothing is left of the key."""
    tree, fix = developed(), maker_rig.release("0.2.0")
    world = offering(World(new_flash(tree), [tree, fix]), maker_rig.site("0.2.0"))
    world.run(900, until=lambda: world.confirmed("0.2.0") and world.follows())
    assert world.confirmed("0.2.0") and " root=maker sign=" in world.lines[-1]

    forged = publish.reissued(maker_rig.with_root(maker_rig.release("0.3.0"), maker_rig.root()), 0)
    after = offering(World(world.flash, [tree, fix]), forged.site)
    after.run(300, until=lambda: after.said("event=hindered"))
    assert after.said("words=Unsigned: timestamp") and after.running() == ("ota_1", "0.2.0")


def test_it_takes_what_the_development_key_signs() -> None:
    tree, new = developed(), maker_rig.with_root(
        maker_rig.release("0.2.0"), development.enrolled(maker_rig.root())
    )  # fmt: skip
    site = {path: data for path, data in new.site.items() if "root" not in path}
    world = offering(World(new_flash(tree), [tree, new]), site)
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")
