"""The page of an emulated seesaw in a real browser, as a person sees it.

It needs chromium and chromedriver on PATH (packages chromium and chromium-driver). Where CI is set
it fails without them; elsewhere it says what is missing and is skipped.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from host_tools.twin.browser import browser, missing
from host_tools.twin.page import Page
from host_tools.twin.run import actions
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

RUN_S = 3600.0  # of the board's time; the scene ends by itself by then


class Seen:
    """The page, as a person sees it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def until(self, seconds: float, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.driver, seconds, 0.05).until(lambda _: condition())

    def text(self, selector: str) -> str:
        return self.driver.execute_script(
            "return document.querySelector(arguments[0]).textContent", selector
        )

    def press(self, label: str) -> None:
        """By the words on it, with the keyboard."""
        found = f"//button[.//b[normalize-space()='{label}']]"
        self.driver.find_element(By.XPATH, found).send_keys("\n")

    def type(self, key: str) -> None:
        """Anywhere on the page."""
        self.driver.find_element(By.TAG_NAME, "body").send_keys(key)

    def rotation(self) -> float:
        """Of the drawn beam: degrees, clockwise positive as SVG has it."""
        attribute = self.driver.find_element(By.ID, "beam").get_attribute("transform")
        return float(attribute.removeprefix("rotate(").removesuffix(")"))

    def width(self, window: int) -> int:
        """Of all that is there, pixels, in a window of such a width."""
        size = {"width": window, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        return self.until(5, lambda: self.driver.execute_script(
            "return innerWidth === arguments[0] && document.documentElement.scrollWidth", window
        ))  # fmt: skip

    def badge(self, label: str) -> str:
        return self.text(f"[data-label={label}] .badge")

    def log(self) -> str:
        return self.text("#log")


@contextlib.contextmanager
def browsing(wanted: Wanted) -> Iterator[tuple[Seen, Scene]]:
    """A seesaw that runs, and its page."""
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    view = View()
    stop = threading.Event()
    with Scene(wanted, view.hear) as scene:
        view.attach(scene)
        with Page(view, actions(scene), 0) as page, browser(1440, 900) as driver:
            board = threading.Thread(target=scene.run, args=(RUN_S, None, stop.is_set))
            board.start()
            try:
                driver.get(page.url)
                yield Seen(driver), scene
            finally:
                stop.set()
                board.join()
