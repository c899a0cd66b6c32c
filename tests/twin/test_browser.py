"""The page in a real browser, before a real MicroPython VM: everything that its buttons promise."""

from collections.abc import Iterator

import pytest
from browsing import Seen, browsing
from selenium.webdriver.common.by import By

from host_tools.twin.browser import complaints
from host_tools.twin.scene import Scene, Wanted

BOOT_S, LOOK_S, TRIAL_S = 60.0, 60.0, 90.0  # of real time, on a busy machine


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, Scene]]:
    with browsing(Wanted(build=tmp_path_factory.mktemp("build"), check_s=5)) as both:
        yield both


def test_the_beam_follows_the_market(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    seen.until(BOOT_S, lambda: abs(seen.rotation()) > 1)
    price, baseline = scene.truth(0)[-1]
    assert (seen.rotation() < 0) == (price > baseline)  # up: the bull's end, on the right, is high
    seen.until(BOOT_S, lambda: seen.text("#feed").startswith("Live"))
    assert seen.text("#percent").startswith("+" if price > baseline else "\u2212")
    assert seen.text("#version") == scene.release.version
    assert complaints(seen.driver) == []  # no error, no refused resource


def test_the_power_is_cut_and_comes_back(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    boots = len(scene.boots)
    seen.press("Cut the power")
    seen.until(BOOT_S, lambda: seen.text("#feed") == "No power: the beam is limp.")
    assert "unpowered" in seen.driver.find_element(By.TAG_NAME, "body").get_attribute("class")
    assert seen.text("#price") == "—" and seen.badge("ota_0") == "no power"
    assert seen.text("#held") == "The power is cut." and len(scene.boots) == boots
    seen.press("Restore the power")
    seen.until(BOOT_S, lambda: seen.text("#feed").startswith("Live"))
    assert len(scene.boots) == boots + 1 and scene.boots[-1].cause == 1


def test_a_broken_provider_is_told_and_mended(shown: tuple[Seen, Scene]) -> None:
    seen, _ = shown
    seen.until(BOOT_S, lambda: abs(seen.rotation()) > 1 and seen.text("#driven") == "at rest")
    before = seen.rotation()
    seen.press("Let them send garbage")
    feed = seen.until(LOOK_S, lambda: "reason" in seen.text("#feed") and seen.text("#feed"))
    assert feed.startswith(("The price is old", "No price"))
    assert seen.rotation() == pytest.approx(before, abs=2)
    seen.press("Let them send prices")
    # Another one is followed meanwhile, and kept for a quarter of an hour.
    seen.until(LOOK_S, lambda: seen.text("#feed").startswith(("Live", "Delayed")))


def test_a_crashing_release_is_rolled_back(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    seen.press("Offer one that crashes")
    seen.until(LOOK_S, lambda: seen.badge("ota_1") == "runs on trial")
    assert seen.badge("ota_0") == "in reserve" and seen.text("#version") != scene.release.version
    seen.until(LOOK_S, lambda: seen.badge("ota_1") == "rejected")
    assert seen.badge("ota_0") == "runs, confirmed"
    assert seen.text("#version") == scene.release.version
    assert f"Rollback: {scene.offered[1]} did not pass" in seen.log()  # type: ignore[index]


def test_a_good_release_is_confirmed_in_the_other_slot(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    seen.press("Offer a good release")
    seen.until(LOOK_S, lambda: seen.badge("ota_1") == "runs on trial")
    seen.until(TRIAL_S, lambda: seen.badge("ota_1") == "runs, confirmed")
    assert seen.badge("ota_0") == "in reserve"
    assert scene.offered and seen.text("#version") == scene.offered[1]
    assert f"{scene.offered[1]} is confirmed in slot B." in seen.log()
    assert scene.device.board.faults == []


def test_real_time_is_the_only_one_of_a_real_vm(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    seen.until(LOOK_S, lambda: "knows real time alone" in seen.text("#pace"))
    assert seen.text("#speeds").split() == ["1", "1", "×"] and scene.pace.speed == 1
    assert "on the real MicroPython" in seen.text("footer")


def test_a_pulse_is_drawn_at_once(shown: tuple[Seen, Scene]) -> None:
    seen, _ = shown
    lags = seen.until(LOOK_S, lambda: seen.driver.execute_script(
        "return seesaw.lags.length > 50 && seesaw.lags"
    ))  # fmt: skip
    assert len(lags) > 50  # how long they are is for `make bench` to say


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(shown: tuple[Seen, Scene], width: int) -> None:
    seen, _ = shown
    assert seen.width(width) == width
