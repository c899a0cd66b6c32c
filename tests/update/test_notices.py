"""What the maker says to owners, as signed data: it comes, is said, shown once with a nod, and its
time ends."""

import pytest
from notice_rig import OLD, iso, keep, line_of, nods, notice, offering, text
from rig import World, new_flash, release
from test_hostile import fill, nvs

SAID = line_of()


def test_it_is_said_until_its_time_is_over() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=text(notice(world, 300, instruments=["dow", "sp500"])))
    world.run(240)
    assert world.said("event=data slot=ota_0 version=0.1.0 words=notices added: late")
    assert SAID in world.lines and world.follows()
    world.run(120)
    before = world.lines.count(SAID)
    world.run(240)

    assert before and world.lines.count(SAID) == before


def test_it_is_for_the_owners_of_its_instruments_and_is_taken_back() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=text(notice(world, 9000, instruments=["dow"])))
    world.run(120)
    assert world.said("notices added") and SAID not in world.lines
    offering(world, notices=text(notice(world, 9000)))
    world.run(120, until=lambda: SAID in world.lines)
    offering(world, feeds='{"format": 1, "feeds": {}}')
    world.run(120, until=lambda: world.said("notices taken back"))
    before = world.lines.count(SAID)
    world.run(120)

    assert before and world.lines.count(SAID) == before and world.follows()


def test_an_empty_list_takes_all_back() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=text(notice(world, 9000)))
    world.run(120, until=lambda: SAID in world.lines)
    offering(world, notices="[]")
    world.run(120, until=lambda: world.said("notices added: none"))
    before = world.lines.count(SAID)
    world.run(120)

    assert before and world.lines.count(SAID) == before and world.follows()


def test_of_several_the_worst_that_is_for_this_device_is_shown() -> None:
    """In one session: as one ends, or begins, another is said, and never two."""
    world = World(new_flash(OLD, check_s=86400), [OLD])
    at_s = int(world.market.clock.now())
    keep(world, text(
        notice(world, 9000, id="a", title="A"),
        notice(world, 9000, id="b", title="B", severity="down", firmware=[
            {"resolved_in_version": "0.1"}, {"affected_from_version": "0.1.1"}]),
        notice(world, 120, id="c", title="C", severity="disrupted", alert_url="https://a.test/c"),
        notice(world, 9000, id="d", title="D", severity="down", instruments=["btc"]),
        notice(world, 9000, id="e", title="E", severity="disrupted", start=iso(at_s + 240)),
        notice(world, 9000, id="f", title="F", severity="disrupted", start=iso(at_s + 240)),
    ).encode())  # fmt: skip
    world.run(400)

    said = [line.partition("words=")[2] for line in world.lines if "event=notice" in line]
    assert list(dict.fromkeys(said)) == ["C https://a.test/c", "A", "E"]
    assert len(said) == 4  # "A" again after the look, three minutes from power-on


# -- the nod -------------------------------------------------------------------------------------


def test_the_beam_nods_once_for_each_however_often_it_starts() -> None:
    """A look for a release every 20 s, so a fresh session: and a cold boot."""
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=text(notice(world, 90_000)))
    world.run(400)
    assert world.lines.count(SAID) > 3 and nods(world) == 1 and world.follows()

    again = World(world.flash, [OLD], offered=world.offered)
    again.run(200)
    assert SAID in again.lines and nods(again) == 0 and again.follows()


def test_other_words_of_the_same_id_are_no_reason_to_nod() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=text(notice(world, 90_000)))
    world.run(200)
    offering(world, notices=text(notice(world, 90_000, title="Mended.", severity="down")))
    world.run(200)

    assert line_of("Mended.") in world.lines and nods(world) == 1


def test_many_notices_are_one_nod_a_day() -> None:
    world = World(new_flash(OLD), [OLD])
    for number in range(4):
        offering(world, notices=text(notice(world, 200_000, id=str(number), title=f"N{number}")))
        world.run(100, until=lambda: line_of(f"N{number}") in world.lines)  # noqa: B023
        assert line_of(f"N{number}") in world.lines
        world.run(60)
    assert nods(world) == 1

    flash = world.flash
    day = World(flash, [OLD], offered=world.offered)
    kept = nvs(flash).get_blob("seesaw", "noticed")
    before_s = int.from_bytes(kept[:4], "little") - 90_000
    nvs(flash).set_blob("seesaw", "noticed", before_s.to_bytes(4, "little") + kept[4:])
    day.run(200)
    assert nods(day) == 1  # for the fourth, which had none
    assert len(nvs(day.flash).get_blob("seesaw", "noticed")) == 12


