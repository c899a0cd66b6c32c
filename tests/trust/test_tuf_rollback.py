"""Versions never go back, unless root says by new keys that the old ones were somebody else's."""

import pytest
from tuf_repository import Repository
from tuf_rig import Desk

hashes = pytest.mark.parametrize("with_hashes", [False, True], ids=["plain", "hashes"])


def test_timestamp_goes_back(desk: Desk, repository: Repository) -> None:
    repository.publish("timestamp")
    assert desk.refresh() == 0
    repository.timestamp.version = 1
    repository.publish_as_it_is("timestamp")

    assert desk.refresh() == 1
    assert desk.version("timestamp") == 2
    assert repository.requests[-1] == ("timestamp", None)


@hashes
def test_snapshot_goes_back(desk: Desk, repository: Repository, with_hashes: bool) -> None:
    repository.with_hashes = with_hashes
    repository.publish_all()
    assert desk.refresh() == 0
    repository.snapshot.version = 1
    repository.publish_as_it_is("snapshot")
    repository.publish("timestamp")

    assert desk.refresh() == 1
    assert desk.version("timestamp") == 2
    assert desk.version("snapshot") == 2
    assert repository.requests[-1] == ("timestamp", None)


def test_snapshot_goes_back_behind_the_timestamp(desk: Desk, repository: Repository) -> None:
    repository.publish_all()
    assert desk.refresh() == 0
    repository.snapshot.version = 1
    repository.publish_as_it_is("snapshot")

    assert desk.refresh() == 0  # the device has the one that timestamp names
    assert desk.version("snapshot") == 2
    assert repository.requests[-1] == ("timestamp", None)


@hashes
def test_targets_go_back(desk: Desk, repository: Repository, with_hashes: bool) -> None:
    repository.with_hashes = with_hashes
    repository.publish("targets")
    repository.publish_all()
    assert desk.refresh() == 0
    repository.targets.version = 1
    repository.publish_as_it_is("targets")
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 1, "snapshot": 2, "targets": 3, "timestamp": 3}


def test_a_delegated_role_goes_back(desk: Desk, repository: Repository) -> None:
    repository.delegate("targets", "delegated")
    repository.publish("delegated")
    repository.publish_all()
    assert desk.download("none") == 1
    repository.roles["delegated"].signed.version = 1
    repository.publish_as_it_is("delegated")
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") == 2
    assert desk.version("delegated") == 2


def test_a_role_vanishes_from_snapshot(desk: Desk, repository: Repository) -> None:
    repository.delegate("targets", "delegated")
    repository.publish_all()
    assert desk.refresh() == 0
    del repository.snapshot.meta["delegated.json"]
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") == 2


def test_what_was_trusted_counts_after_the_file_of_timestamp_is_lost(
    desk: Desk, repository: Repository
) -> None:
    repository.publish("targets")
    repository.publish_all()
    assert desk.refresh() == 0
    (desk.metadata / "timestamp.json").unlink()
    repository.targets.version = 1
    repository.publish_as_it_is("targets")
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.version("snapshot") == 2


def test_new_timestamp_keys_let_timestamp_go_back(desk: Desk, repository: Repository) -> None:
    repository.timestamp.version = 99
    repository.publish("timestamp")
    assert desk.refresh() == 0
    assert desk.version("timestamp") == 100
    repository.rotate("timestamp")
    repository.publish("root")
    repository.timestamp.version = 1
    repository.publish_as_it_is("timestamp")

    assert desk.refresh() == 0
    assert desk.version("timestamp") == 1


def test_new_keys_for_both_let_snapshot_go_back(desk: Desk, repository: Repository) -> None:
    repository.snapshot.version = 99
    repository.publish("snapshot", "timestamp")
    assert desk.refresh() == 0
    assert desk.version("snapshot") == 100
    repository.rotate("snapshot")
    repository.rotate("timestamp")
    repository.publish("root")
    repository.snapshot.version = 1
    repository.publish_as_it_is("snapshot")
    repository.publish("timestamp")

    assert desk.refresh() == 0
    assert desk.version("snapshot") == 1


def test_new_snapshot_keys_let_snapshot_go_back(desk: Desk, repository: Repository) -> None:
    """5.3.11: when the keys of either were replaced, what is stored of both is forgotten."""
    repository.snapshot.version = 99
    repository.publish("snapshot", "timestamp")
    assert desk.refresh() == 0
    repository.rotate("snapshot")
    repository.publish("root")
    repository.snapshot.version = 1
    repository.publish_as_it_is("snapshot")
    repository.publish("timestamp")

    assert desk.refresh() == 0
    assert desk.version("snapshot") == 1


def test_new_snapshot_keys_let_targets_go_back(desk: Desk, repository: Repository) -> None:
    repository.targets.version = 99
    repository.publish("targets", "snapshot", "timestamp")
    assert desk.refresh() == 0
    assert desk.version("targets") == 100
    repository.rotate("snapshot")
    repository.publish("root")
    repository.targets.version = 1
    repository.publish_as_it_is("targets")
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 0
    assert desk.version("targets") == 1


def test_without_new_keys_a_new_root_forgets_nothing(desk: Desk, repository: Repository) -> None:
    repository.publish_all()
    assert desk.refresh() == 0
    repository.rotate("targets")
    repository.publish("root")
    repository.snapshot.version = 1
    repository.publish_as_it_is("snapshot")
    repository.publish("timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 2, "snapshot": 2, "targets": 2, "timestamp": 2}
