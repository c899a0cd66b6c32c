"""What a device remembers of releases that failed: for how many looks it passes them over."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_rig import A, B, Store, fails, looks, prefix
from rig import World, new_flash, release
from seesaw.update import reasons
from seesaw.update.record import _BLOB_SIZE, _COUNT_MAX, _FAILED_WAIT, _FAILED_WAIT_MAX, Record
from tuf_rig import Vm
from tuf_vm import answers, here

# -- the delay -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("drawn", "part"), [(0.0, 1.0), (0.999, 0.5)])
def test_each_failure_doubles_the_delay_to_a_bound(drawn: float, part: float) -> None:
    store = Store()
    found = []
    for _ in range(7):
        fails(store, chance=lambda: drawn)
        found.append(looks(store, chance=lambda: drawn))
    full = [min(_FAILED_WAIT << number, _FAILED_WAIT_MAX) for number in range(7)]

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
        assert _FAILED_WAIT // 2 <= waited <= _FAILED_WAIT_MAX


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

    assert not Record(store).skip(B)
    assert Record(store).skip(A)


def test_it_stays_on_the_launchers_list_while_it_is_passed_over() -> None:
    store = Store()
    fails(store)
    for _ in range(_FAILED_WAIT - 1):
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
    assert looks(store) == 2 * _FAILED_WAIT


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
        assert looks(store) == _FAILED_WAIT << times - 1
        assert Record(store).failure == f"0.2.0,{A[:4].hex()},8,14,{times}"
        assert Record(store).last == f"rejected 0.2.0: left (8.14, {times})"


def test_what_an_older_release_rejected_for_ever_is_tried_again() -> None:
    """0.1.0 writes `update` without the table, and all that it rejected stays on the list."""
    store = Store()
    old = {"trial": None, "about": A.hex(), "tries": 3, "fails": 0, "wait": 64, "last": "x"}
    store.put("update", json.dumps(old).encode().ljust(640))
    store.put("rejected", A[:8] + B[:8])

    assert looks(store) == _FAILED_WAIT and looks(store, B) == _FAILED_WAIT
    assert not Record(store).skip(A) and not Record(store).skip(B)


def test_an_older_release_reads_the_record() -> None:
    """Its trial has the keys and types of 0.1.0, and the blob its size."""
    store = Store()
    record = Record(store)
    record.open(A, "0.2.0", 10, 1, False)
    record.reached(reasons.APP)
    found = json.loads(store.get("update"))

    assert len(store.get("update")) == _BLOB_SIZE
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
    other, drawn = Store(), []
    for _ in range(8):
        Record(other, lambda: 0.999).hindered(B, "the bundle's hash is wrong", "0.3.0")
        drawn.append(looks(other, B))
    assert drawn == [1, 2, 4, 8, 16, 32, 32, 32]
    assert Record(store).failure == f"0.3.0,{B[:4].hex()},2,9,8"
    assert looks(store) == 0  # the first is not held back by the second


def test_looks_without_a_clock_are_counted_to_a_bound() -> None:
    store = Store()
    found = [Record(store).waited(A) for _ in range(300)]

    assert found == [*range(_COUNT_MAX), *[_COUNT_MAX] * 45]
    assert Record(store).waited(B) == 0


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
    refused = [at for at, line in enumerate(world.lines) if "is passed over" in line]
    between = [
        sum(first < at < second for at in refused)
        for first, second in zip(trials, trials[1:], strict=False)
    ]
    assert len(between) >= 2
    for count, most in zip(between, (16, 32, 64), strict=False):
        assert most // 2 <= count <= most, between
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
            found.append([record.skip(bundle, "0.2.0"), bundle[:8] in record.rejected])
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
