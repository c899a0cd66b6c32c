"""What is trusted of a repository, and every decision about it. No file and no network.

The Update Framework 1.0.34, section 5. The order is root, then what the store remembers, then
timestamp, snapshot, targets, delegated targets. Each step takes the bytes of a file and makes them
the trusted ones, or raises a TufError; after an error all is as it was before.
"""

from hashlib import sha256

from seesaw.crypto import BadKey
from seesaw.update.errors import BadMetadata, Expired, Mismatch, Rollback, Unsigned
from seesaw.update.metadata import ISSUED, expiry_s, feed, read
from seesaw.update.targets import check


def start_s(bound_s: int, session_s: "int | None") -> "int | None":
    """The time that an update takes as now, seconds since 1970; None when nothing is known: then
    nothing has expired.

    A device has no clock that lasts. bound_s: it is at least this late, 0 without a bound; that
    comes from what is signed alone: the build time of the bundle that runs, and ISSUED of the
    stored timestamp as long as that verifies with the keys of the trusted root. session_s: what the
    network said (NTP, HTTP Date), or None; it is never stored, nor is a refusal that rests on it.
    """
    return max(bound_s, session_s or 0) or None


def check_date(name: str, signed: dict, now_s: "int | None") -> None:
    """Raises Expired when the role is past its date at that time."""
    if now_s is not None and expiry_s(signed) <= now_s:
        raise Expired(name + ": " + signed["expires"])


class Trusted:
    """root, timestamp, snapshot: the signed part of each (a dict), None until there is one.

    targets: likewise by role name. now_s: the fixed start time, see start_s. pause: called many
    times on the way, for a watchdog.
    """

    def __init__(self, root: bytes, now_s: "int | None", pause: object) -> None:
        """root: the trusted root file. It must be signed by itself; its date does not matter."""
        self.now_s = now_s
        self.timestamp = self.snapshot = None
        self.targets = {}
        self._pause = pause
        self._known = {}  # SHA-256 of a stored file -> its signed part, verified already
        self._old = None, None  # timestamp and snapshot that may not be rolled back
        self.root, signatures = read(root, "root")
        _require(self.root, signatures, self.root, "root", pause)

    def update_root(self, raw: bytes) -> None:
        """The root that follows the trusted one, signed as both ask (5.3.4 to 5.3.7)."""
        signed, signatures = read(raw, "root")
        for by in (self.root, signed):
            _require(signed, signatures, by, "root", self._pause)
        if signed["version"] != self.root["version"] + 1:
            raise Rollback("%s: version %d" % ("root", signed["version"]))
        self.root = signed

    def remember(self, timestamp: "bytes | None", snapshot: "bytes | None") -> None:
        """What an earlier update has stored: what may not be rolled back. Ends the updates of root.

        Their dates do not matter. What does not verify with the keys of the trusted root is no
        memory, and if keys were replaced then neither is: so a repository recovers from versions
        that somebody has run far ahead (5.3.11), and from dates. Raises Expired when root has.
        """
        try:
            self._old = self._stored(timestamp, "timestamp"), self._stored(snapshot, "snapshot")
        except Unsigned:
            pass
        self.now_s = start_s((self._old[0] or {}).get(ISSUED, 0), self.now_s)
        check_date("root", self.root, self.now_s)

    def _stored(self, raw: "bytes | None", name: str) -> "dict | None":
        try:
            signed = self._signed(raw or b"", name, name, self.root, 0)
        except BadMetadata:  # or there is none
            return None
        self._known[sha256(raw).digest()] = signed
        return signed

    def update_timestamp(self, raw: bytes) -> bool:
        """Is it newer than the one remembered (5.4.2 to 5.4.4)? If not, that one stays trusted.

        The same bytes as those remembered cost no signature.
        """
        old = self._old[0]
        signed = self._signed(raw, "timestamp", "timestamp", self.root, 0)
        if old:
            _rising("timestamp", old, signed)
            if signed["version"] == old["version"]:
                signed = old
            _rising("snapshot", old["meta"]["snapshot.json"], signed["meta"]["snapshot.json"])
        check_date("timestamp", signed, self.now_s)
        self.timestamp = signed
        return signed is not old

    def listed(self, name: str) -> "dict | None":
        """Version, and perhaps length and hashes, that are signed of snapshot or a targets role."""
        by = self.timestamp if name == "snapshot" else self.snapshot
        return by["meta"].get(name + ".json")

    def update_snapshot(self, raw: bytes) -> None:
        """The snapshot that timestamp names (5.5.2 to 5.5.6)."""
        signed = self._listed(raw, "snapshot", "snapshot", self.root)
        for name, old in (self._old[1] or {"meta": {}})["meta"].items():
            _rising(name, old, signed["meta"].get(name, {"version": 0}))
        self.snapshot = signed

    def update_targets(self, raw: bytes, name: str, delegator: str) -> None:
        """A targets role that snapshot names, with the keys of its delegator (5.6.2 to 5.6.5).

        delegator: "root", or a role in `targets` that delegates to this name. Whoever was trusted
        for one delegator must be signed as the next one says: keys are each delegator's own word.
        """
        by = self.root
        if delegator != "root":
            by = self.targets[delegator].get("delegations", {"roles": ()})
        self.targets[name] = self._listed(raw, name, "targets", by)

    def _listed(self, raw: bytes, name: str, kind: str, by: dict) -> dict:
        listed = self.listed(name)
        if not listed:
            raise Mismatch(name + ": not in snapshot")
        check(name, raw, listed, self._pause)
        signed = self._signed(raw, name, kind, by, listed["version"])
        check_date(name, signed, self.now_s)
        return signed

    def _signed(self, raw: bytes, name: str, kind: str, by: dict, version: int) -> dict:
        """The signed part. by: keys and roles of the delegator. version: the one listed, or 0;
        another is found before the signatures, which take the chip a second each."""
        signed = self._known.get(sha256(raw).digest())
        signatures = None
        if not signed or signed["_type"] != kind:
            signed, signatures = read(raw, kind)
        if version not in (0, signed["version"]):
            raise Mismatch("%s: version %d" % (name, signed["version"]))
        if signatures is not None:
            _require(signed, signatures, by, name, self._pause)
        return signed


