"""Who may say what in a release repository: roles, thresholds, lifetimes, limits and names.

The layout is firmware/SPEC.md, "Release repository"; the terms are those of The Update Framework
1.0 (TUF), https://theupdateframework.github.io/specification/latest/.
"""

import re
from datetime import UTC, datetime, timedelta

from host_tools.errors import UserError

ROOT, TIMESTAMP, SNAPSHOT, TARGETS = "root", "timestamp", "snapshot", "targets"
TOP_LEVEL = (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)
DATA = "data"  # the role of what is no firmware: recipes, calendars, TLS roots, notices
ROLE_FORM = re.compile(r"[a-z0-9_]{1,16}")  # of a board: its name is also a folder and a pattern

# Fields of our own in signed parts; TUF section 4.3 has clients ignore what they do not know.
ISSUED = "x-seesaw-issued"  # timestamp: seconds since 1970
HALT = "x-seesaw-halt"  # timestamp: versions that nobody starts to install any more
STOPS = "x-seesaw-stops"  # timestamp: {version: {"kind", "since", "why"}} of some of the halted
RECALLS = "x-seesaw-recalls"  # a board's role: [{"version", "sha256" of its bundle}]

# Bytes of one metadata file: what a device takes. What is larger is never written.
LENGTH_MAX = {ROOT: 16384, TIMESTAMP: 4096, SNAPSHOT: 16384, TARGETS: 32768}
ROOT_STEPS_MAX = 256  # root versions that a device follows in one look
LISTED_MAX = 32  # halted versions; recalls of one board
STOPS_MAX = 8  # halted versions of which is said who stopped them, when and why: the newest
VERSION_MAX = 10**9  # of a metadata file

# Twice the five years that a sold sculpture is supported: whatever is signed outlives the support
# even if nobody signs again (SPEC, "Release repository", says why the timestamp's is no shorter).
LIFETIME_DAYS = 3652
LIFETIME_DAYS_MAX = 36525
HORIZON_DAYS = 1826
# A machine's clock further ahead of the newest statement than this is asked about, as a date of
# 2099, once signed, would be believed by devices for ever.
CLOCK_AHEAD_DAYS_MAX = 400


def metadata_path(role: str, version: int | None) -> str:
    """Where a metadata file lies below the repository. version: None for timestamp alone."""
    return f"metadata/{role}.json" if version is None else f"metadata/{version}.{role}.json"


def target_path(path: str, sha256: str) -> str:
    """Where the file of a target lies (TUF section 6.2, consistent snapshots)."""
    folder, _, name = path.rpartition("/")
    return f"targets/{folder}/{sha256}.{name}"


def bundle_target(board: str, version: str) -> str:
    return f"{board}/{version}/bundle"


def runtime_target(board: str, version: str) -> str:
    return f"{board}/{version}/runtime"


def data_target(name: str) -> str:
    return f"data/{name}"


def patterns(role: str) -> list[str]:
    """The targets that a delegated role may speak of; `*` does not match '/' (TUF section 4.5)."""
    return ["data/*"] if role == DATA else [f"{role}/*/bundle", f"{role}/*/runtime"]


def check_name(role: str) -> None:
    """UserError when a board cannot have a role of its name."""
    if not ROLE_FORM.fullmatch(role) or role in (*TOP_LEVEL, DATA):
        why = "its name cannot be that of a role"
        raise UserError(f"board '{role}'", why, "use 16 small letters, digits or '_' at most")


def length_max(role: str) -> int:
    """Bytes; every delegated role has the limit of targets."""
    return LENGTH_MAX.get(role, LENGTH_MAX[TARGETS])


# -- time ---------------------------------------------------------------------------------------


def moment(seconds: int) -> datetime:
    """The date of seconds since 1970, UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def expiry(now_s: int, days: int) -> datetime:
    """When something signed now for so many days ends."""
    return moment(now_s) + timedelta(days=days)


def days_left(end: datetime, now_s: int) -> int:
    """Whole days until `end`; below 0 when it has passed."""
    return (end - moment(now_s)) // timedelta(days=1)


def day(date: datetime) -> str:
    """As people read it: '2026-11-20'."""
    return date.strftime("%Y-%m-%d")
