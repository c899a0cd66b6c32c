"""What is past its date: never trusted anew, but still what may not be rolled back."""

from datetime import timedelta

import pytest
from tuf.api.metadata import Targets
from tuf_repository import NOW, Repository
from tuf_rig import Desk

PAST = NOW - timedelta(days=1)


def test_an_expired_root_is_kept_and_ends_the_refresh(desk: Desk, repository: Repository) -> None:
    assert desk.refresh() == 0
    repository.publish("root")
    repository.root.expires = PAST
    repository.publish("root")
    repository.publish_all()

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 3, "snapshot": 1, "targets": 1, "timestamp": 1}


def test_an_expired_root_on_the_way_does_not_matter(desk: Desk, repository: Repository) -> None:
    good = repository.root.expires
    repository.root.expires = PAST
    repository.publish("root")
    repository.root.expires = good
    repository.publish("root")

    assert desk.refresh() == 0
    assert desk.version("root") == 3


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_an_expired_role_is_not_taken(desk: Desk, repository: Repository, role: str) -> None:
    assert desk.refresh() == 0
    repository.roles[role].signed.expires = PAST
    repository.publish_all()

    assert desk.refresh() == 1
    assert desk.version(role) == 1


def test_the_very_second_of_its_date_is_too_late(desk: Desk, repository: Repository) -> None:
    repository.timestamp.expires = NOW
    repository.publish("timestamp")

    assert desk.refresh(NOW) == 1
    assert desk.refresh(NOW - timedelta(seconds=1)) == 0


def test_expired_local_metadata_leads_to_newer(desk: Desk, repository: Repository) -> None:
    for role in ("timestamp", "snapshot", "targets"):
        repository.roles[role].signed.expires = NOW + timedelta(days=7)
    repository.publish_all()
    assert desk.refresh() == 0
    for role in ("timestamp", "snapshot", "targets"):
        repository.roles[role].signed.expires = NOW + timedelta(days=21)
    repository.publish_all()

    assert desk.refresh(NOW + timedelta(days=18)) == 0
    assert desk.versions() == {"root": 1, "snapshot": 3, "targets": 3, "timestamp": 3}


def test_expired_local_metadata_still_forbids_older(desk: Desk, repository: Repository) -> None:
    repository.timestamp.expires = NOW + timedelta(days=7)
    repository.publish("timestamp")
    assert desk.refresh() == 0
    repository.timestamp.version = 1
    repository.timestamp.expires = NOW + timedelta(days=21)
    repository.publish_as_it_is("timestamp")

    assert desk.refresh(NOW + timedelta(days=18)) == 1
    assert desk.version("timestamp") == 2


def test_local_metadata_that_has_expired_is_not_used(desk: Desk, repository: Repository) -> None:
    assert desk.refresh() == 0

    assert desk.refresh(NOW + timedelta(days=31)) == 1


def test_an_expired_delegated_role_has_no_targets(desk: Desk, repository: Repository) -> None:
    repository.delegate("targets", "delegated", ["path/*"])
    repository.roles["delegated"].signed.expires = PAST
    repository.add_target("path/a", b"a", "delegated")
    repository.publish_all()

    assert desk.refresh() == 0
    assert desk.download("path/a") == 1
    assert desk.files() == []
    assert "delegated" not in desk.versions()


def test_a_delegated_role_expires_on_the_device_too(desk: Desk, repository: Repository) -> None:
    repository.delegate("targets", "delegated", ["path/*"])
    delegated: Targets = repository.roles["delegated"].signed
    delegated.expires = NOW + timedelta(days=7)
    repository.add_target("path/a", b"a", "delegated")
    repository.add_target("path/b", b"b", "delegated")
    repository.publish_all()
    assert desk.download("path/a") == 0

    desk.now = NOW + timedelta(days=18)
    assert desk.download("path/b") == 1
    assert desk.files() == [b"a"]

    delegated.expires = NOW + timedelta(days=21)
    repository.publish_all()
    assert desk.download("path/b") == 0
