"""RSASSA-PSS against Wycheproof and OpenSSL, and encodings made by hand, on both engines."""

import hashlib
from functools import cache

import pytest
import vectors
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from seesaw.crypto import rsa as firmware
from vectors import Case

MESSAGE = b"message"
DIGEST = hashlib.sha256(MESSAGE).digest()
SALT = b"salt" * 8
FITTING = [f"rsa_pss_{bits}_sha256_mgf1_32_test" for bits in (2048, 3072, 4096)]
# Signatures that are good, but of a salt, hash or mask that is not ours.
FOREIGN = [
    "rsa_pss_2048_sha256_mgf1_0_test",
    "rsa_pss_2048_sha256_mgf1sha1_20_test",
    "rsa_pss_2048_sha512_256_mgf1_32_test",
    "rsa_pss_4096_sha512_mgf1_32_test",
]


@cache
def private_key(bits: int = 2048, which: int = 0) -> rsa.RSAPrivateKey:
    """One key for each pair of arguments, for all of this file: they take long to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def numbers(key: rsa.RSAPrivateKey) -> tuple[int, int]:
    public = key.public_key().public_numbers()
    return public.n, public.e


def pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def sign(key: rsa.RSAPrivateKey, salt: int = 32, digest: hashes.HashAlgorithm | None = None,
         mask: hashes.HashAlgorithm | None = None) -> bytes:  # fmt: skip
    digest = digest or hashes.SHA256()
    return key.sign(MESSAGE, padding.PSS(padding.MGF1(mask or digest), salt), digest)


def verify(key: rsa.RSAPrivateKey, signature: bytes, digest: bytes = DIGEST) -> bool:
    return firmware.verify(*numbers(key), signature, digest)


def mgf1(seed: bytes, size: int) -> bytes:
    blocks = [hashlib.sha256(seed + at.to_bytes(4, "big")).digest() for at in range(size // 32 + 1)]
    return b"".join(blocks)[:size]


def encode(size: int, block: bytes | None = None, trailer: int = 0xBC, salt: bytes = SALT,
           zeros: bytes = bytes(8), top: int = 0x7F) -> bytes:  # fmt: skip
    """An encoded message of RFC 8017, section 9.1.1, with whatever part bent."""
    found = hashlib.sha256(zeros + DIGEST + salt).digest()
    if block is None:
        block = bytes(size - 34 - len(salt)) + b"\x01" + salt
    mask = mgf1(found, size - 33)
    masked = bytearray(a ^ b for a, b in zip(block, mask, strict=True))
    masked[0] &= top
    return bytes(masked) + found + bytes([trailer])


def raw(key: rsa.RSAPrivateKey, encoded: bytes) -> bytes:
    """What decrypts to these bytes: a signature of any encoding."""
    secret = key.private_numbers()
    n = secret.public_numbers.n
    number = int.from_bytes(encoded, "big")
    assert number < n
    return pow(number, secret.d, n).to_bytes(key.key_size // 8, "big")


@pytest.mark.parametrize("name", FITTING)
def test_wycheproof(name: str) -> None:
    cases = vectors.wycheproof(name, "rsa", vectors.PSS)

    assert len(cases) > 100
    assert vectors.wrong(cases, [case.answer() for case in cases]) == []
    assert vectors.wrong(cases, vectors.on_vm(cases)) == []


@pytest.mark.parametrize("name", FOREIGN)
def test_what_fits_other_parameters_does_not_fit_here(name: str) -> None:
    cases = vectors.wycheproof(name, "rsa", vectors.PSS)
    good = [case for case in cases if case.result == "valid"]

    assert len(good) > 50
    assert {case.answer() for case in good} == {"False"}


def test_of_all_parameters_one_set_is_taken() -> None:
    ours = {"keySize": 2048, "sha": "SHA-256", "mgfSha": "SHA-256", "sLen": 32}
    taken = 0
    cases = vectors.wycheproof("rsa_pss_misc_test", "rsa", vectors.PSS)
    for group, case in zip(vectors.groups("rsa_pss_misc_test"), cases, strict=True):
        good = ours.items() <= group.items()
        assert case.answer() == str(good), case.name
        taken += good

    assert taken == 1 and len(cases) == 150


@settings(max_examples=60, deadline=None)
@given(message=st.binary(max_size=200), bit=st.integers(0, 2047))
def test_a_signature_fits_and_with_a_bit_flipped_does_not(message: bytes, bit: int) -> None:
    key = private_key()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = key.sign(message, pss, hashes.SHA256())
    digest = hashlib.sha256(message).digest()
    bent = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(256, "big")
    other = (int.from_bytes(digest, "big") ^ 1 << bit % 256).to_bytes(32, "big")

    assert verify(key, signature, digest)
    assert not verify(key, bent, digest)
    assert not verify(key, signature, other)


def test_every_bit_of_a_signature_counts() -> None:
    key = private_key()
    signature = sign(key)
    whole = int.from_bytes(signature, "big")
    for bit in range(2048):
        assert not verify(key, (whole ^ 1 << bit).to_bytes(256, "big")), bit


def test_every_bit_of_an_encoding_counts() -> None:
    whole = int.from_bytes(encode(256), "big")
    assert firmware._encodes(whole, 2047, DIGEST)
    for bit in range(2048):
        assert not firmware._encodes(whole ^ 1 << bit, 2047, DIGEST), bit


@pytest.mark.parametrize(
    ("name", "bent"),
    [
        ("another trailer", {"trailer": 0xCC}),
        ("a salt too short", {"salt": bytes(31)}),
        ("a salt too long", {"salt": bytes(33)}),
        ("no salt", {"salt": b""}),
        ("other zeros", {"zeros": b"\0" * 7 + b"\1"}),
        ("fewer zeros", {"zeros": bytes(7)}),
        ("a byte before the one", {"block": bytes(189) + b"\1\1" + SALT}),
        ("a one at the front", {"block": b"\1" + bytes(189) + b"\1" + SALT}),
        ("a two for the one", {"block": bytes(190) + b"\2" + SALT}),
        ("nothing for the one", {"block": bytes(191) + SALT}),
    ],
)
def test_an_encoding_has_one_form(name: str, bent: dict) -> None:
    key = private_key()

    assert verify(key, raw(key, encode(256)))
    assert not verify(key, raw(key, encode(256, **bent)))


def test_the_first_bit_of_an_encoding_is_zero() -> None:
    """One that has it set is looked for below n: the mask is the salt's, so salts are tried."""
    key = private_key()
    n, _ = numbers(key)
    bent = []
    for number in range(200):
        encoded = encode(256, salt=number.to_bytes(32, "big"), top=0xFF)
        bent.append(int.from_bytes(encoded, "big") | 1 << 2047)
    possible = [number for number in bent if number < n][:5]

    assert possible
    for number in possible:
        assert not verify(key, raw(key, number.to_bytes(256, "big")))


