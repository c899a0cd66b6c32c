"""What time it is taken to be: the bound that is signed, and the clock of a session."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.update.errors import BadMetadata, Expired, TufError
from seesaw.update.metadata import ISSUED, expiry_s, read
from seesaw.update.trusted import Trusted, start_s
from tuf_memory import NOW_S, Store, client, refreshed, run
from tuf_repository import NOW, Repository

DAY_S = 86400


@pytest.fixture
def repository() -> Repository:
    return Repository("rsa")


@pytest.mark.parametrize(
    ("bound_s", "session_s", "start"),
    [(0, None, None), (0, 7, 7), (5, None, 5), (5, 7, 7), (5, 3, 5), (5, 0, 5), (0, 0, None)],
)
def test_the_start_is_never_before_the_bound(
    bound_s: int, session_s: int | None, start: int | None
) -> None:
    assert start_s(bound_s, session_s) == start


def test_without_any_clock_nothing_has_expired(repository: Repository) -> None:
    repository.timestamp.expires = NOW - timedelta(days=9999)
    repository.publish("timestamp")
    store = Store({"root.json": repository.published["root"][0]})

    run(client(repository, store, now_s=None).refresh())


def issue(repository: Repository, when_s: int) -> None:
    repository.timestamp.unrecognized_fields[ISSUED] = when_s


def test_a_signed_date_is_the_bound_of_the_next_update(repository: Repository) -> None:
    issue(repository, NOW_S)
    repository.publish("timestamp")
    store = Store({"root.json": repository.published["root"][0]})
    run(client(repository, store, now_s=None).refresh())
    # Somebody serves what has expired meanwhile; nobody told the device the time.
    repository.targets.expires = NOW - timedelta(days=1)
    repository.publish_all()

    with pytest.raises(Expired, match="targets"):
        run(client(repository, store, now_s=None).refresh())


def test_a_signed_date_lifts_the_start_and_never_lowers_it(repository: Repository) -> None:
    issue(repository, NOW_S)
    repository.publish("timestamp")
    store = refreshed(repository)
    for session_s, start in ((None, NOW_S), (5, NOW_S), (NOW_S + 9, NOW_S + 9)):
        one = client(repository, store, now_s=session_s)
        run(one.refresh())

        assert one.trusted.now_s == start


def test_a_forged_clock_costs_one_session(repository: Repository) -> None:
    store = refreshed(repository)
    repository.publish_all()
    before = dict(store)
    with pytest.raises(Expired):
        run(client(repository, store, now_s=NOW_S + 73 * 365 * DAY_S).refresh())

    assert store == before
    run(client(repository, store, now_s=None).refresh())
    assert store != before


def test_a_stolen_timestamp_key_cannot_stop_the_clock_for_ever(repository: Repository) -> None:
    """It signs a date far ahead; new keys from root are the cure, as for versions (5.3.11)."""
    issue(repository, NOW_S + 50 * 365 * DAY_S)
    repository.timestamp.expires = NOW + timedelta(days=60 * 365)
    repository.publish("timestamp")
    store = refreshed(repository)
    with pytest.raises(Expired, match="root"):
        run(client(repository, store).refresh())

    repository.rotate("timestamp")
    repository.publish("root")
    issue(repository, NOW_S)
    repository.timestamp.expires = NOW + timedelta(days=30)
    repository.publish("timestamp")

    refreshed(repository, store)
    assert store["timestamp.json"] == repository.published["timestamp"][-1]


@pytest.mark.parametrize("bad", [-1, 1.5, "0", None, True, [], NOW_S + 31 * DAY_S])
def test_a_date_that_is_none_is_refused(repository: Repository, bad: object) -> None:
    repository.timestamp.unrecognized_fields[ISSUED] = bad
    if bad == 1.5:  # python-tuf does not sign it
        repository.edit("timestamp", lambda value: value["signed"].update({ISSUED: 1.5}))
    else:
        repository.publish("timestamp")

    with pytest.raises(BadMetadata):
        read(repository.published["timestamp"][-1], "timestamp")


def test_the_field_means_nothing_in_other_roles(repository: Repository) -> None:
    for role in ("root", "snapshot", "targets"):
        repository.roles[role].signed.unrecognized_fields[ISSUED] = "whenever"
    repository.publish("root", "targets", "snapshot", "timestamp")

    refreshed(repository)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_dates_are_counted_as_datetime_does(when: datetime) -> None:
    when = when.replace(microsecond=0, tzinfo=UTC)
    text = f"{when.isoformat().removesuffix('+00:00')}Z"

    assert expiry_s({"expires": text}) == int(when.timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "", "Z", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01T00:00:00z", "2030-1-1T0:0:0Z",
        "2030-01-01 00:00:00Z", "2030-01-01T00:00:00+00:00", "2030-01-01T00:00:00.0Z",
        "2030-13-01T00:00:00Z", "2030-00-01T00:00:00Z", "2030-01-00T00:00:00Z",
        "2030-01-32T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:60:00Z",
        "2030-01-01T00:00:60Z", "12030-01-01T00:00:00Z", "+030-01-01T00:00:00Z",
        "-030-01-01T00:00:00Z", "2030-01-01T00:00:00ZZ", "2030-01-01T00-00-00Z",
        "2030:01:01T00:00:00Z", "2030-01-01T00:00:00:00Z", "203\u0660-01-01T00:00:00Z",
        "2030-01-01T00:00:" + "0" * 5000 + "Z", "2030_01-01T00:00:00Z", "2030-01-01T00:0 :00Z",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadMetadata):
        expiry_s({"expires": text})


def test_an_expired_root_is_said_before_any_other_file(repository: Repository) -> None:
    trusted = Trusted(repository.published["root"][0], NOW_S + 31 * DAY_S, None)

    with pytest.raises(TufError, match="root"):
        trusted.remember(None, None)
