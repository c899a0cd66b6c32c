"""hashlib, json and struct as the ESP32 port has them, where CPython's own differ.

Floats come out rounded to the 32 bits of the chip's.

Not reproduced, because no firmware should lean on it: MicroPython's JSON takes `[1 2]` and `[1,]`,
and its struct.pack cuts off numbers that are too large. Here both raise. The text of a float has
more digits here than the chip's seven.
"""

import hashlib
import json
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from host_tools.emulator.micro_float import single


class Hash:
    """update() and digest() alone; digest() ends it (micropython extmod/modhashlib.c)."""

    def __init__(self, make: Callable[[Any], Any], data: Any = b"") -> None:
        self._hash = make(data)

    def _going(self) -> Any:
        if self._hash is None:
            raise ValueError("hash is final")
        return self._hash

    def update(self, data: Any) -> None:
        self._going().update(data)

    def digest(self) -> bytes:
        found, self._hash = self._going(), None
        return found.digest()


def _no_number(text: str) -> None:
    raise ValueError("syntax error in JSON")


def _float(text: str) -> float:
    return single(float(text))


def _loads(text: Any) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_float)
    except json.JSONDecodeError:
        raise ValueError("syntax error in JSON") from None


def _sized(action: Callable[..., Any]) -> Callable[..., Any]:
    """A buffer that is too short is a ValueError."""

    def wrapped(*args: Any) -> Any:
        try:
            return action(*args)
        except struct.error as error:
            raise ValueError("buffer too small") from error

    return wrapped


def _unpack_from(fmt: str, data: Any, offset: int = 0) -> tuple[Any, ...]:
    found = struct.unpack_from(fmt, data, offset)
    if "d" not in fmt:
        return found
    return tuple(single(item) if isinstance(item, float) else item for item in found)


def _unpack(fmt: str, data: Any) -> tuple[Any, ...]:
    """What follows the fields is ignored."""
    return _unpack_from(fmt, data)


HASHLIB = {name: partial(Hash, getattr(hashlib, name)) for name in ("sha256", "sha1", "md5")}
JSON = {
    "dumps": partial(json.dumps, ensure_ascii=False),
    "loads": _loads,
    "dump": lambda value, file: file.write(json.dumps(value, ensure_ascii=False)),
    "load": lambda file: _loads(file.read()),
}
STRUCT = {
    "calcsize": struct.calcsize,
    "pack": struct.pack,
    "pack_into": _sized(struct.pack_into),
    "unpack": _sized(_unpack),
    "unpack_from": _sized(_unpack_from),
}
