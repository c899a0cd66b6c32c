"""Refreshing: which files are asked for and trusted, and what is refused of each of them."""

import json
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata
from tuf_repository import NOW, TOP, Repository
from tuf_rig import Desk

FIRST = [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]
ALL_FIRST = {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 1}
# What is trusted when this role of a new repository is refused.
BEFORE = {
    "root": {"root": 1},
    "timestamp": {"root": 1},
    "snapshot": {"root": 1, "timestamp": 1},
    "targets": {"root": 1, "snapshot": 1, "timestamp": 1},
}
each_role = pytest.mark.parametrize("role", TOP)


def next_version_of_root(repository: Repository, role: str) -> None:
    """The first root is given to the device; what it refuses of root can be its second alone."""
    if role == "root":
        repository.publish("root")


def test_init_asks_for_nothing(desk: Desk, repository: Repository) -> None:
    assert repository.requests == []
    assert desk.versions() == {"root": 1}


def test_a_refresh_asks_for_each_file_once(desk: Desk, repository: Repository) -> None:
    assert desk.refresh() == 0
    assert repository.requests == FIRST
    assert desk.versions() == ALL_FIRST


def test_with_nothing_new_only_root_and_timestamp_are_asked_for(
    desk: Desk, repository: Repository
) -> None:
    assert desk.refresh() == 0
    assert desk.refresh() == 0
    assert repository.requests[4:] == FIRST[:2]


def test_a_download_refreshes_first(desk: Desk, repository: Repository) -> None:
    assert desk.download("no such target") == 1
    assert repository.requests == FIRST
    assert desk.versions() == ALL_FIRST


def test_what_is_trusted_is_byte_for_byte_what_was_published(
    desk: Desk, repository: Repository
) -> None:
    def reformat(value: dict) -> None:
        value["extra"] = "outside of what is signed"

    for role in TOP[1:]:
        repository.edit(role, reformat)

    assert desk.refresh() == 0
    for role in TOP:
        assert desk.state()[role + ".json"] == repository.published[role][-1]


def test_a_malformed_first_root_is_never_used(desk: Desk, repository: Repository) -> None:
    root = json.loads(repository.published["root"][0])
    del root["signed"]["version"]
    assert desk.init(json.dumps(root).encode()) == 1

    (desk.metadata / "root.json").write_text(json.dumps(root))

    assert desk.refresh() == 1
    assert repository.requests == []


def test_a_first_root_that_is_not_signed_is_never_used(desk: Desk, repository: Repository) -> None:
    root = json.loads(repository.published["root"][0])
    root["signatures"] = json.loads(repository.published["targets"][0])["signatures"]
    assert desk.init(json.dumps(root).encode()) == 1

    (desk.metadata / "root.json").write_text(json.dumps(root))

    assert desk.refresh() == 1
    assert repository.requests == []


def test_without_a_first_root_nothing_happens(desk: Desk, repository: Repository) -> None:
    (desk.metadata / "root.json").unlink()

    assert desk.refresh() == 1
    assert repository.requests == []


@each_role
def test_a_role_that_is_not_signed_is_refused(
    desk: Desk, repository: Repository, role: str
) -> None:
    repository.signers[role].clear()
    if role == "root":
        repository.publish("root")
    else:
        repository.publish_as_it_is(role)

    assert desk.refresh() == 1
    assert desk.versions() == BEFORE[role]


@each_role
def test_a_file_of_another_role_is_refused(desk: Desk, repository: Repository, role: str) -> None:
    other = "targets" if role != "targets" else "snapshot"
    signed = Metadata.from_bytes(repository.published[other][0])
    signed.signatures.clear()
    for key in repository.signers[role]:
        signed.sign(key, append=True)
    next_version_of_root(repository, role)
    repository.published[role][-1] = signed.to_bytes()
    if role == "root":  # served under the number that is asked for
        repository.edit("root", lambda value: value["signed"].update(version=2))

    assert desk.refresh() == 1
    assert desk.versions() == BEFORE[role]


@each_role
def test_the_contents_are_what_is_signed(desk: Desk, repository: Repository, role: str) -> None:
    next_version_of_root(repository, role)
    repository.edit(role, lambda value: value["signed"].update(x=1))

    assert desk.refresh() == 1
    assert desk.versions() == BEFORE[role]


@each_role
def test_another_major_version_of_the_specification_is_refused(
    desk: Desk, repository: Repository, role: str
) -> None:
    next_version_of_root(repository, role)
    signed = Metadata.from_bytes(repository.published[role].pop())
    value = json.loads(signed.to_bytes())
    value["signed"]["spec_version"] = "2.0.0"
    sign_again(repository, role, value)

    assert desk.refresh() == 1
    assert desk.versions() == BEFORE[role]


