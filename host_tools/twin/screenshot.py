"""The command `seesaw screenshot`: the page after a release that crashed, as a PNG."""

import threading
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from host_tools.image import files
from host_tools.twin import png
from host_tools.twin.browser import browser
from host_tools.twin.page import Page
from host_tools.twin.run import CHECK_S, actions
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

RISING_SEED = 11  # a good day for the S&P 500
HEIGHT = 900  # CSS pixels of the window; the picture is as high as the page
RUN_S = 120.0
SCENE_S = 60  # for a step of the story, on a slow machine
RESTS = "return document.getElementById('driven').textContent === 'at rest'"
REJECTED = "return document.querySelector('[data-status=rejected]') !== null"
OFFER = "document.querySelector('[data-action=offer-crashing]').click()"


def main(arguments: Namespace) -> int:
    """Runs a seesaw until it has rolled back, and writes the picture. UserError without Chromium,
    or where the file cannot be written."""
    picture = take(arguments.width, dark=arguments.dark)
    files.replace({Path(arguments.out): picture})
    print(f"{arguments.out}: {len(picture)} bytes")
    return 0


def take(width: int, *, dark: bool) -> bytes:
    """The PNG of the whole page, `width` CSS pixels wide. UserError without Chromium."""
    view = View()
    stop = threading.Event()
    with TemporaryDirectory(prefix="seesaw-picture-") as build:
        wanted = Wanted(build=Path(build), seed=RISING_SEED, check_s=CHECK_S)
        with Scene(wanted, view.hear) as scene:
            view.attach(scene)
            with Page(view, actions(scene), 0) as page, browser(width, HEIGHT) as driver:
                board = threading.Thread(target=scene.run, args=(RUN_S, None, stop.is_set))
                board.start()
                try:
                    return _picture(driver, page.url, width, dark)
                finally:
                    stop.set()
                    board.join()


def _picture(driver: Any, url: str, width: int, dark: bool) -> bytes:
    from selenium.webdriver.support.ui import WebDriverWait

    def until(script: str) -> None:
        WebDriverWait(driver, SCENE_S, 0.05).until(lambda _: driver.execute_script(script))

    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
    _resize(driver, width, HEIGHT)
    driver.get(url)
    until(RESTS)
    driver.execute_script(OFFER)
    until(REJECTED)
    until(RESTS)
    _resize(driver, width, driver.execute_script("return document.documentElement.scrollHeight"))
    return png.smaller(driver.get_screenshot_as_png())


def _resize(driver: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
