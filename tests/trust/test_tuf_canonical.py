"""Canonical JSON: the bytes that python-tuf signs, on both interpreters, and no crash."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from securesystemslib.formats import encode_canonical
from seesaw.update import metadata as canonical
from tuf_rig import Vm
from tuf_vm import answers, here, text

# The canonical form of a JSON text, or the name of the error.
PROGRAM = """
from seesaw.update import metadata as canonical

def answer(raw):
    out = []
    try:
        canonical.feed(canonical.parse(raw), out.append)
    except (ValueError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
        return b"!" + type(error).__name__.encode()
    return b"".join(out)
"""
letters = st.characters(exclude_categories=["Cs"])
words = st.text(letters, max_size=8) | st.sampled_from(["\\", '"', "\\u", "\\ud83d", "\U0001f402"])
scalars = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
once = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(st.lists(values, min_size=1, max_size=12), st.booleans())
@example([{"\uffff": 1, "\U0001f402": 2, "z": 3}], True)
@example(["\\\U0001f402\\\\", "\u00e9\ud7ff\ue000"], True)
@once
def test_it_is_what_python_tuf_signs(vm: Vm, tmp_path: Path, found: list, ascii_only: bool) -> None:
    cases = [text(value, ascii_only) for value in found]
    wanted = [encode_canonical(value).encode() for value in found]

    assert here(PROGRAM, cases) == wanted
    assert answers(vm, tmp_path, PROGRAM, cases) == wanted


odd_words = st.text(st.characters(), max_size=6)
odd = st.recursive(
    scalars | odd_words | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_words, inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(odd, min_size=1, max_size=12), st.booleans())
@example(["\ud83d", "\udc02", "\udc02\ud83d", "a\ud83db", "\ud83d\ud83d\udc02"], True)
@example([1.5, float("nan"), float("inf"), 2**64, -(2**64) - 1, 10**4000], True)
@once
def test_whatever_has_no_canonical_form_is_an_error(
    vm: Vm, tmp_path: Path, found: list, ascii_only: bool
) -> None:
    cases = [text(value, ascii_only) for value in found]
    for answer, value in zip(here(PROGRAM, cases), found, strict=True):
        assert answer[:1] == b"!" or answer == encode_canonical(value).encode()
    for answer, mine in zip(
        answers(vm, tmp_path, PROGRAM, cases), here(PROGRAM, cases), strict=True
    ):
        # MicroPython knows no wrong UTF-8: half a pair that was not escaped goes through there.
        assert answer[:1] == mine[:1] or b"\xed" in answer


@given(st.lists(st.binary(max_size=40) | st.text('[]{}",:\\ud8390a1.-eE ntfrlsu').map(str.encode)))
@example([b"[" * 9999, b'{"a":' * 9999, b"[1,]", b"{1:2}", b'{"a":1,"a":2}', b"[1}", b"\xff", b""])
@example([b'"\\ud83d"', b'"\\ud83d\\u0041"', b'"\\\\ud83d"', b'"\\ud8', b'"\\udzzz"', b"\\ud83d"])
@once
def test_no_bytes_do_harm(vm: Vm, tmp_path: Path, cases: list[bytes]) -> None:
    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        for answer in found:
            assert answer[:1] == b"!" or json.loads(answer) is not ...


@pytest.mark.parametrize("value", [{1: 2}, {"a": 1, 2: 3}, b"bytes", (1,), {1}, object])
def test_a_value_that_is_not_json_is_an_error(value: object) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        canonical.feed(value, [].append)


def test_brackets_are_bounded() -> None:
    value: list = []
    for _ in range(canonical.DEPTH_MAX - 1):
        value = [value]
    canonical.feed(value, [].append)

    with pytest.raises(ValueError, match="list"):
        canonical.feed([value], [].append)


def test_it_is_never_built_as_a_whole() -> None:
    pieces: list[bytes] = []
    canonical.feed({"a": ["x" * 50] * 100}, pieces.append)

    assert max(len(piece) for piece in pieces) == 52


def test_integers_are_bounded() -> None:
    for value in (2**64 - 1, -(2**64)):
        pieces: list[bytes] = []
        canonical.feed(value, pieces.append)
        assert b"".join(pieces) == str(value).encode()
    for value in (2**64, -(2**64) - 1, 10**400):
        with pytest.raises(ValueError, match="int"):
            canonical.feed(value, [].append)
