"""Planted faults that the tests of replay and report share. Proved shallowly: what counts is what
is said of them."""

from dataclasses import replace
from functools import cache

from host_tools.prove import kits, runner
from host_tools.prove.runner import Plan, Result, Task
from host_tools.prove.scenarios import FIRST_BOOT, NEXT, UPDATE, Scenario
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.subject import Limits

NEWER = "        if order > here:\n"
PLAN = Plan(depth=2, nest=("set_boot", "confirm"), limits=Limits(seconds=120))
INTERRUPTED = 'record.interrupted(before[3] if mine else "power")'
FOR_EVER = ("        known[_WAIT] -= 1\n", "        known[_WAIT] -= 0 if rejected else 1\n")
HASTY = replace(NEXT, cuts=("set_boot",))
SCENARIOS = (FIRST_BOOT, replace(UPDATE, cuts=("confirm", "set_boot")))


@cache
def healthy() -> Seesaw:
    return kits.seesaw()


@cache
def stubborn() -> Seesaw:
    """Never content with a newer release."""
    never = NEWER.replace(":", " and name < '0.3':")
    return kits.changed([("seesaw/update/choose.py", NEWER, never)])


@cache
def hasty() -> Seesaw:
    """Takes a trial that lost its power for one that failed, and never tries what has failed again:
    it takes two cuts to see that."""
    return kits.changed([
        ("seesaw/update/record.py", INTERRUPTED, 'record.failed("power")'),
        ("seesaw/update/record.py", *FOR_EVER),
    ])  # fmt: skip


@cache
def proved(faulty: bool) -> list[Result]:
    return [prove(stubborn() if faulty else healthy(), one) for one in SCENARIOS]


def prove(subject: Seesaw, scenario: Scenario) -> Result:
    result = runner.run(subject, PLAN, Task(scenario, None))
    result.add(runner.run(subject, PLAN, Task(scenario, range(len(result.steps)))))
    return result
