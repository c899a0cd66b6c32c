"""A second reader of NVS, from the format alone: ESP-IDF's "NVS Internals" and nvs_page.hpp.

It shares no code with the emulator's NVS and writes nothing. It says what must be found after a
start on these bytes, so it knows what that start repairs as well (nvs_page.cpp mLoadEntryTable,
nvs_pagemanager.cpp load, nvs_storage.cpp init).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

Value = int | str | bytes
ACTIVE, FULL, FREEING = 0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFF8
EMPTY, WRITTEN = 3, 2  # states of an entry, two bits each
INTEGERS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q", 17: "<b", 18: "<h", 20: "<i", 24: "<q"}
STRING, OLD_BLOB, CHUNK, INDEX = 0x21, 0x41, 0x42, 0x48
LONG = (STRING, OLD_BLOB, CHUNK)  # their data are in the entries that follow


@dataclass(frozen=True)
class Found:
    """An item: `name` is (namespace number, key, chunk number), `head` its last 8 bytes."""

    name: tuple[int, bytes, int]
    kind: int
    head: bytes
    body: bytes

    @property
    def data(self) -> bytes | None:
        """Of a string or chunk. None when its CRC is wrong."""
        size, crc = struct.unpack("<H2xI", self.head)
        return self.body[:size] if zlib.crc32(self.body[:size], 0xFFFFFFFF) == crc else None


def read(partition: bytes, loses_chunk: bool = False) -> dict[tuple[str, str, str], Value] | None:
    """{(namespace, key, type): value}, type as 'i32', 'str' or 'blob'. None when the partition
    cannot be used and MicroPython erases all of it."""
    pages = [partition[at : at + 4096] for at in range(0, len(partition), 4096)]
    used = sorted((page for page in pages if _valid(page)), key=lambda page: page[4:8][::-1])
    if any(page[8] < 0xFE for page in used):
        return None
    found = [_page_items(page, loses_chunk) for page in used]
    moving = [_state(page) == FREEING for page in used]
    if found and found[-1]:
        _drop_replaced(found, moving, found[-1][-1])
    if any(moving):
        if _state(used[-1]) == ACTIVE:
            found.pop()  # the copy will be made again
    elif len(used) == len(pages):
        return None
    return _values([item for page in found for item in page])


def _state(page: bytes) -> int:
    return int.from_bytes(page[:4], "little")


def _valid(page: bytes) -> bool:
    crc = int.from_bytes(page[28:32], "little")
    return _state(page) in (ACTIVE, FULL, FREEING) and zlib.crc32(page[4:28], 0xFFFFFFFF) == crc


def _page_items(page: bytes, loses_chunk: bool) -> list[Found]:
    """What the start leaves of a page, in order."""
    states = [page[32 + entry // 4] >> entry % 4 * 2 & 3 for entry in range(126)]
    active = _state(page) == ACTIVE
    end = states.index(EMPTY) if active and EMPTY in states else 126
    items: list[Found] = []
    last: Found | None = None  # of the entry read last, damaged or not
    entry = 0
    while entry < end:
        span, item, good = _entry(page, states, entry)
        last = item if good or item is None or span == 1 else None
        if good and item is not None:
            if active:  # a later item of that name replaces it
                items = [other for other in items if other.name != item.name]
            items.append(item)
        entry += span
    half_written = end < 126 and page[64 + 32 * end :][:4] != b"\xff" * 4
    if active and last is not None and not half_written:
        _drop_like_last(items, last, loses_chunk)
    return items


def _entry(page: bytes, states: list[int], entry: int) -> tuple[int, Found | None, bool]:
    """(entries to go on by, item or None for an entry without one, is it whole?)"""
    if states[entry] != WRITTEN:
        return 1, None, False
    raw = page[64 + 32 * entry :]
    space, kind, span, chunk, crc, key, head = struct.unpack_from("<4BI16s8s", raw)
    item = Found((space, key.rstrip(b"\0"), chunk), kind, head, raw[32 : 32 * span])
    if zlib.crc32(raw[:4] + raw[8:32], 0xFFFFFFFF) != crc:
        return 1, item, False
    return span, item, states[entry : entry + span] == [WRITTEN] * span


def _drop_like_last(items: list[Found], last: Found, loses_chunk: bool) -> None:
    """The check for a duplicate of the last item; see `loses_chunk` of the emulator's NVS."""
    any_chunk = loses_chunk if last.kind == CHUNK else last.name[2] == 0xFF
    for item in items:
        same = item.kind == last.kind and item.name[:2] == last.name[:2]
        if any_chunk and same and item is not last:
            items.remove(item)
            return


def _drop_replaced(found: list[list[Found]], moving: list[bool], last: Found) -> None:
    """Power went between writing the last item and erasing the one it replaces."""
    for kind in (last.kind, OLD_BLOB) if last.kind == INDEX else (last.kind,):
        for items, freeing in zip(found[:-1], moving, strict=False):
            for item in items:
                if not freeing and item.kind == kind and item.name == last.name:
                    items.remove(item)
                    return


def _values(items: list[Found]) -> dict[tuple[str, str, str], Value]:
    spaces = {i.head[0]: i.name[1].decode() for i in items if i.name[0] == 0 and i.kind == 1}
    values: dict[tuple[str, str, str], Value] = {}
    for item in items:
        if item.name[0] in spaces and item.kind != CHUNK:
            place = spaces[item.name[0]], item.name[1].decode()
            if item.kind in INTEGERS:
                name = f"{'i' if item.kind & 16 else 'u'}{8 * (item.kind & 15)}"
                values[(*place, name)] = struct.unpack_from(INTEGERS[item.kind], item.head)[0]
                continue
            data = _blob(items, item) if item.kind == INDEX else item.data
            if data is not None and item.kind == STRING:
                values[(*place, "str")] = data.rstrip(b"\0").decode()
            elif data is not None:
                values[(*place, "blob")] = data
    return values


def _blob(items: list[Found], index: Found) -> bytes | None:
    size, count, first = struct.unpack_from("<IBB", index.head)
    numbers = [(*index.name[:2], first + number) for number in range(count)]
    chunks = {item.name: item.data for item in reversed(items) if item.kind == CHUNK}
    parts = [chunks.get(name) for name in numbers]
    data = b"".join(part for part in parts if part is not None)
    return data if None not in parts and len(data) == size else None
