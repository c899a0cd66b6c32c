"""The built status site in a real browser: its style, its links, small screens, contrast."""

import contextlib
import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from telling import GOOD, NOW, folder, seesaw

from host_tools.twin.browser import browser, complaints, missing, show

CONTRAST_LEAST = 4.5  # WCAG 2, level AA
# Every element with text of its own: the contrast with the nearest background that is drawn.
CONTRASTS = """
const light = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
  .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
const behind = (e) => {
  const c = getComputedStyle(e).backgroundColor;
  return c === "rgba(0, 0, 0, 0)" && e.parentElement ? behind(e.parentElement) : c;
};
return [...document.querySelectorAll("body *")]
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => {
    const both = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
    return [(both[0] + .05) / (both[1] + .05), e.outerHTML.slice(0, 80)];
  });
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def looked_at(site: Path) -> Iterator[tuple[Any, str]]:
    """A browser, and the address of a static host of the site."""
    serve = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            with browser(1280, 900) as driver:
                yield driver, f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    path: Path = tmp_path_factory.mktemp("status")
    title = '"Prices <b>stand</b> still<script>evil=1</script>"'
    file = folder(path, GOOD.replace("title: Prices stand still", f"title: {title}"))
    assert seesaw("build", path / "site", "--in", file.parent, "--now", NOW) == 0
    with looked_at(path / "site") as found:
        yield found


def test_an_owner_finds_from_the_verdict_to_the_account(shown: tuple[Any, str]) -> None:
    driver, url = shown
    driver.get(url)
    assert driver.find_element(By.TAG_NAME, "h1").text == "Something is partly out."
    (link,) = driver.find_elements(By.PARTIAL_LINK_TEXT, "Prices <b>stand</b> still")
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.text == "To the content" and skip.location["x"] >= 0
    link.click()
    headings = [one.text for one in driver.find_elements(By.TAG_NAME, "h2")]
    assert headings == [
        "In plain words", "Who is affected", "Who is not affected", "What owners should do",
        "Who answers", "Updates, the newest first", "Technical detail",
    ]  # fmt: skip
    assert driver.find_element(By.CSS_SELECTOR, "article h3").text.startswith("Identified")
    assert driver.execute_script("return typeof evil") == "undefined"
    driver.find_element(By.LINK_TEXT, "Bull & Bear: status").click()
    assert driver.find_element(By.TAG_NAME, "h1").text == "Something is partly out."
    assert complaints(driver) == []  # no error, no refused style


@pytest.mark.parametrize("page", ["index.html", "incident/2026-11-24-prices.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read(shown: tuple[Any, str], page: str, scheme: str, width: int) -> None:
    driver, url = shown
    show(driver, url + page, width, scheme)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    contrasts = driver.execute_script(CONTRASTS)
    assert len(contrasts) > 15
    assert min(contrasts)[0] >= CONTRAST_LEAST, min(contrasts)
    assert driver.execute_script("return document.documentElement.lang") == "en"
    assert len(driver.find_elements(By.TAG_NAME, "h1")) == 1
    assert len(driver.find_elements(By.TAG_NAME, "main")) == 1
    named = "return [...document.querySelectorAll('section')].every("
    named += "(s) => document.getElementById(s.getAttribute('aria-labelledby')))"
    assert driver.execute_script(named)
    dark = "return getComputedStyle(document.body).backgroundColor"
    assert driver.execute_script(dark) == (
        "rgb(23, 17, 12)" if scheme == "dark" else "rgb(245, 238, 225)"
    )
