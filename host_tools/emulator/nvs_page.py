"""One 4096-byte page of ESP-IDF's NVS: a header, 126 two-bit entry states, 126 entries of 32 bytes.

Format and repair rules: esp-idf components/nvs_flash, nvs_page.cpp and nvs_types.hpp (version 2).
Nothing is read back after a program, as there: zeros that a cut left in flash that looks free
damage what is written over them. Such an item is dropped when it is next looked for, although
its write was reported as done and the value it replaced is erased.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.tear import both

ENTRIES = 126  # per page
ENTRY = 32  # bytes
TABLE = 32  # offset of the entry states, 16 of them to a 4-byte word
FIRST_ENTRY = 64  # offset of the first entry
CHUNK_MAX = (ENTRIES - 1) * ENTRY  # bytes of data behind one header entry
CHUNK_ANY = 0xFF  # chunk index of everything that is not a chunk of a blob
KEY_MAX = 15  # bytes
VERSION = 0xFE
ERASED, ILLEGAL, WRITTEN, FREE = 0, 1, 2, 3  # entry states
_BLANK = b"\xff" * PAGE
_STATES_OF = [bytes(byte >> shift & 3 for shift in (0, 2, 4, 6)) for byte in range(256)]


class PageState(IntEnum):
    """First word of a page; each step only clears bits."""

    EMPTY = 0xFFFFFFFF
    ACTIVE = 0xFFFFFFFE
    FULL = 0xFFFFFFFC
    FREEING = 0xFFFFFFF8  # its live items are being moved to the newest page
    CORRUPT = 0xFFFFFFF0


class Kind(IntEnum):
    """Item types; the low four bits of an integer's type are its size in bytes."""

    U8 = 0x01
    U16 = 0x02
    U32 = 0x04
    U64 = 0x08
    I8 = 0x11
    I16 = 0x12
    I32 = 0x14
    I64 = 0x18
    STR = 0x21
    BLOB_V1 = 0x41  # the older form, without an index: read and replaced, never written
    BLOB_DATA = 0x42
    BLOB_IDX = 0x48


VARIABLE = frozenset((Kind.STR, Kind.BLOB_V1, Kind.BLOB_DATA))


class NvsError(Exception):
    """An esp_err_t of the NVS library: `code` (positive) and `name`."""

    NAMES = {
        0x1101: "ESP_ERR_NVS_NOT_INITIALIZED",
        0x1102: "ESP_ERR_NVS_NOT_FOUND",
        0x1105: "ESP_ERR_NVS_NOT_ENOUGH_SPACE",
        0x1109: "ESP_ERR_NVS_KEY_TOO_LONG",
        0x110C: "ESP_ERR_NVS_INVALID_LENGTH",
        0x110D: "ESP_ERR_NVS_NO_FREE_PAGES",
        0x110E: "ESP_ERR_NVS_VALUE_TOO_LONG",
        0x1110: "ESP_ERR_NVS_NEW_VERSION_FOUND",
    }

    def __init__(self, code: int) -> None:
        self.code = code
        self.name = self.NAMES[code]
        super().__init__(f"{self.name} (0x{code:x})")


NOT_INITIALIZED = 0x1101
NOT_FOUND = 0x1102
NOT_ENOUGH_SPACE = 0x1105
KEY_TOO_LONG = 0x1109
INVALID_LENGTH = 0x110C
NO_FREE_PAGES = 0x110D
VALUE_TOO_LONG = 0x110E
NEW_VERSION_FOUND = 0x1110


class Item(NamedTuple):
    """The header entry of one item. `data` is its 8 bytes: a value, a blob index or a length."""

    ns: int
    kind: int
    span: int  # entries, this one included
    chunk: int
    key: bytes
    data: bytes

    @property
    def length(self) -> int:
        """Bytes of data in the entries behind the header, or of a whole blob for its index."""
        return int.from_bytes(self.data[: 4 if self.kind == Kind.BLOB_IDX else 2], "little")


