"""What the updater remembers over power cuts, and what becomes of a trial.

One JSON blob "update", one binary "rejected".

update holds
  trial    of an open trial: bundle (hex), version, trial_s, feed (had the release before quotes?),
           server (had it an update server set?), stage (how far it came), and ended once it has
           been counted as interrupted; null when none is open
  known    hex, 9 bytes for each of several bundles, the newest first: 4 of its SHA-256, and counts:
           trials that were interrupted, installs that failed, trials that failed, looks for a
           release at which it is still to be passed over, looks at which it waited for its rollout
           without a clock
  last     the last word on an update, for people
  failure  of the last release that did not come to run: version, 8 hex digits of its bundle, stage
           and cause (reasons.py), how often; separated by commas
rejected holds 8 bytes of the bundle's SHA-256 each, newest first; the launcher reads it too, and
writes it when it leaves a release. A bundle is on it while it is passed over for a failed trial;
whoever put it there, it is counted here at the next look that meets it.
"""

import json

from micropython import const

from seesaw.core.backoff import delay_s
from seesaw.update import reasons

_REJECTED_MAX = const(8)
_KNOWN_MAX = const(8)
_KNOWN_SIZE = const(9)  # bytes
# Places in them.
_TRIES = const(4)
_FAILS = const(5)
_FAILURES = const(6)
_WAIT = const(7)
_WAITED = const(8)
_COUNT_MAX = const(255)
_TRIES_FREE = const(3)  # interrupted trials before it begins to back off
_WAIT_MAX = const(64)  # looks that are skipped at most
_FAILED_WAIT = const(16)  # likewise after failed trials; half of it is drawn
_FAILED_WAIT_MAX = const(128)
_BLOB_SIZE = const(640)  # bytes, always: what had room in NVS at a trial's start has it at its end
_LAST_MAX = const(160)  # characters
UNPROVEN = "unproven"  # last words that begin so condemn nobody: the network or the market was out
PROVED = 1  # stage of a hand-over to the app: the updater can do the next update
LOOKED = 2  # likewise: the updater has just looked for a release


