"""A whole device whose provider is gone: the beam waits, goes level, says so, and comes back."""

from rig import BOARD, World, new_flash, release


def beam(world: World) -> int:
    """The last pulse, in microseconds."""
    return [ns for _, _, ns in world.device.board.pwm.pulses if ns][-1] // 1000


def test_a_lost_feed_ends_level_and_says_no_data() -> None:
    assert BOARD.servo_pin
    # A look would start the app anew: this is of one session (over several: test_failover.py).
    old = release("0.1.0", ("app.py", "CHECK_S = const(180)", "CHECK_S = const(86400)"))
    world = World(new_flash(old, check_s=86400, poll_s=60, update_url=""), [old])
    seen: list[tuple[float, str, bool, int]] = []  # since the fault: state, a price, the beam
    moved, broken = 0.0, 0.0

    def look() -> bool:
        nonlocal moved, broken
        now = world.device.clock.now_us / 1e6
        if not moved and world.follows() and world.moved():
            moved = now
        if moved and not broken and now > moved + 10:
            broken = now
            world.market.break_provider("html")
        if broken and " state=" in world.lines[-1]:
            state = world.lines[-1].split("state=")[1].split()[0]
            seen.append((now - broken, state, " price=-" not in world.lines[-1], beam(world)))
            if now > broken + 2_100:
                world.market.mend()
        return bool(broken) and now > broken + 2_400

    assert world.run(4_000, until=look).reason == "until"
    pose = seen[0][3]
    assert abs(pose - 1500) > 20
    for age, state, priced, pulse in seen:
        assert priced
        if 70 < age < 1_700:
            assert (state, pulse) == ("STALE", pose), age
        if 1_950 < age < 2_100:
            assert state == "NO_DATA" and abs(pulse - 1500) <= 1, age
    assert seen[-1][1] == "LIVE" and abs(seen[-1][3] - 1500) > 20
    assert not world.device.board.faults
