"""Merging by read sets is sound: a state that is looked up ends as it would if it were run."""

import random
from collections.abc import Iterable, Iterator
from functools import cache

import pytest
from garbage import other_garbage

from host_tools.emulator import app_image, lfs_image, partitions
from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.flash import BLANK, PAGE, Flash, Op
from host_tools.emulator.lfs_vfs import VfsLfs2
from host_tools.emulator.nvs import Nvs
from host_tools.emulator.partitions import PartitionTable
from host_tools.emulator.reads import Alike, Reads
from host_tools.emulator.tear import tears
from host_tools.prove import kits, runner
from host_tools.prove.explore import Explorer
from host_tools.prove.scenario import Scenario
from host_tools.prove.scenarios import NEXT, UPDATE
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.settled import Group, Record, Settled
from host_tools.prove.subject import BRICK, OK, Limits, Verdict

GOOD, BAD = Verdict(OK), Verdict(BRICK)
SOME = 9  # operations of a scenario whose torn states are sampled, beside all that select a slot
RUNTIME = 150  # so many operations at the start; there the runtime is copied
CHECKED = 40  # states of a scenario that were looked up, and are then run all the same
LIMITS = Limits(seconds=240)  # of virtual time; a healthy device takes half of it
# It takes a sector for copied when its beginning is right: a torn one stays torn for ever.
FAULTY = [("seesaw/update/install.py", "            if self._held == data:\n",
           "            if self._held[:512] == data[:512]:\n")]  # fmt: skip


# -- a state that was looked up ----------------------------------------------------------------


@cache
def subject(kind: str) -> Seesaw:
    return kits.changed(FAULTY) if kind == "faulty" else kits.seesaw()


def states(kind: str, scenario: Scenario, seed: int) -> Iterator[Flash]:
    """All torn states of some operations: a sample, of which neighbours tend to be alike."""
    made = subject(kind)
    count = len(runner.run(made, runner.Plan(), runner.Task(scenario, None)).steps)
    chance = random.Random(seed)
    chosen = {*chance.sample(range(count), SOME), *chance.sample(range(RUNTIME), SOME)}
    chip = runner.prepare(made, scenario)
    live = made.start(chip, runner.wanted(made, scenario.world))
    found: list[Flash] = []

    def cut(op: Op) -> None:
        if op.index in chosen or made.place(op.addr) == "otadata":
            for tear in tears(op):
                child = chip.copy()
                child.tear(op, tear)
                found.append(child)

    chip.on_op = cut
    live.device.run(scenario.seconds, until=runner.stop_when(live, scenario, made))
    yield from found


def explorer(kind: str, scenario: Scenario) -> Explorer:
    return Explorer(subject(kind), runner.recovery(subject(kind), scenario), LIMITS)


@pytest.mark.parametrize(
    ("kind", "scenario", "seed", "verdicts"),
    [("good", UPDATE, 7, {"ok"}), ("good", NEXT, 7, {"ok"}), ("faulty", NEXT, 9, {"ok", "deaf"})],
)
def test_a_state_that_is_looked_up_ends_as_its_own_run_does(
    kind: str, scenario: Scenario, seed: int, verdicts: set[str]
) -> None:
    known = explorer(kind, scenario)
    looked_up: list[tuple[Flash, Record]] = []
    seen = set()
    for state in states(kind, scenario, seed):
        runs = known.counts.runs
        record = known.settle(state, 0)
        seen.add(record.verdict.name)
        if known.counts.runs == runs:
            looked_up.append((state, record))
    random.Random(8).shuffle(looked_up)

    assert seen == verdicts
    assert len(looked_up) > CHECKED
    for state, record in looked_up[:CHECKED]:
        assert explorer(kind, scenario).settle(state, 0).verdict == record.verdict


@pytest.mark.parametrize(("kind", "scenario"), [("good", UPDATE), ("faulty", NEXT)])
def test_pages_outside_the_read_set_may_hold_anything(kind: str, scenario: Scenario) -> None:
    sample = list(states(kind, scenario, seed=9))
    for state in random.Random(10).sample(sample, 10):
        record = explorer(kind, scenario).settle(state, 0)
        other = state.copy()
        alike = {page for page, _ in record.alike}
        for page in set(range(len(other.pages))) - record.pages - alike:
            other.pages[page] = random.Random(page).randbytes(PAGE)
        for page in alike:
            other.pages[page] = other_garbage(other.pages[page], page)

        assert explorer(kind, scenario).settle(other, 0) == record


