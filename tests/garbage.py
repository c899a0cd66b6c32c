"""NVS pages that a loader cannot tell apart."""

import random

from host_tools.emulator.flash import PAGE
from host_tools.emulator.nvs_page import ENTRY, FIRST_ENTRY, alike


def other_garbage(page: bytes, seed: int) -> bytes:
    """A page that a loader cannot tell from this one: what it makes nothing of is drawn anew."""
    chance, other = random.Random(seed), bytearray(page)
    made = alike(page)
    for at in range(FIRST_ENTRY, PAGE, ENTRY):
        if made[at : at + ENTRY] == bytes(ENTRY) != page[at : at + ENTRY]:
            other[at : at + ENTRY] = chance.randbytes(ENTRY)
    return bytes(other)
