"""The app's look for an open trial without the record's code: it agrees with the record itself."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from seesaw import app
from seesaw.update import record
from test_parity import FIRMWARE, OUTPUT_WAIT_S, micropython

SCRIPT = (
    """
from seesaw.update.record import Record

class Store:
    def __init__(self, blob):
        self.blobs = {"update": blob}
    def get(self, key):
        return self.blobs.get(key, b"")
    def put(self, key, blob):
        self.blobs[key] = blob

def show(words, store):
    blob = store.get("update")
    # A look may be wrong in one way alone: that it has the record loaded for nothing.
    print(words, trial_left(blob), Record(store).trial is not None)

for blob in (b"", b"{}", b"null", b"\\xff", b'{"trial": 5}', b'{"last": "\\\\"trial\\\\": null"}'):
    show(blob, Store(blob))
for words in ("rubbish", '"trial": null', '\\\\"trial\\\\": null', "x" * 700):
    for end in ("open", "reached", "interrupted", "failed", "confirmed"):
        store = Store(b"")
        made = Record(store)
        made.open(bytes(range(32)), words, 10, 1, True)
        if end == "reached":
            made.reached(7)
        elif end == "confirmed":
            made.confirmed()
        elif end != "open":
            getattr(made, end)(words)
        show(end, store)
"""
)  # fmt: skip
TRUTH = {"open": True, "reached": True, "interrupted": True, "failed": False, "confirmed": False}


def look() -> str:
    """The source of the look, which stands in a file that only a chip can load."""
    tree = ast.parse((FIRMWARE / "seesaw" / "main.py").read_text())
    (found,) = (
        node for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "trial_left"
    )  # fmt: skip
    return ast.unparse(found)


@pytest.mark.parametrize("interpreter", [sys.executable, micropython()], ids=["cpython", "vm"])
def test_no_open_trial_is_overlooked(interpreter: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(look() + SCRIPT)
    (tmp_path / "micropython.py").write_text("def const(value):\n    return value\n")
    paths = {"MICROPYPATH": f"{FIRMWARE}:.frozen", "PYTHONPATH": str(FIRMWARE)}
    done = subprocess.run(
        [interpreter, str(tmp_path / "script.py")], env={**os.environ, **paths},
        capture_output=True, text=True, timeout=OUTPUT_WAIT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.rsplit(" ", 2) for line in done.stdout.splitlines()]

    assert len(rows) == 6 + 4 * len(TRUTH)
    assert rows[0][1:] == ["False", "False"]
    assert all(left == "True" for _, left, there in rows if there == "True")
    assert [(left, there) for _, left, there in rows[6:]] == [
        (str(open_), str(open_)) for open_ in TRUTH.values()
    ] * 4


def test_the_stage_has_one_number() -> None:
    assert app._LOOKED == record.LOOKED
