"""A post-mortem on the status site in a real browser: found from the incident, and readable.

The browser needs chromium and chromedriver on PATH, as tests/twin/test_browser.py does.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from telling import folder, seesaw
from test_incident_page import CONTRAST_LEAST, CONTRASTS, looked_at
from test_incident_site import RESOLVED
from test_postmortem import AFTER, log, proof, write

from host_tools.incident import account
from host_tools.twin.browser import complaints, missing, show


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    path: Path = tmp_path_factory.mktemp("after")
    told = folder(path, RESOLVED)
    words = ("--logs", log(path / "access.log"), "--release", "1.1.0", "--fix", "1.1.1",
             "--evidence", proof(path / "evidence.json"), "--now", AFTER)  # fmt: skip
    assert seesaw("postmortem", told, *words) == 0
    words_of = f"Words <b>of</b> a person: {'x' * 90}\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |"
    write(told, dict.fromkeys(account.HUMAN, words_of))
    assert seesaw("build", path / "site", "--in", told.parent, "--now", AFTER) == 0
    with looked_at(path / "site") as found:
        yield found


def test_it_is_found_from_the_incident_and_leads_back(shown: tuple[Any, str]) -> None:
    driver, url = shown
    driver.get(url)
    driver.find_element(By.LINK_TEXT, "Prices stood still").click()
    driver.find_element(By.PARTIAL_LINK_TEXT, "cannot happen again").click()
    headings = [one.text for one in driver.find_elements(By.TAG_NAME, "h2")]
    assert headings == [*account.ORDER, "Who answers"]
    assert len(driver.find_elements(By.TAG_NAME, "table")) == 6
    driver.find_element(By.PARTIAL_LINK_TEXT, "as it was told then").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "Prices stood still"
    driver.get(url)
    driver.find_element(By.PARTIAL_LINK_TEXT, "what was done after").click()
    assert driver.title == "After it: Prices stood still: Bull & Bear"
    assert complaints(driver) == []  # no error, no refused style


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read(shown: tuple[Any, str], scheme: str, width: int) -> None:
    driver, url = shown
    show(driver, url + "postmortem/2026-11-24-prices.html", width, scheme)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    contrasts = driver.execute_script(CONTRASTS)
    assert len(contrasts) > 40 and min(contrasts)[0] >= CONTRAST_LEAST, min(contrasts)
    named = "return [...document.querySelectorAll('section')].every("
    named += "(s) => document.getElementById(s.getAttribute('aria-labelledby')))"
    assert driver.execute_script(named)
