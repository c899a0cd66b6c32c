"""Several troubles at once, drawn and shrunk by Hypothesis; in each the deciding writes are cut."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.prove import combinations, kits, runner
from host_tools.prove.combinations import AXES, Choice
from host_tools.prove.runner import Plan, Task

SWEPT = ("set_boot", "confirm")  # few, so that every torn state of each is settled
ALL = range(100_000)


@given(st.tuples(*(st.sampled_from(axis) for axis in AXES)).map(combinations.possible))
@settings(max_examples=10, deadline=None, derandomize=True, database=None)
def test_any_combination_comes_back_from_any_cut(choice: Choice) -> None:
    scenario = replace(combinations.scenario(choice), cuts=SWEPT)
    subject = kits.seesaw()
    alone = runner.run(subject, Plan(depth=1), Task(scenario, None))
    assert not alone.failures and not alone.missing
    if any(alone.phases[phase] for phase in SWEPT):
        swept = runner.run(subject, Plan(depth=1), Task(scenario, ALL))
        assert swept.counts.operations
        assert not swept.failures


def test_the_quick_sample_is_clean() -> None:
    subject = kits.seesaw()
    for scenario in combinations.scenarios():
        result = runner.run(subject, Plan(), Task(scenario, None))
        assert not result.failures and not result.missing, scenario.name


def test_a_sample_has_every_behaviour_before_any_comes_again() -> None:
    drawn = combinations.sample(40)
    # All axes but the last, which possible() may change.
    for axis, column in list(zip(AXES, zip(*drawn, strict=True), strict=True))[:-1]:
        counts = [column.count(name) for name in axis]
        assert sum(counts) == 40
        assert max(counts) - min(counts) <= 1
    assert combinations.sample(40) == drawn != combinations.sample(40, seed=1)


@pytest.mark.parametrize(
    ("offer", "owner", "hardware", "kept"),
    [
        ("0.2.1-wifi", "nobody", "no-rollback", False),
        ("0.2.1-app", "nobody", "no-rollback", True),
        ("0.2.1-app", "nobody", "dead-nvs", False),
        ("fix", "sets-in-trial", "dead-nvs", False),
        ("fix", "unplugs", "dead-nvs", True),
        ("0.2.1-wifi", "unplugs", "slow-flash", True),
    ],
)
def test_what_no_firmware_could_survive_is_on_good_hardware(
    offer: str, owner: str, hardware: str, kept: bool
) -> None:
    choice = ("good", "good", offer, owner, hardware)
    assert combinations.possible(choice) == (*choice[:4], hardware if kept else "")


def test_two_at_once_are_exhaustive() -> None:
    found = list(combinations.pairs(0, 3))  # networks and owners

    assert len(set(found)) == len(AXES[0]) * len(AXES[3]) == len(found)
    assert len(combinations.scenarios("full")) > 500
    with pytest.raises(KeyError):
        combinations.scenario(("good", "good", "fix", "nobody", "unknown"))
