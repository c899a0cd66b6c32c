"""The same firmware files on MicroPython's own virtual machine give what CPython gives."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
OUTPUT_WAIT_S = 60
Output = Callable[..., list[str]]

CORE_SCRIPT = """
from seesaw.core.backoff import delay_s
from seesaw.core.calibrate import act, begin, result
from seesaw.core.gate import Limits, acceptance, jump, late
from seesaw.core.profile import Motion, leg_end
from seesaw.core.quiet import quiet
from seesaw.core.quote import BadAnswer, Quote, iso_time_s, local_time_s, number
from seesaw.core.tilt import held, pulse_ns, tilt

for sigma in (0.87, 0.92, 1.0, 1.13, 1.53, 2.86, 4.4, 5.37):
    for percent in (-90, -3.5, -0.05, 0, 0.04, 0.5, 1, 2.25, 7, 400):
        for sensitivity in (25, 100, 400):
            angle = tilt(100.0 + percent, 100.0, sigma, sensitivity)
            print(sigma, "%.9f" % angle, pulse_ns(angle), held(pulse_ns(angle), 1511000,
                1500000, 12000))

for slope, ends in ((40, (1500000, 1980000)), (38.5, (2000000, 1000000)), (7.5, (1, 1000001))):
    motion = Motion(slope)
    for slower in (1, 4):
        motion.start(*ends, slower)
        while not motion.done:
            print(motion.step())
    print([leg_end(ends[0], ends[1], side, 0, 2000000) for side in (-60000, 0, 20000)])
print([quiet(s, 1320, 420) for s in range(0, 200000, 599)])

steps = begin(1490)
for word in ("accept", "nudge", "nudge", "nudge", "accept", "back", "accept", "nudge", "nudge",
             "nudge", "accept", "accept", "no"):
    try:
        steps = act(steps, word, -40 if steps[0] == "low" else 40)
    except ValueError as error:
        print(error)
    print(steps[0], steps[1], sorted(steps[2].items()))
print(sorted(result(steps).items()))

def show(read, value):
    try:
        print(value, read(value))
    except BadAnswer as error:
        print(value, error.reason)

for text in ("7,764.64", "-0.19", "+0.4", "1,234,567.8", "0", "-0", "12,34", "1.", ".5", "1e5", "",
             "-", "nan", "9" * 24, "9" * 25, "\xff", None, True, 5, 10 ** 40, float("nan"), [], {}):
    show(number, text)
TIMES = ("2026-07-02T04:36:00.000+0100", "2026-07-02T04:36:00Z", "2026-07-02", "2026-02-29",
    "2028-02-29", "2026-07-02T04:36:00-05:30", "2026-07-02T24:00:00Z", "2026-07-02T04:36:00",
    "20260702043600", "2026/07/02 04:36", "202607020436", "2026-07-02 04:36:61", "x", "\xb2026-1",
    "1999-12-31", "2100-01-01", "2026-07-02T04:36:00.5", "2026-07-02T04:36:00 0100")
for text in TIMES + tuple([TIMES[0][:n] for n in range(28)]):
    show(iso_time_s, text)
    show(local_time_s, text)

NOW_S = 1790001234
last = Quote(100.0, 99.0, NOW_S - 60, True)
for price in (0.0, 0.5, 20.0, 99.0, 104.0, 106.0, 130.0, 410.0, float("nan"), float("inf")):
    for age_s in (-50400, -121, -120, 0, 59, 61, 1201, 43300, NOW_S % 86400, 3000000):
        quote = Quote(price, 100.0, NOW_S - age_s, None)
        for now_s in (0, NOW_S, 900000000):
            limits = Limits(1, band=(1, 400))
            print(price, age_s, acceptance(quote, None, now_s, limits),
                  acceptance(quote, last, now_s, limits), late(quote, now_s, 0), jump(
                      quote, last, limits) if price < 1000 else "")
print([delay_s(n, lambda: 0.25, 5, 900) for n in range(12)])
"""

HEAP_SCRIPT = """
import micropython
from seesaw.core.profile import Motion

motion = Motion(7.5)
motion.start(2000000, 1000000, 4)
motion.step()
micropython.heap_lock()
try:
    steps = 0
    while not motion.done:
        motion.step()
        steps += 1
finally:
    micropython.heap_unlock()
print(steps, motion.pulse_ns)
"""

HTTP_SCRIPT = """
import asyncio
import sys
from seesaw.net.http import HttpError, fetch

class Sink:
    def __init__(self):
        self.sum = self.size = self.most = 0
    def write(self, piece):
        self.sum = (self.sum + sum(piece)) & 0xffff
        self.size += len(piece)
        self.most = max(self.most, len(piece))

