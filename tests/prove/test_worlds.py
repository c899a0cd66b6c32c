"""The worlds are as bad as they say, and no worse in the good one that follows."""

import json

import pytest
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, Root

from host_tools.emulator.flash import PAGE
from host_tools.image import board as boards
from host_tools.image import flash_image
from host_tools.prove import kits, odd, worlds
from host_tools.prove.hardware import HARDWARE
from host_tools.prove.networks import NETWORKS
from host_tools.prove.owners import CHANGED, OWNERS
from host_tools.prove.scenario import offering
from host_tools.prove.seesaw import LiveSeesaw
from host_tools.prove.servers import FAULTS, SERVERS, WHERE
from host_tools.prove.subject import Conditions
from host_tools.release import development
from host_tools.release.publish import OFFER

REQUEST = b"GET /release.json HTTP/1.1\r\nHost: updates\r\n\r\n"
ROOT = Metadata[Root].from_bytes(development.root()).signed
FILE = b"GET /%s HTTP/1.1\r\nHost: updates\r\n\r\n"


def live(conditions: Conditions) -> LiveSeesaw:
    subject = kits.seesaw()
    return subject.start(subject.factory(subject.candidate).copy(), conditions)


def asked(world: LiveSeesaw, request: bytes = REQUEST, host: str = "updates") -> list[tuple]:
    return world.device.net.hosts[host, 80].connect().received(request)


def body(actions: list[tuple]) -> bytes:
    return b"".join(a[1] for a in actions if a[0] == "data").partition(b"\r\n\r\n")[2]


@pytest.fixture(scope="module")
def good() -> LiveSeesaw:
    return live(offering("0.3.0"))


def test_a_name_that_no_table_has_is_an_error() -> None:
    for conditions in (
        offering("", network="x"), offering("", server="x"), offering("", owner="x"),
        offering("0.9.9"), offering("0.2.1-x"),
    ):  # fmt: skip
        with pytest.raises(KeyError):
            live(conditions)
    with pytest.raises(KeyError):
        worlds.reached(live(Conditions()), "x")


def test_every_world_can_be_made() -> None:
    for network in NETWORKS:
        live(offering("0.3.0", network=network))
    for server in SERVERS:
        live(offering("0.3.0", server=server))
    for owner in OWNERS:
        live(offering("0.3.0", owner=owner))


@pytest.mark.parametrize("where", ["head", "body", "mid", "last"])
def test_a_connection_breaks_where_it_says(good: LiveSeesaw, where: str) -> None:
    whole = asked(good)[0][1]
    head = whole.index(b"\r\n\r\n") + 4
    world = live(offering("0.3.0", network="resets-" + where))
    (kind, data), end = asked(world)

    expected = {"head": head // 2, "body": head + 1, "mid": (head + len(whole)) // 2,
                "last": len(whole) - 1}  # fmt: skip
    assert (kind, data, end) == ("data", whole[: expected[where]], ("reset",))
    assert world.struck == 1


def test_a_lossy_network_loses_some_and_the_same_ones_each_time() -> None:
    runs = [live(offering("0.3.0", network="lossy")) for _ in range(2)]
    lost = [[asked(world) == [("reset",)] for _ in range(60)] for world in runs]

    assert lost[0] == lost[1]
    assert runs[0].struck == sum(lost[0])
    assert 10 < sum(lost[0]) < 30


def test_a_portal_answers_for_everybody() -> None:
    world = live(offering("0.3.0", network="captive"))
    for host in ("updates", "cnbc", "bitstamp"):
        assert b"log in" in body(asked(world, host=host))


def test_a_network_that_comes_and_goes() -> None:
    world = live(offering("0.3.0", network="flapping"))
    seen = []
    for _ in range(4):
        seen.append("home" in world.device.around.air)
        world.device.clock.spend(60_000_000)

    assert seen == [False, True, False, True]


def test_a_clock_that_is_years_off() -> None:
    right, wrong = (live(offering("0.3.0", network=n)).device.around.wall() for n in
                    ("good", "clock-ahead"))  # fmt: skip
    assert wrong - right > 9 * 365 * 86_400


