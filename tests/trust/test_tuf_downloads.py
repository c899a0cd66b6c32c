"""Target files: only the bytes that are signed, and fetched once."""

import pytest
from tuf_repository import Repository
from tuf_rig import Desk


def test_a_target_is_downloaded(desk: Desk, repository: Repository) -> None:
    found = repository.add_target("file.txt", b"contents")
    repository.publish_all()

    assert desk.refresh() == 0
    assert desk.files() == []
    assert desk.download("file.txt") == 0
    assert desk.files() == [b"contents"]
    assert repository.downloads == [found.hashes["sha256"] + ".file.txt"]


def test_a_target_in_a_folder_is_downloaded(desk: Desk, repository: Repository) -> None:
    found = repository.add_target("a/path/to/file.txt", b"contents")
    repository.publish_all()

    assert desk.download("a/path/to/file.txt") == 0
    assert desk.files() == [b"contents"]
    assert repository.downloads == ["a/path/to/" + found.hashes["sha256"] + ".file.txt"]


def test_an_empty_target_is_downloaded(desk: Desk, repository: Repository) -> None:
    repository.add_target("empty", b"")
    repository.publish_all()

    assert desk.download("empty") == 0
    assert desk.files() == [b""]


def test_a_target_of_many_pieces_is_downloaded(desk: Desk, repository: Repository) -> None:
    data = bytes(range(256)) * 400
    repository.add_target("big", data)
    repository.publish_all()

    assert desk.download("big") == 0
    assert desk.files() == [data]


@pytest.mark.parametrize("bad", [b"malicious", b"contentS", b"content", b"contents and more", b""])
def test_other_bytes_are_never_kept(desk: Desk, repository: Repository, bad: bytes) -> None:
    repository.add_target("one", b"contents")
    repository.add_target("two", b"contents")
    repository.publish_all()
    assert desk.download("one") == 0
    repository.files = {"one": bad, "two": bad}

    assert desk.download("one") == 0  # it is there
    assert desk.download("two") == 1
    assert desk.files() == [b"contents"]


def test_a_target_changes_many_times(desk: Desk, repository: Repository) -> None:
    repository.add_target("file", b"first")
    repository.publish_all()
    assert desk.download("file") == 0
    for number in range(5):
        data = b"contents %d" % number
        repository.add_target("file", data)
        repository.publish_all()
        if number % 2:
            continue  # the device sees every second version

        assert desk.download("file") == 0
        assert desk.files() == [data]

        repository.files["file"] = b"malicious %d" % number
        repository.publish_all()
        assert desk.download("file") == 0
        assert desk.files() == [data]


def test_what_is_there_is_not_fetched_again(desk: Desk, repository: Repository) -> None:
    repository.add_target("file", b"contents")
    repository.publish_all()

    assert desk.download("file") == 0
    assert desk.download("file") == 0
    assert len(repository.downloads) == 1


def test_what_was_spoilt_on_the_device_is_fetched_again(desk: Desk, repository: Repository) -> None:
    repository.add_target("file", b"contents")
    repository.publish_all()
    assert desk.download("file") == 0
    (path,) = desk.downloads.iterdir()
    path.write_bytes(b"Contents")

    assert desk.download("file") == 0
    assert desk.files() == [b"contents"]


@pytest.mark.parametrize("hashes", [["sha256"], ["sha512"], ["sha256", "sha512"]])
def test_both_hashes_are_known(desk: Desk, repository: Repository, hashes: list[str]) -> None:
    found = repository.add_target("file", b"contents", hashes=hashes)
    repository.publish_all()

    assert desk.download("file") == 0
    assert desk.files() == [b"contents"]
    (name,) = repository.downloads
    assert name.removesuffix(".file") in found.hashes.values()


@pytest.mark.parametrize("wrong", ["sha256", "sha512"])
def test_each_hash_that_is_known_must_match(desk: Desk, repository: Repository, wrong: str) -> None:
    found = repository.add_target("file", b"contents", hashes=["sha256", "sha512"])
    found.hashes[wrong] = "00" + found.hashes[wrong][2:]
    repository.hash_names["file"] = set(found.hashes.values())
    repository.publish_all()

    assert desk.download("file") == 1
    assert desk.files() == []


def test_a_hash_that_nobody_knows_is_no_hash(desk: Desk, repository: Repository) -> None:
    found = repository.add_target("file", b"contents", hashes=["sha512"])
    found.hashes = {"unknown-hash": found.hashes["sha512"]}
    repository.publish_all()

    assert desk.download("file") == 1
    assert desk.files() == []


def test_a_hash_that_nobody_knows_is_ignored_beside_one_that_is(
    desk: Desk, repository: Repository
) -> None:
    found = repository.add_target("file", b"contents")
    found.hashes["another"] = "00"
    repository.publish_all()

    assert desk.download("file") == 0
