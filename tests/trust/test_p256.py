"""ECDSA on P-256 against Wycheproof, OpenSSL and a slow second arithmetic, on both engines."""

import hashlib
import itertools

import pytest
import vectors
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from curves import Point, Weierstrass
from hypothesis import example, given, settings
from hypothesis import strategies as st
from seesaw.crypto import BadKey, der, p256
from vectors import Case

CURVE = Weierstrass()
N = CURVE.N
PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))
DIGEST = hashlib.sha256(b"message").digest()
SCALARS = st.integers(1, N - 1)


def octets(point: Point) -> bytes:
    return point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def signer(secret: int) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    private = ec.derive_private_key(secret, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    return private, octets((numbers.x, numbers.y))


def openssl(private: ec.EllipticCurvePrivateKey, signature: bytes, digest: bytes) -> bool:
    try:
        private.public_key().verify(signature, digest, PREHASHED)
    except InvalidSignature:
        return False
    return True


def pair(r: int, s: int) -> bytes:
    """DER of two numbers, by hand: also of those that no signature has."""
    content = b"".join(element(2, number(value)) for value in (r, s))
    return element(0x30, content)


def number(value: int) -> bytes:
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)


def element(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def wycheproof() -> list[Case]:
    return vectors.wycheproof("ecdsa_secp256r1_sha256_test", "ecdsa", vectors.P256)


def test_wycheproof() -> None:
    cases = wycheproof()

    assert len(cases) > 450
    assert vectors.wrong(cases, [case.answer() for case in cases]) == []


def test_wycheproof_on_the_vm() -> None:
    cases = wycheproof()

    assert vectors.wrong(cases, vectors.on_vm(cases)) == []


@settings(max_examples=40, deadline=None)
@given(secret=SCALARS, digest=st.binary(min_size=32, max_size=32), bit=st.integers(0, 511))
@example(secret=1, digest=DIGEST, bit=0)
@example(secret=N - 1, digest=DIGEST, bit=1)
@example(secret=2, digest=bytes(32), bit=2)
@example(secret=N - 2, digest=b"\xff" * 32, bit=3)
@example(secret=N // 2, digest=N.to_bytes(32, "big"), bit=4)
def test_a_signature_fits_and_with_a_bit_flipped_does_not(
    secret: int, digest: bytes, bit: int
) -> None:
    private, public = signer(secret)
    signature = private.sign(digest, PREHASHED)
    r, s = decode_dss_signature(signature)

    assert p256.verify(public, signature, digest)
    assert p256.verify(public, pair(r, N - s), digest)  # which ECDSA allows
    bent = [r ^ 1 << bit, s] if bit < 256 else [r, s ^ 1 << bit - 256]
    assert not p256.verify(public, pair(*bent), digest)
    other = (int.from_bytes(digest, "big") ^ 1 << bit % 256).to_bytes(32, "big")
    assert p256.verify(public, signature, other) == openssl(private, signature, other)
    turned = (int.from_bytes(public, "big") ^ 1 << bit).to_bytes(64, "big")
    assert not p256.verify(turned, signature, digest)


def test_every_bit_of_the_der_counts() -> None:
    private, public = signer(77)
    signature = private.sign(DIGEST, PREHASHED)
    whole = int.from_bytes(signature, "big")
    for bit in range(8 * len(signature)):
        bent = (whole ^ 1 << bit).to_bytes(len(signature), "big")
        assert not p256.verify(public, bent, DIGEST), bit


@settings(max_examples=300, deadline=None)
@given(public=st.binary(max_size=70), signature=st.binary(max_size=80), digest=st.binary())
@example(public=bytes(64), signature=b"", digest=DIGEST)
@example(public=octets(CURVE.G), signature=b"\x30\x80", digest=DIGEST)
@example(public=octets(CURVE.G), signature=b"\x30\xff", digest=DIGEST)
@example(public=octets(CURVE.G), signature=b"\x30" + b"\xff" * 300, digest=DIGEST)
def test_no_bytes_raise(public: bytes, signature: bytes, digest: bytes) -> None:
    assert p256.verify(public, signature, digest) is False
    assert p256.verify(octets(CURVE.G), signature, digest) is False


def test_r_and_s_are_between_0_and_n() -> None:
    private, public = signer(5)
    r, s = decode_dss_signature(private.sign(DIGEST, PREHASHED))
    assert p256.verify(public, pair(r, s), DIGEST)
    for bent in ((0, s), (r, 0), (N, s), (r, N), (r + N, s), (r, s + N), (-r, s), (r, -s),
                 (r - N, s), (r, s - N), (0, 0), (N, N), (s, r)):  # fmt: skip
        assert not p256.verify(public, pair(*bent), DIGEST), bent


def test_only_der_is_taken() -> None:
    private, public = signer(6)
    r, s = decode_dss_signature(private.sign(DIGEST, PREHASHED))
    first, second = element(2, number(r)), element(2, number(s))
    size = len(first + second)
    assert p256.verify(public, b"\x30" + bytes([size]) + first + second, DIGEST)
    long_integer = b"\x02\x81" + bytes([len(number(r))]) + number(r)
    for name, bent in {
        "long length": b"\x30\x81" + bytes([size]) + first + second,
        "longer length": b"\x30\x82\0" + bytes([size]) + first + second,
        "indefinite length": b"\x30\x80" + first + second + b"\0\0",
        "long length of r": element(0x30, long_integer + second),
        "zero before r": element(0x30, element(2, b"\0" + number(r)) + second),
        "zero before s": element(0x30, first + element(2, b"\0" + number(s))),
        "bytes after": element(0x30, first + second) + b"\0",
        "bytes within": element(0x30, first + second + b"\x05\0"),
        "a third": element(0x30, first + second + second),
        "one alone": element(0x30, first),
        "none": element(0x30, b""),
        "empty integer": element(0x30, first + b"\x02\0"),
        "cut short": element(0x30, first + second)[:-1],
        "length too long": b"\x30" + bytes([size + 1]) + first + second,
        "length too short": b"\x30" + bytes([size - 1]) + first + second,
        "a SET": element(0x31, first + second),
        "an OCTET STRING": element(0x30, element(4, number(r)) + second),
        "the numbers bare": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    }.items():
        assert not p256.verify(public, bent, DIGEST), name


@settings(max_examples=300)
@given(data=st.data())
def test_two_integers_are_those_that_a_second_reader_finds(data: st.DataObject) -> None:
    signature = bytearray(pair(*data.draw(st.tuples(st.integers(1, 2**256), SCALARS))))
    for _ in range(data.draw(st.integers(0, 2))):
        signature[data.draw(st.integers(0, len(signature) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = der.two_integers(bytes(signature))
    except BadKey:
        return
    assert found == decode_dss_signature(bytes(signature))
    assert encode_dss_signature(*found) == signature


@pytest.mark.parametrize(
    "public",
    [
        bytes(64),
        octets((CURVE.G[0], CURVE.G[1] ^ 1)),
        octets((CURVE.G[0] ^ 1, CURVE.G[1])),
        octets(CURVE.G)[:-1],
        octets(CURVE.G) + b"\0",
        b"\x04" + octets(CURVE.G),
        octets((CURVE.P, CURVE.G[1])),
        b"\xff" * 64,
    ],
)
def test_what_is_no_point_is_no_key(public: bytes) -> None:
    assert p256.point(public) is None
    assert not p256.verify(public, pair(1, 1), DIGEST)


def test_coordinates_are_below_the_prime() -> None:
    # x = 5 is on the curve, and P + 5 still fits in 32 bytes.
    x = 5
    square = (x**3 - 3 * x + p256._b(*CURVE.G)) % CURVE.P
    y = pow(square, (CURVE.P + 1) // 4, CURVE.P)

    assert p256.point(octets((x, y))) == (x, y)
    assert p256.point(octets((x + CURVE.P, y))) is None


def test_a_key_has_all_its_zeros_and_no_more_than_the_prime() -> None:
    # Of Wycheproof's keys one has a y so small that it could leave some out, or be P more.
    keys = {der.p256_key(case.public) for case in wycheproof() if "EdgeCase" in str(case.flags)}
    small = [key for key in keys if key[32:] < (2**256 - CURVE.P).to_bytes(32, "big")]

    assert small
    for key in small:
        y = int.from_bytes(key[32:], "big")
        assert p256.point(key) == (int.from_bytes(key[:32], "big"), y)
        assert p256.point(key[:32] + key[32:].lstrip(b"\0")) is None
        assert p256.point(key[:32] + (y + CURVE.P).to_bytes(32, "big")) is None


def test_the_constants_are_those_of_the_standard() -> None:
    assert (p256.P, p256.N, (p256.X, p256.Y)) == (CURVE.P, CURVE.N, CURVE.G)
    assert p256._b(*CURVE.G) == 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


@pytest.mark.parametrize("secret", [1, 2, 3, 4, N - 1, N - 2, N - 3, (N + 1) // 2, N // 2])
def test_sums_that_meet_themselves_or_vanish(secret: int) -> None:
    """Small multiples of keys that are themselves near G: every special case of the formulas."""
    key = CURVE.multiply(secret, CURVE.G)
    assert key is not None
    edges = [*range(6), N - 2, N - 1, N]
    for u, v in itertools.product(edges, edges):
        expected = CURVE.add(CURVE.multiply(u, CURVE.G), CURVE.multiply(v, key))
        x, y, z = p256._combined(u, v, key, None)
        if expected is None:
            assert z == 0
        else:
            found = x * pow(z, -2, CURVE.P) % CURVE.P, y * pow(z, -3, CURVE.P) % CURVE.P
            assert found == expected, (u, v)


@settings(max_examples=30, deadline=None)
@given(secret=SCALARS, r=SCALARS, s=SCALARS)
def test_a_sum_at_infinity_is_no_signature(secret: int, r: int, s: int) -> None:
    digest = (-r * secret % N).to_bytes(32, "big")
    private, public = signer(secret)

    assert not p256.verify(public, pair(r, s), digest)
    assert not openssl(private, pair(r, s), digest)


def test_the_caller_is_heard() -> None:
    private, public = signer(9)
    signature = private.sign(DIGEST, PREHASHED)
    heard: list[int] = []

    assert p256.verify(public, signature, DIGEST, lambda: heard.append(1))
    assert len(heard) == 17
