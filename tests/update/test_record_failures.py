"""What a device remembers of releases that failed: for how many looks it passes them over."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rig import World, new_flash, release
from seesaw.update import reasons
from seesaw.update.record import (
    BLOB_SIZE,
    COUNT_MAX,
    FAILED_WAIT,
    FAILED_WAIT_MAX,
    KNOWN_MAX,
    REJECTED_MAX,
    Record,
)
from tuf_rig import Vm
from tuf_vm import answers, here

A, B = bytes(range(32)), bytes(range(100, 132))


class Store:
    """NVS as a dict. full: keys that find no room. cut: the power goes after so many puts."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.full: set[str] = set()
        self.left = -1

    def get(self, key: str) -> bytes:
        return self.blobs.get(key, b"")

    def put(self, key: str, blob: bytes) -> None:
        if self.left == 0:
            raise KeyboardInterrupt  # nothing after a power cut is executed
        self.left -= 1
        if key in self.full:
            raise OSError(28, "no room")
        self.blobs[key] = blob


def fails(store: Store, bundle: bytes = A, why: str = "RuntimeError: x",
          chance: Callable[[], float] = float) -> None:  # fmt: skip
    record = Record(store, chance)
    record.open(bundle, "0.2.0", 10, 1, True)
    record.failed(why)


def looks(store: Store, bundle: bytes = A, chance: Callable[[], float] = float) -> int:
    """Looks at which it is passed over, each in a program of its own."""
    for count in range(1000):
        if not Record(store, chance).skip(bundle, "0.2.0"):
            return count
    raise AssertionError("for ever")


def prefix(number: int) -> bytes:
    return number.to_bytes(4, "big") * 8


# -- the delay -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("drawn", "part"), [(0.0, 1.0), (0.999, 0.5)])
def test_each_failure_doubles_the_delay_to_a_bound(drawn: float, part: float) -> None:
    store = Store()
    found = []
    for _ in range(7):
        fails(store, chance=lambda: drawn)
        found.append(looks(store, chance=lambda: drawn))
    full = [min(FAILED_WAIT << number, FAILED_WAIT_MAX) for number in range(7)]

    assert full == [16, 32, 64, 128, 128, 128, 128]
    for mine, most in zip(found, full, strict=True):
        assert abs(mine - most * part) <= 1 and most // 2 <= mine <= most


@given(st.integers(0, 1 << 32), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_it_never_gives_up_for_ever(seed: int, times: int) -> None:
    store, chance = Store(), random.Random(seed).random
    for _ in range(times):
        fails(store, chance=chance)
        waited = looks(store, chance=chance)
        assert FAILED_WAIT // 2 <= waited <= FAILED_WAIT_MAX


def test_devices_that_failed_together_come_back_apart() -> None:
    draw = random.Random(1)
    found = []
    for _ in range(200):
        store = Store()
        fails(store, chance=draw.random)
        found.append(looks(store))
    assert {min(found), max(found)} == {9, 16} and len(set(found)) == 8


def test_another_release_is_not_held_back() -> None:
    store = Store()
    fails(store)

    assert not Record(store).skip(B) and not Record(store).is_rejected(B)
    assert Record(store).is_rejected(A)


def test_it_stays_on_the_launchers_list_while_it_is_passed_over() -> None:
    store = Store()
    fails(store)
    for _ in range(FAILED_WAIT - 1):
        assert Record(store).skip(A)
        assert store.get("rejected") == A[:8]
    assert Record(store).skip(A)
    assert store.get("rejected") == bytes(8)  # a blob of the same size, that names none
    assert not Record(store).skip(A)


def test_what_was_confirmed_is_good_and_its_failures_stay_counted() -> None:
    store = Store()
    fails(store)
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, True)  # by cable, which does not ask
    record.confirmed()
    assert not Record(store).skip(A) and A[:8] not in store.get("rejected")
    assert Record(store).failure == ""

    store.put("rejected", A[:8] + store.get("rejected"))  # the launcher: it was deaf
    assert looks(store) == 2 * FAILED_WAIT


def test_a_confirmed_release_leaves_the_failure_of_another_to_be_reported() -> None:
    store = Store()
    fails(store)
    record = Record(store)
    record.open(B, "0.2.1", 10, 1, True)
    record.confirmed()

    assert Record(store).failure == f"0.2.0,{A[:4].hex()},6,1,1"


