"""Out of memory in every phase: the firmware comes back, a worse one is caught."""

import sys
from dataclasses import replace

import pytest

from host_tools.errors import UserError
from host_tools.prove import ids, kits, oom, replay, runner
from host_tools.prove.runner import Plan, Result, Task
from host_tools.prove.scenario import Scenario
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.subject import BRICK

STRIDE, LASTING_STRIDE = 5, 20  # lines; all of them are for the full proof
FULL = {one.name: one for one in oom.OUT_OF_MEMORY if one.budget == "full"}
ARM = "machine.WDT(timeout=WDT_MS)  #"


def every(one: Scenario, stride: int) -> Scenario:
    assert one.memory
    return replace(one, memory=replace(one.memory, stride=stride))


def look(subject: Seesaw, one: Scenario) -> Result:
    return runner.run(subject, Plan(), Task(one, None))


@pytest.mark.parametrize("name", sorted(FULL))
def test_the_firmware_comes_back(name: str) -> None:
    one = FULL[name]
    assert one.memory
    stride = LASTING_STRIDE if one.memory.lasting else STRIDE
    result = look(kits.seesaw(), every(one, stride))

    assert not result.failures and not result.missing, result
    assert result.counts.settled >= result.counts.runs > 0


def test_the_quick_budget_has_every_phase() -> None:
    quick = [one.name for one in oom.OUT_OF_MEMORY if one.budget == "quick"]
    assert [f"{name}-all" for name in quick] == list(FULL)
    assert len(quick) == 2 * len(oom.PHASES)


def test_a_launcher_without_its_first_watchdog_is_found_and_told_again() -> None:
    """Without that line a fault in the launcher waits at the REPL, and nobody pulls the plug."""
    subject = kits.changed([("launcher/main.py", ARM, "pass  #")])
    one = FULL["oom-launcher-all"]
    failures = look(subject, every(one, 10)).failures

    assert failures and all(found.verdict.name == BRICK for found in failures)
    assert failures[0].id.startswith("oom-launcher-all/memory:")
    story = replay.tell(subject, ids.parse(failures[0].id), [one], Plan())
    assert story.verdict.name == BRICK
    assert any("MemoryError" in line.text for boot in story.runs[0].boots for line in boot.lines)


def test_a_crash_handler_that_goes_on_is_found() -> None:
    """A launcher that carries on after a crash ends at the REPL, its watchdog unfed: it comes back.
    One that also feeds it for ever does not."""
    turn = "            machine.WDT(timeout=WDT_MS)\n            time.sleep(1)\n"
    deaf = "        while True:\n" + turn
    subject = kits.changed([("launcher/main.py", "        fall(error)\n", deaf)])
    found = look(subject, every(FULL["oom-following-all"], 40)).failures

    assert found and all(one.caller.startswith(("main.py", "seesaw/")) for one in found)


def test_a_fault_leaves_nothing_behind() -> None:
    before = sys.gettrace()
    one = FULL["oom-install-all"]
    story = replay.tell(kits.seesaw(), ids.parse(f"{one.name}/memory:137,once"), [one], Plan())

    assert story.verdict.ok
    assert sys.gettrace() is before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("memory:999999,once", "the phase has no line 999999; it executes "),
        ("memory:9,lasting", "has no such fault; its ids read oom-install-all/memory:LINE,once"),
        ("install:9,after", "has no such fault"),
        ("memory:9,once;boot:0,after", "has no such fault"),
    ],
)
def test_a_fault_that_there_is_not_is_one_line(typed: str, words: str) -> None:
    one = FULL["oom-install-all"]
    with pytest.raises(UserError, match="oom-install-all") as error:
        replay.tell(kits.seesaw(), ids.parse(f"{one.name}/{typed}"), [one], Plan())
    assert words in str(error.value)


def test_a_phase_that_never_comes_has_shown_nothing() -> None:
    one = FULL["oom-install-all"]
    never = replace(one, memory=replace(one.memory, begin="event=never"))  # type: ignore[type-var]
    result = look(kits.seesaw(), never)

    assert result.missing and not result.failures