async def opener(host, port, tls):
    return await asyncio.open_connection(host, port)

async def main():
    for name in ("length", "chunked", "close", "short", "gzip", "long", "page", "hang", "refused"):
        port = sys.argv[2] if name == "refused" else sys.argv[1]
        for sink in (None, Sink()):
            try:
                answer = await fetch("http://127.0.0.1:%s/%s" % (port, name), opener=opener,
                    max_body=9000, deadline_s=0.2 if name == "hang" else 20, sink=sink)
                print(name, answer.status, sorted(answer.headers.items()), len(answer.body))
                print(sink and (sink.sum, sink.size, sink.most <= 4096))
            except HttpError as error:
                print(name, error.kind)

class Enough(Sink):
    def write(self, piece):
        Sink.write(self, piece)
        return self.size > 5000

async def enough():
    # It would be too long, if it were read on.
    sink = Enough()
    url = "http://127.0.0.1:%s/long" % sys.argv[1]
    answer = await fetch(url, opener=opener, max_body=9000, deadline_s=20, sink=sink)
    print("(%d" % answer.status, 5000 < sink.size < 9000)

asyncio.run(main())
asyncio.run(enough())
"""

BODY = bytes(range(250)) * 36
ANSWERS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + BODY,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + (b"3E8\r\n" + BODY[:1000] + b"\r\n") * 9
    + b"0\r\n\r\n",
    "close": b"HTTP/1.1 200 OK\r\nDate: d\r\nSet-Cookie: " + b"c" * 5000 + b"\r\n\r\n" + BODY,
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + BODY[:-1],
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
    "long": b"HTTP/1.1 200 OK\r\n\r\n" + BODY + b"x",
    "page": b"<html>\r\n\r\n",
}

KINDS = ["200"] * 3 + ["truncated", "encoding", "too_long", "malformed", "timeout", "refused"]


def micropython() -> str:
    """The Unix MicroPython: named by the environment, beside this Python, or on the path."""
    beside = Path(sys.executable).parent / "micropython"
    named = os.environ.get("SEESAW_MICROPYTHON")
    found = named or (str(beside) if beside.exists() else shutil.which("micropython"))
    assert found, "no micropython: install it with pip, or set SEESAW_MICROPYTHON"
    return found


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """Run a script: the lines that it prints. It must end well and say nothing else."""

    def run(interpreter: str, script: str, *arguments: str) -> list[str]:
        file = tmp_path / "script.py"
        file.write_text(script, "utf-8")
        # For CPython alone: the VM has its own, built in.
        (tmp_path / "micropython.py").write_text("def const(value):\n    return value\n")
        paths = {"MICROPYPATH": f"{FIRMWARE}:.frozen", "PYTHONPATH": str(FIRMWARE)}
        done = subprocess.run(
            [interpreter, str(file), *arguments],
            env={**os.environ, **paths},
            capture_output=True,
            text=True,
            timeout=OUTPUT_WAIT_S,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout[-500:] + done.stderr
        return done.stdout.splitlines()

    return run


def test_core_agrees(output: Output) -> None:
    lines = output(micropython(), CORE_SCRIPT)

    assert len(lines) > 1000
    assert lines == output(sys.executable, CORE_SCRIPT)


def test_a_step_of_the_motion_allocates_nothing(output: Output) -> None:
    (line,) = output(micropython(), HEAP_SCRIPT)
    steps, pulse_ns = line.split()

    assert int(steps) > 500
    assert pulse_ns == "1000000"


class Server:
    """A raw server in a thread: the canned answer to each path; /hang stays silent and open."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.silent: list[socket.socket] = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @property
    def port(self) -> str:
        return str(self.socket.getsockname()[1])

    def run(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            request = connection.recv(4096)
            if not request:
                connection.close()
                return
            path = request.split(b" ")[1][1:].decode()
            if path == "hang":
                self.silent.append(connection)
                continue
            with connection:
                connection.sendall(ANSWERS[path])

    def stop(self) -> None:
        with socket.create_connection(("127.0.0.1", int(self.port))):
            pass  # a connection without a request ends the thread
        self.thread.join()
        for connection in self.silent:
            connection.close()
        self.socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def test_http_agrees_on_real_sockets(server: Server, output: Output) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ports = (server.port, str(free.getsockname()[1]))
        lines = output(micropython(), HTTP_SCRIPT, *ports)

        assert lines == output(sys.executable, HTTP_SCRIPT, *ports)
    assert lines[-1] == "(200 True"
    kinds = [line.split()[1] for line in lines if not line.startswith(("(", "None"))]
    assert kinds[::2] == kinds[1::2] == KINDS
