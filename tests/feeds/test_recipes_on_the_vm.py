"""Recipes on MicroPython's own virtual machine: the quotes, reasons and rules of CPython."""

import json
import random
import sys
from pathlib import Path

import pytest
from answers import BAD, DATE_S, GOOD, SHIPPED_FILE, capture
from test_rules import BEYOND, REFUSED, TAKEN, changed

sys.path.append(str(Path(__file__).parents[1] / "trust"))

from tuf_rig import Vm
from tuf_vm import answers, here

MUTATIONS = 12  # of each capture
PROGRAM = """
import json
from seesaw.core.quote import BadAnswer
from seesaw.core.recipe import Recipe
from seesaw.data import feeds

SETS = []
for path in PATHS:
    with open(path) as file:
        SETS.append(json.load(file))

def bound(provider, instrument):
    for found in SETS:
        if provider in found["providers"]:
            feed = [provider, "_DJI"]
            for one in found["instruments"].get(instrument, {"feeds": []})["feeds"]:
                if one[0] == provider:
                    feed = one
            rules = found["providers"][provider]
            echo = feed[2] if len(feed) > 2 else ""
            base = "http://relay.example" if provider == "relay" else ""
            return Recipe(provider, rules, feed[1], echo, base, "k" if "key" in rules else "")

def extracted(head, body):
    provider, instrument, size, offset_s = head
    made = bound(provider, instrument)
    extraction = made.begin()
    try:
        for at in range(0, len(body), size):
            if extraction.write(body[at : at + size]):
                break
        quote = extraction.quote(DATE_S, 0.0, lambda local_s, zone: local_s - offset_s)
    except BadAnswer as error:
        return error.reason
    return "%s %.4f %.4f %d %s" % (made.url, quote.price, quote.baseline, quote.time_s, quote.open)

def answer(case):
    head, _, body = case.partition(bytes(1))
    head = json.loads(head)
    if head:
        return extracted(head, body).encode()
    try:
        feeds.check(body)
    except ValueError as error:
        # What the interpreters' own json says differs; and so does the order of a dict.
        return b"refused" if "JSON" in str(error) or "syntax" in str(error) else str(error).encode()
    return b"taken"
"""


def cases() -> list[bytes]:
    draw = random.Random(11)
    made = []
    rows = [row[:4] for row in GOOD] + [(*row[:3], 0) for row in BAD]
    for provider, instrument, name, offset_s in rows:
        body = capture(name)
        bodies = [(body, 4096), (body, 7)]
        for _ in range(MUTATIONS):
            raw = bytearray(body)
            for _ in range(draw.randrange(1, 4)):
                raw[draw.randrange(len(raw))] = draw.choice(b'"\\{}[]:,.-019nN ~\n\xff\x00')
            bodies.append((bytes(raw), draw.choice((1, 48, 100, 4096))))
        for text, size in bodies:
            made.append(json.dumps([provider, instrument, size, offset_s]).encode() + b"\0" + text)
    for path, value, *_ in [*TAKEN, *REFUSED, *BEYOND]:
        made.append(b"null\0" + json.dumps(changed(path, value)).encode())
    return made


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[bytes]]:
    paths = [str(SHIPPED_FILE), str(Path(__file__).with_name("spare.json"))]
    program = PROGRAM.replace("PATHS", repr(paths)).replace("DATE_S", str(DATE_S))
    vm, asked = Vm(), cases()
    try:
        there = answers(vm, tmp_path_factory.mktemp("recipes"), program, asked)
    finally:
        vm.close()
    return there, here(program, asked)


def test_the_real_vm_reads_and_judges_alike(found: tuple[list[bytes], list[bytes]]) -> None:
    there, ours = found
    asked = zip(there, ours, cases(), strict=True)
    differing = [(theirs, mine, case[:80]) for theirs, mine, case in asked if theirs != mine]

    assert differing == []
    assert len(ours) > 700
    assert sum(answer.startswith(b"http") for answer in ours) > 100
