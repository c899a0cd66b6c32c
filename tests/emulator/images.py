"""Small ESP32 flash images for tests, built by hand: apps, a partition table, a whole flash."""

import binascii
import hashlib
import struct

from host_tools.emulator.flash import Flash

OTADATA = 0xD000
OTA_0 = 0x10000
OTA_1 = 0x1C0000
SLOT_SIZE = 0x1B0000
BOARD = (  # label, type, subtype, offset, size: the table of the 4 MiB board
    ("nvs", 1, 0x02, 0x9000, 0x4000),
    ("otadata", 1, 0x00, OTADATA, 0x2000),
    ("phy_init", 1, 0x01, 0xF000, 0x1000),
    ("ota_0", 0, 0x10, OTA_0, SLOT_SIZE),
    ("ota_1", 0, 0x11, OTA_1, SLOT_SIZE),
    ("vfs", 1, 0x81, 0x370000, 0x10000),
    ("data", 1, 0x82, 0x380000, 0x80000),
)
MIB_CODE = {1: 0, 2: 1, 4: 2, 8: 3, 16: 4}


def app_desc(idf: str = "v5.4.2", version: str = "", name: str = "") -> bytes:
    texts = struct.pack(
        "<32s32s16s16s32s",
        *(text.encode() for text in (version, name, "12:34:56", "Nov  1 2026", idf)),
    )
    return (struct.pack("<II8x", 0xABCD5432, 0) + texts).ljust(256, b"\0")


def app(
    body: bytes = b"app",
    *,
    chip_id: int = 0,
    segments: list[tuple[int, bytes]] | None = None,
    hashed: bool = True,
    min_rev: int = 0,
    max_rev: int = 0xFFFF,
    desc: bytes | None = None,
    mib: int = 4,
) -> bytes:
    """An app image. By default a mapped segment with the description, and `body` in IRAM."""
    if segments is None:
        drom = 0x3C000020 if chip_id in (5, 9) else 0x3F400020
        iram = 0x40380000 if chip_id in (5, 9) else 0x40080000
        body += bytes(-len(body) % 4)
        segments = [(drom, app_desc() if desc is None else desc), (iram, body)]
    out = struct.pack("<BBBBI", 0xE9, len(segments), 2, MIB_CODE[mib] << 4, 0x40080000)
    out += struct.pack("<B3sHBHH4sB", 0xEE, b"", chip_id, 0, min_rev, max_rev, b"", hashed)
    checksum = 0xEF
    for address, data in segments:
        out += struct.pack("<II", address, len(data)) + data
        for byte in data:
            checksum ^= byte
    out += bytes(-(len(out) + 1) % 16) + bytes([checksum])
    return out + hashlib.sha256(out).digest() if hashed else out


def loader(chip: str = "esp32", mib: int = 4, **options) -> bytes:
    """A bootloader of one segment, whose header states a flash of `mib` MiB."""
    iram = 0x40078000 if chip == "esp32" else 0x403C8000
    chip_id = {"esp32": 0, "esp32s3": 9, "esp32c3": 5}[chip]
    return app(segments=[(iram, b"bootloader  ")], **{"chip_id": chip_id, "mib": mib} | options)


def table(rows=BOARD, *, md5: bool = True, end: bool = True) -> bytes:
    out = b"".join(
        struct.pack("<HBBII16sI", 0x50AA, kind, subtype, offset, size, label.encode(), 0)
        for label, kind, subtype, offset, size in rows
    )
    if md5:
        out += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(out, usedforsecurity=False).digest()
    return out + b"\xff" * 32 if end else out


def entry(seq: int, state: int, crc: int | None = None) -> bytes:
    """One otadata entry; the CRC is right unless given."""
    if crc is None:
        crc = binascii.crc32(struct.pack("<I", seq), 0xFFFFFFFF)
    return struct.pack("<I20sII", seq, b"\xff" * 20, state, crc)


BLANK = b"\xff" * 32


def flash(
    ota_0: bytes = b"",
    ota_1: bytes = b"",
    entries: tuple[bytes, bytes] = (BLANK, BLANK),
    *,
    rows=BOARD,
    chip: str = "esp32",
    mib: int = 4,
    header_mib: int | None = None,
) -> Flash:
    """A whole flash of `mib` MiB with a small bootloader."""
    data = bytearray(b"\xff" * (mib << 20))
    start = 0x1000 if chip == "esp32" else 0
    put(data, start, loader(chip, header_mib or mib))
    put(data, 0x8000, table(rows))
    offsets = {label: offset for label, _, _, offset, _ in rows}
    for label, contents in (("ota_0", ota_0), ("ota_1", ota_1)):
        if contents:
            put(data, offsets[label], contents)
    if "otadata" in offsets:
        put(data, offsets["otadata"], entries[0])
        put(data, offsets["otadata"] + 0x1000, entries[1])
    return Flash.from_bytes(bytes(data))


def put(data: bytearray, at: int, contents: bytes) -> None:
    data[at : at + len(contents)] = contents


def poke(chip: Flash, at: int, contents: bytes) -> None:
    """Change flash contents from outside, as rot or a programmer does."""
    data = bytearray(chip.to_bytes())
    put(data, at, contents)
    chip.pages = Flash.from_bytes(bytes(data)).pages
