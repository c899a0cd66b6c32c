"""Patterns of paths, quoting, and the check that tells good bytes from others."""

import fnmatch
from hashlib import sha256, sha512
from urllib.parse import quote as reference_quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from seesaw.update.errors import Mismatch
from seesaw.update.targets import check, glob, matching, quote, url
from tuf_vm import answers, here

letters = st.text("ab*?[]!-c\u00e9", max_size=9)


@given(letters, letters)
@example("[]]", "]")
@example("[!]]", "a")
@example("[]", "[]")
@example("[!", "[!")
@example("[a-", "[a-")
@example("[a-]", "-")
@example("[-a]", "-")
@example("[!a-c]", "d")
@example("a*b*c", "aXbXbc")
def test_patterns_match_as_the_shell_s(pattern: str, text: str) -> None:
    assert glob(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_many_stars_take_no_long_time() -> None:
    assert not glob("*a" * 40 + "b", "a" * 200)


@given(st.text())
def test_names_are_quoted_as_python_tuf_does(text: str) -> None:
    try:
        wanted = reference_quote(text, "")
    except UnicodeEncodeError:
        return  # half a surrogate pair: no metadata has one
    assert quote(text) == wanted
    assert quote(text, "/") == reference_quote(text, "/")


def delegated(name: str, terminating: bool = False, **more: object) -> dict:
    return {"name": name, "terminating": terminating, **more}


def test_a_role_needs_patterns_or_prefixes_but_not_both() -> None:
    digest = sha256(b"a/b").hexdigest()
    roles = [
        delegated("none"),
        delegated("empty", paths=[], path_hash_prefixes=[]),
        delegated("both", paths=["a/b"], path_hash_prefixes=[digest]),
        delegated("paths", paths=["x", "a/?"]),
        delegated("prefixes", path_hash_prefixes=[digest]),
    ]
    assert matching({"delegations": {"roles": roles}}, "a/b") == (["paths", "prefixes"], False)


def test_a_terminating_role_ends_the_list() -> None:
    roles = [
        delegated("first", paths=["*"]),
        delegated("other", True, paths=["x"]),
        delegated("last", True, paths=["*"]),
        delegated("hidden", paths=["*"]),
    ]
    assert matching({"delegations": {"roles": roles}}, "a") == (["first", "last"], True)
    assert matching({}, "a") == ([], False)


def digests(data: bytes) -> dict[str, str]:
    return {"sha256": sha256(data).hexdigest(), "sha512": sha512(data).hexdigest()}


@given(st.binary(max_size=300))
def test_good_bytes_are_taken(data: bytes) -> None:
    check("it", data, {"length": len(data), "hashes": digests(data)}, None)
    check("it", data, {"hashes": {**digests(data), "md5": "00"}}, None)
    check("it", data, {}, None)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_other_bytes_are_found_out(data: bytes, draw: st.DataObject) -> None:
    other = draw.draw(st.binary(max_size=61).filter(lambda found: found != data))
    for name in ("sha256", "sha512"):
        right, wrong = digests(other), digests(data)
        for hashes in ({name: wrong[name]}, {**right, name: wrong[name]}):
            with pytest.raises(Mismatch):
                check("it", other, {"length": len(other), "hashes": hashes}, None)
    if len(other) != len(data):
        with pytest.raises(Mismatch):
            check("it", other, {"length": len(data)}, None)


@pytest.mark.parametrize("hashes", [{}, {"md5": "00"}, {"SHA256": "00"}])
def test_without_a_known_hash_nothing_is_good(hashes: dict) -> None:
    with pytest.raises(Mismatch):
        check("it", b"x", {"length": 1, "hashes": hashes}, None)


def test_a_pause_comes_during_sha512() -> None:
    paused: list[int] = []
    data = bytes(1000)
    check("it", data, {"length": 1000, "hashes": digests(data)}, lambda: paused.append(1))

    assert len(paused) >= 8


def test_the_url_of_a_target() -> None:
    hashes = {"sha256": "aa", "sha512": "bb"}

    assert url("dir/a b", hashes, True) == "dir/aa.a%20b"
    assert url("dir/a b", hashes, False) == "dir/a%20b"
    assert url("x", {"sha512": "bb"}, True) == "bb.x"


PROGRAM = """
from seesaw.update.targets import glob, quote

def answer(case):
    pattern, _, text = case.decode().partition("/")
    return quote("%s %s" % (glob(pattern, text), text)).encode()
"""


def test_the_vm_agrees(vm, tmp_path) -> None:
    cases = [
        f"{pattern}/{text}".encode()
        for pattern in ("*", "a*", "?", "[a-c\u00e9]", "[!a]", "[", "*\U0001f402*", "a[]b]c", "**a")
        for text in ("", "a", "\u00e9", "\U0001f402", "a]c", "[", "ba", "~._- %")
    ]
    assert answers(vm, tmp_path, PROGRAM, cases) == here(PROGRAM, cases)
