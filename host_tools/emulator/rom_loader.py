"""The serial download mode of the chip's ROM: what esptool talks to with `--no-stub`.

After the protocol's description in the esptool documentation ("Serial Protocol"). No input or
output happens here: bytes come in, the bytes to send back go out.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from host_tools.emulator.chips import CHIPS as ALL_CHIPS
from host_tools.emulator.flash import PAGE, Flash, IllegalProgram
from host_tools.emulator.rom_registers import CHIPS, MASK, Registers

END, ESC = b"\xc0", b"\xdb"  # SLIP (RFC 1055)
ESC_END, ESC_ESC = ESC + b"\xdc", ESC + b"\xdd"
BAD_ESCAPE = re.compile(rb"\xdb(?![\xdc\xdd])")

HEADER = struct.Struct("<BBHI")  # direction, command, size of the rest, checksum or value
REQUEST, REPLY = 0, 1
STATUS_PAD = b"\0\0"  # these ROMs' status is four bytes, the last two always zero
SYNC_BODY = b"\x07\x07\x12\x20" + b"\x55" * 32
SYNC_START = END + HEADER.pack(REQUEST, 0x08, len(SYNC_BODY), 0) + SYNC_BODY[:4]
SYNC_VALUE = 0x20120707  # not zero: zero would say that a stub is running
SYNC_REPLIES = 8
CHECKSUM_SEED = 0xEF

BLOCK_MAX = 0x4000  # bytes of data in a packet
FRAME_MAX = HEADER.size + 16 + BLOCK_MAX  # bytes
READ_MAX = 64  # bytes that one READ_FLASH gives

SECURITY = struct.Struct("<IB7sII")  # flags, encryption count, key purposes, chip id, ECO version

INVALID, FAILED, BAD_CHECKSUM = 0x05, 0x06, 0x07  # status: the reason of a refusal
WRITE_ERROR, READ_TOO_LONG, INFLATE_ERROR = 0x08, 0x0A, 0x0B

WINBOND = 0x40EF  # maker and kind of a W25Q flash; the third byte is log2 of its size


class Refused(Exception):
    """The answer to a command is an error with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"status {code:#x}")
        self.code = code


def is_sync(data: bytes) -> bool:
    """Whether serial input holds the start of the packet by which esptool looks for the loader."""
    return SYNC_START in data


def slip(packet: bytes) -> bytes:
    """A packet as it travels."""
    return END + packet.replace(ESC, ESC_ESC).replace(END, ESC_END) + END


