"""The last words of crashes, kept in NVS over power cuts: four, the newest first.

RTC memory holds one, until the next hand-over. Flash wears, so only the first ends in a row are
noted, and never the same words twice running: a device that crashes for ever writes three times.
"""

from micropython import const

_KEY = "log"
_KEPT = const(4)
_WORDS_MAX = const(60)  # of 96: NVS is small, and settings need its room
_BLOB_MAX = const(288)  # bytes
_NOTED = const(3)  # unhealthy ends in a row
_SOFT = const(5)  # cause of a start that came by a hand-over, which wipes them
_UNTOLD = "watchdog or panic"


def read(store: object) -> list:
    """What is kept: "version: words"."""
    raw = store.get(_KEY, _BLOB_MAX)
    text = "".join([chr(c) if 32 <= c < 127 else "\n" for c in raw])
    return [line for line in text.split("\n") if line][:_KEPT]


def keep(boot: object, store: object) -> None:
    """The app starts after an end that was not meant: note how the session before ended."""
    before = boot.before
    if not before or boot.cause == _SOFT or boot.unhealthy > _NOTED:
        return
    words = (boot.version + ": " + (before[3] or _UNTOLD))[:_WORDS_MAX]
    known = read(store)
    if known[:1] != [words]:
        try:
            store.put(_KEY, "\n".join([words] + known[: _KEPT - 1]).encode())
        except OSError:
            pass  # NVS is full: it is no settings
