"""Requests that are spoilt in every way, on both interpreters: the same answers to the byte."""

import subprocess
import sys
from pathlib import Path

from host_tools.emulator.micropython_engine import find_micropython
from host_tools.image import bundle

WAIT_S = 120
ROUNDS = 400
SCRIPT = r'''
import json
import sys
sys.path.insert(0, sys.argv[1])
import asyncio
from seesaw import config, tuning
from seesaw.api import page
from seesaw.data import traded
from seesaw.api.site import Site
from seesaw.net.request import Refused, Request

page.PAGE = sys.argv[2] + "/page.html"
traded.FEEDS = sys.argv[2] + "/feeds.txt"
seed = 7
def draw(n):
    global seed
    seed = (seed * 69069 + 1) & 0xFFFFFFFF
    return (seed >> 8) % n

def spoilt(raw):
    raw = bytearray(raw)
    for _ in range(draw(4)):
        at = draw(len(raw) + 1)
        what = draw(4)
        if what == 0:
            raw = raw[:at] + bytes([draw(256) for _ in range(draw(9))]) + raw[at:]
        elif what == 1:
            raw = raw[:at]
        elif what == 2:
            raw = raw[:at] + raw[at + draw(20):]
        elif at < len(raw):
            raw[at] = 32 + draw(95)
    return bytes(raw)

class App:
    """What the API asks of the app; it writes down what it is made to do."""
    def __init__(self):
        self.settings = config.parse(b"")
        self.settings.update(tuning.parse(b""))
        self.boot = self.feed = self.beam = self.clock = self.call = self.usage = self.last = self
        self.slot = self.choice = self
        self.trailer = (0, 0, 0, 0, 0, b"board\0\0")
        self.version, self.stage, self.unhealthy, self.root = "1.0", 0, 0, "maker"
        self.state, self.why, self.instrument, self.provider = "LIVE", "", "sp500", "cnbc"
        self.price, self.baseline, self.time_s, self.target_ns = 101.5, 100.0, 1000, 1500000
        self.said, self.again, self.long, self.led, self.since_s = True, False, False, None, 0
        self.name, self.silent_s, self.notice = "shipped", 0, "A & B. https://a.test/"
        self.rota, self.outcome = None, "confirmed 0.2.0"
        self.kept = b""
    def info(self):
        return [0, 0, 0, 0, "ota_0"]
    def up_s(self):
        return 60
    def epoch_s(self):
        return 1030
    def degrees(self):
        return 1.5
    def waits(self, up_s):
        return ()
    def level(self):
        return False
    is_quiet = level
    async def park(self):
        pass
    async def diag(self):
        return "paste\n" * 200
    def keep(self, blob):
        self.kept = blob

def asked(raw):
    app, request = App(), Request()
    site = Site(app, "seesaw-000001", lambda: "10.0.0.2", lambda: b'{"ssid": "a"}', app.keep,
                app.diag)
    try:
        while raw:
            size = 1 + draw(80)
            request.take(raw[:size])
            raw = raw[size:]
        if not request.ready:
            return "waits"
        status, head, body = asyncio.run(site.answer(request))
    except Refused as refused:
        status, head, body = site.refused(refused.args[0])
    text = "goes on" if callable(body) else "".join(body)
    if text[:1] == "{":
        found = json.loads(text)
        text = sorted([(key, str(found[key])) for key in found if key != "update"])
    else:
        text = [len(text)] + [ord(c) for c in text if ord(c) > 126 or ord(c) < 32]
    kept = json.loads(app.kept or b"{}")
    return status, text, sorted([(key, kept[key]) for key in kept]), app.again, app.long

HOST = b"Host: 10.0.0.2\r\n"
FORM = b"application/x-www-form-urlencoded"
def post(path, body, kind=b"application/json"):
    return (b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Origin: http://10.0.0.2\r\nContent-Type: "
            + kind + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

GOOD = (
    b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /api/v1/info HTTP/1.1\r\n" + HOST + b"\r\n",
    post(b"/api/v1/config", b'{"rotation": ["dax", "btc"], "turn_min": 45}'),
    post(b"/", b"instrument=dax&rotation%5B%5D=&rotation%5B%5D=btc&rotation%5B%5D=eth", FORM),
    b"GET /api/v1/status HTTP/1.1\r\nReferer: x\r\n" + HOST + b"\r\n",
    b"GET /api/v1/config HTTP/1.1\r\nHost: SEESAW-000001.local\r\n\r\n",
    b"GET /api/v1/events HTTP/1.1\r\n" + HOST + b"\r\n",
    post(b"/api/v1/config", b'{"instrument": "dax", "tz": "JST-9"}'),
    post(b"/api/v1/config", b'{"sensitivity": 200, "approach_us": -3, "stream": true}'),
    post(b"/api/v1/action", b'{"action": "restart"}'),
    post(b"/", b"instrument=dax&quiet_from=23%3A10&stream=True", FORM),
    post(b"/", b"center_us=1510&approach_us=-7&action=", FORM),
)
for number, good in enumerate(GOOD):
    print(number, asked(good))
    for _ in range(ROUNDS):
        print(number, asked(spoilt(good)))
'''


def answers(interpreter: str, folder: Path) -> list[str]:
    (folder / "micropython.py").write_text("def const(value):\n    return value\n")
    (folder / "corpus.py").write_text(SCRIPT.replace("ROUNDS", str(ROUNDS)))
    files = bundle.build("0.1.0").files
    for name in ("page.html", "feeds.txt"):
        (folder / name).write_bytes(files[name])
    command = [interpreter, str(folder / "corpus.py"), str(bundle.FIRMWARE), str(folder)]
    found = subprocess.run(command, capture_output=True, timeout=WAIT_S, cwd=folder, check=False)
    assert found.returncode == 0, found.stderr[-2000:] + found.stdout[-500:]
    return found.stdout.decode("utf-8", "replace").splitlines()


def test_both_interpreters_answer_alike(tmp_path: Path) -> None:
    mine, theirs = answers(sys.executable, tmp_path), answers(find_micropython(), tmp_path)

    assert len(mine) == len(theirs) == 12 * (ROUNDS + 1)
    for one, other in zip(mine, theirs, strict=True):
        assert one == other
    statuses = {line.split(",")[0].split("(")[-1] for line in mine}
    assert {"200", "202", "400", "403", "404", "405", "415", "421"} <= statuses
