"""`seesaw replay ID`: one counterexample again, step by step, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from host_tools.emulator.flash import Flash
from host_tools.errors import UserError
from host_tools.prove import ids, memory, runner
from host_tools.prove.cuts import Kept
from host_tools.prove.explore import Explorer
from host_tools.prove.ids import Cut, Id
from host_tools.prove.listen import Missed, Watched
from host_tools.prove.runner import Plan
from host_tools.prove.scenario import Memory, Scenario
from host_tools.prove.story import Boot, Line, Run, Story, Torn
from host_tools.prove.subject import OK, Conditions, Subject, Verdict

ROW = 16  # bytes of a hexdump
PAD = " " * 12
State = tuple[Flash, Kept | None]  # as cuts.left() has it


def show(
    subject: Subject, typed: str, scenarios: Sequence[Scenario], plan: Plan, as_json: bool = False
) -> int:
    """Print the story of an id. 0: it comes back (now). 1: it does not. UserError: see tell()."""
    story = tell(subject, ids.parse(typed), scenarios, plan)
    print(json.dumps(asdict(story), indent=1) if as_json else "\n".join(text(story)))
    return 0 if story.verdict.ok else 1


def tell(
    subject: Subject,
    found: Id,
    scenarios: Sequence[Scenario],
    plan: Plan,
    release_hash: str = "",
) -> Story:
    """Run an id again. release_hash: of ids.fingerprint(), when it is known already.

    Raises UserError for an id of another release, or with a scenario, phase, number or tear that
    there is not; it names those that there are.
    """
    release_hash = release_hash or ids.fingerprint(subject)
    scenario = ids.scenario_of(found, scenarios, release_hash)
    found = replace(found, release=release_hash[: ids.RELEASE])
    story = Story(str(found), scenario.name, scenario.why, [], Verdict(OK))
    if scenario.memory and found.cuts:
        story.verdict = _struck(subject, scenario, scenario.memory, plan, story, found)
        return story
    try:
        state, trouble = _scenario(subject, scenario, story, found.cuts[:1])
        for nth in range(1, len(found.cuts) + 1) if found.cuts else (1,):
            after = found.cuts[nth : nth + 1]
            if trouble is None:
                state, story.verdict = _recover(subject, scenario, plan, story, state, after)
            else:
                story.verdict = trouble
    except Missed as missed:
        raise _nothing_there(found, story, missed.seen) from missed
    return story


def _scenario(
    subject: Subject, scenario: Scenario, story: Story, cuts: tuple[Cut, ...]
) -> tuple[State, Verdict | None]:
    """The scenario's own run: the state it leaves, and what was wrong when it ends by itself."""
    try:
        chip = runner.prepare(subject, scenario)
    except RuntimeError as error:
        raise UserError(f"id '{story.id}'", str(error), "prove the scenario first") from error
    world = runner.wanted(subject, scenario.world)
    run = Run(f"{scenario.name}: {scenario.why}", world)
    story.runs.append(run)
    watched = Watched(subject, run, cuts[0] if cuts else None)
    live = watched.start(chip, world)
    live.device.run(scenario.seconds, until=runner.over_when(live, scenario, subject))
    chip.on_op = None
    left = watched.left()
    if left is not None:
        return left, None
    trouble = live.trouble()
    return (chip, None), Verdict(*trouble) if trouble else None


def _struck(
    subject: Subject, scenario: Scenario, fault: Memory, plan: Plan, story: Story, found: Id
) -> Verdict:  # fmt: skip
    """The run of an out-of-memory scenario, with the one fault that the id names."""
    cut, form = found.cuts[0], f"{memory.PHASE}:LINE,{memory.how(fault)}"
    if (cut.phase, cut.tear, len(found.cuts)) != (memory.PHASE, memory.how(fault), 1):
        raise UserError(f"id '{found}'", f"'{scenario.name}' has no such fault",
                        f"its ids read {scenario.name}/{form}")  # fmt: skip
    world = runner.wanted(subject, scenario.world)
    run = Run(f"{scenario.name}: {scenario.why}", world)
    story.runs.append(run)
    watched = Watched(subject, run, None)
    live = watched.start(runner.prepare(subject, scenario), world)
    try:
        verdict = memory.again(live, subject, fault, plan.limits, cut.number)
    except KeyError as error:
        raise UserError(f"id '{found}'", f"the phase has no line {cut.number}",
                        f"it executes {error}") from error  # fmt: skip
    watched.left()
    return verdict


