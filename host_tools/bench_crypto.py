"""The rows of `seesaw bench` about signatures: time, garbage and heap on the real MicroPython VM.

The VM is the Unix port, 64-bit. What a signature costs is stated in the bare pow() that no check of
an RSA-3072 signature can do without, taken in turn with it; so it says the same on any machine.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_tools.bench import KB, Row
from host_tools.emulator.micropython_engine import NoMicroPython, find_micropython
from host_tools.errors import UserError
from host_tools.image import bundle

POWS_LIMIT = 6  # of an Ed25519 signature
GARBAGE_LIMIT_KB = 1_100_000 / KB
HEAP_LIMIT_KB = 24
HEAPS_KB = range(12, 64)  # that are tried
ROUNDS = 4
TIMED_HEAP = "192K"  # what an update has; in one of megabytes searching it takes time too
WEIGHED_HEAP = "4M"  # holds all the garbage of a call
VM_SECONDS = 60  # of real time
ROOM = "seesaw/crypto/"
MESSAGE = b"a message that fits in one block"
# RFC 8032, section 7.1, TEST 1: the empty message.
ED25519 = (
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
)

# Only this much is source on the VM, whose compiler needs heap too.
START = "import sys\nsys.path[:] = [sys.path[0], '.frozen']\nimport {module}\n"
WEIGH = """
from seesaw.crypto import keys

key = keys.verifier("ed25519", "ed25519", "{public}")
print(key.verify(bytes.fromhex("{signature}"), lambda update: update(b"")))
"""
CALLS = """
import gc
import time

from seesaw.crypto import keys
from seesaw.crypto.sha512 import Sha512
from vectors import BLOCK, KEYS, MESSAGES, POW, SIGNATURES

number, exponent, modulus = POW
digest = Sha512()


def check(name):
    message = MESSAGES[name]
    if not keys.verifier(*KEYS[name]).verify(SIGNATURES[name], lambda update: update(message)):
        raise ValueError(name)


CALLS = (
    ("pow", 30, lambda: pow(number, exponent, modulus)),
    ("sha512", 200, lambda: digest.update(BLOCK)),
    ("ed25519", 12, lambda: check("ed25519")),
    ("p256", 12, lambda: check("p256")),
    ("rsa", 30, lambda: check("rsa")),
)
"""
# The time of the VM's process alone, so that other work on the machine is not in it. The VM counts
# it in whole milliseconds, hence many calls for one.
TIME = """
least = {}
for _ in range({rounds}):
    for name, times, call in CALLS:
        start = time.clock()
        for _ in range(times):
            call()
        took = (time.clock() - start) / times
        least[name] = min(least.get(name, took), took)
for name, _, _ in CALLS:
    print("%s=%d" % (name, least[name] * 1000000))
"""
GARBAGE = """
gc.disable()
for name, _, call in CALLS:
    call()  # what it loads stays
    gc.collect()
    before = gc.mem_alloc()
    call()
    print("%s=%d" % (name, gc.mem_alloc() - before))
