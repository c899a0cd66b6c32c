# `tls` with the dates of certificates judged by the emulated chip's clock, before mbedTLS, which
# knows the host's alone there. All else is mbedTLS's own; but where two things are wrong with a
# certificate, the date alone is told.
import tls as _host
from _overlay import Overlay

_EXPIRED = "\nThe certificate validity has expired\n"
_EARLY = "\nThe certificate validity starts in the future\n"


def _field(der, at):
    """(tag, where its contents begin, where they end)."""
    size = der[at + 1]
    begin = at + 2
    if size > 127:
        count = size & 127
        size = 0
        for i in range(count):
            size = size << 8 | der[begin + i]
        begin += count
    return der[at], begin, begin + size


def _times(der):
    """(not before, not after) as YYYYMMDDHHMMSS."""
    at = _field(der, _field(der, 0)[1])[1]  # in the certificate, in what is signed of it
    if der[at] == 0xA0:
        at = _field(der, at)[2]  # version
    for _ in range(3):  # serial number, algorithm, issuer
        at = _field(der, at)[2]
    at = _field(der, at)[1]
    found = []
    for _ in range(2):
        tag, begin, at = _field(der, at)
        text = bytes(der[begin:at]).decode()
        if tag == 0x17:  # UTCTime
            text = ("20" if text < "5" else "19") + text
        found.append(text[:14])
    return found


def _judge(der, depth):
    from time import gmtime  # the chip's

    now = "".join([f"{field:02d}" for field in gmtime()[:6]])
    begin, end = _times(der)
    if now > end:
        raise ValueError(_EXPIRED)
    if now < begin:
        raise ValueError(_EARLY)
    return 0


def SSLContext(protocol):
    made = _host.SSLContext(protocol)
    made.verify_callback = _judge
    return made


tls = Overlay(_host, SSLContext=SSLContext)
