"""The boot path: partition table, boot record, selection, load order, power cuts."""

import ast
from pathlib import Path

import pytest
from images import BLANK, BOARD, OTA_1, OTADATA, app, entry, flash, loader, poke, table

from host_tools.emulator import bootloader
from host_tools.emulator.bootloader import BootFailure, boot, load_order, verdict
from host_tools.emulator.flash import Flash, PowerCut
from host_tools.emulator.otadata import State, read_entries
from host_tools.emulator.partitions import PartitionTable, parse_table

A = app(b"release A")
B = app(b"release B")
BAD = app(b"release C")[:-1] + b"\0"
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = State
FOUR_MIB = 4 << 20


def records(chip):
    return tuple(str(one) for one in read_entries(chip, PartitionTable.read(chip).otadata))


def started(device, **options) -> str:
    return boot(device, **options).slot.label


# --- booting -----------------------------------------------------------------------------------


def test_fresh_device_boots_ota_0_confirmed():
    chip = flash(A)
    result = boot(chip)
    assert (result.slot.label, result.image.size) == ("ota_0", len(A))
    assert records(chip) == ("seq 1 VALID", "blank")
    assert result.before[0].seq == 0xFFFFFFFF
    assert tuple(map(str, result.after)) == records(chip)
    assert chip.ops == 2
    assert (started(chip), chip.ops) == ("ota_0", 2)  # nothing more to write


def test_fresh_device_with_a_bad_ota_0_is_set_to_ota_1():
    chip = flash(BAD, B)
    assert started(chip) == "ota_1"
    assert records(chip) == ("seq 2 VALID", "blank")


def test_trial_then_confirmed_or_not():
    chip = flash(A, B, (entry(1, VALID), entry(2, NEW)))
    result = boot(chip)
    assert result.slot.label == "ota_1"
    assert records(chip) == ("seq 1 VALID", "seq 2 PENDING_VERIFY")
    assert chip.ops == 2
    assert started(chip) == "ota_0"
    assert records(chip) == ("seq 1 VALID", "seq 2 ABORTED")
    assert (started(chip), chip.ops) == ("ota_0", 4)


def test_bad_new_image_falls_back_and_is_aborted_a_boot_later():
    chip = flash(A, BAD, (entry(1, VALID), entry(2, NEW)))
    result = boot(chip)
    assert result.slot.label == "ota_0"
    assert records(chip) == ("seq 1 VALID", "seq 2 PENDING_VERIFY")
    assert any("ota_1 is not bootable: the SHA-256" in line for line in result.log)
    assert started(chip) == "ota_0"
    assert records(chip) == ("seq 1 VALID", "seq 2 ABORTED")


def test_a_slot_of_an_aborted_entry_is_still_a_fallback():
    chip = flash(BAD, B, (entry(1, VALID), entry(2, ABORTED)))
    for _ in range(2):
        assert started(chip) == "ota_1"
    assert records(chip) == ("seq 1 VALID", "seq 2 ABORTED")
    assert chip.ops == 0


def test_torn_state_under_a_good_crc_is_unmonitored():
    chip = flash(A, B, (entry(1, VALID), entry(2, UNDEFINED)))
    for _ in range(2):
        assert started(chip) == "ota_1"
    assert chip.ops == 0


def test_nothing_bootable_is_a_reset_loop():
    chip = flash(BAD, b"", (entry(1, VALID), BLANK))
    with pytest.raises(BootFailure, match="no bootable app") as caught:
        boot(chip)
    assert [line for line in caught.value.log if "not bootable" in line]
    with pytest.raises(BootFailure):
        verdict(chip)


def test_an_image_that_would_overwrite_the_bootloader_is_not_started():
    combined = app(segments=[(0x3FFF0030, bytes(64))])
    chip = flash(A, combined, (entry(1, VALID), entry(2, NEW)))
    result = boot(chip)
    assert result.slot.label == "ota_0"
    assert any("overlaps the bootloader's data" in line for line in result.log)


def test_image_of_another_chip_is_skipped():
    chip = flash(A, app(b"B", chip_id=9), (entry(1, VALID), entry(2, NEW)))
    assert started(chip) == "ota_0"


def test_without_rollback_a_new_image_is_simply_booted():
    chip = flash(A, B, (entry(1, VALID), entry(2, NEW)))
    for _ in range(2):
        assert started(chip, rollback=False) == "ota_1"
    assert chip.ops == 0


