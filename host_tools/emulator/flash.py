"""NOR flash as the chip sees it: 4 KiB sectors that are erased to ones and programmed to zeros.

The contents are a list of immutable pages, so a copy of a 4 MiB chip is a copy of 1024
references, and two chips with the same history share their bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType

import numpy as np

PAGE = 4096  # bytes, the smallest unit of an erase
BLANK = b"\xff" * PAGE
_CHIP_CODE = ("/bootloader.py", "/ota_ops.py", "/nvs.py")


@dataclass(frozen=True, slots=True)
class Op:
    """One flash operation: `index` counts from 0, `addr` and `size` are in bytes."""

    index: int
    kind: str  # 'erase' or 'program'
    addr: int
    size: int
    caller: str  # 'file:line' that asked: the nearest firmware, else host code


class PowerCut(BaseException):
    """The power went away at a flash operation; not an Exception, so no firmware can catch it."""

    def __init__(self, op: Op, when: str) -> None:
        super().__init__(f"power cut {when} {op.kind} {op.index} at {op.addr:#x} ({op.caller})")
        self.op = op
        self.when = when  # 'before' or 'after' the operation took effect


class IllegalProgram(Exception):
    """A program asked for a 0 -> 1 bit, which only an erase can give."""


class Flash:
    """A NOR flash chip with numbered operations, observers and one armed power cut.

    `on_op` is called just before an operation is applied and `after_op` just after; either may
    raise to end the run there (an observer that tears an operation edits `pages` and raises).
    `cut = (index, 'before' | 'after')` raises PowerCut at that operation, once: it then disarms
    itself, since the chip outlives the power. An operation is counted when it starts, also when a
    cut 'before' keeps it from taking effect; a refused one (IllegalProgram) is not counted.
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
        self.ops = 0  # operations so far
        self.on_op: Callable[[Op], None] | None = None
        self.after_op: Callable[[Op], None] | None = None
        self.cut: tuple[int, str] | None = None

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
        return other

    def read(self, addr: int, size: int) -> bytes:
        """`size` bytes from `addr`. Raises ValueError outside the chip."""
        self._check_range(addr, size)
        page, low = divmod(addr, PAGE)
        if low + size <= PAGE:
            return self.pages[page][low : low + size] if size else b""
        last = (addr + size - 1) // PAGE
        return b"".join(self.pages[page : last + 1])[low : low + size]

    def program(self, addr: int, data: bytes) -> None:
        """Clear bits: new = old & data. One operation of any length inside the chip.

        Raises IllegalProgram when data has a one where the flash has a zero, and ValueError
        outside the chip. Nothing at all happens for empty data.
        """
        data = bytes(data)
        self._check_range(addr, len(data))
        if not data:
            return
        changed = self._programmed(addr, data)
        with_op = self._begin("program", addr, len(data))
        for page, new in changed:
            self.pages[page] = new
        self._end(with_op)

    def erase(self, addr: int) -> None:
        """Set the 4 KiB sector at `addr` to ones: one operation.

        Raises ValueError when addr is not the start of a sector of this chip.
        """
        self._check_range(addr, PAGE)
        if addr % PAGE:
            raise ValueError(f"erase at {addr:#x}: not a multiple of {PAGE}")
        with_op = self._begin("erase", addr, PAGE)
        page = addr // PAGE
        self.pages[page] = BLANK
        self.wear[page] = self.wear.get(page, 0) + 1
        self._end(with_op)

    def _check_range(self, addr: int, size: int) -> None:
        if addr < 0 or size < 0 or addr + size > self.size:
            raise ValueError(f"{addr:#x} + {size:#x} is outside a flash of {self.size:#x} bytes")

    def _programmed(self, addr: int, data: bytes) -> list[tuple[int, bytes]]:
        """The pages that a program changes, and their new contents."""
        changed = []
        done = 0
        while done < len(data):
            page, low = divmod(addr + done, PAGE)
            part = data[done : done + PAGE - low]
            old = self.pages[page]
            here = old[low : low + len(part)]
            if here != part:
                # Most programs go to erased flash, where there is nothing to combine.
                if here != BLANK[: len(part)]:
                    _refuse_ones(addr + done, here, part)
                changed.append((page, old[:low] + part + old[low + len(part) :]))
            done += len(part)
        return changed

    def _begin(self, kind: str, addr: int, size: int) -> Op | None:
        """Number the operation, tell the observer, cut. The Op is made only if anyone asks."""
        index = self.ops
        self.ops += 1
        cut_here = self.cut is not None and self.cut[0] == index
        if not (cut_here or self.on_op or self.after_op):
            return None
        op = Op(index, kind, addr, size, _caller())
        if self.on_op:
            self.on_op(op)
        if cut_here:
            self._cut_if(op, "before")
        return op

    def _end(self, op: Op | None) -> None:
        if op is None:
            return
        if self.after_op:
            self.after_op(op)
        self._cut_if(op, "after")

    def _cut_if(self, op: Op, when: str) -> None:
        if self.cut == (op.index, when):
            self.cut = None
            raise PowerCut(op, when)


def _refuse_ones(addr: int, old: bytes, new: bytes) -> None:
    """Raise IllegalProgram if any bit would have to go from 0 to 1."""
    before = np.frombuffer(old, dtype=np.uint8)
    asked = np.frombuffer(new, dtype=np.uint8)
    wrong = np.flatnonzero((before & asked) != asked)
    if wrong.size:
        at = int(wrong[0])
        raise IllegalProgram(
            f"program at {addr + at:#x}: {old[at]:#04x} -> {new[at]:#04x} needs an erase "
            f"({_caller()})"
        )


def _caller() -> str:
    """'file:line' of the nearest firmware frame, else of the chip's own code (bootloader, ota_ops,
    nvs), else of the nearest frame outside this file."""
    frame: FrameType | None = sys._getframe(1)
    own: FrameType | None = None
    nearest: FrameType | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if name == "main.py" or name.startswith("seesaw/"):
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