def _rising(name: str, old: dict, new: dict) -> None:
    if new["version"] < old["version"]:
        raise Rollback("%s: version %d" % (name, new["version"]))


def _require(signed: dict, signatures: dict, by: dict, name: str, pause: object) -> None:
    """Raises Unsigned unless as many different keys of the role have signed as its threshold says.

    by: keys and roles; root has its roles by name, a targets role in order. A key that is listed
    under two keyids counts once.
    """
    roles = by["roles"]
    role = {"keyids": (), "threshold": 1}  # of one that is not delegated
    if type(roles) is dict:
        role = roles[name]
    else:
        for item in roles:
            if item["name"] == name:
                role = item
    good = set()
    for keyid in role["keyids"]:
        if keyid in signatures and keyid in by["keys"]:
            key = by["keys"][keyid]
            public = "".join(key["keyval"].get("public", "").lower().split())
            if public not in good and _verifies(signed, signatures[keyid], key, pause):
                good.add(public)
            if len(good) >= role["threshold"]:
                return
    raise Unsigned("%s: %d of %d keys" % (name, len(good), role["threshold"]))


def _verifies(signed: dict, signature: str, key: dict, pause: object) -> bool:
    """False for a key or a signature that is none: others may still meet the threshold."""
    from seesaw.crypto.keys import verifier  # gone once all is verified: the heap is wanted

    try:
        found = verifier(key["keytype"], key["scheme"], key["keyval"].get("public"))
        return found.verify(bytes.fromhex(signature), lambda update: feed(signed, update), pause)
    # Out of feed: what has no canonical form, or nests too deep for the chip's stack.
    except (BadKey, ValueError, TypeError, AttributeError, RuntimeError):
        return False
