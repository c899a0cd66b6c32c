"""What lives where in a flash, sector by sector, from its partition table and trailers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from seesaw.update import trailer

from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.partitions import TABLE_OFFSET, Partition, PartitionTable

ERASED = b"\xff" * PAGE
# Partitions of every board (boards/*/partitions.csv) by their labels.
WORDS = {
    "nvs": "settings and counters",
    "otadata": "boot record: which slot starts",
    "phy_init": "radio calibration",
    "vfs": "the launcher, never written again",
    "data": "trusted metadata and signed data",
}


@dataclass(frozen=True, slots=True)
class Region:
    """offset, size: in flash, bytes, of whole sectors. kind: bootloader, table, runtime, bundle,
    trailer, written (a slot that is being filled), free, or the label of a partition. slot: the
    label of the slot that it lies in, or ""."""

    offset: int
    size: int
    kind: str
    words: str
    slot: str = ""


def look(flash: Flash, at: int) -> list[Region]:
    """All of the flash, in its order. at: of the bootloader, which the chip decides."""
    found = [
        Region(at, TABLE_OFFSET - at, "bootloader", "bootloader, never written again"),
        Region(TABLE_OFFSET, PAGE, "table", "partition table, never written again"),
    ]
    table = PartitionTable.read(flash)
    for part in table.entries:
        if part.ota_index is None:
            words = WORDS.get(part.label, part.label)
            found.append(Region(part.offset, part.size, part.label, words))
        else:
            found += _slot(flash, part)
    return list(_filled(sorted(found, key=lambda one: one.offset), flash.size))


def _slot(flash: Flash, part: Partition) -> list[Region]:
    end = part.offset + part.size
    try:
        held = trailer.unpack(flash.read(end - trailer.FROM_END, trailer.SIZE))
    except trailer.BadTrailer:
        held = None
    if held is None or flash.read(part.offset, PAGE) == ERASED:  # it is written last of all
        return _written(flash, part)
    parts = (
        ("runtime", "MicroPython", 0, held.runtime_size),
        ("bundle", f"application {held.version}", held.bundle_offset, held.bundle_size),
        ("trailer", "trailer: what this slot holds", part.size - trailer.FROM_END, PAGE),
    )
    found = [
        Region(part.offset + at, _whole(size), kind, words, part.label)
        for kind, words, at, size in parts
    ]
    return list(_filled(found, end, part.offset, part.label))


def _written(flash: Flash, part: Partition) -> list[Region]:
    """The sectors of a slot that holds no release: written, or free."""
    sectors = range(part.offset, part.offset + part.size, PAGE)
    found = []
    for erased, run in groupby(sectors, lambda at: flash.read(at, PAGE) == ERASED):
        run_of = list(run)
        words = "free" if erased else "written, not bootable yet"
        kind = "free" if erased else "written"
        found.append(Region(run_of[0], len(run_of) * PAGE, kind, words, part.label))
    return found


def _whole(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _filled(found: list[Region], end: int, at: int = 0, slot: str = "") -> Iterator[Region]:
    """The regions, and what is free between them."""
    for one in found:
        if one.offset > at:
            yield Region(at, one.offset - at, "free", "free", slot)
        yield one
        at = one.offset + one.size
    if at < end:
        yield Region(at, end - at, "free", "free", slot)
