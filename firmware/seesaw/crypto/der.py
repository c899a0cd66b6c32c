"""Public keys as TUF metadata carries them: PEM of a SubjectPublicKeyInfo, and what DER it takes.

Only the one form that DER allows for each value is taken, on every interpreter the same. Sources:
RFC 7468 section 13 (PEM), RFC 5480 section 2 (P-256), RFC 3279 section 2.3.1 (RSA), X.690 (DER).
"""

import binascii

from micropython import const

from seesaw.crypto import BadKey

_PEM_SIZE_MAX = const(4096)  # characters; a key of RSA-4096 has 800
BEGIN = "-----BEGIN PUBLIC KEY-----"
END = "-----END PUBLIC KEY-----"
_INTEGER = const(0x02)
_BIT_STRING = const(0x03)
_SEQUENCE = const(0x30)
# AlgorithmIdentifier of rsaEncryption, with its NULL.
RSA = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
# All of a SubjectPublicKeyInfo but the 64 bytes of an uncompressed point.
P256 = (
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"
)


def p256_key(pem: str) -> bytes:
    """x and y, 64 bytes. Raises BadKey; whether they are a point of the curve is not looked at."""
    data = _decoded(pem)
    if data[: len(P256)] != P256 or len(data) != len(P256) + 64:
        raise BadKey("P-256")
    return data[len(P256) :]


def rsa_key(pem: str) -> tuple:
    """(n, e), of any size. Raises BadKey."""
    info, after = _element(_decoded(pem), _SEQUENCE)
    bits, more = _element(info[len(RSA) :], _BIT_STRING)
    if info[: len(RSA)] != RSA or bits[:1] != b"\0" or after or more:
        raise BadKey("RSA")
    return two_integers(bits[1:])


def two_integers(data: bytes) -> tuple:
    """The two of a _SEQUENCE of exactly two INTEGERs above 0. Raises BadKey for all else.

    That is the form of an RSAPublicKey (RFC 8017, A.1.1) and an ECDSA-Sig-Value (RFC 3279, 2.2.3).
    """
    content, after = _element(data, _SEQUENCE)
    first, content = _element(content, _INTEGER)
    second, content = _element(content, _INTEGER)
    for octets in (first, second):
        # As bytes compare: neither empty nor negative, and a zero in front only where one must be.
        if not b"\0\x80" <= octets < b"\x80":
            raise BadKey("INTEGER")
    if after or content:
        raise BadKey("more than two")
    return int.from_bytes(first, "big"), int.from_bytes(second, "big")


def _element(data: bytes, tag: int) -> tuple:
    """(what is in the element at the start of `data`, what follows it). Raises BadKey."""
    if len(data) < 2 or data[0] != tag:
        raise BadKey("tag")
    size = data[1]
    start = 2
    if size >= 0x80:  # the long form: so many bytes of size follow
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
        if size < 0x80 or not data[2]:
            raise BadKey("length")
    if len(data) < start + size:
        raise BadKey("length")
    return data[start : start + size], data[start + size :]


def _decoded(pem: str) -> bytes:
    """The DER in this text. White space is free, as RFC 7468 section 2 lets it be."""
    text = pem.strip()
    if len(pem) > _PEM_SIZE_MAX or not (text.startswith(BEGIN) and text.endswith(END)):
        raise BadKey("PEM")
    body = "".join(text[len(BEGIN) : len(text) - len(END)].split())
    try:
        data = binascii.a2b_base64(body)
    except ValueError:
        data = b""
    # Decoders pass over what is not base64, each in its own way; what they give back tells.
    if binascii.b2a_base64(data).decode().strip() != body:
        raise BadKey("base64")
    return data
