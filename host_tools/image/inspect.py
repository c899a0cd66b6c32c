"""What a flash image holds and what it would boot: facts as plain data, and as text for people."""

import hashlib
from dataclasses import dataclass
from typing import Any

from seesaw.update import trailer

from host_tools.emulator import app_image, bootloader, otadata
from host_tools.emulator.chips import CHIPS, Chip
from host_tools.emulator.flash import Flash
from host_tools.emulator.partitions import (
    Partition,
    PartitionTable,
    PartitionTableError,
    parse_table,
)
from host_tools.errors import UserError
from host_tools.image import esp_image, runtime, table

Facts = dict[str, Any]

FIX = "give a whole flash image, such as 'seesaw image build' writes"
KINDS = {table.TYPES[kind]: (kind, table.SUBTYPES[table.TYPES[kind]]) for kind in table.TYPES}


def examine(data: bytes, name: str) -> Facts:
    """The facts of a whole flash: bootloader, partitions, slots, otadata and what would boot.

    Plain values only (sizes and addresses in bytes, hashes in hexadecimal), ready for JSON. Damage
    in a slot is a fact; UserError only when `data` is no whole flash or its partition table is
    none that the tools would make: `name` is the file's.
    """
    kind = _chip(data, name)
    flash = _flash(data, kind, name)
    boot = _bootloader(flash, kind)
    parts = _table(flash, boot["flash_size"], name)
    chip = kind.name
    return {
        "file": name,
        "size": len(data),
        "chip": chip,
        "bootloader": boot,
        "partitions": [_partition(part) for part in parts.entries],
        "slots": [_slot(flash, slot) for slot in parts.ota_slots],
        "otadata": _otadata(flash, parts),
        "boot": _verdict(flash, chip),
    }


def text(facts: Facts) -> str:
    """The facts for people, one statement a line."""
    boot = facts["bootloader"]
    lines = [
        f"{facts['file']}: {facts['size']} bytes, {CHIPS[facts['chip']].title}",
        f"bootloader at {boot['offset']:#x}: {boot['state']}, flash of {boot['flash_size']} bytes",
        "",
        "partition   type  subtype   offset      size",
    ]
    lines += [
        f"{p['label']:<11} {p['type']:<5} {p['subtype']:<9} {p['offset']:#08x}  {p['size']:#8x}"
        for p in facts["partitions"]
    ]
    for slot in facts["slots"]:
        lines += ["", *_slot_lines(slot)]
    lines.append("")
    lines += [f"otadata entry {n}: {entry['text']}" for n, entry in enumerate(facts["otadata"])]
    chosen = facts["boot"]["slot"]
    verdict = f"would boot {chosen}" if chosen else f"would not boot: {facts['boot']['failure']}"
    return "\n".join([*lines, "", verdict, *("  " + line for line in facts["boot"]["log"])])


def _flash(data: bytes, chip: Chip, name: str) -> Flash:
    """The flash, which has at least the size that its bootloader was told."""
    stated = bootloader.stated_size(data[chip.bootloader_offset + 3])
    if len(data) < stated:
        raise UserError(name, f"truncated: {len(data)} bytes of a flash of {stated}", FIX)
    if len(data) not in bootloader.SIZES:
        raise UserError(name, f"no flash has {len(data)} bytes", FIX)
    return Flash.from_bytes(data)