# -- others' verdicts ----------------------------------------------------------------------------


def test_the_launchers_verdict_is_honoured_with_the_same_delay() -> None:
    store = Store()
    for times in (1, 2, 3):
        store.put("rejected", A[:8] + store.get("rejected")[:56])
        assert looks(store) == FAILED_WAIT << times - 1
        assert Record(store).failure == f"0.2.0,{A[:4].hex()},8,14,{times}"
        assert Record(store).last == f"rejected 0.2.0: left (8.14, {times})"


def test_what_an_older_release_rejected_for_ever_is_tried_again() -> None:
    """0.1.0 writes `update` without the table, and all that it rejected stays on the list."""
    store = Store()
    old = {"trial": None, "about": A.hex(), "tries": 3, "fails": 0, "wait": 64, "last": "x"}
    store.put("update", json.dumps(old).encode().ljust(640))
    store.put("rejected", A[:8] + B[:8])

    assert looks(store) == FAILED_WAIT and looks(store, B) == FAILED_WAIT
    assert not Record(store).skip(A) and not Record(store).skip(B)


def test_an_older_release_reads_the_record() -> None:
    """Its trial has the keys and types of 0.1.0, and the blob its size."""
    store = Store()
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, False)
    record.reached(reasons.APP)
    found = json.loads(store.get("update"))

    assert len(store.get("update")) == BLOB_SIZE
    assert found["trial"] == {"bundle": A.hex(), "version": "0.2.0", "trial_s": 10, "feed": 1,
                              "server": False, "stage": 7}  # fmt: skip
    fails(store)
    assert store.get("rejected") == A[:8]


# -- reasons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "why", "wanted"),
    [
        (0, "RuntimeError: x", "6,1"), (7, "RuntimeError: x", "7,1"),
        (7, "watchdog or panic", "7,2"), (7, "memory floor: 9 bytes free", "7,4"),
        (0, "trial failed", "5,6"), (0, "set_boot: -5379", "4,13"),
    ],
)  # fmt: skip
def test_why_and_where_it_failed_survives(stage: int, why: str, wanted: str) -> None:
    store = Store()
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, True)
    if stage:
        record.reached(stage)
    Record(store).failed(why)  # by the release before it

    again = Record(store)
    assert again.failure == f"0.2.0,{A[:4].hex()},{wanted},1"
    assert again.last == f"rejected 0.2.0: {why} ({wanted.replace(',', '.')}, 1)"


def test_interrupted_trials_and_failed_installs_are_said_and_counted() -> None:
    store = Store()
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, True)
    waits = []
    for _ in range(9):
        record.interrupted("power")
        waits.append(looks(store))
        record = Record(store)
    assert waits == [0, 0, 2, 4, 8, 16, 32, 64, 64]
    assert record.failure == f"0.2.0,{A[:4].hex()},6,8,9" and record.trial["ended"]

    hindered = []
    for _ in range(8):
        Record(store).hindered(B, "the bundle's hash is wrong", "0.3.0")
        hindered.append(looks(store, B))
    assert hindered == [1, 3, 7, 15, 31, 63, 63, 63]
    assert Record(store).failure == f"0.3.0,{B[:4].hex()},2,9,8"
    assert looks(store) == 0  # the first is not held back by the second


def test_looks_without_a_clock_are_counted_to_a_bound() -> None:
    store = Store()
    found = [Record(store).waited(A) for _ in range(300)]

    assert found == [*range(COUNT_MAX), *[COUNT_MAX] * 45]
    assert Record(store).waited(B) == 0


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
        assert len(blobs.get("update", b" " * BLOB_SIZE)) == BLOB_SIZE
        assert len(blobs.get("rejected", b"")) in range(0, 8 * REJECTED_MAX + 1, 8)


def test_eight_failed_releases_are_remembered_at_once() -> None:
    store = Store()
    for number in range(1, KNOWN_MAX + 1):
        fails(store, prefix(number))
    for _ in range(FAILED_WAIT):
        assert all(Record(store).skip(prefix(n)) for n in range(1, KNOWN_MAX + 1))
    assert not any(Record(store).skip(prefix(n)) for n in range(1, KNOWN_MAX + 1))


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
    assert looks(store) == (0 if left == 0 else FAILED_WAIT)
    for _ in range(3):
        fails(store)
        assert looks(store) <= FAILED_WAIT_MAX


