"""Devices in step: none ahead, none waited for that is gone, and the pace that is reached."""

import threading
from collections.abc import Callable

import pytest

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.device import Outcome
from host_tools.emulator.errors import Stop
from host_tools.twin.lockstep import STEP_S, Lockstep


class Host:
    """A machine whose time passes in sleep, and by so much for each step of the fleet."""

    def __init__(self) -> None:
        self.now = 10.0
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


class Machine:
    """A device whose time passes in pieces of its own size."""

    def __init__(self, piece_us: int, ends_us: int = 1 << 60) -> None:
        self.clock = VirtualClock()
        self.piece_us = piece_us
        self.ends_us = ends_us

    def watch(self) -> None:
        if self.until():
            raise Stop("until")

    def run(self, seconds: float, until: Callable[[], bool]) -> Outcome:
        self.until = until
        try:
            while self.clock.now_us < self.ends_us:
                self.clock.spend(self.piece_us)
        except Stop:
            pass
        return Outcome("until", "", 1, 0)


def drive(
    machines: list[Machine], seconds: float, between: Callable[[Lockstep], bool], speed: int = 10,
    host: Host | None = None,
) -> Lockstep:  # fmt: skip
    host = host or Host()
    lockstep = Lockstep(speed, lambda: host.now, host.sleep)
    lockstep.enter(len(machines))
    threads = [
        threading.Thread(target=lockstep.run, args=(machine, 1e6, lambda: False))
        for machine in machines
    ]
    for thread in threads:
        thread.start()
    lockstep.drive(seconds, lambda: between(lockstep))
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    return lockstep


def test_none_is_ahead_of_the_others_by_more_than_a_step() -> None:
    machines = [Machine(piece) for piece in (7, 1000, 90_000, 700_000)]
    spans = []

    def between(lockstep: Lockstep) -> bool:
        times = [machine.clock.now_us for machine in machines]
        assert all(time >= lockstep.now_us for time in times)  # all wait while this is asked
        spans.append(max(times) - min(times))
        return False

    drive(machines, 20, between)
    assert len(spans) == pytest.approx(20 / (STEP_S * 10), abs=2)
    assert max(spans) <= STEP_S * 10 * 1e6


def test_who_is_at_its_end_is_not_waited_for() -> None:
    machines = [Machine(1000), Machine(1000, ends_us=2_000_000)]
    lockstep = drive(machines, 10, lambda lockstep: False)
    assert lockstep.now_us >= 10_000_000 and machines[1].clock.now_us == 2_000_000


def test_it_ends_when_all_are_at_their_end_or_somebody_says_so() -> None:
    assert drive([Machine(1000, ends_us=500_000)], 1e6, lambda _: False).now_us < 2_000_000
    assert drive([Machine(1000)], 1e6, lambda one: one.now_us >= 3e6).now_us == 3_000_000


def test_real_time_is_waited_for_and_a_slow_machine_says_so() -> None:
    host = Host()
    lockstep = drive([Machine(1000)], 100, lambda _: False, host=host)
    assert host.slept == pytest.approx(10, abs=0.2) and not lockstep.short
    slow = Host()

    def between(lockstep: Lockstep) -> bool:
        slow.now += 2 * STEP_S
        return False

    lockstep = drive([Machine(1000)], 100, between, host=slow)
    assert slow.slept == 0 and lockstep.short
    assert lockstep.reached == pytest.approx(5, rel=0.1)
