"""The chip's floats have 32 bits: where values cross into the firmware, on both engines."""

import struct
from pathlib import Path

import pytest
import tiny

from host_tools.emulator.micro_float import single

ENGINES = [tiny.on_cpython, tiny.on_micropython]
FIRMWARE = Path(__file__).parents[2] / "firmware"


def test_single_is_the_nearest_32_bit_float():
    assert single(0.1) == struct.unpack("<f", struct.pack("<f", 0.1))[0] != 0.1
    assert single(16_777_217) == 16_777_216
    assert (single(1e39), single(-1e39)) == (float("inf"), float("-inf"))


CROSSING = """
import io, json, random, struct
exact = 4503599627370497.0
print(json.loads("[1762300123.0, {\\"a\\": 0.1}, 1762300123]")[0] - 1762300000)
print(json.loads("0.1") == 0.1, json.loads("0.5") == 0.5, json.loads("1762300123"))
print(json.load(io.StringIO("16777217.0")))
print(json.loads("{\\"a\\": [{\\"b\\": 16777217.0}, null, true, \\"x\\"]}"))
print(struct.unpack("<d", struct.pack("<d", 16777217.0)), struct.unpack("<Id", bytes(12)))
print(struct.unpack_from("<f", struct.pack("<xf", 0.5), 1), struct.calcsize("<d"))
fractions = [random.random() for _ in range(200)]
print(all(0 <= f < 1 and f * 8388608 == int(f * 8388608) for f in fractions))
between = [random.uniform(2, 3) for _ in range(20)]
print(all(struct.unpack("<f", struct.pack("<f", f))[0] == f for f in between))
"""


@pytest.mark.parametrize("make", ENGINES)
def test_what_crosses_is_rounded(make):
    bench = make(CROSSING)
    bench.run(10)

    assert bench.lines == [
        "160.0",
        "False True 1762300123",
        "16777216.0",
        "{'a': [{'b': 16777216.0}, None, True, 'x']}",
        "(16777216.0,) (0, 0.0)",
        "(0.5,) 8",
        "True",
        "True",
    ]


def test_the_built_in_float_rounds_and_is_still_a_type():
    lines = tiny.output("""
print(float("16777217"), float(16777217), float(), float("0.1") == 0.1)
print(isinstance(1.5, float), isinstance(1, (int, float)), isinstance("x", float))
""")
    assert lines == ["16777216.0 16777216.0 0.0 False", "True True False"]


# An epoch time that has been a float: no call of the chip takes one.
REFUSED = """
import machine, time
from esp32 import NVS
now = time.time() * 1.0
nvs = NVS("clock")
for action in (
    lambda: machine.RTC().datetime((2026, 11, 5, 3, 1, 2, 3.0, 0)),
    lambda: nvs.set_i32("now", now),
    lambda: time.gmtime(now),
    lambda: time.mktime((2026.0, 1, 1, 0, 0, 0, 0, 0)),
    lambda: time.sleep_ms(1.0),
    lambda: time.ticks_diff(now, 5),
    lambda: time.ticks_add(now, 5),
    lambda: machine.WDT(timeout=now),
    lambda: machine.deepsleep(5.0),
):
    try:
        print("taken", action())
    except TypeError:
        print("refused")
print(type(time.time()))
"""


@pytest.mark.parametrize("make", ENGINES)
def test_the_chip_takes_no_float_for_an_integer(make):
    bench = make(REFUSED)
    bench.run(10)
    assert bench.lines == ["refused"] * 9 + ["<class 'int'>"]


@pytest.mark.parametrize("make", ENGINES)
def test_a_sleep_in_seconds_counts_whole_milliseconds(make):
    bench = make("import time\nstart = time.ticks_ms()\ntime.sleep(0.0009)\n"
                 "time.sleep(0.25)\nprint(time.ticks_diff(time.ticks_ms(), start))\n")  # fmt: skip
    bench.run(10)
    assert 250 <= int(bench.lines[0]) < (252 if make is tiny.on_cpython else 400)


EPOCHS = """
import time
from seesaw.core.quote import iso_time_s
from seesaw.port.board import Clock
print(iso_time_s("2025-11-05T14:32:07.000-0500") - 1762371127)
print(Clock().epoch_s() - 946684800 - time.time())
"""


def epochs(tmp_path: Path, changes: dict[str, tuple[str, str]]) -> list[str]:
    """What the firmware's own clock and its reading of a date are off by, with lines changed."""
    sources = {}
    for path in ("core/__init__.py", "core/quote.py", "port/__init__.py", "port/board.py"):
        text = (FIRMWARE / "seesaw" / path).read_text()
        old, new = changes.get(path, ("", ""))
        assert old in text
        sources[f"seesaw/{path}"] = text.replace(old, new, 1)
    packed = tiny.pack(tmp_path, sources)
    chip = tiny.flash(tiny.mount(packed.image) + EPOCHS, packed.image)
    bench = tiny.on_cpython(chip, packed.companion)
    bench.device.around.wall = lambda: 1_762_371_127.0
    bench.run(10)
    return bench.lines


def test_no_epoch_of_the_firmware_passes_through_a_float(tmp_path):
    assert epochs(tmp_path, {}) == ["0", "0"]


@pytest.mark.parametrize(
    ("path", "line", "changed", "wrong"),
    [
        ("port/board.py", "now = int(time.time())", "now = int(float(time.time()))", 1),
        ("core/quote.py", "    return time_s\n", "    return int(float(time_s))\n", 0),
    ],
)
def test_an_epoch_that_does_is_seen_to_be_off(tmp_path, path, line, changed, wrong):
    found = epochs(tmp_path, {path: (line, changed)})
    assert abs(int(found[wrong])) >= 1
    assert found[1 - wrong] == "0"
