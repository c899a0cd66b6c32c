"""Which release a device takes: cases, properties, and agreement with the release tool's model."""

import hashlib
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seesaw.core import version as versions
from seesaw.core.rollout import _LOOKS_MAX, _START_LOOKS, bucket, share, since
from seesaw.update.choose import Releases, choose, recalled
from tuf.api.metadata import TargetFile

from host_tools.release import listing
from host_tools.release.listing import Rules

BOARD, DEVICE, RUNNING = "esp32_wrover", b"\x24\x0a\xc4\x00\x01\x02", bytes(range(32))
NOW, DAY_S = 1_790_000_000, 86400
BOARDS_ROLE = {"name": BOARD, "terminating": True, "paths": [f"{BOARD}/*/*"]}
RUNTIME = TargetFile(10, {"sha256": "aa" * 32}, f"{BOARD}/x/runtime")


def sha256(version: str) -> str:
    return version.encode().hex().ljust(64, "0")[:64]


def target(version: str, early: Any = None, **rules: Any) -> dict[str, Any]:
    made = listing.custom(
        BOARD, version, RUNTIME, bytes(512), trial_s=600, built=0, rules=Rules(**rules),
        proof={"reason": "x"},
    )  # fmt: skip
    if early is not None:
        made["rollout"]["early"] = early
    return {"length": 512, "hashes": {"sha256": sha256(version)}, "custom": made}


def number(version: str, device: bytes = DEVICE) -> int:
    """By which a device is named (firmware/SPEC.md, "Choice")."""
    return int(hashlib.sha256(device + b"\0" + version.encode()).hexdigest()[:8], 16)


def role(*targets: dict[str, Any]) -> dict[str, Any]:
    """The targets of a board's role, the runtime's among them."""
    found = {f"{BOARD}/{one['custom']['version']}/bundle": one for one in targets}
    return {**found, f"{BOARD}/x/runtime": {"length": 10, "hashes": {"sha256": "aa" * 32}}}


class Memory:
    """What a device remembers, for these tests."""

    last = "said"

    def __init__(self, passed_over: tuple[str, ...] = (), looks: int = 0) -> None:
        self.passed_over, self.looks = passed_over, looks
        self.asked: list[str] = []

    def skip(self, bundle: bytes, version: str) -> bool:
        self.asked.append(version)
        return version in self.passed_over

    def waited(self, bundle: bytes) -> int:
        return self.looks


def chosen(
    targets: Any, version: str = "1.0", times: tuple[int | None, int | None] = (NOW, None),
    halted: Any = (), recalls: Any = (), memory: Memory | None = None, device: bytes = DEVICE,
    board: str = BOARD,
) -> tuple[str, str | None, str]:  # fmt: skip
    lists = [list(one) if isinstance(one, tuple) else one for one in (halted, recalls)]
    running = (board, version, RUNNING, device)
    return choose(targets, running, times, *lists, memory or Memory(), lambda path, target: path)


def taken(*arguments: Any, **more: Any) -> str:
    """The version that is installed, else the word and why."""
    word, path, words = chosen(*arguments, **more)
    if word == "install":
        assert path == f"{BOARD}/{words}/bundle"
        return words
    assert path is None
    return f"{word}: {words}"