class SlipReader:
    """Takes serial input apart into packets; what is too long or wrongly escaped is dropped."""

    def __init__(self, packet_max: int = FRAME_MAX) -> None:
        self.escaped_max = 2 * packet_max  # bytes
        self._part = b""
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that end in this input, without the empty ones between two END."""
        *ended, rest = data.split(END)
        packets = []
        for piece in ended:
            self._add(piece)
            if self._part and not self._dropping and not BAD_ESCAPE.search(self._part):
                packets.append(self._part.replace(ESC_END, END).replace(ESC_ESC, ESC))
            self._part, self._dropping = b"", False
        self._add(rest)
        return packets

    def _add(self, piece: bytes) -> None:
        self._dropping |= len(self._part) + len(piece) > self.escaped_max
        self._part = b"" if self._dropping else self._part + piece


@dataclass(slots=True)
class _Download:
    """A write in progress."""

    address: int  # of the next byte
    room: int  # bytes that may still come
    blocks: int
    block_size: int
    inflate: Any = None  # zlib's decompressor when the blocks are compressed
    next_block: int = 0
    failed: int = 0  # the error that ended it; every later block gets it too


class RomLoader:
    """The loader of one chip, writing to `flash` by sectors and blocks as a NOR flash wants it.

    finished: a command left the loader (run or reboot); it answers nothing more.
    flash_id: what the flash says it is; by default a Winbond of the flash's size.
    """

    def __init__(self, flash: Flash, chip: str = "esp32", flash_id: int | None = None) -> None:
        """KeyError for a chip that is not in rom_registers.CHIPS."""
        if flash_id is None:
            flash_id = WINBOND | (flash.size.bit_length() - 1) << 16
        self.flash = flash
        self.finished = False
        self._chip = CHIPS[chip]
        self._registers = Registers(self._chip, flash_id)
        self._reader = SlipReader()
        self._download: _Download | None = None
        # A handler takes the body and the checksum field; it returns the reply's data, or its value
        self._handlers: dict[int, Callable[[bytes, int], bytes | int]] = {
            0x02: self._flash_begin,
            0x03: self._flash_data,
            0x04: self._end,
            0x08: self._sync,
            0x09: self._write_registers,
            0x0A: self._read_register,
            0x0B: self._set_flash_parameters,
            0x0D: self._attach_flash,
            0x0E: self._read_flash,
            0x0F: self._change_baud_rate,
            0x10: self._inflate_begin,
            0x11: self._inflate_data,
            0x12: self._end,
            0x13: self._md5,
        }
        if self._chip.since_s2:
            self._handlers[0x14] = self._security

    def received(self, data: bytes) -> bytes:
        """What to send back for this serial input. What the flash raises (a cut) passes."""
        answers = []
        for packet in self._reader.feed(data):
            if not self.finished:
                answers.append(self._answer(packet))
        return b"".join(answers)

    def _answer(self, packet: bytes) -> bytes:
        """The reply to one packet; nothing for what is no request, or only the start of one."""
        if len(packet) < HEADER.size:
            return b""
        direction, command, size, checksum = HEADER.unpack_from(packet)
        body = packet[HEADER.size :]
        if direction != REQUEST or size > len(body):
            return b""
        try:
            if size < len(body) or command not in self._handlers:
                raise Refused(INVALID)
            result = self._handlers[command](body, checksum)
        except Refused as refused:
            return _reply(command, 0, bytes((1, refused.code)) + STATUS_PAD)
        value, data = (result, b"") if isinstance(result, int) else (0, result)
        reply = _reply(command, value, data + b"\0\0" + STATUS_PAD)
        return reply * SYNC_REPLIES if command == 0x08 else reply

    def _sync(self, body: bytes, checksum: int) -> int:
        if body != SYNC_BODY:
            raise Refused(INVALID)
        return SYNC_VALUE

    def _security(self, body: bytes, checksum: int) -> bytes:
        """Nothing is burnt: no secure boot, no encryption, no keys. The id names the chip."""
        _words(body, 0)
        return SECURITY.pack(0, 0, bytes(7), ALL_CHIPS[self._chip.name].id, 0)

    def _read_register(self, body: bytes, checksum: int) -> int:
        (address,) = _words(body, 1)
        return self._registers.read(address)

    def _write_registers(self, body: bytes, checksum: int) -> int:
        """Any number of (address, value, mask, delay in us); nothing here needs the delay."""
        for at in range(0, max(len(body), 1), 16):
            address, value, mask, _ = _words(body[at : at + 16], 4)
            self._registers.write(address, value, mask)
        return 0

    def _set_flash_parameters(self, body: bytes, checksum: int) -> int:
        """Identity, size, block, sector, page, status mask: the flash here knows its own size."""
        _words(body, 6)
        return 0

    def _attach_flash(self, body: bytes, checksum: int) -> int:
        """The pins, and a word that only ROMs take: this flash is always attached."""
        _words(body, 2)
        return 0

    def _change_baud_rate(self, body: bytes, checksum: int) -> int:
        """A pseudo-terminal has no rate, so nothing changes."""
        _words(body, 2)
        return 0

    def _read_flash(self, body: bytes, checksum: int) -> bytes:
        address, size = _words(body, 2)
        if size > READ_MAX:
            raise Refused(READ_TOO_LONG)
        return self._read(address, size).ljust(READ_MAX, b"\0")

    def _md5(self, body: bytes, checksum: int) -> bytes:
        address, size, _, _ = _words(body, 4)
        digest = hashlib.md5(self._read(address, size), usedforsecurity=False)
        return digest.hexdigest().encode()

    def _read(self, address: int, size: int) -> bytes:
        if address + size > self.flash.size:
            raise Refused(FAILED)
        return self.flash.read(address, size)

    def _flash_begin(self, body: bytes, checksum: int) -> int:
        self._begin(body)
        return 0

    def _inflate_begin(self, body: bytes, checksum: int) -> int:
        download = self._begin(body)
        download.inflate = zlib.decompressobj()
        return 0

    def _begin(self, body: bytes) -> _Download:
        """Erase every sector that the write touches and expect its blocks.

        The ROMs since the ESP32-S2's take one more word: whether to encrypt, for which no key is
        here.
        """
        size, blocks, block_size, address, *encrypt = _words(body, 4 + self._chip.since_s2)
        self._download = None
        if block_size > BLOCK_MAX or any(encrypt):
            raise Refused(INVALID)
        if address + size > self.flash.size:
            raise Refused(FAILED)
        if size:
            start = address // PAGE * PAGE
            self.flash.erase(start, -(-(address + size) // PAGE) * PAGE - start)
        self._download = _Download(address, size, blocks, block_size)
        return self._download

    def _flash_data(self, body: bytes, checksum: int) -> int:
        download, block = self._block(body, checksum, compressed=False)
        if block is not None:
            # The last block comes padded with ones, which no flash has to store.
            if block[download.room :].strip(b"\xff"):
                raise Refused(INVALID)
            self._program(download, block[: download.room])
        return 0

    def _inflate_data(self, body: bytes, checksum: int) -> int:
        download, block = self._block(body, checksum, compressed=True)
        if block is None:
            return 0
        try:
            data = download.inflate.decompress(block, download.room + 1)
        except zlib.error:
            data = None
        if data is None or len(data) > download.room:
            download.failed = INFLATE_ERROR
            raise Refused(INFLATE_ERROR)
        self._program(download, data)
        return 0

    def _block(
        self, body: bytes, checksum: int, *, compressed: bool
    ) -> tuple[_Download, bytes | None]:
        """The block of a packet, None when it is the last one once more (its reply was lost)."""
        size, number, _, _ = _words(body[:16], 4)
        block = body[16:]
        download = self._download
        if download is None or compressed != (download.inflate is not None):
            raise Refused(FAILED)
        if download.failed:
            raise Refused(download.failed)
        if size != len(block) or size > download.block_size or number >= download.blocks:
            raise Refused(INVALID)
        if checksum != _checksum(block):
            raise Refused(BAD_CHECKSUM)
        if number == download.next_block - 1:
            return download, None
        if number != download.next_block:
            raise Refused(INVALID)
        return download, block

    def _program(self, download: _Download, data: bytes) -> None:
        """The ROM reads back what it wrote: bits that do not arrive are a write error."""
        try:
            self.flash.program(download.address, data)
            arrived = self.flash.read(download.address, len(data)) == data
        except IllegalProgram:
            arrived = False
        if not arrived:
            download.failed = WRITE_ERROR
            raise Refused(WRITE_ERROR)
        download.next_block += 1
        download.address += len(data)
        download.room -= len(data)

    def _end(self, body: bytes, checksum: int) -> int:
        """1: run what is in flash, 0: reboot. Either way this loader is left."""
        _words(body, 1)
        self._download = None
        self.finished = True
        return 0


def _words(body: bytes, count: int) -> tuple[int, ...]:
    """Exactly `count` little-endian words. Raises Refused for another length."""
    if len(body) != 4 * count:
        raise Refused(INVALID)
    return struct.unpack(f"<{count}I", body)


def _checksum(data: bytes) -> int:
    """The exclusive-or of all bytes and the seed."""
    folded = CHECKSUM_SEED
    for byte in data:
        folded ^= byte
    return folded


def _reply(command: int, value: int, data: bytes) -> bytes:
    return slip(HEADER.pack(REPLY, command, len(data), value & MASK) + data)