"""


def measure() -> list[Row]:
    """All rows about signatures. Without a MicroPython VM their figures are None.

    UserError when the firmware does not take the signatures.
    """
    built = bundle.build("0.1.0")
    compiled = {path: mpy for path, mpy in built.files.items() if path.startswith(ROOM)}
    size = sum(len(mpy) for mpy in compiled.values())
    sized = Row("crypto/ as .mpy", size / KB, "KB", note=f"{len(compiled)} modules")
    try:
        find_micropython()
    except NoMicroPython as error:
        return [*_rows(({}, {}), None, str(error)), sized]
    with tempfile.TemporaryDirectory() as folder:
        for path, mpy in compiled.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(mpy)
        return [*_rows(_costs(Path(folder)), _least_heap(Path(folder))), sized]


def _rows(found: tuple[dict, dict], heap_kb: int | None, why: str = "") -> list[Row]:
    """found: microseconds and bytes of garbage, each by what took them."""
    times, garbage = found

    def ms(name: str) -> float | None:
        return times[name] / 1000 if times else None

    def kb(name: str) -> float | None:
        return garbage[name] / KB if garbage else None

    ratio = times["ed25519"] / times["pow"] if times else None
    how = f"time of the VM's process in a heap of {TIMED_HEAP}B, least of {ROUNDS} times, in turn"
    one = "of a message that fits in one block of SHA-512"
    return [
        Row("pow(s, 65537, n) of RSA-3072", ms("pow"), "ms", note=why or how),
        Row("Ed25519 signature", ms("ed25519"), "ms", note=why or one),
        Row("  in such pow()", ratio, "", POWS_LIMIT, note=why),
        Row("  its garbage", kb("ed25519"), "KB", GARBAGE_LIMIT_KB, note=why),
        Row("  the least heap for it", heap_kb, "KB", HEAP_LIMIT_KB,
            note=why or "all of the VM's heap, with the modules in it"),
        Row("ECDSA P-256 signature", ms("p256"), "ms", note=why),
        Row("  garbage of P-256", kb("p256"), "KB", note=why),
        Row("RSA-PSS-3072 signature", ms("rsa"), "ms", note=why),
        Row("  garbage of RSA-PSS", kb("rsa"), "KB", note=why),
        Row("SHA-512, a block", ms("sha512"), "ms",
            note=why or "128 bytes of an Ed25519 message; about half the garbage on the chip"),
        Row("  garbage of a block", kb("sha512"), "KB", note=why),
    ]  # fmt: skip


def _costs(folder: Path) -> tuple[dict, dict]:
    (folder / "vectors.py").write_text(_vectors())
    (folder / "timing.py").write_text(CALLS + TIME.replace("{rounds}", str(ROUNDS)))
    (folder / "garbage.py").write_text(CALLS + GARBAGE)
    return _numbers(folder, "timing", TIMED_HEAP), _numbers(folder, "garbage", WEIGHED_HEAP)


def _numbers(folder: Path, module: str, heap: str) -> dict[str, int]:
    said = _run(folder, module, heap)
    found = re.findall(r"(\w+)=(\d+)\n", said)
    if [name for name, _ in found] != ["pow", "sha512", "ed25519", "p256", "rsa"]:
        raise UserError("signatures on the VM", said[-300:], "mend it")
    return {name: int(number) for name, number in found}


def _least_heap(folder: Path) -> int | None:
    public, signature = ED25519
    text = WEIGH.replace("{public}", public).replace("{signature}", signature)
    (folder / "weigh.mpy").write_bytes(bundle.compile_module("weigh.py", text))
    return next((kb for kb in HEAPS_KB if _run(folder, "weigh", f"{kb}K") == "True\n"), None)


def _run(folder: Path, module: str, heap: str) -> str:
    """What the VM prints when it imports the module; all that it said where it failed."""
    script = folder / "start.py"
    script.write_text(START.replace("{module}", module))
    done = subprocess.run(
        [find_micropython(), "-X", f"heapsize={heap}", str(script)],
        capture_output=True, text=True, timeout=VM_SECONDS, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def _vectors() -> str:
    """vectors.py for TIME: a key, a message and a signature of each kind."""
    curve = ec.generate_private_key(ec.SECP256R1())
    modulus = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    signed = modulus.sign(MESSAGE, pss, hashes.SHA256())
    scheme = "ecdsa-sha2-nistp256"
    values = {
        "BLOCK": bytes(128),
        "POW": (int.from_bytes(signed, "big"), 65537, modulus.public_key().public_numbers().n),
        "KEYS": {
            "ed25519": ("ed25519", "ed25519", ED25519[0]),
            "p256": ("ecdsa", scheme, _pem(curve.public_key())),
            "rsa": ("rsa", "rsassa-pss-sha256", _pem(modulus.public_key())),
        },
        "MESSAGES": {"ed25519": b"", "p256": MESSAGE, "rsa": MESSAGE},
        "SIGNATURES": {
            "ed25519": bytes.fromhex(ED25519[1]),
            "p256": curve.sign(MESSAGE, ec.ECDSA(hashes.SHA256())),
            "rsa": signed,
        },
    }
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
