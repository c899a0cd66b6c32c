"""Keys change: of root through its chain, of the other roles by root's word."""

from dataclasses import dataclass

import pytest
from tuf_repository import Repository
from tuf_rig import Desk


@dataclass(frozen=True)
class Root:
    """A version of root: whose keys it lists, how many must sign, and who has signed."""

    keys: str  # a digit each
    threshold: int
    signed: str


# Chains of root, the first of which is given to the device; all of each chain is taken.
GOOD = {
    "one key for another": [Root("1", 1, "1"), Root("2", 1, "21"), Root("2", 1, "2")],
    "strangers sign too": [Root("1", 1, "314"), Root("2", 1, "3214"), Root("2", 1, "324")],
    "another three of five each time": [
        Root("01234", 3, "024"), Root("01234", 3, "041"), Root("01234", 3, "013"),
        Root("01234", 3, "013"),
    ],
    "one of five at once": [Root("01234", 3, "024"), Root("01345", 3, "041")],
    "one of five in two steps": [
        Root("01234", 3, "024"), Root("01345", 3, "0245"), Root("01345", 3, "045"),
    ],
    "all of five in two steps": [
        Root("01234", 3, "024"), Root("56789", 3, "024567"), Root("56789", 3, "567"),
    ],
    "one of three becomes two": [Root("123", 1, "1"), Root("123", 2, "12")],
    "two of three become one": [
        Root("123", 2, "12"), Root("123", 1, "12"), Root("123", 1, "1"),
    ],
    "a second key": [Root("1", 1, "1"), Root("12", 2, "12")],
}  # fmt: skip
# The last of each chain is refused.
BAD = {
    "not by the old key": [Root("1", 1, "1"), Root("2", 1, "234")],
    "not by the new key": [Root("1", 1, "1"), Root("2", 1, "134")],
    "not by three of the new": [Root("01234", 3, "024"), Root("01345", 3, "024")],
    "not by three of the old": [Root("01234", 3, "024"), Root("01345", 3, "045")],
    "the new threshold is not met": [Root("123", 1, "1"), Root("123", 2, "2")],
    "the old threshold is not met": [Root("123", 2, "12"), Root("123", 1, "1")],
}


def publish_chain(repository: Repository, chain: list[Root]) -> None:
    pool = [repository.new_signer() for _ in range(10)]
    repository.published["root"].clear()
    for version, root in enumerate(chain, 1):
        keys = [pool[int(digit)] for digit in root.keys]
        repository.set_keys("root", keys, [pool[int(digit)] for digit in root.signed])
        repository.root.roles["root"].threshold = root.threshold
        repository.root.version = version
        repository.publish_as_it_is("root")


@pytest.mark.parametrize("name", GOOD)
def test_a_chain_of_roots(desk: Desk, repository: Repository, name: str) -> None:
    publish_chain(repository, GOOD[name])
    assert desk.init(repository.published["root"][0]) == 0

    assert desk.refresh() == 0
    assert desk.state()["root.json"] == repository.published["root"][-1]


@pytest.mark.parametrize("name", BAD)
def test_a_chain_of_roots_that_breaks(desk: Desk, repository: Repository, name: str) -> None:
    publish_chain(repository, BAD[name])
    assert desk.init(repository.published["root"][0]) == 0

    assert desk.refresh() == 1
    assert desk.state()["root.json"] == repository.published["root"][-2]


# Keys, threshold and signatures of a role that is not root, after they changed.
ROLE = {
    "another key": (Root("2", 1, "2"), True),
    "strangers sign too": (Root("1", 1, "314"), True),
    "not by the new key": (Root("2", 1, "134"), False),
    "one signature is a former key's": (Root("01345", 3, "024"), False),
    "two of three": (Root("01345", 3, "04"), False),
    "three of five: 0 2 4": (Root("01234", 3, "024"), True),
    "three of five: 0 4 1": (Root("01234", 3, "041"), True),
    "three of five: 0 1 3": (Root("01234", 3, "013"), True),
    "three of five: 1 2 3": (Root("01234", 3, "123"), True),
    "three of five: 2 3 4": (Root("01234", 3, "234"), True),
}


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
@pytest.mark.parametrize("name", ROLE)
def test_keys_of_another_role(desk: Desk, repository: Repository, name: str, role: str) -> None:
    change, good = ROLE[name]
    assert desk.refresh() == 0
    pool = [repository.new_signer() for _ in range(6)]
    keys = [pool[int(digit)] for digit in change.keys]
    repository.set_keys(role, keys, [pool[int(digit)] for digit in change.signed])
    repository.root.roles[role].threshold = change.threshold
    repository.publish("root", "targets", "snapshot", "timestamp")

    assert desk.refresh() == (0 if good else 1)
    assert desk.version("root") == 2
    assert desk.version(role) == (2 if good else 1)


def test_a_file_that_the_new_keys_did_not_sign_is_fetched_again(
    desk: Desk, repository: Repository
) -> None:
    """Same version, other signatures: the stored one is worth nothing under the new root."""
    assert desk.refresh() == 0
    repository.rotate("targets")
    repository.publish("root")
    repository.publish_as_it_is("targets")

    assert desk.refresh() == 0
    assert desk.state()["targets.json"] == repository.published["targets"][-1]
    assert repository.requests[-1] == ("targets", 1)


def test_a_long_chain_is_followed_in_one_refresh(desk: Desk, repository: Repository) -> None:
    repository.publish(*["root"] * 40)

    assert desk.refresh() == 0
    assert desk.version("root") == 41
