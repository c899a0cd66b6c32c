"""A look for data alone that falls: the next session that looks, looks for a cure."""

import pytest
from rig import World, new_flash, release

DAY_S = 86400
FALLS = {"crash": "raise RuntimeError", "watchdog": "while True: pass"}
# Once a session has fallen the app does not start any more: neither power-on nor a hand-over
# (machine.PWRON_RESET, SOFT_RESET) was before it. So the launcher calls the updater.
APP = ("app.py", "        if self.boot.trial:\n            from",
       "        if self.boot.cause not in (1, 5): raise KeyError\n"
       "        if self.boot.trial:\n            from")  # fmt: skip


@pytest.mark.parametrize("fall", list(FALLS))
def test_it_is_a_whole_one(fall: str) -> None:
    look = "    action = otadata.plan("
    fallen = ("look.py", look, f"    if alone:\n        {FALLS[fall]}\n{look}")
    old, new = release("0.1.0", fallen, APP), release("0.2.0")
    world = World(new_flash(old, check_s=DAY_S, poll_s=60), [old, new], offered=old)

    def over() -> bool:
        if world.said("words=up to date"):
            world.offered = new
        return world.confirmed("0.2.0")

    world.run(9000, until=over)

    assert world.confirmed("0.2.0"), world.lines[-5:]
    boots = [event for event in world.events if event.startswith("boot ota_0")]
    assert len(boots) == 4, boots  # power; the look fell; the app did, twice
