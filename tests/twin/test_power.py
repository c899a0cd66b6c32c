"""The plug, and the releases that are offered."""

from collections.abc import Callable

import pytest

from host_tools.emulator.device import Outcome
from host_tools.image import board as boards
from host_tools.image import runtime
from host_tools.twin import offers, pace
from host_tools.twin.power import Plug

BOARD = boards.load("esp32_wrover")


class Clock:
    now_us = 0


class Machine:
    """A device whose time passes by a second a turn."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.runs: list[float] = []

    def run(self, seconds: float, until: Callable[[], bool]) -> Outcome:
        self.runs.append(seconds)
        start_us = self.clock.now_us
        reason = "time"
        while self.clock.now_us - start_us < seconds * 1_000_000:
            self.clock.now_us += 1_000_000
            if until():
                reason = "until"
                break
        return Outcome(reason, reason, 2, self.clock.now_us - start_us)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()

    def sleep(seconds: float) -> None:
        made.clock.now_us += int(seconds * 1_000_000)

    monkeypatch.setattr(pace.time, "sleep", sleep)
    return made


def run(plug: Plug, machine: Machine, seconds: float, turn: Callable[[], bool]) -> Outcome:
    return plug.run(machine, seconds, turn)  # type: ignore[arg-type]  # all that it needs


def test_a_pull_is_an_end_and_a_new_beginning(machine: Machine) -> None:
    plug = Plug()

    def turn() -> bool:
        if machine.clock.now_us == 3_000_000:
            plug.pull(2)
        return False

    outcome = run(plug, machine, 10, turn)
    assert machine.runs == [10, 10 - 3 - 2] and plug.on
    assert outcome == Outcome("time", "time", 4, 10_000_000)


def test_what_is_pulled_for_good_waits_for_a_push(machine: Machine) -> None:
    plug = Plug()

    def turn() -> bool:
        if machine.clock.now_us == 3_000_000:
            plug.pull()
        if machine.clock.now_us >= 8_000_000:
            plug.push()
        return False

    outcome = run(plug, machine, 10, turn)
    assert machine.runs == [10, pytest.approx(2, abs=0.05)] and plug.on
    assert outcome.reason == "time" and outcome.boots == 4


def test_without_a_pull_it_is_one_run(machine: Machine) -> None:
    assert run(Plug(), machine, 5, lambda: False) == Outcome("time", "time", 2, 5_000_000)
    assert run(Plug(), machine, 5, lambda: True) == Outcome("until", "until", 2, 1_000_000)


@pytest.mark.parametrize("stop_us, reason", [(4_000_000, "until"), (1 << 60, "time")])
def test_a_run_may_end_without_power(machine: Machine, stop_us: int, reason: str) -> None:
    plug = Plug()

    def turn() -> bool:
        plug.pull()
        return machine.clock.now_us >= stop_us

    outcome = run(plug, machine, 5 if reason == "until" else 2, turn)
    assert outcome.reason == reason and not plug.on and len(machine.runs) <= 2


def test_the_crashing_release_differs_in_the_app_alone() -> None:
    app = runtime.synthetic(BOARD)[1]
    good = offers.make(BOARD, "1.0.1", app)
    bad = offers.make(BOARD, "1.0.1", app, crash=True)
    differing = [path for path, mpy in good.bundle.files.items() if bad.bundle.files[path] != mpy]
    assert differing == ["seesaw/app.mpy"] and good.bundle.files.keys() == bad.bundle.files.keys()
    assert offers.CRASH_WORDS.encode() in bad.bundle.files["seesaw/app.mpy"]
