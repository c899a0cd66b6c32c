"""The rows of the page: how soon it is up, and how soon a servo pulse moves the beam on it."""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from host_tools.bench import Row
from host_tools.errors import UserError
from host_tools.twin.browser import browser, missing
from host_tools.twin.page import Page
from host_tools.twin.run import actions
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

UP_LIMIT_S = 10
LAG_LIMIT_MS = 100
PULSES = 60
DEADLINE_S = 60


def measure() -> list[Row]:
    """Page up, from the command to the first answer; and the lag of the beam in Chromium."""
    return [up(), lag()]


def up() -> Row:
    note = "from `seesaw run` to the first answer of the page"
    with tempfile.TemporaryDirectory() as build:
        command = [sys.executable, "-m", "host_tools.cli", "run", "--port", "0", "--build", build]
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            try:
                assert running.stdout
                lines = (line for line in running.stdout if "Look at it: " in line)
                url = next(lines).split("Look at it: ")[1].split()[0]
                _answer(url, started + DEADLINE_S)
                seconds = time.monotonic() - started
            finally:
                running.terminate()
    return Row("page up", seconds, "s", UP_LIMIT_S, note=note)


def _answer(url: str, until: float) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.URLError as error:
            if time.monotonic() > until:
                fix = "see whether `make run` works"
                raise UserError(url, f"no answer ({error})", fix) from error


def lag() -> Row:
    what, unit = "beam on the page after a pulse", "ms"
    if lacks := missing():
        return Row(what, None, unit, LAG_LIMIT_MS, note=lacks)
    view, stop = View(), threading.Event()
    with contextlib.ExitStack() as opened:
        build = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        scene = opened.enter_context(Scene(Wanted(build=build, check_s=5), view.hear))
        view.attach(scene)
        page = opened.enter_context(Page(view, actions(scene), 0))
        driver = opened.enter_context(browser(1280, 900))
        driver.get(page.url)
        board = threading.Thread(target=scene.run, args=(DEADLINE_S, None, stop.is_set))
        board.start()
        try:
            found = _lags(driver)
        finally:
            stop.set()
            board.join()
    middle = found[len(found) // 2]
    note = f"95 % of {len(found)} pulses, in headless Chromium; median {middle:.0f} ms"
    return Row(what, found[len(found) * 95 // 100], unit, LAG_LIMIT_MS, note=note)


def _lags(driver: Any) -> list[float]:
    from selenium.webdriver.support.ui import WebDriverWait

    script = f"return seesaw.lags.length > {PULSES} && seesaw.lags"
    wait = WebDriverWait(driver, DEADLINE_S, 0.1)
    return sorted(wait.until(lambda seen: seen.execute_script(script)))