def test_what_is_cut_in_a_recovery_counts_byte_by_byte() -> None:
    """A torn repair of NVS can bring out entries that the run itself takes for garbage."""
    nvs = partition("nvs")
    chip = next(flash for flash, record in torn_records() if record)
    shallow, deep = explorer("good", UPDATE), explorer("good", UPDATE)
    deep.nest = None

    assert dict(shallow.settle(chip, 0).alike).keys() & set(nvs)
    found = deep.settle(chip, 1)
    assert found.pages & set(nvs)
    assert not dict(found.alike).keys() & found.pages


def torn_records() -> Iterator[tuple[Flash, bool]]:
    """States of an update whose record of the trial was cut: (flash, is an entry half written?)."""
    made = subject("good")
    chip = runner.prepare(made, UPDATE)
    live = made.start(chip, runner.wanted(made, UPDATE.world))
    found: list[tuple[Flash, bool]] = []

    def cut(op: Op) -> None:
        if made.place(op.addr) == "nvs":
            child = chip.copy()
            child.tear(op, "after")
            found.append((child, op.size > 4))

    chip.on_op = cut
    live.device.run(UPDATE.seconds, until=runner.stop_when(live, UPDATE, made))
    yield from found


# -- groups ------------------------------------------------------------------------------------


def flash(**pages: bytes) -> Flash:
    made = Flash(8 * PAGE)
    for name, data in pages.items():
        made.pages[int(name[1:])] = data.ljust(PAGE, b"\xff")
    return made


def test_only_the_pages_of_a_group_tell_states_apart() -> None:
    for pages in (frozenset({2, 5}), frozenset({2})):
        group = Group(Record(GOOD, 0, pages))
        assert group.key(flash(p2=b"a", p3=b"b")) == group.key(flash(p2=b"a", p3=b"c"))
        assert group.key(flash(p2=b"a")) != group.key(flash(p2=b"b"))


def test_a_sector_that_only_looks_erased_is_another_state() -> None:
    group, plain = Group(Record(GOOD, 0, frozenset({2, 5}))), flash()
    weak, powered, elsewhere = flash(), flash(), flash()
    weak.weak[2] = (b"x" * PAGE, False)
    powered.weak[2] = (b"x" * PAGE, True)
    elsewhere.weak[3] = (b"x" * PAGE, False)

    assert len({group.key(one) for one in (plain, weak, powered)}) == 3
    assert group.key(elsewhere) == group.key(plain)


def test_what_a_reader_makes_of_a_page_is_all_that_tells_it_apart() -> None:
    group = Group(Record(GOOD, 0, frozenset({5}), frozenset({(2, bytes.upper)})))

    assert group.key(flash(p2=b"a", p5=b"x")) == group.key(flash(p2=b"A", p5=b"x"))
    assert group.key(flash(p2=b"a", p5=b"x")) != group.key(flash(p2=b"b", p5=b"x"))
    assert group.key(flash(p2=b"a", p5=b"x")) != group.key(flash(p2=b"a", p5=b"X"))


def test_a_state_is_known_as_deep_as_it_was_looked_at() -> None:
    settled = Settled()
    settled.add(flash(p1=b"a"), Record(GOOD, 0, frozenset({1})))

    assert settled.find(flash(p1=b"a", p2=b"b"), 0).verdict == GOOD  # type: ignore[union-attr]
    assert settled.find(flash(p1=b"a"), 1) is None
    assert settled.find(flash(p1=b"b"), 0) is None
    settled.add(flash(p1=b"b"), Record(BAD, 2, frozenset({1, 4})))
    assert settled.find(flash(p1=b"b"), 1).verdict == BAD  # type: ignore[union-attr]
    assert settled.find(flash(p1=b"b", p4=b"c"), 0) is None
    assert sum(len(group.records) for group in settled._groups) == 2


# -- what counts as read -----------------------------------------------------------------------


def reading(chip: Flash) -> set[int]:
    """The pages that are read from now on, in whatever way."""
    chip.reads = Seen()
    return chip.reads.pages


class Seen(Reads):
    def note(self, pages: Iterable[int], alike: Alike | None = None) -> None:
        super().note(pages)