T = target
CASES: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([], {}, "nothing: up to date"),
    ([T("1.0"), T("0.9")], {}, "nothing: up to date"),
    ([T("1.1")], {}, "1.1"),
    ([T("1.9"), T("1.10"), T("1.2")], {}, "1.10"),
    ([T("2.0-rc1"), T("2.0")], {}, "2.0"),
    ([T("2.0-rc1")], {"version": "2.0"}, "nothing: up to date"),
    ([T("1.1")], {"board": "esp32"}, "nothing: up to date"),
    # from
    ([T("1.1", ranges=("0.9",))], {}, "nothing: 1.1 is not for this version"),
    ([T("1.1", ranges=("0.8", "0.9-1.5")), T("1.2", ranges=("1.1",))], {}, "1.1"),
    # through
    ([T("1.1"), T("2.0", through=("1.1",))], {}, "1.1"),
    ([T("1.1"), T("2.0", through=("1.1",))], {"version": "1.1"}, "2.0"),
    ([T("2.0", through=("1.1",))], {}, "nothing: 2.0 is for after another version"),
    ([T("2.0", through=("0.1", "1.0"))], {}, "2.0"),
    # barriers
    ([T("1.1", barrier="x"), T("1.2")], {}, "1.1"),
    ([T("1.1", barrier="x"), T("1.2")], {"version": "1.1"}, "1.2"),
    ([T("1.1"), T("1.2", barrier="x"), T("1.3", barrier="x"), T("1.4")], {}, "1.2"),
    ([T("1.1"), T("1.2", barrier="x"), T("1.4")], {"halted": ("1.2",)}, "1.1"),
    ([T("1.2", barrier="x"), T("1.4")], {"halted": ("1.2",)}, "nothing: 1.4 is beyond a barrier"),
    ([T("1.1"), T("1.2", barrier="x", start_percentage=0), T("1.4")], {}, "1.1"),
    # a dead end, halts, recalls
    ([T("1.0", deadend="no way"), T("1.1")], {}, "nothing: 1.0 is a dead end: no way"),
    ([T("1.1", deadend="no way")], {}, "1.1"),
    ([T("1.1"), T("1.2")], {"halted": ("1.2",)}, "1.1"),
    ([T("1.1")], {"recalls": ({"version": "1.1", "sha256": sha256("1.1")},)},
     "nothing: 1.1 is halted or recalled"),
    ([T("1.1")], {"recalls": ({"version": "1.0", "sha256": RUNNING.hex()},)},
     "recall: 1.0 is recalled"),
    # rollouts
    ([T("1.1", start_epoch=NOW + 1)], {}, "nothing: 1.1 is not for this device yet"),
    ([T("1.1", start_epoch=NOW)], {}, "1.1"),
    ([T("1.1"), T("1.2", start_percentage=0, start_epoch=NOW - 60, duration_minutes=60)], {},
     "1.1"),
    ([T("1.1", start_percentage=0, start_epoch=NOW - 3600, duration_minutes=60)], {}, "1.1"),
    ([T("1.1", start_percentage=0)], {}, "nothing: 1.1 is not for this device yet"),
    # who is named
    ([T("1.1", early=[1, number("1.1")], start_percentage=0)], {}, "1.1"),
    ([T("1.1", early=[number("1.1")], start_epoch=NOW + 1)], {}, "1.1"),
    ([T("1.1", early=[number("1.1")], start_percentage=0)], {"times": (None, None)}, "1.1"),
    ([T("1.1", early=[number("1.1")])], {"halted": ("1.1",)}, "nothing: 1.1 is halted or recalled"),
    ([T("1.1", early=[number("1.2")], start_percentage=0)], {},
     "nothing: 1.1 is not for this device yet"),
    ([T("1.1", early=[number("1.1")], ranges=("0.9",))], {},
     "nothing: 1.1 is not for this version"),
    ([T("1.1"), T("1.2", early=[], start_percentage=0)], {}, "1.1"),
    # what the device remembers
    ([T("1.1"), T("1.2")], {"memory": Memory(("1.2",))}, "1.1"),
    ([T("1.1"), T("1.2")], {"memory": Memory(("1.1", "1.2"))},
     "nothing: 1.2 is passed over: said"),
    # what runs has no version
    ([T("1.1")], {"version": "x"}, "nothing: not a version: x"),
]  # fmt: skip


@pytest.mark.parametrize(("targets", "more", "wanted"), CASES)
def test_what_is_taken(targets: list[dict[str, Any]], more: dict[str, Any], wanted: str) -> None:
    assert taken(role(*targets), **more) == wanted
    assert taken(role(*reversed(targets)), **more) == wanted


def test_the_record_is_asked_only_of_what_nothing_else_hinders() -> None:
    memory = Memory(("1.3",))
    targets = role(T("1.1"), T("1.2"), T("1.3"), T("1.4", ranges=("0.1",)), T("1.5"))

    assert taken(targets, halted=("1.5",), memory=memory) == "1.2"
    assert memory.asked == ["1.3", "1.2"]


def test_a_recall_that_cannot_be_followed_leaves_the_way_on() -> None:
    recalls = [{"version": "1.0", "sha256": RUNNING.hex()}]
    targets = role(T("1.1"))

    assert chosen(targets, recalls=recalls)[0] == "recall"
    assert taken(targets, recalls=[]) == "1.1"
    assert recalled(RUNNING, recalls) and not recalled(bytes(32), recalls)


