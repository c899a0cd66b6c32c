"""The time from an NTP server (RFC 5905): what is asked, and whether an answer can be believed.

Pure: bytes in, a time or BadTime out. No answer is authentic. So a request carries eight random
bytes, without which an answer is somebody else's, and what an honest server would not say is
refused: no synchronisation, a kiss of death, a time outside what is possible.
"""

from micropython import const

PORT = 123
SIZE = const(48)  # bytes of a request and of the part of an answer that is read
NONCE_SIZE = const(8)  # bytes
YEAR_2100_S = const(4102444800)
_ERA_S = const(1 << 32)  # seconds that the wire's 32 bits can tell; they end first in February 2036
_SINCE_1900_S = const(2208988800)  # to 1970
_DISTANCE_MAX_S = const(16)  # to the reference clock: RFC 5905 MAXDISP


class BadTime(Exception):
    """The answer tells no time; `kiss` is what a server says that wants to be left alone: "RATE",
    "DENY", "RSTR", "" for all else."""

    def __init__(self, reason: str, kiss: str = "") -> None:
        super().__init__(reason)
        self.kiss = kiss


def request(nonce: bytes) -> bytes:
    """The 48 bytes of a question: version 4, mode client; the nonce (8 bytes) is its transmit
    timestamp, so it tells the server nothing of this clock."""
    return b"\x23" + bytes(SIZE - 1 - NONCE_SIZE) + nonce


def time_s(answer: bytes, nonce: bytes, least_s: int) -> int:
    """Seconds since 1970 of an answer to request(nonce). BadTime when it cannot be believed.

    least_s: a time that has certainly passed, since 1970 (the signed bound); also decides the era.
    """
    if len(answer) < SIZE or answer[24:32] != nonce:
        raise BadTime("no answer to this question")
    if answer[0] & 7 != 4 or not 3 <= answer[0] >> 3 & 7 <= 4:
        raise BadTime("not from a server")
    stratum = answer[1]
    if stratum == 0:
        raise BadTime("kiss of death: " + _kiss(answer[12:16]), _kiss(answer[12:16]))
    if answer[0] >> 6 == 3 or stratum > 15:
        raise BadTime("the server is not synchronised")
    # Half the delay and the dispersion, both in 65536ths of a second.
    if _number(answer, 4) // 2 + _number(answer, 8) >= _DISTANCE_MAX_S << 16:
        raise BadTime("too far from a clock")
    if not any(answer[40:SIZE]):
        raise BadTime("no time in the answer")
    return _plausible(_number(answer, 40) + (answer[44] >> 7), least_s)


def _plausible(wire_s: int, least_s: int) -> int:
    found = wire_s - _SINCE_1900_S
    while found < least_s:
        found += _ERA_S
    if found >= YEAR_2100_S:
        raise BadTime("an absurd time")
    return found


def _kiss(code: bytes) -> str:
    """The four letters, as far as they are some."""
    text = ""
    for c in code:
        if 0x41 <= c <= 0x5A:
            text += chr(c)
    return text


def _number(data: bytes, at: int) -> int:
    return data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
