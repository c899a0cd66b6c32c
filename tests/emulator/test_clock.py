"""Virtual time: alarms fire in order, at their time, on the way."""

import pytest

from host_tools.emulator.clock import NEVER, RealClock, VirtualClock


def test_alarms_fire_in_order_at_their_own_time():
    clock = VirtualClock()
    fired = []
    for name, at_us in (("late", 300), ("early", 100), ("beyond", 1001)):
        clock.set_alarm(name, at_us, lambda name=name: fired.append((name, clock.now_us)))
    clock.spend(1000)

    assert fired == [("early", 100), ("late", 300)]
    assert (clock.now_us, clock.due) == (1000, 1001)


def test_setting_an_alarm_again_moves_it_and_clearing_takes_it_away():
    clock = VirtualClock()
    fired = []
    clock.set_alarm("wdt", 10, lambda: fired.append("old"))
    clock.set_alarm("wdt", 20, lambda: fired.append("new"))
    clock.set_alarm("timer0", 5, lambda: fired.append("timer"))
    clock.set_alarm("timer1", 6, lambda: fired.append("timer"))
    clock.clear_alarms("timer")
    clock.clear_alarm("none")
    assert clock.due == 20
    clock.spend(100)

    assert fired == ["new"]
    assert clock.due == NEVER


def test_an_alarm_that_raises_ends_the_spending_there():
    clock = VirtualClock()

    def bark() -> None:
        raise KeyError("bark")

    clock.set_alarm("wdt", 50, bark)
    with pytest.raises(KeyError):
        clock.spend(100)
    assert clock.now_us == 50
    clock.spend(100)
    assert clock.now_us == 150


def test_an_alarm_may_set_itself_again_and_one_in_the_past_fires_at_once():
    clock = VirtualClock(1000)
    times = []

    def again() -> None:
        times.append(clock.now_us)
        if len(times) < 3:
            clock.set_alarm("again", clock.now_us + 10, again)

    clock.set_alarm("again", 5, again)
    clock.spend(25)

    assert times == [1000, 1010, 1020]
    assert clock.now_us == 1025


def test_the_end_of_a_run_is_no_alarm_of_the_board():
    clock = VirtualClock()
    clock.set_alarm("end", 10, lambda: None)
    assert clock.idle
    clock.set_alarm("wdt", 10, lambda: None)
    assert not clock.idle


def test_a_real_clock_fires_what_is_due_when_asked():
    clock = RealClock()
    fired = []
    clock.set_alarm("past", clock.now_us - 1, lambda: fired.append("past"))
    clock.set_alarm("future", clock.now_us + 3_600_000_000, lambda: fired.append("future"))
    clock.spend(7_200_000_000)
    assert fired == []
    clock.fire_due()

    assert fired == ["past"]
