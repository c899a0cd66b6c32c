"""The honest state of the market that is shown, as one table (firmware/DEGRADED.md).

Rows: what there is to show. Columns: what is known of the session.

               open       shut      still
    nothing    NO_DATA    NO_DATA   NO_DATA    nothing was accepted since the program began
    lost       NO_DATA    NO_DATA   NO_DATA    nothing for LOST_S of hours that are not shut
    missed     STALE      CLOSED    STALE      the last poll brought nothing
    old        STALE      CLOSED    CLOSED     accepted, but late
    before     CLOSED     CLOSED    CLOSED     accepted, of the session before: no trade yet
    fresh      live       CLOSED    live       LIVE, or DELAYED, or PROXY

The calendar says whether the market is open or shut; where it says nothing, a provider's own flag
may say that it is shut. A price stands still when it is STILL_S late: at one provider where no
calendar says open, at two where one does, since one may be frozen. Nothing but a fresh price is
ever called live. Four states are not of the market: OFFLINE and SETUP, which the app knows, SAFE,
which is told beside the market's, and UPDATING, which the updater says.
"""

from micropython import const

# After LOST_S an index has moved by 0.28 sigma, two degrees of the beam, from what is shown.
LOST_S = const(1800)
STILL_S = const(1800)
FOLLOW, HOLD, LEVEL = range(3)  # what the beam does
OPEN, SHUT, STILL = range(3)
NOTHING, LOST, MISSED, OLD, BEFORE, FRESH = range(6)
_N = const(0)
_S = const(1)
_C = const(2)
_L = const(3)
_STATES = ("NO_DATA", "STALE", "CLOSED", "LIVE")
TABLE = (
    (_N, _N, _N),
    (_N, _N, _N),
    (_S, _C, _S),
    (_S, _C, _C),
    (_C, _C, _C),
    (_L, _C, _L),
)
GOOD = ("LIVE", "DELAYED", "PROXY", "CLOSED")  # the feed does what it is there for
_SAFE_AFTER = const(3)  # unhealthy ends, from which on the launcher has app and updater take turns
# What is worth a sign of the LED, which blinks so often before it pauses. Lit, it is UPDATING.
SIGNS = ("-", "STALE", "NO_DATA", "OFFLINE", "SETUP", "SAFE")
AWAY = SIGNS[3:5]  # the app's words: no network, or none was ever set


def session(word: str, flag: "bool | None", still: int) -> int:
    """The column. word: the calendar's, "open", "lunch", "closed" or "" for none. flag: the
    provider's, None for none. still: how many providers' prices stand still."""
    if word == "open":
        return STILL if still > 1 else OPEN
    if word or flag is False:
        return SHUT
    return STILL if still else OPEN


def state(what: int, market: int, delay_s: int = 0, proxy: bool = False) -> str:
    """The state, of row and column. delay_s, proxy: of the provider that is followed."""
    made = _STATES[TABLE[what][market]]
    if made == "LIVE" and proxy:
        return "PROXY"
    return "DELAYED" if made == "LIVE" and delay_s else made


def pose(what: int) -> int:
    """What the beam does: FOLLOW the last quote, HOLD, or, when all is lost, to LEVEL slowly."""
    if what == LOST:
        return LEVEL
    return FOLLOW if what > MISSED else HOLD


def sign(name: str, unhealthy: int) -> str:
    """The one to give in the state of this name. SAFE: the app only runs between crashes. A network
    that is missing is for the owner to mend, and comes first."""
    if unhealthy >= _SAFE_AFTER and name not in AWAY:
        name = "SAFE"
    return name if name in SIGNS else "-"
