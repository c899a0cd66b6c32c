"""Virtual time that is held to a multiple of real time, and what is said where it cannot be."""

import pytest

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.device import Outcome
from host_tools.twin.pace import MEASURE_S, SPEEDS, Pace, RealTime


class Host:
    """A machine whose time passes in sleep, and by so much for each step of the board."""

    def __init__(self, step_s: float) -> None:
        self.now = 100.0
        self.slept = 0.0
        self.step_s = step_s

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


class Machine:
    """A device that lets time pass in small pieces."""

    def __init__(self, host: Host, piece_us: int = 10_000) -> None:
        self.clock = VirtualClock()
        self.host = host
        self.piece_us = piece_us
        self.looks = 0

    def watch(self) -> None:
        self.looks += 1

    def run(self, seconds: float, until: object) -> Outcome:
        end_us = self.clock.now_us + int(seconds * 1e6)
        while self.clock.now_us < end_us:
            self.host.now += self.host.step_s
            self.clock.spend(self.piece_us)
        return Outcome("time", "time", 1, int(seconds * 1e6))


def made(speed: int, step_s: float) -> tuple[Pace, Host, Machine, list[float]]:
    host = Host(step_s)
    told: list[float] = []
    pace = Pace(speed, lambda: told.append(pace.reached), lambda: host.now, host.sleep)
    return pace, host, Machine(host), told


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_fast_machine_waits(speed: int) -> None:
    pace, host, machine, told = made(speed, 1e-6)
    pace.run(machine, 5.0 * speed, lambda: False)  # type: ignore[arg-type]  # all that it needs
    assert host.now - 100 == pytest.approx(5.0, abs=0.1) and host.slept > 4
    assert told and told == pytest.approx([speed] * len(told), rel=0.1) and not pace.short
    assert machine.looks > 5 / 0.05 and machine.clock.idle  # its alarm is gone


def test_a_slow_machine_says_how_fast_it_is(speed: int = 60) -> None:
    pace, host, machine, told = made(speed, 0.001)  # ten times as fast as real time at best
    pace.run(machine, 100, lambda: False)  # type: ignore[arg-type]
    assert host.slept == pytest.approx(0, abs=0.1) and pace.short
    assert told[-1] == pytest.approx(10, rel=0.1)
    assert pace.told() == {"speeds": SPEEDS, "speed": 60, "reached": 10.0, "short": True}


def test_nothing_is_made_up_for_later() -> None:
    pace, host, machine, _ = made(10, 0.01)  # far too slow
    pace.run(machine, 50, lambda: False)  # type: ignore[arg-type]
    host.step_s, began = 1e-6, host.now
    pace.run(machine, 50, lambda: False)  # type: ignore[arg-type]
    assert host.now - began == pytest.approx(5, abs=0.5)


def test_the_speed_may_change_meanwhile() -> None:
    pace, host, machine, told = made(1, 1e-6)
    pace.run(machine, 2 * MEASURE_S, lambda: False)  # type: ignore[arg-type]
    pace.set(60)
    assert pace.reached == 60  # until it is measured
    pace.run(machine, 120, lambda: False)  # type: ignore[arg-type]
    assert host.now - 100 == pytest.approx(4, abs=0.2) and told[-1] == pytest.approx(60, rel=0.1)


def test_rest_passes_virtual_time_too() -> None:
    pace, host, machine, _ = made(10, 1e-6)
    pace.run(machine, 1, lambda: False)  # type: ignore[arg-type]
    pace.rest(0.5)
    assert machine.clock.now_us == 6_000_000 and host.now - 100 == pytest.approx(0.6, abs=0.05)


def test_real_time_has_one_speed() -> None:
    told = RealTime().told()
    assert told == {"speeds": (1,), "speed": 1, "reached": 1.0, "short": False}
