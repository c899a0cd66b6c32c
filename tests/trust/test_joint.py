"""The joint sparse form, and sums along it: over whole numbers, where both are easy to see."""

import random

from hypothesis import given
from hypothesis import strategies as st
from seesaw.crypto import joint

SCALARS = st.integers(0, 2**256 - 1) | st.integers(0, 16) | st.just(2**256 - 1)
FACTORS = st.integers(-(10**9), 10**9)
# Whole numbers as a curve: they double, they add up, they have opposites.
NUMBERS = (
    lambda total, _: (2 * total[0],),
    lambda total, point: (total[0] + point[0],),
    lambda point: (-point[0],),
)


def signed_bits(u: int, v: int) -> list[tuple[int, int]]:
    """What the digits say, lowest first."""
    assert joint.ZERO == 4
    return [(digit // 3 - 1, digit % 3 - 1) for digit in joint.digits(u, v)]


@given(u=SCALARS, v=SCALARS, a=FACTORS, b=FACTORS)
def test_a_sum_over_whole_numbers(u: int, v: int, a: int, b: int) -> None:
    points = [(b,), (a - b,), (a,), (a + b,)]

    assert joint.combined(u, v, points, NUMBERS, (0,), None) == (u * a + v * b,)


@given(u=SCALARS, v=SCALARS)
def test_the_digits_are_the_scalars_and_in_joint_sparse_form(u: int, v: int) -> None:
    bits = signed_bits(u, v)

    assert sum(i << place for place, (i, _) in enumerate(bits)) == u
    assert sum(j << place for place, (_, j) in enumerate(bits)) == v
    # Solinas, definition of the form: of three neighbours one is zero in both; neighbours of one
    # row never differ in sign; where one row has two in turn, the other has +-1 and then 0.
    for low, middle, high in zip(bits, bits[1:], bits[2:], strict=False):
        assert (0, 0) in (low, middle, high)
    for low, high in zip(bits, bits[1:], strict=False):
        for mine, other in ((0, 1), (1, 0)):
            assert low[mine] * high[mine] != -1
            if low[mine] and high[mine]:
                assert high[other] and not low[other]


def test_half_of_the_digits_add_nothing() -> None:
    draw = random.Random(1)
    rows = [joint.digits(draw.getrandbits(256), draw.getrandbits(256)) for _ in range(100)]
    used = sum(digit != joint.ZERO for row in rows for digit in row) / len(rows)

    assert 124 < used < 132  # of 257


def test_the_caller_hears_of_each_sixteenth_of_the_work() -> None:
    steps: list[str] = []
    curve = (lambda total, _: steps.append("doubled"), *NUMBERS[1:])
    joint.combined(0, 0, [(1,)] * 4, curve, (0,), lambda: steps.append("pause"))
    runs = "".join(step[0] for step in steps).split("p")

    assert max(map(len, runs)) <= joint.PAUSE_EVERY
    assert len(runs) > 16
