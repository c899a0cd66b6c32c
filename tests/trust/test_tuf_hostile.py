"""Whatever a server sends: a named error, on both interpreters, and nothing trusted that was not.

The corpus is every place of every file made wrong, unsigned as from the network and signed as by a
careless signer, and bytes that are no metadata at all.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import tuf_hostile as hostile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seesaw.update import errors
from seesaw.update.errors import TufError
from seesaw.update.metadata import read
from tuf_memory import NOW_S, Store, client, refreshed, run
from tuf_repository import TOP, Repository
from tuf_rig import Desk, Vm
from tuf_vm import answers, here

NAMED = {
    name for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, TufError)
}  # fmt: skip
# What becomes of the file of a role: "" when it is taken, else the name of the error. The rest of
# the repository is good, and one Trusted meets case after case until one is taken.
PROGRAM = """
import json
from seesaw.update.trusted import Trusted

good = {good!r}
root = json.loads(good["root"])["signed"]
ready = {{}}

def prepared(role):
    trusted = Trusted(good["root"], {now_s}, None)
    if role != "root":
        trusted.remember(None, None)
    if role in ("snapshot", "targets", "delegated"):
        trusted.update_timestamp(good["timestamp"])
    if role in ("targets", "delegated"):
        trusted.update_snapshot(good["snapshot"])
    if role == "delegated":
        trusted.update_targets(good["targets"], "targets", "root")
    return trusted

def update(trusted, role, raw):
    if role == "root":
        trusted.update_root(raw)
    elif role == "timestamp":
        trusted.update_timestamp(raw)
    elif role == "snapshot":
        trusted.update_snapshot(raw)
    else:
        trusted.update_targets(raw, role, "root" if role == "targets" else "targets")

def answer(case):
    role, _, raw = case.partition(b" ")
    role = role.decode()
    if role not in ready:
        ready[role] = prepared(role)
    trusted = ready[role]
    try:
        update(trusted, role, raw)
    except Exception as error:
        found = {{"timestamp": trusted.timestamp, "snapshot": trusted.snapshot}}
        if trusted.root != root or found.get(role) or role in trusted.targets:
            return b"trusted all the same"
        return type(error).__name__.encode()
    del ready[role]
    return b""