def test_reads_programs_and_torn_ends_count_unless_the_page_was_erased_in_this_run() -> None:
    chip = flash(p1=b"a", p2=b"b")
    pages = reading(chip)
    chip.read(PAGE - 1, 2)
    assert pages == {0, 1}
    chip.program(2 * PAGE + 8, b"\x01")
    assert pages == {0, 1, 2}
    chip.sectors(3, 5)
    assert pages == {0, 1, 2, 3, 4}
    chip.erase(6 * PAGE)
    chip.program(6 * PAGE, b"\x01")
    assert chip.read(6 * PAGE, 1) == b"\x01"
    chip.read(6 * PAGE, 0)
    assert pages == {0, 1, 2, 3, 4}
    chip.copy().read(7 * PAGE, 1)  # another run
    assert 7 not in pages


def test_a_page_that_was_read_in_two_ways_counts_as_it_is() -> None:
    chip = flash(p1=b"a", p2=b"b")
    chip.reads = Reads()
    for page in (1, 2):
        chip.read(page * PAGE, 4, bytes.upper)
    assert (chip.reads.pages, set(chip.reads.alike)) == (set(), {1, 2})
    chip.read(PAGE, 4)
    chip.program(2 * PAGE, b"b", bytes.lower)
    assert (chip.reads.pages, set(chip.reads.alike)) == ({1, 2}, set())


def test_an_erase_that_does_nothing_leaves_the_page_to_be_read() -> None:
    chip = flash(p1=b"a")
    chip.bad = frozenset({1})
    pages = reading(chip)
    chip.erase(PAGE)
    chip.read(PAGE, 1)

    assert pages == {1}


def partition(label: str) -> range:
    found = kits.load_board(kits.DEFAULT_BOARD).partition(label)
    return range(found.offset // PAGE, (found.offset + found.size) // PAGE)


def test_no_cache_hides_a_read() -> None:
    """The same boot twice: what an image check, a table and a mount remember is read all the
    same, and a cold start reads no more than a warm one."""
    found = []
    for warm in (False, True, True):
        if not warm:
            app_image._check_pages.cache_clear()
            lfs_image.image.cache_clear()
            partitions._parse.cache_clear()
        chip = kits.seesaw().factory(kits.OLD).copy()
        pages = reading(chip)
        device = CPythonDevice(chip, Companion(subject("good").companion.modules), Surroundings(),
                               Options())  # fmt: skip
        device.run(2)
        found.append(frozenset(pages))

    assert found[0] == found[1] == found[2]
    assert 8 in found[0]  # the table
    assert set(partition("nvs")) <= found[0]
    assert set(partition("otadata")) <= found[0]
    assert partition("ota_0")[-1] in found[0]  # the trailer
    used = {page for page, _ in subject("good").pages_of(kits.OLD)}
    assert {partition("ota_0")[0] + page for page in used} <= found[0]
    assert set(partition("vfs")[:2]) <= found[0]


def test_each_part_reads_for_itself() -> None:
    chip = kits.seesaw().factory(kits.OLD).copy()
    pages = reading(chip)
    PartitionTable.read(chip)
    assert pages == {8}
    nvs = partition("nvs")
    Nvs.start(chip, nvs[0] * PAGE, len(nvs) * PAGE)
    assert pages == {8, *nvs}
    chip.read(partition("data")[0] * PAGE, 4)
    assert partition("data")[0] in pages


def test_a_mount_reads_the_flash_anew() -> None:
    chip = kits.seesaw().factory(kits.OLD).copy()
    start = partition("vfs")[0] * PAGE

    class Device:
        def readblocks(self, block: int, buf: bytearray, off: int) -> None:
            buf[:] = chip.read(start + block * PAGE + off, len(buf))

        def ioctl(self, op: int, arg: int) -> int:
            return {4: len(partition("vfs")), 5: PAGE}.get(op, 0)

    sets = []
    for _ in range(2):
        pages = reading(chip)
        fs = VfsLfs2(Device())
        fs.open("main.py", "rb").read()
        sets.append(set(pages))

    assert sets[0] == sets[1]
    assert len(sets[0]) > 3
    assert sets[0] <= set(partition("vfs"))


def test_what_is_blank_shares_one_page() -> None:
    """States are compared by their pages: those that nobody wrote cost nothing."""
    assert all(page is BLANK for page in flash().copy().pages)
