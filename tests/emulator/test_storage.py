"""esp32.Partition and esp32.NVS: every error's number and text, and what makes the chip panic."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import tiny
from images import app, entry, flash, poke

from host_tools.emulator.flash import PAGE
from host_tools.emulator.nvs import Nvs
from host_tools.emulator.os_error import MicroOSError
from host_tools.emulator.partitions import PartitionTable
from host_tools.emulator.storage import Storage

PENDING, VALID, ABORTED = 1, 2, 4
NVS, DATA, OTA_0, OTA_1 = 0x9000, 0x380000, 0x10000, 0x1C0000
DATA_SIZE = 0x80000


class Panic(BaseException):
    pass


def panic(why: str) -> None:
    raise Panic(why)


def storage(chip: Any = None, running: str = "ota_0") -> Storage:
    chip = chip or flash(app(), app(), (entry(1, VALID), entry(2, PENDING)))
    table = PartitionTable.read(chip)
    return Storage(chip, table, table.find(label=running)[0], chip="esp32",
                   same_slot="rewrite_active", rollback=True, panic=panic,
                   fault=lambda words: None)  # fmt: skip


def refused(action: Callable[..., Any], *args: Any) -> tuple:
    """The arguments of the OSError that an action raises."""
    with pytest.raises(OSError) as caught:
        action(*args)
    assert isinstance(caught.value, MicroOSError)
    assert caught.value.errno == caught.value.args[0]
    return caught.value.args


INVALID_ARG = (-258, "ESP_ERR_INVALID_ARG")
INVALID_SIZE = (-260, "ESP_ERR_INVALID_SIZE")


def test_partitions_are_found_by_id_label_and_type():
    chip = storage()
    ota_0 = [0, 16, OTA_0, 0x1B0000, "ota_0", False]
    assert chip.part_get(1) == ota_0
    assert chip.part_get(0)[4] == "ota_1"  # otadata selects it
    assert chip.part_get("nvs") == [1, 2, NVS, 0x4000, "nvs", False]
    assert chip.part_find(0, 0x10, None) == [ota_0]
    assert [row[4] for row in chip.part_find(0, 0xFF, None)] == ["ota_0", "ota_1"]
    assert chip.part_find(0, 0xFF, "nvs") == []
    assert [chip.part_next(base)[4] for base in (OTA_0, OTA_1)] == ["ota_1", "ota_0"]


def test_a_partition_that_is_not_there():
    chip = storage()
    assert refused(chip.part_get, "factory") == (2,)
    with pytest.raises(ValueError):
        chip.part_get(2)
    no_slots = flash(rows=(("nvs", 1, 2, NVS, 0x4000), ("otadata", 1, 0, 0xD000, 0x2000)))
    chip = storage(no_slots, "nvs")
    assert refused(chip.part_next, NVS) == (2,)
    assert refused(chip.part_get, 0) == (2,)


@pytest.mark.parametrize(
    ("action", "args", "expected"),
    [
        ("part_read", (DATA_SIZE + 1, 0), INVALID_ARG),
        ("part_read", (-1, 4), INVALID_ARG),
        ("part_read", (DATA_SIZE, 1), INVALID_SIZE),
        ("part_read", (0, DATA_SIZE + 1), INVALID_SIZE),
        ("part_write", (DATA_SIZE - 3, b"four"), INVALID_SIZE),
        ("part_write", (DATA_SIZE + 1, b""), INVALID_ARG),
        ("part_erase", (0, 100), INVALID_SIZE),
        ("part_erase", (100, PAGE), INVALID_ARG),
        ("part_erase", (DATA_SIZE, PAGE), INVALID_SIZE),
        ("part_erase", (DATA_SIZE + PAGE, PAGE), INVALID_ARG),
    ],
)
def test_ranges_that_esp_partition_refuses(action, args, expected):
    chip = storage()
    before = chip.flash.to_bytes()
    assert refused(getattr(chip, action), DATA, *args) == expected
    assert chip.flash.to_bytes() == before
    assert chip.flash.ops == 0


def test_a_write_programs_an_erase_takes_sectors_and_a_patch_keeps_its_neighbours():
    chip = storage()
    chip.part_erase(DATA, 0, 3 * PAGE)
    chip.part_write(DATA, 4094, b"ABCD")
    assert chip.part_read(DATA, 4093, 6) == b"\xffABCD\xff"
    assert chip.flash.ops == 5
    chip.part_patch(DATA, 4000, b"x" * 200)
    assert chip.part_read(DATA, 3999, 202) == b"\xff" + b"x" * 200 + b"\xff"
    chip.part_patch(DATA, 512, b"y")
    assert chip.part_read(DATA, 4000, 200) == b"x" * 200


@pytest.mark.parametrize(
    ("action", "args"), [("part_write", (0, b"\0")), ("part_erase", (PAGE, PAGE))]
)
def test_a_change_of_the_running_slot_panics(action, args):
    chip = storage()
    with pytest.raises(Panic, match="running slot"):
        getattr(chip, action)(OTA_0, *args)
    assert chip.flash.ops == 0
    getattr(chip, action)(OTA_1, *args)
    assert chip.flash.ops == 1


@pytest.mark.parametrize(
    ("at", "size", "why"),
    [
        (OTA_0 + 0x100000, PAGE, "running slot"),
        (OTA_0 - PAGE, 2 * PAGE, "running slot"),
        (0, PAGE, "partition table"),
        (0x8000, PAGE, "partition table"),
    ],
)
def test_the_driver_looks_at_addresses_and_not_at_partitions(at, size, why):
    rows = ("nvs", 1, 2, NVS, 0x4000), ("ota_0", 0, 16, OTA_0, 0x1B0000), ("x", 1, 64, at, size)
    chip = storage(flash(app(), rows=rows))
    with pytest.raises(Panic, match=why):
        chip.part_erase(at, 0, size)
    with pytest.raises(Panic, match=why):
        chip.part_write(at, 0, b"x" * size)
    assert chip.flash.ops == 0


def test_flags_of_the_table():
    chip = storage()
    chip.by_offset[DATA] = replace(chip.by_offset[DATA], readonly=True)
    for action, args in (("part_write", (0, b"")), ("part_erase", (DATA_SIZE, 1))):
        assert refused(getattr(chip, action), DATA, *args) == (-269, "ESP_ERR_NOT_ALLOWED")
    assert len(chip.part_read(DATA, 0, 4)) == 4
    # No fuse of an emulated chip has turned its flash encryption on.
    chip.table = PartitionTable(tuple(replace(p, encrypted=True) for p in chip.table.entries))
    assert chip.part_get("data")[5] is False


def test_the_panic_resets_the_board():
    bench = tiny.on_cpython("""
