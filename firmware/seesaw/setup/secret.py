"""Password of the device's own network: each device's own, the same as long as its settings live,
so that it can stand on its label."""

import hashlib

from micropython import const

KEY = "portal"  # in NVS: 16 random bytes, drawn when there are none
SIZE = 16
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that reads like another
_LENGTH = const(10)  # 49 bits; WPA2 takes 8 at least


def password(device: bytes, drawn: bytes) -> str:
    """Not of the chip's id alone, which every frame on the air tells."""
    digest = hashlib.sha256(b"seesaw portal\x00" + device + drawn).digest()
    number = int.from_bytes(digest[:16], "big")
    made = ""
    for _ in range(_LENGTH):
        made += _LETTERS[number % len(_LETTERS)]
        number //= len(_LETTERS)
    return made


def drawn(store, urandom) -> bytes:
    """As stored; else new, and stored where there is room. store: of port.board."""
    known = store.get(KEY, SIZE)
    if len(known) == SIZE:
        return known
    known = urandom(SIZE)
    try:
        store.put(KEY, known)
    except OSError:
        pass  # NVS is full: another password next time, on the serial line as ever
    return known