def test_it_waits_for_the_end_of_quiet_hours() -> None:
    world = World(new_flash(OLD, check_s=86400), [OLD])
    minute = int(world.market.clock.now()) // 60 % 1440
    quiet = World(new_flash(OLD, check_s=86400, quiet_from=minute + 2, quiet_to=minute + 6), [OLD])
    begin_s = int(quiet.market.clock.now()) // 60 * 60 + 90  # half a minute before them
    keep(quiet, text(notice(quiet, 9000, start=iso(begin_s))).encode())
    until_s = 360 - int(world.market.clock.now()) % 60  # they end then
    quiet.run(until_s + 100)
    moved = [us for us, _, ns in quiet.device.board.pwm.pulses if ns and us > 60e6]

    assert quiet.said("event=notice") and nods(quiet) == 1
    assert moved and min(moved) >= until_s * 1e6


def test_without_room_to_remember_it_the_beam_keeps_still() -> None:
    flash = new_flash(OLD, check_s=86400)
    world = World(flash, [OLD])
    keep(world, text(notice(world, 9000)).encode())
    fill(nvs(flash))
    writes = flash.ops
    world.run(600)

    assert SAID in world.lines and nods(world) == 0 and world.follows()
    assert flash.ops - writes < 40  # one attempt, and not one a minute


@pytest.mark.parametrize("torn", [("before", "before"), ("half", "bits:0"), ("after", "after")])
def test_no_power_cut_makes_it_nod_twice(torn: tuple[str, str]) -> None:
    """At each operation of flash of a session that nods. torn: an erase, a write."""
    clean = World(new_flash(OLD, check_s=86400), [OLD])
    raw = text(notice(clean, 90_000)).encode()
    keep(clean, raw)
    did: list[str] = []
    clean.flash.on_op = lambda op: did.append(torn[len(op.data) > 0])
    clean.run(30)
    clean.flash.on_op = None
    assert nods(clean) == 1 and len(did) > 5

    found = []
    for number, how in enumerate(did):
        world = World(new_flash(OLD, check_s=86400), [OLD])
        keep(world, raw)
        world.run(30, cut=(number, how))
        world.run(30)
        assert world.follows() and SAID in world.lines
        found.append(nods(world))  # of both
    assert set(found) <= {0, 1} and 1 in found


def test_a_trial_hears_nothing_of_it() -> None:
    """Nothing that is asked for from outside may cost a trial its memory."""
    new = release("0.2.0")
    world = World(new_flash(OLD), [OLD, new], offered=new)
    keep(world, text(notice(world, 90_000)).encode())
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    theirs = line_of().replace("ota_0 version=0.1.0", "ota_1 version=0.2.0")
    assert SAID in world.lines and world.confirmed("0.2.0") and theirs not in world.lines
    world.run(120)

    assert theirs in world.lines and nods(world) == 1


# -- what is none --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [
    "{}", "null", "[", "[" * 400, "[7]", '[{"title": "Hello."}]', "[" + "{}," * 9 + "{}]",
    '[{"id": "a", "title": "x", "severity": "panic", "end": "2099-01-01"}]',
    '[{"id": "a", "title": "two\\nlines", "severity": "notice", "end": "2099-01-01"}]',
    '[{"id": "a", "title": "Gr\\u00fc\\u00dfe", "severity": "notice", "end": "2099-01-01"}]',
    '[{"id": "a", "title": "x", "severity": "notice", "end": 4000000000}]',
    '[{"id": "a", "title": "x", "severity": "notice", "end": "2099-02-30"}]',
])  # fmt: skip
def test_what_is_none_is_refused_and_nothing_changes(wrong: str) -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=wrong)
    world.run(120)

    assert world.said("words=notices refused: ")
    assert not world.said("event=notice") and world.follows()


@pytest.mark.parametrize("rot", [
    b"[", b"[]", b"[" * 900, b"# none", b'{"text": "x", "until": 4000000000}', b"\xff" * 1024,
    b'[{"id": "a", "title": "x", "severity": "notice"}]',
])  # fmt: skip
def test_rot_in_nvs_is_no_notice(rot: bytes) -> None:
    world = World(new_flash(OLD, check_s=86400), [OLD])
    keep(world, rot)
    nvs(world.flash).set_blob("seesaw", "noticed", rot[:90])
    world.run(120)

    assert world.follows() and not world.said("Traceback") and not world.said("event=notice")


def test_a_mark_that_is_rotten_costs_a_nod_at_most() -> None:
    world = World(new_flash(OLD, check_s=86400), [OLD])
    keep(world, text(notice(world, 9000)).encode())
    nvs(world.flash).set_blob("seesaw", "noticed", b"\x00" * 1000)
    world.run(200)

    assert SAID in world.lines and nods(world) == 1 and world.follows()