def _bootloader(flash: Flash, chip: Chip) -> Facts:
    """Whether it starts, as the emulated ROM sees it: so this and the verdict never differ."""
    offset = chip.bootloader_offset
    size = 0
    try:
        size = bootloader.check_bootloader(flash, chip.name).size
        state = f"{size} bytes, good"
        bootloader.check_bootloader(flash, chip.name, rom_hash=True)
    except app_image.BadImage as error:
        starts = f"{size} bytes, it starts, but " if size else "bad: "
        state = starts + error.reason
    stated = bootloader.stated_size(flash.read(offset + 3, 1)[0])
    return {"offset": offset, "flash_size": stated, "state": state}


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the table in a flash image, counted from 0."""

    name: str
    index: int

    def error(self, why: str, fix: str) -> UserError:
        what = f"{self.name}, partition table, entry {self.index}"
        return UserError(what, why, f"{fix} in the board's partitions.csv, and build it again")


def _table(flash: Flash, flash_size: int, name: str) -> PartitionTable:
    """The table, held to the rules for a CSV: the bootloader itself minds few of them."""
    try:
        found = parse_table(flash.read(table.TABLE_OFFSET, table.TABLE_SIZE), flash.size)
    except PartitionTableError as error:
        raise UserError(name, str(error), FIX) from error
    if not found.entries:
        raise UserError(name, "the partition table is empty", FIX)
    before: list[table.Partition] = []
    for index, part in enumerate(found.entries):
        new = table.Partition(part.label, part.type, part.subtype, part.offset, part.size)
        table.check(new, before, flash_size, _Entry(name, index))
        before.append(new)
    return found


def _chip(data: bytes, name: str) -> Chip:
    """The chip that finds a bootloader of its own where it looks for one."""
    why = "no bootloader in it"
    for chip in CHIPS.values():
        at = chip.bootloader_offset
        header = data[at : at + esp_image.HEADER.size]
        if len(header) == esp_image.HEADER.size and header[0] == esp_image.MAGIC:
            if int.from_bytes(header[12:14], "little") == chip.id:
                return chip
            why = "its bootloader is for another chip or in another place"
    raise UserError(name, why, FIX)


def _partition(part: Partition) -> Facts:
    kind, known = KINDS.get(part.type, (str(part.type), {}))
    subtype = next((name for name, n in known.items() if n == part.subtype), f"{part.subtype:#x}")
    return {
        "label": part.label,
        "type": kind,
        "subtype": subtype,
        "offset": part.offset,
        "size": part.size,
    }


def _slot(flash: Flash, slot: Partition) -> Facts:
    data = flash.read(slot.offset, slot.size)
    return {"label": slot.label, "image": _image(data), "release": _release(data)}


def _image(data: bytes) -> Facts:
    if data.count(0xFF) == len(data):
        return {"good": False, "why": "erased"}
    try:
        found = esp_image.parse(data)
    except esp_image.BadImage as error:
        return {"good": False, "why": str(error)}
    return {
        "good": True,
        "size": found.size,
        "segments": len(found.segments),
        "hashed": found.hashed,
        "idf": found.idf,
        "micropython": runtime.find_version(data[: found.size]),
    }


def _release(data: bytes) -> Facts:
    """The trailer's facts, and whether its hashes hold."""
    try:
        found = trailer.unpack(data[-trailer.FROM_END :])
    except trailer.BadTrailer as error:
        return {"good": False, "why": str(error)}
    if found.bundle_offset + found.bundle_size > len(data) - trailer.FROM_END:
        return {"good": False, "why": "its bundle would lie outside the slot"}
    bundle = data[found.bundle_offset : found.bundle_offset + found.bundle_size]
    runtime_good = hashlib.sha256(data[: found.runtime_size]).digest() == found.runtime_sha256
    return {
        "good": True,
        "board": found.board,
        "version": found.version,
        "build_time": found.build_time,
        "runtime_size": found.runtime_size,
        "runtime_sha256": found.runtime_sha256.hex(),
        "runtime_good": runtime_good,
        "bundle_offset": found.bundle_offset,
        "bundle_size": found.bundle_size,
        "bundle_sha256": found.bundle_sha256.hex(),
        "bundle_good": hashlib.sha256(bundle).digest() == found.bundle_sha256,
    }


def _otadata(flash: Flash, parts: PartitionTable) -> list[Facts]:
    place = parts.otadata
    if place is None or place.size < 2 * table.PAGE:
        return []
    return [_entry(entry, len(parts.ota_slots)) for entry in otadata.read_entries(flash, place)]


def _entry(entry: otadata.Entry, n_slots: int) -> Facts:
    slot = f"ota_{entry.slot(n_slots)}" if entry.valid and n_slots else None
    return {
        "text": f"{entry}, selects {slot}" if slot else str(entry),
        "seq": entry.seq,
        "state": otadata.state_name(entry.state),
        "crc_good": entry.crc_ok,
        "slot": slot,
    }


def _verdict(flash: Flash, chip: str) -> Facts:
    try:
        found = bootloader.verdict(flash, chip=chip)
    except bootloader.BootFailure as failure:
        return {"slot": None, "failure": failure.reason, "log": failure.log}
    return {"slot": found.slot.label, "failure": None, "log": found.log}


def _slot_lines(slot: Facts) -> list[str]:
    image, release = slot["image"], slot["release"]
    if image["good"]:
        sealed = "checksum and SHA-256 good" if image["hashed"] else "checksum good, no SHA-256"
        version = image["micropython"] or "of unknown version"
        idf = f", ESP-IDF {image['idf']}" if image["idf"] else ""
        first = f"app image of {image['size']} bytes, {sealed}; MicroPython {version}{idf}"
    else:
        first = f"no app image: {image['why']}"
    if not release["good"]:
        return [f"{slot['label']}: {first}", f"  no release: {release['why']}"]
    hold = {True: "hash holds", False: "HASH DOES NOT HOLD"}
    return [
        f"{slot['label']}: {first}",
        f"  release {release['version']} for {release['board']}",
        f"  runtime {release['runtime_size']} bytes: {hold[release['runtime_good']]}",
        f"  bundle {release['bundle_size']} bytes at {release['bundle_offset']:#x}:"
        f" {hold[release['bundle_good']]}",
    ]
