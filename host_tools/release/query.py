"""What devices say of themselves with each check, read from a static host's access log.

The grammar is firmware/SPEC.md, "Check query"; the device's side is seesaw/repository.py. The
numbers are those of seesaw/update/reasons.py. Lines of a log are anybody's: nothing is believed.
"""

import re
from dataclasses import dataclass

LENGTH_MAX = 120  # characters
ACTIONS = {"i": "install", "t": "trial", "r": "reset", "h": "heal"}  # of update/otadata.py
STAGES = {1: "download", 2: "verify", 3: "install", 4: "set_boot", 5: "boot", 6: "updater",
          7: "app", 8: "run"}  # fmt: skip
CAUSES = {1: "crash", 2: "watchdog", 3: "deadline", 4: "memory", 5: "import", 6: "damaged",
          7: "unproven", 8: "power", 9: "hash", 10: "flash", 11: "unfit", 12: "room",
          13: "refused", 14: "left"}  # fmt: skip
STATES = {"L": "LIVE", "D": "DELAYED", "P": "PROXY", "S": "STALE", "C": "CLOSED", "N": "NO_DATA",
          "O": "OFFLINE"}  # fmt: skip
FORM = re.compile(
    r"v=(?P<version>[0-9A-Za-z._-]{1,24})&s=(?P<slot>[01])(?P<action>[itrh])"
    r"&p=(?P<pseudonym>[0-9a-f]{12})"
    r"(?:&f=(?P<failed>[0-9A-Za-z._-]{0,24}),(?P<bundle>[0-9a-f]{8})"
    r",(?P<stage>[0-9]{1,2}),(?P<cause>[0-9]{1,2}),(?P<count>[0-9]{1,3}))?"
    r"(?:&m=(?P<instrument>[0-9A-Za-z._-]{1,12}),(?P<state>[LDPSCNO]),(?P<provider>[0-7]))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """The last release that did not come to run. version: "" when the device did not know it.
    bundle: the first 8 hex digits of its SHA-256. count: how often."""

    version: str
    bundle: str
    stage: int
    cause: int
    count: int

    def __str__(self) -> str:
        stage = STAGES.get(self.stage, f"stage {self.stage}")
        cause = CAUSES.get(self.cause, f"cause {self.cause}")
        return f"{self.version or '?'} ({self.bundle}): {cause} in {stage}, {self.count} times"


@dataclass(frozen=True, slots=True)
class Market:
    """What it showed as it left for the look. provider: the one that it followed, by its place
    among the instrument's feeds, from 1; 0 for none that is told."""

    instrument: str
    state: str
    provider: int


@dataclass(frozen=True, slots=True)
class Said:
    """One check. action: what the boot record allows, a word of update/otadata.py. pseudonym: of
    the device, for a month. market: None when it had not shown anything."""

    version: str
    slot: int
    action: str
    pseudonym: str
    failure: Failure | None = None
    market: Market | None = None


def parse(query: str) -> Said | None:
    """What this query string (without its "?") says; None when it is no device's."""
    found = FORM.fullmatch(query) if len(query) <= LENGTH_MAX else None
    if not found:
        return None
    failure = None
    if found["bundle"]:
        failure = Failure(found["failed"], found["bundle"], int(found["stage"]),
                          int(found["cause"]), int(found["count"]))  # fmt: skip
    market = None
    if found["state"]:
        market = Market(found["instrument"], STATES[found["state"]], int(found["provider"]))
    return Said(found["version"], int(found["slot"]), ACTIONS[found["action"]],
                found["pseudonym"], failure, market)  # fmt: skip
