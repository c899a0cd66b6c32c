"""What a power cut, a damaged page or any other sequence of events leaves in NVS."""

from __future__ import annotations

import random
from binascii import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nvs_reader import read
from nvs_steps import (
    BASE,
    BLANK,
    NO_SPACE,
    NOT_FOUND,
    SIZE,
    Steps,
    Values,
    blank_flash,
    code_of,
    noise,
    ops_of,
    put,
    start,
    values,
)

from host_tools.emulator.flash import PAGE, Flash, Op, PowerCut
from host_tools.emulator.nvs import Nvs, NvsError


def script() -> Steps:
    """Steps that fill four pages several times over, with blobs that cross pages."""
    rng = random.Random(7)
    steps: Steps = []
    there: set[str] = set()
    for turn in range(150):
        key = rng.choice(["i", "j", "k", "text", "small", "wide", "huge"])
        if key in there and rng.random() < 0.1:
            steps.append((key, None))
            there.remove(key)
            continue
        length = {"small": 50, "wide": 700, "huge": 3300}.get(key)
        text = str(turn) * 40 if key == "text" else None
        steps.append((key, text or (turn if length is None else noise(length + turn, turn))))
        there.add(key)
    return steps


def snapshots(steps: Steps) -> tuple[list[tuple[int, Flash]], Flash]:
    """(step, flash) just before every flash operation, of those in the middle of long data one in
    six; and the finished flash. A cut after one operation leaves what one before the next does."""
    flash = blank_flash()
    nvs = start(flash)
    shots: list[tuple[int, Flash]] = []
    for step, (key, value) in enumerate(steps):

        def shoot(op: Op, step: int = step) -> None:
            if op.size < 64 or op.index % 6 == 0:
                shots.append((step, flash.copy()))

        flash.on_op = shoot
        put(nvs, key, value)
    flash.on_op = None
    return shots, flash


def test_a_power_cut_at_every_flash_operation_leaves_the_old_or_the_new_value() -> None:
    steps = script()
    shots, done = snapshots(steps)
    assert sum(done.wear.values()) >= 12
    states: list[Values] = [{}]
    for key, value in steps:
        after = {k: v for k, v in states[-1].items() if k != key}
        states.append(after if value is None else after | {key: value})
    shots.append((len(steps) - 1, done))
    assert values(start(done.copy())) == states[-1]
    for number, (step, flash) in enumerate(shots):
        found = restart_twice(flash, number)
        assert found in (states[step], states[step + 1]), (number, step, steps[step][0])


def restart_twice(cut: Flash, number: int) -> Values:
    """Values after a restart; a second cut during the repair must not change them, and the
    partition must still take writes."""
    flash = cut.copy()
    during: list[Flash] = []
    flash.on_op = lambda op: during.append(flash.copy())
    nvs = start(flash)
    flash.on_op = None
    assert not nvs.was_erased
    found = values(nvs)
    foretold = read(cut.read(BASE, SIZE))
    assert foretold is not None
    assert {key: value for (_, key, _), value in foretold.items()} == found
    if during:
        again = start(during[number % len(during)])
        assert not again.was_erased
        assert values(again) == found
    want = found | {"i": -1, "small": b"later", "new": 3}
    for key in ("i", "small", "new"):
        put(nvs, key, want[key])
    assert values(start(flash)) == want
    return found


