"""What a device believes: signed metadata, newer than what it has seen, from the roots it has."""

import json
from dataclasses import replace

import pytest
from rig import BOARD, BOOTLOADER, LAUNCHER, SETTINGS, World, new_flash, release
from test_update import changed, ota_1_ops, resigned

from host_tools.emulator.flash import Flash
from host_tools.image import bundle as bundles
from host_tools.image import flash_image
from host_tools.market.site import Handler, Reply, Request
from host_tools.prove.servers import attackers
from host_tools.release import development, publish
from host_tools.release.publish import Release

OLD, NEW, FIX = release("0.1.0"), release("0.2.0"), release("0.3.0")
KNOWN = [OLD, NEW, FIX]


def hindered(world: World, words: str) -> None:
    """The look ends in these words, and nothing was touched."""
    ops = ota_1_ops(world)
    world.run(300, until=lambda: world.said("event=hindered") and world.follows())

    assert world.said("words=" + words), world.lines[-5:]
    assert not ops and world.running() == ("ota_0", "0.1.0")


def test_a_release_that_somebody_else_signed() -> None:
    forged = replace(NEW, site=attackers(NEW))
    hindered(World(new_flash(OLD), KNOWN, offered=forged), "Unsigned: timestamp: 0 of 1 keys")


def test_a_root_that_somebody_else_signed() -> None:
    root = development.make_root(2, development.Stranger())
    forged = replace(NEW, site={**attackers(NEW), "metadata/2.root.json": root})
    hindered(World(new_flash(OLD), KNOWN, offered=forged), "Unsigned: root: 0 of 1 keys")


def test_an_offer_without_metadata_is_not_believed_any_more() -> None:
    unsigned = replace(NEW, site=NEW.files)
    hindered(World(new_flash(OLD), KNOWN, offered=unsigned), "Missing: timestamp.json: status 404")


def test_what_was_on_offer_before_is_refused_once_something_newer_was_seen() -> None:
    world = World(new_flash(OLD), KNOWN, offered=changed(OLD, number=10**12))
    world.run(120)
    assert world.said("words=up to date")
    hindered(World(world.flash, KNOWN, offered=NEW), "Rollback: timestamp: version")


def test_a_new_root_is_followed_and_kept() -> None:
    """The repository gets a new root; a device that looks after it has it in its store."""
    second = development.make_root(2)
    world = World(new_flash(OLD), KNOWN, offered=replace(
        NEW, site={**NEW.site, "metadata/2.root.json": second}))  # fmt: skip
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    asked = [path for _, _, path, _ in world.updates.log]

    assert world.confirmed("0.2.0")
    # The look had it from the network; so had the trial, which starts from the bundle's root.
    assert asked.count("/metadata/2.root.json") == 2
    again = World(world.flash, KNOWN, offered=replace(
        FIX, site={**FIX.site, "metadata/2.root.json": second}))  # fmt: skip
    again.run(300, until=lambda: again.said("event=offer"))
    assert "/metadata/2.root.json" not in [path for _, _, path, _ in again.updates.log]


def carrying(root: bytes, made: Release) -> Flash:
    """A new device whose release trusts that root."""
    again = publish.pack(BOARD, made.slot[0][1], bundles.with_root(made.bundle, root), trial_s=0)
    return Flash.from_bytes(
        flash_image.compose(BOARD, BOOTLOADER, again.slot, LAUNCHER, dict(SETTINGS))
    )


@pytest.mark.parametrize("root", [b"", b"{}", b"[" * 300])
def test_a_release_with_no_root_to_speak_of_trusts_nobody(root: bytes) -> None:
    world = World(carrying(root, OLD), KNOWN, offered=NEW)
    hindered(world, "BadMetadata: root: no")
    assert not world.updates.log


def test_devices_of_another_repository_take_nothing_from_this_one() -> None:
    stranger = development.make_root(1, development.Stranger())
    hindered(World(carrying(stranger, OLD), KNOWN, offered=NEW), "Unsigned: timestamp")


# -- time --------------------------------------------------------------------------------------


