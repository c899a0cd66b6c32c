"""The set `feeds`: the real VM takes and refuses what CPython does, in the same words. What the
rules are is in tests/feeds/test_rules.py."""

import json
import random
import sys
from pathlib import Path

import pytest
from seesaw.data import feeds

sys.path.append(str(Path(__file__).parents[1] / "trust"))

from tuf_rig import Vm
from tuf_vm import answers, here

SHIPPED = json.loads(Path(feeds.__file__).with_name("feeds.json").read_text())
KEPT = ("cnbc", "tencent", "relay")
SMALL = {
    **{key: SHIPPED[key] for key in ("format", "hosts")},
    "providers": {name: SHIPPED["providers"][name] for name in KEPT},
    "instruments": {
        "sp500": {**SHIPPED["instruments"]["sp500"], "feeds": [["cnbc", ".SPX"], ["relay", "a"]]},
    },
}  # fmt: skip
PROGRAM = """
from seesaw.data import feeds

def answer(case):
    try:
        found = feeds.check(case)
    except ValueError as error:
        words = str(error)
        # What is no JSON is refused in the interpreter's own words.
        return b"not JSON" if "JSON" in words or "char " in words or "syntax" in words else (
            words.encode())
    return b" ".join([name.encode() for name in sorted(found["instruments"])])
"""


def places(found: object, path: tuple = ()) -> list[tuple]:
    """The paths of all values in a tree of JSON."""
    inner = found.items() if isinstance(found, dict) else enumerate(
        found if isinstance(found, list) else ())  # fmt: skip
    return [path, *(more for key, value in inner for more in places(value, (*path, key)))]


def mutations() -> list[bytes]:
    """Sets with one value changed, and with bytes of text changed."""
    draw = random.Random(7)
    cases = [json.dumps(SMALL).encode()]
    for path in places(SMALL)[1:]:
        for wrong in (None, -1, 1e9, True, "", "x" * 400, "{key}", [], [[]], {}):
            made = json.loads(cases[0])
            place = made
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = wrong
            cases.append(json.dumps(made).encode())
    for _ in range(300):
        raw = bytearray(cases[0])
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
    assert ours[0] == b"sp500"
    assert len(set(ours)) > 50 and ours.count(b"sp500") > 20
