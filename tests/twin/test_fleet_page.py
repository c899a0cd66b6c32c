"""The page of a fleet in a real browser: a rollout by its keys."""

import os
import re
import threading
from collections.abc import Iterator

import pytest
from browsing import Seen

from host_tools.twin import fleet_view
from host_tools.twin.browser import browser, complaints, missing
from host_tools.twin.fleet import STAGES, Fleet
from host_tools.twin.fleet_run import actions
from host_tools.twin.page import FOLDER, Page

SOON_S, LONG_S = 60.0, 120.0  # of real time, on a busy machine
COUNT = 8


@pytest.fixture(scope="module")
def shown() -> Iterator[tuple[Seen, Fleet]]:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    view = fleet_view.FleetView()
    stop = threading.Event()
    fleet = Fleet(COUNT, 60, view.hear)
    view.look(fleet, at_once=True)

    def between() -> bool:
        view.look(fleet)
        return stop.is_set()

    with Page(view, actions(fleet), 0, fleet_view.FILES) as page, browser(1440, 900) as driver:
        running = threading.Thread(target=fleet.run, args=(None, between))
        running.start()
        try:
            driver.get(page.url)
            yield Seen(driver), fleet
        finally:
            stop.set()
            running.join()


def statuses(seen: Seen) -> list[str]:
    return seen.driver.execute_script(
        "return [...document.querySelectorAll('#units li')].map(one => one.dataset.status)"
    )


def test_every_seesaw_is_drawn_as_its_beam_stands(shown: tuple[Seen, Fleet]) -> None:
    seen, fleet = shown
    seen.until(SOON_S, lambda: statuses(seen) == ["old"] * COUNT)
    seen.until(SOON_S, lambda: fleet.units[0].angle)

    def drawn() -> bool:
        transform = seen.driver.execute_script(
            "return document.querySelector('#units .tilt').getAttribute('transform')"
        )
        return transform == f"rotate({-round(fleet.units[0].angle, 2):g})"

    seen.until(SOON_S, drawn)
    assert fleet.units[0].instrument.title in seen.text("#units h3")
    assert seen.text("#rollout") == "No release is offered."


def test_a_rollout_by_its_keys(shown: tuple[Seen, Fleet]) -> None:
    seen, fleet = shown
    seen.type("n")  # there is none yet: nothing happens
    seen.type("o")
    seen.until(SOON_S, lambda: seen.text("#rollout").endswith(f"offered to {STAGES[0]} % of them."))
    seen.type("h")
    seen.until(SOON_S, lambda: seen.text("#rollout").endswith("is halted."))
    seen.press("Let it go on")
    seen.until(SOON_S, lambda: "offered" in seen.text("#rollout"))
    for percent in STAGES[1:]:
        seen.type("n")
        seen.until(SOON_S, lambda p=percent: f"{p} %" in seen.text("#rollout"))
    seen.until(LONG_S, lambda: statuses(seen) == ["confirmed"] * COUNT)
    seen.until(SOON_S, lambda: seen.text("#counts") == f"{COUNT} confirmed")
    assert seen.text("#next") == "All are asked."
    assert "is confirmed in slot B." in seen.log()


def test_digits_set_the_pace_and_nothing_is_refused(shown: tuple[Seen, Fleet]) -> None:
    seen, fleet = shown
    seen.type("1")
    seen.until(SOON_S, lambda: seen.text("#pace") == "In real time.")
    assert fleet.lockstep.speed == 1
    seen.type("3")
    seen.until(SOON_S, lambda: fleet.lockstep.speed == 60)
    assert complaints(seen.driver) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(shown: tuple[Seen, Fleet], width: int) -> None:
    seen, _ = shown
    assert seen.width(width) == width


def test_the_scripts_find_every_element() -> None:
    page = (FOLDER / "fleet.html").read_text()
    scripts = [(FOLDER / name).read_text() for name in ("common.js", "fleet.js")]
    wanted = set(re.findall(r'(?:\$|put)\("([\w-]+)"', "".join(scripts)))
    assert wanted and wanted <= set(re.findall(r'\bid="([\w-]+)"', page))


def test_its_files_can_be_packed() -> None:
    assert {name for name, _ in fleet_view.FILES.values()} <= {one.name for one in FOLDER.iterdir()}
