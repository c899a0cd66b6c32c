"""The MicroPython VM chooses as CPython does."""

import json
from pathlib import Path
from typing import Any

from test_choose import BOARD, CASES, FIELDS, NOW, RUNNING, Memory, T, role, spoilt
from tuf_rig import Vm
from tuf_vm import answers, here

PROGRAM = """
import hashlib
import json
from binascii import unhexlify
from seesaw.update.choose import choose

class Memory:
    last = "said"
    def skip(self, bundle, version):
        return version in self.passed_over
    def waited(self, bundle):
        return self.looks

def answer(case):
    targets, board, version, running, device, times, halted, recalls, over, looks = json.loads(case)
    memory = Memory()
    memory.passed_over, memory.looks = over, looks
    running = (board, version, unhexlify(running), unhexlify(device))
    found = choose(targets, running, times, halted, recalls, memory, lambda path, target: path)
    return json.dumps(list(found)).encode()
"""


def case(targets: dict[str, Any], number: int, **more: Any) -> bytes:
    memory = more.get("memory", Memory())
    return json.dumps([
        targets, more.get("board", BOARD), more.get("version", "1.0"), RUNNING.hex(),
        number.to_bytes(6, "big").hex(), more.get("times", (NOW, None)),
        list(more.get("halted", ())), list(more.get("recalls", ())), memory.passed_over,
        memory.looks,
    ]).encode()  # fmt: skip


def test_the_vm_chooses_the_same(vm: Vm, tmp_path: Path) -> None:
    wide = T("1.1", start_percentage=10, start_epoch=NOW - 3600, duration_minutes=120)
    cases = [case(role(*targets), 0, **more) for targets, more, _ in CASES]
    cases += [case(role(wide), number) for number in range(40)]
    cases += [case(role(wide), 7, times=(None, NOW - looks * 5000), memory=Memory((), looks))
              for looks in (0, 1, 5, 30, 254, 255)]  # fmt: skip
    cases += [case(role(T("1.1")) | {f"{BOARD}/1.2/bundle": spoilt([(place, value)])}, 1)
              for place in FIELDS for value in (None, True, -1, "x", [], {})]  # fmt: skip
    mine = [json.loads(one) for one in here(PROGRAM, cases)]
    theirs = [json.loads(one) for one in answers(vm, tmp_path, PROGRAM, cases)]

    assert [found[:2] for found in mine] == [found[:2] for found in theirs]
    assert len(cases) > 150 and {found[0] for found in mine} == {"install", "nothing", "recall"}
    differing = [one for one, other in zip(mine, theirs, strict=True) if one != other]
    assert all("malformed" in one[2] for one in differing)  # the interpreters' own words
