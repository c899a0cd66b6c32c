"""A headless Chromium for the page: its tests and its picture. It downloads nothing."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from host_tools.errors import UserError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
SHOWN_S = 60  # to lay a page out, on a busy machine
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-color-profile=srgb",
)  # fmt: skip


def missing() -> str:
    """What is not on PATH, in words; "" when Chromium and its driver are."""
    if not any(map(shutil.which, BROWSERS)):
        return "Chromium is not on PATH: install the packages chromium, chromium-driver"
    return "" if shutil.which(DRIVER) else f"{DRIVER} is not on PATH: install chromium-driver"


@contextlib.contextmanager
def browser(width: int, height: int, *switches: str) -> Iterator:
    """A selenium WebDriver on a fresh profile. Sizes in CSS pixels. switches: more of Chromium's.

    UserError without Chromium, its driver, or selenium.
    """
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise UserError("selenium", "not installed", "pip install -e '.[dev]'") from error
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which(DRIVER)
    if found is None or driver is None:
        missing = DRIVER if found else "Chromium"
        raise UserError(missing, "not on PATH", "install the packages chromium, chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = found
    with tempfile.TemporaryDirectory(prefix="seesaw-browser-", ignore_cleanup_errors=True) as home:
        place = f"--user-data-dir={home}", f"--window-size={width},{height}"
        for switch in (*SWITCHES, *switches, *place):
            options.add_argument(switch)
        opened = webdriver.Chrome(options, Service(executable_path=driver))
        try:
            yield opened
        finally:
            opened.quit()


def opened(driver: Any, url: str, title: str) -> bool:
    """Has it come whole? A device whose answer outlasts its deadline cuts it short, and on a busy
    machine that happens: its owner loads it again."""
    driver.get(url)
    return driver.title == title


def complaints(driver: Any) -> list[dict]:
    """What the pages it showed logged: errors, refused resources; not what Chromium's own say."""
    return [one for one in driver.get_log("browser") if not one["message"].startswith("chrome:")]


def show(driver: Any, url: str, width: int, scheme: str) -> None:
    """Open a page at this width, in CSS pixels, and colour scheme ('light', 'dark'); returns when
    it is laid out so, which is a moment after Chromium says that it has loaded."""
    from selenium.webdriver.support.ui import WebDriverWait

    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    driver.get(url)
    shown = f"matchMedia('(prefers-color-scheme: {scheme})').matches"
    laid_out = f"return innerWidth == {width} && {shown}"
    WebDriverWait(driver, SHOWN_S).until(lambda seen: seen.execute_script(laid_out))
