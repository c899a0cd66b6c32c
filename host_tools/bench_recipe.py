"""The rows of `seesaw bench` about recipes: time and heap of an extraction on the real MicroPython
VM, against its own json.loads (which is C) in turn on the same bodies.

The heap is what must be there at once while it reads: what the extraction keeps, and the garbage of
one part, the most over all parts of the body. The quote is made afterwards, of what was kept.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from host_tools.bench import KB, Row
from host_tools.emulator.micropython_engine import NoMicroPython, find_micropython
from host_tools.errors import UserError
from host_tools.image import bundle

RATIO_LIMIT = 10  # in json.loads of the same body
HEAP_LIMIT_KB = 1.5
LARGE = 40_000  # bytes
PART = 48  # bytes that the firmware reads on in
ROUNDS = 4
HEAP = "1M"
VM_SECONDS = 60  # of real time
MODULES = ("__init__", "scan", "paths", "delimited", "quote", "recipe")
WHAT = {
    "one": "of CNBC for one symbol",
    "many": "of CNBC for many symbols, the wanted one last",
    "bars": "of Yahoo with bars, what is wanted after them",
}

SCRIPT = """
import gc
import json
import sys
import time

sys.path[:] = [sys.path[0], ".frozen"]
from seesaw.core.recipe import Recipe

def extract(bound, body):
    made = bound.begin()
    for at in range(0, len(body), 4096):
        if made.write(body[at : at + 4096]):
            break
    return made.quote()

def heap(bound, body):
    parts = [body[at : at + PART] for at in range(0, len(body), PART)]
    gc.collect()
    before = gc.mem_alloc()
    made = bound.begin()
    most = gc.mem_alloc() - before
    for part in parts:
        gc.collect()
        made.write(part)
        most = max(most, gc.mem_alloc() - before)
    gc.collect()
    before = gc.mem_alloc()
    made.quote()
    return most, gc.mem_alloc() - before

with open(sys.argv[1]) as file:
    cases = json.load(file)
for name, times, rules, symbol, text in cases:
    bound, body = Recipe(name, rules, symbol), text.encode()
    least = {}
    for _ in range(ROUNDS):
        for what in ("ours", "json"):
            gc.collect()
            start = time.clock()
            for _ in range(times):
                extract(bound, body) if what == "ours" else json.loads(body)
            took = (time.clock() - start) / times
            least[what] = min(least.get(what, took), took)
    for what in ("ours", "json"):
        print("%s %s %d" % (name, what, least[what] * 1000000))
    gc.collect()
    gc.disable()
    read, quote = heap(bound, body)
    print("%s heap %d" % (name, read))
    print("%s garbage %d" % (name, quote))
    gc.enable()
