"""The trailer: what it packs it reads back, and nothing else is taken for one."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.update import trailer

FIELDS = (8288, bytes(range(32)), 12288, 20992, bytes(range(32, 64)), "esp32_wrover", "1.2.3", 7)


def changed(index: int, value: object) -> tuple:
    return (*FIELDS[:index], value, *FIELDS[index + 1 :])


def test_every_field_comes_back() -> None:
    packed = trailer.pack(*FIELDS)
    assert len(packed) == 132
    found = trailer.unpack(packed + b"\xff" * 3964)
    names = (
        "runtime_size runtime_sha256 bundle_offset bundle_size bundle_sha256"
        " board version build_time"
    )
    assert tuple(getattr(found, name) for name in names.split()) == FIELDS


def test_the_layout_is_the_published_one() -> None:
    packed = trailer.pack(*FIELDS)
    assert packed[:8] == b"SEESAW\x00\x01"
    assert packed[44:52] == struct.pack("<II", 12288, 20992)
    assert packed[100:124] == b"1.2.3".ljust(24, b"\0")
    assert packed[128:] == struct.pack("<I", binascii.crc32(packed[:128]))


@given(st.integers(0, 132 * 8 - 1))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    damaged = bytearray(trailer.pack(*FIELDS))
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(trailer.BadTrailer):
        trailer.unpack(bytes(damaged))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(trailer.BadTrailer) as caught:
        trailer.unpack(data)
    assert caught.value.args[0]


@pytest.mark.parametrize(
    "fields",
    [
        changed(0, 0),
        changed(1, b"short"),
        changed(2, 12289),
        changed(2, 8192),
        changed(3, 0),
        changed(5, "a_name_of_17_byte"),
        changed(5, ""),
        changed(6, "1.2 3"),
        changed(6, "1" * 25),
    ],
)
def test_what_could_not_be_read_back_is_not_packed(fields: tuple) -> None:
    with pytest.raises(trailer.BadTrailer):
        trailer.pack(*fields)


def test_crafted_fields_with_a_good_checksum_are_refused() -> None:
    body = struct.pack(trailer.LAYOUT, trailer.MAGIC, *FIELDS[:5], b"\xc3\x28", b"1", 0, 0)[:-4]
    with pytest.raises(trailer.BadTrailer, match="ASCII"):
        trailer.unpack(body + struct.pack("<I", binascii.crc32(body)))


