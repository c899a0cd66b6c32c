"""Improv Wi-Fi over serial, version 1 (improv-wifi.com/serial): the bytes alone."""

from micropython import const

_MAGIC = b"IMPROV\x01"
_STATE, _ERROR, _RPC, _RESULT = const(1), const(2), const(3), const(4)
READY, PROVISIONING, PROVISIONED = 2, 3, 4  # states
INVALID, UNKNOWN, NOT_JOINED = 1, 2, 3  # errors
WIFI, STATE, INFO, SCAN = 1, 2, 3, 4  # commands
_CTRL_C = const(3)


def packet(kind: int, data: bytes) -> bytes:
    """With the line feed that the other side may wait for."""
    made = _MAGIC + bytes((kind, len(data))) + data
    return made + bytes((sum(made) & 0xFF, 10))


def state(number: int) -> bytes:
    return packet(_STATE, bytes((number,)))


def error(number: int) -> bytes:
    return packet(_ERROR, bytes((number,)))


def result(command: int, texts: tuple = ()) -> bytes:
    """texts: bytes each; together 253 at most with a length byte for each."""
    data = b""
    for found in texts:
        data += bytes((len(found),)) + found
    return packet(_RESULT, bytes((command, len(data))) + data)


class Reader:
    """Bytes of the serial line in, commands out. `text`: what is between packets, for whoever takes
    it away."""

    def __init__(self):
        self._got = self.text = b""
        self.interrupted = False  # Ctrl-C, outside of a packet

    def take(self, piece: bytes) -> list:
        """Commands that are complete now: (number, data). Number 0 is a packet that is wrong."""
        found = []
        for c in piece:
            at = len(self._got)
            if at < len(_MAGIC) and c != _MAGIC[at]:
                self.interrupted = self.interrupted or c == _CTRL_C
                self.text += self._got
                self._got = b""
                if c != _MAGIC[0]:
                    self.text += bytes((c,))
                    continue
            self._got += bytes((c,))
            at = len(self._got) - 1
            if at >= 8 and at == 9 + self._got[8]:
                command = _command(self._got)
                self._got = b""
                if command:
                    found.append(command)
        return found

    def silent(self) -> None:
        """Nothing came for a while: what was begun is no packet."""
        self._got = b""


def _command(raw: bytes) -> "tuple | None":
    """None for a packet that is none of a client's."""
    if raw[7] != _RPC:
        return None
    data = raw[9:-1]
    if sum(raw[:-1]) & 0xFF != raw[-1] or len(data) < 2 or data[1] != len(data) - 2:
        return 0, b""
    return data[0], data[2:]


def wifi(data: bytes) -> "tuple | None":
    """(name, password) of the command WIFI; None when it is malformed."""
    if not data or len(data) < data[0] + 2:
        return None
    at = 1 + data[0]
    name, password = data[1:at], data[at + 1 :]
    return (name, password) if len(password) == data[at] else None