FAR_S = 73 * 365 * 86_400  # to 2099


def clock_ahead(flash: Flash, ahead_s: int) -> World:
    """A device whose clock somebody has set that far ahead."""
    world = World(flash, KNOWN, offered=NEW)
    right = world.device.around.wall
    world.device.around.wall = lambda: right() + ahead_s
    return world


@pytest.mark.parametrize("ahead_s", [20 * 365 * 86_400, FAR_S])
def test_a_forged_clock_costs_nothing_while_the_server_tells_the_date(ahead_s: int) -> None:
    world = clock_ahead(new_flash(OLD), ahead_s)
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0") and not world.said("Expired")


def test_a_forged_date_costs_nothing_while_the_clock_is_right() -> None:
    world = World(new_flash(OLD), KNOWN, offered=NEW)
    right = world.updates.clock
    world.updates.clock = lambda: right() + FAR_S
    world.run(900, until=lambda: world.confirmed("0.2.0"))

    assert world.confirmed("0.2.0") and not world.said("Expired")


@pytest.mark.parametrize("dated", [True, False])
def test_a_forged_clock_that_nothing_speaks_against_costs_one_session(dated: bool) -> None:
    """The server lies likewise, or does not tell the date."""
    world = clock_ahead(new_flash(OLD), FAR_S)
    if dated:
        right = world.updates.clock
        world.updates.clock = lambda: right() + FAR_S
    else:
        world.updates.handler = without_date(world.updates.handler)
    hindered(world, "Expired: ")
    after = World(world.flash, KNOWN, offered=NEW)
    after.run(900, until=lambda: after.confirmed("0.2.0"))

    assert after.confirmed("0.2.0")


def test_without_any_clock_what_was_signed_later_tells_the_time() -> None:
    """A timestamp of 2036 was stored; metadata that ended before is refused."""
    late = resigned(changed(OLD, number=5), "timestamp", lambda signed: signed.update(
        {"x-seesaw-issued": 2_100_000_000, "expires": "2040-01-01T00:00:00Z"}))  # fmt: skip
    world = World(new_flash(OLD), KNOWN, offered=late)
    world.device.board.options.clock_set = False
    world.run(120)
    again = World(world.flash, KNOWN, offered=NEW)
    again.device.board.options.clock_set = False
    hindered(again, "Expired: timestamp")


def test_the_build_time_of_the_release_tells_the_time() -> None:
    made = publish.pack(BOARD, OLD.slot[0][1], OLD.bundle, trial_s=0, build_time=2_100_000_000)
    flash = Flash.from_bytes(
        flash_image.compose(BOARD, BOOTLOADER, made.slot, LAUNCHER, dict(SETTINGS))
    )
    world = World(flash, KNOWN, offered=NEW)
    world.device.board.options.clock_set = False
    hindered(world, "Expired: ")


def without_date(handler: Handler) -> Handler:
    def undated(request: Request) -> Reply:
        reply = handler(request)
        return replace(reply, headers={**reply.headers, "date": "-"})

    return undated


def dated(flash: Flash, ahead_s: int, offered: Release = NEW) -> World:
    """A device that has no clock, and nobody to tell it the time but an update server whose Date is
    that far ahead."""
    world = World(flash, KNOWN, offered=offered)
    world.device.board.options.clock_set = False
    world.market.site.handler = without_date(world.market.site.handler)
    right = world.updates.clock
    world.updates.clock = lambda: right() + ahead_s
    return world


ENDED = {"expires": "2026-11-30T00:00:00Z", "x-seesaw-issued": 0}  # the day before this market's


def test_a_forged_date_costs_one_session() -> None:
    """Nothing of it is left: not with the right date, and not without any."""
    world = dated(new_flash(OLD), FAR_S)
    hindered(world, "Expired: ")
    for ahead_s in (0, -FAR_S):
        after = dated(world.flash.copy(), ahead_s)
        after.run(900, until=lambda after=after: after.confirmed("0.2.0"))
        assert after.confirmed("0.2.0")


