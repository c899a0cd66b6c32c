"""The opener by itself, on both engines: one connection at a time, and a place that is freed."""

import sys
from pathlib import Path

import pytest
from tls_rig import CA, CPYTHON, ENGINES, HOST, context, pem

from host_tools.image import bundle
from host_tools.market import tls
from host_tools.market.site import Site, static
from host_tools.market.tls import TlsSite

sys.path.append(str(Path(__file__).parents[1] / "emulator"))
import tiny

MODULES = ("net/__init__.py", "net/certificate.py", "net/pem.py", "port/__init__.py",
           "port/secure.py")  # fmt: skip
SCRIPT = """
import asyncio, time
from network import WLAN
from seesaw.port.secure import Secure

wlan = WLAN(WLAN.IF_STA)
wlan.active(True)
wlan.connect("home", "password")
while not wlan.isconnected():
    time.sleep_ms(10)

class Clock:
    def epoch_s(self):
        return 1796000000

secure = Secure(Clock(), b"", None)

async def one(name, hold_ms, names=()):
    try:
        reader, writer = await secure.opener(names)(HOST, PORT, True)
    except ValueError as error:
        print(name, error)
        return
    print(name, "open", secure.busy)
    try:
        await asyncio.sleep_ms(hold_ms)
        writer.write(b"GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n")
        await writer.drain()
        print(name, (await reader.read(12)) == b"HTTP/1.1 200")
    finally:
        writer.close()
        await writer.wait_closed()
        await writer.wait_closed()
        print(name, "closed", secure.busy)

async def given_up(name, seconds):
    try:
        await asyncio.wait_for(one(name, 9000), seconds)
    except asyncio.TimeoutError:
        print(name, "given up", secure.busy)

async def main():
    await asyncio.gather(one("first", 300), one("second", 1))
    await one("nameless", 1, ("nobody",))  # all, then
    await one("partly", 1, ["nobody", "test-0"])
    await one("named", 1, ("test-0",))
    await asyncio.gather(one("third", 300), given_up("fourth", 0.1))
    await given_up("fifth", 0.3)
    await one("sixth", 1)

asyncio.run(main())
print("END")
"""
HEARD = """
first open True
first True
first closed False
second open True
second True
second closed False
nameless open True
nameless True
nameless closed False
partly open True
partly True
partly closed False
named open True
named True
named closed False
third open True
fourth given up True
third True
third closed False
fifth open True
fifth closed False
fifth given up False
sixth open True
sixth True
sixth closed False
END
""".strip().splitlines()


@pytest.mark.parametrize("engine", ENGINES)
def test_one_connection_at_a_time(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.emulator.radio.JOIN_US", 10_000)
    sources = {f"seesaw/{name}": (bundle.FIRMWARE / "seesaw" / name).read_text()
               for name in MODULES}  # fmt: skip
    roots = tmp_path / bundle.PACKAGE / "data" / bundle.TLS_ROOTS
    roots.parent.mkdir(parents=True)
    roots.write_bytes(pem(CA))
    made = tiny.pack(tmp_path, sources)
    site = TlsSite(Site(static({"a": b"x"}), lambda: 1_796_000_000), context("valid"))
    with tls.serve(site) as server:
        main = f"HOST, PORT = '{HOST}', {server.port}\n" + tiny.mount(made.image) + SCRIPT
        chip = tiny.flash(main, made.image)
        if engine == CPYTHON:
            bench = tiny.on_cpython(chip, made.companion)
            bench.device.net.hosts[HOST, server.port] = site
        else:
            bench = tiny.on_micropython(chip)
        bench.run(30, until=lambda: "END" in bench.lines)

    assert bench.lines == HEARD, bench.text
