"""What the updater remembers over power cuts: one JSON blob "update", one binary "rejected".

update holds
  trial  of an open trial: bundle (hex), version, trial_s, feed (had the release before quotes?),
         server (had it an update server set?), and ended once it has been counted as
         interrupted; null when none is open
  tries  trials of that bundle that were interrupted
  wait   looks for a release still to be skipped
  fails  looks in a row that failed on the way
  last   the last word on an update, for people
rejected holds 8 bytes of the bundle's SHA-256 each, newest first; the launcher reads it too.
"""

import json

REJECTED_MAX = 8
TRIES = 3  # interrupted trials before it begins to back off
WAIT_MAX = 64  # looks that are skipped at most


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
        trial = found.get("trial")
        self.trial = trial if isinstance(trial, dict) and "bundle" in trial else None
        self.tries = _count(found, "tries")
        self.wait = _count(found, "wait")
        self.fails = _count(found, "fails")
        self.last = str(found.get("last", ""))
        self.rejected = store.get("rejected")

    def save(self) -> None:
        found = {
            "trial": self.trial, "tries": self.tries, "wait": self.wait, "fails": self.fails,
            "last": self.last,
        }
        self._store.put("update", json.dumps(found).encode())

    def skip(self) -> bool:
        """Count one look that is to be skipped; False when it is time to look again."""
        if not self.wait:
            return False
        self.wait -= 1
        self.save()
        return True

    def hindered(self, why: str) -> None:
        """A look that failed on its way: the next ones come ever more rarely, up to WAIT_MAX."""
        self.fails += 1
        self.wait = min(1 << (self.fails - 1), WAIT_MAX) - 1
        self.last = why[:80]
        self.save()

    def is_rejected(self, bundle: bytes) -> bool:
        keys = range(0, len(self.rejected), 8)
        return any(self.rejected[at : at + 8] == bundle[:8] for at in keys)

    def open(self, bundle: bytes, version: str, trial_s: int, feed: int, server: bool) -> None:
        """A trial is about to begin. feed and server: what the release before it had."""
        if not self.trial or self.trial["bundle"] != bundle.hex():
            self.tries = 0
        self.trial = {
            "bundle": bundle.hex(), "version": version, "trial_s": trial_s, "feed": feed,
            "server": server,
        }
        self.wait = self.fails = 0
        self.last = "trial of " + version
        self.save()

    def failed(self, why: str) -> None:
        """The trial failed: this bundle is never tried again. Rejected first, so that a power
        cut between the two blobs rejects it twice rather than forgets it."""
        key = bytes.fromhex(self.trial["bundle"])[:8]
        if not self.is_rejected(key):
            self.rejected = (key + self.rejected)[: 8 * REJECTED_MAX]
            self._store.put("rejected", self.rejected)
        self.last = "rejected %s: %s" % (self.trial.get("version"), why)
        self.trial = None
        self.tries = 0
        self.save()

    def interrupted(self, why: str) -> None:
        """The trial ended without a verdict: it is tried again, ever more rarely."""
        self.tries += 1
        if self.tries >= TRIES:
            self.wait = min(1 << (self.tries - TRIES + 1), WAIT_MAX)
        self.last = "interrupted %s: %s" % (self.trial.get("version"), why)
        self.trial["ended"] = True
        self.save()

    def confirmed(self) -> None:
        self.last = "confirmed " + str(self.trial and self.trial.get("version"))
        self.trial = None
        self.tries = 0
        self.save()


def _count(found: dict, name: str) -> int:
    value = found.get(name)
    return value if type(value) is int and 0 <= value < 1000 else 0
