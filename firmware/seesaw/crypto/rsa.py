"""RSASSA-PSS signatures with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, checked.

Source: RFC 8017, sections 8.1.2, 9.1.2 and B.2.1. The encoded message is handled as one number,
which spares copies of it.
"""

import hashlib

HASH_SIZE = 32  # bytes; of the salt too
BITS_MIN = 2048  # of n
BITS_MAX = 4096
E_MIN = 1 << 16  # FIPS 186-5, section A.1.1: e is odd and above this
E_MAX = 1 << 32  # for the time that one signature may take


def key_size(n: int, e: int) -> int:
    """The bytes of n, 256 to 512; 0 when this is no key that is taken here.

    n is odd and fills its bytes to the last bit: so do all keys that tools make.
    """
    if not n & e & 1 or not E_MIN < e < E_MAX or n >> BITS_MAX:
        return 0
    octets = n.to_bytes(BITS_MAX // 8, "big").lstrip(b"\0")
    return len(octets) if len(octets) >= BITS_MIN // 8 and octets[0] > 0x7F else 0


def verify(n: int, e: int, signature: bytes, digest: bytes, pause=None) -> bool:
    """Did the owner of the key (n, e) sign this message?

    signature: as long as n. digest: SHA-256 of the message, 32 bytes. pause() is called before and
    after the long part. False also for what is no key and no signature; never raises of itself.
    """
    size = key_size(n, e)
    number = int.from_bytes(signature, "big")
    if not size or len(signature) != size or number >= n:
        return False
    if pause:
        pause()
    number = pow(number, e, n)
    if pause:
        pause()
    return _encodes(number, 8 * size - 1, digest)


def _encodes(number: int, bits: int, digest: bytes) -> bool:
    """Is this number of `bits` bits (emBits in RFC 8017) an encoding of the message?

    Its last byte is 0xbc, before it stands a hash, and before that the masked salt.
    """
    if number >> bits or number & 0xFF != 0xBC:
        return False
    mask = (1 << 8 * HASH_SIZE) - 1
    found = (number >> 8 & mask).to_bytes(HASH_SIZE, "big")
    shift = 8 * HASH_SIZE + 8
    block = number >> shift ^ _mgf1(found, (bits + 7 - shift) // 8)
    block &= (1 << bits - shift) - 1
    if block >> 8 * HASH_SIZE != 1:  # zeros, a one, and then the salt
        return False
    salt = (block & mask).to_bytes(HASH_SIZE, "big")
    return hashlib.sha256(bytes(8) + digest + salt).digest() == found


def _mgf1(seed: bytes, size: int) -> int:
    """`size` bytes of mask, as a number."""
    mask = b""
    for counter in range((size + HASH_SIZE - 1) // HASH_SIZE):
        mask += hashlib.sha256(seed + counter.to_bytes(4, "big")).digest()
    return int.from_bytes(mask[:size], "big")
