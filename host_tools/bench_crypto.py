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
ROUNDS = 20
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
# Least times, each in turn with the others; garbage with the collector off.
TIME = """
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
    ("pow", lambda: pow(number, exponent, modulus)),
    ("sha512", lambda: digest.update(BLOCK)),
    ("ed25519", lambda: check("ed25519")),
    ("p256", lambda: check("p256")),
    ("rsa", lambda: check("rsa")),
)
least = {}
for _ in range({rounds}):
    for name, call in CALLS:
        start = time.ticks_us()
        call()
        took = time.ticks_diff(time.ticks_us(), start)
        least[name] = min(least.get(name, took), took)
for name, call in CALLS:
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    call()
    after = gc.mem_alloc()
    gc.enable()
    print("%s us=%d garbage=%d" % (name, least[name], after - before))
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
        return [*_rows({}, None, str(error)), sized]
    with tempfile.TemporaryDirectory() as folder:
        for path, mpy in compiled.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(mpy)
        return [*_rows(_costs(Path(folder)), _least_heap(Path(folder))), sized]


def _rows(costs: dict[str, tuple[float, float]], heap_kb: int | None, why: str = "") -> list[Row]:
    """costs: by what it is, microseconds and bytes of garbage."""

    def cost(name: str, index: int, unit: float) -> float | None:
        return costs[name][index] / unit if name in costs else None

    ratio = costs["ed25519"][0] / costs["pow"][0] if costs else None
    how = f"least of {ROUNDS}, in turn with the others; of a message that fits in one block"
    return [
        Row("pow(s, 65537, n) of RSA-3072", cost("pow", 0, 1000), "ms", note=why or "on the VM"),
        Row("Ed25519 signature", cost("ed25519", 0, 1000), "ms", note=why or how),
        Row("  in such pow()", ratio, "", POWS_LIMIT, note=why),
        Row("  its garbage", cost("ed25519", 1, KB), "KB", GARBAGE_LIMIT_KB, note=why),
        Row("  the least heap for it", heap_kb, "KB", HEAP_LIMIT_KB,
            note=why or "all of the VM's heap, with the modules in it"),
        Row("ECDSA P-256 signature", cost("p256", 0, 1000), "ms", note=why),
        Row("  garbage of P-256", cost("p256", 1, KB), "KB", note=why),
        Row("RSA-PSS-3072 signature", cost("rsa", 0, 1000), "ms", note=why),
        Row("  garbage of RSA-PSS", cost("rsa", 1, KB), "KB", note=why),
        Row("SHA-512, a block", cost("sha512", 0, 1000), "ms",
            note=why or "128 bytes of an Ed25519 message; about half the garbage on the chip"),
        Row("  garbage of a block", cost("sha512", 1, KB), "KB", note=why),
    ]  # fmt: skip


def _costs(folder: Path) -> dict[str, tuple[float, float]]:
    (folder / "vectors.py").write_text(_vectors())
    (folder / "timing.py").write_text(TIME.replace("{rounds}", str(ROUNDS)))
    said = _run(folder, "timing", "4M")
    found = re.findall(r"(\w+) us=(\d+) garbage=(\d+)", said)
    if len(found) != 5:
        raise UserError("signatures on the VM", said[-300:], "mend it")
    return {name: (float(us), float(garbage)) for name, us, garbage in found}


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
