"""Somebody has some of the keys: what he makes of the repository's folder is never signed anew and
never published."""

import copy
import json
from collections.abc import Callable

import pytest
from release_rig import BOARD, Desk, contents, release
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from host_tools.release import change, client, keys, publication, state
from host_tools.release.keys import KeyRing
from host_tools.release.state import State


def opened(desk: Desk) -> tuple[State, KeyRing]:
    return state.load(client.reader(desk.repo), "repo"), keys.load(desk.keys)


def sign(found: Metadata, ring: KeyRing, *names: str) -> bytes:
    found.signatures.clear()
    for name in names:
        found.sign(ring.signer(ring.entries[name].key.keyid), append=True)
    return found.to_bytes()


def write(desk: Desk, name: str, data: bytes) -> None:
    (desk.repo / "metadata" / name).write_bytes(data)


def plant(desk: Desk) -> None:
    """With the online keys alone: a release of his own in a board's role, which he cannot sign, but
    whose hash the snapshot confirms."""
    found, ring = opened(desk)
    role = copy.deepcopy(found.targets[BOARD])
    role.signed.version += 1
    change.add_target(role.signed, f"{BOARD}/9.9.9/runtime", b"\xe9" * 100, None)
    data = role.to_bytes()  # with the signature of the version before
    write(desk, f"{role.signed.version}.{BOARD}.json", data)
    follow(desk, found, ring, f"{BOARD}.json", MetaFile.from_data(2, data, ["sha256"]))


def follow(desk: Desk, found: State, ring: KeyRing, name: str, meta: MetaFile) -> None:
    """Snapshot and timestamp that confirm a file, signed with the real online keys."""
    snapshot: Metadata[Snapshot] = copy.deepcopy(found.snapshot)
    snapshot.signed.version += 1
    snapshot.signed.meta[name] = meta
    data = sign(snapshot, ring, "snapshot-1")
    write(desk, f"{snapshot.signed.version}.snapshot.json", data)
    timestamp: Metadata[Timestamp] = copy.deepcopy(found.timestamp)
    timestamp.signed.version += 1
    timestamp.signed.snapshot_meta = MetaFile.from_data(snapshot.signed.version, data, ["sha256"])
    write(desk, "timestamp.json", sign(timestamp, ring, "timestamp-1"))


def usurp(desk: Desk) -> None:
    """With one root key of three: a second root that names him alone, signed by himself."""
    found, ring = opened(desk)
    root: Metadata[Root] = copy.deepcopy(found.root)
    root.signed.version += 1
    root.signed.roles["root"].keyids = [ring.entries["root-1"].key.keyid]
    root.signed.roles["root"].threshold = 1
    write(desk, "2.root.json", sign(root, ring, "root-1"))


def delegate(desk: Desk) -> None:
    """With the online keys: delegations of his own, which he cannot sign either."""
    found, ring = opened(desk)
    top: Metadata[Targets] = copy.deepcopy(found.targets["targets"])
    top.signed.version += 1
    assert top.signed.delegations and top.signed.delegations.roles
    online = ring.entries["timestamp-1"].key
    top.signed.delegations.keys[online.keyid] = online
    top.signed.delegations.roles[BOARD].keyids = [online.keyid]
    data = sign(top, ring, "timestamp-1")
    write(desk, "2.targets.json", data)
    follow(desk, found, ring, "targets.json", MetaFile.from_data(2, data, ["sha256"]))


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (plant, f"{BOARD} was signed by 0/1 keys"),
        (usurp, "root was signed by 1/2 keys"),
        (delegate, "targets was signed by 0/1 keys"),
    ],
)
def test_what_is_forged_is_refused(
    desk: Desk, forge: Callable[[Desk], None], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.publish() == 0
    forge(desk)
    before = contents(desk.folder)
    capsys.readouterr()
    for line in (
        ("sign", release("0.2.0"), "--without-proof", "fire drill"),
        ("rotate", "timestamp"),
        ("renew", BOARD),
        ("publish", desk.out),
        ("status",),
    ):
        assert desk.run(*line) == 2
        error = capsys.readouterr().err
        assert words in error and "restore it" in error
    assert contents(desk.folder) == before


def test_a_role_that_speaks_of_anothers_releases_is_not_published(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rightly signed, but no device would find it: the tool says so before it is out."""
    assert desk.publish() == 0
    found, ring = opened(desk)
    made = change.Change()
    target = change.add_target(made.edit(found, BOARD), "esp32/9.9.9/runtime", b"\xe9", None)
    made.files[f"targets/esp32/9.9.9/{target.hashes['sha256']}.runtime"] = b"\xe9"
    publication.write(desk.repo, change.commit(found, made, ring, desk.now_s), desk.now_s)
    before = contents(desk.out)
    capsys.readouterr()

    assert desk.publish() == 2
    assert "listed by a role that may not speak of it" in capsys.readouterr().err
    assert contents(desk.out) == before
    assert json.loads((desk.repo / "metadata" / f"2.{BOARD}.json").read_bytes())
