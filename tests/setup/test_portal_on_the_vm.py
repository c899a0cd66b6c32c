"""The portal on MicroPython's own virtual machine, over real sockets on loopback: phones that ask,
stall and flood, a browser without scripts, Improv on the serial line.

The browser needs chromium and chromedriver on PATH, as tests/twin/test_browser.py does.
"""

import contextlib
import os
import socket
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator

import pytest
from dns import message, rcode
from dns import query as query_over
from phone import OLD, PROBED, image_settings_of, status
from rig import new_flash
from test_bytes import question, rpc

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.resolver import look_up
from host_tools.market import dns as names_on_loopback
from host_tools.market.site import Site, static
from host_tools.twin.browser import browser, complaints, missing, opened

RUN_S = 180  # of real time, at most
OPEN_S = 60
FIRST_BYTE_S = 0.5  # of a page, while the machine does much else


class Portal:
    """A new device on the real VM, in a thread of its own."""

    def __init__(self, **settings: object) -> None:
        self.heard = ""
        self.around = Surroundings(serial=self._hear)
        self.around.air.update({"home": "password", "caf\udce9": "p%+ &\u00fc\u00df!"})
        self.flash = new_flash(OLD, ssid="", password="", **settings)
        self.device = MicroPythonDevice(self.flash, self.around, Options())
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=lambda: self.device.run(RUN_S, until=self.stop.is_set)
        )

    def _hear(self, text: str) -> None:
        self.heard += text

    def until(self, what: Callable[[], object], seconds: float = OPEN_S) -> None:
        end_s = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end_s and self.thread.is_alive(), self.heard
            time.sleep(0.02)

    def __enter__(self) -> "Portal":
        self.thread.start()
        self.until(lambda: {53, 80} <= {*self.around.doors})
        self.until(lambda: self._answers())
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()
        assert "Traceback" not in self.heard, self.heard

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self.send(b"GET /favicon.ico HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404")
        return False

    @property
    def door(self) -> tuple[str, int]:
        return "127.0.0.1", self.around.doors[80]

    def send(self, raw: bytes) -> bytes:
        """Everything that is answered until the end of the connection."""
        with socket.create_connection(self.door, 15) as sock:
            sock.sendall(raw)
            found = b""
            while piece := sock.recv(4096):
                found += piece
            return found

    def get(self, path: str = "/") -> str:
        raw = self.send(f"GET {path} HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n".encode())
        assert raw.startswith(b"HTTP/1.1 200 OK"), raw
        return raw.partition(b"\r\n\r\n")[2].decode()

    def post(self, path: str, **fields: str | bytes) -> str:
        body = urllib.parse.urlencode(fields)
        head = f"POST {path} HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: {len(body)}"
        return self.send(f"{head}\r\n\r\n{body}".encode()).decode()

    def config(self) -> dict:
        return image_settings_of(self.flash, "config")


@pytest.fixture
def internet() -> Iterator[Callable[[Portal], None]]:
    """A name server and the page that a portal asks for behind a network."""
    page = Site(static(lambda path: b"success\n"), lambda: 0)
    with names_on_loopback.Internet(page, [PROBED[0]]) as found:

        def give(portal: Portal) -> None:
            portal.around.name_server = found.names.address
            portal.around.ports.update(found.ports)

        yield give


def test_dns_over_real_datagrams() -> None:
    with Portal() as portal:
        names = "127.0.0.1", portal.around.doors[53]
        for name in ("captive.apple.com", "a", "x" * 63 + "." + "y" * 63 + ".test"):
            assert look_up(name, names) == "192.168.4.1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(10)
            for junk in (b"", b"x", bytes(12), bytes(600), question("a.b")[:-1]):
                asking.sendto(junk, names)
            asking.sendto(question("a.b", 28), names)
            reply = asking.recv(512)
        assert struct.unpack_from(">HHHHHH", reply) == (0xBEEF, 0x8580, 1, 0, 0, 0)


PHONE = ("A", "AAAA", "HTTPS", "NS", "TXT", "SOA", "SVCB", "PTR", "ANY")


@pytest.mark.parametrize("edns", [False, True])
def test_a_resolver_of_its_own_believes_every_answer(edns: bool) -> None:
    """dnspython checks id, question and form of each answer, as the resolvers of phones do."""
    with Portal() as portal:
        for name in ("captive.apple.com.", "WPAD.", "xn--caf-dma.", "a.b.c.d.e."):
            for kind in PHONE:
                query = message.make_query(name, kind, use_edns=edns)
                reply = query_over.udp(query, "127.0.0.1", 10, portal.around.doors[53])
                assert reply.rcode() == rcode.NOERROR and reply.question == query.question
                found = [str(one) for rows in reply.answer for one in rows]
                assert found == (["192.168.4.1"] if kind in ("A", "ANY") else [])


