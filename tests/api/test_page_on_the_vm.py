"""The page and its API on MicroPython's own virtual machine, over real sockets on loopback: the
answers of the contract, clients that stall and flood while the beam moves, a browser.

The browser needs chromium and chromedriver on PATH, as tests/twin/test_browser.py does.
"""

import contextlib
import json
import os
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from caller import FORM, HERE, request
from contract import OPENAPI, Answer, check, parse, schema
from phone import image_settings_of

from host_tools.bench_site import Moving
from host_tools.image import bundle
from host_tools.twin.browser import browser, complaints, missing, opened
from host_tools.twin.scene import Scene, Wanted

WAIT_S = 60
PAGE = "http://seesaw-000001.local/"


def until(what: Callable[[], object], moving: Moving) -> None:
    end_s = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end_s, moving.heard[-2000:]
        time.sleep(0.05)


def loaded(moving: Moving) -> bool:
    """Has what answers been loaded? Until then, with a beam that moves on a busy machine, a
    connection may be closed for having lasted too long, and a browser does not ask again."""
    try:
        return moving.ask(request("GET", "/"))[1].endswith(b"</html>\n")
    except OSError:
        return False


@pytest.fixture
def moving() -> Iterator[Moving]:
    with Moving(keys={"eodhd": "key-of-eodhd"}).running() as found:
        yield found
    assert "Traceback" not in found.heard and "exception" not in found.heard, found.heard
    assert found.device.board.boots == 1


