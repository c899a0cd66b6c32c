"""Whatever a server, a provider or another program left for us: neither program stops."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rig import SETTINGS, World, new_flash, release
from seesaw import config
from seesaw.update import trial, trust
from seesaw.update.install import InstallError, packed, wanted_trailer
from seesaw.update.offer import BadOffer
from seesaw.update.record import Record
from test_update import changed, file_replaced

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.emulator.partitions import PartitionTable
from host_tools.market.site import Reply, Request
from host_tools.release.publish import OFFER

OLD, NEW, FIX = release("0.1.0"), release("0.2.0"), release("0.3.0")
KNOWN = [OLD, NEW, FIX]
DAY_S = 86400
SLOT_SIZE = 0x1B0000
LINE = ("seesaw state=", "seesaw event=")

words = st.text(st.characters(), max_size=30)  # half characters and control characters among them
numbers = st.one_of(
    st.integers(-2, 2), st.sampled_from([1 << 31, 1 << 32, 1 << 64, 10**300, -1 << 31]),
    st.integers(0, SLOT_SIZE), st.floats(), st.booleans(),
)  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), numbers, words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def like(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """The same object with one to three values, in it or one level down, replaced or missing."""
    made: dict[str, Any] = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(1, 3))):
        place = made
        key = draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
            place = place[key]
            key = draw(st.sampled_from(sorted(place)))
        place[key] = draw(values)
        if len(place) > 1 and draw(st.integers(0, 4)) == 0:
            del place[key]
    return made


def spoilt(good: dict[str, Any], **fields: object) -> bytes:
    return json.dumps({**good, **fields}).encode()


OFFERED = json.loads(NEW.files[OFFER])
offers = st.one_of(
    st.one_of(like(OFFERED), values).map(lambda o: json.dumps(o).encode()),
    st.integers(1, 2000).map(lambda depth: b'{"format":' + b"[" * depth + b"]" * depth + b"}"),
    st.binary(max_size=200),
)


def nvs(flash: Flash) -> Nvs:
    part = PartitionTable.read(flash).first(label="nvs")
    assert part
    return Nvs.start(flash, part.offset, part.size)


def fill(store: Nvs) -> None:
    """Somebody's keys, until NVS has no room for one more."""
    with pytest.raises(NvsError):
        for number in range(10_000):
            store.set_i32("junk", f"k{number}", number)


def ours(world: World) -> bool:
    """Are all lines the firmware's own, of the release and the slot that runs?"""
    return all(
        line.startswith(LINE) and " slot=ota_0 version=0.1.0 w" in line for line in world.lines
    )


# -- offers ----------------------------------------------------------------------------------


@given(offers)
@example(spoilt(OFFERED, build_time=-1))
@example(spoilt(OFFERED, build_time=1 << 32))
@example(spoilt(OFFERED, trial_s=10**300))
@example(spoilt(OFFERED, runtime={**OFFERED["runtime"], "size": 1 << 64}))
@settings(max_examples=500)
def test_an_offer_is_refused_in_words_or_fits(raw: bytes) -> None:
    try:
        offer = trust.check(raw)
    except BadOffer:
        return
    for name in (offer.version, offer.board):
        assert 0 < len(name) <= 24 and name.isascii() and name.isprintable() and " " not in name
    assert 10 <= offer.trial_s <= 600
    try:
        made = wanted_trailer(offer, SLOT_SIZE)
        assert len(packed(made)) == 132
    except InstallError:
        return
    assert made.bundle_offset + made.bundle_size <= SLOT_SIZE - 4096


@given(st.lists(offers, min_size=1, max_size=20))
@settings(max_examples=20, deadline=None)
def test_no_offer_stops_the_updater(drawn: list[bytes]) -> None:
    world = World(new_flash(OLD, check_s=5, poll_s=1), KNOWN)
    left = list(drawn)

    def handler(request: Request) -> Reply:
        if request.path != "/" + OFFER:
            return Reply(status=404)
        return Reply(body=left.pop() if left else NEW.files[OFFER])

    world.updates.handler = handler
    world.run(600, until=lambda: not left and world.follows())
    assert not left and world.follows(), world.lines[-5:]
    assert world.events == ["boot ota_0 cause 1"]
    assert ours(world)