@pytest.mark.parametrize(("more", "found"), [([], "install"), (["1.1"], "nothing")])
def test_a_recall_that_cannot_be_followed_takes_no_other_that_is_recalled(
    more: list[str], found: str
) -> None:
    recalls = [{"version": "1.0", "sha256": RUNNING.hex()}]
    recalls += [{"version": one, "sha256": sha256(one)} for one in more]
    signed = role(T("1.1"))
    trusted = SimpleNamespace(
        targets={"targets": {"targets": {}, "delegations": {"roles": [BOARDS_ROLE]}},
                 BOARD: {"targets": signed, "x-seesaw-recalls": recalls}},
        timestamp={}, root={},
    )  # fmt: skip
    releases = Releases(trusted, BOARD)
    running, times = (BOARD, "1.0", RUNNING, DEVICE), (NOW, None)

    assert releases.choose(running, times, Memory(), True)[0] == "recall"
    assert releases.choose(running, times, Memory(), False)[0] == found


def test_what_make_cannot_use_is_not_taken() -> None:
    def make(path: str, target: dict[str, Any]) -> str:
        if "1.2" in path:
            raise ValueError("too large")
        return path

    running = (BOARD, "1.0", RUNNING, DEVICE)
    found = choose(role(T("1.1"), T("1.2")), running, (NOW, None), [], [], Memory(), make)
    assert found == ("install", f"{BOARD}/1.1/bundle", "1.1")
    found = choose(role(T("1.2")), running, (NOW, None), [], [], Memory(), make)
    assert found == ("nothing", None, "1.2 is malformed: too large")


# -- rollouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 99, 100])
def test_the_share_of_devices_is_the_percentage(percent: int) -> None:
    draw = random.Random(percent)
    wanted = share(percent, 0, 0)
    count = sum(bucket(draw.randbytes(6), "1.2.3", []) < wanted for _ in range(10_000))

    assert wanted == percent * 100
    assert abs(count - wanted) <= 200  # four standard deviations
    assert percent % 100 or count == wanted


def test_neighbours_are_no_neighbours_and_the_next_version_draws_anew() -> None:
    ids = [number.to_bytes(6, "big") for number in range(10_000)]
    first, second = ({one for one in ids if bucket(one, v, []) < 1000} for v in ("1.0", "1.1"))

    assert abs(len(first) - 1000) < 120 and abs(len(first & second) - 100) < 40


@given(st.binary(max_size=20), st.text(st.characters(codec="utf-8"), max_size=24))
def test_a_bucket_is_as_the_specification_says(device: bytes, version: str) -> None:
    first = hashlib.sha256(device + b"\0" + version.encode()).hexdigest()[:8]

    assert bucket(device, version, []) == int(first, 16) % 10_000
    assert bucket(device, version, [5, int(first, 16)]) == -1


def test_the_buckets_of_released_devices_never_change() -> None:
    assert [bucket(DEVICE, v, []) for v in ("0.1.0", "1.0", "1.0-rc1")] == [9593, 1918, 9387]


@given(st.integers(0, 100), st.integers(0, 10**6), st.lists(st.integers(-(10**9), 10**9)))
def test_a_share_only_grows_and_ends_with_all(first: int, minutes: int, times: list[int]) -> None:
    shares = [share(first, minutes, at) for at in sorted(times)]

    assert shares == sorted(shares) and all(0 <= one <= 10_000 for one in shares)
    assert share(first, minutes, 0) == first * 100
    assert share(first, minutes, -1) == 0
    assert share(first, minutes, minutes * 60) == (10_000 if minutes else first * 100)


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 32) | st.none(), st.integers(0, 254))
def test_without_a_clock_time_goes_on_by_looks(start: int, bound: int | None, looks: int) -> None:
    now = since(start, (None, bound), looks)

    assert now < since(start, (None, bound), looks + 1)
    assert now >= (bound or 0) - start
    assert looks < _START_LOOKS or now >= 0
    assert since(start, (None, bound), _LOOKS_MAX) > 10**9


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 32), st.integers(0, 1 << 32) | st.none())
def test_the_later_of_clock_and_bound_counts(start: int, now: int, bound: int | None) -> None:
    assert since(start, (now, bound), None) == max(now, bound or 0) - start


def test_a_device_without_a_clock_is_not_shut_out() -> None:
    """The start is years away for all that it can know; a rollout that is held stays held."""
    late = T("1.1", start_epoch=NOW + 1000 * DAY_S, duration_minutes=2 * 1440, start_percentage=5)
    looks = next(
        looks for looks in range(300)
        if taken(role(late), times=(None, NOW), memory=Memory(looks=looks)) == "1.1"
    )  # fmt: skip
    assert _START_LOOKS <= looks <= _START_LOOKS + 8
    held = T("1.1", start_percentage=0)
    assert taken(role(held), times=(None, NOW), memory=Memory(looks=255)) != "1.1"


