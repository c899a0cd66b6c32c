"""Downloads go on where a connection broke off, and a server that cannot do that costs no more
than the whole part once again."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from rig import World, new_flash, release
from seesaw.net import http
from seesaw.repository import _ATTEMPTS, _DOWNLOAD_S, Repository
from seesaw.update.errors import InstallError

from host_tools.market.site import Reply, Request
from host_tools.release import packing

DATA = bytes(range(256)) * 8
PART = SimpleNamespace(url="targets/x.bundle", size=len(DATA))


class Sink:
    def __init__(self) -> None:
        self.rewind()

    def rewind(self) -> None:
        self.data = b""

    @property
    def count(self) -> int:
        return len(self.data)

    def write(self, piece: bytes) -> None:
        self.data += piece


class Answers:
    """In place of http.fetch: (status, bytes that come, how it ends) each; asks are noted.

    status None: of the range that is asked for, or all of it.
    """

    def __init__(self, *answers: tuple[int | None, int, str]) -> None:
        self.left = list(answers)
        self.asked: list[tuple[int, int] | None] = []
        self.clock_s = 0

    def up_s(self) -> int:
        return self.clock_s

    async def get(self, url: str, deadline_s: int, max_body: int, *, sink: Sink,
                  range_bytes: tuple[int, int] | None = None) -> Any:  # fmt: skip
        self.asked.append(range_bytes)
        assert max_body == PART.size and 0 < deadline_s <= _DOWNLOAD_S
        status, count, end = self.left.pop(0)
        wanted = 206 if range_bytes else 200
        if (status or wanted) == wanted:
            start = range_bytes[0] if range_bytes else 0
            sink.write(DATA[start : start + count])
        if end:
            raise http.HttpError(end)
        return SimpleNamespace(status=status or wanted)


def run(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> Sink:
    async def no_time(seconds: float) -> None:
        answers.clock_s += int(seconds)

    monkeypatch.setattr("seesaw.repository.asyncio.sleep", no_time)
    repository = Repository("http://updates", None, answers)
    monkeypatch.setattr(repository, "get", answers.get)
    sink = Sink()
    asyncio.run(repository.download(PART, sink))
    return sink


def test_all_of_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers((None, 2048, ""))

    assert run(answers, monkeypatch).data == DATA
    assert answers.asked == [None]


@pytest.mark.parametrize("end", ["closed", "truncated", "timeout", ""])
def test_it_goes_on_where_it_broke_off(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    answers = Answers((None, 1000, end), (None, 500, end), (None, 0, "closed"), (None, 548, ""))

    assert run(answers, monkeypatch).data == DATA
    assert answers.asked == [None, (1000, 2047), (1500, 2047), (1500, 2047)]


def test_the_last_byte_is_enough_however_the_connection_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(Answers((None, 2048, "truncated")), monkeypatch).data == DATA


def test_a_server_that_sends_all_of_it_again_is_refused_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The 200 to a range never reaches the sink; the part is then fetched from its beginning."""
    answers = Answers((None, 1000, "closed"), (200, 0, ""), (None, 2048, ""))

    assert run(answers, monkeypatch).data == DATA
    assert answers.asked == [None, (1000, 2047), None]


def test_without_ranges_a_second_break_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers((None, 1000, "closed"), (200, 0, ""), (None, 1500, "closed"))
    with pytest.raises(http.HttpError, match="closed"):
        run(answers, monkeypatch)

    assert answers.asked == [None, (1000, 2047), None]


@pytest.mark.parametrize("end", ["refused", "closed", "tls", "too_long"])
def test_what_never_began_does_not_go_on(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    answers = Answers((None, 0, end))
    with pytest.raises(http.HttpError, match=end):
        run(answers, monkeypatch)


@pytest.mark.parametrize(("status", "end"), [(None, ""), (404, ""), (None, "too_long")])
def test_a_server_that_has_no_more_is_no_network_that_fails(
    monkeypatch: pytest.MonkeyPatch, status: int | None, end: str
) -> None:
    """Then the bundle waits, longer each time: what comes is never right."""
    answers = Answers((None, 1000, ""), (status, 0, end))
    with pytest.raises(InstallError, match="1000 of 2048 bytes came"):
        run(answers, monkeypatch)


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(*[(None, 1, "closed")] * 100)
    with pytest.raises(http.HttpError, match="closed"):
        run(answers, monkeypatch)

    assert len(answers.asked) == _ATTEMPTS


def test_a_404_has_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(http.HttpError, match="status: 404 for targets/x.bundle"):
        run(Answers((404, 0, "")), monkeypatch)


# -- a device ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_a_bundle_that_breaks_off_is_installed_in_the_same_look(packed: bool, ranges: bool) -> None:
    """Its packed file, or, where a host has none, the bundle."""
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    whole = world.updates.handler
    asked: list[str] = []

    def handler(request: Request) -> Reply:
        reply = whole(request)
        if request.path.endswith(".packed") and not packed:
            return Reply(404)
        if not request.path.endswith((".bundle", ".packed")) or world.said("event=installed"):
            return reply
        asked.append(request.headers.get("range", ""))
        if not ranges:
            request.headers.pop("range", None)
        return Reply(body=reply.body, fault="truncate" if len(asked) == 1 else None)

    world.updates.handler = handler
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    image = new.bundle.image
    size = len(packing.file(image) if packed else image)
    assert world.confirmed("0.2.0") and not world.said("event=hindered")
    assert bool(world.said("event=unpacked")) == (not packed)
    assert asked[:2] == ["", f"bytes={size // 2}-{size - 1}"]
    assert asked[2:] == ([] if ranges else [""])
