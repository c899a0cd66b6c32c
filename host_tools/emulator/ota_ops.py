"""What an app can do to the boot record: esp-idf app_update/esp_ota_ops.c.

MicroPython reaches these through esp32.Partition (set_boot, mark_app_valid_cancel_rollback,
get_next_update, Partition(BOOT)).
"""

from __future__ import annotations

from host_tools.emulator.app_image import BadImage, verify_on_flash
from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.otadata import Entry, State, active, read_entries, write_entry
from host_tools.emulator.partitions import (
    SUBTYPE_FACTORY,
    SUBTYPE_OTA_0,
    TYPE_APP,
    Partition,
    PartitionTable,
)

ESP_FAIL = -1
ESP_ERR_INVALID_ARG = 0x102
ESP_ERR_NOT_FOUND = 0x105
ESP_ERR_OTA_VALIDATE_FAILED = 0x1503

_NAMES = {
    ESP_FAIL: "ESP_FAIL",
    ESP_ERR_INVALID_ARG: "ESP_ERR_INVALID_ARG",
    ESP_ERR_NOT_FOUND: "ESP_ERR_NOT_FOUND",
    ESP_ERR_OTA_VALIDATE_FAILED: "ESP_ERR_OTA_VALIDATE_FAILED",
}

SAME_SLOT = ("rewrite_other", "rewrite_active")


class OtaError(Exception):
    """An esp_err_t other than ESP_OK: `code` as ESP-IDF counts (0x1503), `name` as it is called."""

    def __init__(self, code: int, name: str | None = None) -> None:
        self.code = code
        self.name = name or _NAMES[code]
        super().__init__(code, self.name)


def set_boot_partition(
    flash: Flash,
    table: PartitionTable,
    slot: Partition,
    *,
    same_slot: str = "rewrite_other",
    chip: str = "esp32",
    rollback: bool = True,
) -> None:
    """Select `slot` for the next boot, after verifying its image (esp_ota_set_boot_partition).

    Two flash operations: erase one sector of otadata, program 32 bytes. `same_slot` is what
    happens when the active entry selects `slot` already: older ESP-IDF repeats its number in the
    other entry, and so destroys the record of the other slot; newer ESP-IDF rewrites the active
    entry. Raises OtaError.
    """
    if same_slot not in SAME_SLOT:
        raise ValueError(f"same_slot is one of {SAME_SLOT}, not {same_slot!r}")
    try:
        verify_on_flash(flash, slot.offset, slot.size, chip=chip)
    except BadImage as error:
        raise OtaError(ESP_ERR_OTA_VALIDATE_FAILED) from error
    if slot.type != TYPE_APP:
        raise OtaError(ESP_ERR_INVALID_ARG)
    otadata = _otadata(table)
    if slot.subtype == SUBTYPE_FACTORY:
        for at in range(otadata.offset, otadata.offset + otadata.size, PAGE):
            flash.erase(at)
        return
    n_slots = slot_count(table)
    number = slot.subtype & 0x0F
    if number >= n_slots:
        raise OtaError(ESP_ERR_INVALID_ARG)
    entries = read_entries(flash, otadata)
    index, seq = _next_record(entries, number, n_slots, same_slot)
    state = State.NEW if rollback else State.UNDEFINED
    fresh = Entry.make(seq, state)
    write_entry(flash, otadata, index, Entry(seq, state, fresh.crc, entries[index].label))


def mark_valid(flash: Flash, table: PartitionTable) -> None:
    """Confirm the active entry (esp_ota_mark_app_valid_cancel_rollback).

    It looks at the boot record alone: after a fallback the active entry is NOT the slot that runs,
    and the one that failed is confirmed. Two flash operations, none when it is VALID already.
    Raises OtaError: ESP_FAIL when no entry is active, ESP_ERR_NOT_FOUND without otadata.
    """
    otadata = _otadata(table)
    entries = read_entries(flash, otadata)
    index = active(*entries)
    if index == -1 or slot_count(table) == 0:
        raise OtaError(ESP_FAIL)
    if entries[index].state != State.VALID:
        write_entry(flash, otadata, index, entries[index].with_state(State.VALID))


def boot_partition(flash: Flash, table: PartitionTable) -> Partition | None:
    """What the boot record selects, bootable or not (esp_ota_get_boot_partition).

    None without an otadata partition, or with a table of no apps.
    """
    if table.otadata is None:
        return None
    entries = read_entries(flash, table.otadata)
    n_slots = slot_count(table)
    index = active(*entries)
    if (entries[0].invalid and entries[1].invalid) or n_slots == 0 or index == -1:
        fallbacks = [table.factory, *table.ota_slots, table.test_app]
        return next((app for app in fallbacks if app is not None), None)
    return table.first(TYPE_APP, SUBTYPE_OTA_0 + entries[index].slot(n_slots))


def next_update(table: PartitionTable, start: Partition) -> Partition | None:
    """The OTA slot after `start`, round to the first; None when the table has none."""
    slots = table.ota_slots
    if start in slots:
        return slots[(slots.index(start) + 1) % len(slots)]
    return slots[0] if slots else None


def slot_count(table: PartitionTable) -> int:
    """How many slots an app counts: ota_0, ota_1, ... up to the first that is missing."""
    present = {slot.ota_index for slot in table.ota_slots}
    count = 0
    while count in present:
        count += 1
    return count


def _otadata(table: PartitionTable) -> Partition:
    if table.otadata is None:
        raise OtaError(ESP_ERR_NOT_FOUND)
    return table.otadata


def _next_record(
    entries: tuple[Entry, Entry], number: int, n_slots: int, same_slot: str
) -> tuple[int, int]:
    """(entry to rewrite, sequence number): the smallest number not below the active one that
    selects ota_`number`, so an ABORTED number may come back."""
    index = active(*entries)
    if index == -1:
        return 0, number + 1
    seq = entries[index].seq
    if same_slot == "rewrite_active" and entries[index].slot(n_slots) == number:
        return index, seq
    base = (number + 1) % n_slots
    turns = -(-(seq - base) // n_slots)
    return 1 - index, (base + turns * n_slots) & 0xFFFFFFFF
