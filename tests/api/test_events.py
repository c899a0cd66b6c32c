"""Server-sent events: the status whenever it is another one, to two at most."""

import json

from caller import Caller, request
from contract import check, parse, schema
from phone import Script

from host_tools.emulator.access_point import Call

FOLLOW = request("GET", "/api/v1/events")


def statuses(call: Call) -> list[dict]:
    """What came, each as the contract has it."""
    _, _, body = call.heard.partition(b"\r\n\r\n")
    found = []
    for event in body.decode().split("\n\n"):
        if event.startswith("event: status\ndata: "):
            found.append(json.loads(event.removeprefix("event: status\ndata: ")))
            schema("Status").validate(found[-1])
        else:
            assert event in ("", "retry: 3000", ": still here"), event
    return found


def follow(owner: Caller) -> Call:
    call = owner.access.dial(80)
    call.say(FOLLOW)
    return call


def test_a_new_status_comes_and_only_a_new_one() -> None:
    owner = Caller(poll_s=60)

    def script() -> Script:
        yield from owner.ready()
        call = follow(owner)
        yield from owner.until(lambda: statuses(call))
        check("GET", "/api/v1/events", parse(call.heard))
        assert [one["state"] for one in statuses(call)] == ["LIVE"]
        yield from owner.wait(20)
        assert len(statuses(call)) == 1 and b": still here\n\n" in call.heard
        owner.device.net.hosts.clear()  # the providers are gone
        yield from owner.until(lambda: len(statuses(call)) > 1)
        last = statuses(call)[-1]
        assert last["state"] == "STALE" and last["why"]
        assert owner.now_s < 200 and not call.ended

    owner.run(script())


def test_two_may_follow_and_a_place_comes_free_again() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        first, second = follow(owner), follow(owner)
        yield from owner.until(lambda: statuses(first) and statuses(second))
        third = yield from owner.fetch("/api/v1/events")
        assert third.status == 503 and third.headers["retry-after"]
        for path in ("/api/v1/status", "/"):
            assert (yield from owner.fetch(path)).status == 200  # these are no bar to others
        second.vanish()
        yield from owner.wait(17)  # the next comment finds that out
        fourth = follow(owner)
        yield from owner.until(lambda: statuses(fourth))
        assert not first.ended

    owner.run(script())


def test_they_end_with_the_session_and_hold_up_nothing() -> None:
    """A look for a release comes all the same, and the page's next one finds the app again."""
    owner = Caller(check_s=40)

    def script() -> Script:
        yield from owner.until(owner.world.follows)
        call = follow(owner)
        yield from owner.until(lambda: statuses(call))
        yield from owner.hears("event=hindered")
        yield from owner.wait(3)
        again = follow(owner)
        yield from owner.until(lambda: statuses(again))

    owner.run(script())
