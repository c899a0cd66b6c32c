"""Smaller PNGs hold the same pixels, whatever filters they came with."""

import random
import struct
import zlib

import pytest

from host_tools.twin import png

WIDTH, HEIGHT = 7, 5


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(rows: bytes, colour: int, depth: int = 8, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlaced)
    data = zlib.compress(rows)
    halves = chunk(b"IDAT", data[:9]) + chunk(b"IDAT", data[9:])
    return png.SIGNATURE + chunk(b"IHDR", header) + halves + chunk(b"IEND", b"")


def filtered(pixels: list[bytes], size: int) -> bytes:
    """Every row with another filter, as part 9.2 of the PNG specification defines them."""
    out, above = b"", bytes(len(pixels[0]))
    for kind, row in enumerate(pixels):
        out += bytes([kind])
        for at, value in enumerate(row):
            a = row[at - size] if at >= size else 0
            b, c = above[at], above[at - size] if at >= size else 0
            nearest = sorted([(abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c)])
            out += bytes([(value - (0, a, b, (a + b) // 2, nearest[0][2])[kind]) & 0xFF])
        above = row
    return out


@pytest.mark.parametrize("colour, size", [(2, 3), (6, 4)])
def test_the_pixels_stay(colour: int, size: int) -> None:
    random.seed(1)
    pixels = [random.randbytes(WIDTH * size) for _ in range(HEIGHT)]
    found = png.smaller(picture(filtered(pixels, size), colour))
    start = found.index(b"IDAT") - 4
    data = found[start + 8 : start + 8 + struct.unpack_from(">I", found, start)[0]]
    assert zlib.decompress(data) == b"".join(b"\0" + row for row in pixels)
    assert found[:33] == picture(b"", colour)[:33] and found.endswith(chunk(b"IEND", b""))


@pytest.mark.parametrize("other", [b"", b"GIF89a", picture(b"", 3), picture(b"", 2, 16)])
def test_another_kind_is_refused(other: bytes) -> None:
    with pytest.raises(ValueError):
        png.smaller(other)


def test_an_interlaced_one_is_refused() -> None:
    with pytest.raises(ValueError):
        png.smaller(picture(b"", 2, interlaced=1))
