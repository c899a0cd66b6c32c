"""SHA-512 in pure Python against NIST's vectors and the host's own, on both engines."""

import hashlib
import tempfile

import pytest
import vectors
from hypothesis import given
from hypothesis import strategies as st
from seesaw.crypto.sha512 import Sha512

# FIPS 180-4's examples as NIST publishes them, "SHA512.pdf": one block, and two.
EXAMPLES = {
    b"abc": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
    b"lmnopqrsmnopqrstnopqrstu": "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
    "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
}
LENGTHS = [*range(260), 1000, 1024, 4096]  # bytes: all that padding does, and some more blocks
TEXT = b"0123456" * 600

ON_VM = """
import sys
sys.path[:] = [sys.path[0], ".frozen"]
from seesaw.crypto.sha512 import Sha512

text = b"0123456" * 600
for length in LENGTHS:
    digest = Sha512()
    digest.update(text[:length])
    print(digest.digest().hex())
digest = Sha512()
for _ in range(1000):
    digest.update(b"a" * 1000)
print(digest.digest().hex())
"""


def digest(*parts: bytes) -> bytes:
    made = Sha512()
    for part in parts:
        made.update(part)
    return made.digest()


@pytest.mark.parametrize("message", EXAMPLES, ids=["one block", "two blocks"])
def test_the_examples_of_the_standard(message: bytes) -> None:
    assert digest(message).hex() == EXAMPLES[message]


def test_the_vectors_of_nist() -> None:
    found = vectors.cavp("Hash/SHA2/SHA512ShortMsg.rsp")

    assert len(found) > 100
    for message, expected in found:
        assert digest(message) == expected, len(message)


@given(parts=st.lists(st.binary(max_size=300), max_size=5))
def test_any_message_in_any_pieces(parts: list[bytes]) -> None:
    assert digest(*parts) == hashlib.sha512(b"".join(parts)).digest()


def test_pieces_of_other_kinds_of_bytes() -> None:
    message = bytes(range(250))
    expected = hashlib.sha512(message).digest()

    assert digest(bytearray(message[:3]), memoryview(message)[3:]) == expected


def test_each_length_and_a_million_letters_on_the_vm() -> None:
    with tempfile.TemporaryDirectory() as folder:
        said = vectors.run(folder, ON_VM.replace("LENGTHS", repr(LENGTHS))).split()
    messages = [TEXT[:length] for length in LENGTHS] + [b"a" * 1_000_000]

    assert said == [hashlib.sha512(message).hexdigest() for message in messages]
    assert said[-1].startswith("e718483d0ce76964")  # FIPS 180-2, section C.3


def test_two_at_a_time_do_not_meet() -> None:
    first, second = Sha512(), Sha512()
    first.update(b"a" * 200)
    second.update(b"b" * 100)
    first.update(b"a")

    assert first.digest() == hashlib.sha512(b"a" * 201).digest()
    assert second.digest() == hashlib.sha512(b"b" * 100).digest()


def test_the_caller_hears_of_each_block() -> None:
    heard = []
    made = Sha512(lambda: heard.append(1))
    made.update(bytes(1000))
    made.digest()

    assert len(heard) == 8
