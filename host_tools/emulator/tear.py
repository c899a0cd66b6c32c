"""What a power cut in the middle of a flash operation may leave behind: pure functions on bytes.

No data sheet promises anything about an interrupted operation, so each mode stays within what NOR
flash can do at all: a program clears some of the bits it was asked to clear, an erase sets some of
the bits of its sector. Modes are text, so that a cut can be written down and repeated:

program  'before' 'after'  'prefix:N' the first N words of 4 bytes   'hole:N' all but word N
         'bits:SEED' a random half of the bits
erase    'before' 'after'  'half' the first half   'mix:SEED' a random half of the bits
         'weak' reads as blank, until a program or the next but one power-on shows what is left
"""

import random
from typing import Protocol

WORD = 4  # bytes
ERASE_TEARS = ("before", "half", "mix:0", "mix:1", "weak", "after")


class Operation(Protocol):
    """The part of a flash operation that decides what is torn; `data` is b"" for an erase."""

    @property
    def addr(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def data(self) -> bytes: ...


def tears(op: Operation) -> tuple[str, ...]:
    """The standard modes of an operation, from nothing done to all done."""
    if not op.data:
        return ERASE_TEARS
    words = -(-op.size // WORD)
    prefixes = sorted({1, words // 2, words - 1} - {0, words})
    holes = sorted({0, words - 2, words - 1} & set(range(words))) if words > 1 else []
    middle = [f"prefix:{n}" for n in prefixes] + [f"hole:{n}" for n in holes]
    return ("before", *middle, "bits:0", "bits:1", "bits:2", "after")


def torn(before: bytes, op: Operation, tear: str) -> bytes:
    """The bytes at `op.addr` after an operation that was cut. before: `op.size` bytes.

    Raises ValueError for a mode that this operation does not have.
    """
    mode, _, text = tear.partition(":")
    if mode == "before":
        return before
    if op.data:
        return both(before, _programmed(op, mode, text))
    chance = random.Random(f"{op.addr}:{text}")
    match mode:
        case "after":
            return b"\xff" * op.size
        case "half":
            return b"\xff" * (op.size // 2) + before[op.size // 2 :]
        case "mix":
            return _or(before, chance.randbytes(op.size))
        case "weak":  # one bit in eight is left
            mask = _or(chance.randbytes(op.size), chance.randbytes(op.size))
            return _or(before, _or(mask, chance.randbytes(op.size)))
    raise ValueError(f"an erase has no cut {tear!r}: take one of {', '.join(ERASE_TEARS)}")


def _programmed(op: Operation, mode: str, text: str) -> bytes:
    """The data that the cut program amounts to: ones where it has not come to."""
    if mode == "after":
        return op.data
    if text.isdecimal():
        at = int(text) * WORD
        if mode == "bits":
            return _or(op.data, random.Random(f"{op.addr}:{text}").randbytes(op.size))
        if mode == "prefix":
            return op.data[:at].ljust(op.size, b"\xff")
        if mode == "hole":
            ones = b"\xff" * len(op.data[at : at + WORD])
            return op.data[:at] + ones + op.data[at + WORD :]
    raise ValueError(f"a program has no cut {mode}:{text}: take one of {', '.join(tears(op))}")


def _or(one: bytes, other: bytes) -> bytes:
    joined = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return joined.to_bytes(len(one), "little")


def both(one: bytes, other: bytes) -> bytes:
    """The bits that are set in both; of the same length."""
    joined = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return joined.to_bytes(len(one), "little")