@pytest.mark.parametrize("left", range(3))
def test_a_cut_as_the_delay_ends_counts_nothing(left: int) -> None:
    store = Store()
    fails(store)
    for _ in range(FAILED_WAIT - 1):
        assert Record(store).skip(A)
    store.left = left
    with suppress(KeyboardInterrupt):
        Record(store).skip(A)
    store.left = -1
    assert looks(store) <= 1
    fails(store)
    assert looks(store) == 2 * FAILED_WAIT  # its second failure, and no more


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

    assert found[: FAILED_WAIT - 1] == [True] * (FAILED_WAIT - 1)
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
    assert looks(store) <= COUNT_MAX and looks(store, B) <= COUNT_MAX
    Record(store).waited(B)
    assert len(json.loads(store.get("update"))["known"]) <= 18 * KNOWN_MAX


# -- on whole devices ----------------------------------------------------------------------------

CRASH = ("app.py", "    async def follow(self) -> None:\n",
         "    async def follow(self) -> None:\n        raise RuntimeError('planted')\n")


def test_a_device_tries_a_failed_release_again_ever_more_rarely() -> None:
    good, bad = release("0.1.0"), release("0.2.0", CRASH)
    world = World(new_flash(good), [good, bad], offered=bad)
    world.run(3600)

    assert world.said("words=rejected 0.2.0: RuntimeError: planted (7.1, 1)")
    assert world.said("words=rejected 0.2.0: RuntimeError: planted (7.1, 3)")
    trials = [at for at, line in enumerate(world.lines) if "words=rejected 0.2.0" in line]
    refused = [at for at, line in enumerate(world.lines) if "tried and rejected" in line]
    between = [
        sum(first < at < second for at in refused)
        for first, second in zip(trials, trials[1:], strict=False)
    ]
    assert between == [16, 32, 64][: len(between)] and len(between) >= 2
    assert world.running() == ("ota_0", "0.1.0") and world.moved()
    assert len([line for line in world.lines if "event=installed" in line]) == 1  # no download


# -- the same on the MicroPython VM --------------------------------------------------------------

PROGRAM = """
import json
from binascii import unhexlify
from seesaw.update.record import Record

class Store:
    blobs = {}
    def get(self, key):
        return self.blobs.get(key, b"")
    def put(self, key, blob):
        self.blobs[key] = blob

def answer(case):
    store = Store()
    store.blobs = {}
    found = []
    for step, bundle, why in json.loads(case):
        record = Record(store, lambda: 0.25)
        bundle = unhexlify(bundle)
        if step in "fic":
            record.open(bundle, "0.2.0", 600, 1, False)
            if step == "f":
                record.failed(why)
            elif step == "i":
                record.interrupted(why)
            else:
                record.confirmed()
        elif step == "h":
            record.hindered(bundle, why, "0.2.0")
        elif step == "w":
            found.append(record.waited(bundle))
        else:
            found.append([record.skip(bundle, "0.2.0"), record.is_rejected(bundle)])
        found.append([record.last, record.failure, record.rejected.hex()])
        known = json.loads(store.get("update") or b"{}").get("known")
        found.append([known, len(store.get("update")), record.trial and record.trial["bundle"]])
    return json.dumps(found).encode()
"""


def test_the_vm_remembers_the_same(vm: Vm, tmp_path: Path) -> None:
    draw = random.Random(6)
    words = ("RuntimeError: x", "power", "the bundle's hash is wrong", "unproven: no quote")
    cases = [
        json.dumps([
            [draw.choice("ffihwsssc"), prefix(draw.randrange(10)).hex(), draw.choice(words)]
            for _ in range(draw.randrange(1, 60))
        ]).encode()
        for _ in range(40)
    ]  # fmt: skip

    mine = [json.loads(one) for one in here(PROGRAM, cases)]
    assert [json.loads(one) for one in answers(vm, tmp_path, PROGRAM, cases)] == mine
