"""A notice on the device's page, on MicroPython's own virtual machine: read, linked, gone.

The browser needs chromium and chromedriver on PATH, as tests/twin/test_browser.py does.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_page_on_the_vm import loaded

from host_tools.bench_site import Moving
from host_tools.emulator.flash import Flash
from host_tools.image import flash_image
from host_tools.twin.browser import browser, complaints, missing, opened

sys.path.append(str(Path(__file__).parents[1] / "update"))

from notice_rig import iso, text
from test_hostile import nvs

WAIT_S = 90
HOLDS_S = 60  # of the device's time, which is real


def until(what: Callable[[], object]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.1)


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Moving()
    end_s = int(made.market.clock.now()) + HOLDS_S
    one = {"id": "a", "title": "Prices <b>&amp; news", "severity": "down", "end": iso(end_s),
           "alert_url": "https://a.test/x?a=1&b=<2>"}  # fmt: skip
    real = flash_image.compose

    def compose(*parts: Any) -> bytes:
        flash = Flash.from_bytes(real(*parts))
        nvs(flash).set_blob("seesaw", "notices", text(one).encode())
        return flash.to_bytes()

    monkeypatch.setattr(flash_image, "compose", compose)
    with made.running() as found:
        yield found
    assert "Traceback" not in found.heard and "exception" not in found.heard, found.heard


def test_it_is_read_and_leads_on_and_goes(moving: Moving) -> None:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    from selenium.webdriver.common.by import By

    until(lambda: loaded(moving))
    name = f"--host-resolver-rules=MAP * 127.0.0.1:{moving.around.doors[80]}"
    with browser(390, 800, name) as driver:
        until(lambda: opened(driver, "http://seesaw-000001.local/", "Seesaw"))
        place = driver.find_element(By.ID, "notice")
        until(lambda: place.text == "Prices <b>&amp; news Read more")
        link = place.find_element(By.TAG_NAME, "a")
        assert link.get_attribute("href") == "https://a.test/x?a=1&b=%3C2%3E"
        wide = driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
        assert not wide and len(place.find_elements(By.TAG_NAME, "b")) == 0
        until(lambda: not place.is_displayed())
        assert place.text == "" and complaints(driver) == []
    assert "event=notice" in moving.heard and moving.heard.count("event=notice") == 1