def test_a_power_cut_goes_through_and_the_flash_can_be_started_again() -> None:
    whole = blank_flash()
    put(start(whole), "b", b"old" * 20)
    probe = whole.copy()
    count = len(ops_of(probe, start(probe).set_blob, "n", "b", b"new" * 20))
    for index in range(count):
        for when in ("before", "after"):
            flash = whole.copy()
            flash.cut = (index, when)
            nvs = start(flash)
            with pytest.raises(PowerCut):
                nvs.set_blob("n", "b", b"new" * 20)
            flash.cut = None
            assert start(flash).get_blob("n", "b") in (b"old" * 20, b"new" * 20)
            start(flash).set_blob("n", "b", b"next")
            assert values(start(flash)) == {"b": b"next"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.none()
        | st.just("restart")
        | st.integers(-(2**31), 2**31 - 1)
        | st.tuples(st.integers(0, 4200), st.integers(0, 9)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_random_sequences_match_a_dict(
    steps: list[tuple[str, None | str | int | tuple[int, int]]],
) -> None:
    flash = blank_flash()
    nvs = start(flash)
    want: Values = {}
    for key, what in steps:
        if what is None:
            if want.pop(key, None) is None:
                assert code_of(nvs.erase_key, "n", key) == NOT_FOUND
            else:
                nvs.erase_key("n", key)
        elif isinstance(what, str):
            nvs = start(flash)
        else:
            value = noise(*what) if isinstance(what, tuple) else what
            try:
                put(nvs, key, value)
                want[key] = value
            except NvsError as error:
                assert error.code == NO_SPACE
                assert sum(len(v) for v in want.values() if isinstance(v, bytes)) > 2000
                nvs = start(flash)
                if isinstance(value, bytes) and key not in values(nvs):
                    want.pop(key, None)  # test_a_blob_that_does_not_fit_half_way...
        assert values(nvs) == want
    assert values(start(flash)) == want


def test_entries_that_were_half_written_are_dropped() -> None:
    for raw in (b"\x01", bytes(32), b"\x01\x14\x01\xff" + b"\x55" * 28):
        flash = blank_flash()
        put(start(flash), "k", 1)
        flash.program(BASE + 64 + 2 * 32, raw)  # programmed, state still free
        nvs = start(flash)
        assert values(nvs) == {"k": 1}
        put(nvs, "k", 2)
        assert values(start(flash)) == {"k": 2}


def test_a_written_entry_with_a_wrong_crc_is_dropped() -> None:
    flash = blank_flash()
    nvs = start(flash)
    put(nvs, "k", 1)
    put(nvs, "l", 0xFF)
    flash.program(BASE + 64 + 2 * 32 + 24, b"\x00")  # the value of l loses bits
    foretold = read(flash.read(BASE, SIZE))
    nvs = start(flash)
    assert values(nvs) == {"k": 1}
    assert foretold == {("n", "k", "i32"): 1}
    put(nvs, "l", 3)
    assert values(start(flash)) == {"k": 1, "l": 3}


def test_blob_data_that_lost_bits_is_not_found_and_can_be_set_again() -> None:
    for entry in (1, 2):  # the chunk's header; its data
        flash = blank_flash()
        put(start(flash), "b", b"\xff" * 32)
        put(start(flash), "k", 1)
        flash.program(BASE + 64 + entry * 32, b"\x00")
        nvs = start(flash)
        assert flash.read(BASE + 32, 1)[0] >> 6 == (0 if entry == 1 else 2)  # state of the index
        assert code_of(nvs.get_blob, "n", "b") == NOT_FOUND
        assert flash.read(BASE + 32, 1)[0] >> 6 == 0
        assert values(nvs) == {"k": 1}
        put(nvs, "b", b"good")
        assert values(start(flash)) == {"k": 1, "b": b"good"}


def test_an_entry_state_that_does_not_exist_is_made_erased_in_the_active_page() -> None:
    flash = blank_flash()
    put(start(flash), "k", 1)
    flash.program(BASE + 32, b"\xda")  # of the third entry: 01
    assert ops_of(flash, start, flash)
    assert flash.read(BASE + 32, 1) == b"\xca"
    nvs = start(flash)
    put(nvs, "l", 2)
    assert values(start(flash)) == {"k": 1, "l": 2}


def test_an_interrupted_move_without_a_free_page_is_an_error_that_boot_does_not_cure() -> None:
    flash = filled_pages(0xFE, 4)
    for number in range(4):
        flash.program(BASE + number * PAGE, b"\xfc")
    flash.program(BASE, b"\xf8")
    assert code_of(start, flash) == NO_SPACE


def test_a_string_or_number_that_lost_its_data_is_not_found() -> None:
    flash = blank_flash()
    put(start(flash), "s", "text")
    flash.program(BASE + 64 + 2 * 32, b"\x00")
    nvs = start(flash)
    assert nvs.items() == []
    assert code_of(nvs.get_str, "n", "s") == NOT_FOUND
    put(nvs, "s", "text")
    assert values(start(flash)) == {"s": "text"}


def test_corrupt_pages_are_reused() -> None:
    flash = blank_flash()
    flash.program(BASE, b"\xfe\xff\xff\xff\x00")  # a header without its CRC
    flash.program(BASE + PAGE + 4000, b"\x00")  # an empty page that is not empty
    nvs = start(flash)
    assert (flash.ops, nvs.was_erased) == (3, False)
    for turn in range(600):
        put(nvs, "k", turn)
    assert values(start(flash)) == {"k": 599}


def filled_pages(version: int, count: int) -> Flash:
    flash = blank_flash()
    for number in range(count):
        page = blank_flash()
        nvs = start(page)
        put(nvs, "k", number)
        raw = bytearray(page.read(BASE, PAGE))
        raw[4] = number
        raw[8] = version
        raw[28:32] = page_crc(raw)
        flash.program(BASE + number * PAGE, bytes(raw))
    flash.ops = 0
    return flash


def page_crc(raw: bytearray) -> bytes:
    return crc32(raw[4:28], 0xFFFFFFFF).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("version", "count", "code"), [(0xFE, 4, 0x110D), (0xFD, 1, 0x1110), (0xFE, 3, None)]
)
def test_micropython_erases_everything_when_the_partition_cannot_be_used(
    version: int, count: int, code: int | None
) -> None:
    flash = filled_pages(version, count)
    if code is None:
        assert not start(flash).was_erased
        assert values(start(flash)) == {"k": count - 1}
        return
    assert code_of(Nvs, flash.copy(), BASE, SIZE) == code
    assert read(flash.read(BASE, SIZE)) is None
    nvs = start(flash)
    assert nvs.was_erased
    assert nvs.items() == []
    assert flash.read(BASE, SIZE) == BLANK * 4
    put(nvs, "k", 1)
    assert not start(flash).was_erased
