"""The rows of the proof: each comes to its phase, and the healthy firmware is clean in it."""

import pytest

from host_tools.prove import combinations, ids, kits, runner
from host_tools.prove.hostile import HOSTILE, NETWORKS, OWNERS, RELEASES, SERVERS
from host_tools.prove.networks import NETWORKS as KNOWN_NETWORKS
from host_tools.prove.odd import ODD
from host_tools.prove.owners import OWNERS as KNOWN_OWNERS
from host_tools.prove.runner import Plan, Result, Task
from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.scenarios import (
    ANOTHERS,
    ELSEWHERE,
    FALL_BACK,
    HEAL,
    NEVER_LOOKS,
    NO_PRICES,
    NO_UPDATES,
    POWER,
    SCENARIOS,
    UPDATE,
)
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.servers import SERVERS as KNOWN_SERVERS
from host_tools.prove.subject import WRONG

LOSES = '        self.feed.state, self.feed.why = "OFFLINE", self.radio.trouble()\n'
WIPES = LOSES + """\
        from esp32 import NVS

        for key in ("config", "config_b"):
            NVS("seesaw").set_blob(key, b"{}")
"""


def look(subject: Seesaw, scenario: Scenario) -> Result:
    return runner.run(subject, Plan(), Task(scenario, None))


def bad(results: list[Result]) -> list[str]:
    return [f"{r.scenario}: {r.missing or r.failures}" for r in results if r.missing or r.failures]


@pytest.fixture(scope="module")
def subject() -> Seesaw:
    return kits.seesaw()


def test_rows_are_named_once_and_say_why() -> None:
    names = [one.name for one in (*SCENARIOS, *combinations.scenarios("full"))]

    assert len(set(names)) == len(names)
    assert all(one.why and one.budget in ("quick", "full") for one in SCENARIOS)
    assert all(ids.NAME.fullmatch(name) for name in names)


def test_every_behaviour_is_in_a_row() -> None:
    assert {*NETWORKS, "good", "lost-names", "lost-in-trial"} == set(KNOWN_NETWORKS)
    assert set(SERVERS) < set(KNOWN_SERVERS)
    assert {*RELEASES, "runtime", "stuck", "judge", "late.idle"} == set(ODD)
    assert {*OWNERS, "nobody", "sets-at-boot", "patient", "unplugs-data",
            "forgets", "sets-up", "takes-turns", "over-tls",
            "long-names"} == set(KNOWN_OWNERS)


def test_the_healthy_firmware_is_clean_in_every_world(subject: Seesaw) -> None:
    quick = [one for one in HOSTILE if one.budget == "quick"]
    results = [look(subject, one) for one in quick]

    assert len(results) > 60
    assert not bad(results), "\n".join(bad(results))


def test_the_phases_of_power_are_reached(subject: Seesaw) -> None:
    results = [look(subject, one) for one in (*POWER, *ELSEWHERE)]

    assert not bad(results), "\n".join(bad(results))


def test_another_driver_and_the_end_of_a_root_are_survived(subject: Seesaw) -> None:
    results = [look(subject, one) for one in (*ANOTHERS, NO_PRICES, NO_UPDATES, NEVER_LOOKS)]

    assert len(results) == 10
    assert not bad(results), "\n".join(bad(results))


@pytest.mark.parametrize("scenario", [HEAL, FALL_BACK], ids=lambda one: one.name)
def test_a_cut_while_it_mends_itself_is_survived(subject: Seesaw, scenario: Scenario) -> None:
    result = runner.run(subject, Plan(depth=1), Task(scenario, range(1000)))

    assert result.counts.operations >= 3
    assert not bad([result])


@pytest.mark.parametrize("board", ["esp32", "esp32s3", "esp32c3"])
def test_other_boards_live_in_the_same_worlds(board: str) -> None:
    subject = kits.seesaw(board=board)
    names = ("lossy", "bundle-truncated", "release-chip", "release-app", "unplugs", "brown-out")
    chosen = [UPDATE, HEAL, *(one for one in HOSTILE if one.name in names)]
    results = [look(subject, one) for one in chosen]

    assert len(results) == 2 + len(names)
    assert not bad(results), "\n".join(bad(results))


def test_what_a_world_wears_out_is_found() -> None:
    """A candidate that forgets its owner when the network is away: no cut is needed to show it."""
    subject = kits.changed([("seesaw/app.py", LOSES, WIPES)])
    absent = next(one for one in HOSTILE if one.name == "absent")
    (failure,) = look(subject, absent).failures

    assert (failure.id, failure.verdict.name) == ("absent", "amnesia")


def test_a_scenario_that_does_not_show_its_world_has_shown_nothing(subject: Seesaw) -> None:
    calm = Scenario("calm", "nothing strikes", offering("fix"), start="candidate",
                    until="struck:1", seconds=60, cuts=())  # fmt: skip
    result = look(subject, calm)

    assert "not struck:1" in result.missing and not result.failures


def test_what_nothing_takes_back_ends_a_run() -> None:
    """A wrong bundle is seen when its slot is selected, not after ten hours of installs."""
    refused = '        raise InstallError("the bundle\'s hash is wrong")'
    faulty = kits.changed([("seesaw/update/install.py", refused, "        pass")])
    (scenario,) = (one for one in HOSTILE if one.name == "release-hash")
    live = faulty.start(runner.prepare(faulty, scenario), runner.wanted(faulty, scenario.world))
    outcome = live.device.run(scenario.seconds, until=runner.over_when(live, scenario, faulty))

    assert (outcome.reason, outcome.boots) == ("until", 1) and live.spoilt()
    (failure,) = look(faulty, scenario).failures
    assert failure.verdict.name == WRONG and "holds no release" in failure.verdict.words
