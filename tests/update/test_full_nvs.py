"""NVS that somebody else has filled: no updates until there is room, and nothing worse."""

from rig import World, new_flash, release
from test_data_targets import GOOD, data_in_use, name, offering
from test_hostile import FIX, KNOWN, NEW, OLD, fill, nvs, ours
from test_update import site_replaced


def test_a_device_whose_nvs_is_full_says_why_it_does_not_update() -> None:
    flash = new_flash(OLD)
    store = nvs(flash)
    fill(store)
    world = World(flash, KNOWN, offered=NEW)
    world.run(300)

    assert world.said("event=hindered slot=ota_0 version=0.1.0 words=no room to note the trial")
    assert world.events == ["boot ota_0 cause 1"]
    assert world.follows() and world.moved() and ours(world)
    store = nvs(flash)
    for number in range(100):
        store.erase_key("junk", f"k{number}")
    world.run(300, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_a_device_that_has_updated_before_does_so_with_a_full_nvs_too() -> None:
    """Its memory of a trial always has the same size: what goes in once goes in again."""
    flash = new_flash(OLD)
    World(flash, KNOWN, offered=NEW).run(100)
    fill(nvs(flash))
    world = World(flash, KNOWN, offered=FIX)
    world.run(300, until=lambda: world.confirmed("0.3.0"))

    assert world.confirmed("0.3.0")


def test_without_room_a_failed_install_stops_nobody() -> None:
    flash = new_flash(OLD)
    fill(nvs(flash))
    bad = site_replaced(NEW, ".bundle", b"?" * len(NEW.bundle.image))
    world = World(flash, KNOWN, offered=bad)
    world.run(400, until=lambda: world.device.clock.now_us > 300e6 and world.follows())

    assert world.said("words=the bundle's hash is wrong")
    assert world.events == ["boot ota_0 cause 1"]
    assert world.follows() and ours(world)


def test_without_room_to_reject_it_a_bad_release_does_not_come_back_for_ever() -> None:
    run = "async def run(self) -> None:"
    bad = release("0.2.0", ("app.py", run, run + "\n        1 // 0"))
    world = World(new_flash(OLD), [OLD, bad], offered=bad)
    filled: list[bool] = []

    def look() -> bool:
        if world.said("event=prove ") and not filled:
            filled.append(True)
            fill(world.device.board.storage.nvs)
        return False

    world.run(1800, look)
    assert world.said("(no room to reject it)") and world.said("passed over")
    assert 3 <= sum("boot ota_1" in event for event in world.events) < 10
    assert world.follows() and world.running() == ("ota_0", "0.1.0")
    fixed = World(world.flash, KNOWN, offered=FIX)
    fixed.run(300, until=lambda: fixed.confirmed("0.3.0"))
    assert fixed.confirmed("0.3.0")


def test_without_room_for_a_set_of_data_the_one_before_goes_on() -> None:
    flash = new_flash(OLD)
    store = nvs(flash)
    fill(store)
    world = World(flash, [OLD], offered=offering(GOOD))
    world.run(200)

    assert world.said("event=hindered slot=ota_0 version=0.1.0 words=data: ")
    assert data_in_use(world) == "shipped" and world.follows()
    store = nvs(flash)
    for number in range(100):
        store.erase_key("junk", f"k{number}")
    world.run(300, until=lambda: data_in_use(world) == name("good", GOOD))
    assert data_in_use(world) == name("good", GOOD)
