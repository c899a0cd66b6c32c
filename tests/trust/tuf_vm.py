"""Many small cases through the firmware's modules on the MicroPython VM, in one call.

Cases and answers travel as files of one line each, in hex, so that any bytes may be in them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tuf_rig import Vm

SCRIPT = """
import sys
from binascii import hexlify, unhexlify
space = {}
exec(sys.argv[3], space)
with open(sys.argv[1]) as cases, open(sys.argv[2], "w") as answers:
    for line in cases:
        answers.write(hexlify(space["answer"](unhexlify(line.strip()))).decode() + "\\n")
"""


def answers(vm: Vm, folder: Path, program: str, cases: Sequence[bytes]) -> list[bytes]:
    """What `answer(case: bytes) -> bytes` of this program says to each case."""
    (folder / "cases").write_text("".join(case.hex() + "\n" for case in cases))
    paths = [str(folder / "cases"), str(folder / "answers")]
    done = vm.run(["-c", SCRIPT, *paths, program], b"", {})

    assert done.returncode == 0
    found = (folder / "answers").read_text().splitlines()
    assert len(found) == len(cases)
    return [bytes.fromhex(line) for line in found]


def here(program: str, cases: Sequence[bytes]) -> list[bytes]:
    """The same on CPython."""
    space: dict = {}
    exec(program, space)
    return [space["answer"](case) for case in cases]


def text(value: object, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
