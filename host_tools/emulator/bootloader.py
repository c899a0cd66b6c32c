"""From reset to a loaded app: the ROM's look at the bootloader, then ESP-IDF's bootloader.

Rules from esp-idf bootloader_start.c and bootloader_utility.c, which have not changed from
ESP-IDF 5.0 to 5.5. Anti-rollback, factory reset pins and secure boot are off, as in the official
MicroPython builds. Nothing here is shared with the firmware's own reading of the boot record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from host_tools.emulator.app_image import (
    HEADER_SIZE,
    IMAGE_MAGIC,
    SIXTEEN_MIB,
    BadImage,
    ImageInfo,
    Mode,
    verify_on_flash,
)
from host_tools.emulator.chips import CHIPS
from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.otadata import Entry, State, active, read_entries, write_entry
from host_tools.emulator.partitions import Partition, PartitionTable, PartitionTableError

FACTORY = -1  # index of the factory app; with none: "try every slot, from ota_0 up"
_MIB = 1024 * 1024
SIZES = tuple(_MIB << code for code in range(8))  # of flash, by spi_size in an image's header
_DEFAULT_SIZE = 2 * _MIB  # what the bootloader assumes for a code it does not know


class BootFailure(Exception):
    """Nothing to boot: the real chip resets for ever. `log` holds what it printed until then."""

    def __init__(self, reason: str, log: list[str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


class Write(NamedTuple):
    """A rewrite of one otadata entry: an erase of its sector, then a program of 32 bytes."""

    sector: int  # 0 or 1, of the otadata partition
    entry: Entry


@dataclass(frozen=True, slots=True)
class Selection:
    """What the bootloader decides from the boot record alone.

    `index` is the OTA slot to try first, or FACTORY. `entries` are both entries once `writes`
    were done. With `initial`, entry 0 will be written VALID for the slot that then loads.
    """

    index: int
    active: int  # index of the active entry, or -1
    initial: bool
    entries: tuple[Entry, Entry]
    writes: tuple[Write, ...]
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boot:
    """A successful boot: the app in `slot` starts running.

    `before` and `after` are the otadata entries as the bootloader found and left them (None
    without an otadata partition, or after deep sleep, when it does not look).
    """

    slot: Partition
    image: ImageInfo
    log: list[str]
    before: tuple[Entry, Entry] | None
    after: tuple[Entry, Entry] | None
    selection: Selection | None
    unverified: bool = False  # started from deep sleep without any check of the image


def select(
    e0: Entry, e1: Entry, n_slots: int, rollback: bool = True, *, has_factory: bool = False
) -> Selection:
    """Choose a slot from both otadata entries; pure, so an inspector may ask without writing."""
    entries = [e0, e1]
    writes: list[Write] = []
    log: list[str] = []
    if rollback:
        for index, entry in enumerate(entries):
            if entry.state == State.PENDING_VERIFY:  # whatever its CRC says
                entries[index] = entry.with_state(State.ABORTED)
                writes.append(Write(index, entries[index]))
                log.append(f"entry {index} was reset while on trial: marked ABORTED")
    chosen, initial = FACTORY, False
    found = active(*entries)
    if (entries[0].invalid and entries[1].invalid) or n_slots == 0:
        found = -1
        if has_factory:
            log.append("no entry selects a slot: factory app")
        else:
            chosen = 0
            initial = entries[0].initial and entries[1].initial
            log.append("no entry selects a slot and there is no factory app: ota_0")
    elif found == -1:
        log.append("no entry is valid: trying every app")
    else:
        chosen = entries[found].slot(n_slots)
        log.append(f"entry {found} is active ({entries[found]}): ota_{chosen}")
        if rollback and entries[found].state == State.NEW:
            entries[found] = entries[found].with_state(State.PENDING_VERIFY)
            writes.append(Write(found, entries[found]))
            log.append(f"entry {found} begins its trial: marked PENDING_VERIFY")
    after = (entries[0], entries[1])
    return Selection(chosen, found, initial, after, tuple(writes), tuple(log))


def boot(
    flash: Flash,
    *,
    chip: str = "esp32",
    rollback: bool = True,
    deep_sleep_wake: bool = False,
    remembered: Partition | None = None,
    rom_hash: bool = False,
) -> Boot:
    """Reset the chip: writes otadata as the bootloader does, and returns what it started.

    `remembered` is the partition of the last boot, kept in RTC memory (`Boot.slot`); on a wake
    from deep sleep it is started at once, unverified, without a look at otadata. `rom_hash`: see
    `check_bootloader`. Raises BootFailure where the chip would reset for ever, and PowerCut where
    the flash is told to.
    """
    log: list[str] = []
    chip_size = _rom(flash, chip, rom_hash, log)
    if deep_sleep_wake:
        woken = _wake(flash, chip, remembered, log)
        if woken is not None:
            return woken
    try:
        table = PartitionTable.read(flash, chip_size)
    except PartitionTableError as error:
        raise _failure(f"partition table rejected: {error}", log) from error
    log.append("boot: partitions " + " ".join(entry.label for entry in table.entries))
    otadata = table.otadata
    selection = None
    before = after = None
    if otadata is not None:
        if otadata.size < 2 * PAGE:
            raise _failure(f"otadata of {otadata.size:#x} bytes is too small", log)
        before = read_entries(flash, otadata)
        selection = _select_and_write(flash, table, otadata, before, rollback, log)
        after = selection.entries
    index, slot, image = _load(flash, table, selection.index if selection else FACTORY, chip, log)
    if otadata and selection and selection.initial and index >= 0:
        first = Entry.make(index + 1, State.VALID)
        write_entry(flash, otadata, 0, first)
        after = (first, selection.entries[1])
        log.append(f"boot: first boot of this flash: entry 0 is now {first}")
    return Boot(slot, image, log, before, after, selection)


def verdict(
    flash: Flash, *, chip: str = "esp32", rollback: bool = True, rom_hash: bool = False
) -> Boot:
    """What a reset would start, without changing anything. Raises BootFailure like `boot`."""
    return boot(flash.copy(), chip=chip, rollback=rollback, rom_hash=rom_hash)


def stated_size(header_3: int) -> int:
    """The flash size in bytes that byte 3 of the bootloader's header states."""
    code = header_3 >> 4
    return SIZES[code] if code < len(SIZES) else _DEFAULT_SIZE


