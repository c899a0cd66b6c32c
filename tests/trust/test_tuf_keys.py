"""Thresholds, and which signatures count towards them."""

import json

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Key, Metadata
from tuf_repository import Repository, signer
from tuf_rig import Desk


def more_snapshot_keys(repository: Repository, count: int, threshold: int) -> None:
    for _ in range(count):
        repository.add_key("snapshot")
    repository.root.roles["snapshot"].threshold = threshold


def test_a_signature_short_of_the_threshold(desk: Desk, repository: Repository) -> None:
    more_snapshot_keys(repository, 2, threshold=3)
    repository.publish("root", "snapshot", "timestamp")
    assert desk.refresh() == 0
    repository.signers["snapshot"].pop()
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") == 2


def test_a_threshold_above_the_number_of_keys(desk: Desk, repository: Repository) -> None:
    more_snapshot_keys(repository, 4, threshold=6)
    repository.publish("root", "snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 2, "timestamp": 2}


def test_keys_that_root_does_not_list_do_not_count(desk: Desk, repository: Repository) -> None:
    repository.root.roles["snapshot"].threshold = 2
    repository.signers["snapshot"].append(repository.new_signer())
    repository.publish("root", "snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") is None


def test_keys_of_another_role_do_not_count(desk: Desk, repository: Repository) -> None:
    repository.signers["snapshot"] = repository.signers["targets"]
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") is None


def edited_root(repository: Repository, change: object) -> None:
    """A second root as python-tuf would not write it, signed all the same."""
    from securesystemslib.formats import encode_canonical

    repository.publish("root")
    value = json.loads(repository.published["root"].pop())
    change(value["signed"])  # type: ignore[operator]
    raw = encode_canonical(value["signed"]).encode()
    value["signatures"] = [key.sign(raw).to_dict() for key in repository.signers["root"]]
    repository.published["root"].append(json.dumps(value).encode())


def test_a_keyid_that_is_listed_often_counts_once(desk: Desk, repository: Repository) -> None:
    def change(root: dict) -> None:
        root["roles"]["snapshot"]["keyids"] *= 9
        root["roles"]["snapshot"]["threshold"] = 2

    edited_root(repository, change)
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") is None


def test_a_key_under_two_keyids_counts_once(desk: Desk, repository: Repository) -> None:
    (keyid,) = repository.root.roles["snapshot"].keyids

    def change(root: dict) -> None:
        twin = json.loads(json.dumps(root["keys"][keyid]))
        twin["keyval"]["public"] = twin["keyval"]["public"].strip()
        root["keys"]["ab" * 32] = twin
        root["roles"]["snapshot"] = {"keyids": [keyid, "ab" * 32], "threshold": 2}

    edited_root(repository, change)
    repository.publish("snapshot", "timestamp")

    def sign_twice(value: dict) -> None:
        value["signatures"].append({**value["signatures"][0], "keyid": "ab" * 32})

    repository.edit("snapshot", sign_twice)

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 2, "timestamp": 2}


def test_a_keyid_must_not_sign_twice(desk: Desk, repository: Repository) -> None:
    def repeat(value: dict) -> None:
        value["signatures"] *= 2

    repository.edit("snapshot", repeat)

    assert desk.refresh() == 1
    assert desk.version("snapshot") is None


@pytest.mark.parametrize("keytype", ["ecdsa", "ed25519", "rsa"])
def test_each_kind_of_key(desk: Desk, repository: Repository, keytype: str) -> None:
    key = repository.add_key("root", signer(keytype, 9))
    repository.root.roles["root"].threshold = 2
    repository.publish("root")
    assert desk.refresh() == 0
    assert desk.version("root") == 2

    repository.publish("root")
    metadata = Metadata.from_bytes(repository.published["root"].pop())
    other = signer(keytype, 9).sign(b"something else")  # a good one of this key, of other bytes
    metadata.signatures[key.public_key.keyid].signature = other.signature
    repository.published["root"].append(metadata.to_bytes())

    assert desk.refresh() == 1
    assert desk.version("root") == 2


def test_the_other_name_of_ecdsa_keys(desk: Desk, repository: Repository) -> None:
    usual = signer("ecdsa", 9)
    described = {**usual.public_key.to_dict(), "keytype": "ecdsa-sha2-nistp256"}
    other = Key.from_dict(usual.public_key.keyid, described)
    repository.add_key("root", CryptoSigner(usual._private_key, other))
    repository.root.roles["root"].threshold = 2
    repository.publish("root")

    assert desk.refresh() == 0
    assert desk.version("root") == 2


@pytest.mark.parametrize("bad", ["plausible", "", "no hex", "0", "\u00e9\U0001f402"])
def test_a_bad_signature_does_no_harm_beside_good_ones(
    desk: Desk, repository: Repository, bad: str
) -> None:
    (first,) = repository.signers["timestamp"]
    repository.add_key("timestamp")
    repository.publish("root", "timestamp")

    def spoil(value: dict) -> None:
        for signature in value["signatures"]:
            if signature["keyid"] == first.public_key.keyid:
                signature["sig"] = first.sign(b"x").signature if bad == "plausible" else bad

    repository.edit("timestamp", spoil)

    assert desk.refresh() == 0
    assert desk.version("timestamp") == 2


def test_a_key_of_an_unknown_kind_does_no_harm(desk: Desk, repository: Repository) -> None:
    def change(root: dict) -> None:
        root["keys"]["cd" * 32] = {"keytype": "x", "scheme": "y", "keyval": {"identity": "z"}}
        root["roles"]["snapshot"]["keyids"].insert(0, "cd" * 32)

    edited_root(repository, change)
    repository.publish("snapshot", "timestamp")
    repository.edit(
        "snapshot", lambda value: value["signatures"].append({"keyid": "cd" * 32, "sig": "00"})
    )

    assert desk.refresh() == 0


def test_a_key_that_is_malformed_does_not_count(desk: Desk, repository: Repository) -> None:
    (keyid,) = repository.root.roles["snapshot"].keyids

    def change(root: dict) -> None:
        root["keys"][keyid]["keyval"]["public"] = "-----BEGIN PUBLIC KEY-----\nAAAA\n"

    edited_root(repository, change)
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 2, "timestamp": 2}


def test_an_old_field_of_keys_means_nothing(desk: Desk, repository: Repository) -> None:
    (keyid,) = repository.root.roles["snapshot"].keyids
    repository.root.keys[keyid].unrecognized_fields["keyid_hash_algorithms"] = ["md5"]
    repository.publish("root")

    assert desk.refresh() == 0
    assert desk.version("root") == 2
