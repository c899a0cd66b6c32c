"""The releases that signed metadata lists for a board: the next one, and bytes to try the way with.

Layout: firmware/SPEC.md, "Release repository". A target counts only where a search would find it
(The Update Framework 1.0.34, 5.6.7): nobody but the board's own role speaks of its releases.
"""

from seesaw.update.choose import choose, recalled
from seesaw.update.metadata import ISSUED
from seesaw.update.offer import BadOffer, Nothing, Offer, Part
from seesaw.update.targets import Target, matching


class Releases:
    """trusted: the Trusted of a Client that has loaded the role of the board."""

    def __init__(self, trusted, board: str) -> None:
        self._top = trusted.targets["targets"]
        self._listed = trusted.targets[board]["targets"]
        self._recalls = trusted.targets[board].get("x-seesaw-recalls", [])
        self._halted = trusted.timestamp.get("x-seesaw-halt", [])
        self.issued_s = trusted.timestamp.get(ISSUED, 0)
        self._consistent = trusted.root.get("consistent_snapshot")
        self._board = board

    def choose(self, running: tuple, times: tuple, record, recalls: bool) -> tuple:
        """("install", Offer, version), ("recall", None, why) or ("nothing", None, why): choose().

        recalls: False when the other slot has nothing to go back to.
        """
        listed = self._recalls if recalls else []
        return choose(self._listed, running, times, self._halted, listed, record, self._offer)

    def recalled(self, bundle: bytes) -> bool:
        """Is the bundle of this SHA-256 recalled?"""
        return recalled(bundle, self._recalls)

    def sample(self, current: str, bundle: bytes) -> tuple:
        """(Part, mine): the bundle of the release that runs if it is still listed, else any other.

        bundle: SHA-256 of the one that runs. Raises Nothing.
        """
        other = None
        for path in self._listed:
            name = self._version(path)
            target = self._target(path) if name else None
            try:
                part = target and self._part(target)
            except BadOffer:
                continue
            if part and name == current and part.sha256 == bundle:
                return part, True
            other = part or other
        if other is None:
            raise Nothing("no release is listed")
        return other, False

    def _version(self, path: str) -> str:
        """Of the release whose bundle this is, "" for other paths."""
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == self._board and parts[2] == "bundle":
            return parts[1]
        return ""

    def _target(self, path: str) -> "Target | None":
        """What the board's role says of this path; None unless it is the one to say it."""
        found = self._listed.get(path)
        alone = path not in self._top["targets"] and matching(self._top, path)[0][:1]
        return Target(path, found) if found and alone == [self._board] else None

    def _part(self, target: Target) -> Part:
        digest = target.hashes.get("sha256")
        if not digest:
            raise BadOffer(target.path + ": no sha256")
        url = "targets/" + target.url(self._consistent)
        return Part({"url": url, "size": target.length, "sha256": digest})

    def _offer(self, path: str, listed: dict) -> Offer:
        """Of a bundle's path. Raises BadOffer."""
        target = self._target(path)
        name = self._version(path)
        custom = target.custom if target else {}
        boards = custom.get("boards")
        if type(boards) is not list or not boards:
            raise BadOffer("boards of " + name)
        runtime = custom.get("runtime")
        path = runtime.get("path") if type(runtime) is dict else None
        other = self._target(path) if type(path) is str else None
        if custom.get("version") != name or other is None:
            raise BadOffer("version or runtime of " + name)
        made = {
            "version": name, "board": self._board if self._board in boards else boards[0],
            "build_time": custom.get("built"), "trial_s": custom.get("trial_s"),
        }
        return Offer(made, self._part(other), self._part(target))
