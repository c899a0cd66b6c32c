"""The real VM as the device's processor: resets, power cuts, and a VM that dies or is missing.

Few and quick: each boot is a process.
"""

import shutil
import sys
from pathlib import Path

import pytest
import tiny

from host_tools.emulator.micropython_engine import NoMicroPython, find_micropython

RUN_S = 20  # of real time, at most


def test_the_watchdog_kills_a_hung_vm():
    bench = tiny.on_micropython("""
import machine
print("cause", machine.reset_cause())
if machine.reset_cause() == 1:
    machine.WDT(timeout=100)
    while True:
        pass
""")
    outcome = bench.run(RUN_S)

    assert bench.lines == ["cause 1", "cause 3"]
    assert bench.events == ["boot ota_0 cause 1", "reset watchdog", "boot ota_0 cause 3"]
    assert (outcome.reason, outcome.boots) == ("idle", 2)


def test_a_soft_reset_starts_a_fresh_vm_without_the_bootloader():
    bench = tiny.on_micropython("""
import machine, sys
print(machine.reset_cause(), machine.RTC().memory(), "poisoned" in sys.modules)
machine.RTC().memory(b"note")
sys.modules["poisoned"] = sys
if machine.reset_cause() == 1:
    machine.soft_reset()
""")
    outcome = bench.run(RUN_S)

    assert bench.lines == ["1 b'' False", "5 b'note' False"]
    assert (bench.events, outcome.boots) == (["boot ota_0 cause 1"], 1)


def test_power_cuts_at_each_operation_of_a_write():
    start = tiny.flash("""
from esp32 import Partition
data = Partition("data")
try:
    data.writeblocks(0, b"mark" * 1024)
finally:
    data.writeblocks(1, b"late" * 1024)
""")
    first = 2  # after the bootloader's
    for cut, found in (((first, "after"), b"\xff\xff\xff\xff"), ((first + 1, "after"), b"mark")):
        bench = tiny.on_micropython(start.copy())
        outcome = bench.run(RUN_S, cut=cut)

        assert outcome.reason == "cut"
        assert bench.device.flash.read(tiny.DATA, 4) == found
        assert bench.device.flash.read(tiny.DATA + 4096, 4) != b"late"


def test_a_vm_that_dies_is_a_panic():
    bench = tiny.on_micropython("""
import machine, _bus
print("cause", machine.reset_cause())
if machine.reset_cause() == 1:
    _bus._files[1].close()
    while True:
        pass
""")
    bench.run(RUN_S)

    assert bench.lines == ["cause 1", "cause 2"]
    assert bench.events[1] == "reset panic: the VM died"


def test_a_run_ends_by_time_and_by_its_condition_in_a_busy_vm():
    bench = tiny.on_micropython("print('up')\nwhile True:\n    pass\n")
    assert bench.run(0.2).reason == "time"
    assert bench.lines == ["up"]
    bench.heard.clear()
    assert bench.run(RUN_S, until=lambda: "up" in bench.text).reason == "until"


def test_modules_come_from_the_slot_s_own_bytes(tmp_path):
    packed = tiny.pack(tmp_path, {"seesaw/main.py": "assert False\nprint('ran', __name__)\n"})
    script = tiny.mount(packed.image) + "import seesaw.main\n"
    good = tiny.on_micropython(tiny.flash(script, packed.image))
    good.run(RUN_S)
    assert good.lines == ["ran seesaw.main"]  # compiled with -O3: no asserts


def test_no_micropython_anywhere(monkeypatch, tmp_path):
    monkeypatch.delenv("SEESAW_MICROPYTHON", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoMicroPython, match="SEESAW_MICROPYTHON"):
        find_micropython()
    (tmp_path / "micropython").write_text("")
    assert Path(find_micropython()) == tmp_path / "micropython"


@pytest.mark.parametrize("what", ["missing", "another program"])
def test_a_micropython_that_does_not_start(monkeypatch, tmp_path, what):
    other = shutil.which("false")
    assert other
    path = other if what == "another program" else str(tmp_path / "nothing")
    monkeypatch.setenv("SEESAW_MICROPYTHON", path)
    with pytest.raises(NoMicroPython, match="does not start"):
        tiny.on_micropython("").run(RUN_S)
