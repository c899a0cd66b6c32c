"""Rules of a release as values: ranges, and what a device of some version installs next."""

from typing import Any

import pytest
from release_rig import BOARD
from seesaw.core import version as versions
from tuf.api.metadata import TargetFile

from host_tools.errors import UserError
from host_tools.release import listing, releasing
from host_tools.release.listing import Listed, Rules


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("*", ["0.0.1", "99.9", "1.2.3-rc1"], []),
        ("1.2.3", ["1.2.3", "1.2.3.0"], ["1.2.2", "1.2.4", "1.2.3-rc1"]),
        ("1.2.3-rc1", ["1.2.3-rc1"], ["1.2.3", "1.2.3-rc2"]),
        ("1.0.0-1.9.9", ["1.0.0", "1.0", "1.5.7", "1.9.9", "1.2-rc1"], ["0.9", "1.10", "1.0-rc1"]),
        ("1.9-1.10", ["1.9", "1.9.5", "1.10.0"], ["1.8", "1.11"]),
    ],
)
def test_a_range_holds_what_lies_between(text: str, inside: list[str], outside: list[str]) -> None:
    assert [one for one in inside if not listing.admits([text], one)] == []
    assert [one for one in outside if listing.admits([text], one)] == []


def test_one_range_of_many_is_enough() -> None:
    assert listing.admits(["0.1", "0.3-0.4"], "0.3.5")
    assert not listing.admits(["0.1", "0.3-0.4"], "0.2")
    assert not listing.admits([], "0.2")


@pytest.mark.parametrize("text", ["", "1", "1.2+3", "a", "1.0-", "-1.0", "1.0 - 2.0", "2.0-1.0"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UserError):
        listing.bounds(text)


# -- the way on ---------------------------------------------------------------------------------


def one(version: str, **rules: Any) -> Listed:
    runtime = TargetFile(10, {"sha256": "00"}, "p")
    custom = listing.custom(
        BOARD, version, runtime, bytes(512), trial_s=600, built=0, rules=Rules(**rules),
        proof={"reason": "x"},
    )  # fmt: skip
    return Listed(BOARD, version, version, custom)


def test_devices_of_a_recalled_release_boot_their_other_slot() -> None:
    releases = [one("1.0"), one("1.1")]
    found = releasing.courses(BOARD, ["1.0", "1.1"], releases, (), ["1.1"])

    assert [(it.version, it.stops, it.recalled) for it in found] == [
        ("1.0", [], False), ("1.1", [], True),
    ]  # fmt: skip


def course(releases: list[Listed], version: str, refused: tuple[str, ...] = ()) -> list[str]:
    (found,) = releasing.courses(BOARD, [version], releases, refused)
    assert all(
        versions.newer(later, before)
        for before, later in zip([version, *found.stops], found.stops, strict=False)
    )
    return found.stops + ["stuck"] * found.stuck


def test_the_newest_is_taken_at_once() -> None:
    releases = [one("1.0"), one("1.9"), one("1.10")]

    assert course(releases, "0.1") == course(releases, "1.9") == ["1.10"]
    assert course(releases, "1.10") == course(releases, "2.0") == []


def test_a_barrier_is_a_stop_for_all_before_it() -> None:
    releases = [one("1.0"), one("2.0", barrier="settings"), one("3.0"), one("4.0", barrier="nvs")]

    assert course([*releases, one("5.0")], "1.0") == ["2.0", "4.0", "5.0"]
    assert course([*releases, one("5.0")], "2.0") == ["4.0", "5.0"]
    assert course([*releases, one("5.0")], "2.5") == ["4.0", "5.0"]


def test_a_halted_barrier_still_is_one() -> None:
    releases = [one("1.0"), one("2.0", barrier="settings"), one("3.0")]

    assert course(releases, "1.0", ("2.0",)) == ["stuck"]
    assert course([*releases[:1], one("1.5"), *releases[1:]], "1.0", ("2.0",)) == ["1.5", "stuck"]


def test_a_dead_end_has_no_way_on() -> None:
    releases = [one("1.0", deadend="no more flash"), one("2.0")]

    assert course(releases, "1.0") == ["stuck"]
    assert course(releases, "0.9") == ["2.0"]


def test_versions_to_be_passed_through() -> None:
    releases = [one("1.0"), one("2.0"), one("3.0", through=("2.0",))]

    assert course(releases, "1.0") == ["2.0", "3.0"]
    assert course(releases, "1.0", ("2.0",)) == ["stuck"]
    assert course(releases, "2.1") == ["3.0"]


def test_ranges_lead_step_by_step() -> None:
    releases = [one("1.0"), one("2.0", ranges=("1.0-1.9",)), one("3.0", ranges=("2.0",))]

    assert course(releases, "0.5") == ["1.0", "2.0", "3.0"]
    assert course(releases, "2.1") == ["stuck"]
    assert course(releases, "0.5", ("3.0",)) == ["1.0", "2.0"]


# -- reading it back ----------------------------------------------------------------------------


def target(custom: Any) -> dict[str, TargetFile]:
    path = f"{BOARD}/1.0.0/bundle"
    return {path: TargetFile(1, {"sha256": "aa"}, path, {"custom": custom})}


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.0.1"}, {"from": "*"}, {"runtime": {}}, {"proof": {}}, {"rollout": None},
        {"size": "1"}, {"trial_s": True}, {"barrier": ...}, {"through": None},
    ],
)  # fmt: skip
def test_what_another_tool_wrote_is_refused(change: dict[str, Any]) -> None:
    good = one("1.0.0").custom
    assert [found.version for found in listing.listed(BOARD, target(good))] == ["1.0.0"]
    bad = {key: value for key, value in {**good, **change}.items() if value is not ...}

    with pytest.raises(UserError, match="custom object"):
        listing.listed(BOARD, target(bad))


def test_what_is_no_bundle_is_passed_over() -> None:
    paths = [f"{BOARD}/1.0.0/runtime", f"{BOARD}/bundle", f"{BOARD}/1/2/bundle", "other/1/bundle"]
    targets = {path: TargetFile(1, {"sha256": "aa"}, path) for path in paths}

    assert listing.listed(BOARD, targets) == []