def test_a_signature_is_below_n_and_as_long_as_n() -> None:
    key = private_key()
    n, _ = numbers(key)
    signature = sign(key)
    above = int.from_bytes(signature, "big") + n
    assert verify(key, signature)
    for bent in (
        above.to_bytes(257, "big"),
        (above % 2**2048).to_bytes(256, "big"),
        b"\0" + signature,
        signature + b"\0",
        signature[:-1],
        signature[1:],
        b"",
        bytes(256),
        bytes(255) + b"\1",
        (n - 1).to_bytes(256, "big"),
        n.to_bytes(256, "big"),
        b"\xff" * 256,
    ):
        assert not verify(key, bent)


def test_a_short_signature_keeps_its_zeros() -> None:
    """One in 256 signatures begins with a zero byte, which belongs to it."""
    key = private_key()
    signature = next(made for made in (sign(key) for _ in range(10_000)) if made[0] == 0)

    assert verify(key, signature)
    assert not verify(key, signature[1:])


@pytest.mark.parametrize("salt", [0, 20, 31, 33, padding.PSS.MAX_LENGTH])
def test_the_salt_has_32_bytes(salt: int) -> None:
    assert not verify(private_key(), sign(private_key(), salt))


def test_other_hashes_masks_and_paddings_do_not_fit() -> None:
    key = private_key()
    old = key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    wide = hashlib.sha512(MESSAGE).digest()

    assert not verify(key, old)
    assert not verify(key, sign(key, digest=hashes.SHA512()), wide)
    assert not verify(key, sign(key, digest=hashes.SHA512()), wide[:32])
    assert not verify(key, sign(key, mask=hashes.SHA1()))
    assert not verify(key, sign(key, mask=hashes.SHA512()))
    assert not verify(private_key(2048, 1), sign(key))


@settings(max_examples=100, deadline=None)
@given(signature=st.binary(max_size=300) | st.binary(min_size=256, max_size=256),
       digest=st.binary(max_size=40))  # fmt: skip
@example(signature=bytes(256), digest=b"")
def test_no_bytes_raise(signature: bytes, digest: bytes) -> None:
    assert verify(private_key(), signature, digest) is False


def test_sizes_and_exponents() -> None:
    n, e = numbers(private_key())
    signature = sign(private_key())
    wide = (1 << 4095) + 1
    assert firmware.key_size(n, e) == 256
    assert [firmware.key_size((1 << bits) - 1, e) for bits in (2048, 2056, 3072, 4096)] == [
        256, 257, 384, 512,
    ]  # fmt: skip
    for bent_n, bent_e in (
        (n - 1, e), (n, e - 1), (n, 0), (n, 1), (n, 3), (n, 65535), (n, -e), (n, (1 << 32) + 1),
        (0, e), (1, e), (-n, e), (n >> 8 | 1, e), (n >> 1 | 1, e), (n << 1 | 1, e),
        ((1 << 2047) - 1, e), ((1 << 4096) + 1, e), (wide << 8 | 1, e), (1 << 65536 | 1, e),
    ):  # fmt: skip
        assert firmware.key_size(bent_n, bent_e) == 0
        assert not firmware.verify(bent_n, bent_e, signature, DIGEST)
    assert firmware.key_size(n, (1 << 32) - 1) == 256
    assert firmware.key_size(wide, e) == 512


@pytest.mark.parametrize("bits", [2048, 2056, 3072, 4096])
def test_keys_of_each_size_on_the_vm(bits: int) -> None:
    key = private_key(bits)
    signature = sign(key)
    whole = int.from_bytes(signature, "big")
    bent = (whole ^ 1 << bits // 2).to_bytes(bits // 8, "big")
    cases = [
        Case("as it is", "rsa", vectors.PSS, pem(key), MESSAGE, signature, "valid"),
        Case("bent", "rsa", vectors.PSS, pem(key), MESSAGE, bent, "invalid"),
        Case("another", "rsa", vectors.PSS, pem(key), MESSAGE[1:], signature, "invalid"),
    ]

    assert vectors.wrong(cases, [case.answer() for case in cases]) == []
    assert vectors.wrong(cases, vectors.on_vm(cases)) == []


def test_the_caller_is_heard_before_and_after() -> None:
    heard: list[int] = []
    n, e = numbers(private_key())

    assert firmware.verify(n, e, sign(private_key()), DIGEST, lambda: heard.append(1))
    assert len(heard) == 2