def test_a_forged_date_condemns_no_trial() -> None:
    world = dated(new_flash(OLD), 0)
    right = world.updates.clock

    def look() -> bool:
        if world.said("event=prove "):
            world.updates.clock = lambda: right() + FAR_S
        return world.said("event=settled")

    world.run(3600, until=look)
    assert world.said("interrupted 0.2.0: unproven: Expired: "), world.lines[-3:]
    after = dated(world.flash, 0)
    after.run(900, until=lambda: after.confirmed("0.2.0"))
    assert after.confirmed("0.2.0")


def test_a_servers_date_shows_what_has_expired() -> None:
    """For a device without a clock, whether it asks for all of it or for the timestamp alone."""
    ended = resigned(NEW, "timestamp", lambda signed: signed.update(ENDED))
    hindered(dated(new_flash(OLD), 0, ended), "Expired: timestamp: 2026-11-30T00:00:00Z")

    settled = resigned(changed(OLD), "timestamp", lambda signed: signed.update(ENDED))
    world = dated(new_flash(OLD), -7 * 86_400, settled)
    world.run(120)
    assert world.said("words=up to date")
    again = dated(world.flash, 0, settled)
    hindered(again, "Expired: timestamp")
    asked = [path.partition("?")[0] for _, _, path, _ in again.updates.log]
    assert set(asked) == {"/metadata/timestamp.json"}


def test_a_date_of_long_ago_tells_no_time() -> None:
    ended = resigned(NEW, "timestamp", lambda signed: signed.update(ENDED))
    world = dated(new_flash(OLD), -(1 << 31), ended)  # 1958
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


# -- the trial ---------------------------------------------------------------------------------


def test_a_trial_verifies_all_of_it_again_and_compares_itself() -> None:
    """With nothing remembered: though all is in the data partition, every file is fetched."""
    world = World(new_flash(OLD), KNOWN, offered=NEW)
    before: list[int] = []

    def look() -> bool:
        if world.said("event=prove ") and not before:
            before.append(len(world.updates.log))
        return world.confirmed("0.2.0")

    world.run(900, until=look)
    proof = [(path.rpartition("/")[2], status)
             for _, _, path, status in list(world.updates.log)[before[0]:]]  # fmt: skip
    number = json.loads(NEW.site["metadata/timestamp.json"])["signed"]["version"]

    assert proof[:6] == [
        ("2.root.json", 404), ("timestamp.json", 200), (f"{number}.snapshot.json", 200),
        ("1.targets.json", 200), (f"{number}.{BOARD.name}.json", 200),
        (f"{development_digest()}.bundle", 206),
    ]  # fmt: skip


def development_digest() -> str:
    return json.loads(NEW.files["release.json"])["bundle"]["sha256"]


def test_a_trial_whose_own_release_is_not_listed_any_more_takes_another() -> None:
    """The maker has withdrawn it meanwhile: the way is what is proved."""
    world = World(new_flash(OLD), KNOWN, offered=NEW)

    def look() -> bool:
        if world.said("event=prove "):
            world.offered = changed(OLD, number=10**12)
        return world.confirmed("0.2.0")

    world.run(900, until=look)
    assert world.confirmed("0.2.0")
    digest = json.loads(OLD.files["release.json"])["bundle"]["sha256"]
    assert any(digest in path for _, _, path, status in world.updates.log if status == 206)


def test_a_trial_that_can_verify_nothing_proves_nothing() -> None:
    world = World(new_flash(OLD), KNOWN, offered=NEW)
    kept = world.offered

    def look() -> bool:
        if world.said("event=prove "):
            world.offered = replace(NEW, site={**attackers(NEW)})
        return world.said("event=settled")

    world.run(3600, until=look)
    assert world.said("unproven: Unsigned: timestamp: 0 of 1 keys"), world.lines[-3:]
    world.offered = kept
    after = World(world.flash, KNOWN, offered=NEW)
    after.run(900, until=lambda: after.confirmed("0.2.0"))
    assert after.confirmed("0.2.0")
