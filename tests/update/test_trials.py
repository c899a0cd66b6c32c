"""What ends a trial: proof, failure, or an outage, which condemns nobody."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from rig import World, new_flash, release
from test_update import changed

from host_tools.emulator.board import Options
from host_tools.market.site import Reply, Request
from host_tools.release.publish import Release

DAY_S = 86400
BUNDLES = (".bundle", ".packed")
SETTLE = "host_tools.market.site.settle"  # replaced, the servers know no ranges
KNOWN = [release("0.1.0"), release("0.2.0")]
OLD, NEW = KNOWN


def world_of(offered: Release = NEW, options: Options | None = None, **settings: object) -> World:
    return World(new_flash(OLD, **settings), KNOWN, offered=offered, options=options)


def bundle_answers(world: World, answer: Callable[[Request], Reply | None]) -> None:
    """The update server answers so for the bundle; None for as it should."""
    whole = world.updates.handler

    def handler(request: Request) -> Reply:
        reply = answer(request) if request.path.endswith(BUNDLES) else None
        return reply or whole(request)

    world.updates.handler = handler


def looks(world: World) -> int:
    """Whole ones, and proofs: those that ask for a newer root."""
    return [path for _, _, path, _ in world.updates.log].count("/metadata/2.root.json")


# -- outages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trial_s", [0, 600])
@pytest.mark.parametrize("outage", ["server", "hanging server", "market", "wifi"])
def test_an_outage_for_the_whole_trial_condemns_nobody(outage: str, trial_s: int) -> None:
    new = changed(NEW, trial_s=trial_s)
    world = world_of(new)
    whole, air, hosts = world.updates.handler, world.device.around.air, world.device.net.hosts

    def look() -> bool:
        if world.said("event=prove "):
            if outage == "server":
                hosts.pop(("updates", 80), None)
            elif outage == "hanging server":
                world.updates.handler = lambda request: Reply(fault="hang")
            elif outage == "market":
                world.market.break_provider("html")
            else:
                air.clear()
        return world.said("event=settled")

    world.run(7200, look)
    assert world.said("words=interrupted 0.2.0: unproven"), world.lines[-5:]
    hosts["updates", 80] = world.updates
    world.updates.handler = whole
    world.market.mend()
    air["home"] = "password"
    world.run(7200, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_between_two_attempts_a_trial_leaves_the_server_alone() -> None:
    """10 s each time, though each is refused at once."""
    world = world_of()
    whole = world.updates.handler

    def look() -> bool:
        if world.said("event=prove "):
            world.updates.handler = lambda request: Reply(status=503)
        return world.said("event=settled")

    world.run(1800, look)
    world.updates.handler = whole
    asked = [second for second, _, _, status in world.updates.log if status == 503]
    pauses = [later - before for before, later in itertools.pairwise(asked)]
    assert 45 <= len(asked) <= 54, len(asked)  # in 540 s
    assert min(pauses) >= 10


@pytest.mark.parametrize("ranges", [True, False])
def test_one_outage_after_the_other_fits_into_the_deadline(
    ranges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is back at the last moment, and slow; then the market is out."""
    world = world_of(changed(NEW, trial_s=900))
    whole, start = world.updates.handler, list[float]()
    if not ranges:
        monkeypatch.setattr(SETTLE, lambda request, reply: reply)
        world.updates.slow_wait = 0.1  # of 4096 bytes: 7 minutes

    def now() -> float:
        return world.device.clock.now_us / 1e6

    def handler(request: Request) -> Reply:
        if start and now() < start[0] + 515:
            return Reply(status=503)
        slow = start and not ranges and request.path.endswith(BUNDLES)
        return replace(whole(request), fault="slow" if slow else None)

    def look() -> bool:
        if world.said("event=prove ") and not start:
            start.append(now())
            world.market.break_provider("html")
        return world.said("event=settled")

    world.updates.handler = handler
    world.run(3600, look)
    assert world.said("event=proved") == ranges
    assert world.said("words=interrupted 0.2.0: unproven"), world.lines[-3:]


@pytest.mark.parametrize("rtc", ["survives", "decayed"])
@pytest.mark.parametrize("after_s", [0, 5])
def test_a_brown_out_in_a_trial_is_an_interruption(after_s: float, rtc: str) -> None:
    """RTC memory keeps what the trial wrote, or most of its bits; the chip says power-on."""
    world = world_of(options=Options(rtc=rtc))
    begun: list[int] = []

    def look() -> bool:
        if world.said("event=prove "):
            begun.append(world.device.clock.now_us)
        return bool(begun) and world.device.clock.now_us - begun[0] >= after_s * 1e6

    world.run(900, look)
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.said("words=interrupted 0.2.0: power")
    assert world.confirmed("0.2.0")


# -- the proof -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(body=b"other" * 1000), "the server has other bytes of this release"),
        (Reply(206, {"Content-Range": "bytes 0-4095/9999"}, b""), "0 of 4096 bytes came"),
        (Reply(206, {"Content-Range": "bytes 0-4095/9999"}, b"x" * 99), "99 of 4096 bytes came"),
        (Reply(206, {"Content-Range": "bytes 5-4095/9999"}, b"x" * 99), "another range"),
    ],
)
def test_what_a_server_answers_to_the_proof_condemns_nobody(answer: Reply, words: str) -> None:
    world = world_of()
    whole = world.updates.handler
    bundle_answers(world, lambda request: answer if "range" in request.headers else None)
    world.run(900, until=lambda: world.said("event=settled"))

    assert world.said("words=interrupted 0.2.0: unproven") and world.said(words)
    assert not world.said("event=proved")
    world.updates.handler = whole
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_a_server_without_ranges_lets_a_trial_prove_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTLE, lambda request, reply: reply)
    world = world_of()
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert not world.said("event=unproven")
    asked = [
        (path.rpartition(".")[2], status)
        for _, _, path, status in world.updates.log if path.endswith(BUNDLES)
    ]  # the install; the piece, which was not given; the whole
    assert asked == [("packed", 200), ("bundle", 200), ("bundle", 200)]


# -- looks -----------------------------------------------------------------------------------


def test_an_offer_that_is_withdrawn_after_an_interrupted_trial_is_not_asked_for_all_day() -> None:
    world = world_of(check_s=DAY_S)
    world.run(900, until=lambda: world.said("event=prove "))  # then the power goes
    withdrawn = World(world.flash, KNOWN, offered=OLD)
    withdrawn.run(3600)

    assert withdrawn.said("words=interrupted 0.2.0: power")
    assert looks(withdrawn) == 1


@pytest.mark.parametrize("fault", ["reset", "truncate"])
def test_a_network_that_fails_in_a_download_makes_nobody_wait(fault: str) -> None:
    world = world_of()
    data = NEW.bundle.image
    broken = Reply(body=data, fault=fault)
    bundle_answers(world, lambda request: broken if looks(world) < 5 else None)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0")
    assert not world.said("passed over")
    assert looks(world) == 6  # four in vain, the install, the proof
