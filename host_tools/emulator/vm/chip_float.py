# `json`, `random` and `struct` with the chip's 32-bit floats: the Unix VM's are 64 bits wide.
# What the firmware reckons in between, and the text of a float, keep the VM's precision.
import json as _json
import random as _random
import struct as _struct

from _overlay import Overlay


def single(value):
    return _struct.unpack("<f", _struct.pack("<f", value))[0]


def _rounded(value):
    if isinstance(value, float):
        return single(value)
    if isinstance(value, list):
        value[:] = [_rounded(item) for item in value]
    elif isinstance(value, dict):
        for key in value:
            value[key] = _rounded(value[key])
    return value


def _fraction():
    return _random.getrandbits(23) / 8388608


def _unpack_from(fmt, data, offset=0):
    found = _struct.unpack_from(fmt, data, offset)
    return tuple([_rounded(item) for item in found]) if "d" in fmt else found


json = Overlay(
    _json,
    loads=lambda text: _rounded(_json.loads(text)),
    load=lambda file: _rounded(_json.load(file)),
)
random = Overlay(_random, random=_fraction, uniform=lambda a, b: single(a + (b - a) * _fraction()))
struct = Overlay(_struct, unpack=_unpack_from, unpack_from=_unpack_from)