def test_a_bundle_that_the_launcher_would_refuse_is_not_installed() -> None:
    image = NEW.bundle.image + b"x"
    part = {**OFFERED["bundle"], "size": len(image), "sha256": hashlib.sha256(image).hexdigest()}
    odd = file_replaced(changed(NEW, bundle=part), "bundle", image)
    world = World(new_flash(OLD), KNOWN, offered=odd)
    world.run(300)

    assert world.said("words=the bundle is not of whole blocks")
    assert world.events == ["boot ota_0 cause 1"] and world.follows()


FORGED = "\nseesaw event=confirmed slot=ota_1 version=9 words="


@pytest.mark.parametrize("field", ["version", "board"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_offer_forges_no_line(field: str, end: str) -> None:
    for text in ("9" + end + "x", "9" + end + FORGED[1:], "esp32_wrover" + end + FORGED[1:]):
        world = World(new_flash(OLD), KNOWN, offered=changed(NEW, **{field: text}))
        world.run(60)
        assert world.said("event=hindered") and ours(world) and world.follows()
        assert not any("\r" in line or "confirmed" in line for line in world.lines)


@pytest.mark.parametrize("part", ["runtime", "bundle"])
@pytest.mark.parametrize("url", ["x\n", "\ud800", "http://other/", "../" * 300, "", "#"])
def test_a_url_that_cannot_be_fetched_is_said(part: str, url: str) -> None:
    offer = json.loads(NEW.files[OFFER])
    offer[part]["url"] = url
    offer["runtime"]["sha256"] = "00" * 32  # or it would be copied
    world = World(new_flash(OLD), KNOWN, offered=changed(NEW, **offer))
    world.run(60, until=lambda: world.said("event=hindered") and world.follows())
    assert world.said("event=hindered") and ours(world) and world.follows()


# -- providers -------------------------------------------------------------------------------


def test_what_a_provider_asked_for_once_is_forgotten() -> None:
    world = World(new_flash(OLD, check_s=DAY_S), KNOWN)
    whole = world.market.handler
    answers = [Reply(503, {"Retry-After": "100"}), Reply(fault="reset")]
    world.market.site.handler = lambda request: answers.pop(0) if answers else whole(request)
    outcome = world.run(3600, until=world.follows)

    assert 100 < outcome.elapsed_us / 1e6 < 140


# -- settings and the updater's memory -------------------------------------------------------


@given(like(SETTINGS))
@example({"poll_s": 0, "check_s": -(10**300), "servo_pin": -1, "us_per_degree": 0})
@example({"poll_s": 10**300, "check_s": 86401, "servo_pin": 49, "center_us": 2001})
@settings(max_examples=300)
def test_settings_are_always_such_that_the_firmware_can_run(found: dict[str, Any]) -> None:
    made = config.parse(json.dumps(found).encode())
    assert {key: type(value) for key, value in made.items()} == {
        key: type(value) for key, value in config.DEFAULTS.items()
    }
    assert 1 <= made["poll_s"] <= 3600 and 5 <= made["check_s"] <= DAY_S
    assert 0 <= made["servo_pin"] <= config.PIN_MAX
    assert 1000 <= made["center_us"] <= 2000 and 8 <= abs(made["us_per_degree"]) <= 41
    assert all(isinstance(base, str) for base in made["providers"].values())


@pytest.mark.parametrize("check_s", [10**12, 3 * DAY_S])
def test_a_device_that_is_told_to_look_never_looks_every_day(check_s: int) -> None:
    flash = new_flash(OLD)
    wanted = {**SETTINGS, "check_s": check_s, "poll_s": 10**9}
    nvs(flash).set_blob("seesaw", "config", json.dumps(wanted).encode())
    world = World(flash, KNOWN, offered=OLD)
    world.run(25 * 3600)

    assert world.events == ["boot ota_0 cause 1"]
    assert len(world.updates.log) == 2  # after three minutes, and a day later


def test_settings_below_their_limits_are_lifted() -> None:
    flash = new_flash(OLD)
    wanted = {**SETTINGS, "check_s": -1, "poll_s": 0, "servo_pin": -7, "providers": {"cnbc": 5}}
    nvs(flash).set_blob("seesaw", "config", json.dumps(wanted).encode())
    world = World(flash, KNOWN, offered=OLD)
    world.device.net.hosts["quote.cnbc.com", 443] = world.market.site
    world.run(60, until=lambda: world.follows() and world.said("event=nothing"))

    assert world.follows() and world.said("event=nothing") and ours(world)


BUNDLE = hashlib.sha256(NEW.bundle.image).hexdigest()
TRIAL = {"bundle": BUNDLE, "version": "0.2.0", "trial_s": 10, "feed": 1, "server": True,
         "ended": True}  # fmt: skip
RECORD = {"trial": TRIAL, "about": BUNDLE, "tries": 3, "fails": 3, "wait": 2, "last": "x"}
records = st.one_of(
    st.one_of(like(RECORD), values).map(lambda o: json.dumps(o).replace("\\ud", "?").encode()),
    st.binary(max_size=300),
)


@given(records, st.binary(max_size=200), st.booleans())
@settings(max_examples=40, deadline=None)
def test_rubbish_in_the_updaters_memory_stops_neither_program(
    update: bytes, rejected: bytes, numbers_there: bool
) -> None:
    flash = new_flash(OLD)
    store = nvs(flash)
    if numbers_there:
        store.set_i32("seesaw", "update", 5)
        store.set_i32("seesaw", "rejected", -1)
    else:
        store.set_blob("seesaw", "update", update)
        store.set_blob("seesaw", "rejected", rejected)
    world = World(flash, KNOWN, offered=NEW)
    world.run(300, until=lambda: world.confirmed("0.2.0"))

    assert not world.said("Traceback"), world.lines
    assert world.confirmed("0.2.0") or (world.said("backing off") and world.follows())


class Kept:
    """A store that holds one update blob."""

    def __init__(self, update: bytes) -> None:
        self.update = update

    def get(self, key: str) -> bytes:
        return self.update if key == "update" else b""


@given(records)
@example(spoilt(RECORD, trial={**TRIAL, "trial_s": "x"}))
@example(spoilt(RECORD, trial={**TRIAL, "trial_s": 10**300}))
def test_whatever_is_remembered_of_a_trial_it_ends(update: bytes) -> None:
    known = Record(Kept(update)).trial or {}
    assert trial.verdict(known, 1300, 0, 100_000) in ("confirm", "unproven: no quote")


# -- NVS is full -----------------------------------------------------------------------------


def test_a_device_whose_nvs_is_full_says_why_it_does_not_update() -> None:
    flash = new_flash(OLD)
    store = nvs(flash)
    fill(store)
    world = World(flash, KNOWN, offered=NEW)
    world.run(300)

    assert world.said("event=hindered slot=ota_0 version=0.1.0 words=no room to note the trial")
    assert world.events == ["boot ota_0 cause 1"]
    assert world.follows() and world.moved() and ours(world)
    store = nvs(flash)
    for number in range(100):
        store.erase_key("junk", f"k{number}")
    world.run(300, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0")


def test_a_device_that_has_updated_before_does_so_with_a_full_nvs_too() -> None:
    """Its memory of a trial always has the same size: what goes in once goes in again."""
    flash = new_flash(OLD)
    World(flash, KNOWN, offered=NEW).run(100)
    fill(nvs(flash))
    world = World(flash, KNOWN, offered=FIX)
    world.run(300, until=lambda: world.confirmed("0.3.0"))

    assert world.confirmed("0.3.0")


def test_without_room_a_failed_install_stops_nobody() -> None:
    flash = new_flash(OLD)
    fill(nvs(flash))
    bad = file_replaced(NEW, "bundle", b"?" * len(NEW.files["bundle-0.2.0.lfs"]))
    world = World(flash, KNOWN, offered=bad)
    world.run(300)

    assert world.said("words=the bundle's hash is wrong")
    assert world.events == ["boot ota_0 cause 1"]
    assert world.follows() and ours(world)


def test_without_room_to_reject_it_a_bad_release_does_not_come_back_for_ever() -> None:
    run = "async def run(self) -> None:"
    bad = release("0.2.0", ("app.py", run, run + "\n        1 // 0"))
    world = World(new_flash(OLD), [OLD, bad], offered=bad)
    filled: list[bool] = []

    def look() -> bool:
        if world.said("event=prove ") and not filled:
            filled.append(True)
            fill(world.device.board.storage.nvs)
        return False

    world.run(1800, look)
    assert world.said("(no room to reject it)") and world.said("backing off")
    assert 3 <= sum("boot ota_1" in event for event in world.events) < 10
    assert world.follows() and world.running() == ("ota_0", "0.1.0")
    fixed = World(world.flash, KNOWN, offered=FIX)
    fixed.run(300, until=lambda: fixed.confirmed("0.3.0"))
    assert fixed.confirmed("0.3.0")
