"""Sets of data on their way from the repository to the app (firmware/SPEC.md, "Data targets").

Their files may be lost: what the app needs of the set in use is in NVS, in one blob with the state.
"""

import json
from hashlib import sha256

from micropython import const

from seesaw.core import looks
from seesaw.core.version import newer
from seesaw.data import faring, standing, turns
from seesaw.data.part import FORMAT, SIZE_MAX, part, whose
from seesaw.data.search import find, place, waits
from seesaw.unload import unload
from seesaw.update.errors import FetchError
from seesaw.update.targets import check

NAME = "feeds"
_FILE_S = const(60)  # deadline of one set
_CHECK = (  # what a set is checked with: half as much as all else together
    "data.feeds", "core.recipe_rules", "core.stream_rules", "core.path_rules", "core.paths",
    "core.steps", "data.several",
)  # fmt: skip


class Data:
    """boot: the launcher's. store, files: ports. settings: the owner's. device: its id."""

    def __init__(self, boot, store, files, settings: dict, device: bytes):
        self._device = device
        self._boot = boot
        self._store = store
        self._files = files
        self._settings = settings
        self._mine = [whose(settings), FORMAT]
        self._bundle = boot.bundle[:8].hex()
        self._state = standing.read(store.get(NAME))

    def judge(self) -> str:
        """Decide on what the app saw. Words, "" for nothing new. Raises OSError: no room in NVS."""
        scratch = self._boot.scratch
        what = turns.event(scratch, self._state)
        said = ""
        if what:  # it was of one set, and is said once; until then it adds up
            self._boot.scratch = looks.heard(faring.seen(scratch), True)
            if self._store.get("calendars"):
                from seesaw.data import calendars

                alone = self._state[standing.USE] == standing.SHIPPED
                said, what = calendars.judge(self._store, what, self._bundle, alone)
        words = self._keep(turns.after(self._state, what, self._bundle), None, what)
        return _both(said, words)

    async def bring(self, client, site) -> str:
        """What is on offer, after the client's refresh(). Words, "" for nothing new.

        Raises TufError, HttpError, and OSError when NVS has no room.
        """
        words = await self._bring(client, site)
        words = _both(words, await self._small(client, site))
        from seesaw.data import calendars

        of = self._boot.version, self._exchange(), self._bundle
        return _both(words, await calendars.bring(client, site, self._store, *of))

    async def _small(self, client, site) -> str:
        from seesaw.data import notices, roots, whole

        words = ""
        for one in (roots, notices):
            came = await whole.bring(client, site, self._store, self._boot.version, one)
            words = _both(words, came)
        unload("data.roots", "data.notices", "data.whole")
        return words

    def _exchange(self) -> str:
        """Where the owner's instrument is traded."""
        feed = self._state[standing.FEED]
        if feed and "exchange" in feed[2]:
            return feed[2]["exchange"]
        from seesaw.data import shipped

        return shipped.feeds(self._settings)[1]["exchange"]

    async def _bring(self, client, site) -> str:
        path = "data/" + NAME
        target = await find(client, path)
        sha = target["hashes"].get("sha256", "")[:16] if target else ""
        if not sha or waits(target, self._device, sha):
            return ""
        client.rest()
        made = turns.offered(self._state, sha, self._bundle)
        raw, words = None, ""
        try:
            if sha in made[standing.TRIAL : standing.BAD] and not self._load(made, sha):
                fit(target, self._boot.version)
                raw = await download(client, site, path, target)
                _checked(raw)
                self._files.save(_file(made, sha), raw)
        except ValueError as error:
            words = "%s refused: %s" % (sha[:8], error)
            made = turns.unfit(self._state, sha, self._bundle)
        if standing.name(made) != standing.name(self._state):  # what was seen is of another one
            self._boot.scratch = looks.heard(faring.seen(self._boot.scratch), True)
        return self._keep(made, raw, "replaced") + words

    def _load(self, state: list, sha: str) -> "bytes | None":
        raw = self._files.load(_file(state, sha))
        return raw if raw and _name(raw) == sha else None

    def _keep(self, made: list, raw: "bytes | None", what: str) -> str:
        """Hand the app what it needs of the set in use. raw: of the one on offer, if it came. what:
        why it changes. Words, "" when nothing does."""
        before = self._state
        made = self._with_feed(made, raw)
        unload(*_CHECK)
        if made != before:
            self._store.put(NAME, json.dumps(made, separators=(",", ":")).encode())
            self._state = made
        old, new = standing.name(before), standing.name(made)
        words = "%s %s, now %s" % (old, what, new) if new != old else ""
        if made[standing.BAD] != before[standing.BAD]:
            words += " given up: %s " % made[standing.BAD][:8]
        return words

    def _with_feed(self, made: list, raw: "bytes | None") -> list:
        before, made = self._state, made[:]
        sha = made[made[standing.USE]]
        made[standing.FEED] = before[standing.FEED] if sha else []
        same = sha == before[before[standing.USE]]
        if not sha or (same and made[standing.FEED][:2] == self._mine):
            return made
        if raw is None or _name(raw) != sha:
            raw = self._load(made, sha)
        try:
            of = self._settings
            found = _checked(raw or b"")
            if of["rotation"]:
                from seesaw.data.several import several

                mine = several(found, of)
            else:
                from seesaw.data.feeds import check_size

                mine = part(found, of["instrument"], of["providers"], of["keys"], of.get("stream"))
                check_size(mine)
            made[standing.FEED] = self._mine + [mine]
        except ValueError:
            return turns.lost(made, self._bundle)
        return made


def _checked(raw: bytes) -> dict:
    """ValueError unless it is a set of feeds."""
    from seesaw.data import feeds

    return feeds.check(raw)


def _both(words: str, more: str) -> str:
    return words + ("; " if words and more else "") + more


def _name(raw: bytes) -> str:
    return sha256(raw).digest().hex()[:16]


def _file(state: list, sha: str) -> str:
    place = state[standing.FILE]
    return "%s.%d" % (NAME, place if sha == state[standing.GOOD] else 1 - place)


def fit(target: dict, running: str) -> None:
    """ValueError when this release is not the one to use it."""
    custom = target.get("custom")
    if type(custom) is not dict or custom.get("format") != 1 or target["length"] > SIZE_MAX:
        raise ValueError("for another firmware")
    if newer(str(custom.get("firmware")), running):
        raise ValueError("for another firmware")


async def download(client, site, path: str, target: dict) -> bytes:
    answer = await site.get("targets/" + place(client, path, target), _FILE_S, target["length"])
    if answer.status != 200:
        raise FetchError("%s: status %d" % (path, answer.status))
    check(path, answer.body, target, None)
    return answer.body
