"""What an app does to the boot record, and the three ways to do it wrong."""

import pytest
from images import BLANK, BOARD, OTA_1, OTADATA, app, entry, flash, poke, table

from host_tools.emulator.bootloader import boot
from host_tools.emulator.flash import PowerCut
from host_tools.emulator.ota_ops import (
    OtaError,
    boot_partition,
    mark_valid,
    next_update,
    set_boot_partition,
    slot_count,
)
from host_tools.emulator.otadata import State, read_entries
from host_tools.emulator.partitions import PartitionTable, parse_table

A = app(b"release A")
B = app(b"release B")
C = app(b"release C")
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = State
RECORD = ("otadata", 1, 0, OTADATA, 0x2000)
THREE = [RECORD] + [
    (f"ota_{n}", 0, 0x10 + n, 0x10000 + n * 0x10000, 0x10000) for n in range(3)
]
FACTORY = ("factory", 0, 0, 0x80000, 0x10000)


class Device:
    """A flash with the calls that an app makes on its own board."""

    def __init__(self, *args, **options):
        self.flash = flash(*args, **options)
        self.table = PartitionTable.read(self.flash)

    def slot(self, label):
        return self.table.first(label=label)

    def set_boot(self, label, **options):
        set_boot_partition(self.flash, self.table, self.slot(label), **options)

    def confirm(self):
        mark_valid(self.flash, self.table)

    def boot(self):
        return boot(self.flash).slot.label

    @property
    def selected(self):
        return boot_partition(self.flash, self.table).label

    @property
    def entries(self):
        return tuple(str(one) for one in read_entries(self.flash, self.table.otadata))


def error(call, *args, **options):
    with pytest.raises(OtaError) as caught:
        call(*args, **options)
    return caught.value.code, caught.value.name


# --- set_boot ----------------------------------------------------------------------------------


def test_update_and_update_back():
    device = Device(A, B)
    assert device.boot() == "ota_0"
    for seq, label in ((2, "ota_1"), (3, "ota_0"), (4, "ota_1")):
        done = device.flash.ops
        device.set_boot(label)
        assert device.flash.ops == done + 2
        assert f"seq {seq} NEW" in device.entries
        assert device.selected == label
        assert device.boot() == label
        device.confirm()
        assert f"seq {seq} VALID" in device.entries
    assert device.entries == ("seq 3 VALID", "seq 4 VALID")


def test_the_number_of_an_aborted_try_comes_back():
    device = Device(A, B, (entry(1, VALID), entry(2, ABORTED)))
    device.set_boot("ota_1")
    assert device.entries == ("seq 1 VALID", "seq 2 NEW")


@pytest.mark.parametrize(
    ("active_seq", "label", "seq"),
    [(1, "ota_1", 2), (1, "ota_2", 3), (2, "ota_0", 4), (3, "ota_1", 5), (4, "ota_2", 6),
     (7, "ota_2", 9), (9, "ota_2", 9)],
)  # fmt: skip
def test_numbers_with_three_slots(active_seq, label, seq):
    device = Device(A, B, (entry(active_seq, VALID), BLANK), rows=THREE)
    poke(device.flash, 0x30000, C)
    device.set_boot(label)
    assert device.entries[1] == f"seq {seq} NEW"
    assert device.selected == label


@pytest.mark.parametrize("entries", [(BLANK, BLANK), (entry(7, ABORTED), entry(8, INVALID))])
def test_without_an_active_entry_entry_0_is_written(entries):
    device = Device(A, B, entries)
    device.set_boot("ota_1")
    assert device.entries[0] == "seq 2 NEW"
    assert device.flash.read(OTADATA + 0x1000, 32) == entries[1]


def test_the_label_field_survives():
    raw = bytearray(entry(1, ABORTED))
    raw[4:24] = b"twenty bytes of label"[:20]
    device = Device(A, B, (bytes(raw), entry(2, VALID)))
    device.set_boot("ota_0")
    assert device.flash.read(OTADATA + 4, 20) == bytes(raw[4:24])


def test_same_slot_in_old_and_new_esp_idf():
    entries = (entry(3, VALID), entry(2, VALID))
    old = Device(A, B, entries)
    old.set_boot("ota_0")
    assert old.entries == ("seq 3 VALID", "seq 3 NEW")  # the record of ota_1 is gone
    new = Device(A, B, entries)
    new.set_boot("ota_0", same_slot="rewrite_active")
    assert new.entries == ("seq 3 NEW", "seq 2 VALID")
    new.set_boot("ota_1", same_slot="rewrite_active")
    assert new.entries == ("seq 3 NEW", "seq 4 NEW")


