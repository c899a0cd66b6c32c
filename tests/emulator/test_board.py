"""The machine: watchdog, reset causes, RTC memory through a loss of power, memory of the board."""

import pytest
import tiny

from host_tools.emulator.board import Options

ENGINES = [tiny.on_cpython, tiny.on_micropython]
RTC = """
import machine
rtc = machine.RTC()
found = rtc.memory()
print(machine.reset_cause(), len(found), found == bytes(range(200)))
rtc.memory(bytes(range(200)))
"""


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize(
    ("rtc", "length", "same"),
    [("lost", 0, False), ("survives", 200, True), ("decayed", 200, False)],
)
def test_rtc_memory_when_power_comes_back(make, rtc, length, same):
    """A brown-out looks like power-on; the magic word alone says nothing of the content."""
    bench = make(RTC, options=Options(rtc=rtc))
    for _ in range(2):
        bench.run(10)

    assert bench.lines == ["1 0 False", f"1 {length} {same}"]


def test_some_bits_decay_and_never_the_same_ones():
    bench = tiny.on_cpython(RTC, options=Options(rtc="decayed"))
    bench.run()
    seen = set()
    for _ in range(4):
        board = bench.device.board
        board.rtc = bytes(64)
        board.power_on()
        seen.add(board.rtc)
        assert sum(byte.bit_count() for byte in board.rtc) == 5
    assert len(seen) == 4


WATCHDOG = """
import machine, time
cause = machine.reset_cause()
print("cause", cause)
if cause == 1:
    for args in ((1, 1000), (0, 0), (0, -5)):
        try:
            machine.WDT(*args)
        except ValueError as error:
            print(type(error), error)
    wdt = machine.WDT(timeout=60000)
    wdt = machine.WDT(timeout=400)  # set again
    for _ in range(3):
        time.sleep_ms(250)
        wdt.feed()
    machine.soft_reset()
if cause == 5:
    time.sleep_ms(1000)
    print("never")
if cause == 3:
    time.sleep_ms(600)  # it does not outlive the reset
    machine.reset()
"""


@pytest.mark.parametrize("make", ENGINES)
def test_the_watchdog_can_be_set_again_and_never_stopped(make):
    bench = make(WATCHDOG)
    bench.run(10)

    refused = ["<class 'ValueError'> "] + ["<class 'ValueError'> WDT timeout too short"] * 2
    assert bench.lines == ["cause 1", *refused, "cause 5", "cause 3", "cause 2"]


@pytest.mark.parametrize("make", ENGINES)
def test_no_watchdog_barks_while_the_bootloader_runs(make):
    bench = make("""
import machine
cause = machine.reset_cause()
print(cause)
if cause == 1:
    machine.WDT(timeout=250)  # the start after a reset takes longer
    machine.reset()
""")
    bench.run(10)

    assert bench.lines == ["1", "2"]
    assert bench.events[1:2] == ["reset machine.reset()"]
    assert len(bench.events) == 3


@pytest.mark.parametrize("make", ENGINES)
def test_a_panic_is_no_watchdog_but_a_hard_reset(make):
    bench = make("""
import machine
from esp32 import Partition
print(machine.reset_cause())
if machine.reset_cause() == 1:
    Partition(Partition.RUNNING).ioctl(6, 0)
""")
    bench.run(10)

    assert bench.lines == ["1", "2"]
    assert bench.device.board.faults


def test_memory_is_that_of_the_board():
    script = "import gc, esp32\nprint(gc.mem_free() + gc.mem_alloc())\n"
    script += "print(esp32.idf_heap_info(esp32.HEAP_DATA))\n"
    for kib in (160, 2048):
        bench = tiny.on_cpython(script, options=Options(chip_heap_kib=kib))
        bench.run()
        total, free, largest, least = eval(bench.lines[1])[0]
        assert int(bench.lines[0]) == total == kib * 1024
        assert total > free > largest > least
