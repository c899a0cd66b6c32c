"""The command `seesaw screenshot`: pictures of the pages, each in the midst of a story, as PNGs."""

import contextlib
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from host_tools.image import files
from host_tools.twin import fleet_run, fleet_view, png
from host_tools.twin.browser import browser
from host_tools.twin.fleet import STAGES, Fleet
from host_tools.twin.page import Page
from host_tools.twin.run import CHECK_S, actions
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

RISING_SEED = 11  # a good day for the S&P 500
HEIGHT = 900  # CSS pixels of the window until the picture is taken
RUN_S = 3600.0  # of the board's time
STORY_S = 60  # for a step of a story, on a slow machine
FLEET = 20
# It follows, and has come to where it wants to be.
RESTS = (
    "return document.getElementById('feed').dataset.state === 'LIVE'"
    " && document.getElementById('driven').textContent === 'at rest'"
    " && document.getElementById('end').textContent !== 'level'"
)

Press = Callable[[str], None]  # the button of an action
Until = Callable[[str], None]  # a script returns true


def following(press: Press, until: Until) -> None:
    """The beam is where the market is."""
    until(RESTS)


def broken(press: Press, until: Until) -> None:
    """After an update the providers send garbage: the beam keeps the last good price."""
    until(RESTS)
    press("offer")
    until("return document.querySelector('[data-label=ota_1][data-status=confirmed]') !== null")
    until("return document.getElementById('feed').dataset.state === 'LIVE'")
    press("fault-garbage")
    until("return document.getElementById('feed').dataset.state === 'STALE'")


def rolled_out(press: Press, until: Until) -> None:
    """A release is on its way to a fleet: some have it, some try it, some wait."""
    until(f"return document.querySelectorAll('#units .tilt[transform]').length === {FLEET}")
    for action, percent in zip(("offer", "widen", "widen"), STAGES, strict=False):
        press(action)
        until(f"return document.getElementById('rollout').textContent.includes('{percent} %')")
    until("return document.querySelectorAll('#units [data-status=confirmed]').length > 4")
    until("return document.querySelector('#units [data-status=trial]') !== null")
    press("speed-1")


@contextlib.contextmanager
def _seesaw(speed: int) -> Iterator[str]:
    """The address of the page of a seesaw that runs. speed 0: on the real VM."""
    view, stop = View(), threading.Event()
    with TemporaryDirectory(prefix="seesaw-picture-") as build:
        wanted = Wanted(build=Path(build), seed=RISING_SEED, check_s=CHECK_S, speed=speed)
        with Scene(wanted, view.hear) as scene:
            view.attach(scene)
            with Page(view, actions(scene), 0) as page:
                board = threading.Thread(target=scene.run, args=(RUN_S, None, stop.is_set))
                board.start()
                try:
                    yield page.url
                finally:
                    stop.set()
                    board.join()


@contextlib.contextmanager
def _fleet(speed: int) -> Iterator[str]:
    view, stop = fleet_view.FleetView(), threading.Event()
    fleet = Fleet(FLEET, speed, view.hear)
    view.look(fleet, at_once=True)

    def between() -> bool:
        view.look(fleet)
        return stop.is_set()

    with Page(view, fleet_run.actions(fleet), 0, fleet_view.FILES) as page:
        running = threading.Thread(target=fleet.run, args=(None, between))
        running.start()
        try:
            yield page.url
        finally:
            stop.set()
            running.join()


STORIES = {  # name -> (page, speed, story, the last element that is in the picture)
    "page": (_seesaw, 0, following, ".stage"),
    "faults": (_seesaw, 10, broken, "main"),
    "fleet": (_fleet, 10, rolled_out, "main"),
}
MARGIN = 20  # CSS pixels below it


def main(arguments: Namespace) -> int:
    """Lives through a story, and writes the picture. UserError without Chromium, or where the file
    cannot be written."""
    picture = take(arguments.of, arguments.width, dark=arguments.dark)
    files.replace({Path(arguments.out): picture})
    print(f"{arguments.out}: {len(picture)} bytes")
    return 0


def take(name: str, width: int, *, dark: bool) -> bytes:
    """The PNG of a page, `width` CSS pixels wide. UserError without Chromium."""
    page, speed, story, last = STORIES[name]
    with browser(width, HEIGHT) as driver, page(speed) as url:
        _live(driver, url, width, dark, story)
        bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
        _resize(driver, width, round(driver.execute_script(bottom, last)) + MARGIN)
        return png.smaller(driver.get_screenshot_as_png())


def _live(
    driver: Any, url: str, width: int, dark: bool, story: Callable[[Press, Until], None]
) -> None:
    """Through the story, in front of the page."""
    from selenium.webdriver.support.ui import WebDriverWait

    def until(script: str) -> None:
        WebDriverWait(driver, STORY_S, 0.05).until(lambda _: driver.execute_script(script))

    def press(action: str) -> None:
        driver.execute_script(f"document.querySelector('[data-action={action}]').click()")

    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
    _resize(driver, width, HEIGHT)
    driver.get(url)
    story(press, until)


def _resize(driver: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