def check_bootloader(flash: Flash, chip: str = "esp32", *, rom_hash: bool = False) -> ImageInfo:
    """Does the bootloader in this flash come to run? Raises BadImage when not.

    The ROM wants the magic, segments that it can load, and their checksum; then the bootloader
    holds its own header against the chip (esp-idf bootloader_init.c) and resets if it was made for
    another. Whether a ROM without secure boot minds a wrong SHA-256 is not confirmed: `rom_hash`
    is the case that it does.
    """
    offset = CHIPS[chip].bootloader_offset
    mode: Mode = "rom_hash" if rom_hash else "rom"
    room = min(flash.size - offset, SIXTEEN_MIB)
    return verify_on_flash(flash, offset, room, chip=chip, mode=mode)


def load_order(table: PartitionTable, start: int) -> list[tuple[int, Partition]]:
    """The apps in the order they are tried, with their index (FACTORY for factory and test app).

    From `start` down to ota_0 and the factory app, then up from start + 1, at last the test app.
    """
    slots = {slot.ota_index: slot for slot in table.ota_slots}
    count = len(table.ota_slots)
    order: list[tuple[int, Partition]] = []
    for index in (*range(start, FACTORY - 1, -1), *range(start + 1, count)):
        # A gap in the numbers puts the last slots out of reach: the bootloader expects none.
        slot = table.factory if index == FACTORY else slots.get(index)
        if slot is not None and slot.size:
            order.append((index, slot))
    if table.test_app is not None and table.test_app.size:
        order.append((FACTORY, table.test_app))
    return order


def _failure(reason: str, log: list[str]) -> BootFailure:
    log.append(f"boot: {reason}; reset")
    return BootFailure(reason, log)


def _rom(flash: Flash, chip: str, rom_hash: bool, log: list[str]) -> int:
    """The ROM starts the bootloader if it is whole. Returns the flash size in bytes that the
    bootloader's own header states, on which everything relies from then on."""
    offset = CHIPS[chip].bootloader_offset
    header = flash.read(offset, 4) if flash.size >= offset + HEADER_SIZE else bytes(4)
    if header[0] != IMAGE_MAGIC:
        log.append(f"rom: invalid header: 0x{int.from_bytes(header, 'little'):08x}; reset")
        raise BootFailure(f"no bootloader at {offset:#x}", log)
    try:
        check_bootloader(flash, chip, rom_hash=rom_hash)
    except BadImage as error:
        log.append(f"rom: the bootloader does not start: {error.reason}; reset")
        raise BootFailure(f"the bootloader does not start: {error.reason}", log) from error
    stated = stated_size(header[3])
    log.append(f"rom: bootloader at {offset:#x}, flash of {stated // _MIB} MiB by its header")
    if stated > flash.size:
        # The bootloader would go on; every app aborts at its start (esp_flash_spi_init.c).
        raise _failure(f"the flash has {flash.size:#x} bytes, {stated:#x} are stated", log)
    return stated


def _wake(flash: Flash, chip: str, remembered: Partition | None, log: list[str]) -> Boot | None:
    if remembered is not None:
        try:
            image = verify_on_flash(
                flash, remembered.offset, remembered.size, chip=chip, mode="load_unverified"
            )
        except BadImage as error:
            log.append(f"boot: {remembered.label} is not bootable: {error.reason}")
        else:
            log.append(f"boot: woken from deep sleep: {remembered.label} again, unverified")
            return Boot(remembered, image, log, None, None, None, unverified=True)
    log.append("boot: woken from deep sleep, but by the long way")
    return None


def _select_and_write(
    flash: Flash,
    table: PartitionTable,
    otadata: Partition,
    entries: tuple[Entry, Entry],
    rollback: bool,
    log: list[str],
) -> Selection:
    log.append(f"boot: otadata: entry 0 {entries[0]}, entry 1 {entries[1]}")
    n_slots = len(table.ota_slots)
    selection = select(*entries, n_slots, rollback, has_factory=table.factory is not None)
    log.extend(f"boot: {line}" for line in selection.log)
    for write in selection.writes:
        write_entry(flash, otadata, write.sector, write.entry)
    return selection


def _load(
    flash: Flash, table: PartitionTable, start: int, chip: str, log: list[str]
) -> tuple[int, Partition, ImageInfo]:
    """The first app that verifies. A slot of an ABORTED entry is tried like any other."""
    for index, slot in load_order(table, start):
        try:
            image = verify_on_flash(flash, slot.offset, slot.size, chip=chip, mode="load")
        except BadImage as error:
            log.append(f"boot: {slot.label} is not bootable: {error.reason}")
        else:
            log.append(f"boot: loaded {slot.label} at {slot.offset:#x}, {image.size} bytes")
            return index, slot, image
    raise _failure("no bootable app", log)