def test_a_rollout_begins_by_the_signed_bound_too() -> None:
    begun = T("1.1", start_epoch=NOW)
    assert taken(role(begun), times=(None, NOW)) == "1.1"
    assert taken(role(begun), times=(NOW - DAY_S, NOW)) == "1.1"
    assert taken(role(begun), times=(NOW - DAY_S, NOW - 1)) != "1.1"


# -- the release tool's model --------------------------------------------------------------------

names = st.sampled_from(
    ["0.9", "1.0-rc1", "1.0", "1.0.0", "1.0.1", "1.2", "1.2.0", "1.9", "1.10", "2.0-rc1", "2.0"]
)
spans = names | st.just("*") | st.tuples(names, names).filter(
    lambda ends: "-" not in "".join(ends) and not versions.newer(*ends)
).map("-".join)  # fmt: skip
rules = st.fixed_dictionaries({
    "ranges": st.lists(spans, min_size=1, max_size=3).map(tuple) | st.just(("*",)),
    "through": st.lists(names, max_size=1).map(tuple),
    "barrier": st.none() | st.none() | st.just("x"),
    "deadend": st.none() | st.none() | st.none() | st.just("x"),
})  # fmt: skip


@given(st.dictionaries(names, rules), names, st.sets(names, max_size=3), st.sets(names, max_size=2))
@settings(max_examples=1500, deadline=None)
def test_the_release_tool_offers_the_same(
    drawn: dict[str, dict[str, Any]], version: str, halted: set[str], gone: set[str]
) -> None:
    targets = role(*(target(name, **how) for name, how in drawn.items()))
    model = listing.listed(BOARD, {
        path: TargetFile(one["length"], one["hashes"], path, {"custom": one["custom"]})
        for path, one in targets.items() if "custom" in one
    })  # fmt: skip
    wanted = listing.offered(version, model, halted | gone)
    recalls = [{"version": name, "sha256": sha256(name)} for name in gone]
    word, _, words = chosen(targets, version, halted=list(halted), recalls=recalls)

    assert (words if word == "install" else None) == (wanted.version if wanted else None)


# -- hostile, though well signed -----------------------------------------------------------------

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), 1 << 64) | st.text(max_size=5)
    | st.sampled_from(["*", "1.0-2.0", "9.9", "--", "1.0-", sha256("1.2")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)  # fmt: skip
GOOD = target("1.2", duration_minutes=60, start_percentage=100)
FIELDS = [("custom", name) for name in GOOD["custom"] if name not in ("size", "trial_s", "built")]
FIELDS += [("custom", "rollout", name) for name in GOOD["custom"]["rollout"]]
FIELDS += [("custom", "rollout", "early"), ("hashes", "sha256"), ("hashes",), ("custom",)]
UNREAD = {"runtime", "proof", "packed"}  # by choose(): they are make()'s


def spoilt(places: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    made: Any = json.loads(json.dumps(GOOD))
    for place, value in places:
        inner = made
        for name in place[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[place[-1]] = value
    return made


@given(st.lists(st.tuples(st.sampled_from(FIELDS), junk), min_size=1, max_size=3), junk, junk)
@settings(max_examples=600, deadline=None)
def test_no_signed_nonsense_raises_or_stands_in_the_way(
    places: list[tuple[tuple[str, ...], Any]], halted: Any, recalls: Any
) -> None:
    targets = role(T("1.1"), T("1.2"))
    targets[f"{BOARD}/1.2/bundle"] = spoilt(places)
    found = taken(targets)
    barrier = any(place[-1] == "barrier" and value is not None for place, value in places)
    assert found in ("1.1", "1.2") or barrier, found
    assert taken({**targets, "1": None, f"{BOARD}/x/bundle": 5}) == found
    word, _, words = chosen(targets, halted=halted, recalls=recalls)
    assert word in ("install", "nothing") and words


@pytest.mark.parametrize("place", [place for place in FIELDS if place[-1] not in UNREAD])
@pytest.mark.parametrize("value", [True, -1, "x", [], {}, [5], 1.5])
def test_a_wrong_type_is_not_offered(place: tuple[str, ...], value: Any) -> None:
    optional = place[-1] in ("barrier", "deadend")
    found = taken(role(T("1.1")) | {f"{BOARD}/1.2/bundle": spoilt([(place, value)])})

    harmless = place[-1] == "early" and value in ([], [5])
    if optional or harmless or (place[-1] == "through" and value == []):
        assert found == "1.2"
    else:
        assert found == "1.1"
