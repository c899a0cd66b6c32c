"""The firmware's stream against a peer on the loopback, on CPython and on the MicroPython VM.

Both run the same script; what it prints is compared. A session's clock runs `rate` times as fast as
the real one, and a tick of the server is as long as one of the client.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.prices import Prices
from host_tools.market.stream_server import StreamServer, site
from host_tools.market.streams import NAMES, RECIPES

FIRMWARE = Path(__file__).parents[2] / "firmware"
VM = Path(sys.executable).parent / "micropython"
WAIT_S = 60  # for a script, at most
DAY = date(2026, 12, 1)
PRICES = Prices(1, DAY)
TICK_S = 0.05
EXCHANGES = tuple(RECIPES)

SCRIPT = """
import asyncio
import gc
import json
import random
import sys
import time
from seesaw.core.stream import Messages
from seesaw.streaming import Stream

given = json.loads(sys.stdin.readline())

class Clock:
    def __init__(self):
        self.begun_ms = ticks_ms()
    def up_s(self):
        return (ticks_ms() - self.begun_ms) * given["rate"] // 1000
    def epoch_s(self):
        return given["epoch_s"]

def ticks_ms():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else int(time.monotonic() * 1000)

opened = [0, 0, 0]  # now, most at one time, in all

class Counted:
    # The stream, which counts itself. close() does nothing on MicroPython.
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.most = 0
    async def read(self, n):
        piece = await self.reader.read(n)
        assert len(piece) <= n <= 2048
        return piece
    def write(self, data):
        self.writer.write(data)
    async def drain(self):
        await self.writer.drain()
    def close(self):
        self.writer.close()
    async def wait_closed(self):
        opened[0] -= 1
        await self.writer.wait_closed()

async def opener(host, port, tls):
    both = Counted(*await asyncio.open_connection(host, port))
    opened[0] += 1
    opened[1] = max(opened[1], opened[0])
    opened[2] += 1
    return both, both

async def main():
    messages = Messages(given["stream"], given["symbol"], given["echo"])
    stream = Stream(opener, messages, Clock(), random.random)
    stream.tick_s = given["tick_s"]
    stream.silence_s = given["silence_s"]
    stream.deadline_s = given["deadline_s"]
    quotes = []  # the first few
    seen = [0]
    def on_quote(quote):
        seen[0] += 1
        if len(quotes) < 3:
            quotes.append(quote)
        if seen[0] > given["quotes"]:
            return None
        return given["accept"]
    for _ in range(given["runs"]):
        why = await stream.run(on_quote)
        gc.collect()
        free = gc.mem_free() if hasattr(gc, "mem_free") else 0
        print(json.dumps([why, stream.state, seen[0], stream.wrong, opened, free]))
    for quote in quotes:
        print(json.dumps(["%.6g %.6g" % (quote.price, quote.baseline), quote.time_s, quote.open]))

asyncio.run(main())
"""


def clock() -> SimClock:
    """The market's time stands still, so that every message tells the same."""
    return SimClock(start_of(find("btc"), DAY), 0.0)


@contextmanager
def served(exchange: str, fault: str | None = None) -> Iterator[StreamServer]:
    """The exchange on the loopback; the site is `server.site`."""
    one = site(exchange, PRICES, clock(), TICK_S)
    one.slow_wait = 0.05
    one.fault = fault
    for ago in (0, 86400):  # the first price takes its time
        PRICES.price_at(find("btc"), clock().epoch() - ago)
    with StreamServer(one) as server:
        yield server


def local(exchange: str, url: str) -> dict:
    """The exchange's stream, at another address."""
    recipe = dict(RECIPES[exchange])
    scheme, _, rest = recipe["url"].partition("://")
    _, slash, path = rest.partition("/")
    assert scheme == "wss"
    recipe["url"] = url + slash + path
    return recipe


def order(exchange: str, url: str, instrument: str = "btc", **changes: object) -> dict:
    """What the script is told; quotes: after so many the stream is left."""
    symbol, echo = NAMES[exchange](instrument)
    given = {
        "stream": local(exchange, url), "symbol": symbol, "echo": echo, "rate": 1, "runs": 1,
        "epoch_s": clock().epoch(), "tick_s": TICK_S, "silence_s": 20, "deadline_s": 20,
        "quotes": 2, "accept": True,
    }  # fmt: skip
    assert not set(changes) - set(given)
    return given | changes


def on_the_vm(given: dict, heap: str = "1m") -> list[list]:
    """What the script prints on the MicroPython VM."""
    return _run([str(VM), "-X", f"heapsize={heap}"], {"MICROPYPATH": f"{FIRMWARE}:.frozen"}, given)


def on_cpython(given: dict) -> list[list]:
    """What the script prints here, in this process."""
    said = io.StringIO()
    script = SCRIPT.replace("sys.stdin.readline()", repr(json.dumps(given)))
    with contextlib.redirect_stdout(said):
        exec(script, {"__name__": "script"})
    return [json.loads(line) for line in said.getvalue().splitlines()]


BATCH = """
import sys
from binascii import hexlify, unhexlify
space = {}
exec(sys.stdin.readline().strip().replace("~~", chr(10)), space)
for line in sys.stdin:
    print(hexlify(space["answer"](unhexlify(line.strip()))).decode())
"""


def vm_answers(program: str, cases: Sequence[bytes]) -> list[bytes]:
    """What `answer(case: bytes) -> bytes` of the program says to each on the VM, in one call."""
    lines = [program.replace("\n", "~~"), *(case.hex() for case in cases)]
    done = subprocess.run(
        [str(VM), "-X", "heapsize=2m", "-c", BATCH],
        env={**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen"},
        input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=WAIT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-500:] + done.stderr[-3000:]
    return [bytes.fromhex(line) for line in done.stdout.splitlines()]


def _run(command: list[str], environment: dict[str, str], given: dict) -> list[list]:
    done = subprocess.run(
        [*command, "-c", SCRIPT], env={**os.environ, **environment}, input=json.dumps(given) + "\n",
        capture_output=True, text=True, timeout=WAIT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-500:] + done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


ENGINES = {"cpython": on_cpython, "vm": on_the_vm}
