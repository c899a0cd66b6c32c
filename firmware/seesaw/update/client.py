"""The order of files and fetches of an update (The Update Framework 1.0.34, section 5).

All decisions are `trusted.Trusted`'s. What is handed in:

store: load(name) -> bytes or None, and save(name, bytes), which replaces the file as a whole even
when the power goes. Names are root.json, timestamp.json, snapshot.json, targets.json, those of
delegated roles with the role percent-encoded, and SETTLED. What they raise passes through.
fetch: an async function (path, length_max) -> bytes, path relative to the server's metadata. Raises
Missing for 404 and 403, FetchError for all else.

Files are replaced in the order root, timestamp, snapshot, targets. What the store holds is verified
each time like something off the network, and what does not verify is as if it were not there: so a
power cut between any two of them heals with the next update.
"""

from hashlib import sha256

from seesaw.unload import unload
from seesaw.update.errors import Missing, TufError
from seesaw.update.metadata import ISSUED, LENGTH_MAX, read
from seesaw.update.targets import quote
from seesaw.update.trusted import Trusted, check_date, start_s

ROOTS_MAX = 256  # new versions of root in one update
SETTLED = "settled"  # SHA-256 of the timestamp of which all is done, and by whom


class Client:
    """One update. trusted: the Trusted, once refresh() has begun."""

    def __init__(self, store, fetch, root: "bytes | None", now_s, pause) -> None:
        """root: the root file that the bundle carries, for when the store has none that is newer.
        now_s: gives the start time, seconds since 1970, or None: unknown. It is asked once, when
        the server has answered. pause: called during arithmetic."""
        self._store = store
        self._fetch = fetch
        self._begin = root, now_s, pause
        self.trusted = None

    async def refresh(self) -> None:
        """Bring root, timestamp, snapshot and targets up to date (5.1 to 5.6.6).

        TufError when that fails; what was verified until then is kept.
        """
        root, now_s, pause = self._begin
        load = self._store.load
        self.trusted = trusted = _trusted((load("root.json"), root), pause)
        for _ in range(ROOTS_MAX):
            path = "%d.root.json" % (trusted.root["version"] + 1)
            try:
                raw = await self._fetch(path, LENGTH_MAX["root"])
            except Missing:
                break
            trusted.update_root(raw)
            self._store.save("root.json", raw)
        trusted.now_s = now_s()
        trusted.remember(load("timestamp.json"), load("snapshot.json"))
        raw = await self._fetch("timestamp.json", LENGTH_MAX["timestamp"])
        if trusted.update_timestamp(raw):
            self._store.save("timestamp.json", raw)
        self._timestamp = sha256(raw).digest()
        await self._bring("snapshot", trusted.update_snapshot)
        await self._bring("targets", trusted.update_targets, "targets", "root")

    async def _bring(self, name: str, update, *args) -> None:
        """update() with the stored file if that is the one listed, else with the server's."""
        file = quote(name) + ".json"
        listed = self.trusted.listed(name)
        try:
            update(self._store.load(file) or b"", *args)
        except TufError:
            if not listed:
                raise
            most = LENGTH_MAX["snapshot" if name == "snapshot" else "targets"]
            path = file
            if self.trusted.root.get("consistent_snapshot"):
                path = "%d.%s" % (listed["version"], file)
            raw = await self._fetch(path, min(listed.get("length", most), most))
            update(raw, *args)
            self._store.save(file, raw)

    async def role(self, name: str, delegator: str = "targets") -> dict:
        """The signed part of a targets role, after refresh(). What it says of a target counts only
        where a search would find it (5.6.7). TufError when the role cannot be had."""
        if name != "targets":
            await self._bring(name, self.trusted.update_targets, name, delegator)
        return self.trusted.targets[name]

    def rest(self) -> None:
        """All that is wanted is verified: until the next signature its arithmetic is let go of."""
        unload("crypto.")

    def settle(self, who: bytes = b"") -> None:
        """All that the refreshed metadata asks for is done: `unchanged` may say so from now on.

        who: for whom it is done. For another release that comes to run it may not be.
        """
        self._store.save(SETTLED, self._timestamp + who)


def _trusted(roots: tuple, pause) -> Trusted:
    """Of the newest root that is one. TufError when none is."""
    found = None
    for raw in roots:
        try:
            trusted = Trusted(raw or b"", None, pause)
            if not found or trusted.root["version"] > found.root["version"]:
                found = trusted
        except TufError as error:
            why = error
    if found:
        return found
    raise why


async def unchanged(store, fetch, now_s, who: bytes = b"") -> bool:
    """Is the server's timestamp the one that was settled? One request and no signature.

    now_s: as of Client. Raises Expired when it is past its date: somebody may be holding newer
    metadata back.
    """
    settled = store.load(SETTLED)
    if not settled or settled[32:] != who:
        return False
    raw = await fetch("timestamp.json", LENGTH_MAX["timestamp"])
    if sha256(raw).digest() != settled[:32]:
        return False
    signed = read(raw, "timestamp")[0]
    check_date("timestamp", signed, start_s(signed.get(ISSUED, 0), now_s()))
    return True
