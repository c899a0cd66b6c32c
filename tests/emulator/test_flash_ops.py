"""Operations as the driver splits them: their time and wear, and what a cut inside leaves."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.flash import (
    BLANK,
    BLOCK,
    ERASE_US,
    PAGE,
    PROGRAM_MAX,
    PROGRAM_PAGE,
    Flash,
    Op,
    PowerCut,
)
from host_tools.emulator.tear import tears, torn

NOISE = random.Random(1).randbytes(4 * PAGE)


def seen_by(flash: Flash) -> list[Op]:
    ops: list[Op] = []
    flash.on_op = ops.append
    return ops


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 2 * PAGE), st.integers(1, 2 * PAGE - 1))
def test_programs_are_split_the_same_watched_or_not(addr: int, size: int) -> None:
    watched, alone = Flash(4 * PAGE), Flash(4 * PAGE)
    watched.clock, alone.clock = VirtualClock(), VirtualClock()
    ops = seen_by(watched)
    watched.program(addr, NOISE[:size])
    alone.program(addr, NOISE[:size])

    assert b"".join(op.data for op in ops) == NOISE[:size]
    assert [op.addr for op in ops[1:]] == [op.addr + op.size for op in ops[:-1]]
    assert all(op.size <= PROGRAM_MAX for op in ops)
    assert all(op.addr // PROGRAM_PAGE == (op.addr + op.size - 1) // PROGRAM_PAGE for op in ops)
    assert alone.ops == watched.ops == len(ops)
    assert alone.pages == watched.pages
    assert abs(alone.clock.now_us - watched.clock.now_us) <= len(ops), "each op is rounded down"


def test_an_erase_takes_blocks_where_it_can() -> None:
    flash = Flash(3 * BLOCK)
    flash.clock = VirtualClock()
    ops = seen_by(flash)
    flash.erase(BLOCK - 2 * PAGE, BLOCK + 4 * PAGE)

    sizes = [PAGE, PAGE, BLOCK, PAGE, PAGE]
    assert [op.size for op in ops] == sizes
    assert flash.clock.now_us == sum(ERASE_US[size] for size in sizes)
    assert set(flash.wear.values()) == {1} and len(flash.wear) == BLOCK // PAGE + 4


def test_a_slow_chip_takes_longer() -> None:
    flash = Flash(PAGE)
    flash.clock, flash.slow = VirtualClock(), 9
    flash.erase(0)
    assert flash.clock.now_us == 9 * ERASE_US[PAGE]


def test_an_alarm_inside_a_long_program_ends_it_there() -> None:
    """As a watchdog does: what the chip has begun is done, nothing after it."""
    flash = Flash(PAGE)
    flash.clock = VirtualClock()

    def bark() -> None:
        raise TimeoutError

    flash.clock.set_alarm("wdt", 1000, bark)
    with pytest.raises(TimeoutError):
        flash.program(0, bytes(PAGE))
    done = flash.read(0, PAGE).index(b"\xff")
    assert 0 < done < PAGE and done % PROGRAM_MAX == 0
    assert flash.ops == done // PROGRAM_MAX


def test_every_cut_of_a_program_stays_within_what_nor_can_do() -> None:
    old, new = NOISE[:PAGE], bytes(a & b for a, b in zip(NOISE, NOISE[PAGE:], strict=False))[:PAGE]
    whole = Flash.from_bytes(old)
    watched = whole.copy()
    ops = seen_by(watched)
    watched.program(100, new[100:400])
    for op in ops:
        found = set()
        for tear in tears(op):
            flash = whole.copy()
            flash.cut = (op.index, tear)
            with pytest.raises(PowerCut) as caught:
                flash.program(100, new[100:400])
            assert (caught.value.op.addr, caught.value.when) == (op.addr, tear)
            left = flash.read(0, PAGE)
            assert left[: op.addr] == old[:100] + new[100 : op.addr]
            assert left[op.addr + op.size :] == old[op.addr + op.size :]
            for at in range(op.addr, op.addr + op.size):
                assert new[at] & left[at] == new[at] and left[at] & old[at] == left[at]
            found.add(left)
        assert len(found) > 5, "the modes differ"


def test_torn_records_may_keep_every_word_but_one() -> None:
    op = Op(0, "program", 0, 32, "", bytes(32))
    left = torn(b"\xff" * 32, op, "hole:6")
    assert left == bytes(24) + b"\xff" * 4 + bytes(4)
    assert torn(b"\xff" * 32, op, "prefix:1") == bytes(4) + b"\xff" * 28


def erased_by(tear: str) -> Flash:
    flash = Flash.from_bytes(NOISE)
    flash.cut = (0, tear)
    with pytest.raises(PowerCut):
        flash.erase(PAGE)
    assert flash.wear == ({} if tear == "before" else {1: 1})
    assert flash.pages[0] + flash.pages[2] == NOISE[:PAGE] + NOISE[2 * PAGE : 3 * PAGE]
    return flash


def test_every_cut_of_an_erase_only_sets_bits() -> None:
    old = NOISE[PAGE : 2 * PAGE]
    found = {tear: erased_by(tear).pages[1] for tear in ("before", "half", "mix:0", "mix:1")}
    assert found["before"] == old
    assert found["half"] == BLANK[: PAGE // 2] + old[PAGE // 2 :]
    assert erased_by("after").pages[1] is BLANK
    assert len(set(found.values())) == 4
    for left in found.values():
        assert all(a & b == b for a, b in zip(left, old, strict=True))


def test_a_weak_sector_looks_blank_until_it_is_programmed() -> None:
    flash = erased_by("weak")
    assert flash.pages[1] == BLANK
    flash.program(PAGE, bytes(2) + b"\xff" * 62)
    assert flash.pages[1] != bytes(2) + BLANK[2:]
    assert flash.read(PAGE, 2) == bytes(2)
    assert not flash.weak


def test_a_weak_sector_shows_at_the_second_power_on_and_an_erase_heals_it() -> None:
    flash = erased_by("weak")
    other = flash.copy()
    flash.power_on()
    assert flash.pages[1] == BLANK
    flash.power_on()
    assert flash.pages[1] not in (BLANK, NOISE[PAGE : 2 * PAGE])
    other.erase(PAGE)
    for _ in range(3):
        other.power_on()
    assert other.pages[1] is BLANK


def test_a_bad_sector_takes_no_change() -> None:
    flash = Flash.from_bytes(NOISE)
    flash.bad = frozenset({1})
    flash.erase(0, 3 * PAGE)
    flash.program(PAGE - 2, bytes(PAGE))
    assert flash.pages[1] == NOISE[PAGE : 2 * PAGE]
    assert flash.read(PAGE - 2, 2) + flash.read(2 * PAGE, 1) == bytes(2) + b"\xff"


def test_a_program_without_an_erase_leaves_what_the_chip_leaves_and_is_noted() -> None:
    flash = Flash.from_bytes(b"\xf0" * PAGE)
    notes: list[str] = []
    flash.on_illegal = notes.append
    flash.program(0, b"\x3c")
    assert flash.read(0, 2) == b"\x30\xf0"
    assert "0xf0 -> 0x3c needs an erase" in notes[0]


def test_a_cut_mode_of_the_other_kind_is_refused() -> None:
    program, erase = Op(0, "program", 0, 1, "", b"x"), Op(0, "erase", 0, 1, "")
    for tear, op in (("half", program), ("bits:1", erase)):
        with pytest.raises(ValueError, match=tear.partition(":")[0]):
            torn(b"\xff", op, tear)


def slow_digest(flash: Flash) -> bytes:
    """Of a chip that was never hashed before."""
    made = Flash.from_bytes(flash.to_bytes())
    made.weak = flash.weak.copy()
    return made.digest()


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["erase", "program", "copy", "weak"]),
                          st.integers(0, 3 * PAGE)), max_size=12))  # fmt: skip
def test_the_digest_is_of_the_contents_whatever_led_to_them(steps: list[tuple[str, int]]) -> None:
    flash = Flash.from_bytes(NOISE)
    flash.on_illegal = lambda words: None
    first = flash.digest()
    for what, at in steps:
        if what == "erase":
            flash.erase(at // PAGE * PAGE)
        elif what == "program":
            flash.program(at, NOISE[:200])
        elif what == "copy":
            flash = flash.copy()
            flash.on_illegal = lambda words: None
        else:
            flash.cut = (flash.ops, "weak")
            with pytest.raises(PowerCut):
                flash.erase(at // PAGE * PAGE)
        assert flash.digest() == slow_digest(flash)
    assert (flash.digest() == first) == (flash.to_bytes() == NOISE and not flash.weak)


def test_swapped_sectors_are_another_state() -> None:
    one = Flash.from_bytes(NOISE[:PAGE] + BLANK)
    assert one.digest() != Flash.from_bytes(BLANK + NOISE[:PAGE]).digest()
