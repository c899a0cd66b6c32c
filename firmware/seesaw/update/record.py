"""What the updater remembers over power cuts: one JSON blob "update", one binary "rejected".

update holds
  trial  of an open trial: bundle (hex), version, trial_s, feed (had the release before quotes?),
         server (had it an update server set?), and ended once it has been counted as
         interrupted; null when none is open
  about  the bundle (hex) that the next three speak of; a new release starts afresh
  tries  its trials that were interrupted
  fails  its installs that failed
  wait   looks for a release at which it is still to be passed over
  last   the last word on an update, for people
rejected holds 8 bytes of the bundle's SHA-256 each, newest first; the launcher reads it too.
"""

import json

REJECTED_MAX = 8
TRIES = 3  # interrupted trials before it begins to back off
WAIT_MAX = 64  # looks that are skipped at most
BLOB_SIZE = 640  # bytes, always: what NVS had room for at the start of a trial has room at its end
LAST_MAX = 160  # characters


class Record:
    """Loaded once by a program; `save` makes it durable. `store` is port.board.Store."""

    def __init__(self, store: object):
        self._store = store
        try:
            found = json.loads(store.get("update") or b"{}")
        except (ValueError, RuntimeError):
            found = {}
        if not isinstance(found, dict):
            found = {}
        self.trial = _trial(found.get("trial"))
        self.about = str(found.get("about", ""))
        self.tries = _count(found, "tries")
        self.wait = _count(found, "wait")
        self.fails = _count(found, "fails")
        self.last = str(found.get("last", ""))
        self.rejected = store.get("rejected")

    def _packed(self) -> bytes:
        found = {
            "trial": self.trial, "about": self.about, "tries": self.tries, "wait": self.wait,
            "fails": self.fails, "last": self.last[:LAST_MAX],
        }
        blob = json.dumps(found).encode()
        return blob + b" " * (BLOB_SIZE - len(blob))

    def save(self) -> None:
        """When NVS has no room, it is known until the program ends, and no longer."""
        self._put("update", self._packed())

    def _put(self, key: str, blob: bytes) -> bool:
        try:
            self._store.put(key, blob)
        except OSError:
            return False
        return True

    def turn_to(self, bundle: bytes) -> None:
        """What was counted of another bundle says nothing about this one."""
        if self.about != bundle.hex():
            self.about = bundle.hex()
            self.tries = self.fails = self.wait = 0

    def skip(self, bundle: bytes) -> bool:
        """Pass over this bundle once more? Counts it; False when it is time to try again."""
        self.turn_to(bundle)
        if not self.wait:
            return False
        self.wait -= 1
        self.save()
        return True

    def hindered(self, bundle: bytes, why: str) -> None:
        """An install that wore the flash for nothing: the next one is further off each time."""
        self.turn_to(bundle)
        self.fails += 1
        self.wait = min(1 << self.fails, WAIT_MAX) - 1
        self.last = why[:80]
        self.save()

    def is_rejected(self, bundle: bytes) -> bool:
        keys = range(0, len(self.rejected), 8)
        return any(self.rejected[at : at + 8] == bundle[:8] for at in keys)

    def open(self, bundle: bytes, version: str, trial_s: int, feed: int, server: bool) -> None:
        """A trial is about to begin. feed and server: what the release before it had.

        Raises OSError: without a record a failed trial would come back for ever.
        """
        self.turn_to(bundle)
        self.trial = {
            "bundle": bundle.hex(), "version": version, "trial_s": trial_s, "feed": feed,
            "server": server,
        }
        self.last = "trial of " + version
        self._store.put("update", self._packed())

    def failed(self, why: str) -> None:
        """The trial failed: this bundle is never tried again. Rejected first, so that a power
        cut between the two blobs rejects it twice rather than forgets it. Without room for that
        it only backs off."""
        key = bytes.fromhex(self.trial["bundle"])[:8]
        if not self.is_rejected(key):
            self.rejected = (key + self.rejected)[: 8 * REJECTED_MAX]
            if not self._put("rejected", self.rejected):
                self.interrupted(why + " (no room to reject it)")
                return
        self.last = "rejected %s: %s" % (self.trial.get("version"), why)
        self.trial = None
        self.save()

    def interrupted(self, why: str) -> None:
        """The trial ended without a verdict: it is tried again, ever more rarely."""
        self.turn_to(bytes.fromhex(self.trial["bundle"]))
        self.tries += 1
        if self.tries >= TRIES:
            self.wait = min(1 << (self.tries - TRIES + 1), WAIT_MAX)
        self.last = "interrupted %s: %s" % (self.trial.get("version"), why)
        self.trial["ended"] = True
        self.save()

    def confirmed(self) -> None:
        self.last = "confirmed " + str(self.trial and self.trial.get("version"))
        self.trial = None
        self.about = ""
        self.save()


def _trial(found: object) -> "dict | None":
    """The open trial if it is one: its bundle must be a SHA-256 in hex."""
    if not isinstance(found, dict) or not isinstance(found.get("bundle"), str):
        return None
    try:
        if len(bytes.fromhex(found["bundle"])) != 32:
            return None
    except ValueError:
        return None
    found["trial_s"] = _count(found, "trial_s")
    return found


def _count(found: dict, name: str) -> int:
    value = found.get(name)
    return value if type(value) is int and 0 <= value < 1000 else 0