"""
ROLES = ("root", "timestamp", "snapshot", "targets", "delegated")


@pytest.fixture(scope="module")
def full() -> Repository:
    """All that a file can have, with keys that are cheap; the second root is on offer."""
    repository = Repository("rsa")
    repository.delegate("targets", "delegated", ["dir/*"])
    repository.delegate("targets", "hashed", prefixes=["ab"])
    repository.add_target("file", b"contents", hashes=["sha256", "sha512"])
    repository.targets.targets["file"].unrecognized_fields["custom"] = {"a": [1, {"b": None}]}
    repository.timestamp.unrecognized_fields["x-seesaw-issued"] = NOW_S
    repository.publish_all()
    repository.publish("root")
    return repository


def program(repository: Repository) -> str:
    good = {role: repository.published[role][-1] for role in TOP}
    good["root"] = repository.published["root"][0]
    return PROGRAM.format(good=good, now_s=NOW_S)


def verdicts(repository: Repository, role: str, cases: list[bytes], vm: Vm, folder: Path) -> list:
    """Of both interpreters, which must agree."""
    last = repository.published[role][-1]  # taken still, after all that was refused
    named = [role.encode() + b" " + case for case in [*cases, last]]
    mine = here(program(repository), named)
    theirs = answers(vm, folder, program(repository), named)
    assert mine.pop() == theirs.pop() == b""
    for case, one, other in zip(cases, mine, theirs, strict=True):
        assert (one == b"") == (other == b""), case[:300]
        assert one.decode() in NAMED | {""}, (one, case[:300])
        assert other.decode() in NAMED | {""}, (other, case[:300])
    return mine


@pytest.mark.parametrize("role", ROLES)
def test_every_place_made_wrong(full: Repository, role: str, vm: Vm, tmp_path: Path) -> None:
    raw = full.published[role][-1]
    good = json.loads(raw)
    cases = list(hostile.values(raw))
    found = verdicts(full, role, [hostile.as_bytes(case) for case in cases], vm, tmp_path)

    for case, verdict in zip(cases, found, strict=True):
        # What is signed is not what was signed; the signatures themselves may be spoilt or more.
        assert verdict or case["signed"] == good["signed"], case
    assert sum(not verdict for verdict in found) < len(found) / 50


@pytest.mark.parametrize("role", ROLES)
def test_every_place_made_wrong_and_signed(
    full: Repository, role: str, vm: Vm, tmp_path: Path
) -> None:
    cases = [
        hostile.signed_again(full, role, value)
        for value in hostile.values(full.published[role][-1])
        if isinstance(value, dict)
    ]
    found = verdicts(full, role, [hostile.as_bytes(case) for case in cases], vm, tmp_path)

    taken = [case["signed"] for case, verdict in zip(cases, found, strict=True) if not verdict]
    for signed in taken:
        assert well_formed(signed)
    assert taken


def well_formed(signed: Any) -> bool:
    """What a device relies upon, said once more."""
    assert signed["version"] >= 1 and type(signed["version"]) is int
    assert signed["spec_version"].startswith("1.")
    if signed["_type"] == "root":
        for role in TOP:
            assert type(signed["roles"][role]["threshold"]) is int
            assert signed["roles"][role]["threshold"] >= 1
            assert all(type(keyid) is str for keyid in signed["roles"][role]["keyids"])
    elif signed["_type"] == "timestamp":
        assert signed["meta"]["snapshot.json"]["version"] >= 1
    elif signed["_type"] == "snapshot":
        assert all(type(file["version"]) is int for file in signed["meta"].values())
    else:
        assert all(type(target["length"]) is int for target in signed["targets"].values())
        for role in signed.get("delegations", {"roles": []})["roles"]:
            assert type(role["name"]) is str and role["name"] not in ("", *TOP)
    return True


@pytest.mark.parametrize("role", ROLES)
def test_bytes_that_are_no_metadata(full: Repository, role: str, vm: Vm, tmp_path: Path) -> None:
    raw = full.published[role][-1]
    cases = list(hostile.broken(raw))
    found = verdicts(full, role, cases, vm, tmp_path)

    for case, verdict in zip(cases, found, strict=True):
        assert verdict or json.loads(case)["signed"] == json.loads(raw)["signed"]


splices = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.binary(max_size=12) | st.just(b'"')),
    min_size=1,
    max_size=4,
)


@given(st.lists(st.tuples(st.sampled_from(ROLES), splices), min_size=1, max_size=20))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bytes_spliced_at_random(full: Repository, vm: Vm, tmp_path: Path, cases: list) -> None:
    for role, edits in cases:
        raw = full.published[role][-1]
        spliced = raw
        for where, cut, put in edits:
            at = int(where * len(spliced))
            spliced = spliced[:at] + put + spliced[at + cut :]
        (mine,) = here(program(full), [role.encode() + b" " + spliced])
        (theirs,) = answers(vm, tmp_path, program(full), [role.encode() + b" " + spliced])

        assert mine.decode() in NAMED | {""}
        assert theirs.decode() in NAMED | {""}
        for verdict in (mine, theirs):
            assert verdict or same_signed(spliced, raw)


def same_signed(spliced: bytes, raw: bytes) -> bool:
    """It was taken: then the splices have left alone what is signed (or CPython cannot read what
    MicroPython's looser json can)."""
    try:
        return json.loads(spliced)["signed"] == json.loads(raw)["signed"]
    except ValueError:
        return True


@pytest.mark.parametrize("role", TOP)
def test_the_store_is_as_it_was_after_a_refusal(role: str) -> None:
    repository = Repository("rsa")
    store = refreshed(repository)
    repository.publish("root")
    repository.publish_all()
    good = repository.published[role][-1]
    bad = [*hostile.broken(good), *map(hostile.as_bytes, list(hostile.values(good))[::7])]
    earlier = TOP[: TOP.index(role)]
    for raw in bad:
        repository.published[role][-1] = raw
        repository.instead[role, 2] = raw
        before = Store(store)
        try:
            run(client(repository, before).refresh())
        except TufError:
            # The files that come before it in an update were good, and are kept.
            changed = {name for name in before if before[name] != store.get(name)}
            assert changed == {f"{name}.json" for name in earlier}
        else:
            assert json.loads(raw)["signed"] == json.loads(good)["signed"]


@pytest.mark.parametrize("role", TOP)
def test_ten_megabytes_are_not_read(full: Repository, role: str) -> None:
    for raw in hostile.huge(full.published[role][-1]):
        with pytest.raises(TufError):
            read(raw, role)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_ten_megabytes_are_not_fetched(desk: Desk, repository: Repository, role: str) -> None:
    """Through the desk program's sockets."""
    repository.published[role][-1] = b" " * 10_000_000

    assert desk.refresh() == 1
    assert role not in desk.versions()
