"""SHA-512, for Ed25519 and for targets that are named by it: the chip has none of its own.

A word is one integer of 64 bits. On the chip that is a big integer, and takes 32 bytes of heap; so
does nearly every half of 32 bits, and with halves a block took three times the time and the garbage
(on a MicroPython of 32 bits). Source: FIPS 180-4, sections 4.1.3, 4.2.3, 5.1.2, 5.3.5 and 6.4.2.
"""

import struct

BLOCK_SIZE = 128  # bytes
MASK = (1 << 64) - 1
DOUBLED = (1 << 64) + 1  # a word times this, shifted right, is the word rotated right


def _root(number: int, degree: int) -> int:
    """The whole part of a square or cube root below 1 << 67, by Newton's method from above."""
    root = 1 << 67
    while True:
        lower = ((degree - 1) * root + number // root ** (degree - 1)) // degree
        if lower >= root:
            return root
        root = lower


def _constants() -> tuple:
    """(first state, round constants): the first 64 fractional bits of roots of the first primes.

    Worked out, since as a table they would be a tenth of this room's bytes.
    """
    first = []
    rounds = bytearray(80 * 8)
    at = 0
    for prime in range(2, 410):
        if all(prime % n for n in range(2, 21) if n < prime):
            if len(first) < 8:
                first.append(_root(prime << 128, 2) & MASK)
            struct.pack_into(">Q", rounds, at, _root(prime << 192, 3) & MASK)
            at += 8
    return first, rounds


_FIRST, _ROUNDS = _constants()


class Sha512:
    """The hash of what update() was given. `pause`, if given, is called before each block."""

    def __init__(self, pause=None):
        self._state = _FIRST[:]
        self._block = bytearray(BLOCK_SIZE)
        self._size = 0  # bytes so far
        self._pause = pause

    def update(self, data: bytes) -> None:
        """More of the message: bytes, bytearray or memoryview of any length."""
        view = memoryview(data)
        while len(view):
            filled = self._size % BLOCK_SIZE
            part = view[: BLOCK_SIZE - filled]
            self._block[filled : filled + len(part)] = part
            self._size += len(part)
            view = view[len(part) :]
            if self._size % BLOCK_SIZE == 0:
                self._compress()

    def digest(self) -> bytes:
        """The 64 bytes. Ends the message: this is for one call, and after it no update()."""
        bits = (8 * self._size).to_bytes(16, "big")
        self.update(b"\x80" + bytes(-(self._size + 17) % BLOCK_SIZE) + bits)
        return struct.pack(">8Q", *self._state)

    def _compress(self) -> None:
        if self._pause:
            self._pause()
        mask = MASK
        doubled = DOUBLED
        w = list(struct.unpack(">16Q", self._block))
        a, b, c, d, e, f, g, h = self._state
        b_c = b ^ c
        for start in range(0, len(_ROUNDS), BLOCK_SIZE):
            k = struct.unpack_from(">16Q", _ROUNDS, start)
            if start:
                _schedule(w)
            for i in range(16):
                x = e * doubled
                x = h + (x >> 14 ^ x >> 18 ^ x >> 41) + (g ^ e & (f ^ g)) + k[i] + w[i]
                h = g
                g = f
                f = e
                e = d + x & mask
                y = a * doubled
                a_b = a ^ b
                x += (y >> 28 ^ y >> 34 ^ y >> 39) + (b ^ a_b & b_c)
                b_c = a_b
                d = c
                c = b
                b = a
                a = x & mask
        for i, x in enumerate((a, b, c, d, e, f, g, h)):
            self._state[i] = self._state[i] + x & mask


def _schedule(w: list) -> None:
    """The next 16 words of the message schedule, in place of the last 16."""
    mask = MASK
    doubled = DOUBLED
    for i in range(16):
        x = w[i - 15]
        y = w[i - 2]
        a = x * doubled
        b = y * doubled
        a = (a >> 1 ^ a >> 8 ^ x >> 7) + (b >> 19 ^ b >> 61 ^ y >> 6)
        w[i] = w[i] + w[i - 7] + a & mask