def sign_again(repository: Repository, role: str, value: dict) -> None:
    """python-tuf does not write such metadata; its canonical form is signed by hand."""
    from securesystemslib.formats import encode_canonical

    raw = encode_canonical(value["signed"]).encode()
    value["signatures"] = [key.sign(raw).to_dict() for key in repository.signers[role]]
    repository.published[role].append(json.dumps(value).encode())


@pytest.mark.parametrize("role", ["snapshot", "targets"])
@pytest.mark.parametrize("version", [1, 3, 7])
def test_the_version_must_be_the_one_listed(
    desk: Desk, repository: Repository, role: str, version: int
) -> None:
    repository.publish("targets", "snapshot", "timestamp")
    repository.roles[role].signed.version = version
    repository.publish_as_it_is(role)
    repository.instead[role, 2] = repository.published[role].pop()

    assert desk.refresh() == 1
    assert desk.versions() == {name: min(n + 1, 2) for name, n in BEFORE[role].items()} | {
        "root": 1
    }


@pytest.mark.parametrize("version", [1, 3])
def test_the_next_root_must_have_the_next_version(
    desk: Desk, repository: Repository, version: int
) -> None:
    repository.root.version = version
    repository.publish_as_it_is("root")
    repository.instead["root", 2] = repository.published["root"].pop()

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 1}


def test_a_new_targets_file_waits_for_snapshot(desk: Desk, repository: Repository) -> None:
    assert desk.refresh() == 0
    repository.publish("targets")

    assert desk.refresh() == 0
    assert desk.version("targets") == 1
    assert repository.requests[-1] == ("timestamp", None)


def test_a_timestamp_of_the_same_version_changes_nothing(
    desk: Desk, repository: Repository
) -> None:
    assert desk.refresh() == 0
    before = desk.state()
    repository.timestamp.snapshot_meta.version = 100
    repository.publish_as_it_is("timestamp")

    assert desk.refresh() == 0
    assert desk.state() == before
    assert repository.requests[-1] == ("timestamp", None)


def test_hashes_and_lengths_of_metadata_are_held_to(desk: Desk, repository: Repository) -> None:
    repository.with_hashes = True
    repository.publish_all()
    assert desk.refresh() == 0
    assert desk.versions() == {"root": 1, "snapshot": 2, "targets": 2, "timestamp": 2}

    repository.publish("targets")
    repository.snapshot.meta["targets.json"].hashes["sha256"] = "46" * 32
    repository.publish("snapshot", "timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 1, "snapshot": 3, "targets": 2, "timestamp": 3}


def test_a_length_of_metadata_that_is_wrong_is_refused(desk: Desk, repository: Repository) -> None:
    repository.with_hashes = True
    repository.publish("targets", "snapshot")
    repository.timestamp.snapshot_meta.length += 1
    repository.publish("timestamp")

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 1, "timestamp": 2}


def test_fields_that_nobody_knows_are_signed_like_the_others(
    desk: Desk, repository: Repository
) -> None:
    assert desk.refresh() == 0
    root = repository.root
    root.unrecognized_fields["x-one"] = {"letters": '\u00e9\U0001f402 " \\', "none": None}
    keyid = root.roles["root"].keyids[0]
    root.keys[keyid].unrecognized_fields["x-two"] = [1, -2, True, False, []]
    root.roles["root"].unrecognized_fields["x-three"] = "value"
    repository.publish("root")

    assert desk.refresh() == 0
    assert desk.version("root") == 2


@pytest.mark.parametrize("role", TOP[1:])
def test_a_file_that_is_missing_ends_the_refresh(
    desk: Desk, repository: Repository, role: str
) -> None:
    path = "timestamp" if role == "timestamp" else f"1.{role}"
    repository.status[f"metadata/{path}.json"] = 404

    assert desk.refresh() == 1
    assert desk.versions() == BEFORE[role]


def test_a_root_that_is_forbidden_is_the_end_of_the_chain(
    desk: Desk, repository: Repository
) -> None:
    repository.status["metadata/2.root.json"] = 403

    assert desk.refresh() == 0


def test_a_server_in_trouble_is_no_end_of_the_chain(desk: Desk, repository: Repository) -> None:
    repository.status["metadata/2.root.json"] = 500

    assert desk.refresh() == 1
    assert desk.versions() == {"root": 1}


def test_without_consistent_snapshots_names_have_no_versions(
    desk: Desk, repository: Repository
) -> None:
    repository.root.consistent_snapshot = False
    repository.publish("root")
    repository.add_target("dir/a.txt", b"a")
    repository.publish_all()

    assert desk.download("dir/a.txt") == 0
    assert repository.requests == [
        ("root", 2), ("root", 3), ("timestamp", None), ("snapshot", None), ("targets", None),
    ]  # fmt: skip
    assert repository.downloads == ["dir/a.txt"]


def test_the_clock_of_the_system_is_obeyed(desk: Desk) -> None:
    assert desk.refresh(NOW + timedelta(days=31)) == 1
    assert desk.refresh(NOW) == 0
