"""Faults that are planted and mended, and what an emulated seesaw makes of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.twin.faults import BY_NAME, FAULTS, PROVIDER, Faults
from host_tools.twin.reports import Event, Quote, Report
from host_tools.twin.scene import Scene, Wanted

LONG_S = 400.0  # of virtual time, for what takes its time


@pytest.fixture
def done() -> list[tuple[str, bool]]:
    return []


@pytest.fixture
def faults(done: list[tuple[str, bool]]) -> Faults:
    names = [fault.name for fault in FAULTS]
    return Faults({name: lambda on, n=name: done.append((n, on)) for name in names})


@pytest.mark.parametrize("name", BY_NAME)
def test_the_same_key_plants_and_mends(
    faults: Faults, done: list[tuple[str, bool]], name: str
) -> None:
    assert faults.toggle(name) == [(BY_NAME[name], True)] and list(faults.held) == [name]
    assert [fault["name"] for fault in faults.told() if fault["held"]] == [name]
    assert faults.toggle(name) == [(BY_NAME[name], False)] and not faults.held
    assert done == [(name, True), (name, False)]


def test_of_one_kind_there_is_one_at_a_time(faults: Faults, done: list[tuple[str, bool]]) -> None:
    for name in ("wifi", "dead", "slow"):
        faults.toggle(name)
    assert done == [("wifi", True), ("dead", True), ("dead", False), ("slow", True)]
    assert list(faults.held) == ["wifi", "slow"]


def test_what_is_not_possible_cannot_be_planted() -> None:
    faults = Faults({"power": lambda on: None})
    assert faults.possible == ["power"]
    assert [fault["name"] for fault in faults.told() if fault["possible"]] == ["power"]
    with pytest.raises(KeyError):
        faults.toggle("dead")


def test_keys_are_letters_of_their_own() -> None:
    keys = [fault.key for fault in FAULTS]
    assert len(set(keys) | {"o", "x"}) == len(keys) + 2
    assert all(len(key) == 1 and key.isalpha() for key in keys)


# -- before a seesaw ------------------------------------------------------------------------


class Watched:
    """A seesaw in virtual time, as fast as this machine can."""

    def __init__(self, build: Path) -> None:
        self.reports: list[Report] = []
        self.scene = Scene(Wanted(build=build, speed=60, check_s=20), self.reports.append)
        self.scene.pace.rest = lambda seconds: self.scene.device.clock.spend(int(seconds * 1e6))
        self.scene.pace.run = lambda device, seconds, until: device.run(seconds, until)

    def run(self, seconds: float, *toggled: tuple[float, str]) -> list[Report]:
        """The reports of a run in which faults are toggled, each after so many seconds."""
        del self.reports[:]
        left = list(toggled)

        def turn() -> bool:
            while left and self.scene.t >= left[0][0]:
                self.scene.toggle(left.pop(0)[1])
            return False

        self.scene.run(seconds, None, turn)
        assert not left
        return self.reports

    def states(self, after_s: float, until_s: float = LONG_S) -> set[str]:
        quotes = [report for report in self.reports if isinstance(report, Quote)]
        return {quote.state for quote in quotes if after_s <= quote.t < until_s}

    def events(self) -> list[str]:
        return [report.event for report in self.reports if isinstance(report, Event)]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    with made.scene:
        yield made


@pytest.mark.parametrize("name", PROVIDER)
def test_without_a_provider_the_price_grows_old_and_is_new_again(
    watched: Watched, name: str
) -> None:
    watched.run(LONG_S, (20, name), (200, name))
    assert watched.states(10, 20) == {"LIVE"}
    assert watched.states(100, 200) <= {"STALE", "NO_DATA"} and watched.states(40, 200)
    assert watched.states(LONG_S - 60) <= {"LIVE", "DELAYED"} and watched.states(LONG_S - 60)
    words = [r.words for r in watched.reports if isinstance(r, Event) and r.event == "planted"]
    assert words == [BY_NAME[name].words]


def test_without_wifi_it_is_offline(watched: Watched) -> None:
    watched.run(LONG_S, (20, "wifi"), (100, "wifi"))
    assert watched.states(60, 100) == {"OFFLINE"} and watched.states(200) == {"LIVE"}


def test_without_power_nothing_runs_until_it_is_back(watched: Watched) -> None:
    reports = watched.run(100, (20, "power"), (80, "power"))
    assert [r.event for r in reports if 20 < r.t < 80] == ["power-cut"]  # type: ignore[union-attr]
    assert len(watched.scene.boots) == 2 and watched.scene.boots[-1].cause == 1
    assert watched.states(85) == {"LIVE"}


def test_a_weak_supply_gives_way_at_once_and_whenever_the_beam_moves(watched: Watched) -> None:
    watched.run(LONG_S, (0.8, "brown-out"), (60, "brown-out"))
    dips = watched.events().count("brown-out")
    assert dips > 3 and len(watched.scene.boots) == dips + 1  # it never gets to its place
    assert watched.states(65) == {"LIVE"} and watched.scene.device.board.options.rtc == "survives"


def test_that_a_machine_is_too_slow_is_said_once_and_not_for_a_moment(watched: Watched) -> None:
    scene, told = watched.scene, []
    scene.watch_rest = lambda: told.append(scene.pace.told()["short"])
    for reached in (20.0, 60.0, 20.0, 21.26, 20.0, 60.0):
        scene.pace.reached = reached
        scene._measured()
    late = [r.words for r in watched.reports if isinstance(r, Event) and r.event == "late"]
    assert late == ["60 times real time; it reaches 21.3"]
    assert told == [True, False, True, True, True, False]


def test_a_slow_update_server_hinders_and_harms_nothing(watched: Watched) -> None:
    watched.run(LONG_S, (10, "server"), (200, "server"))
    hindered = [r.t for r in watched.reports if isinstance(r, Event) and r.event == "hindered"]
    assert hindered and min(hindered) > 20 and max(hindered) < 260
    assert watched.states(300) == {"LIVE"}


def test_a_clock_that_is_years_off_is_seen(watched: Watched) -> None:
    watched.run(200, (20, "clock"), (100, "clock"))
    assert watched.states(30, 100) - {"LIVE"}
    assert watched.states(120) == {"LIVE"}