_ITEM = struct.Struct("<4B4x16s8s")  # the gap is the CRC


def pack_item(item: Item) -> bytes:
    """32 bytes with their CRC."""
    raw = bytearray(_ITEM.pack(*item))
    raw[4:8] = _item_crc(raw).to_bytes(4, "little")
    return bytes(raw)


def _item_crc(raw: bytes | bytearray) -> int:
    return crc32(raw[8:32], crc32(raw[:4], 0xFFFFFFFF))


def _parse_item(page: bytes, index: int) -> Item | None:
    """The item at entry `index` of a page, or None when its CRC or span cannot be true."""
    raw = _raw_entry(page, index)
    item = _unpack_item(raw)
    if int.from_bytes(raw[4:8], "little") != _item_crc(raw):
        return None
    return item if 0 < item.span <= ENTRIES - index else None


def _raw_entry(page: bytes, index: int) -> bytes:
    return page[FIRST_ENTRY + index * ENTRY :][:ENTRY]


def _unpack_item(raw: bytes) -> Item:
    ns, kind, span, chunk, key, data = _ITEM.unpack(raw)
    return Item(ns, kind, span, chunk, key.rstrip(b"\0"), data)


def _name_hash(item: Item) -> int:
    """What ESP-IDF takes for the name of an item: 24 bits (nvs_item_hash_list.cpp)."""
    crc = crc32(item.key.ljust(16, b"\0"), crc32(bytes([item.ns]), 0xFFFFFFFF))
    return crc32(bytes([item.chunk]), crc) & 0xFFFFFF


@lru_cache(maxsize=4096)
def alike(raw: bytes) -> bytes:
    """A page's bytes but for what no loader looks at, which is made the same: entries that are
    erased, and those that were programmed when power went, of which it sees only that they are."""
    state = int.from_bytes(raw[:4], "little")
    if state not in (PageState.ACTIVE, PageState.FULL, PageState.FREEING):
        return raw
    states = b"".join([_STATES_OF[byte] for byte in raw[TABLE:FIRST_ENTRY]])
    end = ENTRIES
    if state == PageState.ACTIVE:  # from the first free one on it looks at the bytes themselves
        free = states.find(FREE, 0, ENTRIES)
        end = ENTRIES if free < 0 else free
    unread = [index for index in range(end) if states[index] == ERASED]
    while end < ENTRIES and _raw_entry(raw, end)[:4] != b"\xff" * 4:
        unread.append(end)
        end += 1
    left = bytearray(raw)
    for index in unread:
        at = FIRST_ENTRY + index * ENTRY
        left[at : at + ENTRY] = bytes(ENTRY)
    return bytes(left)


