"""Which notice a device shows, and for which its beam nods: on both interpreters."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from seesaw import saying
from seesaw.data import notices
from tuf_rig import Vm
from tuf_vm import answers, here

NOW_S = 1_796_136_000  # 2026-12-01T14:40:00Z
LATER, BEFORE = "2026-12-02T00:00:00Z", "2026-12-01T00:00:00Z"
ONE = {"id": "a", "title": "A", "severity": "notice", "end": LATER}
DAY_S = 86_400

PROGRAM = """
import json
from seesaw import saying
from seesaw.data import notices

def answer(case):
    raw, version, instrument, now_s, kept = json.loads(case)
    try:
        ids = notices.check(raw.encode())
        found = notices.pick(notices.read(raw.encode()), version, instrument, now_s)
    except ValueError:
        return b"refused"
    if not found:
        return ("none of " + ids).encode()
    mark = saying.marked(bytes(kept), found["id"], now_s)
    return (notices.words(found) + " of " + ids + " " + mark.hex()).encode()
"""


def shown(*found: dict[str, Any], version: str = "1.2.0", instrument: str = "dow",
          now_s: int = NOW_S) -> str | None:  # fmt: skip
    """The id of the one that is."""
    notices.check(json.dumps(found).encode())
    one = notices.pick(list(found), version, instrument, now_s)
    return one and one["id"]


VERSIONS = ("0.0.1-dev", "0.4", "1.0", "1.1.9", "1.2-rc1", "1.2", "1.2.0", "1.10", "2.0-rc1", "2.0",
            "99")  # fmt: skip


@pytest.mark.parametrize("ranges, first, count", [
    ([{}], 0, 11),
    ([{"affected_from_version": "1.2"}], 5, 6),
    ([{"resolved_in_version": "1.2"}], 0, 5),
    ([{"affected_from_version": "1.0", "resolved_in_version": "1.2"}], 2, 3),
    ([{"affected_from_version": "1.1", "resolved_in_version": "1.1.9"},
      {"affected_from_version": "2.0"}], 9, 2),
    ([{"affected_from_version": "2.0", "resolved_in_version": "1.0"}], 0, 0),
    ([{"affected_from_version": None, "resolved_in_version": None}], 0, 11),
])  # fmt: skip
def test_a_device_finds_its_version(ranges: list[Any], first: int, count: int) -> None:
    found = [one for one in VERSIONS if shown(ONE | {"firmware": ranges}, version=one)]

    assert found == list(VERSIONS[first : first + count])


def test_a_device_finds_its_instrument() -> None:
    one = ONE | {"instruments": ["btc", "dow", "none-of-ours"]}

    assert shown(one) == "a" and shown(one, instrument="btc") == "a"
    assert shown(one, instrument="sp500") is None
    assert shown(ONE, instrument="sp500") == "a"


def test_it_begins_ends_and_needs_a_clock() -> None:
    one = ONE | {"start": "2026-12-01T14:40:00+00:00", "end": "2026-12-01T14:50:00Z"}
    seconds = {now_s: shown(one, now_s=now_s) for now_s in
               (0, 1, NOW_S - 1, NOW_S, NOW_S + 599, NOW_S + 600, 1 << 33)}  # fmt: skip

    assert [now_s for now_s, name in seconds.items() if name] == [NOW_S, NOW_S + 599]
    assert shown(ONE, now_s=0) is None  # what may be over is not shown
    assert shown(ONE | {"end": "2026-12-02"}) and not shown(ONE | {"end": "2026-12-01"})


def test_the_worst_of_several_is_shown_and_of_equals_the_first() -> None:
    down, down_too = ONE | {"id": "d", "severity": "down"}, ONE | {"id": "e", "severity": "down"}
    disrupted = ONE | {"id": "b", "severity": "disrupted"}

    assert shown(ONE, disrupted, down, down_too) == "d"
    assert shown(ONE, down_too, disrupted, down) == "e"
    assert shown(ONE, disrupted, down | {"end": BEFORE}) == "b"
    assert shown(ONE | {"instruments": ["btc"]}, ONE | {"id": "z"}) == "z"
    assert shown() is None


@pytest.mark.parametrize("field, values", [
    ("id", ["", "x" * 65, 7, None, "\x00", "ü"]),
    ("title", ["", "x" * 141, "a\nb", "\x7f", "é", [], True]),
    ("severity", ["", "Down", None, 3, ["down"], {}]),
    ("end", ["", "soon", 4_000_000_000, None, "2026-02-30", "2026-12-01T00:00:00", "1999-01-01"]),
    ("start", ["", 0, None, [], "2026-13-01"]),
    ("alert_url", ["", "http://a.test/", "https://a b", "javascript:x", "https://" + "a" * 93, 1]),
    ("instruments", [[], "dow", [1], None, {"dow": 1}]),
    ("firmware", [[], {}, "1.0", None, [None], [{"affected_from_version": 1}],
                  [{"resolved_in_version": "x"}], [{}, {"resolved_in_version": "1" * 25}],
                  [{"affected_from_version": ""}]]),
])  # fmt: skip
def test_one_wrong_field_refuses_all(field: str, values: list[Any]) -> None:
    for value in values:
        raw = json.dumps([ONE, ONE | {field: value}]).encode()
        with pytest.raises(ValueError, match=r"notice|list"):
            notices.check(raw)
    assert notices.check(json.dumps([ONE, ONE]).encode()) == "a a"


def test_too_much_is_refused() -> None:
    small = {"id": "a", "title": "A", "severity": "down", "end": "2027-01-01"}
    assert notices.check(json.dumps([small] * 8).encode())
    for raw in (json.dumps([small] * 9), json.dumps([ONE | {"x": "y" * 1024}])):
        with pytest.raises(ValueError):
            notices.check(raw.encode())


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
    | st.sampled_from([LATER, BEFORE, "1.2", "down", "https://a.test"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["affected_from_version", "resolved_in_version"]), inner),
    max_leaves=6,
)  # fmt: skip
KEYS = ("id", "title", "severity", "start", "end", "instruments", "firmware", "alert_url", "x")
HOSTILE = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, JUNK)).map(lambda more: ONE | more)
    | JUNK, max_size=9,
)  # fmt: skip


@given(HOSTILE, st.integers(0, 2**33), st.sampled_from(["0.1.0", "1.2.0-rc1", "1.2"]))
def test_what_is_taken_can_be_shown(found: list[Any], now_s: int, version: str) -> None:
    try:
        kept = notices.read(json.dumps(found).encode())
    except ValueError:
        return
    one = notices.pick(kept, version, "dow", now_s)
    if one:
        said = notices.words(one)
        assert said.isascii() and said.isprintable() and 0 < len(said) <= 241


@given(st.binary(max_size=1100) | st.text(max_size=200).map(str.encode))
@example(b"[" * 1000)
@example(b'[{"id": "a", "title": "x", "severity": "down", "end": 1e999}]')
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with suppress(ValueError):
        notices.pick(notices.read(raw), "1.0", "dow", NOW_S)


# -- the nod -------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3 * DAY_S)), max_size=40))
def test_a_notice_has_one_nod_and_a_day_has_one(steps: list[tuple[int, int]]) -> None:
    kept, now_s = b"", NOW_S
    nodded: list[tuple[int, int]] = []
    for name, wait_s in steps:
        now_s += wait_s
        made = saying.marked(kept, str(name), now_s)
        if made:
            nodded.append((name, now_s))
            kept = made
    names, times = [name for name, _ in nodded], [at_s for _, at_s in nodded]

    assert len(set(names)) == len(names) and len(kept) in (0, *range(8, 37, 4))
    assert all(after - before >= DAY_S for before, after in zip(times, times[1:], strict=False))
    assert not steps or names[0] == steps[0][0]


@given(st.binary(max_size=64), st.integers(1, 2**32 - 1))
def test_whatever_was_kept_what_is_kept_then_fits_and_is_known(kept: bytes, now_s: int) -> None:
    made = saying.marked(kept, "a", now_s)
    assert len(made) <= 36
    assert not made or not saying.marked(made, "a", now_s + 2 * DAY_S)


def test_a_clock_that_was_far_ahead_does_not_end_all_nods() -> None:
    ahead = saying.marked(b"", "a", NOW_S + 10**9)

    assert saying.marked(ahead, "b", NOW_S)


def test_the_vm_decides_the_same(vm: Vm, tmp_path: Path) -> None:
    wrong = [ONE | {key: value} for key in KEYS
             for value in (None, True, -1, "x", "", [], {}, [1], [{}], 1e9, "2026-12-01T14:40:00Z")]
    right = [
        [ONE | {"id": "b", "severity": "down", "alert_url": "https://a.test/b"}, ONE],
        [ONE, ONE | {"id": "c", "firmware": [{"affected_from_version": "1.2",
                                              "resolved_in_version": "1.10"}]}],
        [ONE | {"instruments": ["btc"]}], [ONE | {"end": BEFORE}], [], [7], ["x"], {}, 7,
    ]  # fmt: skip
    cases = [
        json.dumps([json.dumps(found), version, instrument, now_s, kept]).encode()
        for found in (*right, *([one] for one in wrong))
        for version, instrument, now_s, kept in (
            ("1.2.0", "dow", NOW_S, []), ("1.10", "btc", NOW_S, [0] * 36), ("0.9", "dow", 0, [1]),
        )
    ]  # fmt: skip
    cases += [json.dumps([raw, "1.0", "dow", NOW_S, []]).encode()
              for raw in ("[" * 900, "[{", "nul", "", "[1e999]", "[NaN]")]  # fmt: skip
    mine, theirs = here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)

    assert mine == theirs
    assert len(set(mine)) > 8 and mine.count(b"refused") > 100
