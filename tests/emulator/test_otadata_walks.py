"""The emulated boot record against a second model: every small case, and long random walks.

The model decides what must happen; the emulated flash is read and its operations are counted.
"""

from itertools import product

import hypothesis.strategies as st
import otadata_model as model
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from images import BLANK, OTADATA, app, entry, flash, poke

from host_tools.emulator.bootloader import BootFailure, boot, select
from host_tools.emulator.flash import PAGE, Op, PowerCut
from host_tools.emulator.ota_ops import SAME_SLOT, OtaError, mark_valid, set_boot_partition
from host_tools.emulator.otadata import Entry, seq_crc
from host_tools.emulator.partitions import PartitionTable
from host_tools.emulator.tear import ERASE_TEARS, tears

NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF
STATES = (NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED, 7)
APPS = {name: app(b"app " + name.encode()) for name in "012f"}
AT = {"0": 0x10000, "1": 0x20000, "2": 0x30000, "f": 0x40000}
GOOD, ROTTEN, ERASED = "good", "rotten", "erased"  # an app: whole, its code changed, gone
RECORD_PAGE = OTADATA // PAGE
PROGRAM_TEARS = tears(Op(0, "program", OTADATA, 32, "", bytes(32)))


def page(data):
    return data + b"\xff" * (PAGE - len(data))


APP_PAGES = {
    (name, how): page(data)
    for name, whole in APPS.items()
    for how, data in ((GOOD, whole), (ROTTEN, whole[:-40] + b"\xa5" + whole[-39:]), (ERASED, b""))
}


