"""u * A + v * B on any curve, with one run of doublings for both (Shamir's trick).

The scalars are taken in their joint sparse form: signed bits, of which on average half of the pairs
are zero. Source: J. A. Solinas, "Low-Weight Binary Representations for Pairs of Integers", CORR
2001-41; it is algorithm 3.50 in Hankerson, Menezes, Vanstone, "Guide to Elliptic Curve
Cryptography".
"""

SCALAR_SIZE = 32  # bytes
ZERO = 4  # how a digit is stored that adds nothing
PAUSE_EVERY = 16  # doublings: a sixteenth of the work


def combined(u: int, v: int, points: list, curve: tuple, total: tuple, pause) -> tuple:
    """u * A + v * B for u, v of at most 256 bits; `points` are B, A - B, A, A + B.

    curve: three functions, of which the first doubles a total (and makes what a sum needs, if its
    second argument is true), the second adds a point to a total, and the third negates a point.
    total: the neutral one, to begin with. pause() is called on the way.
    """
    doubled, summed, negated = curve
    added = [None] + points
    for point in points:
        added.insert(0, negated(point))
    row = digits(u, v)
    for at in range(len(row) - 1, -1, -1):
        if pause and at % PAUSE_EVERY == 0:
            pause()
        point = added[row[at]]
        total = doubled(total, point)
        if point:
            total = summed(total, point)
    return total


def digits(u: int, v: int) -> bytearray:
    """The digits of two scalars of at most 256 bits, the lowest one first.

    A digit is 3 * i + j + ZERO with i, j in -1, 0, 1; u is the sum of all i << place, v of all j.
    """
    first = u.to_bytes(SCALAR_SIZE + 2, "little")
    second = v.to_bytes(SCALAR_SIZE + 2, "little")
    row = bytearray(8 * SCALAR_SIZE + 8)  # the last eight take the carry
    x = first[0]
    y = second[0]
    for place in range(len(row)):
        if place & 7 == 0:
            # Never more than 17 bits here: a number of the chip's own, that takes no heap.
            following = (place >> 3) + 1
            x += first[following] << 8
            y += second[following] << 8
        i = j = 0
        if x & 1:
            i = 2 - (x & 3)
            if y & 3 == 2 and x & 7 in (3, 5):
                i = -i
        if y & 1:
            j = 2 - (y & 3)
            if x & 3 == 2 and y & 7 in (3, 5):
                j = -j
        row[place] = 3 * i + j + ZERO
        x = x - i >> 1
        y = y - j >> 1
    return row
