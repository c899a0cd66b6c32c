"""The first proof: the power may go at every erase of an update and at both ends of every program.

One update is run to see its flash operations; then it is run again once per such operation and
side of it, cut there, and given power, network and the same offer: it must boot, move the beam and
end up on the new release, confirmed, with the owner's settings.
"""

from rig import SETTINGS, World, new_flash, release

from host_tools.emulator.flash import Op

BOOTS_MAX = 6  # after the power is back
SECONDS_MAX = 3600  # of virtual time, likewise


def run_once() -> list[Op]:
    """The flash operations of an update from power-on to the confirm."""
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    ops: list[Op] = []
    world.flash.on_op = ops.append
    outcome = world.run(SECONDS_MAX, until=lambda: world.said("event=confirmed"))
    assert outcome.reason == "until", outcome
    assert world.confirmed("0.2.0")
    assert not world.device.board.faults
    return ops


def ends(ops: list[Op]) -> list[Op]:
    """The erases, and the first and last operation of each run of programs."""
    chosen = []
    for before, op, after in zip([None, *ops], ops, [*ops[1:], None], strict=False):
        goes_on = [
            one is not None and two is not None and one.addr + one.size == two.addr
            and one.kind == two.kind == "program"
            for one, two in ((before, op), (op, after))
        ]  # fmt: skip
        if op.kind == "erase" or not all(goes_on):
            chosen.append(op)
    return chosen


def after_cut(index: int, when: str) -> str:
    """Cut there, power on again; what is wrong then, "" for nothing."""
    old, new = release("0.1.0"), release("0.2.0")
    flash = new_flash(old)
    cut = World(flash, [old, new], offered=new)
    outcome = cut.run(SECONDS_MAX, cut=(index, when))
    if outcome.reason != "cut":
        return f"was not cut: {outcome}"
    world = World(flash, [old, new], offered=new)
    outcome = world.run(
        SECONDS_MAX, until=lambda: world.confirmed("0.2.0") and world.moved() and world.follows()
    )
    if outcome.reason != "until":
        return f"did not come to run 0.2.0, confirmed and moving: {outcome} {world.lines[-3:]}"
    if outcome.boots > BOOTS_MAX:
        return f"took {outcome.boots} boots"
    if world.device.board.faults or cut.device.board.faults:
        return f"faults: {cut.device.board.faults + world.device.board.faults}"
    kept = world.device.board.storage.nvs.get_blob("seesaw", "config")
    if SETTINGS["ssid"].encode() not in kept:
        return "the owner's settings are gone"
    return ""


def test_the_update_survives_a_power_cut_at_every_erase_and_end_of_a_program() -> None:
    ops = run_once()
    assert {op.kind for op in ops} == {"erase", "program"}
    callers = {op.caller.split(":")[0] for op in ops}
    assert "seesaw/update/install.py" in callers, callers
    chosen = ends(ops)
    assert len(chosen) > 60
    failures = [
        f"{op.kind} {op.index} at {op.addr:#x} by {op.caller}, cut {when}: {trouble}"
        for op in chosen
        for when in ("before", "after")
        if (trouble := after_cut(op.index, when))
    ]

    print(f"{len(ops)} flash operations, {2 * len(chosen)} cuts, {len(failures)} failures")
    assert not failures, "\n".join(failures)


def test_the_proof_sees_a_release_that_cannot_be_updated() -> None:
    """The question is not empty: a device whose updater is dead never comes to run the fix."""
    deaf = release("0.1.0", ("updater.py", "async def look(self) -> None:",
                             "async def look(self) -> None:\n        raise Nothing('deaf')\n"
                             "    async def unused(self) -> None:"))  # fmt: skip
    fix = release("0.2.0")
    world = World(new_flash(deaf), [deaf, fix], offered=fix)
    outcome = world.run(SECONDS_MAX, until=lambda: world.confirmed("0.2.0"))

    assert outcome.reason == "time"
