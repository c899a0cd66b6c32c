"""What outlives a cut beside the flash, and that nothing is settled that was not looked at."""

import random
from collections.abc import Iterator
from dataclasses import replace

import planted
import pytest

from host_tools.emulator.board import PWRON, WDT
from host_tools.emulator.flash import Flash, Op
from host_tools.errors import UserError
from host_tools.prove import cuts, kits, replay, runner, zoo
from host_tools.prove.cuts import Kept
from host_tools.prove.explore import COUNTED_MAX, Explorer
from host_tools.prove.ids import parse
from host_tools.prove.runner import Plan, Task
from host_tools.prove.scenario import Scenario
from host_tools.prove.scenarios import ROLLBACK, UPDATE
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.settled import Record, Settled
from host_tools.prove.subject import BRICK, OK, Conditions, Limits, Verdict

LIMITS = Limits(seconds=240)
ERASE, PROGRAM = Op(0, "erase", 0, 4096, "x:1"), Op(0, "program", 0, 32, "x:1", bytes(32))
State = tuple[Flash, Kept | None]


def states(subject: Seesaw, scenario: Scenario, phases: tuple[str, ...]) -> Iterator[State]:
    """Every state that a cut of these phases' operations leaves."""
    chip = runner.prepare(subject, scenario)
    live = subject.start(chip, runner.wanted(subject, scenario.world))
    found: list[State] = []

    def cut(op: Op) -> None:
        if subject.phase(op, live.device.board.boots) in phases:
            found.extend(cuts.left(chip, op, one, live.device.board) for one in cuts.every(op))

    chip.on_op = cut
    live.device.run(scenario.seconds, until=runner.stop_when(live, scenario, subject))
    return iter(found)


def explorer(subject: Seesaw, scenario: Scenario) -> Explorer:
    return Explorer(subject, runner.recovery(subject, scenario), LIMITS)


# -- the ways to cut ---------------------------------------------------------------------------


def test_every_cut_of_a_model_is_one_that_there_is() -> None:
    for op in (ERASE, PROGRAM):
        assert set(cuts.power(op)) < set(cuts.standard(op)) < set(cuts.every(op))
        assert len(set(cuts.every(op))) == len(cuts.every(op))
        assert {cuts.tear_of(one) for one in cuts.every(op)} == set(cuts.power(op))
        for one in cuts.every(op):
            assert str(parse(f"update/boot:1,{one}")) == f"update/boot:1,{one}"
    assert cuts.kind("prefix:3+brownout") == "prefix+brownout"


def test_a_cut_that_there_is_not_is_refused() -> None:
    subject = planted.healthy()
    board = subject.start(subject.factory(subject.old).copy(), Conditions()).device.board
    with pytest.raises(ValueError, match="no cut '\\+flood'"):
        cuts.left(Flash(8192), ERASE, "after+flood", board)
    with pytest.raises(UserError, match="there are before, "):
        replay.tell(planted.healthy(), parse("update/set_boot:0,after+flood"), [UPDATE], Plan())


def test_rtc_memory_stands_after_a_brown_out_and_is_gone_without_power() -> None:
    found = list(states(kits.seesaw(), UPDATE, ("set_boot",)))
    kept = {state[1].cause for state in found if state[1]}

    assert kept == {PWRON, WDT}
    assert sum(state[1] is None for state in found) == sum(
        len(cuts.power(op)) for op in (ERASE, PROGRAM)
    )
    assert all(len(state[1].rtc) > 20 for state in found if state[1])


def test_a_device_finds_what_was_kept() -> None:
    subject = kits.seesaw()
    for flash, kept in states(subject, UPDATE, ("confirm",)):
        live = subject.start(flash.copy(), runner.recovery(subject, UPDATE))
        board = live.device.board
        seen: list[tuple[int, bytes]] = []
        boot = board.boot

        def look(boot=boot, board=board, seen=seen):  # type: ignore[no-untyped-def]
            seen.append((board.cause, board.rtc))
            return boot()

        board.boot = look  # type: ignore[method-assign]
        if kept:
            board.resume(kept.rtc, kept.cause)
        live.device.run(1)
        assert (seen[0] == (kept.cause, kept.rtc)) if kept else seen[0][0] == PWRON


def test_states_that_differ_in_rtc_memory_alone_are_told_apart() -> None:
    settled, flash = Settled(), Flash(8192)
    settled.add(flash, Record(Verdict(OK), 1, frozenset({1})))

    assert settled.find(flash, 1, Kept(b"x", WDT)) is None
    settled.add(flash, Record(Verdict(BRICK), 1, frozenset({1})), Kept(b"x", WDT))
    assert settled.find(flash, 1, Kept(b"x", PWRON)) is None
    assert settled.find(flash, 1, Kept(b"x", WDT)).verdict.name == BRICK  # type: ignore[union-attr]
    assert settled.find(flash, 1).verdict.ok  # type: ignore[union-attr]