class Record:
    """Loaded once by a program; `save` makes it durable. `store` is port.board.Store. random
    returns a float in [0, 1): it spreads the looks at which failed releases are tried again."""

    def __init__(self, store: object, random: object = float):
        self._store = store
        self._random = random
        try:
            found = json.loads(store.get("update") or b"{}")
        except (ValueError, RuntimeError):
            found = {}
        if not isinstance(found, dict):
            found = {}
        self.trial = _trial(found.get("trial"))
        raw = _bytes(found.get("known"))
        starts = range(0, len(raw) - _KNOWN_SIZE + 1, _KNOWN_SIZE)
        self._known = [bytearray(raw[at : at + _KNOWN_SIZE]) for at in starts]
        self.last = str(found.get("last", ""))
        self.failure = str(found.get("failure", ""))
        self.rejected = store.get("rejected")

    def _packed(self) -> bytes:
        found = {
            "trial": self.trial, "last": self.last[:_LAST_MAX], "failure": self.failure,
            "known": b"".join([bytes(one) for one in self._known[:_KNOWN_MAX]]).hex(),
        }
        blob = json.dumps(found).encode()
        if len(blob) > _BLOB_SIZE:  # by what had to be escaped
            found["last"] = ""
            blob = json.dumps(found).encode()
        return blob + b" " * (_BLOB_SIZE - len(blob))

    def save(self) -> None:
        """When NVS has no room, it is known until the program ends, and no longer."""
        self._put("update", self._packed())

    def _put(self, key: str, blob: bytes) -> bool:
        try:
            self._store.put(key, blob)
        except OSError:
            return False
        return True

    def _of(self, bundle: bytes) -> bytearray:
        """What is known of this bundle."""
        for one in self._known:
            if one[:4] == bundle[:4]:
                return one
        self._known.insert(0, bytearray(bundle[:4] + bytes(_KNOWN_SIZE - 4)))
        return self._known[0]

    def _count(self, bundle: bytes, place: int) -> int:
        """One more of this count."""
        known = self._of(bundle)
        known[place] = min(known[place] + 1, _COUNT_MAX)
        return known[place]

    def _note(
        self, word: str, bundle: bytes, version: str, why: str, count: int, reason: tuple
    ) -> None:  # fmt: skip
        """Keep why this release does not run, for the fleet's report and for people. reason: stage
        and cause unless the words say it."""
        stage, cause = reasons.of(why, *reason)
        self.failure = "%s,%s,%d,%d,%d" % (version, bundle[:4].hex(), stage, cause, count)
        self.last = "%s %s: %s (%d.%d, %d)" % (word, version, why, stage, cause, count)

    # -- looks -------------------------------------------------------------------------------

    def skip(self, bundle: bytes, version: str = "") -> bool:
        """Pass over this bundle once more? Counts it; False when it is time to try again."""
        known = self._of(bundle)
        rejected = self._has(bundle)
        if rejected and not known[_WAIT]:  # the launcher's verdict, or an older release's
            self._note("rejected", bundle, version, "left", self._fail(bundle), (0, 0))
        if not known[_WAIT]:
            return False
        known[_WAIT] -= 1
        # Off the list first: a power cut between the two blobs tries it early, and counts nothing.
        over = known[_WAIT] or not rejected or self._clear(bundle)
        self.save()
        return bool(over)

    def waited(self, bundle: bytes) -> int:
        """Looks at which this bundle waited for its rollout without a clock. Counts this one."""
        looks = self._of(bundle)[_WAITED]
        self._count(bundle, _WAITED)
        self.save()
        return looks

    def hindered(self, bundle: bytes, why: str, version: str = "") -> None:
        """An install that wore the flash for nothing: the next one is further off each time."""
        fails = self._count(bundle, _FAILS)
        self._of(bundle)[_WAIT] = delay_s(fails, self._random, 2, _WAIT_MAX) - 1
        self._note(
            "hindered", bundle, version, why, fails, (reasons.INSTALL, reasons.UNFIT)
        )  # fmt: skip
        self.save()

    # -- the list of rejected bundles --------------------------------------------------------

    def _has(self, bundle: bytes) -> bool:
        keys = range(0, len(self.rejected), 8)
        return any(self.rejected[at : at + 8] == bundle[:8] for at in keys)

    def _fail(self, bundle: bytes) -> int:
        """Its trial failed once more: it is passed over for that. How often it has."""
        failures = self._count(bundle, _FAILURES)
        self._of(bundle)[_WAIT] = delay_s(failures, self._random, _FAILED_WAIT, _FAILED_WAIT_MAX)
        return failures

    def _clear(self, bundle: bytes) -> bool:
        """Take it off the list and leave its place blank: the blob keeps its size."""
        at = self.rejected.find(bundle[:8])
        self.rejected = self.rejected[:at] + bytes(8) + self.rejected[at + 8 :]
        return self._put("rejected", self.rejected)

    # -- trials ------------------------------------------------------------------------------

    def open(self, bundle: bytes, version: str, trial_s: int, feed: int, server: bool) -> None:
        """A trial is about to begin. feed and server: what the release before it had.

        Raises OSError: without a record a failed trial would come back at once.
        """
        self.trial = {
            "bundle": bundle.hex(), "version": version, "trial_s": trial_s, "feed": feed,
            "server": server,
        }
        self.last = "trial of " + version
        self._store.put("update", self._packed())

    def reached(self, stage: int) -> None:
        """The trial that runs has come so far."""
        if self.trial:
            self.trial["stage"] = stage
            self.save()

    def failed(self, why: str) -> None:
        """The trial failed: this bundle is passed over for a while, longer each time. Rejected
        first, so that a power cut between the two blobs rejects it twice rather than forgets it.
        Without room for that it only backs off."""
        bundle = _bytes(self.trial["bundle"])
        if not self._has(bundle):
            self.rejected = (bundle[:8] + self.rejected)[: 8 * _REJECTED_MAX]
            if not self._put("rejected", self.rejected):
                self.interrupted(why + " (no room to reject it)")
                return
        self._ended("rejected", bundle, why, self._fail(bundle))
        self.trial = None
        self.save()

    def _ended(self, word: str, bundle: bytes, why: str, count: int) -> None:
        trial = self.trial
        reason = (_number(trial, "stage") or reasons.UPDATER, reasons.CRASH)
        self._note(word, bundle, str(trial.get("version")), why, count, reason)

    def interrupted(self, why: str) -> None:
        """The trial ended without a verdict: it is tried again, ever more rarely."""
        bundle = _bytes(self.trial["bundle"])
        tries = self._count(bundle, _TRIES)
        if tries >= _TRIES_FREE:
            self._of(bundle)[_WAIT] = min(1 << (tries - _TRIES_FREE + 1), _WAIT_MAX)
        self._ended("interrupted", bundle, why, tries)
        self.trial["ended"] = True
        self.save()

    def confirmed(self) -> None:
        """The release on trial is kept, whatever was held against it. Its failed trials stay
        counted: the launcher may still leave it."""
        self.last = "confirmed " + str(self.trial and self.trial.get("version"))
        if self.trial:
            bundle = _bytes(self.trial["bundle"])
            known = self._of(bundle)
            known[_TRIES] = known[_FAILS] = known[_WAIT] = 0
            if self._has(bundle):
                self._clear(bundle)
            if bundle[:4].hex() in self.failure:
                self.failure = ""
        self.trial = None
        self.save()


def _bytes(found: object) -> bytes:
    """Of hex; empty for anything else."""
    try:
        return bytes.fromhex(found) if isinstance(found, str) else b""
    except ValueError:
        return b""


def _trial(found: object) -> "dict | None":
    """The open trial if it is one: its bundle must be a SHA-256 in hex."""
    if not isinstance(found, dict) or len(_bytes(found.get("bundle"))) != 32:
        return None
    found["trial_s"] = _number(found, "trial_s")
    return found


def _number(found: dict, name: str) -> int:
    value = found.get(name)
    return value if type(value) is int and 0 <= value < 1000 else 0


def settle(boot: object, record: object) -> str:
    """After a boot that is not a trial: what a trial left open came to. Words, "" for nothing.

    The RTC record of the session before tells: it names the trial's bundle and its last words if
    the trial crashed, hung or gave up. After a power cut it is gone, and that condemns nobody.
    """
    trial = record.trial
    if trial is None:
        return ""
    if trial["bundle"] == boot.bundle.hex():
        record.confirmed()  # the power went between the boot record and ours
        return record.last
    if trial.get("ended"):
        return ""
    before = boot.before
    mine = before and before[2] and before[1].hex() == trial["bundle"][:16]
    if mine and not before[3].startswith(UNPROVEN):
        record.failed(before[3] or "watchdog or panic")
    else:
        record.interrupted(before[3] if mine else "power")
    return record.last


def trial_of(boot: object, record: object) -> dict:
    """What the record says of this very trial; {} when it is a release that was confirmed before
    and only needs its boot record again (healed, or taken from the other slot)."""
    trial = record.trial
    return trial if trial and trial["bundle"] == boot.bundle.hex() else {}