def test_hostile_phones_lock_nobody_out() -> None:
    """Slow ones, floods, bodies over the cap, connections that hang: a clear status."""
    with Portal() as portal, contextlib.ExitStack() as stack:
        refused = {
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 4000: b"431",
            b"GET /" + b"a" * 5000: b"414",
            b"POST /save HTTP/1.1\r\nContent-Length: 4000\r\n\r\n" + bytes(4000): b"413",
            b"POST /save HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": b"411",
            b"BREW / HTTP/1.1\r\n\r\n": b"405",
            b"\x16\x03\x01\x00\xff\x01\r\n\r\n": b"400",
        }
        for raw, code in refused.items():
            assert portal.send(raw).startswith(b"HTTP/1.1 " + code), code
        for _ in range(4):
            stack.enter_context(socket.create_connection(portal.door)).sendall(b"GET / HT")
            time.sleep(0.5)  # by then it is heard
        with socket.create_connection(portal.door, 5) as fifth:  # the places are taken
            fifth.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                assert fifth.recv(100) == b""
        portal.until(portal._answers, 15)  # those that hang are given up
        begun = time.monotonic()
        assert "Seesaw set-up" in portal.get()
        assert time.monotonic() - begun < FIRST_BYTE_S


def test_names_and_passwords_of_any_kind(internet: Callable[[Portal], None]) -> None:
    with Portal() as portal:
        internet(portal)
        page = portal.get()
        assert 'value="636166e9"' in page and "caf\\xe9" in page
        assert "probably wrong" in _tried(portal, ssid="636166e9", password="12345678")
        assert portal.config()["ssid"] == ""
        assert "Connected." in _tried(portal, ssid="636166e9", password="p%+ &\u00fc\u00df!")
        portal.until(lambda: not portal.device.board.radio.on[1])
        assert portal.config()["ssid_hex"] == "636166e9"
        portal.until(lambda: " state=" in portal.heard)


def _tried(portal: Portal, **fields: str) -> str:
    assert "Trying" in portal.post("/save", **fields)
    found = [""]

    def ended() -> bool:
        found[0] = portal.get()
        return "Trying" not in found[0]

    portal.until(ended)
    return status(found[0])


def test_improv_on_the_serial_line(internet: Callable[[Portal], None]) -> None:
    """A client's bytes, a 3 among them, which is Ctrl-C anywhere else."""
    with Portal() as portal:
        internet(portal)
        portal.device.type(b"noise" + rpc(3))
        portal.until(lambda: "\x06seesaw\x050.1.0" in portal.heard)
        portal.device.type(rpc(4))
        portal.until(lambda: "\x04home\x03-55\x03YES" in portal.heard)
        portal.device.type(rpc(1, b"\x04home\x08password"))
        portal.until(lambda: portal.config()["ssid"] == "home")
        portal.until(lambda: " state=" in portal.heard)
        assert "IMPROV\x01\x01\x01\x03" in portal.heard and "IMPROV\x01\x01\x01\x04" in portal.heard


def test_ctrl_c_still_leads_to_the_prompt() -> None:
    with Portal() as portal:
        portal.device.type(b"\x03")
        portal.until(lambda: not portal.thread.is_alive() or portal.device.board.wdt_us > 60e6)
        assert portal.device.board.wdt_us == 900_000_000


def test_a_browser_without_scripts(internet: Callable[[Portal], None]) -> None:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    from selenium.webdriver.common.by import By

    with Portal() as portal:
        internet(portal)
        every_name = "--host-resolver-rules=MAP * {}:{}".format(*portal.door)
        with browser(390, 800, every_name) as driver:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
            asked = "http://captive.apple.com/hotspot-detect.html"
            portal.until(lambda: opened(driver, asked, "Seesaw set-up"))
            assert driver.current_url == "http://192.168.4.1/"
            for box in driver.find_elements(By.CSS_SELECTOR, "input"):
                assert box.accessible_name
            (network,) = (box for box in driver.find_elements(By.NAME, "ssid")
                          if box.get_attribute("value") == b"home".hex())  # fmt: skip
            network.click()
            password = driver.find_element(By.ID, "password")
            password.send_keys("password")
            assert password.value_of_css_property("-webkit-text-security") == "disc"
            driver.find_element(By.ID, "show").click()
            assert password.value_of_css_property("-webkit-text-security") == "none"
            password.submit()
            portal.until(lambda: "Connected." in driver.page_source)
            assert complaints(driver) == []
        portal.until(lambda: portal.config()["ssid"] == "home")
