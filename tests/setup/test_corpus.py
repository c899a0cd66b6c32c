"""The parts that read bytes, on both interpreters: the same corpus gives the same answers."""

import subprocess
import sys
from pathlib import Path

from host_tools.emulator.micropython_engine import find_micropython

FIRMWARE = Path(__file__).parents[2] / "firmware"
WAIT_S = 120
SCRIPT = r'''
import json
import sys
sys.path.insert(0, sys.argv[1])
from seesaw import typed
from seesaw.net import form
from seesaw.net.request import Refused, Request
from seesaw.setup import credentials, dns, improv, pages, probe, scan, secret

seed = 7
def draw(n):
    global seed
    seed = (seed * 69069 + 1) & 0xFFFFFFFF
    return (seed >> 8) % n

def spoilt(raw):
    raw = bytearray(raw)
    for _ in range(draw(4)):
        at = draw(len(raw) + 1)
        what = draw(3)
        if what == 0:
            raw = raw[:at] + bytes([draw(256) for _ in range(draw(9))]) + raw[at:]
        elif what == 1:
            raw = raw[:at]
        elif at < len(raw):
            raw[at] = draw(256)
    return bytes(raw)

def request(raw):
    made = Request()
    try:
        while raw:
            size = 1 + draw(80)
            made.take(raw[:size])
            raw = raw[size:]
    except Refused as refused:
        return refused.args[0]
    return made.ready, made.method, made.path, made.headers.get("host"), made.body

def merged(raw):
    """Not what else is kept: of JSON that is spoilt the interpreters make more or less."""
    made = json.loads(credentials.merged(raw, raw[:9], b"12345678"))
    return made["ssid"], made["password"], made.get("ssid_hex")

def packets(raw):
    split = typed.Split()
    found = []
    try:
        while raw:
            size = 1 + draw(80)
            found += split.take(raw[:size], draw(9))
            raw = raw[size:]
    except KeyboardInterrupt:
        found.append("Ctrl-C")
    told = [improv.command(one) if isinstance(one, bytes) else one for one in found]
    return told, [improv.wifi(one[1]) for one in told if isinstance(one, tuple)]

def page(raw):
    return "".join(pages.form("<", [(raw, -70, True)], raw[:3], "m", "v"))[-2500:-400]

def plain(found):
    """Text as its code points: the interpreters print it each in its own way."""
    if isinstance(found, str):
        return [ord(c) for c in found]
    return [plain(one) for one in found] if isinstance(found, (tuple, list)) else found

QUERY = b"\xbe\xef\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
POST = (b"POST /save?a HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: 30\r\n\r\n"
        b"ssid=6162&password=p%25%2B%FF+")
COMMAND = b"IMPROV\1\3\x10\1\x0e\4home\x08passwordX"
COMMAND = COMMAND[:-1] + bytes((sum(COMMAND[:-1]) & 255,))
PARTS = (
    (QUERY, lambda raw: dns.answer(raw, b"\1\2\3\4")),
    (POST, request),
    (POST[-30:], lambda raw: sorted(form.fields(raw).items())),
    (POST[-30:], lambda raw: credentials.chosen(form.fields(raw))),
    (b"Caf\xc3\xa9", lambda raw: (credentials.readable(raw), credentials.wrong(raw, raw))),
    (b'{"ssid": "a", "x": 1}', merged),
    (COMMAND + b"\n\3" + COMMAND, packets),
    (b"sta" + COMMAND + b"tus\n" + COMMAND * 3 + b"IMPROV\nlog level debug\r", packets),
    (b"<b>\xff&'", page),
    (b"HTTP/1.1 200 OK\r\n\r\nsuccess\n", probe.verdict),
    (b"123456", lambda raw: secret.password(raw, raw)),
    (b"abc", lambda raw: scan.listed([(raw, 0, 1, draw(9), draw(2), 0)] * 2, "abc")),
)
for number, (good, part) in enumerate(PARTS):
    print(number, plain(part(good)))
    for _ in range(ROUNDS):
        print(number, plain(part(spoilt(good))))
'''.replace("ROUNDS", "150")


def answers(interpreter: str, folder: Path) -> list[str]:
    (folder / "micropython.py").write_text("def const(value):\n    return value\n")
    (folder / "corpus.py").write_text(SCRIPT)
    command = [interpreter, str(folder / "corpus.py"), str(FIRMWARE)]
    found = subprocess.run(command, capture_output=True, timeout=WAIT_S, cwd=folder, check=False)
    assert found.returncode == 0, found.stderr[-2000:] + found.stdout[-500:]
    return found.stdout.decode("utf-8", "replace").splitlines()


def test_both_interpreters_answer_alike(tmp_path: Path) -> None:
    mine, theirs = answers(sys.executable, tmp_path), answers(find_micropython(), tmp_path)

    assert len(mine) == len(theirs) > 1500
    for one, other in zip(mine, theirs, strict=True):
        assert one == other
