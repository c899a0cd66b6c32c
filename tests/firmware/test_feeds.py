"""The set `feeds`: what is taken of it, and that whatever else comes is refused in words."""

import json
import random
import sys
from pathlib import Path

import pytest
from seesaw.data import feeds

sys.path.append(str(Path(__file__).parents[1] / "trust"))

from tuf_rig import Vm
from tuf_vm import answers, here

GOOD = ["cnbc", "https://quote.cnbc.com", ".SPX", 1.13]


def packed(feed: object, **more: object) -> bytes:
    return json.dumps({"format": 1, "feeds": {"sp500": feed}, **more}).encode()


def test_a_good_set_is_taken() -> None:
    assert feeds.check(packed(GOOD, note="unknown keys are for others")) == {"sp500": GOOD}
    assert feeds.check(b'{"format": 1, "feeds": {}}') == {}


WRONG = [
    None, {}, [], GOOD[:3], [*GOOD, 1], "cnbc",
    ["yahoo", *GOOD[1:]], [None, *GOOD[1:]], [["cnbc"], *GOOD[1:]],
    *(["cnbc", base, ".SPX", 1] for base in (
        "", "quote.cnbc.com", "ftp://x", "http://", "http://u@x", "http://x#", "http://x:0",
        "http://x:99999", "http://[::1]", "http://x y", "http://x\r\nHost: y", 5, None,
        "http://" + "x" * 160)),
    *(["cnbc", "http://x", symbol, 1] for symbol in ("", 5, None, "A B", "A#", "é", "x" * 160)),
    *(["cnbc", "http://x", "A", sigma] for sigma in (
        0, -1, 0.19, 20.1, 1e30, True, "1", None, [], float("nan"), float("inf"))),
]  # fmt: skip


@pytest.mark.parametrize("feed", WRONG)
def test_what_is_out_of_bounds_is_refused(feed: object) -> None:
    assert not feeds.right(feed)
    with pytest.raises(ValueError, match="feed of sp500"):
        feeds.check(packed(feed))


@pytest.mark.parametrize("raw", [
    b"", b"null", b"5", b"[]", b'{"format": 2, "feeds": {}}', b'{"format": 1}', b"\xff\xfe",
    b'{"format": 1, "feeds": []}', b'{"a":' * 9000, packed(GOOD) + b" " * feeds.SIZE_MAX,
])  # fmt: skip
def test_what_is_no_set_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        feeds.check(raw)


PROGRAM = """
from seesaw.data import feeds
from seesaw.data import standing
import json

def answer(case):
    try:
        found = feeds.check(case)
        return b" ".join([b"%s" % name.encode() for name in sorted(found)])
    except ValueError as error:
        return b"refused"
    return b"?"
"""


def mutations() -> list[bytes]:
    """Sets with bytes of text changed: most are no JSON, or out of bounds."""
    draw = random.Random(7)
    whole = packed(GOOD)
    cases = [packed(feed) for feed in WRONG if "NaN" not in json.dumps(feed)]
    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(raw))
            if raw[at : at + 1].isalnum():
                raw[at] = draw.choice(b"abcxyz0159")
        cases.append(bytes(raw))
    return cases


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[bytes]]:
    vm, cases = Vm(), mutations()
    try:
        there = answers(vm, tmp_path_factory.mktemp("feeds"), PROGRAM, cases)
    finally:
        vm.close()
    return there, here(PROGRAM, cases)


def test_the_real_vm_judges_alike(found: tuple[list[bytes], list[bytes]]) -> None:
    there, ours = found

    assert there == ours
    assert b"refused" in ours and any(answer != b"refused" for answer in ours)