import machine
from esp32 import Partition
if machine.reset_cause() == 1:
    try:
        Partition(Partition.RUNNING).ioctl(6, 5)
    finally:
        Partition("data").writeblocks(0, bytes(4), 0)
print("cause", machine.reset_cause())
""")
    outcome = bench.run()

    assert bench.lines == ["cause 2"]
    assert outcome.boots == 2
    assert bench.device.board.faults == ["panic: write to the running slot"]
    assert bench.device.flash.ops == 2  # the first boot's own entry in otadata


def test_boot_record_errors():
    chip = storage(flash(app(), b"", (entry(1, VALID), entry(2, ABORTED))))
    assert refused(chip.part_set_boot, OTA_1) == (-5379, "ESP_ERR_OTA_VALIDATE_FAILED")
    assert refused(chip.part_set_boot, DATA) == (-5379, "ESP_ERR_OTA_VALIDATE_FAILED")
    chip = storage(flash(app(), app(), (entry(1, ABORTED), entry(2, ABORTED))))
    assert refused(chip.part_mark_valid) == (1, "ESP_FAIL")
    rows = (("nvs", 1, 2, NVS, 0x4000), ("ota_0", 0, 16, OTA_0, 1 << 20))
    chip = storage(flash(app(), rows=rows))
    assert refused(chip.part_mark_valid) == (-261, "ESP_ERR_NOT_FOUND")


def test_set_boot_and_mark_valid_change_the_boot_record():
    chip = storage()
    chip.part_mark_valid()
    assert chip.part_get(0)[4] == "ota_1"
    chip.part_set_boot(OTA_0)
    assert chip.part_get(0)[4] == "ota_0"


@pytest.mark.parametrize(
    ("action", "args", "expected"),
    [
        ("nvs_get_i32", ("s", "none"), (-4354, "ESP_ERR_NVS_NOT_FOUND")),
        ("nvs_get_i32", ("s", "blob"), (-4354, "ESP_ERR_NVS_NOT_FOUND")),
        ("nvs_get_blob", ("s", "none", 9), (-4354, "ESP_ERR_NVS_NOT_FOUND")),
        ("nvs_get_blob", ("s", "i32", 9), (-4354, "ESP_ERR_NVS_NOT_FOUND")),
        ("nvs_get_blob", ("s", "blob", 3), (-4364, "ESP_ERR_NVS_INVALID_LENGTH")),
        ("nvs_erase", ("s", "none"), (-4354, "ESP_ERR_NVS_NOT_FOUND")),
        ("nvs_set_i32", ("s", "sixteen_letters_", 1), (-4361, "ESP_ERR_NVS_KEY_TOO_LONG")),
        ("nvs_set_blob", ("s", "big", bytes(12_000)), (-4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")),
    ],
)
def test_nvs_errors(action, args, expected):
    chip = storage()
    chip.nvs_open("s")
    chip.nvs_set_i32("s", "i32", -7)
    chip.nvs_set_blob("s", "blob", b"four")
    assert refused(getattr(chip, action), *args) == expected
    assert chip.nvs_get_i32("s", "i32") == -7
    assert chip.nvs_get_blob("s", "blob", 4) == b"four"


def test_nvs_is_durable_without_commit_and_the_same_value_writes_nothing():
    chip = storage()
    chip.nvs_open("s")
    chip.nvs_set_i32("s", "n", 5)
    ops = chip.flash.ops
    chip.nvs_set_i32("s", "n", 5)
    chip.nvs_commit()
    assert chip.flash.ops == ops
    assert Nvs.start(chip.flash, NVS, 0x4000).get_i32("s", "n") == 5


def test_names_end_at_a_nul_as_in_c():
    chip = storage()
    assert chip.part_get("nvs\0x") == chip.part_find(1, 0xFF, "nvs\0y")[0] == chip.part_get("nvs")
    chip.nvs_open("s\0t")
    chip.nvs_set_i32("s", "n\0m", 5)
    assert chip.nvs_get_i32("s\0u", "n") == 5


@pytest.mark.parametrize("size", [0, 2 * PAGE])
def test_without_a_partition_for_nvs_the_board_boots_and_nvs_says_so(size):
    nvs = (("nvs", 1, 2, NVS, size),) if size else ()
    chip = storage(flash(app(), rows=(*nvs, ("ota_0", 0, 16, OTA_0, 1 << 20))))
    expected = (-4353, "ESP_ERR_NVS_NOT_INITIALIZED")
    assert refused(chip.nvs_open, "s") == refused(chip.nvs_get_i32, "s", "n") == expected
    assert chip.flash.ops == 0


def test_nvs_that_cannot_be_used_is_erased_at_start():
    chip = flash(app())
    for page in range(4):
        poke(chip, NVS + page * PAGE, bytes(64))
    assert refused(storage(chip).nvs_get_i32, "s", "n")[0] == -4354
    assert chip.wear[NVS // PAGE] >= 1
