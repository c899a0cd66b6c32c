"""Improv Wi-Fi over serial, version 1 (improv-wifi.com/serial): the bytes alone."""

from micropython import const

_MAGIC = b"IMPROV\x01"
_STATE, _ERROR, _RPC, _RESULT = const(1), const(2), const(3), const(4)
READY, PROVISIONING, PROVISIONED = 2, 3, 4  # states
INVALID, UNKNOWN, NOT_JOINED = 1, 2, 3  # errors
WIFI, STATE, INFO, SCAN = 1, 2, 3, 4  # commands


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


def told(number: int, url: str) -> bytes:
    """To the command STATE; with a URL where the state is PROVISIONED, as after WIFI."""
    made = state(number)
    return made + result(STATE, (url.encode(),)) if number == PROVISIONED else made


def about(boot: object, name: str) -> bytes:
    """To the command INFO. boot: the launcher's. name: the device's."""
    board = boot.trailer[5].rstrip(b"\x00")
    return result(INFO, (b"seesaw", boot.version.encode(), board, name.encode()))


def networks(found: list) -> bytes:
    """To the command SCAN. found: as of seesaw.setup.scan."""
    made = b""
    for name, dbm, is_open in found:
        made += result(SCAN, (name, str(dbm).encode(), b"NO" if is_open else b"YES"))
    return made + result(SCAN)


def command(raw: bytes) -> "tuple | None":
    """(number, data) of a packet that is whole, as seesaw.typed cuts it out; number 0 when it is
    wrong; None for one that is none of a client's."""
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
