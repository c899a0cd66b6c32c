"""The portal's state machine: one table. The credentials that worked last are never given up before
others have worked; while the portal is open they are tried again and again."""

from micropython import const

# States
OPEN = "open"  # the portal waits for the owner
SAVED = "saved"  # the saved network is tried again
NEW = "new"  # the owner's new credentials are tried
CHECK = "check"  # joined with these: is there an internet behind it?
DONE = "done"  # the result is shown for a moment more, then the portal closes
GONE = "gone"  # to the app

# (state, event) -> (state, what to do). An event that is not named here changes nothing.
TABLE = {
    (OPEN, "submitted"): (NEW, "try new"),
    (SAVED, "submitted"): (NEW, "try new"),
    (OPEN, "due"): (SAVED, "try saved"),
    (SAVED, "joined"): (DONE, ""),
    (SAVED, "failed"): (OPEN, "leave"),
    (NEW, "joined"): (CHECK, "check"),
    (NEW, "failed"): (OPEN, "leave"),
    (CHECK, "good"): (DONE, "save"),
    (CHECK, "login page"): (OPEN, "leave"),
    (DONE, "shown"): (GONE, ""),
    (OPEN, "over"): (GONE, ""),
    (SAVED, "over"): (GONE, ""),
}

RETRY_S = const(60)  # from one try of the saved network to the next
ALONE_S = const(120)  # a phone that asks for nothing for so long does not hold these up
TRY_S = const(15)  # to an address, at most
AGAIN_S = const(6)  # the same once an attempt has failed
SHOW_S = const(8)  # that a result stays to be read before the portal closes
# Of silence until the portal closes, by why it was opened. A device that never had Wi-Fi has
# nothing else to do; it goes by the updater then, which must run once in 26 hours.
OPEN_S = {"never": 21600, "lost": 300, "asked": 600}
OPEN_MAX_S = const(3600)  # however often pages are loaded, but for "never"


def why(stage: int, ssid) -> str:
    """Why set-up runs. stage: of the hand-over, 1 for the owner's wish."""
    if not ssid:
        return "never"
    return "asked" if stage == 1 else "lost"


def due(reason: str, tried_s: int, phones: int, quiet_s: int) -> bool:
    """Is it time for the saved network? tried_s: since the last try. quiet_s: since a page was
    loaded. A try moves the one radio, and drops the phone of somebody who is typing."""
    return reason == "lost" and tried_s >= RETRY_S and (not phones or quiet_s >= ALONE_S)


def failed(status: int, tried_s: int) -> bool:
    """Is this try over? 201 and 202 show while the driver goes on: they get time for a second
    attempt."""
    return tried_s >= (TRY_S if status in (1000, 1001, 1010) else AGAIN_S)


def over(reason: str, open_s: int, quiet_s: int) -> bool:
    """Has the portal been open for long enough?"""
    return quiet_s >= OPEN_S[reason] or (reason != "never" and open_s >= OPEN_MAX_S)