def test_what_only_a_brown_out_shows_is_found_and_told_again() -> None:
    """The firmware takes what it finds in RTC memory for a crash of the trial."""
    row = next(row for row in zoo.load()[0] if row.name == "brown-out-condemns")
    device, one = zoo.subject(row), replace(row.scenarios[0], cuts=("confirm",))
    result = zoo.search(device, one, "cut")
    power = zoo.search(device, one, "torn", model=cuts.power)

    assert "+brownout" in result.failures[0].id and not power.failures
    story = replay.tell(device, parse(result.failures[0].id), [one], Plan(limits=LIMITS))
    assert story.verdict.name == result.failures[0].verdict.name
    assert "RTC memory outlives it" in "\n".join(replay.text(story))


# -- nothing is taken for settled that was not looked at ---------------------------------------


@pytest.mark.parametrize("scenario", [UPDATE, ROLLBACK], ids=lambda one: one.name)
def test_a_kept_state_that_is_looked_up_ends_as_its_own_run_does(scenario: Scenario) -> None:
    subject = kits.seesaw()
    known = explorer(subject, scenario)
    looked_up: list[tuple[State, Record]] = []
    for state in states(subject, scenario, ("set_boot", "confirm", "boot")):
        runs = known.counts.runs
        record = known.settle(state[0], 0, state[1])
        if known.counts.runs == runs:
            looked_up.append((state, record))
    assert len(looked_up) > 10
    for (flash, kept), record in random.Random(1).sample(looked_up, 10):
        assert explorer(subject, scenario).settle(flash, 0, kept).verdict == record.verdict


class Forgetful(Explorer):
    """Never takes an operation for one that it has seen."""

    def children(self, *args, **more):  # type: ignore[no-untyped-def]
        self._children.clear()
        return super().children(*args, **more)


@pytest.mark.parametrize(("device", "scenario"), [
    (planted.healthy, UPDATE), (planted.stubborn, UPDATE), (planted.hasty, planted.HASTY),
])  # fmt: skip
def test_an_operation_on_the_same_flash_has_the_same_children(  # type: ignore[no-untyped-def]
    device, scenario: Scenario
) -> None:
    """What is known of it stands for all of them: the failures are the same without."""
    subject, plan = device(), Plan(limits=LIMITS)
    steps = runner.run(subject, plan, Task(scenario, None)).steps
    where = [n for n, step in enumerate(steps) if step.phase in ("set_boot", "confirm")]
    task = Task(scenario, range(where[-1] - 1, where[-1] + 1))
    found = []
    for kind in (Explorer, Forgetful):
        made = kind(subject, runner.recovery(subject, scenario), LIMITS)
        result = runner.run(subject, plan, task, made)
        found.append([(one.id, one.verdict) for one in result.failures])
    assert found[0] == found[1]


def test_recoveries_share_their_second_cuts() -> None:
    """In full: each operation of a recovery is cut in the first that has it, and in some others."""
    subject, plan = kits.seesaw(), Plan(share=10)
    made = runner.explorer_of(subject, UPDATE, plan)
    result = runner.run(subject, plan, Task(UPDATE, range(20, 620, 200)), made)
    counts = result.counts

    assert not result.failures and counts.depth == 2
    assert {phase for phase, _, _ in counts.shared_all} > {"install", "record", "set_boot"}
    assert len(counts.shared_all) > 1000
    assert counts.shared == counts.shared_all
    assert 1 < max(made._shared.values()) <= COUNTED_MAX


def test_a_sampled_recovery_does_not_settle_a_state_for_good() -> None:
    settled, flash = Settled(), Flash(8192)
    settled.add(flash, Record(Verdict(OK), 1, frozenset({1}), (), sampled=True))

    assert settled.find(flash, 1, sampled=True) and settled.find(flash, 0)
    assert settled.find(flash, 1) is None


ROWS = [row for row in zoo.load()[0] if row.scenarios]
OPERATIONS, LOOKED_UP = 2, 2  # of a row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_looked_up_or_run_the_end_is_the_same_in_every_row_of_the_zoo(row: zoo.Row) -> None:
    subject, scenario = zoo.subject(row), row.scenarios[-1]
    chance = random.Random(row.name)
    chip = runner.prepare(subject, scenario)
    live = subject.start(chip, runner.wanted(subject, scenario.world))
    found: list[State] = []
    chosen: set[int] = set()

    def cut(op: Op) -> None:
        if op.index in chosen:
            found.extend(cuts.left(chip, op, one, live.device.board) for one in cuts.standard(op))

    total = len(runner.run(subject, Plan(limits=LIMITS), Task(scenario, None)).steps)
    chosen.update(chance.sample(range(total), min(OPERATIONS, total)))
    chip.on_op = cut
    live.device.run(scenario.seconds, until=runner.stop_when(live, scenario, subject))
    known = explorer(subject, scenario)
    looked_up = []
    for flash, kept in found:
        runs = known.counts.runs
        record = known.settle(flash, 0, kept)
        if known.counts.runs == runs:
            looked_up.append((flash, kept, record))
    for flash, kept, record in chance.sample(looked_up, min(LOOKED_UP, len(looked_up))):
        alone = explorer(subject, scenario).settle(flash, 0, kept)
        assert alone.verdict == record.verdict
