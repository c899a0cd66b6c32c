"""The checks of a headless run: made-up observations, and each check can fail."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from seesaw.core.tilt import pulse_ns, tilt

from host_tools.image import settings
from host_tools.market.instruments import INSTRUMENTS
from host_tools.market.truth import wanted_us
from host_tools.twin.checks import BootSeen, Observed, Pulses, judge

FOLLOWED = json.loads(settings.FEEDS.read_bytes())["instruments"]
OLD = {"good": True, "version": "1.0.0", "bundle_good": True, "runtime_good": True}
NEW = OLD | {"version": "1.0.1"}
GOOD = Observed(
    asked_s=60.0,
    lasted_s=60.001,
    ended="time",
    pulses=Pulses(900, 1140.0, 1500.0, 1149.0),
    boots=(
        BootSeen(0.0, "ota_0", 1, "none", "1.0.0"),
        BootSeen(31.0, "ota_1", 2, "PENDING_VERIFY", "1.0.1"),
    ),
    faults=(),
    center_us=1500,
    wanted_us=(1140.0, 1152.0, 1147.0),
    offered="1.0.1",
    offered_s=30.0,
    flash={
        "slots": [{"label": "ota_0", "release": OLD}, {"label": "ota_1", "release": NEW}],
        "otadata": [
            {"slot": "ota_0", "seq": 1, "state": "VALID", "text": "seq 1 VALID"},
            {"slot": "ota_1", "seq": 2, "state": "VALID", "text": "seq 2 VALID"},
        ],
        "boot": {"slot": "ota_1", "failure": None},
    },
)


def failing(seen: Observed) -> list[str]:
    return [check.check for check in judge(seen) if not check.ok]


def with_flash(change: Callable[[dict[str, Any]], None]) -> Observed:
    flash = copy.deepcopy(GOOD.flash)
    change(flash)
    return replace(GOOD, flash=flash)


def test_a_good_run_passes_every_check() -> None:
    assert failing(GOOD) == []
    assert [check.check for check in judge(GOOD)] == [
        "ran", "moved", "followed", "installed", "tried", "confirmed", "no faults",
    ]  # fmt: skip


@pytest.mark.parametrize("ended", ["until", "reset loop", "boot failure", "idle"])
def test_a_run_that_ends_early_fails(ended: str) -> None:
    assert failing(replace(GOOD, ended=ended, lasted_s=12.0)) == ["ran"]


@pytest.mark.parametrize(
    "pulses, failed",
    [
        (Pulses(), ["moved", "followed"]),
        (Pulses(50, 1140.0, 1141.0, 1141.0), ["moved"]),  # it stands still
        (Pulses(50, 1140.0, 10_000.0, 1141.0), ["moved"]),  # half the period: a PWM's default
        (Pulses(50, 900.0, 1500.0, 1141.0), ["moved"]),
        (Pulses(50, 1140.0, 1860.0, 1855.0), ["followed"]),  # the bull for the bear
        (Pulses(50, 1140.0, 1500.0, 1500.0), ["followed"]),  # it went back to level
        (Pulses(50, 1100.0, 1500.0, 1136.0), ["followed"]),
    ],
)
def test_the_beam_is_judged_by_its_pulses(pulses: Pulses, failed: list[str]) -> None:
    assert failing(replace(GOOD, pulses=pulses)) == failed


def test_a_beam_on_its_way_between_two_truths_is_good() -> None:
    assert failing(replace(GOOD, pulses=Pulses(50, 1140.0, 1500.0, 1144.4))) == []


def test_level_must_be_level() -> None:
    level = replace(GOOD, wanted_us=(1500.0, 1500.0))
    assert failing(replace(level, pulses=Pulses(50, 1480.0, 1500.0, 1499.9))) == []
    assert failing(replace(level, pulses=Pulses(50, 1480.0, 1500.0, 1490.0))) == ["followed"]


def test_a_beam_may_be_off_by_its_deadband_and_no_more() -> None:
    loose = replace(GOOD, wanted_us=(1500.0, 1500.0), deadband_us=12.0)
    assert failing(replace(loose, pulses=Pulses(50, 1480.0, 1514.9, 1514.9))) == []
    assert failing(replace(loose, pulses=Pulses(50, 1480.0, 1516.0, 1516.0))) == ["followed"]


def test_without_a_truth_nothing_was_followed() -> None:
    assert failing(replace(GOOD, wanted_us=())) == ["followed"]


def test_without_an_offer_nothing_was_installed() -> None:
    assert "installed" in failing(replace(GOOD, offered=""))


@pytest.mark.parametrize(
    "release",
    [
        {"good": False, "why": "no trailer here"},
        OLD,
        NEW | {"bundle_good": False},
        NEW | {"runtime_good": False},
    ],
)
def test_the_other_slot_must_hold_the_offer(release: dict[str, Any]) -> None:
    def change(flash: dict[str, Any]) -> None:
        flash["slots"][1]["release"] = release

    assert failing(with_flash(change)) == ["installed"]


@pytest.mark.parametrize(
    "boot",
    [
        BootSeen(31.0, "ota_1", 2, "VALID", "1.0.1"),  # never on trial
        BootSeen(31.0, "ota_1", 2, "PENDING_VERIFY", "1.0.0"),  # something else was
    ],
)
def test_a_trial_must_have_been_seen(boot: BootSeen) -> None:
    assert failing(replace(GOOD, boots=(GOOD.boots[0], boot))) == ["tried"]


def test_an_update_that_never_came_fails_in_every_stage() -> None:
    def change(flash: dict[str, Any]) -> None:
        flash["slots"][1]["release"] = {"good": False, "why": "no trailer here"}
        flash["otadata"].pop()
        flash["boot"]["slot"] = "ota_0"

    seen = replace(with_flash(change), boots=GOOD.boots[:1])
    assert failing(seen) == ["installed", "tried", "confirmed"]


def test_a_trial_cut_short_is_not_confirmed_and_says_so() -> None:
    def change(flash: dict[str, Any]) -> None:
        flash["otadata"][1] |= {"state": "PENDING_VERIFY", "text": "seq 2 PENDING_VERIFY"}
        flash["boot"]["slot"] = "ota_0"

    (failed,) = [check for check in judge(with_flash(change)) if not check.ok]
    assert failed.check == "confirmed"
    assert "29.0 s into the trial" in failed.words


def test_a_rollback_is_not_confirmed() -> None:
    back = BootSeen(45.0, "ota_0", 2, "VALID", "1.0.0")
    assert failing(replace(GOOD, boots=(*GOOD.boots, back))) == ["confirmed"]


@pytest.mark.parametrize(
    "key, value",
    [
        ("otadata", []),
        ("otadata", [{"slot": "ota_0", "seq": 3, "state": "VALID", "text": "seq 3 VALID"}]),
        ("boot", {"slot": None, "failure": "no bootable app"}),
        ("boot", {"slot": "ota_0", "failure": None}),
    ],
)
def test_the_boot_record_and_the_bootloader_must_agree(key: str, value: Any) -> None:
    def change(flash: dict[str, Any]) -> None:
        flash[key] = value

    assert failing(with_flash(change)) == ["confirmed"]


def test_a_fault_of_the_board_fails() -> None:
    assert failing(replace(GOOD, faults=("erase of vfs at 0x370000",))) == ["no faults"]


@pytest.mark.parametrize("name", list(INSTRUMENTS))
def test_the_formula_is_the_firmwares(name: str) -> None:
    """Written twice on purpose; both must ask for the same pulse, within its rounding."""
    sigma = INSTRUMENTS[name].sigma
    assert sigma == FOLLOWED[name]["sigma"]
    for percent in (-30, -3, -1, -0.06, -0.01, 0, 0.02, 0.07, 0.5, 2, 9):
        price = 100 + percent
        for sensitivity in (25, 100, 400):
            degrees = tilt(price, 100, sigma, sensitivity)
            own = wanted_us(price, 100, sigma, 1480, -35, sensitivity)
            assert own == pytest.approx(pulse_ns(degrees, 1480, -35) / 1000, abs=0.01)


def test_the_formula_stays_inside_what_a_servo_takes() -> None:
    assert wanted_us(200, 100, 1.0, 1900, 40) == 2000
    assert wanted_us(200, 100, 1.0, 1100, -40) == 1000