class Page:
    """A page as loaded and repaired. `items` maps entry index -> item, in order of index.

    Loading raises NvsError NEW_VERSION_FOUND for a page of a newer format. `loses_chunk`: see Nvs.
    """

    def __init__(self, flash: Flash, addr: int, loses_chunk: bool = False) -> None:
        self._flash = flash
        self._addr = addr
        self._loses_chunk = loses_chunk
        self._blank_fields()
        raw = flash.read(addr, PAGE, alike)
        if raw != _BLANK:
            self.state = self._header_state(raw)
            if self.state != PageState.CORRUPT:
                self._load(raw)

    def _blank_fields(self) -> None:
        self.state = PageState.EMPTY
        self.seq = 0
        self.next_free = 0
        self.items: dict[int, Item] = {}
        self._damaged: set[int] = set()  # indexes of items that flash did not take as written
        self._states = bytearray([FREE]) * 128  # 126 and two unused ones that fill the last word

    def _header_state(self, raw: bytes) -> PageState:
        state, self.seq, version = struct.unpack_from("<IIB", raw)
        if state not in (PageState.ACTIVE, PageState.FULL, PageState.FREEING):
            return PageState.CORRUPT
        if crc32(raw[4:28], 0xFFFFFFFF) != int.from_bytes(raw[28:32], "little"):
            return PageState.CORRUPT
        if version < VERSION:
            raise NvsError(NEW_VERSION_FOUND)
        return PageState(state)

    def _load(self, raw: bytes) -> None:
        table = raw[TABLE : TABLE + len(self._states) // 4]
        self._states[:] = b"".join([_STATES_OF[byte] for byte in table])
        self.next_free = ENTRIES
        if self.state == PageState.ACTIVE:
            first = self._states.find(FREE, 0, ENTRIES)
            self.next_free = ENTRIES if first < 0 else first
            self._erase_half_written(raw)
        self._load_items(raw, self.next_free)

    def _erase_half_written(self, raw: bytes) -> None:
        """Entries that were programmed when power went, before their state was."""
        while self.next_free < ENTRIES:
            start = FIRST_ENTRY + self.next_free * ENTRY
            if raw[start : start + 4] == b"\xff" * 4:
                return
            self._mark(self.next_free, 1, ERASED)
            self.next_free += 1

    def _load_items(self, raw: bytes, end: int) -> None:
        """Index the items; erase those that are damaged, cut short or, in the page that was being
        written, replaced by a later one."""
        active = self.state == PageState.ACTIVE
        latest: dict[int, int] = {}
        last: Item | None = None  # as read, also when it turns out to be damaged
        last_index = index = 0
        while index < end:
            at, state = index, self._states[index]
            index += 1
            if state != WRITTEN:
                last = None
                if state == ILLEGAL and active:
                    self._mark(at, 1, ERASED)
                continue
            last, last_index = _unpack_item(_raw_entry(raw, at)), at
            item = _parse_item(raw, at)
            if item is None:
                self._mark(at, 1, ERASED)
                continue
            self.items[at] = item
            index = at + item.span
            if self._states.count(WRITTEN, at, index) < item.span:
                self.erase_item(at)
                last = None
                continue
            name = _name_hash(item)
            if active and name in latest:
                self.erase_item(latest[name])
            latest[name] = at
        if active and last is not None:
            self._erase_like_last(last, last_index)

    def _erase_like_last(self, last: Item, last_index: int) -> None:
        """The check that the last item is no duplicate. For a chunk of a blob it does not compare
        chunk numbers, if `loses_chunk`."""
        for index, item in self.items.items():
            if (item.ns, item.key) != (last.ns, last.key) or index >= last_index:
                continue
            chunk = last.kind == Kind.BLOB_DATA
            if item.kind == last.kind and (self._loses_chunk if chunk else item.chunk == CHUNK_ANY):
                self.erase_item(index)
                return

    @property
    def used(self) -> int:
        """Entries that hold live items."""
        return self._states.count(WRITTEN)

    @property
    def tailroom(self) -> int:
        """Bytes of a blob chunk that fit behind its header entry."""
        if self.state == PageState.EMPTY:
            return CHUNK_MAX
        if self.state == PageState.FULL:
            return 0
        return max(0, ENTRIES - self.next_free - 1) * ENTRY

    def find(self, ns: int, key: bytes, kind: int | None, chunk: int) -> int | None:
        """Entry index of the oldest item of that name; kind None means of any type."""
        for index, item in list(self.items.items()):
            if item.key == key and item.ns == ns and item.chunk == chunk:
                if kind is not None and item.kind != kind:
                    continue
                if index not in self._damaged:
                    return index
                self._drop_damaged(index)
        return None

    def _drop_damaged(self, index: int) -> None:
        self._damaged.remove(index)
        for entry in range(index, index + self.items.pop(index).span):
            self._mark(entry, 1, ERASED)

    def live(self) -> Iterator[tuple[int, Item]]:
        """(entry index, item) of each; drops those that are damaged."""
        for index in list(self._damaged):
            self._drop_damaged(index)
        yield from self.items.items()

    def write(self, ns: int, kind: Kind, key: bytes, data: bytes, chunk: int = CHUNK_ANY) -> bool:
        """Append an item. False, with nothing of it written, when the page has no room."""
        if self.state == PageState.EMPTY:
            self._initialize()
        body = data if kind in VARIABLE else b""
        span = 1 + (len(body) + ENTRY - 1) // ENTRY
        if self.state != PageState.ACTIVE or self.next_free + span > ENTRIES:
            return False
        if kind in VARIABLE:
            data = struct.pack("<HHI", len(body), 0xFFFF, crc32(body, 0xFFFFFFFF))
        item = Item(ns, kind, span, chunk, key, data.ljust(8, b"\xff"))
        self.items[self.next_free] = item
        self._append_header(pack_item(item))
        whole = len(body) // ENTRY * ENTRY
        if whole:
            self._append(body[:whole])
        if len(body) > whole:
            self._append(body[whole:].ljust(ENTRY, b"\xff"))
        return True

    def read(self, index: int) -> bytes | None:
        """Data behind a variable-length item. A wrong CRC erases the item and gives None."""
        item = self.items[index]
        data = self._read(self._entry(index + 1), item.length) if item.length else b""
        if crc32(data, 0xFFFFFFFF) != int.from_bytes(item.data[4:], "little"):
            self.erase_item(index)
            return None
        return data

    def erase_item(self, index: int) -> None:
        """Mark an item's entries as erased, the last first so that a cut leaves it incomplete."""
        span = self.items.pop(index).span
        self._mark(index, span, ERASED)
        self.next_free = max(self.next_free, index + span)

    def copy_items(self, target: Page) -> None:
        """Append every live item to an empty page, entry by entry."""
        if self.items and target.state == PageState.EMPTY:
            target._initialize()
        for index, item in self.items.items():
            target.items[target.next_free] = item
            target._append_header(self._read(self._entry(index), ENTRY))
            for entry in range(index + 1, index + item.span):
                target._append(self._read(self._entry(entry), ENTRY))

    def set_state(self, state: PageState) -> None:
        self._program(self._addr, state.to_bytes(4, "little"))
        self.state = state

    def erase(self) -> None:
        """Erase the sector."""
        self._flash.erase(self._addr)
        self._blank_fields()

    def _initialize(self) -> None:
        counted = struct.pack("<IB19s", self.seq, VERSION, b"\xff" * 19)
        crc = crc32(counted, 0xFFFFFFFF)
        self._program(self._addr, struct.pack("<I24sI", PageState.ACTIVE, counted, crc))
        self.state = PageState.ACTIVE

    def _entry(self, index: int) -> int:
        return self._addr + FIRST_ENTRY + index * ENTRY

    def _append_header(self, raw: bytes) -> None:
        index = self.next_free
        self._append(raw)
        if self._read(self._entry(index), ENTRY) != raw:
            self._damaged.add(index)

    def _append(self, raw: bytes) -> None:
        """Program whole entries at the first free one, then their states."""
        count = len(raw) // ENTRY
        self._program(self._entry(self.next_free), raw)
        self._mark(self.next_free, count, WRITTEN)
        self.next_free += count

    def _mark(self, begin: int, count: int, state: int) -> None:
        """Program the state of entries, word by word from the last one down."""
        self._states[begin : begin + count] = bytes([state]) * count
        for word in range((begin + count - 1) // 16, begin // 16 - 1, -1):
            states = self._states[word * 16 : word * 16 + 16]
            bits = sum(value << 2 * place for place, value in enumerate(states))
            self._program(self._addr + TABLE + 4 * word, bits.to_bytes(4, "little"))

    def _program(self, addr: int, raw: bytes) -> None:
        """Program without looking: where flash has zeros already they stay."""
        self._flash.program(addr, both(raw, self._read(addr, len(raw))), alike)

    def _read(self, addr: int, size: int) -> bytes:
        """Of entries that hold items, that are free, or of the states: what `alike` leaves."""
        return self._flash.read(addr, size, alike)