def test_without_rollback_the_state_is_undefined():
    device = Device(A, B, (entry(1, VALID), BLANK))
    device.set_boot("ota_1", rollback=False)
    assert device.entries[1] == "seq 2 UNDEFINED"


def test_what_does_not_verify_is_not_selected():
    device = Device(A, B[:-1] + b"\0", (entry(1, VALID), BLANK))
    for label in ("ota_1", "vfs", "nvs"):
        assert error(device.set_boot, label) == (0x1503, "ESP_ERR_OTA_VALIDATE_FAILED")
    assert error(device.set_boot, "ota_0", chip="esp32c3")[0] == 0x1503
    assert device.flash.ops == 0


def test_an_image_over_the_bootloaders_ram_passes_here_and_fails_at_boot():
    device = Device(A, app(segments=[(0x3FFF0030, bytes(64))]), (entry(1, VALID), BLANK))
    device.set_boot("ota_1")
    assert device.boot() == "ota_0"


def test_an_app_in_a_data_partition():
    device = Device(A)
    poke(device.flash, 0x370000, A)
    assert error(device.set_boot, "vfs") == (0x102, "ESP_ERR_INVALID_ARG")


def test_factory_erases_the_boot_record():
    device = Device(A, B, (entry(1, VALID), entry(2, VALID)), rows=[*THREE, FACTORY])
    poke(device.flash, 0x80000, C)
    assert device.boot() == "ota_1"
    device.set_boot("factory")
    assert device.entries == ("blank", "blank")
    assert device.flash.ops == 2
    assert device.selected == device.boot() == "factory"


def test_without_otadata():
    device = Device(A, B, rows=[*BOARD[3:], FACTORY])
    poke(device.flash, 0x80000, C)
    missing = (0x105, "ESP_ERR_NOT_FOUND")
    assert error(device.set_boot, "ota_0") == missing
    assert error(device.set_boot, "factory") == missing
    assert error(device.confirm) == missing
    assert boot_partition(device.flash, device.table) is None


def test_a_slot_beyond_a_gap_is_no_target():
    device = Device(A, rows=[THREE[0], THREE[1], THREE[3]])
    poke(device.flash, 0x30000, A)
    assert slot_count(device.table) == 1
    assert error(device.set_boot, "ota_2") == (0x102, "ESP_ERR_INVALID_ARG")


# --- mark_valid, next_update, boot_partition ---------------------------------------------------


def test_confirm_twice_writes_once():
    device = Device(A, B, (entry(1, VALID), entry(2, PENDING)))
    device.confirm()
    assert (device.entries[1], device.flash.ops) == ("seq 2 VALID", 2)
    device.confirm()
    assert device.flash.ops == 2


@pytest.mark.parametrize(
    "entries",
    [(BLANK, BLANK), (entry(1, ABORTED), entry(2, ABORTED)), (entry(1, VALID, 0), BLANK)],
)
def test_nothing_active_to_confirm(entries):
    device = Device(A, B, entries)
    assert error(device.confirm) == (-1, "ESP_FAIL")


def test_next_update_goes_round():
    slots = parse_table(table([*THREE, FACTORY]), 4 << 20)
    labels = ["factory", "ota_0", "ota_1", "ota_2"]
    following = [next_update(slots, slots.first(label=label)).label for label in labels]
    assert following == ["ota_0", "ota_1", "ota_2", "ota_0"]
    alone = parse_table(table([FACTORY]), 4 << 20)
    assert next_update(alone, alone.factory) is None


def test_boot_partition_does_not_look_at_images():
    device = Device(b"", b"", (entry(1, VALID), entry(2, VALID)))
    assert device.selected == "ota_1"
    assert Device(entries=(entry(1, VALID, 0), entry(2, VALID, 0))).selected == "ota_0"
    assert Device().selected == "ota_0"
    bare = flash(rows=[RECORD])
    assert boot_partition(bare, PartitionTable.read(bare)) is None


# --- power cuts --------------------------------------------------------------------------------


def update(device):
    """set_boot, first boot, confirm: six operations."""
    device.set_boot("ota_1")
    assert device.boot() == "ota_1"
    device.confirm()


def test_each_of_the_seven_states_of_an_update_boots():
    def settled(cut):
        device = Device(A, B, (entry(1, VALID), BLANK))
        device.flash.cut = cut
        if cut is None:
            update(device)
            assert device.flash.ops == 6
        else:
            with pytest.raises(PowerCut):
                update(device)
        return device.boot()

    before = [settled((index, "before")) for index in range(6)]
    # ota_1 is started only where its record is whole and no trial is open; a cut after the erase
    # in the confirmation brings back the old release.
    assert before == ["ota_0", "ota_0", "ota_1", "ota_0", "ota_0", "ota_0"]
    assert [settled((index, "after")) for index in range(6)] == [*before[1:], "ota_1"]
    assert settled(None) == "ota_1"