def test_verdict_changes_nothing_and_tells_the_truth():
    for entries in ((BLANK, BLANK), (entry(1, VALID), entry(2, NEW)), (BLANK, entry(2, PENDING))):
        chip = flash(A, B, entries)
        before = chip.to_bytes()
        said = verdict(chip)
        assert (chip.to_bytes(), chip.ops) == (before, 0)
        assert boot(chip) == said


# --- the ROM and the bootloader itself ---------------------------------------------------------


@pytest.mark.parametrize(("chip", "offset", "id"), [("esp32", 0x1000, 0), ("esp32s3", 0, 9),
                                                    ("esp32c3", 0, 5)])  # fmt: skip
def test_rom_wants_a_bootloader(chip, offset, id):
    image = app(b"app", chip_id=id)
    device = flash(image, chip=chip)
    assert started(device, chip=chip) == "ota_0"
    poke(device, offset, b"\xff" * 4)
    with pytest.raises(BootFailure, match=f"no bootloader at {offset:#x}") as caught:
        boot(device, chip=chip)
    assert caught.value.log == ["rom: invalid header: 0xffffffff; reset"]


def with_loader(image):
    chip = flash(A)
    poke(chip, 0x1000, image)
    return chip


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (loader()[:40] + b"?" + loader()[41:], "checksum"),
        (b"\xe9\x11" + loader()[2:], "17 segments"),
        (loader()[:28] + b"\xff\xff\xff\xff" + loader()[32:], "impossible length"),
        (loader()[:28] + b"\0\0\x50\0" + loader()[32:], "beyond the end of the flash"),
        (loader(chip_id=9), "made for chip id 9"),
        (loader(min_rev=301), "needs chip revision"),
    ],
)
def test_a_bootloader_that_does_not_start(image, said):
    with pytest.raises(BootFailure, match=f"the bootloader does not start: .*{said}") as caught:
        boot(with_loader(image))
    assert caught.value.log[-1].startswith("rom: ") and caught.value.log[-1].endswith("; reset")


@pytest.mark.parametrize(("rom_hash", "starts"), [(False, True), (True, False)])
def test_a_wrong_hash_of_the_bootloader_either_way(rom_hash, starts):
    image = loader()
    for broken in (image[:-1] + b"?", image[:3] + b"\x2f" + image[4:]):
        chip = with_loader(broken)
        if starts:
            assert verdict(chip, rom_hash=rom_hash) == boot(chip, rom_hash=rom_hash)
            continue
        with pytest.raises(BootFailure, match="SHA-256"):
            boot(chip, rom_hash=rom_hash)
    unhashed = with_loader(loader(hashed=False))
    assert started(unhashed, rom_hash=rom_hash) == "ota_0"


def test_a_flash_smaller_than_its_bootloader_was_told_resets_for_ever():
    with pytest.raises(BootFailure, match="the flash has 0x400000 bytes, 0x800000 are stated"):
        boot(flash(A, header_mib=8))
    for size in (0x1000, 0x2000):  # no room for a bootloader, and none in it
        with pytest.raises(BootFailure, match="no bootloader"):
            boot(Flash(size))


# --- corners of the selection --------------------------------------------------------------------


@pytest.mark.parametrize("first", [BLANK, entry(4, ABORTED, 0), entry(4, INVALID, 0)])
@pytest.mark.parametrize("second", [BLANK, entry(3, ABORTED, 0)])
def test_both_bad_a_blank_or_condemned_and_torn_is_a_first_boot(first, second):
    chip = flash(BAD, B, (first, second))
    assert (started(chip), records(chip)[0], chip.ops) == ("ota_1", "seq 2 VALID", 2)


@pytest.mark.parametrize("state", [ABORTED, INVALID])
def test_both_bad_b_condemned_with_good_crc_is_ota_0_whichever_ran(state):
    chip = flash(A, B, (entry(1, ABORTED), entry(2, state)))
    for _ in range(2):
        assert boot(chip).selection.initial is False
        assert (started(chip), chip.ops) == ("ota_0", 0)


