"""Why a certificate of TLS was refused, in words. Loaded when one is."""

from errno import ENOMEM

from micropython import const

EXPIRED = "certificate expired"
EARLY = "certificate not yet valid"
HOST = "certificate of another host"
ROOT = "certificate of an unknown root"
MEMORY = "no memory for TLS"
UNSET = "clock not set"
_FIRST = const(-4096)  # mbedTLS's own numbers of one part begin here; a lookup's end at -210
# Found in the text of mbedTLS (x509_crt_verify_info); the first that is there decides, since a
# wrong date says nothing when nobody known has signed it.
_TEXTS = (
    ("trusted CA", ROOT),
    ("does not match", HOST),
    ("expired", EXPIRED),
    ("in the future", EARLY),
)


def why(error: Exception, clock_set: bool) -> str:
    """Words for an exception of a TLS handshake; "" for one that is no matter of TLS, such as a
    connection that broke. A date is no fault of a certificate's while the clock is not set."""
    if isinstance(error, MemoryError):
        return MEMORY
    text = str(error)
    number = error.args[0] if error.args else 0
    if isinstance(error, OSError):
        if number == ENOMEM or "ALLOC_FAILED" in text:
            return MEMORY
        # Of the network are positive numbers, and the negative ones of a lookup that failed.
        mine = "MBEDTLS" in text or (type(number) is int and number <= _FIRST)
        return "TLS: " + str(error.args[-1]) if mine else ""
    for part, words in _TEXTS:
        if part in text:
            return UNSET if words in (EXPIRED, EARLY) and not clock_set else words
    return "certificate refused: " + " ".join(text.split())


def of_the_clock(words: str) -> bool:
    """Would another time have let this certificate pass? words: with what goes before them."""
    return words.endswith(EXPIRED) or words.endswith(EARLY) or words.endswith(UNSET)
