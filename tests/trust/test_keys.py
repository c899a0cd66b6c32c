"""Keys of TUF metadata: which are taken, which are BadKey, and the same on both engines."""

import base64

import pytest
import vectors
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey
from seesaw.crypto import BadKey, der, keys
from vectors import P256, PSS, Case

MESSAGE = b'{"_type":"timestamp","version":7}'
SPKI = PublicFormat.SubjectPublicKeyInfo
CURVE_KEY = ec.derive_private_key(12345, ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
ED_HEX = ED_KEY.public_key().public_bytes_raw().hex()


def octets(private, form: Encoding = Encoding.DER, how: PublicFormat = SPKI) -> bytes:
    return private.public_key().public_bytes(form, how)


def pem(data: bytes, width: int = 64, line: str = "\n", label: str = "PUBLIC KEY") -> str:
    text = base64.b64encode(data).decode()
    rows = [text[at : at + width] for at in range(0, len(text), width)]
    return line.join([f"-----BEGIN {label}-----", *rows, f"-----END {label}-----", ""])


CURVE_DER = octets(CURVE_KEY)
RSA_DER = octets(RSA_KEY)
CURVE_PEM = octets(CURVE_KEY, Encoding.PEM).decode()
RSA_PEM = octets(RSA_KEY, Encoding.PEM).decode()
SIGNATURES = {
    "ed25519": ED_KEY.sign(MESSAGE),
    "ecdsa": CURVE_KEY.sign(MESSAGE, ec.ECDSA(SHA256())),
    P256: CURVE_KEY.sign(MESSAGE, ec.ECDSA(SHA256())),
    "rsa": RSA_KEY.sign(MESSAGE, padding.PSS(padding.MGF1(SHA256()), 32), SHA256()),
}
KINDS = {"ed25519": "ed25519", "ecdsa": P256, P256: P256, "rsa": PSS}
GOOD = {
    "Ed25519": ("ed25519", ED_HEX),
    "Ed25519 in capitals": ("ed25519", ED_HEX.upper()),
    "P-256": ("ecdsa", CURVE_PEM),
    "P-256, the older keytype": (P256, CURVE_PEM),
    "RSA": ("rsa", RSA_PEM),
    "no end of line": ("ecdsa", CURVE_PEM.strip()),
    "lines of another system": ("rsa", pem(RSA_DER, line="\r\n")),
    "lines of 76": ("rsa", pem(RSA_DER, 76)),
    "one line": ("rsa", pem(RSA_DER, 1000)),
    "as long as may be": ("ecdsa", CURVE_PEM + "\n" * (4096 - len(CURVE_PEM))),
}


def spki(algorithm: bytes, bits: bytes) -> bytes:
    return element(0x30, algorithm + element(3, bits))


def element(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def integer(value: int) -> bytes:
    return element(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_der(n: int, e: int) -> bytes:
    return spki(der.RSA, b"\0" + element(0x30, integer(n) + integer(e)))


NUMBERS = RSA_KEY.public_key().public_numbers()
N, E = NUMBERS.n, NUMBERS.e
PAIR = integer(N) + integer(E)
OFF_CURVE = CURVE_DER[:-1] + bytes([CURVE_DER[-1] ^ 1])
SMALL_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
HEAD, TAIL = CURVE_PEM.split("\n")[0], CURVE_PEM.split("\n")[-2]
BAD = {
    "no Ed25519": ("ed25519", ""),
    "a digit short": ("ed25519", ED_HEX[:-1]),
    "a byte short": ("ed25519", ED_HEX[:-2]),
    "a byte long": ("ed25519", ED_HEX + "00"),
    "no digit": ("ed25519", "g" + ED_HEX[1:]),
    "space around": ("ed25519", ED_HEX + " "),
    "space for digits": ("ed25519", ED_HEX[:-2] + "  "),
    "a letter beyond ASCII": ("ed25519", ED_HEX[:-1] + "\u0661"),
    "PEM for Ed25519": ("ed25519", octets(ED_KEY, Encoding.PEM).decode()),
    "hexadecimal for P-256": ("ecdsa", ED_HEX),
    "nothing": ("ecdsa", ""),
    "Ed25519 for P-256": ("ecdsa", octets(ED_KEY, Encoding.PEM).decode()),
    "RSA for P-256": ("ecdsa", RSA_PEM),
    "P-256 for RSA": ("rsa", CURVE_PEM),
    "P-384": ("ecdsa", octets(ec.generate_private_key(ec.SECP384R1()), Encoding.PEM).decode()),
    "secp256k1": ("ecdsa", octets(ec.generate_private_key(ec.SECP256K1()), Encoding.PEM).decode()),
    "a compressed point": (
        "ecdsa",
        pem(b"\x30\x39" + CURVE_DER[2:23] + b"\x03\x22\0"
            + octets(CURVE_KEY, Encoding.X962, PublicFormat.CompressedPoint)),
    ),
    "no point": ("ecdsa", pem(OFF_CURVE)),
    "the point at infinity": ("ecdsa", pem(CURVE_DER[:-64] + bytes(64))),
    "a byte after the point": ("ecdsa", pem(CURVE_DER + b"\0")),
    "half a point": ("ecdsa", pem(CURVE_DER[:-1])),
    "another label": ("ecdsa", pem(CURVE_DER, label="EC PUBLIC KEY")),
    "a private key's label": ("ecdsa", pem(CURVE_DER, label="PRIVATE KEY")),
    "PKCS #1": ("rsa", octets(RSA_KEY, Encoding.PEM, PublicFormat.PKCS1).decode()),
    "PKCS #1 with the wrong label": (
        "rsa", pem(octets(RSA_KEY, Encoding.DER, PublicFormat.PKCS1)),
    ),
    "no end": ("ecdsa", CURVE_PEM.replace(TAIL, "")),
    "no beginning": ("ecdsa", CURVE_PEM.replace(HEAD, "")),
    "the beginning alone": ("ecdsa", HEAD),
    "both in one": ("ecdsa", HEAD[:-5] + TAIL),
    "nothing within": ("ecdsa", HEAD + "\n" + TAIL),
    "another beginning": ("ecdsa", CURVE_PEM.replace("BEGIN PUBLIC", "BEGIN public")),
    "another end": ("ecdsa", CURVE_PEM.replace("END PUBLIC", "END public")),
    "text before": ("ecdsa", "a key:\n" + CURVE_PEM),
    "text after": ("ecdsa", CURVE_PEM + "a key"),
    "two keys": ("ecdsa", CURVE_PEM + CURVE_PEM),
    "a header within": ("ecdsa", CURVE_PEM.replace("\n", "\nVersion: 1\n\n", 1)),
    "no base64": ("ecdsa", CURVE_PEM.replace("\nM", "\n-M", 1)),
    "no ASCII": ("ecdsa", CURVE_PEM.replace("\nM", "\n\u00e9M", 1)),
    "half a pair": ("ecdsa", CURVE_PEM.replace("\nM", "\n\ud800M", 1)),
    "a letter short": ("ecdsa", CURVE_PEM.replace("\nM", "\n", 1)),
    "no padding": ("ecdsa", CURVE_PEM.replace("=", "")),
    "too much padding": ("ecdsa", CURVE_PEM.replace("==", "====")),
    "too long": ("ecdsa", CURVE_PEM + "\n" * (4097 - len(CURVE_PEM))),
    "RSA-1024": ("rsa", octets(SMALL_RSA, Encoding.PEM).decode()),
    "RSA-2047": ("rsa", pem(rsa_der((1 << 2046) | 1, E))),
    "RSA-2050": ("rsa", pem(rsa_der((1 << 2049) | 1, E))),
    "RSA-4104": ("rsa", pem(rsa_der((1 << 4103) | 1, E))),
    "an even n": ("rsa", pem(rsa_der(N - 1, E))),
    "e of 1": ("rsa", pem(rsa_der(N, 1))),
    "e of 3": ("rsa", pem(rsa_der(N, 3))),
    "an even e": ("rsa", pem(rsa_der(N, E + 1))),
    "e of 33 bits": ("rsa", pem(rsa_der(N, (1 << 32) + 1))),
    "e as long as n": ("rsa", pem(rsa_der(N, N - 2))),
    "a key for PSS alone": (
        "rsa", pem(spki(bytes.fromhex("300b06092a864886f70d01010a"), b"\0" + element(0x30, PAIR))),
    ),
    "no NULL": (
        "rsa", pem(spki(bytes.fromhex("300b06092a864886f70d010101"), b"\0" + element(0x30, PAIR))),
    ),
    "unused bits": ("rsa", pem(spki(der.RSA, b"\1" + element(0x30, PAIR)))),
    "no bits": ("rsa", pem(spki(der.RSA, b""))),
    "no integers": ("rsa", pem(spki(der.RSA, b"\0" + element(0x30, b"")))),
    "one integer": ("rsa", pem(spki(der.RSA, b"\0" + element(0x30, integer(N))))),
    "three integers": ("rsa", pem(spki(der.RSA, b"\0" + element(0x30, PAIR + integer(3))))),
    "a zero before n": (
        "rsa", pem(spki(der.RSA, b"\0" + element(0x30, element(2, bytes(2) + N.to_bytes(256, "big"))
                                                 + integer(E)))),
    ),
    "a negative n": (
        "rsa", pem(spki(der.RSA, b"\0" + element(0x30, element(2, N.to_bytes(256, "big"))
                                                 + integer(E)))),
    ),
    "bytes after the integers": ("rsa", pem(spki(der.RSA, b"\0" + element(0x30, PAIR) + b"\0"))),
    "bytes after the bits": ("rsa", pem(element(0x30, RSA_DER[4:] + b"\0"))),
    "bytes after all": ("rsa", pem(RSA_DER + b"\0")),
    "a length longer than it need be": ("rsa", pem(b"\x30\x83\0" + RSA_DER[2:])),
    "an indefinite length": ("rsa", pem(b"\x30\x80" + RSA_DER[4:] + bytes(2))),
    "lengths beyond the end": ("rsa", pem(b"\x30\x84\xff\xff\xff\xff" + RSA_DER[4:])),
    "a length of 127 bytes": ("rsa", pem(b"\x30\xff" + RSA_DER[4:])),
    "cut short": ("rsa", pem(RSA_DER[:-1])),
    "a tag alone": ("rsa", pem(b"\x30")),
    "a SET": ("rsa", pem(b"\x31" + RSA_DER[1:])),
}  # fmt: skip


def case(name: str, keytype: str, public: str) -> Case:
    signature = SIGNATURES[keytype]
    return Case(name, keytype, KINDS[keytype], public, MESSAGE, signature)


@pytest.mark.parametrize("name", GOOD)
def test_good_keys_check_signatures(name: str) -> None:
    assert case(name, *GOOD[name]).answer() == "True"


@pytest.mark.parametrize("name", BAD)
def test_bad_keys_are_refused(name: str) -> None:
    assert case(name, *BAD[name]).answer() == "BadKey"


@pytest.mark.parametrize("bent", [CURVE_DER + b"\0", CURVE_DER[:-1], RSA_DER, CURVE_DER[:30]])
def test_a_point_is_all_there_is_in_its_der(bent: bytes) -> None:
    assert der.p256_key(CURVE_PEM) == CURVE_DER[-64:]
    with pytest.raises(BadKey):
        der.p256_key(pem(bent))


def test_the_same_keys_on_the_vm() -> None:
    good = [case(name, *key) for name, key in GOOD.items()]
    # Half a pair is no text that a VM could be told.
    bad = [case(name, *key) for name, key in BAD.items() if name != "half a pair"]
    answers = vectors.on_vm(good + bad)

    assert answers == ["True"] * len(good) + ["BadKey"] * len(bad)


@pytest.mark.parametrize(
    ("keytype", "scheme"),
    [
        ("ed25519", "ed25519ph"), ("ed25519", P256), ("ed25519", PSS), ("ed25519", ""),
        ("", "ed25519"), ("ecdsa", "ecdsa-sha2-nistp384"), ("ecdsa", "ed25519"),
        ("ecdsa-sha2-nistp384", P256), (P256, "ecdsa"), (P256, PSS), ("rsa", P256),
        ("rsa", "rsa-pkcs1v15-sha256"), ("rsa", "rsassa-pss-sha512"), ("RSA", PSS),
        ("Ed25519", "ed25519"), ("ml-dsa", "ml-dsa-44/1"), (None, None), (1, 2), ([], {}),
    ],
)  # fmt: skip
def test_other_pairs_are_refused(keytype: object, scheme: object) -> None:
    for public in (ED_HEX, CURVE_PEM, RSA_PEM):
        with pytest.raises(BadKey):
            keys.verifier(keytype, scheme, public)


@pytest.mark.parametrize("public", [None, 1, 1.5, True, [], {}, b"", ED_HEX.encode()])
@pytest.mark.parametrize("keytype", KINDS)
def test_what_is_no_text_is_refused(keytype: str, public: object) -> None:
    with pytest.raises(BadKey):
        keys.verifier(keytype, KINDS[keytype], public)


def signers() -> list[CryptoSigner]:
    made = [CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()]
    return made + [CryptoSigner.generate_rsa(size=size) for size in (2048, 3072)]


def test_what_securesystemslib_signs_is_taken_on_both_engines() -> None:
    cases = []
    for signer in signers():
        key = signer.public_key
        signature = bytes.fromhex(signer.sign(MESSAGE).signature)
        made = (key.keytype, key.scheme, key.keyval["public"])
        cases.append(Case(key.keytype, *made, MESSAGE, signature))
        cases.append(Case(f"not {key.keytype}", *made, MESSAGE + b" ", signature, "invalid"))
    assert isinstance(key, SSlibKey) and len(cases) == 8

    assert vectors.wrong(cases, [case.answer() for case in cases]) == []
    assert vectors.wrong(cases, vectors.on_vm(cases)) == []


@settings(max_examples=200, deadline=None)
@given(keytype=st.sampled_from(list(KINDS)), signature=st.binary(max_size=300))
def test_no_signature_raises(keytype: str, signature: bytes) -> None:
    public = ED_HEX if keytype == "ed25519" else RSA_PEM if keytype == "rsa" else CURVE_PEM
    key = keys.verifier(keytype, KINDS[keytype], public)

    assert key.verify(signature, lambda update: update(MESSAGE)) is False


@settings(max_examples=300, deadline=None)
@given(data=st.data(), keytype=st.sampled_from(["ecdsa", "rsa"]))
def test_a_bent_key_is_refused_or_read_as_openssl_reads_it(
    data: st.DataObject, keytype: str
) -> None:
    bent = bytearray(RSA_DER if keytype == "rsa" else CURVE_DER)
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, min(40, len(bent) - 1)) | st.integers(0, len(bent) - 1))
        bent[at] = data.draw(st.integers(0, 255))
    text = pem(bytes(bent))
    try:
        key = keys.verifier(keytype, KINDS[keytype], text)
    except BadKey:
        return
    assert key.verify(b"", lambda update: update(MESSAGE)) is False
    numbers = load_der_public_key(bytes(bent)).public_numbers()
    if keytype == "rsa":
        assert der.rsa_key(text) == (numbers.n, numbers.e)
    else:
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        assert der.p256_key(text) == x + y


@settings(max_examples=300, deadline=None)
@given(keytype=st.sampled_from(list(KINDS)), public=st.text(max_size=200))
def test_any_text_is_refused(keytype: str, public: str) -> None:
    with pytest.raises(BadKey):
        keys.verifier(keytype, KINDS[keytype], public)


def test_the_message_comes_in_pieces() -> None:
    def feed(update) -> None:
        for at in range(0, len(MESSAGE), 5):
            update(MESSAGE[at : at + 5])

    for keytype, public in GOOD.values():
        key = keys.verifier(keytype, KINDS[keytype], public)
        heard: list[int] = []
        assert key.verify(SIGNATURES[keytype], feed, lambda heard=heard: heard.append(1))
        assert heard