@pytest.mark.parametrize(
    "other", [entry(2, VALID, 0), entry(2, ABORTED), entry(2, ABORTED, 0), BLANK]
)
def test_both_bad_c_torn_but_not_condemned_tries_every_app(other):
    for apps, expected in (((A, B), "ota_0"), ((BAD, B), "ota_1")):
        chip = flash(*apps, (entry(1, VALID, 0), other))
        result = boot(chip)
        assert (result.selection.index, result.slot.label, chip.ops) == (-1, expected, 0)


def test_a_torn_entry_on_trial_is_aborted_by_its_state_alone():
    chip = flash(A, B, (entry(1, VALID), entry(2, PENDING, 0)))
    assert started(chip) == "ota_0"
    assert records(chip)[1] == "seq 2 ABORTED, bad CRC"


@pytest.mark.parametrize("second", [NEW, VALID, UNDEFINED])
def test_a_tie_goes_to_entry_0(second):
    chip = flash(A, B, (entry(2, VALID), entry(2, second)))
    assert boot(chip).selection.active == 0
    assert (started(chip), chip.ops) == ("ota_1", 0)


# --- deep sleep --------------------------------------------------------------------------------


def test_deep_sleep_keeps_a_trial_alive():
    chip = flash(A, B, (entry(1, VALID), entry(2, NEW)))
    first = boot(chip)
    woken = boot(chip, deep_sleep_wake=True, remembered=first.slot)
    assert (woken.slot, woken.unverified) == (first.slot, True)
    assert records(chip)[1] == "seq 2 PENDING_VERIFY"
    assert chip.ops == 2
    assert started(chip, deep_sleep_wake=True) == "ota_0"  # RTC memory lost: the usual path
    assert records(chip)[1] == "seq 2 ABORTED"


def test_deep_sleep_starts_a_rotten_image_but_not_an_erased_one():
    chip = flash(A, B, (entry(1, VALID), entry(2, VALID)))
    slot = boot(chip).slot
    poke(chip, OTA_1 + 0x30, b"rot")
    assert boot(chip, deep_sleep_wake=True, remembered=slot).unverified
    chip.erase(OTA_1)
    woken = boot(chip, deep_sleep_wake=True, remembered=slot)
    assert (woken.slot.label, woken.unverified) == ("ota_0", False)


def test_rejected_table_is_a_reset_loop():
    chip = flash(A)
    poke(chip, 0x8000, b"\0")
    with pytest.raises(BootFailure, match="partition table rejected") as caught:
        boot(chip)
    assert caught.value.log[-1].endswith("reset")


def test_bootloader_trusts_the_size_in_its_own_header():
    rows = (*BOARD[:-1], ("data", 1, 0x82, 0x380000, 0x400000))
    chip = flash(A, rows=rows, mib=8, header_mib=4)
    with pytest.raises(BootFailure, match=r"entry 6 \(data\)"):
        boot(chip)
    assert started(flash(A, rows=rows, mib=8)) == "ota_0"
    with pytest.raises(BootFailure):
        boot(flash(A, rows=rows, mib=4, header_mib=8))


# --- other tables ------------------------------------------------------------------------------

SLOTS = [("ota_0", 0, 0x10, 0x10000, 0x10000), ("ota_1", 0, 0x11, 0x20000, 0x10000)]
THIRD = ("ota_2", 0, 0x12, 0x30000, 0x10000)
FACTORY = ("factory", 0, 0x00, 0x40000, 0x10000)
TEST = ("test", 0, 0x20, 0x50000, 0x10000)
RECORD = ("otadata", 1, 0, OTADATA, 0x2000)


def order(rows, start):
    return [slot.label for _, slot in load_order(parse_table(table(rows), FOUR_MIB), start)]


def test_load_order():
    assert order(SLOTS, 1) == ["ota_1", "ota_0"]
    assert order(SLOTS, 0) == order(SLOTS, -1) == ["ota_0", "ota_1"]
    full = [TEST, FACTORY, THIRD, *SLOTS]
    assert order(full, 1) == ["ota_1", "ota_0", "factory", "ota_2", "test"]
    assert order(full, -1) == ["factory", "ota_0", "ota_1", "ota_2", "test"]
    assert order([SLOTS[0], THIRD], 0) == ["ota_0"]  # a gap puts ota_2 out of reach
    assert order([], 0) == []


