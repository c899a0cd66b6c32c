"""The MicroPython runtime: an official build taken apart, or a synthetic one for the emulator."""

import hashlib
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import esp_image, files, table
from host_tools.image.board import Board
from host_tools.image.esp_image import BadImage, Image

VERSION = re.compile(rb"v(\d{1,3})\.(\d{1,3})(\.\d+)?(-[\w.]+)? on \d{4}-\d{2}-\d{2}")
MPY_6_SINCE = (1, 19)
OLDEST = (1, 21)  # the first whose builds all have rollback on: ports/esp32/boards/sdkconfig.base
OLDEST_IDF = 5  # major version; releases since v1.21 build with no older one: ports/esp32/README.md
IDF_VERSION = re.compile(r"v?(\d+)\.\d")
BEYOND = (2, 0)  # v1.19 and later 1.x load .mpy version 6: py/persistentcode.h
SYNTHETIC_VERSION = "v1.29.0 on 2026-08-24"
SYNTHETIC_SIZE = 8192  # bytes of payload, about
NOISE_EVERY = 512  # bytes, of which 32 are not as erased flash
FIX = "use an official MicroPython .bin or .app-bin of v1.21 or later"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime. `bootloader` is None when the file held the app image alone (an .app-bin)."""

    bootloader: bytes | None
    app: bytes
    version: str  # such as 'v1.23.0 on 2024-06-02', '' when none was found
    warnings: tuple[str, ...] = ()


def load(path: Path, board: Board) -> Runtime:
    """Take a MicroPython build apart and check that it runs on this board.

    The file is an app image (.app-bin), or a combined image (.bin: bootloader, table and app, as
    written to flash from the bootloader's offset on). The bootloader gets the board's flash size.
    UserError for another chip, a truncated or damaged image, and a MicroPython that cannot do it.
    """
    return _from_bytes(files.read(path), str(path), board)


def synthetic(board: Board, version: str = SYNTHETIC_VERSION) -> tuple[bytes, bytes]:
    """(bootloader, app): small images that pass every check of the boot, where nothing runs them.

    Deterministic: the same board and version give the same bytes, another version gives others.
    """
    chip = esp_image.CHIPS[board.chip]
    banner = f"MicroPython {version}; synthetic\0".encode()
    text = esp_image.app_desc("v5.5.2") + banner.ljust((len(banner) + 3) & ~3, b"\0")
    drom, unit = chip.drom + esp_image.APP_DESC_OFFSET, SYNTHETIC_SIZE // 8
    segments = [
        (drom, text + _noise(b"drom" + banner, 4 * unit - len(text))),
        (chip.dram, _noise(b"dram" + banner, unit)),
        (chip.iram, _noise(b"iram" + banner, 2 * unit)),
    ]
    # Code in flash: its place in its page is that in the file. Not in the first page: an S3 and a
    # C3 map data and code by the same entries, and that one is the data's.
    code = chip.irom + esp_image.MMU_PAGE + esp_image.next_data(segments)
    segments.append((code, _noise(b"irom" + banner, unit)))
    app = esp_image.build(chip, board.flash_size, chip.iram + 0x400, segments)
    bootloader = esp_image.build(
        chip, board.flash_size, chip.iram, [(chip.iram, _noise(b"bootloader", SYNTHETIC_SIZE // 4))]
    )
    return bootloader, app


def find_version(app: bytes) -> str:
    """The MicroPython version that an app image carries, '' when there is none."""
    found = VERSION.search(app)
    return found[0].decode() if found else ""


def _from_bytes(data: bytes, name: str, board: Board) -> Runtime:
    bootloader: bytes | None = None
    app = data
    if not _starts_with_app(data):
        bootloader, app = _split(data, name, board)
    facts = _checked(app, name, board)
    if not facts.is_app:
        raise UserError(name, "it holds no application", FIX)
    app = app[: facts.size]
    if facts.size > board.slot_size:
        raise UserError(
            name,
            f"its {facts.size} bytes are more than the slot's {board.slot_size}",
            "use a smaller build, or a board with more flash",
        )
    version = find_version(app)
    _check_version(version, name)
    _check_idf(facts.idf, name)
    warning = f"{name}: no MicroPython version found in it; taken as it is"
    return Runtime(bootloader, app, version, () if version else (warning,))


def _starts_with_app(data: bytes) -> bool:
    at = esp_image.APP_DESC_OFFSET
    return data[at : at + 4] == struct.pack("<I", esp_image.APP_DESC_MAGIC)


def _split(data: bytes, name: str, board: Board) -> tuple[bytes, bytes]:
    """(bootloader, everything from the app on) of a combined image.

    A combined image written whole into a slot passes the updater's checks and never boots.
    """
    facts = _checked(data, name, board)
    start = table.TABLE_OFFSET - board.bootloader_offset
    entries = data[start : start + table.TABLE_MAX]
    if facts.size > start or entries[:2] != table.ENTRY_MAGIC:
        raise UserError(name, "neither an application nor a combined image", FIX)
    app_at = _first_app(entries) - board.bootloader_offset
    if not start < app_at < len(data):
        raise UserError(name, "it is truncated: its application is missing", FIX)
    bootloader = data[: facts.size]
    if facts.flash_size != board.flash_size:
        bootloader = esp_image.with_flash_size(bootloader, board.flash_size)
    return bootloader, data[app_at:]


def _first_app(entries: bytes) -> int:
    """Flash address of the first app partition of a binary table, 0 without one."""
    for at in range(0, len(entries) - table.ENTRY.size + 1, table.ENTRY.size):
        magic, kind, _, offset, *_ = table.ENTRY.unpack_from(entries, at)
        if magic != table.ENTRY_MAGIC:
            break
        if kind == table.TYPES["app"]:
            return offset
    return 0


def _checked(data: bytes, name: str, board: Board) -> Image:
    chip = esp_image.CHIPS[board.chip]
    chip_id = int.from_bytes(data[12:14], "little")
    if data[:1] == bytes([esp_image.MAGIC]) and len(data) >= 24 and chip_id != chip.id:
        raise UserError(
            name,
            f"it is for {esp_image.chip_title(chip_id)}, board '{board.name}' has {chip.title}",
            f"use {board.runtime}",
        )
    try:
        facts = esp_image.parse(data)
    except BadImage as error:
        raise UserError(name, str(error), FIX) from error
    if not facts.hashed:  # then 8 bits of checksum would be all that guards it
        raise UserError(name, "it carries no SHA-256", FIX)
    return facts


def _check_version(version: str, name: str) -> None:
    if not version:
        return
    major, minor = (int(part) for part in re.findall(r"\d+", version)[:2])
    if (major, minor) < MPY_6_SINCE:
        raise UserError(name, f"MicroPython {version} cannot load .mpy version 6", FIX)
    if (major, minor) < OLDEST:
        raise UserError(name, f"MicroPython {version} has no rollback", FIX)
    if (major, minor) >= BEYOND:
        raise UserError(name, f"MicroPython {version} may not load .mpy version 6", FIX)


def _check_idf(idf: str, name: str) -> None:
    """What a build without a version still tells: an ESP-IDF too old for one with rollback."""
    found = IDF_VERSION.match(idf)
    if found and int(found[1]) < OLDEST_IDF:
        raise UserError(name, f"it is built with ESP-IDF {idf}, before rollback", FIX)


def _noise(seed: bytes, size: int) -> bytes:
    """`size` bytes, rounded up to a multiple of 4, that never repeat and never change: some here
    and there, and between them what erased flash holds. A proof cuts every operation that writes
    it, and one that changes nothing leaves nothing to look at."""
    size = (size + 3) & ~3
    found = bytearray(b"\xff" * size)
    for at in range(0, size, NOISE_EVERY):
        some = hashlib.sha256(seed + struct.pack("<I", at)).digest()
        found[at : at + len(some)] = some
    return bytes(found[:size])
