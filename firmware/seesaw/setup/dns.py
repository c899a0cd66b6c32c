"""DNS on the device's own network: every name is this device, so that any page leads to it."""

from micropython import const

_HEAD = const(12)  # bytes (RFC 1035, 4.1.1)
_SIZE_MAX = const(512)  # of a datagram
_NAME_MAX = const(255)
_A, _ANY, _IN = const(1), const(255), const(1)
_TTL = b"\x00\x00\x00\x0a"  # s: what a phone learns here is wrong everywhere else


def answer(query: bytes, address: bytes) -> "bytes | None":
    """To one datagram; None when it is no question. address: 4 bytes.

    Types other than A get an empty answer at once: a phone that asks for AAAA or HTTPS first would
    wait for one."""
    if not _HEAD + 5 <= len(query) <= _SIZE_MAX or query[2] & 0xF8 or query[4:6] != b"\x00\x01":
        return None  # a response, another operation, or not just one question
    end = _name_end(query)
    if not end or end + 4 > len(query):
        return None
    kind = query[end] << 8 | query[end + 1]
    found = kind in (_A, _ANY) and query[end + 2 : end + 4] == b"\x00\x01"
    head = query[:2] + bytes((0x84 | query[2] & 1, 0x80)) + b"\x00\x01\x00"
    head += bytes((found,)) + bytes(4) + query[_HEAD : end + 4]
    if not found:
        return head
    return head + b"\xc0\x0c\x00\x01\x00\x01" + _TTL + b"\x00\x04" + address


def _name_end(query: bytes) -> int:
    """Where the name of the question ends; 0 when it is none. Pointers have no place there."""
    at = _HEAD
    while at < len(query) and at - _HEAD < _NAME_MAX:
        size = query[at]
        at += 1
        if not size:
            return at
        if size > 63:
            return 0
        at += size
    return 0
