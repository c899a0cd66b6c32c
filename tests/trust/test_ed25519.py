"""Ed25519 against RFC 8032, Wycheproof and OpenSSL, on both engines."""

import hashlib

import pytest
import vectors
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from curves import Edwards, Point
from hypothesis import example, given, settings
from hypothesis import strategies as st
from seesaw.crypto import ed25519
from vectors import Case

CURVE = Edwards()
SMALL = CURVE.small_order()
SIGN = 1 << 255

# RFC 8032, section 7.1: (public, message, signature) of TEST 1, 2, 3 and SHA(abc).
RFC = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    return ed25519.verify(public, signature, lambda update: update(message))


def openssl(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer(seed: int) -> tuple[Ed25519PrivateKey, bytes]:
    private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
    return private, private.public_key().public_bytes_raw()


def case(name: str, public: bytes, signature: bytes, message: bytes, result: str) -> Case:
    return Case(name, "ed25519", "ed25519", public.hex(), message, signature, result)


def flipped(data: bytes, bit: int) -> bytes:
    number = int.from_bytes(data, "little") ^ 1 << bit
    return number.to_bytes(len(data), "little")


def scalar(public: bytes, signature: bytes, message: bytes) -> int:
    """The k of RFC 8032, section 5.1.7."""
    data = signature[:32] + public + message
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % CURVE.L


def holds(key: Point, public: bytes, signature: bytes, message: bytes) -> bool:
    """The equation S B = R + k A alone, with R compared as bytes."""
    total = CURVE.multiply(int.from_bytes(signature[32:], "little"), CURVE.base())
    k = scalar(public, signature, message)
    return CURVE.encode(CURVE.add(total, CURVE.negate(CURVE.multiply(k, key)))) == signature[:32]


@pytest.mark.parametrize(("public", "message", "signature"), RFC)
def test_the_vectors_of_the_rfc(public: str, message: str, signature: str) -> None:
    assert verify(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))


def wycheproof() -> list[Case]:
    return vectors.wycheproof("ed25519_test", "ed25519", "ed25519")


def test_wycheproof() -> None:
    cases = [case for case in wycheproof() if case.result != "acceptable"]
    answers = [case.answer() for case in cases]

    assert len(cases) > 150
    assert vectors.wrong(cases, answers) == []


def test_wycheproof_on_the_vm() -> None:
    cases = [case for case in wycheproof() if case.result != "acceptable"]

    assert vectors.wrong(cases, vectors.on_vm(cases)) == []


def test_what_wycheproof_leaves_open_is_as_openssl_has_it_but_for_small_order() -> None:
    cases = [case for case in wycheproof() if case.result == "acceptable"]
    small = [case for case in cases if "SmallOrderPublicKey" in case.flags]

    assert small and len(cases) > len(small)
    for case in cases:
        public = bytes.fromhex(case.public)
        good = openssl(public, case.signature, case.message) and case not in small
        assert case.answer() == str(good), case.name


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**256 - 1), message=st.binary(max_size=400), bit=st.integers(0, 511))
def test_a_signature_fits_and_with_a_bit_flipped_does_not(
    seed: int, message: bytes, bit: int
) -> None:
    private, public = signer(seed)
    signature = private.sign(message)

    assert verify(public, signature, message)
    assert not verify(public, flipped(signature, bit), message)
    assert not verify(flipped(public, bit % 256), signature, message)
    assert not verify(public, signature, message + b"\0")
    if message:
        assert not verify(public, signature, flipped(message, bit % (8 * len(message))))


def test_every_bit_of_a_signature_and_its_key_counts() -> None:
    private, public = signer(7)
    signature = private.sign(b"message")
    cases = [case("as it is", public, signature, b"message", "valid")]
    for bit in range(512):
        name = f"signature bit {bit}"
        cases.append(case(name, public, flipped(signature, bit), b"message", "invalid"))
    for bit in range(256):
        name = f"key bit {bit}"
        cases.append(case(name, flipped(public, bit), signature, b"message", "invalid"))
    some = cases[::7]

    assert vectors.wrong(cases, [case.answer() for case in cases]) == []
    assert vectors.wrong(some, vectors.on_vm(some)) == []


@settings(max_examples=200, deadline=None)
@given(public=st.binary(max_size=40), signature=st.binary(max_size=70), message=st.binary())
@example(public=bytes(32), signature=bytes(64), message=b"")
@example(public=b"\xff" * 32, signature=b"\xff" * 64, message=b"")
def test_no_bytes_raise(public: bytes, signature: bytes, message: bytes) -> None:
    assert verify(public, signature, message) is False


