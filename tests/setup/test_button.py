"""The button on a whole device, and what set-up must never disturb."""

import pytest
from phone import OLD, Owner, Script
from rig import World, new_flash, release

PIN, LED = 0, 2


def lit(owner: Owner) -> bool:
    return bool(owner.device.board.pwm.levels.get(LED))


@pytest.mark.parametrize("ssid", ["home", ""])
def test_a_short_press_identifies_and_does_nothing_else(ssid: str) -> None:
    owner = Owner({"home": "password"}, ssid=ssid, button_pin=PIN, check_s=86400)

    def script() -> Script:
        yield from owner.wait(20)
        assert not lit(owner)
        changes, last = 0, False
        yield from owner.press(0.3, PIN)
        end_s = owner.now_s + 5
        while owner.now_s < end_s:
            yield
            changes, last = changes + (lit(owner) != last), lit(owner)
        assert changes >= 10 and not last
        assert owner.radio.on[1] == (ssid == "")

    owner.run(script())
    assert owner.world.said("event=setup") == (ssid == "")


def test_a_long_press_opens_set_up_and_silence_closes_it() -> None:
    """The network is not touched meanwhile, and the app goes on with it."""
    owner = Owner({"home": "password"}, button_pin=PIN, check_s=86400)

    def script() -> Script:
        yield from owner.until(owner.world.follows)
        yield from owner.press(5.5, PIN)
        yield from owner.until(lambda: owner.radio.on[1])
        opened_s = owner.now_s
        yield from owner.until(lambda: not owner.radio.on[1])
        assert 590 <= owner.now_s - opened_s <= 615  # the list comes first
        assert owner.radio.connected
        yield from owner.until(owner.world.follows)

    owner.run(script(), 1200)
    assert owner.world.said("words=asked: join")


def test_a_button_that_is_stuck_costs_the_button_alone() -> None:
    owner = Owner({"home": "password"}, button_pin=PIN)
    owner.device.board.pwm.grounded.add(PIN)

    def script() -> Script:
        yield from owner.until(owner.world.follows)
        yield from owner.wait(300)

    owner.run(script())
    assert not owner.world.said("event=setup") and owner.world.follows()


@pytest.mark.parametrize("pin", [-1, 34, 40, 47])
def test_a_pin_that_is_none_costs_the_button_alone(pin: int) -> None:
    owner = Owner({"home": "password"}, button_pin=pin)
    owner.run(owner.until(owner.world.follows))


def test_a_trial_is_disturbed_by_nothing() -> None:
    """Neither a held button nor a network that is gone opens set-up in one."""
    new = release("0.2.0")
    world = World(new_flash(OLD, button_pin=PIN), [OLD, new], offered=new)
    finger = world.device.board.pwm.grounded
    seen: list[bool] = []

    def look() -> bool:
        trial = world.said("event=proved") and not world.said("event=confirmed")
        if trial and not seen:
            world.device.around.air.clear()
        if trial:
            held = int(world.device.clock.now_us / 1e6) % 10
            (finger.discard if held < 3 else finger.add)(PIN)
            seen.append(world.device.board.radio.on[1])
        return world.said("event=settled")

    world.run(4000, until=look)
    assert len(seen) > 100 and not any(seen)
    assert not world.said("event=setup")


def test_the_button_does_not_wait_for_the_market() -> None:
    """Nor for a provider that hangs."""
    owner = Owner({"home": "password"}, button_pin=PIN, check_s=86400)
    owner.world.market.break_provider("hang")

    def script() -> Script:
        yield from owner.wait(8)
        yield from owner.press(5.5, PIN)
        pressed_s = owner.now_s
        yield from owner.until(lambda: owner.radio.on[1])
        assert owner.now_s - pressed_s < 10

    owner.run(script())
