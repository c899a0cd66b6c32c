"""The page of `seesaw twin` in a real browser: every fault and speed on its key."""

from collections.abc import Iterator

import pytest
from browsing import Seen, browsing
from selenium.webdriver.common.by import By

from host_tools.twin.browser import complaints
from host_tools.twin.faults import FAULTS, Fault
from host_tools.twin.scene import Scene, Wanted

SOON_S = 60.0  # of real time, on a busy machine


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, Scene]]:
    with browsing(Wanted(build=tmp_path_factory.mktemp("build"), speed=10, check_s=60)) as both:
        both[0].until(SOON_S, lambda: both[0].text("#feed").startswith("Live"))
        yield both


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_key_plants_a_fault_the_page_says_so_and_the_key_mends_it(
    shown: tuple[Seen, Scene], fault: Fault
) -> None:
    seen, scene = shown
    button = f"[data-action=fault-{fault.name}]"
    assert seen.text(f"{button} b") == fault.label
    seen.type(fault.key)
    seen.until(SOON_S, lambda: seen.text("#held") == fault.words)
    assert list(scene.faults.held) == [fault.name] and seen.text(f"{button} b") == fault.mend
    seen.until(SOON_S, lambda: fault.words in seen.log())
    seen.type(fault.key)
    seen.until(SOON_S, lambda: seen.text("#held") == "Nothing is broken now.")
    assert not scene.faults.held and seen.text(f"{button} b") == fault.label


def test_keys_and_button_say_what_they_are_to_a_screen_reader(shown: tuple[Seen, Scene]) -> None:
    seen, _ = shown
    for button in seen.driver.find_elements(By.CSS_SELECTOR, ".actions button"):
        key = button.get_attribute("aria-keyshortcuts")
        assert key == button.get_attribute("data-key") and button.accessible_name
        assert key not in button.accessible_name.split()[:1] or key.isdecimal()
    assert seen.driver.find_element(By.ID, "held").aria_role == "status"


@pytest.mark.parametrize(("key", "speed"), [("1", 1), ("2", 10), ("3", 60)])
def test_a_digit_sets_the_speed(shown: tuple[Seen, Scene], key: str, speed: int) -> None:
    seen, scene = shown
    seen.type(key)
    seen.until(SOON_S, lambda: seen.text("#speeds [aria-pressed=true] b") == f"{speed} ×")
    assert scene.pace.speed == speed
    before_us = scene.device.clock.now_us
    seen.until(SOON_S, lambda: scene.device.clock.now_us - before_us > speed * 1_000_000)
    words = {1: "In real time.", 10: "10 times real time", 60: "60 times"}[speed]
    seen.until(SOON_S, lambda: words in seen.text("#pace") or "too slow" in seen.text("#pace"))


def test_a_machine_that_is_too_slow_says_so(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    scene.pace.reached = 21.3
    scene.watch_rest()
    seen.until(SOON_S, lambda: "too slow: it reaches 21.3 times" in seen.text("#pace"))


def test_the_keys_can_be_switched_off(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    seen.driver.find_element(By.ID, "keys").click()
    seen.type("w")
    seen.driver.find_element(By.ID, "keys").click()
    seen.type("c")
    seen.until(SOON_S, lambda: "clock" in scene.faults.held)
    assert list(scene.faults.held) == ["clock"]
    seen.type("c")
    seen.until(SOON_S, lambda: not scene.faults.held)
    assert complaints(seen.driver) == []


def test_the_flash_map_marks_what_runs(shown: tuple[Seen, Scene]) -> None:
    seen, scene = shown
    cells = seen.driver.execute_script(
        "return [...document.querySelectorAll('#map rect')].map(r => [r.dataset.kind,"
        " r.classList.contains('runs'), getComputedStyle(r).fill])"
    )
    assert len(cells) == scene.device.flash.size // 4096
    slot = next(part for part in scene.board.partitions if part.label == "ota_0")
    assert sum(runs for _, runs, _ in cells) == slot.size // 4096
    fills = {kind: fill for kind, _, fill in cells}
    assert len(set(fills.values())) == len(fills) >= 11  # a colour for each
    assert f"Slot A: application {scene.release.version} (runs)" in seen.text("#regions")
