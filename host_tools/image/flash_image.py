"""The whole flash of a new board, and what a slot of it holds."""

import hashlib
from typing import Any

from seesaw.update import trailer

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.errors import UserError
from host_tools.image import filesystem, settings, table
from host_tools.image.board import Board
from host_tools.image.bundle import Bundle

NVS_NAMESPACE = "seesaw"
NVS_CONFIG = "config"
NVS_LED = "led"  # pin of the launcher's sign
LAUNCHER = "main.py"  # what MicroPython starts
FS_BLOCK = 4096  # bytes: one flash sector, as the chip writes it


def slot_image(
    board: Board, app: bytes, bundle: Bundle, build_time: int = 0
) -> list[tuple[int, bytes]]:
    """What a slot holds, as (offset in the slot, bytes): app image, bundle, trailer.

    `build_time` is seconds since 1970. UserError when the three do not fit the board's slot.
    """
    bundle_offset = -(-len(app) // trailer.BUNDLE_ALIGN) * trailer.BUNDLE_ALIGN
    room = board.slot_size - trailer.FROM_END
    if bundle_offset + len(bundle.image) > room:
        raise UserError(
            f"release {bundle.version}",
            f"runtime and bundle are {bundle_offset + len(bundle.image)} bytes,"
            f" the slot of '{board.name}' takes {room}",
            "use a smaller runtime or a board with more flash",
        )
    packed = trailer.pack(
        len(app),
        hashlib.sha256(app).digest(),
        bundle_offset,
        len(bundle.image),
        hashlib.sha256(bundle.image).digest(),
        board.name,
        bundle.version,
        build_time,
    )
    return [(0, app), (bundle_offset, bundle.image), (room, packed)]


def slot_bytes(board: Board, parts: list[tuple[int, bytes]]) -> bytes:
    """A whole slot of these parts, FF between them."""
    whole = bytearray(b"\xff" * board.slot_size)
    for offset, data in parts:
        whole[offset : offset + len(data)] = data
    return bytes(whole)


def compose(
    board: Board,
    bootloader: bytes,
    slot: list[tuple[int, bytes]],
    launcher: bytes,
    config: dict[str, Any] | None = None,
) -> bytes:
    """The flash as manufacture leaves it, board.flash_size bytes.

    `slot` (of `slot_image`) goes to ota_0; ota_1 and otadata stay erased, so the first boot takes
    ota_0 and marks it valid. `config` are checked settings, None for an owner who sets up later.
    UserError when the bootloader or the launcher do not fit.
    """
    if board.bootloader_offset + len(bootloader) > table.TABLE_OFFSET:
        raise UserError(
            "the bootloader",
            f"{len(bootloader)} bytes reach the partition table",
            "use another build",
        )
    flash = bytearray(b"\xff" * board.flash_size)
    _put(flash, board.bootloader_offset, bootloader)
    _put(flash, table.TABLE_OFFSET, table.to_bytes(board.partitions))
    for offset, data in slot:
        _put(flash, board.partition("ota_0").offset + offset, data)
    _put(flash, board.partition("vfs").offset, _file_system(board, "vfs", {LAUNCHER: launcher}))
    _put(flash, board.partition("data").offset, _file_system(board, "data", {}))
    if config is None:
        return bytes(flash)
    return _with_settings(board, bytes(flash), config)


def _put(flash: bytearray, address: int, data: bytes) -> None:
    flash[address : address + len(data)] = data


def _file_system(board: Board, label: str, files: dict[str, bytes]) -> bytes:
    size = board.partition(label).size
    try:
        return filesystem.build(files, FS_BLOCK, size // FS_BLOCK)
    except filesystem.Full as error:
        names = ", ".join(files)
        raise UserError(f"partition '{label}'", f"{names} needs {error}", "shorten it") from error


def _with_settings(board: Board, data: bytes, config: dict[str, Any]) -> bytes:
    """The settings written as the chip would write them, so the page layout is the chip's."""
    flash = Flash.from_bytes(data)
    place = board.partition("nvs")
    nvs = Nvs.start(flash, place.offset, place.size)
    nvs.set_blob(NVS_NAMESPACE, NVS_CONFIG, settings.to_blob(config))
    nvs.set_i32(NVS_NAMESPACE, NVS_LED, board.led_pin)
    return flash.to_bytes()