@pytest.mark.parametrize("times", range(1, 9))
def test_s_is_below_the_order(times: int) -> None:
    private, public = signer(3)
    signature = private.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + times * CURVE.L
    forged = signature[:32] + s.to_bytes(32, "little")

    # Without the rule this one would do: L times B is the neutral point.
    assert CURVE.multiply(s, CURVE.base()) == CURVE.multiply(s - times * CURVE.L, CURVE.base())
    assert not verify(public, forged, b"message")


def test_a_key_of_small_order_signs_nothing() -> None:
    fitting = 0
    for point in SMALL:
        public = CURVE.encode(point)
        for r in SMALL:
            for number in range(16):
                signature = CURVE.encode(r) + bytes(32)
                message = bytes([number])
                fitting += holds(point, public, signature, message)
                assert not verify(public, signature, message)

    # These fit the equation, and so would be signatures of whoever likes.
    assert fitting > 64


def test_a_point_has_one_encoding() -> None:
    above = [y | sign for y in range(CURVE.P, 1 << 255) for sign in (0, SIGN)]
    zero_with_sign = [1 | SIGN, CURVE.P - 1 | SIGN]
    signature = CURVE.encode(CURVE.base()) + (1).to_bytes(32, "little")

    assert len(above) == 38
    for number in above + zero_with_sign:
        public = number.to_bytes(32, "little")
        # Each key that may be tried is of small order as well: so the decoding is asked itself.
        assert ed25519._decode(public) is None
        assert not verify(public, signature, b"")
    assert ed25519._decode((CURVE.P - 1).to_bytes(32, "little")) == (0, CURVE.P - 1, 1, 0)


def test_half_of_all_encodings_are_no_points() -> None:
    points = 0
    for y in range(2, 202):
        found = ed25519._decode((y | SIGN).to_bytes(32, "little"))
        if found:
            x, _, _, product = found
            points += 1
            assert x & 1 and x * y % CURVE.P == product
            assert (y * y - x * x - 1 - CURVE.D * x * x * y * y) % CURVE.P == 0

    assert 70 < points < 130


def test_r_is_compared_as_bytes() -> None:
    # The key is a B, so S = k a makes of S B - k A the neutral point. That has one encoding.
    private, public = signer(11)
    secret = hashlib.sha512((11).to_bytes(32, "big")).digest()[:32]
    a = int.from_bytes(secret, "little") & (1 << 254) - 8 | 1 << 254
    assert CURVE.encode(CURVE.multiply(a, CURVE.base())) == public
    for y, good in ((1, True), (CURVE.P + 1, False), (1 | SIGN, False)):
        r = y.to_bytes(32, "little")
        s = scalar(public, r, b"message") * a % CURVE.L
        assert verify(public, r + s.to_bytes(32, "little"), b"message") is good


def test_a_key_with_a_part_of_small_order_is_checked_without_the_cofactor() -> None:
    point = CURVE.add(CURVE.multiply(9, CURVE.base()), SMALL[1])
    public = CURVE.encode(point)
    r = CURVE.encode(CURVE.multiply(5, CURVE.base()))
    answers = set()
    for number in range(40):
        message = bytes([number])
        s = (5 + scalar(public, r, message) * 9) % CURVE.L
        signature = r + s.to_bytes(32, "little")
        expected = holds(point, public, signature, message)
        assert verify(public, signature, message) is expected
        answers.add(expected)

    assert answers == {True, False}


def test_the_message_comes_in_pieces_and_the_caller_is_heard() -> None:
    private, public = signer(5)
    message = bytes(range(256)) * 4
    signature = private.sign(message)
    heard = []

    def feed(update) -> None:
        for at in range(0, len(message), 100):
            update(message[at : at + 100])

    assert ed25519.verify(public, signature, feed, lambda: heard.append(1))
    assert len(heard) == 9 + 17  # blocks, and sixteens of doublings


def test_what_cannot_fit_is_not_read() -> None:
    def feed(update) -> None:
        raise AssertionError("the message was asked for")

    assert not ed25519.verify(bytes(31), bytes(64), feed)
    assert not ed25519.verify(signer(1)[1], b"\xff" * 64, feed)
    assert not ed25519.verify(b"\xff" * 32, bytes(64), feed)
