"""The streaming reader against a model over json.loads, in any cut; and against hostile bytes."""

import json
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from seesaw.core.path_rules import steps
from seesaw.core.paths import tree
from seesaw.core.quote import BadAnswer
from seesaw.core.scan import DEPTH_MAX, LONG, TOKEN_MAX, Scan

KEYS = st.sampled_from(["a", "b", "c"])
TEXT = st.text(st.characters(max_codepoint=0xD7FF), max_size=70)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**18), 10**18), st.floats(), TEXT, st.just("x")
)
OBJECT_KEYS = st.one_of(KEYS, KEYS, KEYS, TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(OBJECT_KEYS, inner, max_size=4)
    ),
    max_leaves=25,
)
ROOTS = st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(OBJECT_KEYS, VALUES, max_size=5))
STEPS = st.one_of(KEYS, KEYS, st.sampled_from(["*", "[0]", "[1]", "[b=x]", "[c=true]"]))
PATHS = st.lists(st.lists(STEPS, min_size=1, max_size=4).map("/".join), min_size=1, max_size=4)
CUTS = st.lists(st.integers(1, 300), max_size=6)


class Model:
    """What each path finds, of a whole tree. The two must agree on nothing but this."""

    def __init__(self, paths: list[str], ascii_only: bool) -> None:
        self.paths = [steps(path) for path in paths]
        self.ascii_only = ascii_only

    def raw(self, value: Any) -> bytes:
        if isinstance(value, str):
            inside = json.dumps(value, ensure_ascii=self.ascii_only).encode()[1:-1]
            return LONG if len(inside) > TOKEN_MAX - 2 else value.encode()
        return json.dumps(value).encode()[:1] if is_container(value) else json.dumps(value).encode()

    def find(self, before: list[str], rest: list[str], value: Any) -> bytes | None:
        if not rest:
            return self.raw(value)
        step, rest = rest[0], rest[1:]
        here = [*before, step]
        if step[0] == "[":
            items = value if isinstance(value, list) else [value]
            items = items if is_container(value) else []
            if "=" not in step:
                number = int(step[1:-1])
                return self.find(here, rest, items[number]) if number < len(items) else None
            field, _, want = step[1:-1].partition("=")
            for item in items:
                if isinstance(item, dict) and field in item:
                    found = item[field]
                    if not is_container(found) and self.raw(found) == want.encode():
                        return self.find(here, rest, item)
            return None
        if not isinstance(value, dict):
            return None
        if step != "*":
            return self.find(here, rest, value[step]) if step in value else None
        named = {path[len(before)] for path in self.paths if path[: len(before)] == before
                 and len(path) > len(before)}  # fmt: skip
        for key, child in value.items():
            if key in named:
                continue
            if fits(rest, child):
                return self.find(here, rest, child)
        return None


def fits(rest: list[str], child: Any) -> bool:
    """Can the path go on in it? The first child where it can is the one that `*` takes."""
    if not rest or isinstance(child, list):
        return not rest or rest[0][0] == "["
    if rest[0] == "[0]":
        return isinstance(child, dict) and fits(rest[1:], child)
    return isinstance(child, dict) and (rest[0][0] != "[" or "=" in rest[0])


def is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def scanned(paths: list[str], body: bytes, cuts: list[int]) -> Scan:
    made = Scan(tree(paths), b"\1" * len(paths))
    for cut in [*cuts, len(body)]:
        if made.write(body[:cut]):
            break
        body = body[cut:]
    return made


@given(ROOTS, PATHS, CUTS, st.booleans(), st.sampled_from([None, 0, 3]))
def test_it_finds_what_a_parser_finds(
    value: Any, paths: list[str], cuts: list[int], ascii_only: bool, indent: int | None
) -> None:
    paths = list(dict.fromkeys(paths))
    try:
        tree(paths)
        model = Model(paths, ascii_only)
    except ValueError:
        assume(False)
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    found = scanned(paths, body, cuts)
    found.end()
    assert found.found == [model.find([], path, value) for path in model.paths]


@given(st.binary(max_size=600), CUTS)
def test_arbitrary_bytes_raise_nothing_else(body: bytes, cuts: list[int]) -> None:
    try:
        scanned(["a/[b=x]/c", "a/*", "d"][:1], body, cuts).end()
    except BadAnswer as error:
        assert error.reason


