"""The record as a blob: its size, power cuts between two blobs, no room, rubbish."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from record_rig import A, B, Store, fails, looks, prefix
from seesaw.update import reasons
from seesaw.update.record import (
    _BLOB_SIZE,
    _COUNT_MAX,
    _FAILED_WAIT,
    _FAILED_WAIT_MAX,
    _KNOWN_MAX,
    _REJECTED_MAX,
    Record,
)

# -- its size ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("fihwsc")), max_size=60),
       st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=96))  # fmt: skip
@example([(number, "f") for number in range(20)], '"\\' * 48)
@settings(max_examples=150, deadline=None)
def test_the_blob_always_has_one_size(steps: list[tuple[int, str]], why: str) -> None:
    store = Store()
    for number, step in steps:
        record = Record(store, lambda: 0.5)
        bundle = prefix(number)
        if step in "fic":
            record.open(bundle, "9" * 24, 600, 1, False)
            record.reached(reasons.APP)
            if step == "c":
                record.confirmed()
            else:
                (record.failed if step == "f" else record.interrupted)(why)
        elif step == "h":
            record.hindered(bundle, why, "9" * 24)
        elif step == "w":
            record.waited(bundle)
        else:
            record.skip(bundle, "9" * 24)
        blobs = store.blobs
        assert len(blobs.get("update", b" " * _BLOB_SIZE)) == _BLOB_SIZE
        assert len(blobs.get("rejected", b"")) in range(0, 8 * _REJECTED_MAX + 1, 8)


def test_eight_failed_releases_are_remembered_at_once() -> None:
    store = Store()
    for number in range(1, _KNOWN_MAX + 1):
        fails(store, prefix(number))
    for _ in range(_FAILED_WAIT):
        assert all(Record(store).skip(prefix(n)) for n in range(1, _KNOWN_MAX + 1))
    assert not any(Record(store).skip(prefix(n)) for n in range(1, _KNOWN_MAX + 1))


# -- power cuts, and no room ---------------------------------------------------------------------


@pytest.mark.parametrize("left", range(4))
def test_a_cut_between_two_blobs_neither_forgets_nor_condemns(left: int) -> None:
    store = Store()
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, True)
    store.left = left
    with suppress(KeyboardInterrupt):
        record.failed("RuntimeError: x")
    store.left = -1
    record = Record(store)
    if record.trial:  # the next start settles it: RTC memory is gone, so it was interrupted
        record.interrupted("power")
    assert looks(store) == (0 if left == 0 else _FAILED_WAIT)
    for _ in range(3):
        fails(store)
        assert looks(store) <= _FAILED_WAIT_MAX


@pytest.mark.parametrize("left", range(3))
def test_a_cut_as_the_delay_ends_counts_nothing(left: int) -> None:
    store = Store()
    fails(store)
    for _ in range(_FAILED_WAIT - 1):
        assert Record(store).skip(A)
    store.left = left
    with suppress(KeyboardInterrupt):
        Record(store).skip(A)
    store.left = -1
    assert looks(store) <= 1
    fails(store)
    assert looks(store) == 2 * _FAILED_WAIT  # its second failure, and no more


def test_without_room_for_the_list_it_backs_off() -> None:
    store = Store()
    store.full = {"rejected"}
    for _ in range(5):
        fails(store)
    assert looks(store) == 8 and Record(store).trial["ended"]
    assert "rejected" not in store.blobs


def test_a_list_that_cannot_be_written_any_more_shuts_nobody_out() -> None:
    store = Store()
    fails(store)
    store.full = {"rejected"}
    found = [Record(store).skip(A) for _ in range(1000)]

    assert found[: _FAILED_WAIT - 1] == [True] * (_FAILED_WAIT - 1)
    gaps = [at for at, passed in enumerate(found) if not passed]
    assert len(gaps) >= 5 and max(b - a for a, b in zip(gaps, gaps[1:], strict=False)) <= 128


records = st.fixed_dictionaries({}, optional={
    "trial": st.none() | st.integers() | st.fixed_dictionaries({
        "bundle": st.just(A.hex()) | st.text(max_size=70), "version": st.text() | st.integers(),
        "stage": st.integers() | st.text(max_size=3)}),
    "known": st.binary(max_size=120).map(bytes.hex) | st.integers() | st.text(max_size=9),
    "last": st.integers() | st.text(max_size=300), "failure": st.integers() | st.text(max_size=99),
})  # fmt: skip


@given(records, st.binary(max_size=130))
@settings(max_examples=300, deadline=None)
def test_whatever_is_found_there_ends_the_delay(update: dict[str, Any], rejected: bytes) -> None:
    store = Store()
    store.blobs = {"update": json.dumps(update).encode(), "rejected": rejected}
    record = Record(store)
    if record.trial:
        record.failed("x")
    assert looks(store) <= _COUNT_MAX and looks(store, B) <= _COUNT_MAX
    Record(store).waited(B)
    assert len(json.loads(store.get("update"))["known"]) <= 18 * _KNOWN_MAX
