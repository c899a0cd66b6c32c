"""Names that mean something to a web server or a file system, or are not ASCII."""

from urllib.parse import quote

import pytest
from tuf_repository import Repository
from tuf_rig import Desk

NAMES = [
    "?", "#", "/delegated", "../delegated", "..", ".", "a b", "%2F", "a%b", "\\", "\"", "root.json",
    "1.root", "\u00e9", "\u732b", "\U0001f402", "a:b", "~", "settled",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_role_of_an_odd_name(desk: Desk, repository: Repository, name: str) -> None:
    repository.delegate("targets", name)
    repository.add_target("file", b"contents", name)
    repository.publish_all()

    assert desk.download("file") == 0
    assert desk.files() == [b"contents"]
    assert repository.requests[-1] == (quote(name, ""), 1)
    assert desk.version(quote(name, "")) == 1
    assert len(desk.versions()) == 5
    folder = desk.metadata.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "initial.json", "metadata", "targets",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a b", "dir/a?b", "%41", "#", "dir/\U0001f402", "\u00e9/\u00fc"])
def test_a_target_of_an_odd_name(desk: Desk, repository: Repository, name: str) -> None:
    found = repository.add_target(name, b"contents")
    repository.publish_all()

    assert desk.download(name) == 0
    assert desk.files() == [b"contents"]
    folder, slash, file = name.rpartition("/")
    assert repository.downloads == [folder + slash + found.hashes["sha256"] + "." + file]


@pytest.mark.parametrize("name", ["../../escaped", "/absolute", "..", "a/../../b"])
def test_a_target_stays_in_its_folder(desk: Desk, repository: Repository, name: str) -> None:
    repository.add_target(name, b"contents")
    repository.publish_all()

    assert desk.download(name) == 0
    assert desk.files() == [b"contents"]


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets", ""])
def test_a_delegated_role_cannot_take_a_top_level_role_s_place(
    desk: Desk, repository: Repository, name: str
) -> None:
    assert desk.refresh() == 0
    before = desk.state()
    repository.delegate("targets", "stand-in")
    repository.publish("stand-in")
    roles = repository.targets.delegations.roles  # type: ignore[union-attr]
    roles["stand-in"].name = name
    repository.publish("targets", "snapshot", "timestamp")

    assert desk.download("file") == 1
    assert desk.state()["root.json"] == before["root.json"]
    assert desk.state()["targets.json"] == before["targets.json"]
