"""The chip's floats: 32 bits wide (MICROPY_FLOAT_IMPL_FLOAT), CPython's are 64.

Rounded where a value crosses into the firmware or out of it; what the firmware reckons in between
keeps CPython's precision. No call into the chip takes a float at all (mp_obj_get_int).
"""

import random
import struct
from collections.abc import Callable
from typing import Any

_SINGLE = struct.Struct("<f")
FRACTION = 1 << 23  # random() has so many steps (micropython extmod/modrandom.c)
NO_INT = "can't convert float to int"


def single(value: float) -> float:
    """The nearest 32-bit float; infinity beyond their range."""
    try:
        return _SINGLE.unpack(_SINGLE.pack(value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def no_float(value: Any) -> Any:
    """`value` itself. TypeError for a float, as where the port takes an integer."""
    if value.__class__ is float:
        raise TypeError(NO_INT)
    return value


class _FloatType(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, float)


class Float(metaclass=_FloatType):
    """The built-in `float` of the firmware: what it makes is a plain float, rounded."""

    def __new__(cls, value: Any = 0.0) -> Any:
        return single(float(value))


def random_functions(chance: random.Random) -> dict[str, Callable[..., Any]]:
    """The module `random`, from one source of chance."""

    def fraction() -> float:
        return int(chance.random() * FRACTION) / FRACTION

    return {
        "getrandbits": chance.getrandbits,
        "random": fraction,
        "uniform": lambda a, b: single(a + (b - a) * fraction()),
        "randint": chance.randint,
        "choice": chance.choice,
        "seed": lambda *n: None,
    }