@pytest.mark.parametrize("first", range(6))
@pytest.mark.parametrize("second", range(4))
def test_a_second_cut_in_the_boot_that_follows_still_boots(first, second):
    for when in ("before", "after"):
        device = Device(A, B, (entry(1, VALID), BLANK))
        device.flash.cut = (first, "after")
        with pytest.raises(PowerCut):
            update(device)
        device.flash.cut = (device.flash.ops + second, when)
        for _ in range(3):
            try:
                assert device.boot() in ("ota_0", "ota_1")
            except PowerCut:
                assert device.flash.cut is None
        device.flash.cut = None  # where so few operations were needed that it never came
        update(device)
        assert device.boot() == "ota_1"


# --- three hazards that firmware must avoid ----------------------------------------------------


def test_hazard_confirming_from_a_fallback_confirms_the_bad_slot():
    device = Device(A, B, (entry(1, VALID), BLANK))
    device.set_boot("ota_1")
    poke(device.flash, OTA_1 + 100, b"rot")
    assert device.boot() == "ota_0"
    assert device.selected == "ota_1"  # what firmware must notice: BOOT is not RUNNING
    device.confirm()
    assert device.entries == ("seq 1 VALID", "seq 2 VALID")
    for _ in range(3):
        assert device.boot() == "ota_0"
        assert device.selected == "ota_1"


def failed_retry(same_slot):
    """ota_1 runs; ota_0 fails, and is tried again at once from the fallback, not confirmed."""
    device = Device(C, B, (entry(1, VALID), entry(2, VALID)))
    assert device.boot() == "ota_1"
    device.set_boot("ota_0", same_slot=same_slot)
    poke(device.flash, 0x10000 + 100, b"rot")
    assert device.boot() == "ota_1"  # the fallback
    assert device.selected == "ota_0"
    poke(device.flash, 0x10000, C)
    device.set_boot("ota_0", same_slot=same_slot)
    for _ in range(2):  # it starts, and resets before it confirms
        device.boot()
    return device


def test_hazard_updating_from_a_fallback_loses_the_good_record():
    device = failed_retry("rewrite_other")
    assert device.entries == ("seq 3 ABORTED", "seq 3 ABORTED")
    assert [device.boot() for _ in range(3)] == ["ota_0"] * 3  # stuck on the bad release
    assert error(device.confirm)[0] == -1
    device = failed_retry("rewrite_active")
    assert device.entries == ("seq 3 ABORTED", "seq 2 VALID")
    assert device.boot() == "ota_1"


def test_hazard_avoided_by_a_reset_first():
    device = Device(C, B, (entry(1, VALID), entry(2, VALID)))
    device.set_boot("ota_0")
    poke(device.flash, 0x10000 + 100, b"rot")
    assert [device.boot(), device.boot()] == ["ota_1", "ota_1"]
    assert device.selected == "ota_1"
    poke(device.flash, 0x10000, C)
    device.set_boot("ota_0")
    assert [device.boot(), device.boot(), device.boot()] == ["ota_0", "ota_1", "ota_1"]


def test_hazard_overwriting_the_other_slot_on_trial_removes_the_way_back():
    device = Device(A, B, (entry(1, VALID), BLANK))
    device.set_boot("ota_1")
    assert device.boot() == "ota_1"
    device.flash.erase(0x10000)  # the next download begins before the confirmation
    assert device.boot() == "ota_1"  # the aborted release is all there is
    assert device.entries == ("seq 1 VALID", "seq 2 ABORTED")
    assert device.selected == "ota_0"


@pytest.mark.parametrize("same_slot", ["rewrite_other", "rewrite_active"])
@pytest.mark.parametrize(
    "entries",
    [
        (entry(1, ABORTED), entry(2, ABORTED)),
        (entry(1, VALID), entry(2, VALID)),
        (entry(1, VALID, 0), entry(2, ABORTED)),
    ],
)
def test_set_boot_on_the_running_slot_heals_a_stuck_record(entries, same_slot):
    device = Device(A, b"rotten", entries)
    assert device.boot() == "ota_0"
    device.set_boot("ota_0", same_slot=same_slot)
    assert device.boot() == "ota_0"
    device.confirm()
    assert [device.boot(), device.selected] == ["ota_0", "ota_0"]
