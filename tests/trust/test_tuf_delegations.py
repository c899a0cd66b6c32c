"""The search for a target through delegated roles: whom it asks, in which order, and believes."""

from hashlib import sha256

import pytest
from tuf_repository import Repository
from tuf_rig import Desk

# Delegations "delegator>role", "!" terminating, "(pattern)" other than "*"; then the roles that a
# search for "missing" visits.
GRAPHS = {
    "one": ("targets>A", "A"),
    "two": ("targets>A targets>B", "A B"),
    "a grandchild": ("targets>A targets>B B>C", "A B C"),
    "depth first": ("targets>A targets>B A>C A>D", "A C D B"),
    "deeper first": ("targets>A targets>B A>C C>D", "A C D B"),
    "terminating hides siblings": ("targets>A targets>B A>C! A>D", "A C"),
    "terminating keeps descendants": ("targets>A targets>B A>C! C>D", "A C D"),
    "terminating at the top": ("targets>A! targets>B A>C", "A C"),
    "a branch of another pattern": ("targets>A(*.py) targets>B A>C", "B"),
    "a leaf of another pattern": ("targets>A targets>B A>C(*.py) C>D", "A B"),
    "terminating of another pattern": ("targets>A(*.py)! targets>B", "B"),
    "a cycle": ("targets>A targets>B B>C C>D D>B", "A B C D"),
    "a role for itself": ("targets>A A>A targets>B", "A B"),
    "two for one": ("targets>A targets>B B>C A>C", "A C B"),
    "two for one, one pattern": ("targets>A targets>B B>C A>C(*.py)", "A B C"),
}


def build(repository: Repository, graph: str) -> None:
    keys = {}
    for edge in graph.split():
        delegator, _, name = edge.removesuffix("!").partition(">")
        name, _, pattern = name.removesuffix(")").partition("(")
        keys[name] = repository.delegate(
            delegator, name, [pattern or "*"], key=keys.get(name), terminating=edge[-1] == "!"
        )


def visited(repository: Repository) -> list[str]:
    return [role for role, _ in repository.requests[4:]]


@pytest.mark.parametrize("name", GRAPHS)
def test_a_search_that_finds_nothing(desk: Desk, repository: Repository, name: str) -> None:
    graph, order = GRAPHS[name]
    build(repository, graph)
    repository.publish_all()

    assert desk.download("missing") == 1
    assert visited(repository) == order.split()


# targets gives *.doc and *.md to A, releases/*/* to B; B gives releases/x/* to C and
# releases/y/*.zip to D. Path: the role that has it, is it found, and who is asked.
SEARCHES = {
    "file": ("targets", True, ""),
    "README.md": ("A", True, "A"),
    "README.txt": ("A", False, ""),
    "docs/README.md": ("A", False, ""),
    "releases/x/v1": ("C", True, "B C"),
    "releases/y/v1.zip": ("D", True, "B D"),
    "releases/y/v1.tar": ("D", False, "B"),
    "releases/z/v1.zip": ("D", False, "B"),
    "releases/x/y/z": ("C", False, ""),
}


@pytest.mark.parametrize("path", SEARCHES)
def test_a_search(desk: Desk, repository: Repository, path: str) -> None:
    holder, found, order = SEARCHES[path]
    repository.delegate("targets", "A", ["*.doc", "*.md"])
    repository.delegate("targets", "B", ["releases/*/*"])
    repository.delegate("B", "C", ["releases/x/*"])
    repository.delegate("B", "D", ["releases/y/*.zip"])
    repository.add_target(path, b"contents", holder)
    repository.publish_all()

    assert desk.download(path) == (0 if found else 1)
    assert desk.files() == ([b"contents"] if found else [])
    assert visited(repository) == order.split()


