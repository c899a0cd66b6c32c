"""Shared by the NVS tests: a small flash with an NVS partition, values and operations on it."""

from __future__ import annotations

import random

import pytest

from host_tools.emulator.flash import PAGE, Flash, Op
from host_tools.emulator.nvs import Nvs, NvsError

BASE = 2 * PAGE  # the partition does not start at 0
SIZE = 4 * PAGE
BLANK = b"\xff" * PAGE
NOT_FOUND, NO_SPACE = 0x1102, 0x1105
Value = int | str | bytes
Values = dict[str, Value]
Steps = list[tuple[str, Value | None]]


def blank_flash() -> Flash:
    return Flash(BASE + SIZE + PAGE)


def start(flash: Flash) -> Nvs:
    return Nvs.start(flash, BASE, SIZE)


def put(nvs: Nvs, key: str, value: Value | None) -> None:
    if value is None:
        nvs.erase_key("n", key)
    elif isinstance(value, int):
        nvs.set_i32("n", key, value)
    elif isinstance(value, str):
        nvs.set_str("n", key, value)
    else:
        nvs.set_blob("n", key, value)


def values(nvs: Nvs) -> Values:
    """Everything stored, through items() and through the getters, which must agree."""
    found: Values = {}
    for ns, key, kind, value in nvs.items():
        assert ns == "n"
        assert key not in found
        get = {"i32": nvs.get_i32, "str": nvs.get_str, "blob": nvs.get_blob}[kind]
        assert value == get(ns, key)
        found[key] = value
    return found


def noise(length: int, seed: int) -> bytes:
    """Data with runs of FF, which look like free flash."""
    data = bytearray(random.Random(seed).randbytes(length))
    data[length // 3 : length // 2] = b"\xff" * (length // 2 - length // 3)
    return bytes(data)


def code_of(call: object, *args: object) -> int:
    assert callable(call)
    with pytest.raises(NvsError) as caught:
        call(*args)
    assert caught.value.name in str(caught.value)
    return caught.value.code


def ops_of(flash: Flash, call: object, *args: object) -> list[Op]:
    seen: list[Op] = []
    flash.on_op = seen.append
    assert callable(call)
    call(*args)
    flash.on_op = None
    return seen
