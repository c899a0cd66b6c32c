"""The birth of a repository: its keys, where each should live, and the first set of metadata."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from host_tools.errors import UserError
from host_tools.release import change, client, keys, publication, roles
from host_tools.release.keys import Entry, KeyRing


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of keys. role, names: whose they are."""

    name: str
    role: str
    advice: str


# Root 2 of 3: one may be lost and one stolen, never at one place. Targets: two from birth, so that
# a lost key needs no root to go on; either can sign.
PLACES = (
    Place("safe-1", roles.ROOT, "a USB stick in a safe; needed to change keys, once in years"),
    Place("safe-2", roles.ROOT, "a second stick in another building"),
    Place("safe-3", roles.ROOT, "a third stick with a person you trust, or in a bank"),
    Place("desk", roles.TARGETS, "a stick at your desk, plugged in only to sign or recall"),
    Place("spare", roles.TARGETS, "a stick locked away, for when the one at the desk fails"),
    Place("online", roles.SNAPSHOT, "the machine that publishes"),
    Place("online", roles.TIMESTAMP, "the machine that publishes; alone it can halt a release"),
)
THRESHOLDS = {roles.ROOT: 2, roles.TARGETS: 1, roles.SNAPSHOT: 1, roles.TIMESTAMP: 1}


@dataclass(frozen=True, slots=True)
class Born:
    """where: (key's name, its file, where it should live), in the order of PLACES."""

    where: list[tuple[str, Path, str]]


def init(
    folder: Path, keys_folder: Path, boards: Sequence[str], kind: str, passphrase: str,
    days: dict[str, int], now_s: int,
) -> Born:  # fmt: skip
    """Make keys and repository, both or none. UserError when something is there already."""
    _check_free(folder, keys_folder)
    for board in boards:
        roles.check_name(board)
    ring = KeyRing(keys_folder, {}, days)
    made: dict[str, list[tuple[Entry, CryptoSigner]]] = {}
    for place in PLACES:
        entry, signer = keys.make(kind, ring.free_name(place.role), place.name)
        ring.add(entry, signer)
        made.setdefault(place.role, []).append((entry, signer))
    public = {role: [entry.key for entry, _ in pairs] for role, pairs in made.items()}
    files = change.first(public, THRESHOLDS, boards, ring, now_s)
    publication.check(client.overlay(lambda path: None, dict(files)), str(folder), now_s)
    signers = [pair for pairs in made.values() for pair in pairs]
    _write_keys(ring, [(entry, keys.pem_of(one, passphrase)) for entry, one in signers])
    try:
        publication.write(folder, files, now_s)
    except UserError:
        shutil.rmtree(keys_folder)
        raise
    placed = zip(PLACES, _in_order(made), strict=True)
    return Born([(entry.name, keys_folder / entry.path, place.advice) for place, entry in placed])


def _in_order(made: dict[str, list[tuple[Entry, CryptoSigner]]]) -> list[Entry]:
    left = {role: [entry for entry, _ in pairs] for role, pairs in made.items()}
    return [left[place.role].pop(0) for place in PLACES]


def _check_free(folder: Path, keys_folder: Path) -> None:
    for path, what in ((folder, "repository"), (keys_folder, "list of keys")):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            why = f"it is there and not empty; a new {what} overwrites nothing"
            raise UserError(str(path), why, "name a new folder")
    ours, theirs = folder.resolve(), keys_folder.resolve()
    if ours == theirs or ours in theirs.parents or theirs in ours.parents:
        why = "keys and repository would lie in one folder, and the repository is published"
        raise UserError(str(keys_folder), why, "keep keys somewhere else")


def _write_keys(ring: KeyRing, pems: list[tuple[Entry, bytes]]) -> None:
    """Write them beside first, then rename the folder: all keys or none."""
    target = ring.folder
    beside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for entry, pem in pems:
            keys.write_private(beside, entry, pem)
        keys.save(KeyRing(beside, ring.entries, ring.days))
        os.replace(beside, target)  # onto nothing, or an empty folder
        beside = None
    except OSError as error:
        why = f"it cannot be written ({(error.strerror or '').lower()})"
        raise UserError(str(target), why, "name a folder that can be written") from error
    finally:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)