def test_the_first_role_has_the_say(desk: Desk, repository: Repository) -> None:
    build(repository, "targets>A targets>B")
    repository.add_target("file", b"of B", "B")
    repository.add_target("file", b"of A", "A")
    repository.publish_all()

    assert desk.download("file") == 0
    assert desk.files() == [b"of A"]


def test_path_hash_prefixes(desk: Desk, repository: Repository) -> None:
    digest = sha256(b"file").hexdigest()
    others = [hex(number)[2:] for number in range(16) if hex(number)[2:] != digest[0]]
    repository.delegate("targets", "A", prefixes=others)
    repository.delegate("targets", "B", prefixes=["00000", digest[:3]])
    repository.add_target("file", b"contents", "B")
    repository.publish_all()

    assert desk.download("file") == 0
    assert visited(repository) == ["B"]


def test_a_role_that_snapshot_does_not_list(desk: Desk, repository: Repository) -> None:
    build(repository, "targets>A targets>B")
    repository.add_target("file", b"contents", "B")
    repository.publish("A", "B", "targets")
    del repository.snapshot.meta["A.json"]
    repository.publish("snapshot", "timestamp")

    assert desk.download("file") == 1
    assert visited(repository) == []


def test_a_role_that_its_delegator_s_keys_did_not_sign(desk: Desk, repository: Repository) -> None:
    build(repository, "targets>A")
    repository.signers["A"] = [repository.new_signer()]
    repository.add_target("file", b"contents", "A")
    repository.publish_all()

    assert desk.download("file") == 1
    assert "A" not in desk.versions()


def test_a_stored_role_is_judged_by_each_delegator(desk: Desk, repository: Repository) -> None:
    """A and B delegate to C, each with a key of its own; C is signed for A alone."""
    repository.delegate("targets", "A", ["a/*"])
    repository.delegate("targets", "B", ["b/*"])
    repository.delegate("A", "C", ["a/*"])
    repository.delegate("B", "C", ["b/*"])
    repository.signers["C"].pop()
    repository.add_target("a/file", b"contents of a", "C")
    repository.add_target("b/file", b"contents of b", "C")
    repository.publish_all()

    assert desk.download("a/file", "b/file") == 1
    assert desk.files() == [b"contents of a"]
    assert desk.download("b/file") == 1
    assert desk.download("a/file") == 0


def test_two_targets_in_one_session(desk: Desk, repository: Repository) -> None:
    build(repository, "targets>A targets>B")
    repository.add_target("one", b"one", "A")
    repository.add_target("two", b"two", "B")
    repository.publish_all()

    assert desk.download("two", "one") == 0
    assert desk.files() == [b"two", b"one"]
    assert visited(repository) == ["A", "B"]


def test_delegated_roles_that_are_there_are_not_fetched_again(
    desk: Desk, repository: Repository
) -> None:
    build(repository, "targets>A A>B")
    repository.publish_all()
    assert desk.download("missing") == 1
    repository.requests.clear()

    assert desk.download("missing") == 1
    assert repository.requests == [("root", 2), ("timestamp", None)]


def test_a_new_version_of_a_delegated_role(desk: Desk, repository: Repository) -> None:
    build(repository, "targets>A")
    repository.publish_all()
    assert desk.download("file") == 1
    repository.add_target("file", b"contents", "A")
    repository.publish("A", "snapshot", "timestamp")

    assert desk.download("file") == 0
    assert desk.versions() == {"A": 2, "root": 1, "snapshot": 3, "targets": 2, "timestamp": 3}


def test_a_search_visits_a_bounded_number_of_roles(desk: Desk, repository: Repository) -> None:
    key = repository.new_signer()
    for number in range(40):
        repository.delegate("targets", f"R{number:02}", key=key)
    repository.add_target("near", b"near", "R30")
    repository.add_target("far", b"far", "R31")
    repository.publish_all()

    assert desk.download("near") == 0
    assert desk.download("far") == 1
    assert len(visited(repository)) == 31 + 2  # and root and timestamp again
