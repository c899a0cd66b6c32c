"""The paste: short, true, without secrets, and the same from both interpreters."""

import binascii
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw import diag, factory

from host_tools.emulator.micropython_engine import find_micropython

FIRMWARE = Path(__file__).parents[2] / "firmware"
VM_S = 60
WELL = {"wifi.set": "yes", "boot.trial": "no", "boot.safe": "no", "program": "app",
        "app.state": "LIVE", "app.why": ""}  # fmt: skip
CHANGES: list[tuple[dict[str, str], str]] = [
    ({}, "Working. Nothing to do."),
    ({"app.state": "CLOSED"}, "market is closed"),
    ({"app.state": "DELAYED"}, "minutes late"),
    ({"app.state": "PROXY"}, "a fund"),
    ({"app.state": "STALE", "app.why": "cnbc: status 429"}, "be believed (cnbc: status 429)"),
    ({"app.state": "NO_DATA"}, "be believed (no reason)"),
    ({"app.state": "STARTING"}, "just started"),
    ({"app.state": "OFFLINE", "app.why": "wrong password"}, "password is probably wrong"),
    ({"app.state": "OFFLINE", "app.why": "no such network"}, "2.4 GHz"),
    ({"app.state": "OFFLINE", "app.why": "joining"}, "not joined (joining)"),
    ({"boot.safe": "yes"}, "crashes again and again"),
    ({"boot.safe": "yes", "app.state": "OFFLINE", "app.why": "joining"}, "not joined"),
    ({"boot.trial": "yes"}, "tries a new release"),
    ({"wifi.set": "no"}, "never set up"),
]
ELSEWHERE = {"setup": "waits to be set up", "updater": "looks for a release", "prompt": "Reset it"}
SCRIPT = """
import json
import sys
sys.path.insert(0, sys.argv[1])
from seesaw import diag, factory
with open(sys.argv[2]) as file:
    cases, blobs = json.load(file)
for facts, secrets in cases:
    print(json.dumps(diag.paste(facts, tuple(secrets))))
for blob in blobs:
    print(sorted(json.loads(factory.makers(blob.encode())).items()))
"""
texts = st.text(max_size=300)
facts = st.dictionaries(st.from_regex(r"[a-z]{1,12}\.[a-z_]{1,12}", fullmatch=True),
                        st.one_of(texts, st.integers()), max_size=60)  # fmt: skip


def inside(paste: str) -> list[str]:
    """Its lines, when its marks and its CRC are right."""
    begin, *lines, end = paste.removesuffix("\n").split("\n")
    body = "".join(line + "\n" for line in lines)
    assert begin == diag.BEGIN
    assert end == diag.END % binascii.crc32(body.encode())
    return lines


@pytest.mark.parametrize(("changes", "words"), CHANGES)
def test_what_to_do_comes_first_and_in_plain_words(changes: dict[str, str], words: str) -> None:
    lines = inside(diag.paste({**WELL, **changes}))

    assert words in lines[0]
    assert lines[1:] == sorted(lines[1:]) and "program: app" in lines


@pytest.mark.parametrize("program", ELSEWHERE)
def test_without_an_app_it_says_what_runs(program: str) -> None:
    found = {key: WELL[key] for key in ("wifi.set", "boot.trial", "boot.safe")}
    assert ELSEWHERE[program] in diag.verdict({**found, "program": program})


@given(facts, st.lists(st.text(min_size=4, max_size=64), max_size=4))
def test_whatever_goes_in_it_is_short_and_keeps_its_secrets(
    found: dict[str, Any], secrets: list[str]
) -> None:
    paste = diag.paste(found, tuple(secrets))

    assert len(paste) < 4096 and paste.isascii()
    lines = inside(paste)
    values = [line.partition(": ")[2] for line in lines[1:]]
    assert not [s for s in secrets for value in values if s in value and s not in "***..."]


@pytest.mark.parametrize("size", [4, 9, 14, 15, 20])
def test_a_secret_that_was_cut_in_the_middle_is_taken_out_too(size: int) -> None:
    """Last words are cut to a few characters before anybody looks for what is secret."""
    words = "1.2.0: OSError: " + "correct horse battery"[:size]
    found = diag.paste({"log.crash0": words}, ("correct horse battery", "corr"))
    assert "log.crash0: 1.2.0: OSError: ***\n" in found


def test_a_secret_is_found_in_any_text() -> None:
    found = {**WELL, "boot.last_words": "OSError: home/pass-word refused", "app.state": "STALE",
             "app.why": "pass-word"}  # fmt: skip
    paste = diag.paste(found, ("pass-word", "home", b"\xff", "ab"))

    assert "pass-word" not in paste and "home" not in paste
    assert "boot.last_words: OSError: ***/*** refused" in paste


def test_the_owners_go_and_the_makers_stay() -> None:
    hers = {"ssid": "home", "password": "secret", "keys": {"eodhd": "k"}, "tz": "CET", "new": 1}
    his = {"update_url": "http://u", "servo_pin": 4, "center_us": 1480, "us_per_degree": -30}

    assert json.loads(factory.makers(json.dumps({**hers, **his}).encode())) == his
    for blob in (b"", b"[1]", b"{", b"\xff", b"7"):
        assert factory.makers(blob) == b"{}"


def test_the_real_vm_makes_the_same(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    cases: list[tuple[dict[str, Any], list[str]]] = [({**WELL, **more}, []) for more, _ in CHANGES]
    cases += [
        ({f"k{n}.v": "x" * n for n in range(200)}, ["xxxx"]),
        ({f"k{n}.v": "y" * 300 for n in range(40)}, []),
        ({"a.b": "caf\u00e9 home\r\nx", "c.d": 7, "e.f": ""}, ["home"]),
    ]
    blobs = ["", "[1]", "{", '{"update_url": "u", "ssid": "s", "low_us": 1100}']
    (tmp_path / "cases").write_text(json.dumps([cases, blobs]))
    done = subprocess.run(
        [find_micropython(), str(tmp_path / "script.py"), str(FIRMWARE), str(tmp_path / "cases")],
        env={**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen"},
        capture_output=True, text=True, timeout=VM_S, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    *pastes, _, _, _, kept = done.stdout.splitlines()

    assert [json.loads(line) for line in pastes] == [diag.paste(f, tuple(s)) for f, s in cases]
    assert kept == "[('low_us', 1100), ('update_url', 'u')]"