def test_factory_app_and_test_app():
    chip = flash(rows=[RECORD, *SLOTS, FACTORY, TEST])
    poke(chip, 0x50000, A)
    assert started(chip) == "test"
    poke(chip, 0x40000, A)
    assert started(chip) == "factory"
    assert chip.ops == 0  # a factory app has no entry


def test_a_test_app_on_a_fresh_flash_gets_no_entry():
    chip = flash(rows=[RECORD, *SLOTS, TEST])
    poke(chip, 0x50000, A)
    assert (started(chip), chip.ops) == ("test", 0)


def test_without_otadata_nothing_is_written():
    chip = flash(b"", B, rows=[row for row in BOARD if row[0] != "otadata"])
    result = boot(chip)
    assert (result.slot.label, result.before, result.after) == ("ota_1", None, None)
    assert chip.ops == 0


def test_small_otadata_is_a_reset_loop():
    chip = flash(A, rows=[("otadata", 1, 0, OTADATA, 0x1000), *BOARD[3:]])
    with pytest.raises(BootFailure, match="too small"):
        boot(chip)


def test_no_apps_at_all():
    for rows in ([RECORD], []):
        with pytest.raises(BootFailure, match="no bootable app"):
            boot(flash(rows=rows))


def test_overlap_is_not_the_bootloaders_business():
    rows = [RECORD, SLOTS[0], ("ota_1", 0, 0x11, 0x20000, 0x20000), THIRD]
    chip = flash(b"", B, (entry(1, VALID), entry(2, VALID)), rows=rows)
    assert started(chip) == "ota_1"


def test_an_app_off_its_64_kib_is_not_bootable():
    rows = [RECORD, SLOTS[0], ("ota_1", 0, 0x11, 0x21000, 0x10000)]
    chip = flash(A, B, (entry(1, VALID), entry(2, VALID)), rows=rows)
    result = boot(chip)
    assert result.slot.label == "ota_0"
    assert any("ota_1 is not bootable: segment 0 is mapped" in line for line in result.log)


# --- power cuts --------------------------------------------------------------------------------

CORNERS = [
    (BLANK, BLANK),
    (entry(1, VALID), entry(2, NEW)),
    (entry(1, VALID), entry(2, PENDING)),
    (entry(1, PENDING), entry(2, NEW)),
    (entry(1, PENDING), entry(2, PENDING)),
]


@pytest.mark.parametrize("entries", CORNERS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_bootloaders_own_writes_may_be_cut(entries, when):
    clean = flash(A, B, entries)
    boot(clean)
    for index in range(clean.ops):
        chip = flash(A, B, entries)
        chip.cut = (index, when)
        with pytest.raises(PowerCut) as caught:
            boot(chip)
        assert caught.value.op.caller.startswith("emulator/bootloader.py:")
        settled = [started(chip) for _ in range(3)]
        assert settled[1] == settled[2]  # at most one more trial, then it stays
        assert not {NEW, PENDING} & {one.state for one in boot(chip).after}


def test_trial_write_cut_after_its_erase_loses_the_update_safely():
    chip = flash(A, B, (entry(1, VALID), entry(2, NEW)))
    chip.cut = (0, "after")
    with pytest.raises(PowerCut):
        boot(chip)
    assert started(chip) == "ota_0"
    assert records(chip) == ("seq 1 VALID", "blank")


def test_log_reads_like_a_console():
    chip = flash(A, BAD, (entry(1, VALID), entry(2, NEW)))
    assert boot(chip).log == [
        "rom: bootloader at 0x1000, flash of 4 MiB by its header",
        "boot: partitions nvs otadata phy_init ota_0 ota_1 vfs data",
        "boot: otadata: entry 0 seq 1 VALID, entry 1 seq 2 NEW",
        "boot: entry 1 is active (seq 2 NEW): ota_1",
        "boot: entry 1 begins its trial: marked PENDING_VERIFY",
        "boot: ota_1 is not bootable: the SHA-256 of the image does not match",
        f"boot: loaded ota_0 at 0x10000, {len(A)} bytes",
    ]


@pytest.mark.parametrize(
    "module", ["flash", "partitions", "otadata", "app_image", "bootloader", "ota_ops"]
)
def test_nothing_is_shared_with_the_firmware(module):
    source = Path(bootloader.__file__).with_name(f"{module}.py").read_text()
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        assert not [name for name in names if name.split(".")[0] in ("seesaw", "firmware")]
