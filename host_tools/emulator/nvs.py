"""ESP-IDF's NVS library over emulated flash: same bytes, same order of flash operations.

Rules: esp-idf components/nvs_flash, nvs_storage.cpp and nvs_pagemanager.cpp; the erase at
start-up is MicroPython's, ports/esp32/main.c boardctrl_startup. A set is durable when it returns,
commit does nothing. One key changes as a whole; two keys do not change together. Two faults of
ESP-IDF are kept: see `_write_chunks` and the argument `loses_chunk` of Nvs.
"""

from __future__ import annotations

from collections.abc import Iterator

from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.nvs_page import (
    CHUNK_ANY,
    CHUNK_MAX,
    ENTRIES,
    ENTRY,
    INVALID_LENGTH,
    KEY_MAX,
    KEY_TOO_LONG,
    NEW_VERSION_FOUND,
    NO_FREE_PAGES,
    NOT_ENOUGH_SPACE,
    NOT_FOUND,
    VALUE_TOO_LONG,
    Item,
    Kind,
    NvsError,
    Page,
    PageState,
)

__all__ = ["Kind", "Nvs", "NvsError"]

Value = int | str | bytes
Place = tuple[Page, int, Item]  # an item, its page and its entry index there
_INTEGERS = frozenset(kind for kind in Kind if kind < Kind.STR)
_NAMES_NS = 0  # namespace index of the items that name the namespaces
_NO_NS = 255  # never given to a namespace
_SECOND = 0x80  # chunk number a blob starts at every other time it is replaced


