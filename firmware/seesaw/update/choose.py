"""Which release a device takes of those that its board's role lists: rules alone, no I/O.

The rules are those of firmware/SPEC.md, "Release repository" and "Choice". barrier and deadend mean
what Fedora CoreOS means by them. A target counts only where a search would find it
(The Update Framework 1.0.34, 5.6.7): nobody but the board's own role speaks of its releases.

What is signed may still be nonsense: a release that is not of the form of the specification is not
offered, in words, and nothing in the metadata makes choose() raise.
"""

from seesaw.core.rollout import bucket, share, since
from seesaw.core.version import key
from seesaw.update.errors import BadOffer, Nothing
from seesaw.update.metadata import ISSUED
from seesaw.update.offer import Offer, Part
from seesaw.update.targets import matching, url


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

        recalls: False when the other slot has nothing to go back to: that the running release is
        recalled counts no more, what else is recalled does.
        """
        listed = self._recalls
        if not recalls:
            listed = [one for one in listed if one["sha256"] != running[2].hex()]
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
            version = version_of(path, self._board)
            try:
                part = self._part(path) if version else None
            except (BadOffer, KeyError):
                continue
            if part and part.sha256 == bundle and version == current:
                return part, True
            other = part or other
        if other is None:
            raise Nothing("no release is listed")
        return other, False

    def _part(self, path: str) -> Part:
        """Runtime or bundle of this path, if the board's role is the one to speak of it. Raises
        BadOffer, KeyError."""
        if path in self._top["targets"] or matching(self._top, path)[0][:1] != [self._board]:
            raise BadOffer("delegation")
        found = self._listed[path]
        hashes = found["hashes"]
        where = "targets/" + url(path, hashes, self._consistent)
        return Part(where, found["length"], hashes["sha256"], found.get("custom"))

    def _offer(self, path: str, found: dict) -> Offer:
        """Of a bundle's path. Raises BadOffer, and whatever comes of what is no release."""
        custom = found["custom"]
        return Offer(
            custom["version"], custom["boards"][0], custom["built"], custom["trial_s"],
            self._part(custom["runtime"]["path"]), self._part(path),
        )  # fmt: skip


def choose(
    targets: dict, running: tuple, times: tuple, halted: list, recalls: list, record: object,
    make: object,
) -> tuple:  # fmt: skip
    """What to do: (word, what, words).

    ("install", make(path, target), version): of the bundle's target.
    ("recall", None, why): boot the other slot, if that is intact and not recalled(); otherwise
    call again without the recall of the running bundle: a newer release also ends it.
    ("nothing", None, why not).

    targets: of the board's role, path -> {"length", "hashes", "custom"}. running: (board, version,
    SHA-256 of the bundle, the device's id), the last two bytes. times: (the clock of this session,
    the signed bound), seconds since 1970 or None each. halted, recalls: the signed lists. record:
    update/record.Record, or what has its skip(), waited() and last: each is asked at most once of
    a release that nothing else hinders, and counts the look. make: (path, target) -> an offer;
    raises when what it needs is malformed.
    """
    board, version, bundle, device = running
    why = ""
    try:
        if recalled(bundle, recalls):
            return "recall", None, version + " is recalled"
        here = key(version)
        ahead, barrier = _ahead(targets, board, version, here)
        gone = halted + [one["version"] for one in recalls]
    except Exception as error:
        return "nothing", None, str(error)
    for order, name, path in ahead:
        try:
            made = make(path, targets[path])
            custom = targets[path]["custom"]
            if custom["version"] != name or custom["boards"] != [board]:
                words = "for another board"
            elif name in gone:
                words = "halted or recalled"
            elif barrier is not None and order > barrier:
                words = "beyond a barrier"
            else:
                words = _hindrance(custom, here) or _early(targets[path], device, times, record)
        except Exception as error:
            words = "malformed: %s" % error
        if not words:
            return "install", made, name
        why = why or name + " is " + words
    return "nothing", None, why or "up to date"


def recalled(bundle: bytes, recalls: list) -> bool:
    """Is the bundle of this SHA-256 on the signed list of recalls? Raises for what is none."""
    return bundle.hex() in [one["sha256"] for one in [] + recalls]


def _reason(target: object, name: str) -> object:
    """Why it is a barrier or a dead end. What has a reason of any form is one."""
    try:
        return target["custom"].get(name)
    except Exception:  # it is no release
        return None


def version_of(path: str, board: str) -> str:
    """Of the release of this board whose bundle this is, "" for other paths."""
    parts = path.split("/")
    return parts[1] if parts[:1] + parts[2:] == [board, "bundle"] else ""


def _ahead(targets: dict, board: str, version: str, here: tuple) -> tuple:
    """([(order, version, path)] of what is newer, the newest first; the order of the first barrier
    or None). Raises ValueError with why there is no way on."""
    ahead = []
    barrier = None
    for path in targets:
        name = version_of(path, board)
        dead = _reason(targets[path], "deadend")
        if name == version and dead is not None:
            raise ValueError("%s is a dead end: %s" % (name, dead))
        try:
            order = key(name)
        except ValueError:
            order = ()
        if order > here:
            ahead.append((order, name, path))
            if _reason(targets[path], "barrier") is not None:
                barrier = order if barrier is None else min(order, barrier)
    return sorted(ahead, reverse=True), barrier


def _hindrance(custom: dict, here: tuple) -> str:
    """Why it is not to be had from here, "" when it is. Raises for what is malformed."""
    if any(key(stop) > here for stop in [] + custom["through"]):  # raises for what is no list
        return "for after another version"
    if not any(_holds(span, here) for span in [] + custom["from"]):
        return "not for this version"
    return ""


def _holds(span: str, here: tuple) -> bool:
    """Does a range of `from` hold this version? Raises for what is none."""
    if span == "*":
        return True
    first, _, last = span.partition("-")
    if "." not in last or last.strip("0123456789."):
        first = last = span  # one version; its '-' begins a pre-release
    return key(first) <= here <= key(last)


def _early(target: dict, device: bytes, times: tuple, record: object) -> str:
    """Why it is to be had, but not yet. Raises for what is malformed."""
    custom = target["custom"]
    bundle = bytes.fromhex(target["hashes"]["sha256"])
    rollout = custom["rollout"]
    start, first, minutes = [
        _whole(rollout[name]) for name in ("start_epoch", "start_percentage", "duration_minutes")
    ]
    looks = record.waited(bundle) if times[0] is None else None
    part = share(first, minutes, since(start, times, looks))
    if bucket(device, custom["version"], [] + rollout.get("early", [])) >= part:
        return "not for this device yet"
    return "passed over: " + record.last if record.skip(bundle, custom["version"]) else ""


def _whole(found: object) -> int:
    if type(found) is not int or found < 0:
        raise ValueError("no number")
    return found