def device(slots, factory=False):
    """A chip of 1 MiB with all its apps, and its table."""
    rows = [("otadata", 1, 0, OTADATA, 0x2000)]
    rows += [(f"ota_{n}", 0, 0x10 + n, AT[str(n)], 0x10000) for n in range(slots)]
    rows += [("factory", 0, 0, AT["f"], 0x10000)] if factory else []
    chip = flash(rows=rows, mib=1)
    for name, at in AT.items():
        chip.pages[at // PAGE] = APP_PAGES[name, GOOD]
    return chip, PartitionTable.read(chip)


CHIPS = {(n, factory): device(n, factory) for n in (1, 2, 3) for factory in (False, True)}


def name_of(slot):
    return "f" if slot.label == "factory" else slot.label[-1]


def packed(seq, crc_good, state):
    return entry(seq, state, None if crc_good else seq_crc(seq) ^ 1)


def record(chip):
    return [model.entry(chip.read(OTADATA + at, 32)) for at in (0, PAGE)]


# --- every case --------------------------------------------------------------------------------


def cases(*seqs):
    """Every pair of entries of these classes."""
    one = list(product(seqs, (True, False), STATES))
    return product(one, one)


@pytest.mark.parametrize(("slots", "factory"), [(1, False), (2, False), (3, False), (2, True)])
def test_every_selection(slots, factory):
    made = {
        one: Entry(one[0], one[2], seq_crc(one[0]) ^ (not one[1]))
        for pair in cases(0xFFFFFFFF, 0, 1, 2, 3, 0xFFFFFFFE)
        for one in pair
    }
    for first, second in product(made, made):
        for rollback in (True, False):
            got = select(made[first], made[second], slots, rollback, has_factory=factory)
            writes = [(w.sector, (w.entry.seq, w.entry.crc_ok, w.entry.state)) for w in got.writes]
            expected = model.select((first, second), slots, rollback, factory)
            assert (got.index, got.initial, writes) == expected, (first, second, rollback)


@pytest.mark.parametrize("rollback", [True, False])
@pytest.mark.parametrize("good", ["", "0", "1", "01"])
def test_every_boot_of_two_slots(good, rollback):
    chip, _ = CHIPS[2, False]
    chip = chip.copy()
    for name in "01":
        how = GOOD if name in good else ROTTEN
        chip.pages[AT[name] // PAGE] = APP_PAGES[name, how]
    for pair in cases(0xFFFFFFFF, 1, 2, 3):
        for sector, one in enumerate(pair):
            chip.pages[RECORD_PAGE + sector] = page(packed(*one))
        done, expected = chip.ops, list(pair)
        found, writes = model.boot(pair, good, 2, rollback)
        for index, one in writes:
            expected[index] = one
        assert started(chip, rollback) == found, pair
        assert record(chip) == expected, pair
        assert chip.ops - done == 2 * len(writes), pair


def started(chip, rollback=True):
    """The app that starts; None where the chip resets for ever."""
    try:
        return name_of(boot(chip, rollback=rollback).slot)
    except BootFailure as failure:
        assert failure.reason == "no bootable app"
        return None


# --- a torn write that looks whole ---------------------------------------------------------------


def test_a_hole_where_the_state_stands_starts_the_new_app_unmonitored():
    chip, table = CHIPS[2, False]
    chip = chip.copy()
    assert started(chip) == "0"
    chip.cut = (chip.ops + 1, "hole:6")  # word 6 of 8 is the state, which the CRC does not cover
    with pytest.raises(PowerCut):
        set_boot_partition(chip, table, table.first(label="ota_1"))
    assert record(chip)[1] == (2, True, UNDEFINED)
    done = chip.ops
    for _ in range(3):  # no trial: it may reset as often as it likes
        assert started(chip) == "1"
    assert chip.ops == done
    poke(chip, AT["1"] + len(APPS["1"]) - 40, b"\xa5")
    assert started(chip) == "0"


@pytest.mark.parametrize("tear", [tear for tear in PROGRAM_TEARS if tear != "after"])
def test_any_other_torn_selection_keeps_the_old_app(tear):
    chip, table = CHIPS[2, False]
    chip = chip.copy()
    assert started(chip) == "0"
    chip.cut = (chip.ops + 1, tear)
    with pytest.raises(PowerCut):
        set_boot_partition(chip, table, table.first(label="ota_1"))
    assert started(chip) == ("1" if tear == "hole:6" else "0")


# --- walks -------------------------------------------------------------------------------------


@settings(
    derandomize=True, max_examples=250, stateful_step_count=40, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
class Walk(RuleBasedStateMachine):
    """One device, and what the model says of it."""

    @initialize(
        slots=st.integers(1, 3), factory=st.booleans(), rollback=st.booleans(),
        same_slot=st.sampled_from(SAME_SLOT),
    )  # fmt: skip
    def power_on(self, slots, factory, rollback, same_slot):
        chip, self.table = CHIPS[slots, factory]
        self.chip = chip.copy()
        self.chip.on_op = lambda op: self.log.append((op.kind, (op.addr - OTADATA) // PAGE))
        self.log = []
        self.slots, self.factory = slots, factory
        self.rollback, self.same_slot = rollback, same_slot
        self.apps = dict.fromkeys([*"012"[:slots], *(["f"] if factory else [])], GOOD)
        self.runs = None  # the app that was started last
        self.record = record(self.chip)

    def act(self, writes, call):
        """Do what must lead to these writes and to nothing else. False when it was cut."""
        self.log.clear()
        ops = [(kind, index) for index, _ in writes for kind in ("erase", "program")]
        try:
            call()
        except PowerCut:
            done = len(self.log) - 1
            assert self.log == ops[: done + 1]
            for index, one in writes[: done // 2]:
                self.record[index] = one
            self.chip.power_on()
            torn = writes[done // 2][0]
            self.record[torn] = record(self.chip)[torn]
            self.runs = None
            return False
        self.chip.cut = None
        assert self.log == ops
        for index, one in writes:
            self.record[index] = one
        return True

    @invariant()
    def the_flash_holds_what_the_model_says(self):
        if hasattr(self, "chip"):
            assert record(self.chip) == self.record

    @rule(op=st.integers(0, 3), tear=st.integers(0, 63))
    def arm_a_cut(self, op, tear):
        """In the next thing done, if it has that many operations: erases and programs alternate."""
        modes = PROGRAM_TEARS if op % 2 else ERASE_TEARS
        self.chip.cut = (self.chip.ops + op, modes[tear % len(modes)])

    @rule(
        index=st.integers(0, 1), seq=st.sampled_from([0, 1, 2, 3, 4, 5, 0xFFFFFFF0, 0xFFFFFFFF]),
        crc_good=st.booleans(), state=st.sampled_from(STATES),
    )  # fmt: skip
    def find_any_entry(self, index, seq, crc_good, state):
        self.chip.weak.pop(RECORD_PAGE + index, None)
        self.chip.pages[RECORD_PAGE + index] = page(packed(seq, crc_good, state))
        self.record[index] = (seq, crc_good, state)

    @rule()
    def find_a_fresh_record(self):
        for index in (0, 1):
            self.chip.weak.pop(RECORD_PAGE + index, None)
            self.chip.pages[RECORD_PAGE + index] = page(b"")
        self.record = [model.entry(BLANK)] * 2

    @rule(data=st.data(), how=st.sampled_from([GOOD, GOOD, ROTTEN, ERASED]))
    def change_an_app(self, data, how):
        name = data.draw(st.sampled_from(sorted(self.apps)))
        self.apps[name] = how
        self.chip.pages[AT[name] // PAGE] = APP_PAGES[name, how]

    @rule(power=st.booleans())
    def reset(self, power):
        if power:
            self.chip.power_on()  # what an erase left weak shows
            self.record = record(self.chip)
        self.boot()

    def boot(self, **wake):
        good = [name for name, how in self.apps.items() if how == GOOD]
        found, writes = model.boot(self.record, good, self.slots, self.rollback, self.factory)
        ended = []

        def call():
            try:
                ended.append(boot(self.chip, rollback=self.rollback, **wake).slot)
            except BootFailure as failure:
                assert failure.reason == "no bootable app"

        if self.act(writes, call):
            assert [name_of(slot) for slot in ended] == ([found] if found else [])
            self.runs = ended[0] if ended else None

    @rule(remembers=st.booleans())
    def wake_from_deep_sleep(self, remembers):
        runs = self.runs if remembers else None
        if runs is None or self.apps[name_of(runs)] == ERASED:
            self.boot(deep_sleep_wake=True, remembered=runs)
        else:
            woken = []

            def call():
                woken.append(boot(self.chip, deep_sleep_wake=True, remembered=runs))

            self.act([], call)
            assert (woken[0].slot, woken[0].unverified) == (runs, True)

    @rule(data=st.data())
    def set_boot(self, data):
        slot = data.draw(st.sampled_from(self.table.ota_slots))
        writes = model.set_boot(
            self.record, slot.ota_index, self.slots, self.same_slot, self.rollback
        )
        good = self.apps[name_of(slot)] == GOOD
        refused = []

        def call():
            try:
                set_boot_partition(
                    self.chip, self.table, slot, same_slot=self.same_slot, rollback=self.rollback
                )
            except OtaError as error:
                refused.append(error.name)

        self.act(writes if good else [], call)
        assert refused == ([] if good else ["ESP_ERR_OTA_VALIDATE_FAILED"])

    @rule()
    def confirm(self):
        writes = model.mark_valid(self.record)
        refused = []

        def call():
            try:
                mark_valid(self.chip, self.table)
            except OtaError as error:
                refused.append(error.name)

        self.act(writes or [], call)
        assert refused == (["ESP_FAIL"] if writes is None else [])

    @precondition(lambda self: self.factory and self.apps["f"] == GOOD)
    @rule()
    def go_back_to_the_factory_app(self):
        self.chip.cut = None
        set_boot_partition(self.chip, self.table, self.table.factory)
        self.record = [model.entry(BLANK)] * 2


TestWalks = Walk.TestCase