@given(ROOTS, st.lists(st.tuples(st.integers(0, 500), st.binary(max_size=3)), max_size=4), CUTS)
def test_a_damaged_body_gives_the_same_in_any_cut(
    value: Any, damage: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    body = json.dumps(value).encode()
    for at, change in damage:
        body = body[:at] + change + body[at + 1 :]

    def outcome(cuts: list[int]) -> object:
        try:
            made = scanned(["a/b", "a/*/c", "b/[b=x]/a"], body, cuts)
            made.end()
            return made.found
        except BadAnswer as error:
            return error.reason

    assert outcome(cuts) == outcome([]) == outcome([1] * len(body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"   ", "cut short"),
        (b"5", "not JSON"),
        (b'"a"', "not JSON"),
        (b"<html>", "not JSON"),
        (b"\x1f\x8b\x08", "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        ('{"x":1}'.encode("utf-16-le"), "not JSON"),
        (b"[" * 17, "too deep"),
        (b'{"a":' * 17, "too deep"),
        (b'{"x":[}', "unpaired"),
        (b'{"x":{]', "unpaired"),
        (b'{"x" 5}', "not JSON"),
        (b'{"x":5 "a":1}', "not JSON"),
        (b'{"x":,', "not JSON"),
        (b'{"x":<', "not JSON"),
        (b"{5:1}", "not JSON"),
        (b'{"x":]', "unpaired"),
        (b'{"x":5]', "unpaired"),
        (b'{"x":' + b"9" * 65 + b",", "not JSON"),
        (b'{"a":{"b":"\\x"}', "not JSON"),
        (b'{"a":{"b":"\\u12G4"}', "not JSON"),
        (b'{"a":{"b":77', "cut short"),
        (b'{"a":{"b":"77', "cut short"),
        (b'{"a":{"b":"77\\', "cut short"),
        (b'{"a":{"x":"', "cut short"),
    ],
)
def test_what_is_no_json(body: bytes, reason: str) -> None:
    for cuts in ([], [1] * len(body)):
        with pytest.raises(BadAnswer, match=reason):
            scanned(["a/b", "[0]/a"][:1], body, cuts).end()


def test_the_cap_of_depth_is_exact() -> None:
    deep = b'{"x":' * (DEPTH_MAX - 1) + b'{"a":1}' + b"}" * (DEPTH_MAX - 1)

    assert scanned(["/".join(["x"] * 7 + ["a"])], deep, []).found == [None]


def test_it_stops_at_the_byte_where_it_has_enough() -> None:
    made = Scan(tree(["a", "b"]), b"\1\1")

    assert made.write(b'{"a":1,"x":[') is False
    assert made.write(b'2],"b":"3"\xff\xff <no JSON any more') is True
    assert made.found == [b"1", b"3"]
    assert made.write(b"more") is True


def test_a_field_that_is_not_waited_for_counts_when_it_came() -> None:
    made = Scan(tree(["a", "bad"]), b"\1\0")
    assert made.write(b'{"bad":"x","a":1,') and made.found == [b"1", b"x"]
    made = Scan(tree(["a", "bad"]), b"\1\0")
    assert made.write(b'{"a":1,"bad":"x"}') and made.found == [b"1", None]


def test_the_first_of_two_equal_keys_counts() -> None:
    assert scanned(["a"], b'{"a":1,"a":2}', []).found == [b"1"]
    assert scanned(["a/b"], b'{"a":{"b":1},"a":{"b":2}}', []).found == [b"1"]


def test_escapes_in_values() -> None:
    body = rb'{"a":"\u20ac\/\"\\\n\ud83d","b":"A\u0042"}'

    assert scanned(["a", "b"], body, []).found == ['€/"\\\n?'.encode(), b"AB"]


@pytest.mark.parametrize(
    "paths",
    [
        [""], ["/"], ["a//b"], ["a/" * 8 + "a"], ["[x"], ["[x]"], ["[1000]"], ["[-1]"], ["[]"],
        ["[a=1]/[b=2]/c"], ["a/[b=1]"], ["x" * 49], ["a/b", "a/[0]"], ["a/[0]", "a/*"],
        ["[a=1]/x", "[a=2]/x"],
        ["[a=1]/x", "[0]/x"], ["[0]/x", "[a=1]/x"], ["[a=1]/x", "[b=1]/x"], ["a", "a"],
    ],
)  # fmt: skip
def test_paths_that_are_none_or_exclude_each_other(paths: list[str]) -> None:
    with pytest.raises(ValueError):
        for path in paths:
            steps(path)
        tree(paths)


def test_what_it_holds_is_small_however_long_the_body() -> None:
    made = Scan(tree(["z"]), b"\1")
    for _ in range(300):
        made.write(b'{"a":[' if made.size == 0 else b"1.25," * 100)
        assert len(made._carry) <= TOKEN_MAX
    assert math.isclose(made.size, 300 * 500, rel_tol=0.01)
