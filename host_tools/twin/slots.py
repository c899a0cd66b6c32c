"""What stands in the two slots of a flash, read as the bootloader and the launcher read it."""

from dataclasses import dataclass

from seesaw.update import trailer

from host_tools.emulator import otadata
from host_tools.emulator.flash import Flash
from host_tools.emulator.partitions import PartitionTable


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot. version: of its trailer, "" without one. state: the boot record's word on it, ""
    when it has none. selected: the record names it; where it names none, the first one starts."""

    label: str
    version: str
    state: str
    selected: bool


def look(flash: Flash) -> list[Slot]:
    """The slots in their order. A slot with two entries is judged by the one that counts."""
    table = PartitionTable.read(flash)
    assert table.otadata
    entries = otadata.read_entries(flash, table.otadata)
    active = otadata.active(*entries)
    states: dict[int, str] = {}
    for entry in sorted((entry for entry in entries if not entry.initial), key=lambda e: e.seq):
        states[entry.slot(len(table.ota_slots))] = otadata.state_name(entry.state)
    chosen = entries[active].slot(len(table.ota_slots)) if active >= 0 else -1
    if active >= 0:
        states[chosen] = otadata.state_name(entries[active].state)
    return [
        Slot(part.label, _version(flash, part.offset + part.size), states.get(number, ""),
             number == chosen)
        for number, part in enumerate(table.ota_slots)
    ]  # fmt: skip


def _version(flash: Flash, end: int) -> str:
    try:
        return trailer.unpack(flash.read(end - trailer.FROM_END, trailer.SIZE)).version
    except trailer.BadTrailer:
        return ""