def _recover(
    subject: Subject, scenario: Scenario, plan: Plan, story: Story, state: State,
    cuts: tuple[Cut, ...],
) -> tuple[State, Verdict]:  # fmt: skip
    """One recovery, cut again or judged: the state that a cut left, and the verdict."""
    world = runner.recovery(subject, scenario)
    run = Run(f"recovery {len(story.runs)}: power, a good network, {world.offer} on offer", world)
    story.runs.append(run)
    watched = Watched(subject, run, cuts[0] if cuts else None)
    chip, kept = state
    verdict = Explorer(watched, world, plan.limits, plan.nest).settle(chip, 0, kept).verdict
    return watched.left() or state, verdict


def _nothing_there(found: Id, story: Story, seen: Counter[str]) -> UserError:
    cut = found.cuts[len(story.runs) - 1]
    where = "the scenario" if len(story.runs) == 1 else f"recovery {len(story.runs) - 1}"
    if cut.phase not in seen:
        there = ", ".join(seen) or "no flash operation"
        return UserError(f"id '{found}'", f"{where} has no phase '{cut.phase}'", f"it has {there}")
    last = seen[cut.phase] - 1
    return UserError(f"id '{found}'", f"no operation {cut.phase}:{cut.number} in {where}",
                     f"there are {cut.phase}:0 to {cut.phase}:{last}")  # fmt: skip


# -- in words ----------------------------------------------------------------------------------


def text(story: Story) -> Iterator[str]:
    """The story in lines. What a device printed is shown without control characters."""
    yield story.id
    for run in story.runs:
        yield from _run(run)
    yield ""
    yield f"verdict: {in_words(story.verdict)}"


def in_words(verdict: Verdict) -> str:
    """A verdict in one line."""
    words = f": {verdict.words}" if verdict.words else ""
    return clean(f"{verdict.name}{words} ({verdict.boots} boots, {verdict.elapsed_s} s)")


def world_in_words(world: Conditions) -> str:
    """What a run met, in one line; what is as it should be goes without saying."""
    parts = [f"offer {world.offer or 'nothing'}"]
    for name, value in (
        ("network", world.network), ("server", world.server), ("owner", world.owner),
    ):  # fmt: skip
        if value not in ("good", "nobody"):
            parts.append(f"{name} {value}")
    return ", ".join(parts + [f"{name} {value}" for name, value in world.hardware])


def clean(line: str) -> str:
    """Printable characters alone: a broken device may print anything."""
    return "".join(c if c.isprintable() else "?" for c in line)


def rows(data: str) -> Iterator[str]:
    """A hexdump of hex digits, ROW bytes a line."""
    raw = bytes.fromhex(data)
    for at in range(0, len(raw), ROW):
        yield f"{at:02x}  {raw[at : at + ROW].hex(' ')}"


def _run(run: Run) -> Iterator[str]:
    yield ""
    yield clean(f"-- {run.title}")
    yield clean(f"   {world_in_words(run.world)}")
    middle = (len(run.boots) + 1) // 2 if run.boots_left_out else -1
    for nth, boot in enumerate(run.boots):
        if nth == middle:
            yield f"{PAD}... {run.boots_left_out} boots left out ..."
        yield from _boot(boot)
    if run.cut:
        yield from _cut(run.cut)


def _at(us: int) -> str:
    return f"{us / 1e6:10.3f} s"


def _boot(boot: Boot) -> Iterator[str]:
    yield f"{_at(boot.at_us)}  boot {boot.number} after {boot.cause}"
    for said in boot.log:
        yield clean(f"{PAD}    {said}")
    for line in boot.lines:
        yield from _line(line)
    if boot.end:
        yield clean(f"{PAD}  {boot.end}")
    if boot.same:
        yield f"{PAD}  ... {boot.same} more boots like this one"


def _line(line: Line) -> Iterator[str]:
    mark = {"serial": "    | ", "op": "  ", "note": "  * "}[line.kind]
    yield clean(f"{_at(line.at_us)}{mark}{line.text}")
    if line.more:
        yield f"{PAD}    | ... {line.more} more such lines"


def _cut(cut: Torn) -> Iterator[str]:
    yield f"{_at(cut.at_us)}  POWER CUT at {cut.step}: {cut.op}"
    yield f"{PAD}  {cut.words}"
    for what, data in cut.dump:
        for nth, row in enumerate(rows(data)):
            yield f"{PAD}  {what if nth == 0 else '':9}{row}"
