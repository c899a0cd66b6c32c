"""What the client keeps: in which order, how it heals, and when a look costs one request."""

import itertools
from datetime import timedelta

import pytest
from seesaw.data.search import find
from seesaw.update import client as clients
from seesaw.update.client import Client
from seesaw.update.errors import Expired, FetchError, Mismatch, TufError, Unsigned
from seesaw.update.metadata import LENGTH_MAX
from tuf_memory import NOW_S, PowerCut, Store, Web, client, refreshed, run
from tuf_repository import TOP, Repository

FILES = [role + ".json" for role in TOP]
DAY = timedelta(days=1)


@pytest.fixture
def repository() -> Repository:
    """Keys that are cheap to verify."""
    return Repository("rsa")


def newest(repository: Repository) -> dict[str, bytes]:
    return {role + ".json": repository.published[role][-1] for role in TOP}


def test_files_are_replaced_from_root_to_targets(repository: Repository) -> None:
    store = refreshed(repository)
    repository.publish("root", "root")
    repository.publish_all()
    store.saves.clear()
    refreshed(repository, store)

    assert store.saves == ["root.json", "root.json", "timestamp.json", "snapshot.json",
                           "targets.json"]  # fmt: skip
    assert store == newest(repository)


def test_with_nothing_new_nothing_is_written(repository: Repository) -> None:
    store = refreshed(repository)
    store.saves.clear()

    assert refreshed(repository, store).saves == []


@pytest.mark.parametrize("saves", range(5))
def test_a_power_cut_between_any_two_files_heals(repository: Repository, saves: int) -> None:
    before = refreshed(repository)
    repository.publish("root", "root")
    repository.publish_all()
    cut = Store(before, cut_after=saves)
    with pytest.raises(PowerCut):
        run(client(repository, cut).refresh())

    assert refreshed(repository, Store(cut)) == newest(repository)


def test_whatever_is_in_the_store_heals(repository: Repository) -> None:
    """Each file missing, old, new, or rubbish, in all combinations."""
    old = dict(refreshed(repository))
    repository.publish("root")
    repository.publish_all()
    new = newest(repository)
    rubbish = {"root.json": b"", "timestamp.json": b"\0" * 99, "snapshot.json": b"{}",
               "targets.json": new["snapshot.json"]}  # fmt: skip
    for kinds in itertools.product([{}, old, new, rubbish], repeat=4):
        found = {name: kind[name] for name, kind in zip(FILES, kinds, strict=True) if name in kind}
        store = Store(found)
        run(client(repository, store, root=old["root.json"]).refresh())

        assert store == new, kinds


def test_a_lost_store_falls_back_to_the_carried_root(repository: Repository) -> None:
    store = Store({})
    run(client(repository, store, root=repository.published["root"][0]).refresh())

    # The carried root is kept in the bundle and not copied.
    assert store == {name: raw for name, raw in newest(repository).items() if name != "root.json"}


def test_a_carried_root_that_is_newer_is_used(repository: Repository) -> None:
    store = refreshed(repository)
    repository.publish("root")
    repository.requests.clear()
    run(client(repository, store, root=repository.published["root"][1]).refresh())

    assert repository.requests[0] == ("root", 3)


def test_a_carried_root_that_is_older_is_not_used(repository: Repository) -> None:
    first = repository.published["root"][0]
    repository.publish("root")
    store = refreshed(repository)
    repository.requests.clear()
    run(client(repository, store, root=first).refresh())

    assert repository.requests[0] == ("root", 3)


def test_without_any_root_nothing_is_asked(repository: Repository) -> None:
    repository.requests.clear()
    with pytest.raises(TufError):
        run(client(repository, Store({})).refresh())

    assert repository.requests == []