class Nvs:
    """The partition at `offset`, `size` bytes, both in whole pages, as nvs_flash_init leaves it.

    Raises ValueError for a bad partition and NvsError NO_FREE_PAGES or NEW_VERSION_FOUND where
    nvs_flash_init would report them. A blank partition is not written to before the first set.

    `loses_chunk`: Page::mLoadEntryTable of newer ESP-IDF asks findItem for any chunk of the last
    item's key. So after a cut between a new blob's chunk and its index it erases the old blob's
    chunk in that page, and the blob is lost. Whether 5.5.2 does is unconfirmed: try both.
    """

    def __init__(self, flash: Flash, offset: int, size: int, loses_chunk: bool = False) -> None:
        if offset % PAGE or size % PAGE or size < 3 * PAGE:
            raise ValueError("an NVS partition is at least three whole pages")
        self.was_erased = False  # True when start() had to throw everything away
        pages = [Page(flash, offset + at, loses_chunk) for at in range(0, size, PAGE)]
        lost = (PageState.EMPTY, PageState.CORRUPT)
        self._free = [page for page in pages if page.state in lost]
        self._pages = sorted((p for p in pages if p.state not in lost), key=lambda page: page.seq)
        self._page_count = len(pages)
        self._next_seq = self._pages[-1].seq + 1 if self._pages else 0
        if self._pages:
            self._erase_replaced_item()
            self._finish_move()
            if not self._free:
                raise NvsError(NO_FREE_PAGES)
        else:
            self._activate_page()
        names = (item for _, _, item in self._items() if item.ns == _NAMES_NS)
        self._namespaces = {item.key: item.data[0] for item in names}
        self._erase_broken_blobs()

    @classmethod
    def start(cls, flash: Flash, offset: int, size: int, loses_chunk: bool = False) -> Nvs:
        """What MicroPython's boot does: erase the whole partition when it cannot be used."""
        try:
            return cls(flash, offset, size, loses_chunk)
        except NvsError as error:
            if error.code not in (NO_FREE_PAGES, NEW_VERSION_FOUND):
                raise
        flash.erase(offset, size)
        nvs = cls(flash, offset, size, loses_chunk)
        nvs.was_erased = True
        return nvs

    # Keys and values. Every method raises NvsError: KEY_TOO_LONG over 15 bytes, NOT_FOUND when
    # there is no such key of that type, NOT_ENOUGH_SPACE with the old value left in place.

    def open(self, ns: str) -> None:
        """Create a namespace when it is new, as nvs_open for writing does."""
        self._namespace(ns)

    def set_i32(self, ns: str, key: str, value: int) -> None:
        self.set_int(ns, key, Kind.I32, value)

    def get_i32(self, ns: str, key: str) -> int:
        return self.get_int(ns, key, Kind.I32)

    def set_int(self, ns: str, key: str, kind: Kind, value: int) -> None:
        """kind U8 to I64. OverflowError when the value is out of its range."""
        data = value.to_bytes(kind & 0xF, "little", signed=kind >= Kind.I8)
        self._set_item(self._namespace(ns), kind, _key(key), data)

    def get_int(self, ns: str, key: str, kind: Kind) -> int:
        return _integer(self._get(ns, key, kind)[2])

    def set_str(self, ns: str, key: str, value: str) -> None:
        """At most 4000 bytes with the closing NUL, else VALUE_TOO_LONG."""
        data = value.encode() + b"\0"
        if len(data) > CHUNK_MAX:
            raise NvsError(VALUE_TOO_LONG)
        self._set_item(self._namespace(ns), Kind.STR, _key(key), data)

    def get_str(self, ns: str, key: str) -> str:
        page, index, _ = self._get(ns, key, Kind.STR)
        return _found(page.read(index)).rstrip(b"\0").decode()

    def set_blob(self, ns: str, key: str, value: bytes) -> None:
        """VALUE_TOO_LONG when even an otherwise empty partition could not hold it."""
        self._set_blob(self._namespace(ns), _key(key), bytes(value))

    def get_blob(self, ns: str, key: str, limit: int | None = None) -> bytes:
        """INVALID_LENGTH when the blob is longer than `limit` bytes, the reader's buffer."""
        place = self._get(ns, key, Kind.BLOB_IDX, Kind.BLOB_V1)
        if limit is not None and place[2].length > limit:
            raise NvsError(INVALID_LENGTH)
        return _found(self._read_blob(place))

    def erase_key(self, ns: str, key: str) -> None:
        place = self._find(self._namespaces.get(_key(ns), _NO_NS), _key(key))
        if place is None:
            raise NvsError(NOT_FOUND)
        self._erase_value(place)

    def items(self) -> list[tuple[str, str, str, Value]]:
        """(namespace, key, type, value) of every key, the oldest page first."""
        names = {number: name.decode() for name, number in self._namespaces.items()}
        rows: list[tuple[str, str, str, Value]] = []
        for place in list(self._items()):
            item = place[2]
            if item.ns in names and item.kind != Kind.BLOB_DATA:
                value = self._value(place)
                kind = "blob" if isinstance(value, bytes) else Kind(item.kind).name.lower()
                if value is not None:
                    rows.append((names[item.ns], item.key.decode(), kind, value))
        return rows

    # Reading

    def _items(self) -> Iterator[Place]:
        for page in self._pages:
            for index, item in page.live():
                yield page, index, item

    def _find(
        self, ns: int, key: bytes, kind: int | None = None, chunk: int = CHUNK_ANY
    ) -> Place | None:
        """The oldest item of that name, so the replaced one where there are two."""
        for page in self._pages:
            index = page.find(ns, key, kind, chunk)
            if index is not None:
                return page, index, page.items[index]
        return None

    def _get(self, ns: str, key: str, *kinds: Kind) -> Place:
        number, name = self._namespaces.get(_key(ns), _NO_NS), _key(key)
        for kind in kinds:
            place = self._find(number, name, kind)
            if place is not None:
                return place
        raise NvsError(NOT_FOUND)

    def _value(self, place: Place) -> Value | None:
        page, index, item = place
        if item.kind in _INTEGERS:
            return _integer(item)
        if item.kind == Kind.STR:
            text = page.read(index)
            return None if text is None else text.rstrip(b"\0").decode()
        return self._read_blob(place)

    def _read_blob(self, place: Place) -> bytes | None:
        """None when a part is missing; a blob is then erased as a whole."""
        page, index, item = place
        if item.kind == Kind.BLOB_V1:
            return page.read(index)
        chunks = []
        for number in _chunk_numbers(item):
            chunk = self._find(item.ns, item.key, Kind.BLOB_DATA, number)
            chunks.append(chunk[0].read(chunk[1]) if chunk else None)
        found = [chunk for chunk in chunks if chunk is not None]
        if len(found) == len(chunks) and len(data := b"".join(found)) == item.length:
            return data
        self._erase_value(place)
        return None

    # Writing

    def _namespace(self, name: str) -> int:
        key = _key(name)
        if key not in self._namespaces:
            taken = self._namespaces.values()
            number = next((n for n in range(1, 255) if n not in taken), None)
            if number is None:
                raise NvsError(NOT_ENOUGH_SPACE)
            self._set_item(_NAMES_NS, Kind.U8, key, bytes([number]))
            self._namespaces[key] = number
        return self._namespaces[key]

    def _set_item(self, ns: int, kind: Kind, key: bytes, data: bytes) -> None:
        """An integer or a string: append the new item, then erase the old one."""
        old = self._find(ns, key, kind) or self._find(ns, key)
        if old is not None and old[2].kind == kind:
            page, index, item = old
            same = page.read(index) if kind == Kind.STR else item.data[: len(data)]
            if same == data:
                return
        if not self._pages[-1].write(ns, kind, key, data):
            self._next_page()
            if not self._pages[-1].write(ns, kind, key, data):
                raise NvsError(NOT_ENOUGH_SPACE)
        self._erase_old(old)

    def _set_blob(self, ns: int, key: bytes, data: bytes) -> None:
        """Append the chunks and then the index, under the chunk numbers the old blob does not
        use; then erase the old index and its chunks."""
        old = self._find(ns, key, Kind.BLOB_IDX)
        start = 0
        if old is not None:
            if self._read_blob(old) == data:
                return
            start = _SECOND - old[2].data[5]
        else:
            old = self._find(ns, key)
        if len(data) > (self._page_count - 1) * CHUNK_MAX:
            raise NvsError(VALUE_TOO_LONG)
        written: list[Page] = []
        try:
            self._write_chunks(ns, key, data, start, written)
        except NvsError:
            for number, page in enumerate(written):
                at = page.find(ns, key, Kind.BLOB_DATA, number)
                if at is not None:
                    page.erase_item(at)
            raise
        index = len(data).to_bytes(4, "little") + bytes([len(written), start])
        self._pages[-1].write(ns, Kind.BLOB_IDX, key, index)
        self._erase_old(old)

    def _write_chunks(
        self, ns: int, key: bytes, data: bytes, start: int, written: list[Page]
    ) -> None:
        """Append `data` as chunks numbered from `start`, their pages in `written`, and leave room
        for the index. A page with little room is not worth a first chunk. When a later one has no
        room ESP-IDF erases chunks numbered from 0 in these pages (espressif/esp-idf#18827): with
        `start` 0x80 those of the old blob, which is lost, while the new ones stay."""
        room = self._pages[-1].tailroom
        while room < CHUNK_MAX // 10 and (room < len(data) or room == 0):
            self._next_page()
            before, room = room, self._pages[-1].tailroom
            if room == before:
                raise NvsError(NOT_ENOUGH_SPACE)
        offset = 0
        while True:
            room = self._pages[-1].tailroom
            if not room:
                raise NvsError(NOT_ENOUGH_SPACE)
            chunk = data[offset : offset + room]
            number = start + len(written)
            self._pages[-1].write(ns, Kind.BLOB_DATA, key, chunk, number)
            written.append(self._pages[-1])
            offset += len(chunk)
            if offset < len(data) or room - len(chunk) < ENTRY:
                self._next_page()
            if offset == len(data):
                return

    def _erase_old(self, old: Place | None) -> None:
        """Erase the value that was replaced. Its page may have moved meanwhile: look it up."""
        if old is not None:
            item = old[2]
            for page in self._pages:
                for index, other in page.items.items():
                    if other == item:
                        self._erase_value((page, index, item))
                        return

    def _erase_value(self, place: Place) -> None:
        """Erase an item, or a blob: its index first, which orphans the chunks."""
        page, index, item = place
        page.erase_item(index)
        if item.kind == Kind.BLOB_IDX:
            for number in _chunk_numbers(item):
                chunk = self._find(item.ns, item.key, Kind.BLOB_DATA, number)
                if chunk is not None:
                    chunk[0].erase_item(chunk[1])

    # Pages

    def _activate_page(self) -> None:
        if not self._free:
            raise NvsError(NOT_ENOUGH_SPACE)
        page = self._free[0]
        if page.state == PageState.CORRUPT:
            page.erase()
        self._free.pop(0)
        page.seq = self._next_seq
        self._next_seq += 1
        self._pages.append(page)

    def _next_page(self) -> None:
        """Close the current page. When that takes the last but one free page, empty the page with
        the fewest live entries into the new one, so that one page always stays free."""
        if self._pages[-1].state == PageState.ACTIVE:
            self._pages[-1].set_state(PageState.FULL)
        if len(self._free) >= 2:
            self._activate_page()
            return
        page = min(self._pages, key=lambda page: page.used)
        if page.used == ENTRIES:
            raise NvsError(NOT_ENOUGH_SPACE)
        page.set_state(PageState.FREEING)
        self._move(page)

    def _move(self, page: Page) -> None:
        self._activate_page()
        page.copy_items(self._pages[-1])
        page.erase()
        self._pages.remove(page)
        self._free.append(page)

    # Repair at start-up

    def _erase_replaced_item(self) -> None:
        """Power went between writing the last item and erasing the older one it replaces."""
        last = self._pages[-1]
        if not last.items:
            return
        item = next(reversed(last.items.values()))
        kinds = [item.kind] + [Kind.BLOB_V1] * (item.kind == Kind.BLOB_IDX)
        for kind in kinds:
            for page in self._pages[:-1]:
                index = page.find(item.ns, item.key, kind, item.chunk)
                if index is not None and page.state != PageState.FREEING:
                    page.erase_item(index)
                    return

    def _finish_move(self) -> None:
        """Power went while a page was being emptied: do it again from the start."""
        freeing = next((p for p in self._pages if p.state == PageState.FREEING), None)
        if freeing is None:
            return
        target = self._pages[-1]
        if target.state == PageState.ACTIVE:
            target.erase()
            self._free.append(self._pages.pop())
        self._move(freeing)

    def _erase_broken_blobs(self) -> None:
        """Erase blob indexes whose chunks do not add up, then chunks that have no index."""
        sizes: dict[tuple[int, bytes, int], list[int]] = {}
        chunks = [place for place in self._items() if place[2].kind == Kind.BLOB_DATA]
        for _, _, item in chunks:
            sizes.setdefault((item.ns, item.key, item.chunk & _SECOND), []).append(item.length)
        owned: set[tuple[int, bytes, int]] = set()
        for page, index, item in list(self._items()):
            if item.kind == Kind.BLOB_IDX:
                numbers = _chunk_numbers(item)
                there = sizes.get((item.ns, item.key, numbers.start), [])
                if len(there) == len(numbers) and sum(there) == item.length:
                    owned.update((item.ns, item.key, number) for number in numbers)
                else:
                    page.erase_item(index)
        for page, index, item in chunks:
            if (item.ns, item.key, item.chunk) not in owned:
                page.erase_item(index)


def _key(name: str) -> bytes:
    key = name.encode()
    if len(key) > KEY_MAX:
        raise NvsError(KEY_TOO_LONG)
    return key


def _integer(item: Item) -> int:
    return int.from_bytes(item.data[: item.kind & 0xF], "little", signed=item.kind >= Kind.I8)


def _chunk_numbers(index: Item) -> range:
    return range(index.data[5], index.data[5] + index.data[4])


def _found(data: bytes | None) -> bytes:
    if data is None:
        raise NvsError(NOT_FOUND)
    return data
