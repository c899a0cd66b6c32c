"""NOR flash as the chip sees it: 4 KiB sectors that are erased to ones and programmed to zeros.

The contents are a list of immutable pages, so a copy of a 4 MiB chip is a copy of 1024
references, and two chips with the same history share their bytes. Programs and erases are split
into operations as ESP-IDF's driver does (memspi_host_driver.c, esp_flash_api.c).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import compress
from operator import is_not
from types import FrameType
from typing import Protocol

from host_tools.emulator.reads import Alike, Reads
from host_tools.emulator.tear import both, torn

PAGE = 4096  # bytes, the smallest unit of an erase: a sector
BLOCK = 65536  # bytes, what one erase operation takes where it can
PROGRAM_MAX = 64  # bytes of one program operation
PROGRAM_PAGE = 256  # bytes; no program operation crosses a multiple
BLANK = b"\xff" * PAGE
# Typical times of 4 MiB NOR chips (the data sheets of W25Q32 and GD25Q32 agree on them).
ERASE_US = {PAGE: 45_000, BLOCK: 150_000}
PROGRAM_FIRST_US, PROGRAM_8_BYTES_US = 30, 20
DIGEST_SIZE = 16  # bytes
_CHIP_CODE = ("/bootloader.py", "/ota_ops.py", "/nvs.py")


class Clock(Protocol):
    """What flash needs of a clock: when the next alarm is due, and to let time pass."""

    @property
    def now_us(self) -> int: ...
    @property
    def due(self) -> int: ...
    def spend(self, us: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Op:
    """One flash operation: `index` counts from 0, `addr` and `size` are in bytes."""

    index: int
    kind: str  # 'erase' or 'program'
    addr: int
    size: int
    caller: str  # 'file:line' that asked: the nearest firmware, else host code
    data: bytes = b""  # of a program


class PowerCut(BaseException):
    """The power went away at a flash operation; not an Exception, so no firmware can catch it."""

    def __init__(self, op: Op, when: str) -> None:
        super().__init__(f"power cut {when} {op.kind} {op.index} at {op.addr:#x} ({op.caller})")
        self.op = op
        self.when = when  # a mode of tear.py


class IllegalProgram(Exception):
    """A program asked for a 0 -> 1 bit, which only an erase can give."""


class Flash:
    """A NOR flash chip with numbered operations, observers and one armed power cut.

    `on_op` is called just before an operation is applied and `after_op` just after; either may
    raise to end the run there. `cut = (index, tear)` raises PowerCut in that operation, once, and
    leaves what tear.py says: it then disarms itself, since the chip outlives the power. With a
    `clock` every operation takes its time, `slow` times the typical one. Sectors in `bad` take
    time but no change. `on_illegal` is told of a program that needs an erase, of which the zeros
    then arrive, as on the chip; without it IllegalProgram is raised and nothing happens.
    """

    def __init__(self, size: int, pages: list[bytes] | None = None) -> None:
        """`size` in bytes; without `pages` the chip is erased.

        Raises ValueError when size or pages do not come in whole pages.
        """
        if size <= 0 or size % PAGE:
            raise ValueError(f"flash size {size} is not a multiple of {PAGE}")
        if pages is None:
            pages = [BLANK] * (size // PAGE)
        elif len(pages) != size // PAGE or any(len(page) != PAGE for page in pages):
            raise ValueError(f"a flash of {size} bytes has {size // PAGE} pages of {PAGE} bytes")
        else:
            pages = [BLANK if page == BLANK else page for page in pages]
        self._start(size, pages, {})

    def _start(self, size: int, pages: list[bytes], wear: dict[int, int]) -> None:
        self.size = size
        self.pages = pages
        self.wear = wear  # erases per page index
        self.weak: dict[int, tuple[bytes, bool]] = {}  # page -> (what is left, powered on since?)
        self.bad: frozenset[int] = frozenset()
        self.ops = 0  # operations so far
        self.slow = 1
        self.clock: Clock | None = None
        self.on_op: Callable[[Op], None] | None = None
        self.after_op: Callable[[Op], None] | None = None
        self.on_illegal: Callable[[str], None] | None = None
        self.cut: tuple[int, str] | None = None
        self.reads: Reads | None = None  # what a run depends on, if anyone wants to know
        self._hashed: tuple[tuple[bytes, ...], int] = ((), 0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Flash:
        """A chip with these contents. Raises ValueError when they are not whole pages."""
        if len(data) % PAGE:
            raise ValueError(f"{len(data)} bytes are not whole pages of {PAGE}")
        data = bytes(data)
        return cls(len(data), [data[at : at + PAGE] for at in range(0, len(data), PAGE)])

    def to_bytes(self) -> bytes:
        return b"".join(self.pages)

    def copy(self) -> Flash:
        """A chip with the same contents and wear; counter, observers and cut start afresh."""
        other = Flash.__new__(Flash)
        other._start(self.size, self.pages.copy(), self.wear.copy())
        other.weak = self.weak.copy()
        other.bad = self.bad
        other._hashed = self._hashed
        return other

    def digest(self) -> bytes:
        """A hash of the contents, DIGEST_SIZE bytes: of each page by itself, so that only those
        that changed since the last digest of this chip or its copies are hashed again."""
        before, total = self._hashed
        if not before:
            before = (BLANK,) * len(self.pages)
            total = _blank_total(len(before))
        pages = tuple(self.pages)
        for index in compress(range(len(pages)), map(is_not, pages, before)):
            total ^= _page_hash(index, before[index]) ^ _page_hash(index, pages[index])
        self._hashed = (pages, total)
        for index, (left, powered) in self.weak.items():
            total ^= _page_hash(index + (1 + powered) * len(pages), left)
        return total.to_bytes(DIGEST_SIZE, "little")

    def power_on(self) -> None:
        """A sector that only looked blank shows what is left from its second power-on on."""
        for page, (left, powered) in list(self.weak.items()):
            if powered:
                self.pages[page] = left
                del self.weak[page]
            else:
                self.weak[page] = (left, True)

    def read(self, addr: int, size: int, alike: Alike | None = None) -> bytes:
        """`size` bytes from `addr`, of which the reader uses what `alike` leaves. Raises
        ValueError outside the chip."""
        self._check_range(addr, size)
        page, low = divmod(addr, PAGE)
        if self.reads is not None and size:
            self.reads.note(range(page, (addr + size - 1) // PAGE + 1), alike)
        if low + size <= PAGE:
            return self.pages[page][low : low + size] if size else b""
        last = (addr + size - 1) // PAGE
        return b"".join(self.pages[page : last + 1])[low : low + size]

    def sectors(self, first: int, last: int) -> tuple[bytes, ...]:
        """The pages first to last - 1 as they are, for whoever remembers results by contents."""
        if self.reads is not None:
            self.reads.note(range(first, last))
        return tuple(self.pages[first:last])

    def program(self, addr: int, data: bytes, alike: Alike | None = None) -> None:
        """Clear bits: new = old & data, in operations of at most PROGRAM_MAX bytes. alike: as in
        read(), of what comes out.

        Raises IllegalProgram, see the class, and ValueError outside the chip. Nothing at all
        happens for empty data.
        """
        data = bytes(data)
        self._check_range(addr, len(data))
        if not data:
            return
        if self.on_illegal is None:
            self._programmed(addr, data, alike)
        operations, busy_us = _cost(addr, len(data))
        if self._undisturbed(operations, busy_us * self.slow):
            self._store(self._programmed(addr, data, alike))
            self.ops += operations
            self._take(busy_us)
            return
        while data:
            step = min(PROGRAM_MAX, PROGRAM_PAGE - addr % PROGRAM_PAGE)
            self._program_one(addr, data[:step], alike)
            addr, data = addr + step, data[step:]

    def erase(self, addr: int, size: int = PAGE) -> None:
        """Set whole sectors to ones: one operation for each aligned 64 KiB, else for each 4 KiB.

        Raises ValueError when addr or size are not whole sectors of this chip.
        """
        self._check_range(addr, size)
        if addr % PAGE or size % PAGE:
            raise ValueError(f"erase of {size:#x} at {addr:#x}: not multiples of {PAGE}")
        while size:
            step = BLOCK if addr % BLOCK == 0 and size >= BLOCK else PAGE
            self._erase_one(addr, step)
            addr, size = addr + step, size - step

    def _program_one(self, addr: int, data: bytes, alike: Alike | None) -> None:
        op = self._begin("program", addr, len(data), data)
        changed = self._programmed(addr, data, alike)
        self._cut_inside(op)
        self._store(changed)
        self._end(op, _cost(addr, len(data))[1])

    def _erase_one(self, addr: int, size: int) -> None:
        op = self._begin("erase", addr, size)
        self._cut_inside(op)
        for page in range(addr // PAGE, (addr + size) // PAGE):
            if page not in self.bad:
                if self.reads is not None:
                    self.reads.erased.add(page)
                self.pages[page] = BLANK
                self.weak.pop(page, None)
            self.wear[page] = self.wear.get(page, 0) + 1
        self._end(op, ERASE_US[size])

    def _check_range(self, addr: int, size: int) -> None:
        if addr < 0 or size < 0 or addr + size > self.size:
            raise ValueError(f"{addr:#x} + {size:#x} is outside a flash of {self.size:#x} bytes")

    def _programmed(
        self, addr: int, data: bytes, alike: Alike | None
    ) -> list[tuple[int, bytes]]:
        """The pages that a program changes, and their new contents."""
        changed = []
        done = 0
        while done < len(data):
            page, low = divmod(addr + done, PAGE)
            part = data[done : done + PAGE - low]
            if self.reads is not None:
                self.reads.note((page,), alike)  # what comes out depends on what was there
            old = self.weak[page][0] if page in self.weak else self.pages[page]
            here = old[low : low + len(part)]
            if here != part and page not in self.bad:
                new = part
                # Most programs go to erased flash, where there is nothing to combine.
                if here != BLANK[: len(part)]:
                    new = both(here, part)
                    if new != part and page not in self.weak:
                        self._needs_erase(addr + done, here, part)
                if new != here:
                    changed.append((page, old[:low] + new + old[low + len(new) :]))
            done += len(part)
        return changed

    def _needs_erase(self, addr: int, old: bytes, new: bytes) -> None:
        at = next(i for i, (was, asked) in enumerate(zip(old, new, strict=True)) if asked & ~was)
        words = f"program at {addr + at:#x}: {old[at]:#04x} -> {new[at]:#04x} needs an erase"
        words += f" ({caller()})"
        if self.on_illegal is None:
            raise IllegalProgram(words)
        self.on_illegal(words)

    def _store(self, changed: list[tuple[int, bytes]]) -> None:
        for page, new in changed:
            self.pages[page] = new
            if self.weak:
                self.weak.pop(page, None)

    def _undisturbed(self, operations: int, busy_us: int) -> bool:
        """May these operations be done at once, as nobody looks and nothing happens meanwhile?"""
        if self.on_op or self.after_op:
            return False
        if self.cut is not None and self.cut[0] < self.ops + operations:
            return False
        return self.clock is None or self.clock.due > self.clock.now_us + busy_us

    def _begin(self, kind: str, addr: int, size: int, data: bytes = b"") -> Op | None:
        """Number the operation, tell the observer. The Op is made only if anyone asks."""
        index = self.ops
        self.ops += 1
        cut_here = self.cut is not None and self.cut[0] == index
        if not (cut_here or self.on_op or self.after_op):
            return None
        op = Op(index, kind, addr, size, caller(), data)
        if self.on_op:
            self.on_op(op)
        return op

    def _cut_inside(self, op: Op | None) -> None:
        """The armed cut, unless it comes after the operation."""
        if op is None or self.cut is None or self.cut[0] != op.index or self.cut[1] == "after":
            return
        tear, self.cut = self.cut[1], None
        self.tear(op, tear)
        if op.kind == "erase" and tear != "before":  # half an erase wears as a whole one does
            for page in range(op.addr // PAGE, (op.addr + op.size) // PAGE):
                self.wear[page] = self.wear.get(page, 0) + 1
        raise PowerCut(op, tear)

    def tear(self, op: Op, tear: str) -> None:
        """Leave what this operation leaves when it is cut so. Raises ValueError as torn() does."""
        left = torn(self.read(op.addr, op.size), op, tear)
        first, low = divmod(op.addr, PAGE)
        whole = self.pages[first][:low] + left
        last = (op.addr + op.size - 1) // PAGE
        whole += self.pages[last][(low + op.size - 1) % PAGE + 1 :]
        for number, page in enumerate(range(first, last + 1)):
            if page not in self.bad:
                new = whole[number * PAGE : (number + 1) * PAGE]
                self.weak.pop(page, None)
                if tear == "weak" and new != BLANK:
                    self.weak[page] = (new, False)
                    new = BLANK
                self.pages[page] = new

    def _end(self, op: Op | None, busy_us: int) -> None:
        self._take(busy_us)
        if op is None:
            return
        if self.after_op:
            self.after_op(op)
        if self.cut == (op.index, "after"):
            self.cut = None
            raise PowerCut(op, "after")

    def _take(self, busy_us: int) -> None:
        if self.clock is not None:
            self.clock.spend(busy_us * self.slow)


def _cost(addr: int, size: int) -> tuple[int, int]:
    """(operations, microseconds) that a program of `size` bytes at `addr` takes."""
    first = min(size, PROGRAM_PAGE - addr % PROGRAM_PAGE)
    pages, last = divmod(size - first, PROGRAM_PAGE)
    operations = -(-first // PROGRAM_MAX) + pages * (PROGRAM_PAGE // PROGRAM_MAX)
    operations += -(-last // PROGRAM_MAX)
    return operations, operations * PROGRAM_FIRST_US + size * PROGRAM_8_BYTES_US // 8


def _page_hash(index: int, page: bytes) -> int:
    found = blake2b(page, digest_size=DIGEST_SIZE, salt=index.to_bytes(4, "little"))
    return int.from_bytes(found.digest(), "little")


@lru_cache(maxsize=16)
def _blank_total(pages: int) -> int:
    total = 0
    for index in range(pages):
        total ^= _page_hash(index, BLANK)
    return total


def caller() -> str:
    """'file:line' of the nearest firmware frame, ports aside, else of the chip's own code
    (bootloader, ota_ops, nvs), else of the nearest frame outside this file."""
    frame: FrameType | None = sys._getframe(1)
    own: FrameType | None = None
    nearest: FrameType | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if nearest and frame.f_code.co_name == "run" and name.endswith("emulator/device.py"):
            break  # further out is another device, of which an observer started this one
        if name == "main.py" or (
            name.startswith("seesaw/") and not name.startswith("seesaw/port/")
        ):
            return f"{name}:{frame.f_lineno}"
        if own is None and name != __file__:
            nearest = nearest or frame
            if name.endswith(_CHIP_CODE):
                own = frame
        frame = frame.f_back
    host = own or nearest
    assert host is not None
    return f"{_short(host.f_code.co_filename)}:{host.f_lineno}"


@lru_cache(maxsize=1024)
def _short(filename: str) -> str:
    """The last two parts of a host path, such as 'emulator/bootloader.py'."""
    return "/".join(filename.replace("\\", "/").split("/")[-2:])