def test_what_servers_send(good: LiveSeesaw) -> None:
    offer = body(asked(good))

    def sent(server: str, request: bytes = REQUEST) -> list[tuple]:
        return asked(live(offering("0.3.0", server=server)), request)

    assert json.loads(offer)["version"] == "0.3.0"
    assert json.loads(body(sent("stale")))["version"] == "0.1.0"
    assert body(sent("truncated")) == offer[: len(offer) // 2]
    assert b"302" in sent("redirect")[0][1][:20]
    assert b"404" in sent("gone")[0][1][:20]
    assert f"Content-Length: {len(offer) + 7}".encode() in sent("too-long")[0][1]
    assert b"<html>" in body(sent("404-page"))
    assert sent("hang") == []
    bundle = FILE % b"bundle-0.3.0.lfs"
    assert body(sent("replayed")) == offer
    assert body(sent("replayed", bundle)) == kits.good("0.1.0").files["bundle-0.1.0.lfs"]
    assert body(sent("bundle-404-page")) == offer
    assert b"<html>" in body(sent("bundle-404-page", bundle))
    ranged = bundle.replace(b"\r\n\r\n", b"\r\nRange: bytes=0-9\r\n\r\n")
    assert len(body(sent("good", ranged))) == 10
    assert len(body(sent("no-range", ranged))) > 10
    assert good.offered
    stamp = FILE % b"metadata/timestamp.json"
    root = FILE % b"metadata/2.root.json"
    assert body(sent("good", stamp)) == good.offered.site["metadata/timestamp.json"]
    assert body(sent("stale", stamp)) == kits.good("0.1.0").site["metadata/timestamp.json"]
    assert b"404" in sent("unsigned", stamp)[0][1][:20]
    assert b"404" in sent("forged", root)[0][1][:20]
    for server, request in (("forged", stamp), ("forged-root", root)):
        forged = Metadata.from_bytes(body(sent(server, request)))
        with pytest.raises(UnsignedMetadataError):
            ROOT.verify_delegate(forged.signed.type, forged.signed_bytes, forged.signatures)
    own = ("good", "later", "prices-end", "updates-end", "recalled", "recalled-both", "halted",
           "not-yet", "not-from-here", "data", "data-silent", "data-rubbish", "renamed",
           "calendar", "calendar-rubbish", "run-ahead")  # fmt: skip
    assert len(SERVERS) == len(own) + len(WHERE) * len(FAULTS)


def test_bad_sectors_are_where_they_were_said_and_gone_when_nobody_says_so() -> None:
    world = live(offering("", bad_sectors="ota_1:3,nvs:0"))
    board = world.subject.kit.board
    expected = {board.partition("ota_1").offset // PAGE + 3, board.partition("nvs").offset // PAGE}

    assert world.flash.bad == expected
    assert world.subject.start(world.flash, Conditions()).flash.bad == frozenset()
    assert not any(hasattr(world.device.board.options, name) for name in HARDWARE)


@pytest.mark.parametrize("part", ["runtime", "bundle"])
def test_rot_is_in_the_part_that_it_names(part: str) -> None:
    world = live(offering("", rot="ota_0:" + part))
    subject = world.subject
    start = subject.kit.board.partition("ota_0").offset // PAGE
    before = subject.factory(subject.candidate).pages
    (page,) = [n for n, new in enumerate(world.flash.pages) if new != before[n]]
    bundle = subject.kit.releases[subject.candidate].slot[1][0] // PAGE

    assert (page - start >= bundle) == (part == "bundle")


@pytest.mark.parametrize("rtc", ["survives", "decayed"])
def test_a_brown_out_comes_with_the_first_pulse_of_a_start(rtc: str) -> None:
    world = live(offering("", brown_out=rtc))
    outcome = world.device.run(300, until=lambda: worlds.reached(world, "struck:5"))

    assert outcome.reason == "until"
    assert world.events.count("reset brown-out") == 5
    assert world.device.board.options.rtc == rtc


def test_a_power_strip_makes_power_cycles_in_one_run() -> None:
    world = live(offering("0.3.0", owner="strip-20"))
    outcome = world.device.run(205)

    assert world.struck == 10
    assert [event for event in world.events if event.startswith("boot")] == [
        "boot ota_0 cause 1"
    ] * 11
    assert (outcome.reason, outcome.boots) == ("time", 11)


def test_an_owners_change_is_durable_and_must_be_kept() -> None:
    world = live(offering("", owner="sets-at-boot"))
    before = world.settings()
    world.device.run(60, until=world.healthy)

    assert world.settings() == {**before, **CHANGED}
    assert world.trouble() is None
    world.expected = [before]
    assert world.trouble() == ("amnesia", "settings lost: instrument, center_us")
    after = world.subject.start(world.flash, Conditions())
    assert after.expected == [{**before, **CHANGED}]


# -- odd releases ------------------------------------------------------------------------------


@pytest.mark.parametrize("board", ["esp32_wrover", "esp32s3", "esp32c3"])
def test_odd_releases_hold_what_they_offer(board: str) -> None:
    slot_size = boards.load(board).slot_size
    for name in odd.ODD:
        made = odd.build("0.2.1-" + name, board)
        assert made is not None
        offer = json.loads(made.files[OFFER])
        assert offer["runtime"]["url"] in made.files and offer["bundle"]["url"] in made.files
        if name == "big":
            assert offer["runtime"]["size"] == slot_size
            continue
        parts = [data for _, data in made.slot[:2]]
        assert [made.files[offer[kind]["url"]] for kind in ("runtime", "bundle")] == parts
        assert len(flash_image.slot_bytes(boards.load(board), made.slot)) == slot_size


def test_other_versions_are_not_odd() -> None:
    assert odd.build("0.3.0", "esp32_wrover") is None
    assert odd.build("0.2.1-nothing", "esp32_wrover") is None