"""


def measure() -> list[Row]:
    """All rows about recipes. Without a MicroPython VM their figures are None.

    UserError when the firmware does not read the answers.
    """
    try:
        find_micropython()
    except NoMicroPython as error:
        return _rows({}, str(error))
    return _rows(_run(), "")


def _rows(found: dict[tuple[str, str], int], why: str) -> list[Row]:
    rows = []
    for name, words in WHAT.items():
        ours, parser = found.get((name, "ours")), found.get((name, "json"))
        heap = found.get((name, "heap"))
        ratio = ours / parser if ours and parser else None
        size = len(_body(name)) / KB
        rows += [
            Row(f"extraction, {size:.1f} KB", ours / KB if ours else None, "ms",
                note=why or f"an answer {words}; time of the VM's process"),
            Row(f"  in json.loads, {name}", ratio, "", RATIO_LIMIT, note=why),
            Row(f"  its heap, {name}", heap / KB if heap else None, "KB", HEAP_LIMIT_KB,
                note=why or "while it reads, on a VM of 64 bits; about half on the chip"),
        ]  # fmt: skip
    garbage = found.get(("one", "garbage"))
    return [*rows, Row("garbage of a quote", garbage / KB if garbage else None, "KB",
                       note=why or "of what was kept, once the body is over")]  # fmt: skip


def _run() -> dict[tuple[str, str], int]:
    shipped = json.loads((bundle.FIRMWARE / "seesaw/data/feeds.json").read_text())["providers"]
    cases = []
    for name in WHAT:
        body = _body(name)
        rules, symbol = shipped["yahoo" if name == "bars" else "cnbc"], ".SPX"
        cases.append((name, 4 if len(body) > LARGE / 2 else 100, rules, symbol, body))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _compile(folder)
        (folder / "cases.json").write_text(json.dumps(cases))
        script = SCRIPT.replace("ROUNDS", str(ROUNDS)).replace("PART", str(PART))
        (folder / "start.py").write_text(script)
        done = subprocess.run(
            [find_micropython(), "-X", f"heapsize={HEAP}", str(folder / "start.py"),
             str(folder / "cases.json")],
            capture_output=True, text=True, timeout=VM_SECONDS, check=False,
        )  # fmt: skip
    lines = re.findall(r"(\w+) (\w+) (\d+)\n", done.stdout)
    found = {(name, what): int(number) for name, what, number in lines}
    if len(found) != 4 * len(WHAT):
        raise UserError("extraction on the VM", (done.stdout + done.stderr)[-300:], "mend it")
    return found


def _compile(folder: Path) -> None:
    (folder / "seesaw/core").mkdir(parents=True)
    for path in ("seesaw/__init__.py", *(f"seesaw/core/{name}.py" for name in MODULES)):
        compiled = bundle.compile_module(path, (bundle.FIRMWARE / path).read_text("utf-8"))
        (folder / path).with_suffix(".mpy").write_bytes(compiled)


def _body(name: str) -> str:
    if name == "one":
        return _cnbc([".SPX"])
    if name == "many":
        count = LARGE // (len(_cnbc([".SPX"])) - len(_cnbc([])))
        return _cnbc([f".X{number:02}" for number in range(count)] + [".SPX"])
    times = [1_788_355_800 + 60 * minute for minute in range(390)]
    prices = [7700 + minute / 8 for minute in range(390)]
    kinds = ("close", "high", "low", "open", "volume", "adjclose", "more")
    quote = dict.fromkeys(kinds, prices)
    meta = {"symbol": ".SPX", "regularMarketTime": times[-1], "regularMarketPrice": 7764.64,
            "chartPreviousClose": 7719.34}  # fmt: skip
    result = {"timestamp": times, "indicators": {"quote": [quote, quote]}, "meta": meta}
    return _packed({"chart": {"result": [result], "error": None}})


def _cnbc(symbols: list[str]) -> str:
    """In the shape, and about the size, of the real one with its extras."""
    extras = ("name", "shortName", "onAirName", "altName", "source", "provider", "exchange")
    entry: dict[str, Any] = {
        "symbol": "", "symbolType": "symbol", "code": 0, **dict.fromkeys(extras, "S&P 500 Index"),
        "last": "7,764.64", "last_timedate": "3:44 PM EDT", "changetype": "UP", "type": "INDEX",
        "last_time": "2026-09-02T15:44:00.000-0400", "open": "7,720.16", "high": "7,770.01",
        "low": "7,715.17", "change": "45.30", "change_pct": "0.59%", "curmktstatus": "REG_MKT",
        "realTime": "true", "assetType": "INDEX", "noStreaming": "false", "feedSymbol": ".SPX",
        "previous_day_closing": "7,719.34", "currencyCode": "USD", "timeZone": "EDT",
        "ExtendedMktQuote": {"type": "POST_MKT", "last": "7,760.00", "change": "-4.64"},
        "yrhiprice": "7,800.10", "yrhidate": "06/30/26", "yrloprice": "5,901.22",
        "yrlodate": "04/08/26", "streamable": "0", "issue_id": "593933", "countryCode": "US",
        "fundamentalData": {"yrlodate": "2026-04-08", "yrhidate": "2026-06-30"},
        "altSymbol": ".SPX", "encodedSymbol": ".SPX", "fundamentalDataAvailable": 1,
        "mktcapView": "67.1T", "volume": "2,412,345,678", "volume_alt": "2.4B", "comments": "CNBC",
        "pe": "25.10", "eps": "309.35", "beta": "1.0", "dividend": "79.12", "sharesout": "8.4B",
        "dividendyield": "1.02%", "tendayavgvol": "2.6B", "pcttendayvol": "0.93",
        "portfolioindicator": "true", "EventData": {"is_halted": "N"},
    }  # fmt: skip
    entries = [{**entry, "symbol": symbol} for symbol in symbols]
    return _packed({"FormattedQuoteResult": {"FormattedQuote": entries}})


def _packed(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
