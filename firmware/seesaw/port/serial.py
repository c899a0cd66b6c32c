"""The serial line, byte by byte, while a program listens there instead of the REPL."""

import select
import sys

from micropython import const, kbd_intr

_PIECE = const(64)  # bytes in one look


class Serial:
    """From the first look to end() Ctrl-C is a byte like any other: a packet may hold it."""

    def __init__(self):
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)

    def end(self) -> None:
        kbd_intr(3)

    def read(self) -> bytes:
        """What has come, but nothing beyond a Ctrl-C: the REPL is to read on there."""
        kbd_intr(-1)
        found = b""
        while len(found) < _PIECE and self._poll.poll(0):
            piece = sys.stdin.buffer.read(1)
            found += piece
            if not piece or piece == b"\x03":
                break
        return found

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