def ask(moving: Moving, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    _, raw = moving.ask(request(method, path, body, **headers))
    answer = parse(raw)
    if path in OPENAPI["paths"]:
        check(method, path, answer)
    return answer


def put(moving: Moving, path: str, wanted: object) -> Answer:
    return ask(moving, "POST", path, json.dumps(wanted).encode())


def test_the_answers_are_those_of_the_contract(moving: Moving) -> None:
    """As on the other engine; and what is set is stored and followed."""
    assert ask(moving, "GET", "/api/v1/info").json["name"] == "seesaw-000001"
    status = ask(moving, "GET", "/api/v1/status").json
    assert status["state"] == "LIVE" and abs(status["percent"]) == 1.2
    assert abs(status["tilt"]) == pytest.approx(7.31, abs=0.1)
    page = ask(moving, "GET", "/").body
    assert page.endswith("</html>\n") and "{{" not in page and "follows the market" in page
    for headers, code in (({"Host": "evil.test"}, 421), ({"Origin": "http://evil.test"}, 403)):
        assert ask(moving, "GET", "/api/v1/status", **headers).status == code
    assert ask(moving, "POST", "/api/v1/config", b"{}", Content_Type=FORM).status == 415
    assert ask(moving, "GET", "/nothing").status == 404
    until(lambda: ask(moving, "GET", "/api/v1/status").json["up_s"] > 10, moving)
    for wrong in ({"sensitivity": 1}, {"instrument": "x"}, {"password": "x"}, {"tz": "a"}, [], 7):
        assert put(moving, "/api/v1/config", wrong).status == 400
    for body in (b"", b"{", b"\xff\xfe", b"[" * 900):
        assert ask(moving, "POST", "/api/v1/config", body).status == 400
    body = b"sensitivity=50&quiet_to=00%3A00&tz=JST-9"
    found = ask(moving, "POST", "/", body, Content_Type=FORM, Origin=f"http://{HERE}")
    assert found.status == 200 and "Stored" in found.body
    kept = image_settings_of(moving.flash, "config")
    assert (kept["sensitivity"], kept["tz"]) == (50, "JST-9")
    assert (kept["password"], kept["keys"]) == ("password", {"eodhd": "key-of-eodhd"})

    def runs_with_it() -> bool:
        with contextlib.suppress(OSError, AssertionError):
            return ask(moving, "GET", "/api/v1/config").json["sensitivity"] == 50
        return False

    until(runs_with_it, moving)
    until(lambda: re.search(r"angle=[+-]4\.08 ", moving.heard), moving)  # and 7.31 before


def test_hostile_clients_lock_nobody_out_and_stop_no_beam(moving: Moving) -> None:
    until(lambda: loaded(moving), moving)
    before = len(moving.frames())
    for raw, code in {
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 4000: 431, b"GET /" + b"a" * 5000: 414,
        request("POST", "/api/v1/config", bytes(4000)): 413, b"\x16\x03\x01\x00\r\n\r\n": 400,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": 411,
        b"BREW / HTTP/1.1\r\n\r\n": 405, b"GET / HTTP/1.0\r\n\r\n": 421,
    }.items():  # fmt: skip
        assert parse(moving.ask(raw)[1]).status == code, raw[:40]
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(moving.connect()).sendall(b"GET / HT")
            time.sleep(0.5)  # by then it is heard
        with moving.connect() as fifth, contextlib.suppress(ConnectionError):
            fifth.sendall(request("GET", "/"))
            assert fifth.recv(100) == b""  # the places are taken

        def answers() -> bool:
            with contextlib.suppress(OSError, AssertionError):
                return ask(moving, "GET", "/api/v1/status").status == 200
            return False

        until(answers, moving)  # those that hang are given up
    for _ in range(50):  # who resets in mid-answer
        with moving.connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.sendall(request("GET", "/"))
    assert ask(moving, "GET", "/api/v1/status").json["state"] == "LIVE"
    assert len(moving.frames()) - before > 100


def test_connections_opened_ahead_cost_no_request(moving: Moving) -> None:
    """Browsers open some that they may want later."""
    until(lambda: loaded(moving), moving)
    with contextlib.ExitStack() as stack:
        ahead = [stack.enter_context(moving.connect()) for _ in range(6)]
        assert ask(moving, "GET", "/api/v1/status").status == 200
        assert [sock.recv(1) for sock in ahead[:3]] == [b""] * 3


def test_events_come_to_two(moving: Moving) -> None:
    with moving.connect() as first, moving.connect() as second:
        heard = b""
        for sock in (first, second):
            sock.sendall(request("GET", "/api/v1/events"))
        while heard.count(b"event: status") < 3:  # the price swings
            heard += first.recv(4096)
        assert b"text/event-stream" in heard and b"retry: 3000" in heard
        for data in re.findall(rb"data: (.*)\n\n", heard):
            schema("Status").validate(json.loads(data))
        third = ask(moving, "GET", "/api/v1/events")
        assert third.status == 503 and third.headers["retry-after"] == "10"

    def free() -> bool:
        with moving.connect() as sock:
            sock.sendall(request("GET", "/api/v1/events"))
            return sock.recv(4096).startswith(b"HTTP/1.1 200")

    until(free, moving)


@pytest.mark.parametrize("scripts", [True, False])
def test_in_a_browser(moving: Moving, scripts: bool) -> None:
    """By its name; by keyboard alone. Without scripts all but the movement is there."""
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    name = f"--host-resolver-rules=MAP * 127.0.0.1:{moving.around.doors[80]}"
    until(lambda: loaded(moving), moving)
    with browser(390, 800, name) as driver:
        if not scripts:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        until(lambda: opened(driver, PAGE, "Seesaw"), moving)
        assert driver.find_element(By.ID, "words").text == "follows the market"
        for box in driver.find_elements(By.CSS_SELECTOR, "input, select, button, svg"):
            assert box.accessible_name or not box.is_displayed(), box.get_attribute("outerHTML")
        tilts = {driver.find_element(By.ID, "tilt").text}
        if scripts:

            def looked() -> bool:
                tilts.add(driver.find_element(By.ID, "tilt").text)
                return len(tilts) > 1

            until(looked, moving)
            driver.find_element(By.ID, "copy").send_keys(Keys.ENTER)
            until(lambda: driver.find_element(By.ID, "copied").is_displayed(), moving)
            assert driver.find_element(By.ID, "copied").text.startswith("Copied")
        until(lambda: ask(moving, "GET", "/api/v1/status").json["up_s"] > 10, moving)

        def fill() -> None:
            for name in ("btc", "dax"):
                tick = driver.find_element(By.CSS_SELECTOR, f"input[value={name}]")
                if not tick.is_selected():
                    tick.send_keys(Keys.SPACE)
            box = driver.find_element(By.ID, "s")
            box.clear()
            box.send_keys("80")
            box.send_keys(Keys.ENTER)

        def stored() -> bool:
            if "Stored" in driver.page_source:
                return True
            if driver.title != "Seesaw":  # a connection too many was closed: he tries again
                until(lambda: opened(driver, PAGE, "Seesaw"), moving)
                fill()
            return False

        fill()
        until(stored, moving)
        assert complaints(driver) == []
    found = image_settings_of(moving.flash, "config")
    assert (found["sensitivity"], found["instrument"]) == (80, "sp500")
    assert found["rotation"] == ["dax", "btc"]  # in the order of the page


def test_colours_differ_enough() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for what is no text."""
    text = (bundle.FIRMWARE / "seesaw" / "api" / "page.html").read_text("utf-8")
    style = text[text.index("<style>") : text.index("</style>")]
    assert {*re.findall(r"#\w+", style)} == {
        "#1a1a1a", "#fff", "#555", "#767676", "#0b5394", "#b45f06", "#eef4fa"}  # fmt: skip
    written = {"#1a1a1a": ("#fff", "#eef4fa"), "#555": ("#fff",), "#fff": ("#0b5394",)}
    for colour, grounds in written.items():
        assert all(contrast(colour, ground) >= 4.5 for ground in grounds), colour
    assert all(contrast(line, "#fff") >= 3 for line in ("#767676", "#b45f06"))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_twin_has_the_same_page(tmp_path: Path) -> None:
    """In its owner's words, at an address that a browser of this machine can open."""
    stop = threading.Event()
    wanted = Wanted(build=tmp_path, check_s=3600)
    with Scene(wanted, lambda report: None) as scene:
        board = threading.Thread(target=scene.run, args=(WAIT_S, None, stop.is_set))
        board.start()
        try:
            end_s = time.monotonic() + WAIT_S
            page = ""
            while "follows the market" not in page:
                assert time.monotonic() < end_s, page
                with contextlib.suppress(OSError):
                    page = urllib.request.urlopen(scene.own_page, timeout=5).read().decode()
                time.sleep(0.2)
        finally:
            stop.set()
            board.join()
    assert page.endswith("</html>\n") and '<option value="sp500" selected>S&amp;P 500' in page
