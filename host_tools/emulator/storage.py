"""`esp32.Partition` and `esp32.NVS` as calls: argument checks, error numbers, panics.

After micropython ports/esp32/esp32_partition.c and esp32_nvs.c, and ESP-IDF's esp_partition.
"""

from collections.abc import Callable
from typing import Any

from host_tools.emulator import ota_ops
from host_tools.emulator.flash import PAGE, Flash, caller
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.emulator.nvs_page import NOT_INITIALIZED
from host_tools.emulator.os_error import ERRNO, MicroOSError
from host_tools.emulator.partitions import (
    TABLE_OFFSET,
    TABLE_SIZE,
    TYPE_APP,
    TYPE_DATA,
    Partition,
    PartitionTable,
)

SUBTYPE_NVS = 0x02  # of TYPE_DATA
NVS_MIN = 3 * PAGE  # bytes


def esp_error(code: int, name: str) -> OSError:
    """The OSError MicroPython makes of an esp_err_t (mphalport.c, check_esp_err)."""
    return MicroOSError(1, name) if code == -1 else MicroOSError(-code, name)


class Storage:
    OPS = (
        "part_get", "part_find", "part_read", "part_write", "part_erase", "part_patch",
        "part_set_boot", "part_next", "part_mark_valid", "nvs_open", "nvs_set_i32",
        "nvs_get_i32", "nvs_set_blob", "nvs_get_blob", "nvs_erase", "nvs_commit",
    )  # fmt: skip

    def __init__(
        self,
        flash: Flash,
        table: PartitionTable,
        running: Partition,
        *,
        chip: str,
        same_slot: str,
        rollback: bool,
        panic: Callable[[str], None],
        fault: Callable[[str], None],
        nvs_loses_chunk: bool = False,
    ) -> None:
        self.flash = flash
        self.table = table
        self.running = running
        self.chip = chip
        self.same_slot = same_slot
        self.rollback = rollback
        self.panic = panic
        self.fault = fault
        self.by_offset = {p.offset: p for p in table.entries}
        where = table.first(TYPE_DATA, SUBTYPE_NVS)
        self._started: Nvs | None = None
        if where is not None and where.size >= NVS_MIN:
            self._started = Nvs.start(flash, where.offset, where.size, loses_chunk=nvs_loses_chunk)

    @property
    def nvs(self) -> Nvs:
        """Raises NvsError where the table has no partition for it, or one that is too small."""
        if self._started is None:
            raise NvsError(NOT_INITIALIZED)
        return self._started

    def part_get(self, which: int | str) -> list[Any]:
        if isinstance(which, str):
            for kind in (TYPE_APP, TYPE_DATA):
                for found in self.table.find(kind, None, c_string(which)):
                    return info(found)
            raise MicroOSError(ERRNO["ENOENT"])
        if which == 1:
            return info(self.running)
        if which != 0:
            raise ValueError  # without a text, as the port
        boot = ota_ops.boot_partition(self.flash, self.table)
        if boot is None:
            raise MicroOSError(ERRNO["ENOENT"])
        return info(boot)

    def part_find(self, kind: int, subtype: int, label: str | None) -> list[list[Any]]:
        subtype_or_any = None if subtype == 0xFF else subtype
        label = label if label is None else c_string(label)
        return [info(p) for p in self.table.find(kind, subtype_or_any, label)]

    def part_read(self, base: int, offset: int, size: int) -> bytes:
        self._check(base, offset, size)
        return self.flash.read(base + offset, size)

    def part_write(self, base: int, offset: int, data: bytes) -> None:
        self._writable(base)
        self._check(base, offset, len(data))
        self._guard(base, offset, len(data), "program")
        if data:
            self.flash.program(base + offset, data)

    def part_erase(self, base: int, offset: int, size: int) -> None:
        self._writable(base)
        self._check(base, offset, size)
        if size % PAGE:
            raise esp_error(0x104, "ESP_ERR_INVALID_SIZE")
        if offset % PAGE:
            raise esp_error(0x102, "ESP_ERR_INVALID_ARG")
        self._guard(base, offset, size, "erase")
        self.flash.erase(base + offset, size)

    def part_patch(self, base: int, offset: int, data: bytes) -> None:
        """Blocks under 4 KiB: the sector is read, erased and written again (not power-safe)."""
        while data:
            start = offset // PAGE * PAGE
            old = bytearray(self.part_read(base, start, PAGE))
            piece = data[: start + PAGE - offset]
            old[offset - start : offset - start + len(piece)] = piece
            self.part_erase(base, start, PAGE)
            self.part_write(base, start, bytes(old))
            offset, data = offset + len(piece), data[len(piece) :]

    def part_set_boot(self, base: int) -> None:
        try:
            ota_ops.set_boot_partition(
                self.flash, self.table, self.by_offset[base], same_slot=self.same_slot,
                chip=self.chip, rollback=self.rollback,
            )  # fmt: skip
        except ota_ops.OtaError as error:
            raise esp_error(error.code, error.name) from None

    def part_next(self, base: int) -> list[Any]:
        found = ota_ops.next_update(self.table, self.by_offset[base])
        if found is None:
            raise MicroOSError(ERRNO["ENOENT"])
        return info(found)

    def part_mark_valid(self) -> None:
        try:
            ota_ops.mark_valid(self.flash, self.table)
        except ota_ops.OtaError as error:
            raise esp_error(error.code, error.name) from None

    def nvs_open(self, namespace: str) -> None:
        self._nvs(Nvs.open, c_string(namespace))

    def nvs_set_i32(self, namespace: str, key: str, value: int) -> None:
        self._nvs(Nvs.set_i32, c_string(namespace), c_string(key), value)

    def nvs_get_i32(self, namespace: str, key: str) -> int:
        return self._nvs(Nvs.get_i32, c_string(namespace), c_string(key))

    def nvs_set_blob(self, namespace: str, key: str, data: bytes) -> None:
        self._nvs(Nvs.set_blob, c_string(namespace), c_string(key), data)

    def nvs_get_blob(self, namespace: str, key: str, room: int) -> bytes:
        return self._nvs(Nvs.get_blob, c_string(namespace), c_string(key), room)

    def nvs_erase(self, namespace: str, key: str) -> None:
        self._nvs(Nvs.erase_key, c_string(namespace), c_string(key))

    def nvs_commit(self) -> None:
        """A no-op, as in ESP-IDF: every set was written at once."""

    def _nvs(self, action: Callable[..., Any], *args: Any) -> Any:
        try:
            return action(self.nvs, *args)
        except NvsError as error:
            raise esp_error(error.code, error.name) from None

    def _check(self, base: int, offset: int, size: int) -> None:
        room = self.by_offset[base].size
        if offset < 0 or offset > room:
            raise esp_error(0x102, "ESP_ERR_INVALID_ARG")
        if offset + size > room:
            raise esp_error(0x104, "ESP_ERR_INVALID_SIZE")

    def _writable(self, base: int) -> None:
        if self.by_offset[base].readonly:
            raise esp_error(0x10D, "ESP_ERR_NOT_ALLOWED")

    def _guard(self, base: int, offset: int, size: int, what: str) -> None:
        """The driver aborts on the slot that runs, whichever partition names its addresses, and
        on all up to the end of the table; `vfs` is only written where people service."""
        at, slot = base + offset, self.running
        if at <= TABLE_OFFSET + TABLE_SIZE:
            self.panic("write to the bootloader or the partition table")
        if slot.offset <= at < slot.offset + slot.size or at < slot.offset < at + size:
            self.panic("write to the running slot")
        if self.by_offset[base].label == "vfs":
            self.fault(f"{what} of vfs at {at:#x} by {caller()}")


def c_string(text: str) -> str:
    """What C code sees of a name: up to the first NUL."""
    return text.partition("\0")[0]


def info(p: Partition) -> list[Any]:
    """What Partition.info() holds: type, subtype, address, size, label, encrypted. The last is
    False whatever the table says, as long as the chip's flash encryption is off."""
    return [p.type, p.subtype, p.offset, p.size, p.label, False]