def test_the_chain_of_roots_is_bounded(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ROOTS_MAX", 3)
    repository.publish(*["root"] * 5)
    store = refreshed(repository)
    assert store["root.json"] == repository.published["root"][3]

    refreshed(repository, store)
    assert store["root.json"] == repository.published["root"][5]


@pytest.mark.parametrize("with_lengths", [False, True])
def test_no_more_is_fetched_than_is_signed(repository: Repository, with_lengths: bool) -> None:
    repository.with_hashes = with_lengths
    repository.publish_all()
    web = Web(repository)
    store = Store({"root.json": repository.published["root"][0]})
    run(Client(store, web, None, lambda: NOW_S, None).refresh())

    signed = {f"2.{role}.json": len(repository.published[role][-1]) for role in TOP[2:]}
    limits = {f"2.{role}.json": LENGTH_MAX[role] for role in TOP[2:]}
    first = {"2.root.json": LENGTH_MAX["root"], "timestamp.json": LENGTH_MAX["timestamp"]}
    assert web.length_max == first | (signed if with_lengths else limits)


def test_a_role_is_read_by_its_name(repository: Repository) -> None:
    repository.delegate("targets", "board", ["board/*"])
    repository.add_target("board/bundle", b"contents", "board")
    repository.publish_all()
    one = client(repository, Store({"root.json": repository.published["root"][0]}))
    run(one.refresh())

    assert list(run(one.role("board"))["targets"]) == ["board/bundle"]
    assert run(one.role("targets"))["version"] == 2
    assert run(find(one, "board/bundle"))["length"] == 8


def test_a_role_that_nobody_delegates_to_is_not_read(repository: Repository) -> None:
    repository.delegate("targets", "board", ["board/*"])
    repository.delegate("board", "other", ["board/*"])
    repository.publish_all()
    one = client(repository, Store({"root.json": repository.published["root"][0]}))
    run(one.refresh())

    with pytest.raises(Unsigned):  # listed in snapshot and well signed, but not for targets
        run(one.role("other"))
    with pytest.raises(Mismatch):
        run(one.role("unheard-of"))
    run(one.role("board"))
    assert run(one.role("other", "board"))["version"] == 1
    with pytest.raises(Unsigned):  # other delegates to nobody at all
        run(one.role("board", "other"))


# -- a look with nothing new ---------------------------------------------------------------------


def look(repository: Repository, store: Store, now_s: int | None = NOW_S) -> bool:
    return run(clients.unchanged(store, Web(repository), lambda: now_s))


def settled(repository: Repository) -> Store:
    store = refreshed(repository)
    one = client(repository, store)
    run(one.refresh())
    one.settle()
    repository.requests.clear()
    return store


def test_a_look_with_nothing_new_is_one_request_and_no_signature(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = settled(repository)
    monkeypatch.setattr("seesaw.crypto.keys.verifier", None)

    assert look(repository, store)
    assert repository.requests == [("timestamp", None)]


def test_what_was_never_settled_is_not_unchanged(repository: Repository) -> None:
    assert not look(repository, refreshed(repository))


def test_a_new_timestamp_is_something_new(repository: Repository) -> None:
    store = settled(repository)
    repository.publish("timestamp")

    assert not look(repository, store)


def test_a_power_cut_before_targets_leaves_it_unsettled(repository: Repository) -> None:
    store = settled(repository)
    repository.publish_all()
    cut = Store(store, cut_after=2)
    with pytest.raises(PowerCut):
        run(client(repository, cut).refresh())

    assert not look(repository, cut)


def test_the_same_timestamp_past_its_date_is_said(repository: Repository) -> None:
    store = settled(repository)

    with pytest.raises(Expired):
        look(repository, store, NOW_S + 31 * 86400)
    assert look(repository, store, None)


def test_a_server_out_of_reach_is_said(repository: Repository) -> None:
    store = settled(repository)
    repository.status["metadata/timestamp.json"] = 500

    with pytest.raises(FetchError):
        look(repository, store)


# -- a refresh verifies no more than it must -----------------------------------------------------


def test_each_stored_file_is_verified_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = refreshed(repository)
    from seesaw.update import trusted

    verified: list[str] = []
    verifies = trusted._verifies

    def counting(signed: dict, *rest: object) -> bool:
        verified.append(signed["_type"])
        return verifies(signed, *rest)

    monkeypatch.setattr(trusted, "_verifies", counting)
    refreshed(repository, store)

    assert verified == ["root", "timestamp", "snapshot", "targets"]


def test_only_the_threshold_is_verified(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        repository.add_key("root")
    repository.root.roles["root"].threshold = 2
    repository.publish("root")
    from seesaw.update import trusted

    count = 0
    verifies = trusted._verifies

    def counting(*arguments: object) -> bool:
        nonlocal count
        count += 1
        return verifies(*arguments)

    monkeypatch.setattr(trusted, "_verifies", counting)
    trusted.Trusted(repository.published["root"][1], NOW_S, None)

    assert count == 2


@pytest.mark.parametrize("keytype", ["ed25519", "ecdsa", "rsa"])
def test_a_watchdog_is_fed_during_every_signature(
    keytype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(keytype)
    store = Store({"root.json": repository.published["root"][0]})
    from seesaw.update import trusted

    fed: list[int] = [0]
    verifies = trusted._verifies

    def counting(*arguments: object) -> bool:
        fed.append(0)
        return verifies(*arguments)

    def pause() -> None:
        fed[-1] += 1

    monkeypatch.setattr(trusted, "_verifies", counting)
    run(Client(store, Web(repository), None, lambda: NOW_S, pause).refresh())

    assert len(fed) == 5  # before the first, and root, timestamp, snapshot, targets
    assert all(count > (0 if keytype == "rsa" else 10) for count in fed[1:])
