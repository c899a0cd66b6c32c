"""A fleet of emulated seesaws and its staged rollouts: who takes what, when, and by whose word."""

import json
from collections.abc import Callable

import pytest

from host_tools import cli
from host_tools.errors import UserError
from host_tools.market.instruments import INSTRUMENTS
from host_tools.twin import fleet_run, offers
from host_tools.twin.fleet import STAGES, Fleet, Unit
from host_tools.twin.fleet_view import FleetView
from host_tools.twin.words import Line

MOST_S = 1500.0  # of virtual time


class Told:
    """A fleet that runs as fast as this machine can, and what was told."""

    def __init__(self, count: int) -> None:
        self.lines: list[tuple[int | None, str]] = []
        self.view = FleetView()
        self.fleet = Fleet(count, 60, self.hear)
        self.fleet.lockstep._sleep = lambda seconds: None

    def hear(self, t: float, unit: Unit | None, line: Line) -> None:
        self.lines.append((unit.number if unit else None, line.text))
        self.view.hear(t, unit, line)

    def run(self, between: Callable[[Fleet], bool]) -> None:
        self.fleet.run(MOST_S, lambda: between(self.fleet))

    def asked(self) -> set[int]:
        """Those whom the share includes, by their ids."""
        fleet = self.fleet
        assert fleet.release
        version = fleet.release.version
        return {unit.number for unit in fleet.units if unit.place(version) < fleet.percent}

    def have(self, status: str) -> set[int]:
        return {unit.number for unit in self.fleet.units if unit.status == status}


def after(fleet: Fleet, since: dict[int, float], seconds: float) -> bool:
    """So long after this stage began."""
    return fleet.t >= since.setdefault(fleet.stage, fleet.t) + seconds


def test_each_stage_reaches_those_whose_place_is_within_it_and_nobody_else() -> None:
    told = Told(12)
    seen: list[tuple[int, set[int], set[int]]] = []
    since: dict[int, float] = {}

    def between(fleet: Fleet) -> bool:
        if fleet.release is None:
            if fleet.t > 30:
                fleet.begin()
            return False
        if after(fleet, since, 150):  # two looks, an install and a trial
            seen.append((fleet.percent, told.asked(), told.have("confirmed")))
            if fleet.is_whole:
                return True
            fleet.widen()
        return False

    told.run(between)
    assert [percent for percent, _, _ in seen] == list(STAGES)
    assert all(asked == confirmed for _, asked, confirmed in seen), seen
    assert len(seen[-1][1]) == 12 and len(seen[0][1]) < len(seen[2][1]) < 12
    assert told.fleet.release
    assert {unit.version for unit in told.fleet.units} == {told.fleet.release.version}
    assert not any(unit.device.board.faults or unit.ended for unit in told.fleet.units)
    assert {unit.state for unit in told.fleet.units} <= {"LIVE", "CLOSED"}


def test_a_crashing_release_comes_back_in_the_first_share_and_a_good_one_follows() -> None:
    told = Told(8)
    first: list[set[int]] = []

    def between(fleet: Fleet) -> bool:
        if fleet.release is None:
            fleet.begin(crash=True)
            while not told.asked():
                fleet.widen()
        elif fleet.crashing and told.have("rejected") == told.asked():
            first.append(told.asked())
            fleet.begin()
            while not fleet.is_whole:
                fleet.widen()
        return not fleet.crashing and len(told.have("confirmed")) == 8

    told.run(between)
    assert first and len(first[0]) < 8 and told.have("confirmed") == set(range(1, 9))
    assert {n for n, text in told.lines if text.startswith("Rejected")} == first[0]


def test_a_halted_release_is_taken_by_nobody() -> None:
    told = Told(4)

    def between(fleet: Fleet) -> bool:
        if fleet.release is None:
            fleet.begin()
            while not fleet.is_whole:
                fleet.widen()
            fleet.halt()
            stage = fleet.stage
            fleet.widen()
            assert fleet.halted and fleet.stage == stage
        if fleet.halted and fleet.t > 200:
            assert told.have("old") == {1, 2, 3, 4}
            fleet.halt()
        return len(told.have("confirmed")) == 4

    told.run(between)
    assert told.have("confirmed") == {1, 2, 3, 4}


def test_what_the_desk_cannot_do_is_said_and_the_fleet_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(2)

    def fail(*arguments: object, **more: object) -> None:
        raise UserError("the firmware", "it does not compile", "mend it")

    monkeypatch.setattr(offers, "make", fail)
    told.fleet.ask(told.fleet.begin)
    told.run(lambda fleet: fleet.t > 60)
    said = "That could not be done: the firmware: it does not compile; mend it"
    assert (None, said) in told.lines
    assert all(unit.state for unit in told.fleet.units) and told.fleet.release is None


def test_every_seesaw_has_an_id_of_its_own() -> None:
    fleet = Told(20).fleet
    assert len({unit.id for unit in fleet.units}) == 20
    assert [unit.instrument.name for unit in fleet.units][:16] == list(INSTRUMENTS)
    assert all(unit.device.board.unique_id() == unit.id for unit in fleet.units)
    places = [unit.place("0.1.1") for unit in fleet.units]
    assert len(set(places)) == 20 and places != [unit.place("0.1.2") for unit in fleet.units]


def test_the_page_is_told_all_of_it() -> None:
    told = Told(3)
    seen: dict[str, int] = {}
    told.view.look(told.fleet, at_once=True)
    state = told.view.wait(seen, 0)["state"]  # type: ignore[index]
    assert state["rollout"] == {"version": "", "percent": 0, "halted": False, "crashing": False,
                                "last": False}  # fmt: skip
    assert [unit["status"] for unit in state["units"]] == ["old"] * 3
    assert told.view.wait(seen, 0) == {}
    told.fleet.begin()
    told.view.look(told.fleet, at_once=True)
    state = told.view.state()
    assert state["rollout"]["percent"] == STAGES[0]
    assert state["log"][0]["text"].endswith(f"is offered to {STAGES[0]} % of the seesaws.")
    assert all(0 <= unit["place"] < 100 for unit in state["units"])
    told.view.close()
    assert told.view.wait(seen, 1) is None
    assert set(fleet_run.actions(told.fleet)) == {"offer", "offer-crashing", "widen", "halt",
                                                  "speed-1", "speed-10", "speed-60"}  # fmt: skip


# -- the command ----------------------------------------------------------------------------


def test_a_rollout_that_goes_by_itself_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["twin", "--fleet", "5", "--speed", "60", "--headless", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["status"] == {"confirmed": 5} and lines[-1]["percent"] == 100
    confirmed = [line["seesaw"] for line in lines if "is confirmed" in line.get("words", "")]
    assert sorted(confirmed) == [1, 2, 3, 4, 5]


def test_a_rollout_that_is_not_over_in_time_is_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["twin", "--fleet", "2", "--speed", "60", "--headless", "--for", "30"]
    assert cli.main(arguments) == 1
    assert "2 old" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--fleet", "0"], "1 to 60; --fleet 3"), (["--fleet", "61"], "1 to 60"),
     (["--fleet", "x"], "--fleet"),
     (["--fleet", "3", "--market", "live"], "--market"),
     (["--fleet", "3", "--record", "x"], "--record")],
)  # fmt: skip
def test_what_a_fleet_cannot_is_one_line(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["twin", *options]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.err.count("\n") == 1 and captured.out == ""
